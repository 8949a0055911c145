//! What a check looks at.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use stentor_types::{ShowId, Wall};

/// Everything that is known of a machine and a configuration before an evening.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The catches of the configuration, a sentence each.
    pub config_odd: Vec<String>,
    /// The doors' TCP ports and the media port.
    pub ports: Vec<Port>,
    /// Files and connections that a process may have.
    pub descriptors: u64,
    /// Connections that may wait at a door to be let in, at most (`net.core.somaxconn`); not known everywhere.
    pub backlog: Option<u32>,
    /// Whether mixers may run in real time.
    pub realtime: bool,
    /// Addresses that speakers are offered: those of `media.advertise`, or else of this machine.
    pub offered: Vec<IpAddr>,
    /// Addresses of this machine.
    pub own: Vec<IpAddr>,
    /// What links begin with.
    pub links: Vec<Link>,
    /// The certificate of the doors.
    pub certificate: Certificate,
    /// Shows that have not ended, with the start that was announced.
    pub shows: Vec<(ShowId, Option<Wall>)>,
    /// The data folder.
    pub data: DataState,
    /// Its disk.
    pub disk: Disk,
    /// The clock.
    pub clock: ClockState,
    /// What the clock says.
    pub now: Wall,
}

/// A port that the server would listen on.
#[derive(Clone, Debug)]
pub struct Port {
    /// `front`, `stage`, `media` or `desk`.
    pub door: &'static str,
    /// Where.
    pub address: SocketAddr,
    /// Whether it can.
    pub state: PortState,
}

/// Whether a port can be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortState {
    /// It was bound and let go again.
    Free,
    /// Somebody has it who answers `/healthz` as a server of this program does.
    Serving,
    /// It cannot be bound: what the system says, and what to do.
    Refused(String),
}

/// What links begin with.
#[derive(Clone, Debug)]
pub struct Link {
    /// `front` or `stage`.
    pub door: &'static str,
    /// The address.
    pub url: String,
    /// The name or address in it.
    pub host: String,
    /// Whether browsers give a microphone there.
    pub allows_microphone: bool,
    /// Where the name leads, or what the system says.
    pub resolved: Result<Vec<IpAddr>, String>,
}

/// The certificate of the doors.
#[derive(Clone, Debug)]
pub enum Certificate {
    /// None is configured.
    None,
    /// It cannot be used: the sentence with the fix.
    Unusable(String),
    /// It will be asked for by ACME for these names.
    Awaited(Vec<String>),
    /// It is there.
    There {
        /// Where.
        file: PathBuf,
        /// What is wrong with its dates: the sentence with the fix.
        warning: Option<String>,
        /// The names of links that it does not cover.
        uncovered: Vec<String>,
        /// The last moment at which clients take it.
        valid_until: Wall,
        /// The names that it is asked for by ACME, if it is.
        by_acme: Vec<String>,
    },
}

/// The data folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DataState {
    /// There is none yet; it will be made.
    New(PathBuf),
    /// It can be opened.
    Ready(PathBuf),
    /// A process has it.
    InUse(PathBuf, String),
    /// It cannot be used: the sentence with the fix.
    Unusable(String),
}

/// The disk of the data folder.
#[derive(Clone, Debug)]
pub struct Disk {
    /// Bytes that may still be written, or what the system says.
    pub free_bytes: Result<u64, String>,
    /// Bytes that stay free.
    pub reserve_bytes: u64,
    /// The slowest of a few writes that were made safe as a tape's are, or what the system says.
    pub sync: Result<Duration, String>,
}

/// Who sets the clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClockState {
    /// A program says that it is set by the time of others.
    Synchronised(String),
    /// A program that does so runs; how well is not known.
    Kept(String),
    /// None was found on this machine.
    Unknown,
}
