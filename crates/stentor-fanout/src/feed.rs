//! A feed: the last 60 s of one rendition in one container and interval, and who listens to it.

use std::collections::VecDeque;

use stentor_types::{Mono, Slot};

use crate::flush::Flush;
use crate::id::FeedId;
use crate::limits::{GROUP_SLOTS_MAX, KEPT_SLOTS};
use crate::order::Order;
use crate::piece::Piece;

/// What a feed is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedSpec {
    /// Slots in a group: 1, 3, 6 or 12. Groups are aligned on the media clock.
    pub slots: u64,
    /// Bytes of a second of sound on the wire: what bytes in the kernel mean in time.
    pub bytes_per_s: u64,
    /// The first group that will be published.
    pub next: Slot,
    /// Groups of the newest sound that somebody begins with who is moved to live: as many as in an opening.
    pub burst_groups: u64,
    /// A show that is over: nothing will be published, and readers end where `next` is.
    pub is_over: bool,
}

#[derive(Debug)]
pub(crate) struct Feed {
    pub(crate) generation: u32,
    pub(crate) is_open: bool,
    pub(crate) spec: FeedSpec,
    /// The newest groups' pieces, without a gap.
    pieces: VecDeque<Piece>,
    /// The number of the group after the newest. A group's number is its first slot over the slots of a group.
    pub(crate) end: u64,
    /// When the newest came.
    pub(crate) published_at: Option<Mono>,
    pub(crate) order: Order,
    pub(crate) flush: Flush,
    /// Nobody may join any more.
    pub(crate) is_closed: bool,
    /// Where its listeners go, one by one.
    pub(crate) switch_to: Option<FeedId>,
    /// Readers, who have no turn.
    pub(crate) readers: usize,
}

impl Feed {
    pub(crate) fn new(generation: u32, spec: FeedSpec) -> Self {
        assert!((1..=GROUP_SLOTS_MAX).contains(&spec.slots), "a group of {} slots", spec.slots);
        assert!(spec.bytes_per_s > 0 && spec.burst_groups > 0, "sound has bytes, and live is some of it");
        let mut feed = Self {
            generation,
            is_open: true,
            spec,
            pieces: VecDeque::new(),
            end: 0,
            published_at: None,
            order: Order::default(),
            flush: Flush::new(spec.slots),
            is_closed: false,
            switch_to: None,
            readers: 0,
        };
        feed.end = feed.number(spec.next);
        feed
    }

    /// The number of the group that begins with this slot.
    pub(crate) fn number(&self, group: Slot) -> u64 {
        assert_eq!(group.0 % self.spec.slots, 0, "groups of {} slots are aligned", self.spec.slots);
        group.0 / self.spec.slots
    }

    /// The first slot of a group.
    pub(crate) fn slot(&self, number: u64) -> Slot {
        Slot(number * self.spec.slots)
    }

    /// Takes the next group in and lets go of what is older than 60 s.
    pub(crate) fn push(&mut self, now: Mono, piece: Piece) {
        assert!(!self.spec.is_over, "nothing follows the end");
        assert_eq!(self.number(piece.group), self.end, "groups are consecutive");
        piece.check();
        self.pieces.push_back(piece);
        self.end += 1;
        self.published_at = Some(now);
        let kept = KEPT_SLOTS.div_ceil(self.spec.slots) as usize;
        if self.pieces.len() > kept {
            self.pieces.pop_front();
        }
    }

    /// The oldest group that is in memory, or the one after the newest.
    pub(crate) fn first(&self) -> u64 {
        self.end - self.pieces.len() as u64
    }

    /// A group's piece, if it is in memory.
    #[inline]
    pub(crate) fn piece(&self, number: u64) -> Option<&Piece> {
        self.pieces.get(usize::try_from(number.checked_sub(self.first())?).ok()?)
    }

    /// Where somebody begins who is moved to live.
    pub(crate) fn live(&self) -> u64 {
        self.end.saturating_sub(self.spec.burst_groups).max(self.first())
    }

    /// How many listen.
    pub(crate) fn listeners(&self) -> usize {
        self.order.listeners() + self.readers
    }
}

/// All feeds, by their seats.
#[derive(Debug)]
pub(crate) struct Feeds {
    seats: Vec<Feed>,
    free: Vec<u32>,
    max: usize,
}

impl Feeds {
    pub(crate) fn new(max: usize) -> Self {
        Self { seats: Vec::new(), free: Vec::new(), max }
    }

    /// Opens a feed, if there is a seat.
    pub(crate) fn open(&mut self, spec: FeedSpec) -> Option<FeedId> {
        if let Some(index) = self.free.pop() {
            let seat = &mut self.seats[index as usize];
            *seat = Feed::new(seat.generation.wrapping_add(1), spec);
            return Some(FeedId { index, generation: seat.generation });
        }
        if self.seats.len() == self.max {
            return None;
        }
        self.seats.push(Feed::new(0, spec));
        Some(FeedId { index: self.seats.len() as u32 - 1, generation: 0 })
    }

    /// Gives the seat free.
    pub(crate) fn free(&mut self, index: u32) {
        let seat = &mut self.seats[index as usize];
        assert!(seat.is_open && seat.listeners() == 0, "only an empty feed goes");
        seat.is_open = false;
        seat.pieces.clear();
        seat.order = Order::default();
        seat.flush.end();
        self.free.push(index);
    }

    pub(crate) fn get(&self, id: FeedId) -> Option<&Feed> {
        let seat = self.seats.get(id.index as usize)?;
        (seat.is_open && seat.generation == id.generation).then_some(seat)
    }

    /// The feed of this name, if it is still there.
    pub(crate) fn find(&mut self, id: FeedId) -> Option<&mut Feed> {
        let seat = self.seats.get_mut(id.index as usize)?;
        (seat.is_open && seat.generation == id.generation).then_some(seat)
    }

    pub(crate) fn at(&self, index: u32) -> &Feed {
        &self.seats[index as usize]
    }

    pub(crate) fn at_mut(&mut self, index: u32) -> &mut Feed {
        &mut self.seats[index as usize]
    }
}
