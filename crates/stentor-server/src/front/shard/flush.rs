//! The flush: what the fan-out wants done, as system calls.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use stentor_fanout::{FeedId, ListenerId, Output, Why};
use stentor_types::{Mono, Slot};

use super::Shard;
use super::talk::{Answer, State};
use crate::door::HEAD_TIMEOUT;
use crate::mixer_thread::panic_text;
use crate::notice::Notice;

impl Shard {
    /// Does what the fan-out wants now, a slice at most. It says when the next is due.
    pub(super) fn flush(&mut self) {
        let now = self.clock.mono();
        loop {
            match self.feeds.fanout.poll_output(now) {
                Output::Send { id, bytes } => {
                    let connection = self.feeds.seats.connection(id).and_then(|key| self.table.get_mut(key));
                    // As everywhere, a panic ends one connection only.
                    let sent = connection
                        .map(|connection| catch_unwind(AssertUnwindSafe(|| connection.caller.write(bytes))));
                    match sent {
                        Some(Ok(Ok(bytes))) => self.sent(now, id, bytes),
                        Some(Ok(Err(error))) if error.kind() == io::ErrorKind::WouldBlock => {
                            self.sent(now, id, 0);
                        }
                        Some(Err(panic)) => {
                            let place = format!("a write to a listener: {}", panic_text(panic.as_ref()));
                            self.shared.shell.note(Notice::PanicContained { place });
                            self.lose(id);
                        }
                        _ => self.lose(id),
                    }
                }
                Output::Close { id, why } => self.let_go(id, why),
                Output::Fetch { feed, group } => self.fetch(now, feed, group),
                Output::Timeout(at) => {
                    self.flush_at = at;
                    return;
                }
            }
        }
    }

    fn sent(&mut self, now: Mono, id: ListenerId, bytes: usize) {
        self.feeds.fanout.sent(now, id, bytes);
        self.feeds.count(id, bytes);
    }

    /// The socket of a listener failed.
    fn lose(&mut self, id: ListenerId) {
        self.feeds.fanout.leave(id);
        if let Some(key) = self.feeds.seats.connection(id) {
            self.close(key);
        }
    }

    /// The fan-out is done with a listener.
    fn let_go(&mut self, id: ListenerId, why: Why) {
        let Some(key) = self.feeds.gone(id) else { return };
        let Some(connection) = self.table.get_mut(key) else { return };
        let State::Stream(stream) = &connection.state else { return };
        if why != Why::Ended {
            return self.close(key);
        }
        // The end itself may still be on its way through TLS.
        let keep_alive = stream.keep_alive && stream.heard == 0;
        connection.state = State::Answer(Answer { bytes: Bytes::new(), keep_alive, rest: Vec::new() });
        self.give_time(key, HEAD_TIMEOUT);
        self.contained(key, |shard| shard.answer(key));
    }

    /// A reader wants a group that has left the memory of their feed.
    fn fetch(&mut self, now: Mono, feed: FeedId, group: Slot) {
        if let Some(on_disk) = self.feeds.fetch(now, feed, group) {
            let home = Arc::clone(&self.shared.home);
            let missing = on_disk.missing();
            // A task of its own: a read that panics gives back its place among those under way.
            let read = self.shared.runtime.spawn(on_disk.read());
            self.shared.runtime.spawn(async move { home.bring(read.await.unwrap_or(missing)) });
        }
    }
}
