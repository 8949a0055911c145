//! The front door, a thread for each core: it decides what a request is, keeps a table of listeners, and flushes
//! sound to them.
//!
//! | file | its job |
//! |---|---|
//! | this file | a shard's loop of named steps, and who is let in |
//! | [`listeners`] | who listens, from the request to the end of their stream |
//! | [`feeds`] | what they listen to: the newest groups, and the openings with which they join |
//! | [`flush`] | what the fan-out wants sent |
//! | [`files`] | files of HLS from memory, and requests that are held |
//! | [`talk`] | what comes of a connection that has something to read or to write |
//! | [`announced`] | for whom a trusted proxy calls |
//! | [`decide`] | what a request is: the shard's own, or the ordinary stack's |
//! | [`answer`] | what the shard answers, as bytes |
//! | [`head`] | the head of a request, bounded and strict |
//! | [`handed`] | a connection while the ordinary stack has it |
//! | [`caller`], [`wire`] | a connection, and TLS on it if there is any |
//! | [`table`], [`deadlines`] | connections by number, and who has to have done something by when |
//! | [`poll`], [`listen`] | epoll, and listening sockets that share a port |
//! | [`sys`] | what the kernel knows of a socket |
//! | [`door`] | the threads, and the ordinary stack behind them |

mod announced;
mod answer;
mod caller;
mod deadlines;
mod decide;
mod door;
mod feeds;
mod files;
mod flush;
mod handed;
mod listen;
mod listeners;
mod poll;
mod sys;
mod table;
mod talk;
mod wire;

pub(crate) use self::door::{AtFront, FrontDoor};
pub(crate) use self::listen::listen;

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection};
use stentor_types::Mono;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};

use self::caller::{Brought, Caller, Home, Moved, Place};
use self::deadlines::Deadlines;
use self::feeds::Feeds;
use self::poll::{Poll, Ready, Source};
use self::table::{Key, Table};
use self::talk::{Connection, State};
use self::wire::Wire;
use crate::clock::Clock;
use crate::config::Proxies;
use crate::door::{ACCEPT_PAUSE, HANDSHAKE_TIMEOUT, HEAD_TIMEOUT, is_of_one_peer};
use crate::essential::Essential;
use crate::front::head::HEAD_BYTES_MAX;
use crate::metrics::DoorGauges;
use crate::shell::Shell;

/// Callers let in before others get their turn: 64 × 15 µs are under a slice of the flush.
const ACCEPTS_PER_TURN: usize = 64;

/// What all shards share.
struct Shared {
    shell: Arc<Shell>,
    /// What the door speaks beneath HTTP, if not TCP alone.
    tls: Option<Arc<ServerConfig>>,
    /// Whose word for who calls is taken.
    trusted_proxies: Arc<Proxies>,
    /// They say it by the PROXY protocol.
    proxies_announce: bool,
    /// How many shards there are.
    shards: usize,
    /// Places for connections, whoever serves them.
    places: Arc<Semaphore>,
    /// This shard's address.
    home: Arc<Home>,
    /// The way to the ordinary stack. Without a bound: each in it has a place.
    to_stack: mpsc::UnboundedSender<Moved>,
    /// Where disks are waited for.
    runtime: Handle,
    stop: watch::Receiver<bool>,
}

/// One thread of the front door, with all that it serves.
struct Shard {
    shared: Shared,
    clock: Clock,
    gauges: Arc<DoorGauges>,
    poll: Poll,
    /// `None` when the server stops.
    listener: Option<TcpListener>,
    /// Since nobody can be let in for the moment: when to try again.
    closed_until: Option<Mono>,
    brought: Receiver<Brought>,
    table: Table<Connection>,
    deadlines: Deadlines<Key>,
    feeds: Feeds,
    /// When the fan-out has something to do again.
    flush_at: Mono,
    /// Until when it waits for what else there is to do, should it be late.
    others_until: Mono,
    /// Who waits for the first sound of a show.
    waiting: Vec<Key>,
    /// Who is held until there is more sound.
    held: Vec<Key>,
    /// Who may have asked for more than was looked at.
    again: Vec<Key>,
    /// What the last wait has found, kept for its memory.
    turn: Turn,
    /// When some sockets are looked at again, and the place of the last.
    sample_at: Mono,
    sampled: usize,
    scratch: Box<[u8]>,
}

impl Shard {
    fn new(shared: Shared, listener: TcpListener, brought: Receiver<Brought>) -> io::Result<Self> {
        let poll = Poll::new()?;
        poll.watch(&listener, Source::Door)?;
        poll.watch(&*shared.home.bell, Source::Bell)?;
        let clock = *shared.shell.clock();
        Ok(Self {
            clock,
            gauges: Arc::clone(&shared.shell.metrics().front),
            poll,
            listener: Some(listener),
            closed_until: None,
            brought,
            table: Table::new(),
            deadlines: Deadlines::new(clock.mono()),
            feeds: Feeds::new(Arc::clone(&shared.shell.metrics().fanout)),
            flush_at: Mono(u64::MAX),
            others_until: Mono(0),
            waiting: Vec::new(),
            held: Vec::new(),
            again: Vec::new(),
            turn: Turn::default(),
            sample_at: clock.mono(),
            sampled: 0,
            // One byte more than a head may have, so that one that is too long is seen to be.
            scratch: vec![0; HEAD_BYTES_MAX + 1].into(),
            shared,
        })
    }

    /// Serves until the server stops and everybody is gone.
    fn run(mut self) {
        let _essential = Essential;
        while self.listener.is_some() || self.table.len() > 0 {
            self.wait();
            self.serve();
            if self.turn.news {
                self.take_news();
            }
            self.sample();
            self.flush();
            if self.turn.callers {
                self.accept();
            }
            self.expire();
        }
    }

    fn wait(&mut self) {
        let sample_at = (self.feeds.fanout.listeners() > 0).then_some(self.sample_at);
        let times = [self.deadlines.next(), self.closed_until, sample_at, Some(self.flush_at)];
        let next = times.into_iter().flatten().min().filter(|next| *next < Mono(u64::MAX));
        let now = self.clock.mono();
        let timeout = if self.again.is_empty() {
            next.map(|next| next.saturating_since(now))
        } else {
            Some(Duration::ZERO)
        };
        let found = self.poll.wait(timeout);
        self.turn.connections.clear();
        (self.turn.callers, self.turn.news) = (false, false);
        self.turn.connections.extend(self.again.drain(..).map(|key| (key, Ready::UNKNOWN)));
        for place in 0..found {
            let ready = self.poll.ready(place);
            match ready.source {
                Source::Door => self.turn.callers = true,
                Source::Bell => self.turn.news = true,
                Source::Connection(key) => self.turn.connections.push((key, ready)),
            }
        }
    }

    fn serve(&mut self) {
        let turn = std::mem::take(&mut self.turn.connections);
        for &(key, ready) in &turn {
            self.attend(key, ready);
            self.keep_up();
        }
        self.turn.connections = turn;
    }

    /// Does a slice of the flush that is due, between two things that may take long: a handshake of TLS is 200 µs.
    /// One that is behind has as much time as what is done in between, so that neither starves.
    fn keep_up(&mut self) {
        let now = self.clock.mono();
        if self.flush_at <= now && self.others_until <= now {
            self.flush();
            let end = self.clock.mono();
            self.others_until = end + end.saturating_since(now);
        }
    }

    fn take_news(&mut self) {
        self.shared.home.bell.hear();
        while let Ok(brought) = self.brought.try_recv() {
            self.keep_up();
            match brought {
                // Whoever comes back when the server stops is closed.
                Brought::Connection(_) if self.listener.is_none() => {}
                Brought::Connection(Moved { caller, read, .. }) => {
                    let connection = Connection::new(caller, State::Head { read, seen: 0 });
                    if let Some(key) = self.take_in(connection, HEAD_TIMEOUT) {
                        self.attend(key, Ready::UNKNOWN);
                    }
                }
                Brought::End(key, pass) => self.end(key, pass),
                Brought::Group { feed, group, framed } => {
                    self.feeds.fetched(self.clock.mono(), feed, group, framed);
                }
            }
        }
        self.feeds.take_new(self.clock.mono());
        self.seat_who_waits();
        self.answer_who_is_held();
        if *self.shared.stop.borrow() && self.listener.take().is_some() {
            self.end_all();
        }
    }

    fn accept(&mut self) {
        for _ in 0..ACCEPTS_PER_TURN {
            let Some(listener) = &self.listener else { return };
            let Ok(permit) = Arc::clone(&self.shared.places).try_acquire_owned() else {
                return self.close_door();
            };
            match listen::accept(listener) {
                Ok((socket, peer)) => self.welcome(socket, peer, permit),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) => {
                    self.gauges.accept_failed();
                    if !is_of_one_peer(&error) {
                        return self.close_door();
                    }
                }
            }
        }
    }

    fn welcome(
        &mut self,
        socket: std::net::TcpStream,
        peer: std::net::SocketAddr,
        permit: OwnedSemaphorePermit,
    ) {
        self.gauges.accepted();
        let place = Place { _permit: permit, _open: self.gauges.open() };
        let is_announced = self.shared.proxies_announce && self.shared.trusted_proxies.trusts(peer.ip());
        let tls = self.shared.tls.clone().map(ServerConnection::new);
        let (wire, state, timeout) = match tls {
            None => (Wire::Plain, State::Head { read: Vec::new(), seen: 0 }, HEAD_TIMEOUT),
            Some(Ok(tls)) => (Wire::Tls(Box::new(tls)), State::Handshake, HANDSHAKE_TIMEOUT),
            Some(Err(_)) => return self.gauges.handshake_failed(),
        };
        let state = if is_announced { State::Announced(Vec::new()) } else { state };
        // What it has said already is told of in the next turn.
        self.take_in(Connection::new(Caller { socket, wire, peer, place }, state), timeout);
    }

    /// Gives a connection a place in the table and so long for what it has to do first.
    fn take_in(&mut self, connection: Connection, timeout: Duration) -> Option<Key> {
        let key = self.table.insert(connection);
        let connection = self.table.get_mut(key).expect("it was just put in");
        if self.poll.follow(&connection.caller.socket, key).is_err() {
            self.table.remove(key);
            return None;
        }
        self.give_time(key, timeout);
        Some(key)
    }

    /// Nobody is let in for a moment: there is no place or no descriptor. What is live stays live.
    fn close_door(&mut self) {
        if let Some(listener) = &self.listener {
            self.gauges.paused();
            self.poll.forget(listener);
            self.closed_until = Some(self.clock.mono() + ACCEPT_PAUSE);
        }
    }

    fn give_time(&mut self, key: Key, timeout: Duration) {
        let at = self.clock.mono() + timeout;
        let Some(connection) = self.table.get_mut(key) else { return };
        connection.deadline = Some(at);
        if !connection.is_on_wheel {
            connection.is_on_wheel = true;
            self.deadlines.put(at, key);
        }
    }

    /// Closes who has not done in time what they had to do.
    fn expire(&mut self) {
        let now = self.clock.mono();
        if self.closed_until.is_some_and(|until| until <= now) {
            self.closed_until = None;
            if let Some(listener) = &self.listener {
                // It fails for want of memory, and is tried again.
                if self.poll.watch(listener, Source::Door).is_err() {
                    self.closed_until = Some(now + ACCEPT_PAUSE);
                }
            }
        }
        while let Some(due) = self.deadlines.take(now) {
            for key in due {
                self.keep_up();
                let Some(connection) = self.table.get_mut(key) else { continue };
                match connection.deadline {
                    Some(at) if at <= now => {
                        connection.is_on_wheel = false;
                        self.too_late(key);
                    }
                    Some(at) => self.deadlines.put(at, key),
                    None => connection.is_on_wheel = false,
                }
            }
        }
    }

    /// Whoever has asked nothing yet is let go; answers and streams come to their end, if that can be told in time.
    fn end_all(&mut self) {
        self.feeds.end_all(self.clock.mono());
        for key in self.table.keys() {
            if self.table.get_mut(key).is_some_and(|connection| connection.is_answered()) {
                self.give_time(key, HEAD_TIMEOUT);
            } else {
                self.close(key);
            }
        }
    }
}

/// What one wait has found.
#[derive(Default)]
struct Turn {
    connections: Vec<(Key, Ready)>,
    callers: bool,
    news: bool,
}
