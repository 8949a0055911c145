//! A cohort that takes nobody in any more.

use crate::draw::{Draw, Rank};
use crate::line::{Cohort, Lane, Turn};
use crate::lost::Losses;
use crate::ticket::{Serial, TicketKeys};

/// A cohort that takes nobody in any more.
#[derive(Debug)]
pub(super) struct Closed {
    pub(super) cohort: Cohort,
    /// The first for whom was not drawn yet.
    pub(super) next: Serial,
    pub(super) end: Serial,
    /// What was drawn so far; in their order when it is all.
    pub(super) turns: Vec<(Rank, Serial)>,
    /// How many of them were called.
    pub(super) called: usize,
    /// Of the serials from `next` on, those that were lost and that nobody has presented.
    pub(super) absent: u32,
}

impl Closed {
    pub(super) fn is_drawn(&self) -> bool {
        self.next == self.end
    }

    /// Whether nobody is left in it.
    pub(super) fn is_called(&self) -> bool {
        self.is_drawn() && self.called == self.turns.len()
    }

    pub(super) fn waiting(&self) -> u32 {
        let undrawn = self.end.0 - self.next.0 - self.absent;
        (undrawn as usize + self.turns.len()).saturating_sub(self.called) as u32
    }

    /// Draws for at most `budget` serials; says for how many.
    pub(super) fn draw(
        &mut self,
        lane: Lane,
        lost: &Losses,
        keys: &TicketKeys,
        draw: &Draw,
        budget: u32,
    ) -> u32 {
        if self.turns.is_empty() {
            self.turns.reserve_exact((self.end.0 - self.next.0 - self.absent) as usize);
        }
        let until = Serial(self.end.0.min(self.next.0.saturating_add(budget)));
        let drawn = until.0 - self.next.0;
        for serial in (self.next.0..until.0).map(Serial) {
            if lost.is_absent(serial) {
                self.absent -= 1;
            } else {
                let signature = keys.signature(lane, serial, self.cohort);
                self.turns.push((draw.rank(&signature), serial));
            }
        }
        self.next = until;
        if self.is_drawn() {
            self.turns.sort_unstable();
        }
        drawn
    }

    /// Somebody for whom would have been drawn; says whether they would have been called by now.
    pub(super) fn insert(&mut self, turn: Turn) -> bool {
        let turn = (turn.rank, turn.serial);
        if !self.is_drawn() {
            self.turns.push(turn);
            return false;
        }
        let place = self.turns.partition_point(|&other| other < turn);
        self.turns.insert(place, turn);
        let is_late = place < self.called;
        self.called += usize::from(is_late);
        is_late
    }
}
