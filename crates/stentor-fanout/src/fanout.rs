//! The table of listeners and what is done with it.

use std::collections::VecDeque;
use std::time::Duration;

use stentor_types::{Mono, Slot};

use crate::feed::{FeedSpec, Feeds};
use crate::flush::Next;
use crate::id::{FeedId, ListenerId};
use crate::limits::{LAG_MAX, Limits, PIECE_BYTES_MAX, SLICE_LINE, SLICE_PACED, SLICE_TURNS};
use crate::listener::{Aside, Listeners, Part};
use crate::output::{Full, Joining, Output, Why};
use crate::pace::Pace;
use crate::piece::{Coding, LAST_CHUNK, Piece};
use crate::readers::{Readers, Reading};

/// What is left of the present slice for those in line and those who have a turn.
#[derive(Debug)]
struct Slice {
    turns: u32,
    line: u32,
    closes: u32,
    paced: u32,
}

impl Slice {
    const WHOLE: Self = Self { turns: SLICE_TURNS, line: SLICE_LINE, closes: SLICE_LINE, paced: SLICE_PACED };
}

/// Bytes that were given out and not accounted for yet.
#[derive(Debug)]
struct Offered {
    index: u32,
    bytes: usize,
}

enum Step {
    Send(u32),
    Close(ListenerId, Why),
    Fetch(FeedId, Slot),
    Timeout(Mono),
}

/// Who gets which bytes when: the listeners of one shard as a state machine.
///
/// **Contract:** after every call that takes `now`, call [`Fanout::poll_output`] until it returns [`Output::Timeout`], and
/// again at that time. After each [`Output::Send`] call [`Fanout::sent`] once before anything else, or
/// [`Fanout::leave`] if the socket failed. A socket that took less than it was offered is full: say when it is
/// [`Fanout::writable`] again.
#[derive(Debug)]
pub struct Fanout {
    pub(crate) feeds: Feeds,
    pub(crate) listeners: Listeners,
    /// Feeds whose flush is not over; the one whose slice it is.
    flushing: Vec<u32>,
    current: usize,
    /// Who is served beside the flush: those who join, whose socket takes again, who have more to get.
    line: VecDeque<u32>,
    /// Closed feeds with listeners, and when who is left is let go.
    pub(crate) closing: VecDeque<(Mono, u32)>,
    closes: VecDeque<(ListenerId, Why)>,
    pub(crate) readers: Readers,
    offered: Option<Offered>,
    slice: Slice,
    late: Duration,
}

impl Fanout {
    /// A fan-out without feeds.
    pub fn new(limits: Limits) -> Self {
        Self {
            feeds: Feeds::new(limits.feeds),
            listeners: Listeners::new(limits.listeners),
            flushing: Vec::new(),
            current: 0,
            line: VecDeque::new(),
            closing: VecDeque::new(),
            closes: VecDeque::new(),
            readers: Readers::new(limits),
            offered: None,
            slice: Slice::WHOLE,
            late: Duration::ZERO,
        }
    }

    /// Opens a feed.
    ///
    /// # Errors
    /// [`Full::Feeds`].
    ///
    /// # Panics
    /// If its groups have no or too many slots, or its sound no bytes.
    pub fn open(&mut self, spec: FeedSpec) -> Result<FeedId, Full> {
        self.feeds.open(spec).ok_or(Full::Feeds)
    }

    /// Nobody joins this feed any more, and who is there ends after what is there, with [`LAG_MAX`] to take it. Readers
    /// who are behind go on at their pace. The feed is gone when nobody is left, at once if nobody is there.
    pub fn close(&mut self, now: Mono, feed: FeedId) {
        let index = feed.index;
        let Some(feed) = self.feeds.find(feed).filter(|feed| !feed.is_closed) else { return };
        feed.is_closed = true;
        feed.spec.is_over = true;
        if feed.listeners() == 0 {
            return self.forget(index);
        }
        self.closing.push_back((now + LAG_MAX, index));
        self.flush(now, index);
    }

    /// Takes in the next group of a feed. All who are live have their turns from now on.
    ///
    /// # Panics
    /// If the group does not follow the one before, or has nothing to send.
    pub fn publish(&mut self, now: Mono, feed: FeedId, piece: Piece) {
        let index = feed.index;
        let Some(feed) = self.feeds.find(feed) else { return };
        feed.push(now, piece);
        self.flush(now, index);
    }

    /// Somebody joins. They get their opening in the next slice.
    ///
    /// # Errors
    /// If there is no room, or the feed is closed.
    ///
    /// # Panics
    /// If `next` is not aligned.
    pub fn join(&mut self, now: Mono, feed: FeedId, joining: Joining) -> Result<ListenerId, Full> {
        assert!(joining.opening.len() <= PIECE_BYTES_MAX, "an opening of {} bytes", joining.opening.len());
        let seat = feed.index;
        let feed = self.feeds.find(feed).filter(|feed| !feed.is_closed).ok_or(Full::Closed)?;
        let group = feed.number(joining.next);
        let reading = (joining.pace != Pace::Live).then(|| Reading::new(joining.pace, now));
        if reading.is_some() && self.readers.is_full() {
            return Err(Full::Readers);
        }
        let index = self.listeners.sit().ok_or(Full::Listeners)?;
        let listener = self.listeners.at_mut(index);
        listener.feed = seat;
        listener.group = group;
        listener.coding = joining.coding;
        listener.play(now, joining.first);
        listener.part = if joining.opening.is_empty() { Part::Sound } else { Part::Opening };
        if reading.is_some() {
            listener.aside = Some(Box::new(Aside { opening: joining.opening, reading }));
            self.begin_reading(now, index);
        } else {
            listener.turn = feed.order.insert(index);
            listener.aside = Some(Box::new(Aside { opening: joining.opening, reading }));
            self.queue(index);
        }
        Ok(self.listeners.id(index))
    }

    /// Somebody is gone.
    pub fn leave(&mut self, id: ListenerId) {
        let Some(index) = self.listeners.find(id) else { return };
        self.remove(index);
    }

    /// How many of the bytes of the last [`Output::Send`] the listener's socket took: fewer than it was offered if it is
    /// full.
    ///
    /// # Panics
    /// If they were not offered any, or fewer.
    pub fn sent(&mut self, now: Mono, id: ListenerId, bytes: usize) {
        let Some(index) = self.listeners.find(id) else { return };
        let offered = self.offered.take().filter(|offered| offered.index == index);
        let offered = offered.expect("sent() answers the last Send").bytes;
        assert!(bytes <= offered, "{bytes} bytes taken of {offered}");
        let listener = self.listeners.at_mut(index);
        if bytes < offered {
            listener.offset += bytes as u32;
            listener.is_full = true;
            if listener.is_reader() {
                self.stall(now, index);
            }
            return;
        }
        listener.offset = 0;
        self.finish(now, index);
    }

    /// The listener's socket takes bytes again. If it was not full, nothing happens.
    pub fn writable(&mut self, now: Mono, id: ListenerId) {
        let Some(index) = self.listeners.find(id) else { return };
        let listener = self.listeners.at_mut(index);
        if !listener.is_full {
            return;
        }
        listener.is_full = false;
        if listener.is_reader() && listener.part != Part::Opening {
            self.wake(index, now);
        } else {
            self.queue(index);
        }
    }

    /// What is to be done now.
    ///
    /// # Panics
    /// If the last [`Output::Send`] was not answered.
    pub fn poll_output(&mut self, now: Mono) -> Output<'_> {
        assert!(self.offered.is_none(), "sent() comes after every Send");
        match self.step(now) {
            Step::Send(index) => {
                let id = self.listeners.id(index);
                let bytes = rest(&self.feeds, &self.listeners, index);
                self.offered = Some(Offered { index, bytes: bytes.len() });
                Output::Send { id, bytes }
            }
            Step::Close(id, why) => Output::Close { id, why },
            Step::Fetch(feed, group) => Output::Fetch { feed, group },
            Step::Timeout(at) => Output::Timeout(at),
        }
    }

    /// How many listeners there are.
    pub fn listeners(&self) -> usize {
        self.listeners.seated()
    }

    /// How many listen to a feed.
    pub fn listeners_of(&self, feed: FeedId) -> usize {
        self.feeds.get(feed).map_or(0, |feed| feed.listeners())
    }

    /// By how much a slice was late at most since this was last asked for.
    pub fn take_lateness(&mut self) -> Duration {
        std::mem::take(&mut self.late)
    }

    fn step(&mut self, now: Mono) -> Step {
        while self.slice.turns > 0 {
            let Some(index) = self.next_turn(now) else { break };
            let listener = self.listeners.at(index);
            if listener.is_full {
                self.judge(now, index, Duration::ZERO);
            } else if !listener.is_queued && self.has_more(now, index) {
                // Who is in line gets all there is when they are served.
                self.slice.turns -= 1;
                return Step::Send(index);
            }
        }
        while self.slice.line > 0 {
            let Some(index) = self.line.pop_front() else { break };
            if self.listeners.unqueue(index) && self.has_more(now, index) {
                self.slice.line -= 1;
                return Step::Send(index);
            }
        }
        let is_spent = self.slice.turns == 0 || self.slice.line == 0;
        if !is_spent
            && self.slice.paced > 0
            && let Some(index) = self.next_reader(now)
        {
            self.slice.paced -= 1;
            return Step::Send(index);
        }
        if let Some((feed, group)) = self.readers.next_fetch() {
            return Step::Fetch(feed, group);
        }
        self.let_go_of_closed(now);
        if self.slice.closes > 0
            && let Some((id, why)) = self.closes.pop_front()
        {
            self.slice.closes -= 1;
            return Step::Close(id, why);
        }
        self.slice = Slice::WHOLE;
        // In the next slice it is another feed's turn, should all be late.
        self.current += 1;
        let is_drained = self.line.is_empty() && self.closes.is_empty();
        Step::Timeout(if is_drained { self.next_timeout() } else { now })
    }

    /// Who has their turn now.
    #[inline]
    fn next_turn(&mut self, now: Mono) -> Option<u32> {
        let mut waiting = 0;
        while waiting < self.flushing.len() {
            if self.current >= self.flushing.len() {
                self.current = 0;
            }
            let feed = self.feeds.at_mut(self.flushing[self.current]);
            let late = &mut self.late;
            match feed.flush.next(now, |by| *late = by.max(*late)) {
                Next::Turn(turn) => {
                    if let Some(index) = feed.order.at(turn) {
                        return Some(index);
                    }
                }
                Next::At(_) => {
                    self.current += 1;
                    waiting += 1;
                }
                Next::Over => {
                    self.flushing.swap_remove(self.current);
                }
            }
        }
        None
    }

    /// Whether there is something to send to this listener now, who may be let go by this.
    pub(crate) fn has_more(&mut self, now: Mono, index: u32) -> bool {
        let listener = self.listeners.at_mut(index);
        let feed = self.feeds.at(listener.feed);
        if listener.part != Part::Sound {
            return true;
        }
        if listener.group < feed.end {
            return feed.piece(listener.group).is_some() || self.overrun(now, index);
        }
        if !feed.spec.is_over {
            return false;
        }
        match listener.coding {
            Coding::Chunked => {
                listener.part = Part::Last;
                true
            }
            Coding::Bare => {
                self.end(index, Why::Ended);
                false
            }
        }
    }

    /// A listener has had the part they were at.
    fn finish(&mut self, now: Mono, index: u32) {
        let listener = self.listeners.at_mut(index);
        let feed = self.feeds.at(listener.feed);
        let mut had = 0;
        match listener.part {
            Part::Opening => listener.part = Part::Sound,
            Part::Sound => {
                let slot = feed.slot(listener.group);
                if listener.dry_at(slot) < now {
                    listener.play(now, slot);
                }
                listener.group += 1;
                had = feed.spec.slots;
            }
            Part::Last | Part::Vacant => return self.end(index, Why::Ended),
        }
        if listener.is_reader() {
            return self.read_on(index, had);
        }
        listener.aside = None;
        let is_switching = feed.switch_to.is_some();
        if listener.is_moving {
            self.move_to_live(now, index);
        }
        if is_switching {
            self.go_over(index);
        }
        let listener = self.listeners.at(index);
        let feed = self.feeds.at(listener.feed);
        if listener.group < feed.end || feed.spec.is_over {
            self.queue(index);
        }
    }

    fn next_timeout(&self) -> Mono {
        let flushes = self.flushing.iter().filter_map(|&feed| self.feeds.at(feed).flush.due_at());
        let closing = self.closing.front().map(|&(at, _)| at);
        flushes.chain(closing).chain(self.readers.due_at()).min().unwrap_or(Mono(u64::MAX))
    }

    /// Everybody's turns begin anew.
    fn flush(&mut self, now: Mono, index: u32) {
        let feed = self.feeds.at_mut(index);
        let is_flushing = feed.flush.due_at().is_some();
        if !is_flushing && feed.order.is_sparse() {
            feed.order.compact(|listener, turn| self.listeners.at_mut(listener).turn = turn);
        }
        self.late = feed.flush.begin(now, feed.order.turns()).max(self.late);
        if !self.flushing.contains(&index) {
            self.flushing.push(index);
        }
    }

    pub(crate) fn queue(&mut self, index: u32) {
        let listener = self.listeners.at_mut(index);
        if !listener.is_queued {
            listener.is_queued = true;
            self.line.push_back(index);
        }
    }

    /// Lets somebody go and tells the shell.
    pub(crate) fn end(&mut self, index: u32, why: Why) {
        self.closes.push_back((self.listeners.id(index), why));
        self.remove(index);
    }

    fn remove(&mut self, index: u32) {
        if self.offered.as_ref().is_some_and(|offered| offered.index == index) {
            self.offered = None;
        }
        let listener = self.listeners.at(index);
        let seat = listener.feed;
        if listener.is_reader() {
            self.stop_reading(index);
        } else {
            self.feeds.at_mut(seat).order.remove(listener.turn);
        }
        self.listeners.rise(index);
        let feed = self.feeds.at(seat);
        if feed.is_closed && feed.listeners() == 0 {
            self.forget(seat);
        }
    }

    /// A closed feed without listeners goes.
    fn forget(&mut self, index: u32) {
        self.feeds.free(index);
        self.flushing.retain(|&feed| feed != index);
        self.closing.retain(|&(_, feed)| feed != index);
    }
}

/// What a listener is at and has not had.
#[inline]
fn rest<'a>(feeds: &'a Feeds, listeners: &'a Listeners, index: u32) -> &'a [u8] {
    let listener = listeners.at(index);
    let whole = match listener.part {
        Part::Opening => listener.aside.as_ref().map_or(&[][..], |aside| &aside.opening),
        Part::Sound => {
            let reading = listener.aside.as_ref().and_then(|aside| aside.reading.as_ref());
            let own = reading.and_then(|reading| reading.piece.as_ref());
            let piece = own.or_else(|| feeds.at(listener.feed).piece(listener.group));
            piece.expect("the group is in memory").coded(listener.coding)
        }
        Part::Last => LAST_CHUNK,
        Part::Vacant => &[],
    };
    &whole[listener.offset as usize..]
}
