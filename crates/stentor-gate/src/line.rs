//! The line: cohorts in their order, and how far it has moved.

use std::collections::VecDeque;

use stentor_types::Mono;

use crate::draw::{Draw, Rank};
use crate::limits::{COHORT_OPEN, COHORTS_MAX, TICKETS_MAX};
use crate::ticket::{Serial, TicketKeys};

/// Which of the lines somebody stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Lane {
    /// Everybody's.
    Ordinary = 0,
    /// Of those from networks that asked for more tickets than a network of their kind has people. It moves when the
    /// ordinary one is empty.
    Behind = 1,
}

impl Lane {
    /// How many there are.
    pub const COUNT: usize = 2;

    /// All of them, in the order in which they move.
    pub const ALL: [Self; Self::COUNT] = [Self::Ordinary, Self::Behind];

    pub(crate) const fn of(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::Ordinary),
            1 => Some(Self::Behind),
            _ => None,
        }
    }
}

/// Who arrived together. Before the doors that is everybody, in cohort 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cohort(pub u32);

/// A ticket's place in the whole line: the less the earlier. No two tickets have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Turn {
    /// The line.
    pub lane: Lane,
    /// Who arrived together.
    pub cohort: Cohort,
    /// What the draw gave.
    pub rank: Rank,
    /// For two to whom the draw gave the same.
    pub serial: Serial,
}

/// The line of one lane.
#[derive(Debug)]
pub(crate) struct Line {
    lane: Lane,
    /// The first serial of each cohort that there was.
    firsts: Vec<Serial>,
    /// How many tickets were given out.
    given: u32,
    /// When the last cohort opened; `None` while nobody is in it.
    opened_at: Option<Mono>,
    /// Cohorts that take nobody in any more, and of whom some were not called yet.
    closed: VecDeque<Closed>,
}

/// A cohort that takes nobody in any more.
#[derive(Debug)]
struct Closed {
    cohort: Cohort,
    next: Serial,
    end: Serial,
    /// What was drawn so far, of the serials before `next`; in their order when it is all.
    turns: Vec<(Rank, Serial)>,
    called: usize,
}

impl Closed {
    fn is_drawn(&self) -> bool {
        self.next == self.end
    }

    fn waiting(&self) -> u32 {
        let undrawn = self.end.0 - self.next.0;
        undrawn + (self.turns.len() - self.called) as u32
    }
}

/// Nobody else can be given a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("as many tickets were given out as a node can remember")]
pub struct LineFull;

impl Line {
    pub(crate) fn new(lane: Lane) -> Self {
        Self { lane, firsts: vec![Serial(0)], given: 0, opened_at: None, closed: VecDeque::new() }
    }

    /// The next serial.
    pub(crate) fn next(&self) -> Serial {
        Serial(self.given)
    }

    /// Somebody arrives.
    pub(crate) fn give(&mut self, now: Mono) -> Result<(Serial, Cohort), LineFull> {
        if self.given >= TICKETS_MAX || self.firsts.len() >= COHORTS_MAX {
            return Err(LineFull);
        }
        let serial = self.next();
        self.given += 1;
        self.opened_at.get_or_insert(now);
        Ok((serial, self.open()))
    }

    /// Whether this serial was given to somebody of this cohort.
    pub(crate) fn was_given(&self, serial: Serial, cohort: Cohort) -> bool {
        let Some(&first) = self.firsts.get(cohort.0 as usize) else { return false };
        let end = self.firsts.get(cohort.0 as usize + 1).copied().unwrap_or(self.next());
        (first..end).contains(&serial)
    }

    /// Closes the open cohort if it was open for long enough, or nobody waits before it.
    pub(crate) fn close_if_due(&mut self, now: Mono) {
        let is_due = |opened_at| self.closed.is_empty() || now.saturating_since(opened_at) >= COHORT_OPEN;
        if self.opened_at.is_some_and(is_due) {
            self.close();
        }
    }

    /// Whoever comes from now on is in another cohort than those who are here, unless nobody is.
    pub(crate) fn close(&mut self) {
        let (cohort, next, end) = (self.open(), self.firsts[self.firsts.len() - 1], self.next());
        if next == end {
            return;
        }
        self.closed.push_back(Closed { cohort, next, end, turns: Vec::new(), called: 0 });
        self.firsts.push(end);
        self.opened_at = None;
    }

    /// Draws for at most `budget` of those who wait; says for how many.
    pub(crate) fn draw(&mut self, keys: &TicketKeys, draw: &Draw, budget: u32) -> u32 {
        let mut left = budget;
        for closed in &mut self.closed {
            if closed.is_drawn() {
                continue;
            }
            if closed.turns.is_empty() {
                closed.turns.reserve_exact((closed.end.0 - closed.next.0) as usize);
            }
            while left > 0 && !closed.is_drawn() {
                let signature = keys.signature(self.lane, closed.next, closed.cohort);
                closed.turns.push((draw.rank(&signature), closed.next));
                closed.next.0 += 1;
                left -= 1;
            }
            if !closed.is_drawn() {
                break;
            }
            closed.turns.sort_unstable();
        }
        budget - left
    }

    /// Calls the next of those for whom was drawn.
    pub(crate) fn call(&mut self) -> Option<Serial> {
        let closed = self.closed.front_mut().filter(|closed| closed.is_drawn())?;
        let (_, serial) = closed.turns[closed.called];
        closed.called += 1;
        if closed.called == closed.turns.len() {
            self.closed.pop_front();
        }
        Some(serial)
    }

    /// Who was called has a turn before this one, and who was not has it or one after it.
    pub(crate) fn bound(&self) -> Turn {
        let start_of = |cohort| Turn { lane: self.lane, cohort, rank: Rank(0), serial: Serial(0) };
        match self.closed.front() {
            Some(closed) if closed.is_drawn() => {
                let (rank, serial) = closed.turns[closed.called];
                Turn { rank, serial, ..start_of(closed.cohort) }
            }
            Some(closed) => start_of(closed.cohort),
            None => start_of(self.open()),
        }
    }

    /// How many wait: in closed cohorts, and in the open one.
    pub(crate) fn waiting(&self) -> u32 {
        let closed: u32 = self.closed.iter().map(Closed::waiting).sum();
        closed + self.next().0 - self.firsts[self.firsts.len() - 1].0
    }

    /// How many are certainly before somebody who was not called, and how many of their own cohort may be as well, until the
    /// draw has told them apart.
    pub(crate) fn ahead(&self, turn: &Turn) -> (u32, Option<u32>) {
        let mut before = 0;
        for closed in &self.closed {
            if closed.cohort == turn.cohort && closed.is_drawn() {
                let place = closed.turns.partition_point(|&other| other < (turn.rank, turn.serial));
                return (before + place.saturating_sub(closed.called) as u32, None);
            }
            if closed.cohort == turn.cohort {
                return (before, Some(closed.waiting() - 1));
            }
            before += closed.waiting();
        }
        let open = self.next().0 - self.firsts[self.firsts.len() - 1].0;
        (before, Some(open.saturating_sub(1)))
    }

    fn open(&self) -> Cohort {
        Cohort(self.firsts.len() as u32 - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_says_when_it_can_remember_no_more() {
        let mut line = Line::new(Lane::Ordinary);
        line.given = TICKETS_MAX - 1;
        assert!(line.give(Mono(0)).is_ok());
        assert_eq!(line.give(Mono(0)), Err(LineFull));
    }
}
