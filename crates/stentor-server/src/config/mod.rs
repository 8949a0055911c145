//! What an operator can set. Flags override the file, the file overrides defaults.
//!
//! Each part is a file of its own, with a raw form (as it is written: every option may be missing)
//! and a valid one (as it is used). An option is written down once, in its part's `section!`: the
//! keys that are known, the example file and the reference page come from there.

mod data;
mod door;
mod keys;
mod log;
mod media;
mod pages;
mod proxies;
mod reference;
mod section;
mod shows;
mod tls;
mod url;

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

pub use self::data::{Data, RawData};
pub use self::door::{Desk, Door, RawDesk, RawFront, RawStage, Serving};
pub use self::log::{Log, RawLog};
pub use self::media::{Media, RawMedia};
pub use self::pages::{Pages, RawPages};
pub use self::proxies::Proxies;
pub use self::section::{Change, OptionSpec, SectionSpec, Takes, Wrong};
pub use self::shows::{RawShows, Shows};
pub use self::tls::{Acme, RawTls, Tls, TlsFiles};
pub use self::url::{BaseUrl, WebUrl};

/// A configuration file has some 20 options; what is larger is another file.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Where browsers and ACME's TLS-ALPN-01 (RFC 8737 §3) look for a name.
pub const HTTPS_PORT: u16 = 443;

/// Every section, in the order of the file.
pub const SECTIONS: [&SectionSpec; 9] = [
    &RawFront::SPEC,
    &RawStage::SPEC,
    &RawMedia::SPEC,
    &RawDesk::SPEC,
    &RawData::SPEC,
    &RawTls::SPEC,
    &RawPages::SPEC,
    &RawShows::SPEC,
    &RawLog::SPEC,
];

/// Everything as it is written, in a file or as flags. What is missing is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawConfig {
    /// `[front]`
    pub front: RawFront,
    /// `[stage]`
    pub stage: RawStage,
    /// `[media]`
    pub media: RawMedia,
    /// `[desk]`
    pub desk: RawDesk,
    /// `[data]`
    pub data: RawData,
    /// `[tls]`
    pub tls: RawTls,
    /// `[pages]`
    pub pages: RawPages,
    /// `[shows]`
    pub shows: RawShows,
    /// `[log]`
    pub log: RawLog,
}

/// Everything as it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where listeners come in.
    pub front: Door,
    /// How they are served.
    pub serving: Serving,
    /// Where speakers and hosts come in.
    pub stage: Door,
    /// Where the sound of speakers comes in.
    pub media: Media,
    /// Where the operator comes in.
    pub desk: Desk,
    /// What is kept, and where.
    pub data: Data,
    /// Where the certificate comes from; without one the doors speak plain HTTP.
    pub tls: Option<Tls>,
    /// Links on the pages.
    pub pages: Pages,
    /// Bounds on shows.
    pub shows: Shows,
    /// The log.
    pub log: Log,
    /// All of it as it was written, for [`Config::changes`].
    written: RawConfig,
}

/// Why a configuration cannot be used. The operator's to mend; the binary exits with 64.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {}: {error}; check the path given with --config", file.display())]
    Unreadable {
        /// Which.
        file: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The file is no TOML, or a value is of another kind.
    #[error("{}:{line}: {message}", file.display())]
    Syntax {
        /// Which.
        file: PathBuf,
        /// Where; from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// The file has a key that means nothing.
    #[error("{}:{line}: unknown {what}; {advice}", file.display())]
    UnknownKey {
        /// Which.
        file: PathBuf,
        /// Where; from 1.
        line: usize,
        /// The key with its section.
        what: String,
        /// What may have been meant.
        advice: String,
    },
    /// A value cannot be used.
    #[error(transparent)]
    Wrong(#[from] Wrong),
    /// Two doors want one port.
    #[error("{a} and {b} both listen on port {port}; give each a port of its own")]
    SamePort {
        /// The option of the one.
        a: &'static str,
        /// The option of the other.
        b: &'static str,
        /// The port.
        port: u16,
    },
}

impl Config {
    /// Reads the file, if there is one, lays the flags over it and checks the whole. Paths in the
    /// file are relative to the file's folder, those of flags to the present one.
    ///
    /// # Errors
    /// The first thing that is wrong, as one sentence with the fix.
    pub fn load(file: Option<&Path>, flags: RawConfig) -> Result<Self, ConfigError> {
        let Some(file) = file else { return Self::check(flags) };
        let text = read(file).map_err(|error| ConfigError::Unreadable { file: file.into(), error })?;
        let mut raw = RawConfig::parse(file, &text)?;
        let folder = file.parent().unwrap_or(Path::new(""));
        raw.data.rebase(folder);
        raw.tls.rebase(folder);
        Self::check(flags.over(raw))
    }

    /// Whether the desk speaks nothing but TLS. On this machine only, no certificate of a public name is for its
    /// address, and it has to be there before a certificate is: so there it takes both.
    pub fn desk_needs_tls(&self) -> bool {
        self.tls.is_some() && !self.desk.listen.ip().is_loopback()
    }

    /// The options whose values are others in `new`, in the order of the file.
    pub fn changes(&self, new: &Self) -> Vec<Change> {
        self.written.changes(&new.written)
    }

    /// A file with every option, its meaning and its default, all commented out.
    pub fn example() -> String {
        reference::example(&SECTIONS)
    }

    /// What works and has a catch, a sentence each.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if !self.desk.listen.ip().is_loopback() && self.tls.is_none() {
            let listen = self.desk.listen;
            warnings.push(format!(
                "The desk listens on {listen} without TLS: the operator's key can be read on the way. \
                 Set desk.listen to 127.0.0.1:8083, or give the doors a certificate."
            ));
        }
        if let Some(url) = self.stage.url.as_ref().filter(|url| !url.allows_microphone()) {
            warnings.push(format!(
                "Browsers give no microphone to {url}, because it is not https. Give the doors a \
                 certificate (`stentor cert` makes one for a local network)."
            ));
        }
        let on_443 = [self.front.listen, self.stage.listen].iter().any(|listen| listen.port() == HTTPS_PORT);
        if let Some(acme) = self.tls.as_ref().and_then(Tls::acme).filter(|_| !on_443) {
            warnings.push(format!(
                "ACME looks for {} on port 443, and no door listens there: forward port 443 to the front door \
                 ({}), or set front.listen to [::]:443.",
                acme.names.join(", "),
                self.front.listen
            ));
        }
        if self.serving.proxy_protocol && self.serving.trusted_proxies.is_empty() {
            warnings.push(
                "front.proxy_protocol is set, and nobody is trusted to announce callers: name the proxies in \
                 front.trusted_proxies."
                    .to_owned(),
            );
        }
        if self.serving.http2 && self.tls.is_none() {
            warnings.push(
                "front.http2 is set, and HTTP/2 is spoken over TLS alone: give the doors a certificate."
                    .to_owned(),
            );
        }
        warnings
    }

    fn check(raw: RawConfig) -> Result<Self, ConfigError> {
        let written = raw.clone();
        let (front, serving) = raw.front.check()?;
        let config = Self {
            written,
            front,
            serving,
            stage: raw.stage.check()?,
            media: raw.media.check()?,
            desk: raw.desk.check()?,
            data: raw.data.check()?,
            tls: raw.tls.check()?,
            pages: raw.pages.check()?,
            shows: raw.shows.check()?,
            log: raw.log.check()?,
        };
        config.check_ports()?;
        Ok(config)
    }

    /// Two sockets cannot share a port if their addresses are the same or one is every address.
    fn check_ports(&self) -> Result<(), ConfigError> {
        let doors = [
            ("front.listen", self.front.listen),
            ("stage.listen", self.stage.listen),
            ("media.listen", self.media.listen),
            ("desk.listen", self.desk.listen),
        ];
        let collide = |a: SocketAddr, b: SocketAddr| {
            let one_is_every = a.ip().is_unspecified() || b.ip().is_unspecified();
            a.port() == b.port() && a.port() != 0 && (a.ip() == b.ip() || one_is_every)
        };
        for (i, &(a, at_a)) in doors.iter().enumerate() {
            if let Some(&(b, _)) = doors[i + 1..].iter().find(|&&(_, at_b)| collide(at_a, at_b)) {
                return Err(ConfigError::SamePort { a, b, port: at_a.port() });
            }
        }
        Ok(())
    }
}

impl RawConfig {
    /// Reads the text of a file; `file` is for messages.
    ///
    /// # Errors
    /// It is no TOML, or has an unknown key or a value of the wrong kind.
    pub fn parse(file: &Path, text: &str) -> Result<Self, ConfigError> {
        keys::check(file, text, &SECTIONS)?;
        toml::from_str(text).map_err(|error| keys::syntax(file, text, &error))
    }

    fn changes(&self, new: &Self) -> Vec<Change> {
        [
            self.front.changes(&new.front),
            self.stage.changes(&new.stage),
            self.media.changes(&new.media),
            self.desk.changes(&new.desk),
            self.data.changes(&new.data),
            self.tls.changes(&new.tls),
            self.pages.changes(&new.pages),
            self.shows.changes(&new.shows),
            self.log.changes(&new.log),
        ]
        .concat()
    }

    /// What is set here, and for the rest what is set in `below`.
    #[must_use]
    pub fn over(self, below: Self) -> Self {
        Self {
            front: self.front.over(below.front),
            stage: self.stage.over(below.stage),
            media: self.media.over(below.media),
            desk: self.desk.over(below.desk),
            data: self.data.over(below.data),
            tls: self.tls.over(below.tls),
            pages: self.pages.over(below.pages),
            shows: self.shows.over(below.shows),
            log: self.log.over(below.log),
        }
    }
}

/// The page `docs/reference/configuration.md`.
pub fn reference_markdown() -> String {
    reference::markdown(&SECTIONS)
}

fn read(file: &Path) -> io::Result<String> {
    let meta = std::fs::metadata(file)?;
    if !meta.is_file() || meta.len() > FILE_BYTES_MAX {
        return Err(io::Error::other("it is no file of a configuration's size"));
    }
    std::fs::read_to_string(file)
}

#[cfg(test)]
mod tests;
