//! What a line has to say for a journal that is written anew, and what it is told of one.
//!
//! Whatever is told says whether it can be: a journal may be damaged in ways that its checksums cannot see.

use stentor_types::Mono;

use crate::draw::Draw;
use crate::limits::{SERIALS_MAX, UNWRITTEN_MAX};
use crate::line::{Cohort, Line, Turn};
use crate::ticket::{Serial, TicketKeys};

impl Line {
    /// So many serials were given out.
    pub(crate) fn restore_given(&mut self, now: Mono, next: Serial) -> bool {
        let can_be = (self.given..=SERIALS_MAX).contains(&next.0);
        if can_be && next.0 > self.given {
            self.restore_next(next.0);
            self.opened_at.get_or_insert(now);
        }
        can_be
    }

    /// A crash came after this serial, which is the next.
    pub(crate) fn restore_lost(&mut self, first: Serial) -> bool {
        let can_be = first == self.next() && first.0 + UNWRITTEN_MAX <= SERIALS_MAX;
        if can_be {
            self.lost.push(first);
            self.restore_next(first.0 + UNWRITTEN_MAX);
        }
        can_be
    }

    fn restore_next(&mut self, next: u32) {
        (self.given, self.noted, self.taken, self.written) = (next, next, next, next);
    }

    /// Everybody of the cohorts before this one was called, and so many of it.
    pub(crate) fn restore_called(
        &mut self,
        keys: &TicketKeys,
        draw: Option<&Draw>,
        cohort: Cohort,
        called: u32,
    ) -> bool {
        let Some(draw) = draw else { return called == 0 };
        self.closed.retain(|closed| closed.cohort >= cohort);
        self.drop_called();
        if called == 0 {
            return true;
        }
        self.draw(keys, draw, u32::MAX);
        let front = self.closed.front_mut().filter(|closed| closed.cohort == cohort);
        front.is_some_and(|closed| {
            closed.called = called as usize;
            closed.called < closed.turns.len()
        })
    }

    /// Somebody is next whose turn went by.
    pub(crate) fn restore_late(&mut self, keys: &TicketKeys, draw: Option<&Draw>, serial: Serial) -> bool {
        let turn = draw.map(|draw| self.turn_of(keys, draw, serial));
        let can_be = self.lost.contains(serial) && !self.lost.is_absent(serial);
        turn.is_some_and(|turn| can_be && self.late.insert(turn))
    }

    /// The next is called again.
    pub(crate) fn call_again(&mut self, keys: &TicketKeys, draw: &Draw) -> Option<Serial> {
        if self.closed.front().is_some_and(|closed| !closed.is_drawn()) {
            self.draw(keys, draw, u32::MAX);
        }
        self.call()
    }

    /// The first of whom nobody was called, or some were, and how many.
    pub(crate) fn called(&self) -> (Cohort, u32) {
        self.closed.front().map_or((self.open(), 0), |closed| (closed.cohort, closed.called as u32))
    }

    /// Those whose turn went by.
    pub(crate) fn late_serials(&self) -> impl Iterator<Item = Serial> {
        self.late.iter().map(|Turn { serial, .. }| *serial)
    }

    /// The end of each closed cohort.
    pub(crate) fn ends(&self) -> &[Serial] {
        &self.firsts[1..]
    }

    /// Everybody who was not called, those among them whom a crash may have lost.
    pub(crate) fn uncalled(&self) -> impl Iterator<Item = Serial> {
        let closed = self.closed.iter().flat_map(|closed| {
            let drawn = closed.turns.iter().skip(closed.called).map(|&(_, serial)| serial);
            drawn.chain((closed.next.0..closed.end.0).map(Serial))
        });
        closed.chain((self.open_first().0..self.given).map(Serial)).chain(self.late_serials())
    }
}
