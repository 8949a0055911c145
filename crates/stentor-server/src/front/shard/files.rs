//! Files of HLS from memory, and requests that are held until there is more sound.

use super::Shard;
use super::answer;
use super::table::Key;
use super::talk::{Answer, Next, State};
use crate::door::HEAD_TIMEOUT;
use crate::front::hls::{self, HELD_MAX, HELD_TIMEOUT, Names, Now};
use crate::problem::Problem;
use stentor_types::Reason;

/// A request for a file that is held.
pub(super) struct Held {
    names: Names,
    keep_alive: bool,
    read: Vec<u8>,
    /// How much of what was read is this request.
    bytes: usize,
}

impl Held {
    pub(super) fn new(names: Names, keep_alive: bool, read: Vec<u8>, bytes: usize) -> Self {
        Self { names, keep_alive, read, bytes }
    }
}

impl Shard {
    /// Somebody wants a file.
    pub(super) fn file(&mut self, key: Key, request: Held) -> Next {
        match hls::now(&self.shared.shell, &request.names) {
            Ok(Now::Answer(response)) => {
                let Held { keep_alive, mut read, bytes, .. } = request;
                let bytes_out = answer::whole(response, self.clock.wall(), keep_alive);
                let Some(connection) = self.table.get_mut(key) else { return Next::Stay };
                let rest = read.split_off(bytes);
                connection.state = State::Answer(Answer { bytes: bytes_out, keep_alive, rest });
                self.give_time(key, HEAD_TIMEOUT);
                self.answer(key)
            }
            Ok(Now::Held) if self.held.len() < HELD_MAX / self.shared.shards => {
                let Some(connection) = self.table.get_mut(key) else { return Next::Stay };
                connection.state = State::Held(Box::new(request));
                self.held.push(key);
                self.give_time(key, HELD_TIMEOUT);
                Next::Stay
            }
            Ok(Now::Held) => self.refuse_file(key, request, Problem::new(Reason::Overloaded)),
            Ok(Now::OnDisk) => Next::HandOver(request.read),
            Err(problem) => self.refuse_file(key, request, problem),
        }
    }

    /// Asks again for all who are held: there is more sound.
    pub(super) fn answer_who_is_held(&mut self) {
        for key in std::mem::take(&mut self.held) {
            self.keep_up();
            self.contained(key, |shard| {
                let Some(connection) = shard.table.get_mut(key) else { return Next::Stay };
                let deadline = connection.deadline;
                let placeholder = State::Head { read: Vec::new(), seen: 0 };
                let request = match std::mem::replace(&mut connection.state, placeholder) {
                    State::Held(request) => *request,
                    other => {
                        connection.state = other;
                        return Next::Stay;
                    }
                };
                let next = shard.file(key, request);
                // Whoever is still held is not held for longer than before.
                if let Some(connection) = shard.table.get_mut(key)
                    && matches!(connection.state, State::Held(_))
                {
                    connection.deadline = deadline;
                }
                next
            });
        }
    }

    /// Nothing new came in time.
    pub(super) fn held_in_vain(&mut self, key: Key) -> Next {
        let Some(connection) = self.table.get_mut(key) else { return Next::Stay };
        let placeholder = State::Head { read: Vec::new(), seen: 0 };
        match std::mem::replace(&mut connection.state, placeholder) {
            State::Held(request) => self.refuse_file(key, *request, hls::held_in_vain()),
            _ => Next::Close,
        }
    }

    fn refuse_file(&mut self, key: Key, request: Held, problem: Problem) -> Next {
        let Held { keep_alive, mut read, bytes, .. } = request;
        let rest = read.split_off(bytes);
        self.refuse_with(key, problem, hls::refuse, keep_alive, rest)
    }
}
