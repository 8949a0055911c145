//! Who is behind live on purpose: rewound and replay readers.
//!
//! They are paced, so they have no turn but a time. What they read is in memory or fetched from the disk, one group each at
//! a time. They rank below live: they are served when no turn is due and nobody is in line.

use std::collections::{BTreeSet, VecDeque};

use stentor_types::{Mono, Slot};

use crate::fanout::Fanout;
use crate::id::FeedId;
use crate::limits::{LAG_MAX, Limits};
use crate::listener::{NO_TURN, Part};
use crate::output::Why;
use crate::pace::Pace;
use crate::piece::Piece;

/// A reader's pace and what they are at.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) pace: Pace,
    pub(crate) start: Mono,
    /// Slots that they have had.
    pub(crate) had: u64,
    /// The piece they are at: theirs until they have had it, whatever the feed keeps.
    pub(crate) piece: Option<Piece>,
    /// Their entry in the schedule: when their next piece is due or, while their socket is full, when they are let go.
    pub(crate) wake_at: Option<Mono>,
}

impl Reading {
    pub(crate) fn new(pace: Pace, start: Mono) -> Self {
        Self { pace, start, had: 0, piece: None, wake_at: None }
    }
}

/// A group that the shell was asked for, and who waits for it.
#[derive(Debug)]
struct Ask {
    feed: FeedId,
    group: Slot,
    waiting: Vec<u32>,
}

/// All readers.
#[derive(Debug)]
pub(crate) struct Readers {
    count: usize,
    max: usize,
    schedule: BTreeSet<(Mono, u32)>,
    /// Groups that are being fetched.
    asks: Vec<Ask>,
    asks_max: usize,
    /// Those of them that the shell does not know of yet.
    untold: VecDeque<(FeedId, Slot)>,
    /// Who may ask when there is room, each once.
    line: VecDeque<u32>,
}

impl Readers {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            count: 0,
            max: limits.readers,
            schedule: BTreeSet::new(),
            asks: Vec::new(),
            asks_max: limits.fetches,
            untold: VecDeque::new(),
            line: VecDeque::new(),
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    pub(crate) fn is_full(&self) -> bool {
        self.count == self.max
    }

    /// When the next one is due.
    pub(crate) fn due_at(&self) -> Option<Mono> {
        self.schedule.first().map(|&(at, _)| at)
    }

    /// What the shell is to fetch next.
    pub(crate) fn next_fetch(&mut self) -> Option<(FeedId, Slot)> {
        self.untold.pop_front()
    }

    /// Whether there was room to ask for this, or somebody has.
    fn ask(&mut self, index: u32, feed: FeedId, group: Slot) {
        if let Some(ask) = self.asks.iter_mut().find(|ask| ask.feed == feed && ask.group == group) {
            return ask.waiting.push(index);
        }
        if self.asks.len() == self.asks_max {
            return self.line.push_back(index);
        }
        self.asks.push(Ask { feed, group, waiting: vec![index] });
        self.untold.push_back((feed, group));
    }
}

impl Fanout {
    /// The answer to an [`crate::Output::Fetch`]: the group's piece, with filler for what cannot be read, or none if there
    /// is nothing to be had; then whoever is there is let go. What was not asked for changes nothing.
    ///
    /// # Panics
    /// If it is another group's piece, or has nothing to send.
    pub fn fetched(&mut self, now: Mono, feed: FeedId, group: Slot, piece: Option<Piece>) {
        let asks = &mut self.readers.asks;
        let Some(at) = asks.iter().position(|ask| ask.feed == feed && ask.group == group) else { return };
        let ask = asks.swap_remove(at);
        self.readers.untold.retain(|untold| *untold != (feed, group));
        if let Some(piece) = &piece {
            assert_eq!(piece.group, group, "the piece is that of the group");
            piece.check();
        }
        for index in ask.waiting {
            let reading = self.listeners.at_mut(index).reading_mut();
            match &piece {
                Some(piece) => {
                    reading.piece = Some(piece.clone());
                    self.wake(index, now);
                }
                None => self.end(index, Why::Lost),
            }
        }
        while self.readers.asks.len() < self.readers.asks_max
            && let Some(index) = self.readers.line.pop_front()
        {
            self.ask(index);
        }
    }

    /// How many of the listeners are readers of older sound.
    pub fn readers(&self) -> usize {
        self.readers.count()
    }

    /// Somebody who has just sat down becomes a reader.
    pub(crate) fn begin_reading(&mut self, now: Mono, index: u32) {
        self.readers.count += 1;
        let listener = self.listeners.at_mut(index);
        self.feeds.at_mut(listener.feed).readers += 1;
        if listener.part == Part::Sound {
            self.wake(index, now);
        } else {
            self.queue(index);
        }
    }

    /// A reader has had the opening or a piece of so many slots, and waits until the next is due.
    pub(crate) fn read_on(&mut self, index: u32, had: u64) {
        let listener = self.listeners.at_mut(index);
        let slots = self.feeds.at(listener.feed).spec.slots;
        let reading = listener.reading_mut();
        reading.piece = None;
        reading.had += had;
        let at = reading.pace.due_at(reading.start, reading.had, slots);
        self.wake(index, at);
    }

    /// A reader's socket is full: they have as long to take something as anybody may lag.
    pub(crate) fn stall(&mut self, now: Mono, index: u32) {
        self.wake(index, now + LAG_MAX);
    }

    /// A reader is to be looked at then.
    pub(crate) fn wake(&mut self, index: u32, at: Mono) {
        let reading = self.listeners.at_mut(index).reading_mut();
        if let Some(before) = reading.wake_at.replace(at) {
            self.readers.schedule.remove(&(before, index));
        }
        self.readers.schedule.insert((at, index));
    }

    /// The next reader whose time has come and for whom there is something to send.
    pub(crate) fn next_reader(&mut self, now: Mono) -> Option<u32> {
        while self.readers.due_at().is_some_and(|at| at <= now) {
            let (_, index) = self.readers.schedule.pop_first()?;
            self.listeners.at_mut(index).reading_mut().wake_at = None;
            if self.has_more_to_read(now, index) {
                return Some(index);
            }
        }
        None
    }

    fn has_more_to_read(&mut self, now: Mono, index: u32) -> bool {
        let listener = self.listeners.at_mut(index);
        if listener.is_full {
            self.end(index, Why::Lagging);
            return false;
        }
        let (feed, group) = (self.feeds.at(listener.feed), listener.group);
        if listener.part != Part::Sound || listener.reading_mut().piece.is_some() {
            return true;
        }
        if group >= feed.end {
            return if feed.spec.is_over { self.has_more(now, index) } else { self.become_live(index) };
        }
        if let Some(piece) = feed.piece(group) {
            listener.reading_mut().piece = Some(piece.clone());
            return true;
        }
        self.ask(index);
        false
    }

    /// A reader has everything that there is: from here on they have a turn. Nothing is left to send.
    fn become_live(&mut self, index: u32) -> bool {
        self.stop_reading(index);
        let listener = self.listeners.at_mut(index);
        listener.aside = None;
        listener.turn = self.feeds.at_mut(listener.feed).order.insert(index);
        false
    }

    /// A reader is none any more.
    pub(crate) fn stop_reading(&mut self, index: u32) {
        let listener = self.listeners.at_mut(index);
        debug_assert_eq!(listener.turn, NO_TURN, "a reader has no turn");
        self.feeds.at_mut(listener.feed).readers -= 1;
        let readers = &mut self.readers;
        readers.count -= 1;
        if let Some(at) = listener.reading_mut().wake_at.take() {
            readers.schedule.remove(&(at, index));
        }
        readers.line.retain(|&waiting| waiting != index);
        readers.asks.iter_mut().for_each(|ask| ask.waiting.retain(|&waiting| waiting != index));
    }

    fn ask(&mut self, index: u32) {
        let listener = self.listeners.at(index);
        let feed = self.feeds.at(listener.feed);
        let id = FeedId { index: listener.feed, generation: feed.generation };
        self.readers.ask(index, id, feed.slot(listener.group));
    }
}
