//! Who listens: from the request to the end of their stream.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use socket2::SockRef;
use stentor_fanout::{Coding, ListenerId};
use stentor_gate::Pass;
use stentor_types::{Mono, Reason, Slot};

use super::caller::Brought;
use super::decide::Listen;
use super::poll::Ready;
use super::table::Key;
use super::talk::{Next, State};
use super::{Shard, sys};
use crate::front::choice::{self, Choice};
use crate::front::stream::FIRST_SOUND_WAIT;
use crate::gate::Admission;
use crate::problem::Problem;

/// What a listener may say while their stream lasts, and nobody reads: TLS's own messages are some 100 bytes an hour,
/// a request that was sent too early some 500.
const HEARD_BYTES_MAX: usize = 16 * 1024;

/// Sound that the kernel holds for a listener, in seconds of it: an opening of 4.8 s and what comes until it is
/// acknowledged. The kernel reserves twice as much, and counts its own share of each segment.
const KERNEL_S: u64 = 6;

/// The least that the kernel holds: two segments of TCP's largest on Ethernet are 3 kB, and a record of TLS 16 kB.
const KERNEL_BYTES_MIN: u64 = 16 * 1024;

/// Sound that is not on the wire yet, beyond which a socket counts as full, so that who is slow falls behind in the
/// fan-out, where it is seen, and not in the kernel: 3.6 s at 32 kbps.
const UNSENT_BYTES_MAX: u32 = 16 * 1024;

/// How often some sockets are looked at.
const SAMPLE_EVERY: Duration = Duration::from_millis(250);

/// Turns after which each listener was looked at once: 40 × 0.25 s are 10 s, a third of the lag that is borne. At 15,000
/// listeners a turn is 375 × 0.5 µs.
const SAMPLE_TURNS: usize = 40;

/// How long somebody takes sound until their network is known to have one more listener: longer than what a peer acknowledges that
/// reads nothing.
const PROVEN_AFTER: Duration = Duration::from_secs(60);

/// A request for a stream, as long as it is not answered.
pub(super) struct Request {
    pub(super) listen: Listen,
    pub(super) coding: Coding,
    pub(super) keep_alive: bool,
    /// What was read of the connection, and how much of it is this request.
    pub(super) read: Vec<u8>,
    pub(super) bytes: usize,
}

/// A stream under way.
pub(super) struct Stream {
    pub(super) id: ListenerId,
    /// Their seat, as long as this lives.
    admission: Admission,
    /// The connection stays open when the stream ends.
    pub(super) keep_alive: bool,
    /// Bytes that the listener said meanwhile.
    pub(super) heard: usize,
    /// Segments that were sent again until it was looked at last.
    retransmitted: u64,
    /// Since when, until they have proven that somebody takes the sound.
    unproven_since: Option<Mono>,
}

impl Shard {
    /// Somebody wants to listen.
    pub(super) fn listen(&mut self, key: Key, request: Request) -> Next {
        let Listen { show, container, wish } = &request.listen;
        match choice::choose(&self.shared.shell, show, *container, wish) {
            Ok(Some(choice)) => self.seat(key, request, &choice),
            Ok(None) => {
                let Some(connection) = self.table.get_mut(key) else { return Next::Stay };
                connection.state = State::Waiting(Box::new(request));
                self.waiting.push(key);
                self.give_time(key, FIRST_SOUND_WAIT);
                Next::Stay
            }
            Err(problem) => self.refuse_listener(key, request, problem),
        }
    }

    /// Gives a listener their place in the fan-out.
    fn seat(&mut self, key: Key, request: Request, choice: &Choice) -> Next {
        let oldest = choice.tape.live().window.oldest().map_or(Slot(0), |chunk| chunk.position.slot);
        if choice.rewound && choice.first < oldest {
            // That has to be read from the disk first.
            return Next::HandOver(request.read);
        }
        let admission = match self.admit(key, &request.listen) {
            Ok(admission) => admission,
            Err(problem) => return self.refuse_listener(key, request, problem),
        };
        let joined = self.feeds.join(self.clock.now(), choice, request.coding, key);
        let Ok(id) = joined else {
            return self.refuse_listener(key, request, Problem::new(Reason::Overloaded));
        };
        let unproven_since = Some(self.clock.mono());
        let Some(connection) = self.table.get_mut(key) else { return Next::Stay };
        // Whatever it says behind the request means that it does not wait for the stream to end.
        let heard = request.read.len() - request.bytes;
        connection.state = State::Stream(Stream {
            id,
            admission,
            keep_alive: request.keep_alive,
            heard,
            retransmitted: 0,
            unproven_since,
        });
        connection.deadline = None;
        let socket = SockRef::from(&connection.caller.socket);
        let kernel_bytes = (choice.bytes_per_s() * KERNEL_S).max(KERNEL_BYTES_MIN);
        // Without them it is served as well, and costs more.
        let _ = socket.set_send_buffer_size(usize::try_from(kernel_bytes).unwrap_or(usize::MAX));
        let _ = socket.set_tcp_notsent_lowat(UNSENT_BYTES_MAX);
        Next::Stay
    }

    /// Ends the stream of a pass, unless it has ended by itself.
    pub(super) fn end(&mut self, key: Key, pass: Pass) {
        let Some(connection) = self.table.get_mut(key) else { return };
        if matches!(&connection.state, State::Stream(stream) if stream.admission.is_by(pass)) {
            self.close(key);
        }
    }

    /// Asks the show's gate.
    fn admit(&self, key: Key, listen: &Listen) -> Result<Admission, Problem> {
        let show = self.shared.shell.show(&listen.show)?;
        let home = Arc::clone(&self.shared.home);
        show.gate.admit(listen.wish.ticket.as_deref(), move |pass| home.bring(Brought::End(key, pass)))
    }

    fn refuse_listener(&mut self, key: Key, request: Request, problem: Problem) -> Next {
        let rest = request.read[request.bytes..].to_vec();
        self.refuse(key, problem, request.keep_alive, rest)
    }

    /// Asks again for those who wait for the first sound of a show.
    pub(super) fn seat_who_waits(&mut self) {
        for key in std::mem::take(&mut self.waiting) {
            self.keep_up();
            self.contained(key, |shard| shard.ask_again(key));
        }
    }

    fn ask_again(&mut self, key: Key) -> Next {
        let Some(connection) = self.table.get_mut(key) else { return Next::Stay };
        let State::Waiting(_) = &connection.state else { return Next::Stay };
        let deadline = connection.deadline;
        let waiting = State::Head { read: Vec::new(), seen: 0 };
        let State::Waiting(request) = std::mem::replace(&mut connection.state, waiting) else {
            return Next::Stay;
        };
        let next = self.listen(key, *request);
        // Whoever still waits does not wait for longer than before.
        if let Some(connection) = self.table.get_mut(key)
            && matches!(connection.state, State::Waiting(_))
        {
            connection.deadline = deadline;
        }
        next
    }

    /// The first sound of a show was not made in time.
    pub(super) fn waited_in_vain(&mut self, key: Key) -> Next {
        let Some(connection) = self.table.get_mut(key) else { return Next::Stay };
        let State::Waiting(request) = &mut connection.state else { return Next::Close };
        let (keep_alive, rest) = (request.keep_alive, request.read.split_off(request.bytes));
        self.refuse(key, choice::no_sound_yet(), keep_alive, rest)
    }

    /// Something has changed at the socket of a listener.
    pub(super) fn attend_listener(&mut self, key: Key, ready: Ready) -> Next {
        let Some(connection) = self.table.get_mut(key) else { return Next::Stay };
        let State::Stream(stream) = &mut connection.state else { return Next::Stay };
        if ready.over {
            return Next::Close;
        }
        while ready.readable && stream.heard <= HEARD_BYTES_MAX {
            match connection.caller.read(&mut self.scratch) {
                Ok(0) => return Next::Close,
                Ok(bytes) => stream.heard += bytes,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => return Next::Close,
            }
        }
        if stream.heard > HEARD_BYTES_MAX {
            return Next::Close;
        }
        if ready.writable {
            match connection.caller.flush() {
                Ok(()) => self.feeds.fanout.writable(self.clock.mono(), stream.id),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return Next::Close,
            }
        }
        Next::Stay
    }

    /// Looks at some sockets: how much their peers have acknowledged says how far behind they really are.
    pub(super) fn sample(&mut self) {
        let now = self.clock.mono();
        if now < self.sample_at {
            return;
        }
        self.sample_at = now + SAMPLE_EVERY;
        let gauges = &self.shared.shell.metrics().fanout;
        gauges.late(self.feeds.fanout.take_lateness());
        let places = self.table.places();
        for _ in 0..places.div_ceil(SAMPLE_TURNS) {
            self.sampled = (self.sampled + 1) % places;
            let Some(connection) = self.table.at_mut(self.sampled) else { continue };
            let State::Stream(stream) = &mut connection.state else { continue };
            let socket = &connection.caller.socket;
            let (Ok(bytes), Ok(retransmitted)) = (sys::unacknowledged(socket), sys::retransmitted(socket))
            else {
                continue;
            };
            gauges.sampled(bytes, retransmitted.saturating_sub(stream.retransmitted));
            stream.retransmitted = retransmitted;
            let takes_all = bytes <= u64::from(UNSENT_BYTES_MAX);
            if takes_all
                && stream.unproven_since.is_some_and(|since| now.saturating_since(since) >= PROVEN_AFTER)
            {
                stream.unproven_since = None;
                stream.admission.gate().prove(connection.caller.peer.ip());
            }
            self.feeds.fanout.unacknowledged(now, stream.id, usize::try_from(bytes).unwrap_or(usize::MAX));
        }
    }
}
