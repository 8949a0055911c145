//! Waiting for sockets: one epoll for each thread.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};

use super::table::Key;

/// Sockets that are looked at in one turn. A turn of 256 × some 10 µs stays under one slice of the flush.
const EVENTS_MAX: usize = 256;

/// What a thread waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// Somebody calls.
    Door,
    /// There is news.
    Bell,
    /// A connection.
    Connection(Key),
}

impl Source {
    /// Indexes of a table stay far below 2³² - 1, so these two are the key of no connection.
    const DOOR: u64 = u64::MAX;
    const BELL: u64 = u64::MAX - 1;

    fn to_u64(self) -> u64 {
        match self {
            Self::Door => Self::DOOR,
            Self::Bell => Self::BELL,
            Self::Connection(key) => key.to_u64(),
        }
    }

    fn from_u64(data: u64) -> Self {
        match data {
            Self::DOOR => Self::Door,
            Self::BELL => Self::Bell,
            key => Self::Connection(Key::from_u64(key)),
        }
    }
}

/// What has changed at a source.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ready {
    pub(super) source: Source,
    /// Something can be read, or the other side has said its last.
    pub(super) readable: bool,
    /// Something can be written again.
    pub(super) writable: bool,
    /// The connection is over, or the other side will say no more: no listener does that who still listens.
    pub(super) over: bool,
}

impl Ready {
    /// What is not known has to be tried.
    pub(super) const UNKNOWN: Self =
        Self { source: Source::Door, readable: true, writable: true, over: false };
}

/// An epoll and what it told last.
pub(super) struct Poll {
    epoll: OwnedFd,
    events: Vec<epoll::Event>,
}

impl Poll {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            epoll: epoll::create(epoll::CreateFlags::CLOEXEC)?,
            events: Vec::with_capacity(EVENTS_MAX),
        })
    }

    /// Tells of `source` for as long as there is something to read: for the door and the bell.
    pub(super) fn watch(&self, socket: impl AsFd, source: Source) -> io::Result<()> {
        Ok(epoll::add(
            &self.epoll,
            socket,
            epoll::EventData::new_u64(source.to_u64()),
            epoll::EventFlags::IN,
        )?)
    }

    /// Tells of every change at a connection once, for as long as it is open: the only call that it costs.
    pub(super) fn follow(&self, socket: impl AsFd, key: Key) -> io::Result<()> {
        use epoll::EventFlags as Flags;
        let flags = Flags::IN | Flags::OUT | Flags::RDHUP | Flags::ET;
        let data = epoll::EventData::new_u64(Source::Connection(key).to_u64());
        Ok(epoll::add(&self.epoll, socket, data, flags)?)
    }

    /// Tells no more of it. A socket that is closed needs no such call.
    pub(super) fn forget(&self, socket: impl AsFd) {
        let _ = epoll::delete(&self.epoll, socket);
    }

    /// Waits until there is something, or for so long; without end for `None`. Gives how many sources have
    /// something.
    pub(super) fn wait(&mut self, timeout: Option<Duration>) -> usize {
        // Up to whole milliseconds, which all kernels know: nothing here is due more finely.
        let millis = timeout.map(|timeout| timeout.as_micros().div_ceil(1000));
        let timeout = millis.map(|millis| Timespec {
            tv_sec: i64::try_from(millis / 1000).unwrap_or(i64::MAX),
            tv_nsec: i64::try_from(millis % 1000).unwrap_or(0) * 1_000_000,
        });
        self.events.clear();
        match epoll::wait(&self.epoll, spare_capacity(&mut self.events), timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => self.events.len(),
            Err(error) => unreachable!("our own epoll cannot be waited for: {error}"),
        }
    }

    /// One of what [`Self::wait`] found.
    pub(super) fn ready(&self, place: usize) -> Ready {
        use epoll::EventFlags as Flags;
        let event = self.events[place];
        let (data, flags) = (event.data.u64(), event.flags);
        Ready {
            source: Source::from_u64(data),
            readable: flags.intersects(Flags::IN | Flags::RDHUP | Flags::HUP | Flags::ERR),
            writable: flags.contains(Flags::OUT),
            over: flags.intersects(Flags::RDHUP | Flags::HUP | Flags::ERR),
        }
    }
}
