//! One connection of the front door, wherever it is.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::Sender;

use stentor_fanout::FeedId;
use stentor_gate::Pass;
use stentor_types::Slot;
use tokio::sync::OwnedSemaphorePermit;

use super::table::Key;
use super::wire::{Handshake, Wire};
use crate::bell::Bell;
use crate::metrics::Counted;
use crate::tape::Framed;

/// Who is connected: the socket, what is spoken on it, and the place at the door that it takes.
pub(super) struct Caller {
    pub(super) socket: TcpStream,
    pub(super) wire: Wire,
    pub(super) peer: SocketAddr,
    pub(super) place: Place,
}

/// A place at the door, given back when this is dropped.
pub(super) struct Place {
    pub(super) _permit: OwnedSemaphorePermit,
    pub(super) _open: Counted,
}

impl Caller {
    pub(super) fn shake_hands(&mut self) -> io::Result<Handshake> {
        self.wire.shake_hands(&mut self.socket)
    }

    pub(super) fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.wire.read(&mut self.socket, into)
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.wire.write(&mut self.socket, bytes)
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.wire.flush(&mut self.socket)
    }

    /// Ends what is said to the caller, so that the last of it arrives before the connection is gone.
    pub(super) fn goodbye(&mut self) {
        if self.wire.goodbye(&mut self.socket).is_ok() {
            let _ = self.socket.shutdown(std::net::Shutdown::Write);
        }
    }
}

/// A connection on its way from one that serves it to another, with what was read of it and not answered.
pub(super) struct Moved {
    pub(super) caller: Caller,
    pub(super) read: Vec<u8>,
    pub(super) home: Arc<Home>,
}

/// What others bring to a shard.
pub(super) enum Brought {
    /// A connection that comes back.
    Connection(Moved),
    /// That the stream of this pass is over, because its ticket has another.
    End(Key, Pass),
    /// A group of a feed that was read for it, or could not be had.
    Group { feed: FeedId, group: Slot, framed: Option<Framed> },
}

/// The way to a shard.
pub(super) struct Home {
    pub(super) inbox: Sender<Brought>,
    pub(super) bell: Arc<Bell>,
}

impl Home {
    /// Brings something. It is dropped if the thread has ended; a connection is closed by that.
    pub(super) fn bring(&self, brought: Brought) {
        if self.inbox.send(brought).is_ok() {
            self.bell.ring();
        }
    }
}
