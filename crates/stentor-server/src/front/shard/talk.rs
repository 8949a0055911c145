//! What comes of a connection that has something to read or to write.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use stentor_fanout::Coding;
use stentor_types::{Mono, Reason};

use super::caller::{Caller, Moved};
use super::decide::{self, Decision};
use super::files::Held;
use super::listeners::{Request, Stream};
use super::poll::Ready;
use super::table::Key;
use super::wire::{Handshake, Wire};
use super::{Shard, answer};
use crate::door::HEAD_TIMEOUT;
use crate::front::head::{self, Asked, Head};
use crate::mixer_thread::panic_text;
use crate::notice::Notice;
use crate::problem::Problem;

/// A connection in a shard's table.
pub(super) struct Connection {
    pub(super) caller: Caller,
    pub(super) state: State,
    /// When it has to have done what its state waits for.
    pub(super) deadline: Option<Mono>,
    /// Its name is among the deadlines: set when it is put there, and cleared when it is taken from there.
    pub(super) is_on_wheel: bool,
}

/// What is waited for.
pub(super) enum State {
    /// That a trusted proxy says for whom it calls; of that, what was read.
    Announced(Vec<u8>),
    /// The end of TLS's handshake.
    Handshake,
    /// The head of a request, of which this much was read, and so much of it looked at.
    Head { read: Vec<u8>, seen: usize },
    /// That the socket takes the rest of an answer.
    Answer(Answer),
    /// The first sound of a show.
    Waiting(Box<Request>),
    /// Sound of which there is not enough yet.
    Held(Box<Held>),
    /// Nothing: the fan-out sends what there is.
    Stream(Stream),
}

/// An answer on its way out.
pub(super) struct Answer {
    pub(super) bytes: Bytes,
    /// The connection stays open for another request.
    pub(super) keep_alive: bool,
    /// What was read behind the request.
    pub(super) rest: Vec<u8>,
}

/// What becomes of a connection.
pub(super) enum Next {
    /// It waits.
    Stay,
    /// It is over.
    Close,
    /// There may be another request to be read, when others have had their turn: whoever sends a thousand at once
    /// holds up nobody.
    Again,
    /// It is the ordinary stack's, with what was read.
    HandOver(Vec<u8>),
}

impl Connection {
    pub(super) fn new(caller: Caller, state: State) -> Self {
        Self { caller, state, deadline: None, is_on_wheel: false }
    }

    /// Whether an answer is on its way to it.
    pub(super) fn is_answered(&self) -> bool {
        matches!(self.state, State::Answer(_) | State::Stream(_))
    }
}

impl Shard {
    /// Looks after a connection at which something has changed.
    pub(super) fn attend(&mut self, key: Key, ready: Ready) {
        self.contained(key, |shard| shard.go_on(key, ready));
    }

    /// Does something for one connection, and then what follows for it. A panic in it ends this connection only.
    pub(super) fn contained(&mut self, key: Key, act: impl FnOnce(&mut Self) -> Next) {
        match catch_unwind(AssertUnwindSafe(|| act(self))) {
            Ok(Next::Stay) => {}
            Ok(Next::Close) => self.close(key),
            Ok(Next::Again) => self.again.push(key),
            Ok(Next::HandOver(read)) => self.hand_over(key, read),
            Err(panic) => {
                let place = format!("a connection of the front door: {}", panic_text(panic.as_ref()));
                self.shared.shell.note(Notice::PanicContained { place });
                self.close(key);
            }
        }
    }

    fn go_on(&mut self, key: Key, ready: Ready) -> Next {
        let Some(connection) = self.table.get_mut(key) else { return Next::Stay };
        match connection.state {
            State::Announced(_) => self.read_announcement(key),
            State::Handshake => self.shake_hands(key),
            State::Head { .. } => {
                let next = self.read_head(key);
                let waits = |connection: &Connection| {
                    matches!(connection.state, State::Waiting(_) | State::Held(_) | State::Stream(_))
                };
                // Whoever has said their last with their first will not be told of again.
                let is_gone = ready.over && matches!(next, Next::Stay);
                if is_gone && self.table.get_mut(key).is_some_and(|connection| waits(connection)) {
                    return Next::Close;
                }
                next
            }
            State::Answer(_) if ready.writable => self.answer(key),
            State::Answer(_) => Next::Stay,
            State::Waiting(_) | State::Held(_) if ready.over => Next::Close,
            State::Waiting(_) | State::Held(_) => Next::Stay,
            State::Stream(_) => self.attend_listener(key, ready),
        }
    }

    /// Goes on behind a proxy's announcement.
    pub(super) fn begin(&mut self, key: Key) -> Next {
        let Some(connection) = self.table.get_mut(key) else { return Next::Stay };
        if matches!(connection.caller.wire, Wire::Plain) {
            connection.state = State::Head { read: Vec::new(), seen: 0 };
            return self.read_head(key);
        }
        connection.state = State::Handshake;
        self.shake_hands(key)
    }

    fn shake_hands(&mut self, key: Key) -> Next {
        let Some(connection) = self.table.get_mut(key) else { return Next::Stay };
        match connection.caller.shake_hands() {
            Ok(Handshake::Underway) => Next::Stay,
            Ok(Handshake::Done) => {
                self.gauges.handshake_done();
                if connection.caller.wire.speaks_http2() {
                    return Next::HandOver(Vec::new());
                }
                connection.state = State::Head { read: Vec::new(), seen: 0 };
                self.give_time(key, HEAD_TIMEOUT);
                self.read_head(key)
            }
            Ok(Handshake::Verified) => {
                connection.caller.goodbye();
                Next::Close
            }
            Err(_) => {
                self.gauges.handshake_failed();
                Next::Close
            }
        }
    }

    /// Reads until there is a whole head or nothing more.
    fn read_head(&mut self, key: Key) -> Next {
        loop {
            if let Some(next) = self.look_at_head(key) {
                return next;
            }
            let Some(connection) = self.table.get_mut(key) else { return Next::Stay };
            let State::Head { read, .. } = &mut connection.state else { return Next::Stay };
            match connection.caller.read(&mut self.scratch) {
                Ok(0) => return Next::Close,
                Ok(bytes) => read.extend_from_slice(&self.scratch[..bytes]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Next::Stay,
                Err(_) => return Next::Close,
            }
        }
    }

    /// What follows from what was read; `None` if it is not all.
    fn look_at_head(&mut self, key: Key) -> Option<Next> {
        let connection = self.table.get_mut(key)?;
        let State::Head { read, seen } = &mut connection.state else { return Some(Next::Stay) };
        match head::read(read, *seen) {
            Head::Partial => {
                *seen = read.len();
                None
            }
            Head::Malformed => {
                let problem = Problem::new(Reason::Malformed).detail(
                    "The request is no HTTP/1.1 as RFC 9112 has it, or its head is larger than 16 KiB or 64 headers.",
                );
                Some(self.refuse(key, problem, false, Vec::new()))
            }
            Head::Whole(asked) => {
                let read = std::mem::take(read);
                Some(self.decide(key, &asked, read))
            }
        }
    }

    /// What a request leads to.
    fn decide(&mut self, key: Key, asked: &Asked, mut read: Vec<u8>) -> Next {
        match decide::decide(asked) {
            Decision::Listen(listen) => {
                let coding = if asked.is_1_0 { Coding::Bare } else { Coding::Chunked };
                let keep_alive = asked.keep_alive && !asked.is_1_0;
                self.listen(key, Request { listen, coding, keep_alive, read, bytes: asked.bytes })
            }
            Decision::File(names) => {
                let keep_alive = asked.keep_alive && !asked.is_1_0;
                self.file(key, Held::new(names, keep_alive, read, asked.bytes))
            }
            Decision::Refuse(problem) => {
                let rest = read.split_off(asked.bytes);
                self.refuse(key, problem, asked.keep_alive && !asked.is_1_0, rest)
            }
            Decision::HandOver => Next::HandOver(read),
        }
    }

    /// Answers with a refusal.
    pub(super) fn refuse(&mut self, key: Key, problem: Problem, keep_alive: bool, rest: Vec<u8>) -> Next {
        self.refuse_with(key, problem, Problem::into_response, keep_alive, rest)
    }

    /// The same in this form.
    pub(super) fn refuse_with(
        &mut self,
        key: Key,
        problem: Problem,
        form: fn(Problem) -> Response,
        keep_alive: bool,
        rest: Vec<u8>,
    ) -> Next {
        let reason = problem.reason();
        self.shared.shell.note(Notice::RequestRefused { door: "front", reason });
        let bytes = answer::whole(form(problem), self.clock.wall(), keep_alive);
        let Some(connection) = self.table.get_mut(key) else { return Next::Stay };
        connection.state = State::Answer(Answer { bytes, keep_alive, rest });
        self.give_time(key, HEAD_TIMEOUT);
        self.answer(key)
    }

    /// Writes an answer on, and what follows when it is out.
    pub(super) fn answer(&mut self, key: Key) -> Next {
        let Some(connection) = self.table.get_mut(key) else { return Next::Stay };
        let State::Answer(answer) = &mut connection.state else { return Next::Stay };
        while !answer.bytes.is_empty() {
            match connection.caller.write(&answer.bytes) {
                Ok(written) => drop(answer.bytes.split_to(written)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Next::Stay,
                Err(_) => return Next::Close,
            }
        }
        match connection.caller.flush() {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Next::Stay,
            Err(_) => return Next::Close,
        }
        if !answer.keep_alive || self.listener.is_none() {
            connection.caller.goodbye();
            return Next::Close;
        }
        let read = std::mem::take(&mut answer.rest);
        connection.state = State::Head { read, seen: 0 };
        self.give_time(key, HEAD_TIMEOUT);
        Next::Again
    }

    fn hand_over(&mut self, key: Key, read: Vec<u8>) {
        let Some(Connection { caller, .. }) = self.table.remove(key) else { return };
        self.poll.forget(&caller.socket);
        // If the ordinary stack is gone, the server stops, and the connection is closed.
        let _ = self.shared.to_stack.send(Moved { caller, read, home: Arc::clone(&self.shared.home) });
    }

    /// The time of a connection is over.
    pub(super) fn too_late(&mut self, key: Key) {
        let Some(connection) = self.table.get_mut(key) else { return };
        match connection.state {
            State::Waiting(_) if self.listener.is_some() => {
                return self.contained(key, |shard| shard.waited_in_vain(key));
            }
            State::Held(_) if self.listener.is_some() => {
                return self.contained(key, |shard| shard.held_in_vain(key));
            }
            State::Handshake => self.gauges.handshake_failed(),
            _ => {}
        }
        self.close(key);
    }

    pub(super) fn close(&mut self, key: Key) {
        // A socket that is closed leaves epoll by itself.
        let Some(connection) = self.table.remove(key) else { return };
        if let State::Stream(stream) = connection.state {
            self.feeds.fanout.leave(stream.id);
            self.feeds.gone(stream.id);
        }
    }
}
