//! What can be wrong with a server, each by the code that stands in the result.

use serde::{Deserialize, Serialize};

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)+) => {
        /// What a listener can meet.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Fault {
            $($(#[$doc])* $name,)+
        }

        impl Fault {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// Its name in the result.
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)+
                }
            }
        }
    };
}

faults! {
    /// No port or descriptor was free: this machine's fault, and not the server's.
    NotStarted = "not_started",
    /// The connection was refused, or failed before it stood.
    NotConnected = "not_connected",
    /// The TLS handshake failed, or the certificate is not trusted.
    Tls = "tls",
    /// The answer is not HTTP, or its body's framing is broken.
    NotHttp = "not_http",
    /// The answer's status is not 200; the statuses are counted beside.
    Status = "status",
    /// The answer is no kind of sound that is known.
    NotSound = "not_sound",
    /// The container is broken, or its checksum wrong.
    Malformed = "malformed",
    /// A playlist is none, or moved in a way that it must not.
    Playlist = "playlist",
    /// The connection ended in the middle of the body.
    CutOff = "cut_off",
    /// The connection was reset.
    Reset = "reset",
    /// The stream came to a proper end before the run did.
    EndedEarly = "ended_early",
    /// Not a byte of sound came.
    NoSound = "no_sound",
    /// Sound stopped, and did not come again.
    Stalled = "stalled",
    /// A time between two sounds was beyond the bound.
    Gap = "gap",
    /// The media clock left something out.
    Hole = "hole",
    /// The media clock went back.
    Repeat = "repeat",
    /// Sound is later than it was: some is missing, or the server lags.
    Behind = "behind",
    /// More sound than time went by, in a container that has no clock.
    Ahead = "ahead",
}

/// A set of faults.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Faults(u32);

impl Faults {
    /// Adds one.
    pub fn add(&mut self, fault: Fault) {
        self.0 |= 1 << fault as u32;
    }

    /// Adds one if so.
    pub(crate) fn add_if(&mut self, fault: Fault, is_so: bool) {
        if is_so {
            self.add(fault);
        }
    }

    /// Adds all of another set.
    pub(crate) fn merge(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// Whether a fault is in it.
    pub fn has(self, fault: Fault) -> bool {
        self.0 & 1 << fault as u32 != 0
    }

    /// Whether nothing is.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}
