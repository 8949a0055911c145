//! A reader's place on the tape.

use std::sync::Arc;

use stentor_types::{Chunk, Mono, Slot};

use crate::index::Index;
use crate::pace::Pace;
use crate::segment::Location;
use crate::window::Window;

/// What a reader gets next.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// This chunk, from memory.
    Chunk(Arc<Chunk>),
    /// The chunk of this slot: read it from the disk and open it with [`Index::chunk`]. If that fails, play
    /// filler for this slot.
    Read {
        /// The slot.
        slot: Slot,
        /// Where its chunk lies.
        at: Location,
    },
    /// Filler for this slot: there is a hole.
    Filler {
        /// The slot.
        slot: Slot,
    },
    /// Nothing before then: the reader has had its share.
    WaitUntil(Mono),
    /// Nothing before the next chunk is made: the reader is live.
    WaitForChunk,
    /// Nothing more will come.
    End,
}

/// A reader's place. It costs some bytes, whatever the reader does; every slot from the first on is
/// answered once, with sound or with filler, so that seconds of the show stay seconds of the show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    next: Slot,
    until: Option<Slot>,
    pace: Pace,
    start: Mono,
    sent: u64,
}

impl Cursor {
    /// A reader that begins at `first`, now.
    pub fn new(now: Mono, first: Slot, pace: Pace) -> Self {
        Self { next: first, until: None, pace, start: now, sent: 0 }
    }

    /// The same reader, which ends before the slot `until`.
    #[must_use]
    pub fn until(self, until: Slot) -> Self {
        Self { until: Some(until), ..self }
    }

    /// The slot that comes next.
    pub fn slot(&self) -> Slot {
        self.next
    }

    /// How far behind the newest chunk the reader is, in slots.
    pub fn behind(&self, window: &Window) -> u64 {
        let live = window.newest().map_or(self.next, |newest| newest.position.slot.next());
        live.0.saturating_sub(self.next.0)
    }

    /// The next step. A chunk or filler moves the cursor; waiting and the end do not.
    pub fn next(&mut self, now: Mono, window: &Window, index: &Index) -> Step {
        let slot = self.next;
        let closed = index.closed().into_iter().chain(self.until).min();
        if closed.is_some_and(|end| end <= slot) {
            return Step::End;
        }
        let live = window.newest().map(|newest| newest.position.slot.next());
        let known = live.into_iter().chain([index.end()]).max().unwrap_or_default();
        if known <= slot {
            return Step::WaitForChunk;
        }
        let due = self.pace.due_at(self.start, self.sent);
        if now < due {
            return Step::WaitUntil(due);
        }
        self.next = slot.next();
        self.sent += 1;
        match (window.chunk(slot), index.location(slot)) {
            (Some(chunk), _) => Step::Chunk(chunk.clone()),
            (None, Some(at)) => Step::Read { slot, at },
            (None, None) => Step::Filler { slot },
        }
    }
}
