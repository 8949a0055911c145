//! A shell in virtual time: feeds that sound, sockets that take what they take, a disk that answers later.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use stentor_fanout::limits::{SLICE_LINE, SLICE_PACED, SLICE_TURNS};
use stentor_fanout::{Coding, Fanout, FeedId, FeedSpec, Full, Joining, Limits, Output, Pace, Piece};
use stentor_types::{Mono, Slot};

use crate::ear::{BYTES_PER_S, Ear, HEAD, Socket, coded, piece};

pub(crate) const SLOT_US: u64 = 320_000;

/// When the simulation begins: an hour and a bit after slot 0.
pub(crate) const BEGIN: Slot = Slot(12_000);

/// Groups in an opening and after a move to live.
pub(crate) const BURST: u64 = 5;

/// Sends between two looks at the world.
pub(crate) const SLICE_MAX: usize = (SLICE_TURNS + SLICE_LINE + SLICE_PACED) as usize;

pub(crate) struct Feed {
    pub(crate) id: FeedId,
    pub(crate) spec: FeedSpec,
    next: u64,
    sounds: bool,
}

pub(crate) struct Sim {
    pub(crate) fanout: Fanout,
    pub(crate) now: Mono,
    pub(crate) feeds: Vec<Feed>,
    pub(crate) ears: Vec<Ear>,
    /// Who has which seat.
    seats: Vec<usize>,
    /// Seats whose socket was full, by when it takes again.
    full: Vec<(Mono, usize)>,
    fetches: VecDeque<(Mono, FeedId, Slot)>,
    pub(crate) fetch_time: Duration,
    pub(crate) fetched: usize,
    pub(crate) fetching_max: usize,
    /// Whether the disk has what is asked for.
    pub(crate) has_disk: bool,
    /// The most sends without a look at the world.
    pub(crate) slice_max: usize,
    wake_at: Mono,
}

impl Sim {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            fanout: Fanout::new(limits),
            now: Mono(BEGIN.0 * SLOT_US),
            feeds: Vec::new(),
            ears: Vec::new(),
            seats: Vec::new(),
            full: Vec::new(),
            fetches: VecDeque::new(),
            fetch_time: Duration::from_millis(7),
            fetched: 0,
            fetching_max: 0,
            has_disk: true,
            slice_max: 0,
            wake_at: Mono(0),
        }
    }

    /// A feed that sounds from here on, with the last 60 s before.
    pub(crate) fn open(&mut self, slots: u64) -> usize {
        let now = self.now.0 / SLOT_US;
        let next = now - now % slots;
        let first = next - (188 / slots) * slots;
        let spec = FeedSpec {
            slots,
            bytes_per_s: BYTES_PER_S,
            next: Slot(first),
            burst_groups: BURST,
            is_over: false,
        };
        let feed = self.add(spec, true);
        while self.feeds[feed].next < next {
            self.publish(feed);
        }
        self.drain();
        feed
    }

    /// A feed of a show that is over.
    pub(crate) fn open_recording(&mut self, slots: u64, end: Slot) -> usize {
        let spec =
            FeedSpec { slots, bytes_per_s: BYTES_PER_S, next: end, burst_groups: BURST, is_over: true };
        self.add(spec, false)
    }

    fn add(&mut self, spec: FeedSpec, sounds: bool) -> usize {
        let id = self.fanout.open(spec).expect("there is room");
        self.feeds.push(Feed { id, spec, next: spec.next.0, sounds });
        self.feeds.len() - 1
    }

    fn publish(&mut self, feed: usize) {
        let Feed { id, spec, next, .. } = self.feeds[feed];
        self.feeds[feed].next += spec.slots;
        self.fanout.publish(self.now, id, piece(feed, next, spec.slots));
    }

    pub(crate) fn close(&mut self, feed: usize) {
        self.feeds[feed].sounds = false;
        self.fanout.close(self.now, self.feeds[feed].id);
        self.drain();
    }

    /// Somebody who wants to hear what is live.
    pub(crate) fn join(&mut self, feed: usize, coding: Coding, socket: Socket) -> Result<usize, Full> {
        let (next, slots) = (self.feeds[feed].next, self.feeds[feed].spec.slots);
        let first = next - BURST * slots;
        let mut opening = HEAD.as_bytes().to_vec();
        for group in (first..next).step_by(slots as usize) {
            opening.extend_from_slice(coded(&piece(feed, group, slots), coding));
        }
        let opening = Bytes::from(opening);
        let joining = Joining { opening, first: Slot(first), next: Slot(next), coding, pace: Pace::Live };
        self.join_as(feed, joining, socket)
    }

    /// Somebody who begins elsewhere.
    pub(crate) fn join_at(
        &mut self,
        feed: usize,
        first: Slot,
        pace: Pace,
        socket: Socket,
    ) -> Result<usize, Full> {
        let opening = Bytes::from_static(HEAD.as_bytes());
        self.join_as(feed, Joining { opening, first, next: first, coding: Coding::Chunked, pace }, socket)
    }

    fn join_as(&mut self, feed: usize, joining: Joining, socket: Socket) -> Result<usize, Full> {
        let coding = joining.coding;
        let id = self.fanout.join(self.now, self.feeds[feed].id, joining)?;
        let ear = self.ears.len();
        self.ears.push(Ear::new(id, coding, self.now, socket));
        if self.seats.len() <= id.index() {
            self.seats.resize(id.index() + 1, usize::MAX);
        }
        self.seats[id.index()] = ear;
        self.drain();
        Ok(ear)
    }

    pub(crate) fn leave(&mut self, ear: usize) {
        self.fanout.leave(self.ears[ear].id);
        self.full.retain(|&(_, full)| full != ear);
        self.drain();
    }

    /// A sample of what the peer has not acknowledged.
    pub(crate) fn sample(&mut self, ear: usize) {
        let level = self.ears[ear].socket.level(self.now);
        self.fanout.unacknowledged(self.now, self.ears[ear].id, level);
        self.drain();
    }

    /// Somebody's socket is another one from now on.
    pub(crate) fn change(&mut self, ear: usize, room: usize, bytes_per_s: u64) {
        let socket = &mut self.ears[ear].socket;
        socket.level(self.now);
        (socket.room, socket.bytes_per_s) = (room, bytes_per_s);
        if let Some(full) = self.full.iter_mut().find(|(_, full)| *full == ear) {
            full.0 = socket.writable_at().unwrap_or(Mono(u64::MAX));
        }
    }

    /// Lets time pass.
    pub(crate) fn run(&mut self, time: Duration) {
        let until = self.now + time;
        loop {
            let published = self.feeds.iter().filter(|feed| feed.sounds);
            let published = published.map(|feed| Mono((feed.next + feed.spec.slots) * SLOT_US)).min();
            let writable = self.full.iter().map(|&(at, _)| at).min();
            let fetched = self.fetches.front().map(|&(at, ..)| at);
            let next = [published, writable, fetched, Some(self.wake_at)].into_iter().flatten().min();
            let next = next.filter(|&at| at <= until);
            let Some(at) = next else { break };
            self.now = self.now.max(at);
            self.handle_events();
            self.drain();
        }
        self.now = until;
    }

    fn handle_events(&mut self) {
        for feed in 0..self.feeds.len() {
            let Feed { spec, next, sounds, .. } = self.feeds[feed];
            if sounds && (next + spec.slots) * SLOT_US <= self.now.0 {
                self.publish(feed);
            }
        }
        let now = self.now;
        let ready: Vec<usize> = self.full.iter().filter(|(at, _)| *at <= now).map(|&(_, ear)| ear).collect();
        self.full.retain(|(at, _)| *at > now);
        for ear in ready {
            self.fanout.writable(now, self.ears[ear].id);
        }
        while let Some(&(at, feed, group)) = self.fetches.front()
            && at <= now
        {
            self.fetches.pop_front();
            let tag = self.feeds.iter().position(|f| f.id == feed).expect("the feed was opened");
            let slots = self.feeds[tag].spec.slots;
            let answer: Option<Piece> = self.has_disk.then(|| piece(tag, group.0, slots));
            self.fetched += 1;
            self.fanout.fetched(now, feed, group, answer);
        }
    }

    /// Does what the fan-out wants done, as the contract says.
    pub(crate) fn drain(&mut self) {
        let mut slice = 0;
        loop {
            match self.fanout.poll_output(self.now) {
                Output::Send { id, bytes } => {
                    slice += 1;
                    let ear = self.seats[id.index()];
                    assert_eq!(self.ears[ear].id, id, "the listener is there");
                    assert!(!bytes.is_empty() && self.full.iter().all(|&(_, full)| full != ear));
                    let taken = self.ears[ear].socket.take(self.now, bytes.len());
                    let is_full = taken < bytes.len();
                    self.ears[ear].hear(self.now, &bytes[..taken]);
                    if is_full {
                        let at = self.ears[ear].socket.writable_at().unwrap_or(Mono(u64::MAX));
                        self.full.push((at, ear));
                    }
                    self.fanout.sent(self.now, id, taken);
                }
                Output::Fetch { feed, group } => {
                    self.fetches.push_back((self.now + self.fetch_time, feed, group));
                    self.fetching_max = self.fetching_max.max(self.fetches.len());
                }
                Output::Close { id, why } => {
                    let ear = self.seats[id.index()];
                    assert_eq!(self.ears[ear].id, id, "the listener is there");
                    self.ears[ear].closed = Some((self.now, why));
                    self.full.retain(|&(_, full)| full != ear);
                }
                Output::Timeout(at) => {
                    self.slice_max = self.slice_max.max(slice);
                    slice = 0;
                    self.wake_at = at;
                    if at > self.now {
                        return;
                    }
                }
            }
        }
    }
}
