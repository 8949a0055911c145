//! `[log]`: what is written to standard error.

use super::section::{Wrong, section};
use crate::notice::{Format, Level};

section! {
    /// The log, on standard error.
    ["log"] RawLog {
        /// The least grave lines that are written: `error`, `warn`, `info` or `debug`.
        level: String = Some("\"info\""), "\"debug\"", None, Reload;
        /// `text` for people, `json` for machines, one line each.
        format: String = Some("\"text\""), "\"json\"", None, Restart;
    }
}

/// The log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Log {
    /// The least grave lines that are written.
    pub level: Level,
    /// How a line is written.
    pub format: Format,
}

impl RawLog {
    pub(crate) fn check(self) -> Result<Log, Wrong> {
        let level = self.level.map_or(Ok(Level::Info), |text| {
            text.parse().map_err(|_| Self::SPEC.wrong("level", text, "write error, warn, info or debug"))
        })?;
        let format = self.format.map_or(Ok(Format::Text), |text| {
            text.parse().map_err(|_| Self::SPEC.wrong("format", text, "write text or json"))
        })?;
        Ok(Log { level, format })
    }
}
