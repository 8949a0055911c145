//! A listener and its connection.

use socket2::Socket;

use crate::listener::Listener;
use crate::tls::Tls;

/// How far a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Connecting,
    /// The handshake of TLS.
    Shaking,
    Open,
    /// The server closed it between two requests.
    Idle,
    /// The listener is done.
    Gone,
}

/// What a timer is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Due {
    #[default]
    Nothing,
    /// The listener asked for it.
    Wake,
    /// There is more than was read in one turn.
    Read,
    /// A slow reader's next few bytes.
    SlowRead,
}

#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) index: u32,
    pub(crate) stage: Stage,
    pub(crate) due: Due,
    pub(crate) socket: Option<Socket>,
    pub(crate) tls: Option<Box<Tls>>,
    pub(crate) listener: Listener,
}

/// 20,000 of them are 12 MB, which no cache holds: each costs a few misses a flush, and should not cost more. Without TLS
/// nothing else belongs to a listener of a stream.
const SEAT_BYTES_MAX: usize = 600;
const _: () = assert!(size_of::<Seat>() <= SEAT_BYTES_MAX, "a seat is small");

impl Seat {
    pub(crate) fn new(index: u32, listener: Listener) -> Self {
        Self { index, stage: Stage::Connecting, due: Due::Nothing, socket: None, tls: None, listener }
    }

    /// Closes the connection, if there is one. (Closing takes it out of the epoll.)
    pub(crate) fn disconnect(&mut self, stage: Stage) {
        (self.socket, self.tls, self.stage) = (None, None, stage);
    }
}
