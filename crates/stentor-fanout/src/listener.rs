//! The table of listeners: dense, one cache line each, allocated once.

use bytes::Bytes;
use stentor_types::Mono;

use crate::id::ListenerId;
use crate::piece::Coding;
use crate::readers::Reading;

/// The turn of somebody who has none.
pub(crate) const NO_TURN: u32 = u32::MAX;

/// What a listener is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Nobody sits here.
    Vacant,
    /// The opening.
    Opening,
    /// The piece of `group`.
    Sound,
    /// The end of the body.
    Last,
}

/// One listener. A cursor on the feed and nothing else: no queue.
#[derive(Debug)]
pub(crate) struct Listener {
    generation: u32,
    pub(crate) feed: u32,
    pub(crate) turn: u32,
    /// How much of the part they are at is sent.
    pub(crate) offset: u32,
    /// The number of the group they are at, or come to after the opening.
    pub(crate) group: u64,
    /// When they would have played slot 0, in microseconds: now they are this long after it, if they never ran dry.
    pub(crate) plays_from: i64,
    /// When they were moved to live.
    pub(crate) moved_at: Mono,
    pub(crate) part: Part,
    pub(crate) coding: Coding,
    /// The socket takes no more until it says so.
    pub(crate) is_full: bool,
    /// In line to be served beside the flush.
    pub(crate) is_queued: bool,
    /// To be moved to live when the part they are at is finished.
    pub(crate) is_moving: bool,
    /// What only few have.
    pub(crate) aside: Option<Box<Aside>>,
}

/// What a listener has while they begin, and a reader until they are live.
#[derive(Debug)]
pub(crate) struct Aside {
    pub(crate) opening: Bytes,
    pub(crate) reading: Option<Reading>,
}

/// `moved_at` of those who were not moved.
pub(crate) const NEVER: Mono = Mono(u64::MAX);

const _: () = assert!(size_of::<Listener>() <= 64, "one cache line");

impl Listener {
    /// Whether they are paced and have no turn.
    #[inline]
    pub(crate) fn is_reader(&self) -> bool {
        self.turn == NO_TURN
    }

    /// A reader's pace and piece.
    pub(crate) fn reading_mut(&mut self) -> &mut Reading {
        let aside = self.aside.as_mut().and_then(|aside| aside.reading.as_mut());
        aside.expect("a reader has a pace")
    }

    fn vacant() -> Self {
        Self {
            generation: 0,
            feed: 0,
            turn: NO_TURN,
            offset: 0,
            group: 0,
            plays_from: 0,
            moved_at: NEVER,
            part: Part::Vacant,
            coding: Coding::Chunked,
            is_full: false,
            is_queued: false,
            is_moving: false,
            aside: None,
        }
    }
}

/// All listeners, by their seats.
#[derive(Debug)]
pub(crate) struct Listeners {
    seats: Vec<Listener>,
    free: Vec<u32>,
    seated: usize,
    max: usize,
}

impl Listeners {
    pub(crate) fn new(max: usize) -> Self {
        Self { seats: Vec::with_capacity(max), free: Vec::new(), seated: 0, max }
    }

    pub(crate) fn seated(&self) -> usize {
        self.seated
    }

    /// A seat for somebody who is at the opening, if there is one. All that was of the one before is gone.
    pub(crate) fn sit(&mut self) -> Option<u32> {
        let index = match self.free.pop() {
            Some(index) => index,
            None if self.seats.len() < self.max => {
                self.seats.push(Listener::vacant());
                self.seats.len() as u32 - 1
            }
            None => return None,
        };
        let seat = &mut self.seats[index as usize];
        debug_assert!(seat.part == Part::Vacant && !seat.is_queued, "a free seat is vacant");
        *seat = Listener { generation: seat.generation, part: Part::Opening, ..Listener::vacant() };
        self.seated += 1;
        Some(index)
    }

    /// Ends somebody's name. Who is in line keeps the seat warm until it is their turn there, so that the line never has
    /// more entries than there are seats; then comes [`Self::unqueue`].
    pub(crate) fn rise(&mut self, index: u32) {
        let seat = &mut self.seats[index as usize];
        seat.part = Part::Vacant;
        seat.generation = seat.generation.wrapping_add(1);
        seat.aside = None;
        self.seated -= 1;
        if !seat.is_queued {
            self.free.push(index);
        }
    }

    /// Takes somebody out of the line. Says whether they are still there.
    pub(crate) fn unqueue(&mut self, index: u32) -> bool {
        let seat = &mut self.seats[index as usize];
        seat.is_queued = false;
        if seat.part == Part::Vacant {
            self.free.push(index);
            return false;
        }
        true
    }

    /// The seat of this name, if they are still there.
    #[inline]
    pub(crate) fn find(&self, id: ListenerId) -> Option<u32> {
        let seat = self.seats.get(id.index as usize)?;
        (seat.part != Part::Vacant && seat.generation == id.generation).then_some(id.index)
    }

    pub(crate) fn id(&self, index: u32) -> ListenerId {
        ListenerId { index, generation: self.seats[index as usize].generation }
    }

    #[inline]
    pub(crate) fn at(&self, index: u32) -> &Listener {
        &self.seats[index as usize]
    }

    #[inline]
    pub(crate) fn at_mut(&mut self, index: u32) -> &mut Listener {
        &mut self.seats[index as usize]
    }
}
