//! `[shows]`: bounds on shows.

use stentor_types::limits::SHOWS_MAX;

use super::section::{Wrong, section};

/// 64 mixers of 0.1 core each fill a machine of eight cores.
const MAX_OF_MAX: u64 = 64;

section! {
    /// Bounds on shows.
    ["shows"] RawShows {
        /// How many shows may run at once. Each takes about a tenth of a core.
        max: u64 = Some("8"), "8", None, Restart;
    }
}

/// Bounds on shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shows {
    /// How many may run at once.
    pub max: usize,
}

impl RawShows {
    pub(crate) fn check(self) -> Result<Shows, Wrong> {
        let max = self.max.unwrap_or(SHOWS_MAX as u64);
        match usize::try_from(max) {
            Ok(fits) if (1..=MAX_OF_MAX).contains(&max) => Ok(Shows { max: fits }),
            _ => Err(Self::SPEC.wrong("max", max, format!("write a number from 1 to {MAX_OF_MAX}"))),
        }
    }
}
