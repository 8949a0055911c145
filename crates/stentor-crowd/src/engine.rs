//! The loop: one thread, one epoll, one buffer, and all the connections of a process.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::sync::Arc;

use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::fd::OwnedFd;
use rustls::ClientConfig;

use crate::clock::{cpu_us, now_us, waited_us};
use crate::connect;
use crate::error::CrowdError;
use crate::histogram::Histogram;
use crate::listener::{End, Kinds, Listener, Role, Shared, Step};
use crate::options::{Options, Planned, Share};
use crate::seat::{Due, Seat, Stage};
use crate::tally::{Account, Outcome, Progress};
use crate::tls::{self, PLAIN_BYTES, Tls, TlsFailed};

/// A turn of the loop, or an arrival, that is later than this makes the crowd itself suspect: a tenth of the interval in
/// which most servers send.
pub const LATE_US: u64 = 100_000;

/// What is read at once: a socket's worth of loopback, 15 s of 32 kbps.
const READ_BYTES: usize = 64 * 1024;

/// Reads of one connection in a row, so that none of them starves the others: 1 MiB.
const READS_A_TURN: usize = 16;

/// Sockets that are looked at in one turn: at 4 µs each it takes 2 ms.
const EVENTS_A_TURN: usize = 512;

/// Listeners that come in one turn: at 30 µs each it takes 2 ms.
const ARRIVALS_A_TURN: usize = 64;

/// How often a slow reader reads.
const SLOW_TICK_US: u64 = 250_000;

/// Of so many listeners one verifies checksums, which costs more than all the rest; they all get the same bytes.
const CHECKED_ONE_IN: u32 = 64;

const PROGRESS_US: u64 = 1_000_000;

/// Runs one process's share of a crowd until it is over, and tells how it went about once a second.
///
/// # Errors
/// If it cannot begin, or the system refuses to wait. What goes wrong with a connection stands in the outcome.
pub fn run(
    options: &Options,
    share: Share,
    progress: &mut dyn FnMut(&Progress),
) -> Result<Outcome, CrowdError> {
    let mut engine = Engine::new(options, share)?;
    while engine.turn(progress)? {}
    Ok(engine.finish())
}

struct Engine<'a> {
    options: &'a Options,
    share: Share,
    tls: Option<Arc<ClientConfig>>,
    epoll: OwnedFd,
    events: Vec<Event>,
    bytes: Vec<u8>,
    plain: Vec<u8>,
    plan: Vec<Planned>,
    /// As many as have come of the plan, in its order.
    seats: Vec<Seat>,
    gone: usize,
    timers: BinaryHeap<Reverse<(u64, u32)>>,
    gaps: Histogram,
    kinds: Kinds,
    account: Account,
    turn_began_us: Option<u64>,
    progress_at_us: u64,
    waited_before_us: u64,
    cpu_before_us: u64,
}

impl<'a> Engine<'a> {
    fn new(options: &'a Options, share: Share) -> Result<Self, CrowdError> {
        let system = |what| move |error: rustix::io::Errno| CrowdError::System { what, source: error.into() };
        let plan = options.plan(share.process);
        Ok(Self {
            options,
            share,
            tls: if options.target.tls { Some(tls::config(&options.trust)?) } else { None },
            epoll: epoll::create(CreateFlags::CLOEXEC).map_err(system("an epoll"))?,
            events: Vec::with_capacity(EVENTS_A_TURN),
            bytes: vec![0; READ_BYTES],
            plain: vec![0; PLAIN_BYTES],
            seats: Vec::with_capacity(plan.len()),
            plan,
            gone: 0,
            timers: BinaryHeap::new(),
            gaps: Histogram::default(),
            kinds: Kinds::default(),
            account: Account::default(),
            turn_began_us: None,
            progress_at_us: PROGRESS_US,
            waited_before_us: waited_us(),
            cpu_before_us: cpu_us(),
        })
    }

    /// Microseconds since the run began; 0 before.
    fn now_us(&self) -> u64 {
        now_us().saturating_sub(self.share.begin_us)
    }

    fn end_us(&self) -> u64 {
        self.options.seconds * 1_000_000
    }

    /// Whoever is due comes, whoever asked is woken, and whoever is ready reads; `false` once it is over.
    fn turn(&mut self, progress: &mut dyn FnMut(&Progress)) -> Result<bool, CrowdError> {
        let has_begun = now_us() >= self.share.begin_us;
        if has_begun {
            self.arrive();
            self.wake();
        }
        let now_us = self.now_us();
        if now_us >= self.end_us() || self.gone == self.plan.len() {
            return Ok(false);
        }
        if now_us >= self.progress_at_us {
            self.progress_at_us = now_us + PROGRESS_US;
            progress(&self.progress(now_us));
        }
        self.wait(has_begun)?;
        let mut events = std::mem::take(&mut self.events);
        for event in events.drain(..) {
            self.ready(event.data.u64() as usize, event.flags);
        }
        // Given back, so that no turn allocates.
        self.events = events;
        Ok(true)
    }

    /// Waits for sockets until something else is due.
    fn wait(&mut self, has_begun: bool) -> Result<(), CrowdError> {
        let now_us = self.now_us();
        if let Some(began_us) = self.turn_began_us {
            let turn_us = now_us.saturating_sub(began_us);
            self.account.turn_us_max = self.account.turn_us_max.max(turn_us);
            self.account.turns_late += u32::from(turn_us > LATE_US);
        }
        let next = self.plan.get(self.seats.len()).map_or(u64::MAX, |planned| planned.at_us);
        let timer = self.timers.peek().map_or(u64::MAX, |Reverse((at_us, _))| *at_us);
        let until_us = next.min(timer).min(self.end_us()).min(self.progress_at_us);
        let left_us = if has_begun {
            until_us.saturating_sub(now_us)
        } else {
            self.share.begin_us.saturating_sub(crate::clock::now_us())
        };
        let timeout =
            Timespec { tv_sec: (left_us / 1_000_000) as i64, tv_nsec: (left_us % 1_000_000 * 1_000) as i64 };
        self.events.reserve(EVENTS_A_TURN);
        let waited = epoll::wait(&self.epoll, spare_capacity(&mut self.events), Some(&timeout));
        match waited {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(CrowdError::System { what: "to wait", source: error.into() }),
        }
        self.turn_began_us = has_begun.then(|| self.now_us());
        Ok(())
    }

    /// Those whose time has come, however it goes with those before them.
    fn arrive(&mut self) {
        for _ in 0..ARRIVALS_A_TURN {
            let Some(planned) = self.plan.get(self.seats.len()).copied() else { return };
            let now_us = self.now_us();
            let Some(late_us) = now_us.checked_sub(planned.at_us) else { return };
            if now_us >= self.end_us() {
                return;
            }
            self.account.arrival_late_us_max = self.account.arrival_late_us_max.max(late_us);
            let checked = planned.index % CHECKED_ONE_IN == 0;
            let listener = Listener::new(now_us, planned.role, checked, &self.options.target);
            self.seats.push(Seat::new(planned.index, listener));
            self.connect(self.seats.len() - 1);
        }
    }

    /// Those who asked to be woken.
    fn wake(&mut self) {
        let now_us = self.now_us();
        while let Some(&Reverse((at_us, seat))) = self.timers.peek() {
            if at_us > now_us {
                return;
            }
            self.timers.pop();
            let seat = seat as usize;
            match std::mem::take(&mut self.seats[seat].due) {
                _ if self.seats[seat].stage == Stage::Gone => {}
                Due::Nothing => {}
                Due::Read => self.read(seat, READ_BYTES, false),
                Due::SlowRead => {
                    let ticks = 1_000_000 / SLOW_TICK_US;
                    let bytes = u64::from(self.options.slow_bytes_per_second).div_ceil(ticks) as usize;
                    self.read(seat, bytes.min(READ_BYTES), false);
                    self.wake_at(seat, now_us + SLOW_TICK_US, Due::SlowRead);
                }
                Due::Wake => {
                    let step = self.seats[seat].listener.wake();
                    self.perform(seat, step);
                }
            }
        }
    }

    fn wake_at(&mut self, seat: usize, at_us: u64, due: Due) {
        if self.seats[seat].stage != Stage::Gone {
            self.seats[seat].due = due;
            self.timers.push(Reverse((at_us, seat as u32)));
        }
    }

    fn connect(&mut self, seat: usize) {
        let place = &mut self.seats[seat];
        let slow = place.listener.journal.role == Role::Slow;
        place.disconnect(Stage::Connecting);
        let made = connect::connect(&self.options.target, self.share.process, seat as u32, slow);
        let registered = made.and_then(|(socket, stands)| {
            let flags = EventFlags::IN | EventFlags::OUT | EventFlags::RDHUP | EventFlags::ET;
            epoll::add(&self.epoll, &socket, EventData::new_u64(seat as u64), flags)?;
            Ok((socket, stands))
        });
        match registered {
            Ok((socket, stands)) => {
                place.socket = Some(socket);
                if stands {
                    self.connected(seat);
                }
            }
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => self.ended(seat, End::NotConnected),
            Err(_) => self.ended(seat, End::NotStarted),
        }
    }

    /// The connection has come about, or has not.
    fn connected(&mut self, seat: usize) {
        let now_us = self.now_us();
        let place = &mut self.seats[seat];
        if !place.socket.as_ref().is_some_and(|socket| matches!(socket.take_error(), Ok(None))) {
            return self.ended(seat, End::NotConnected);
        }
        if let Some(config) = &self.tls {
            place.stage = Stage::Shaking;
            match Tls::new(config, &self.options.target.host) {
                Ok(tls) => place.tls = Some(Box::new(tls)),
                Err(TlsFailed) => return self.ended(seat, End::Tls),
            }
            return self.flush(seat);
        }
        place.stage = Stage::Open;
        place.listener.connected(now_us);
        self.ask(seat);
    }

    /// Sends a request. It is some hundred bytes into an empty socket, so it goes whole or the connection is broken.
    fn ask(&mut self, seat: usize) {
        let now_us = self.now_us();
        let place = &mut self.seats[seat];
        let request = place.listener.request(now_us, &self.options.target);
        let sent = match (&mut place.tls, &place.socket) {
            (Some(tls), _) => tls.send(request.as_bytes()),
            (None, Some(socket)) => (&*socket).write_all(request.as_bytes()),
            (None, None) => Err(io::Error::from(ErrorKind::NotConnected)),
        };
        if sent.is_err() {
            return self.ended(seat, End::Reset);
        }
        self.flush(seat);
        if self.seats[seat].listener.journal.role == Role::Slow {
            self.wake_at(seat, now_us + SLOW_TICK_US, Due::SlowRead);
        }
    }

    /// Sends what TLS has to say.
    fn flush(&mut self, seat: usize) {
        let place = &mut self.seats[seat];
        let (Some(tls), Some(socket)) = (&mut place.tls, &place.socket) else { return };
        if tls.flush(&mut &*socket).is_err() {
            self.ended(seat, End::Reset);
        }
    }

    /// A socket says that something is possible.
    fn ready(&mut self, seat: usize, flags: EventFlags) {
        let hung_up = flags.intersects(EventFlags::HUP | EventFlags::ERR);
        let ends = hung_up || flags.contains(EventFlags::RDHUP);
        match (self.seats[seat].stage, self.seats[seat].listener.journal.role) {
            (Stage::Gone | Stage::Idle, _) => {}
            (Stage::Connecting, _) if hung_up || flags.contains(EventFlags::OUT) => self.connected(seat),
            (Stage::Connecting, _) => {}
            (Stage::Open, Role::Silent) if hung_up => self.ended(seat, End::Reset),
            (Stage::Open, Role::Silent) if ends => self.ended(seat, End::Closed),
            // A slow reader reads when its time comes, and meets the end then.
            (Stage::Open, Role::Slow | Role::Silent) => {}
            (Stage::Shaking | Stage::Open, _) => {
                if ends || flags.contains(EventFlags::IN) {
                    self.read(seat, READ_BYTES, ends);
                }
                self.flush(seat);
            }
        }
    }

    /// Reads until there is nothing left, which with edge triggers nobody would say again. A short read says so; not
    /// where the end stands behind it.
    fn read(&mut self, seat: usize, bytes_max: usize, ends: bool) {
        let once = bytes_max < READ_BYTES;
        for _ in 0..READS_A_TURN {
            let Some(socket) = &self.seats[seat].socket else { return };
            let now_us = now_us().saturating_sub(self.share.begin_us);
            match (&*socket).read(&mut self.bytes[..bytes_max]) {
                Ok(0) => return self.ended(seat, End::Closed),
                Ok(len) => {
                    self.take(seat, now_us, len);
                    if once || len < bytes_max && !ends {
                        return;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return self.ended(seat, End::Reset),
            }
        }
        let now_us = self.now_us();
        self.wake_at(seat, now_us, Due::Read);
    }

    /// `len` bytes have been read.
    fn take(&mut self, seat: usize, now_us: u64, len: usize) {
        let Self { options, seats, bytes, plain, gaps, kinds, .. } = self;
        let place = &mut seats[seat];
        let mut shared = Shared { target: &options.target, bounds: &options.bounds, gaps, kinds };
        let Some(tls) = &mut place.tls else {
            let step = place.listener.handle(now_us, &bytes[..len], &mut shared);
            return self.perform(seat, step);
        };
        let mut step = Step::Read;
        let received = tls.receive(&bytes[..len], plain, &mut |run| {
            if step != Step::Over {
                let next = place.listener.handle(now_us, run, &mut shared);
                step = if next == Step::Read { step } else { next };
            }
        });
        let shaken = place.stage == Stage::Shaking && !tls.is_handshaking();
        if received.is_err() {
            // What it wants to say about it may still go out.
            self.flush(seat);
            return self.ended(seat, End::Tls);
        }
        if shaken {
            place.stage = Stage::Open;
            place.listener.connected(now_us);
            return self.ask(seat);
        }
        self.perform(seat, step);
    }

    fn perform(&mut self, seat: usize, step: Step) {
        match step {
            Step::Read => {}
            Step::Ask => self.ask(seat),
            Step::Reconnect => self.connect(seat),
            Step::Sleep(until_us) => self.wake_at(seat, until_us, Due::Wake),
            Step::Over => {
                if self.seats[seat].stage != Stage::Gone {
                    self.seats[seat].disconnect(Stage::Gone);
                    self.gone += 1;
                }
            }
        }
    }

    fn ended(&mut self, seat: usize, end: End) {
        let now_us = self.now_us();
        if self.seats[seat].stage == Stage::Gone {
            return;
        }
        let step = self.seats[seat].listener.ended(now_us, end);
        if step == Step::Read {
            self.seats[seat].disconnect(Stage::Idle);
        }
        self.perform(seat, step);
    }

    fn progress(&self, now_us: u64) -> Progress {
        let mut progress = Progress { at_s: now_us / 1_000_000, ..Progress::default() };
        for seat in &self.seats {
            progress.came += 1;
            progress.hearing += u32::from(seat.listener.hearing.first_us().is_some());
            progress.ended += u32::from(seat.stage == Stage::Gone);
            progress.body_bytes += seat.listener.journal.body_bytes;
        }
        progress
    }

    fn finish(self) -> Outcome {
        let now_us = self.now_us();
        let account = Account {
            ran_us: now_us,
            cpu_us: cpu_us().saturating_sub(self.cpu_before_us),
            waited_us: waited_us().saturating_sub(self.waited_before_us),
            ..self.account
        };
        let not_come = (self.plan.len() - self.seats.len()) as u32;
        let bounds = &self.options.bounds;
        let records = self.seats.into_iter().map(|seat| seat.listener.finish(seat.index, now_us, bounds));
        Outcome {
            records: records.collect(),
            not_come,
            kinds: self.kinds,
            gaps: self.gaps,
            engines: vec![account],
        }
    }
}
