//! The line: cohorts in their order, and how far it has moved.

mod closed;
mod restore;

use std::collections::{BTreeSet, VecDeque};

use stentor_types::Mono;

use crate::board::Group;
use crate::draw::{Draw, Rank};
use crate::limits::{COHORT_OPEN, COHORTS_MAX, GROUPS_MAX, TICKETS_MAX, UNWRITTEN_MAX};
use crate::lost::Losses;
use crate::ticket::{Serial, TicketKeys};
use closed::Closed;

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
    /// How many serials were given out, or lost.
    given: u32,
    /// What was noted of that, taken to be written down, and is written down.
    noted: u32,
    taken: u32,
    written: u32,
    lost: Losses,
    /// When the last cohort opened; `None` while nobody is in it.
    opened_at: Option<Mono>,
    /// Cohorts that take nobody in any more, and of whom some were not called yet.
    closed: VecDeque<Closed>,
    /// Those whose tickets were lost, and who presented them after their turn had gone by: they are next.
    late: BTreeSet<Turn>,
}

/// Why nobody else can be given a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoTicket {
    /// For as long as the show lasts.
    #[error("as many tickets were given out as a node can remember")]
    Full,
    /// Until what was given out is written down.
    #[error("more people arrive than can be written down; ask again in a second")]
    Busy,
}

impl Line {
    pub(crate) fn new(lane: Lane) -> Self {
        Self {
            lane,
            firsts: vec![Serial(0)],
            given: 0,
            noted: 0,
            taken: 0,
            written: 0,
            lost: Losses::default(),
            opened_at: None,
            closed: VecDeque::new(),
            late: BTreeSet::new(),
        }
    }

    /// The next serial.
    pub(crate) fn next(&self) -> Serial {
        Serial(self.given)
    }

    /// Somebody arrives.
    pub(crate) fn give(&mut self, now: Mono) -> Result<(Serial, Cohort), NoTicket> {
        if self.given >= TICKETS_MAX || self.firsts.len() >= COHORTS_MAX {
            return Err(NoTicket::Full);
        }
        if self.given - self.written >= UNWRITTEN_MAX {
            return Err(NoTicket::Busy);
        }
        let serial = self.next();
        self.given += 1;
        self.opened_at.get_or_insert(now);
        Ok((serial, self.open()))
    }

    /// The next serial, if it is another than when this was last asked for.
    pub(crate) fn take_given(&mut self) -> Option<Serial> {
        let is_new = self.given > self.noted;
        self.noted = self.given;
        is_new.then(|| self.next())
    }

    /// What was noted is being written down.
    pub(crate) fn mark_taken(&mut self) {
        self.taken = self.noted;
    }

    /// What was taken is written down.
    pub(crate) fn mark_written(&mut self) {
        self.written = self.taken;
    }

    /// Whether this serial was given to somebody of this cohort. One that was lost may have been of a later cohort, which was
    /// lost with it.
    pub(crate) fn was_given(&self, serial: Serial, cohort: Cohort) -> bool {
        let known = self.cohort_of(serial);
        serial < self.next() && (known == cohort || (known < cohort && self.lost.contains(serial)))
    }

    /// Who arrived together with this serial, as far as it was written down.
    fn cohort_of(&self, serial: Serial) -> Cohort {
        Cohort(self.firsts.partition_point(|first| *first <= serial) as u32 - 1)
    }

    /// The turn of a serial. It is what the ticket says, unless a crash has lost the cohort of which that speaks.
    pub(crate) fn turn_of(&self, keys: &TicketKeys, draw: &Draw, serial: Serial) -> Turn {
        let cohort = self.cohort_of(serial);
        let rank = draw.rank(&keys.signature(self.lane, serial, cohort));
        Turn { lane: self.lane, cohort, rank, serial }
    }

    /// Somebody presents a serial. If it was lost they stand where they stood, or are next; says whether that is so.
    ///
    /// In a cohort that was drawn, whoever is behind them in memory moves: half a millisecond at a million. Those are the
    /// few who came in the last moment before a crash that was before the doors, and slept through the doors.
    pub(crate) fn present(
        &mut self,
        now: Mono,
        keys: &TicketKeys,
        draw: Option<&Draw>,
        serial: Serial,
    ) -> bool {
        if !self.lost.is_absent(serial) {
            return false;
        }
        let cohort = self.cohort_of(serial);
        if cohort == self.open() {
            self.opened_at.get_or_insert(now);
        } else {
            let turn = draw.map(|draw| self.turn_of(keys, draw, serial));
            let closed = self.closed.iter_mut().find(|closed| closed.cohort == cohort);
            let is_late = match (closed, turn) {
                (Some(closed), _) if closed.next <= serial => {
                    closed.absent -= 1;
                    false
                }
                (Some(closed), Some(turn)) => closed.insert(turn),
                (None, Some(_)) => true,
                // Nobody was called without a draw.
                (_, None) => return false,
            };
            self.late.extend(turn.filter(|_| is_late));
        }
        self.lost.present(serial);
        true
    }

    /// Closes the open cohort if it was open for long enough, or nobody waits before it. Says whether it did.
    pub(crate) fn close_if_due(&mut self, now: Mono) -> bool {
        let is_due = |opened_at| self.closed.is_empty() || now.saturating_since(opened_at) >= COHORT_OPEN;
        self.opened_at.is_some_and(is_due) && self.close()
    }

    /// Whoever comes from now on is in another cohort than those who are here, unless nobody is. Says whether somebody was.
    pub(crate) fn close(&mut self) -> bool {
        let (cohort, first, end) = (self.open(), self.open_first(), self.next());
        if first == end {
            return false;
        }
        let absent = self.lost.absent_from(first);
        self.closed.push_back(Closed { cohort, next: first, end, turns: Vec::new(), called: 0, absent });
        self.firsts.push(end);
        self.opened_at = None;
        true
    }

    /// Draws for at most `budget` of those who wait; says for how many.
    pub(crate) fn draw(&mut self, keys: &TicketKeys, draw: &Draw, budget: u32) -> u32 {
        let mut left = budget;
        for closed in self.closed.iter_mut().filter(|closed| !closed.is_drawn()) {
            left -= closed.draw(self.lane, &self.lost, keys, draw, left);
            if !closed.is_drawn() {
                break;
            }
        }
        self.drop_called();
        budget - left
    }

    /// Calls the next of those for whom was drawn.
    pub(crate) fn call(&mut self) -> Option<Serial> {
        if let Some(turn) = self.late.pop_first() {
            return Some(turn.serial);
        }
        let closed = self.closed.front_mut().filter(|closed| closed.is_drawn())?;
        let (_, serial) = closed.turns[closed.called];
        closed.called += 1;
        self.drop_called();
        Some(serial)
    }

    /// A cohort of whom all were called, or none is there, is no longer in line.
    fn drop_called(&mut self) {
        while self.closed.front().is_some_and(Closed::is_called) {
            self.closed.pop_front();
        }
    }

    /// Who was called has a turn before this one, and who was not has it or one after it. Of those whose tickets were lost
    /// some may have one before it and be next.
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

    /// How many wait: those who are next, in closed cohorts, and in the open one.
    pub(crate) fn waiting(&self) -> u32 {
        let closed: u32 = self.closed.iter().map(Closed::waiting).sum();
        self.late() + closed + self.waiting_open()
    }

    /// How many are next because their turn went by.
    pub(crate) fn late(&self) -> u32 {
        self.late.len() as u32
    }

    fn waiting_open(&self) -> u32 {
        let first = self.open_first();
        self.next().0 - first.0 - self.lost.absent_from(first)
    }

    /// How many are certainly before somebody who was not called, and how many of their own cohort may be as well, until the
    /// draw has told them apart.
    pub(crate) fn ahead(&self, turn: &Turn) -> (u32, Option<u32>) {
        if self.late.contains(turn) {
            return (self.late.range(..turn).count() as u32, None);
        }
        let mut before = self.late();
        for closed in &self.closed {
            if closed.cohort == turn.cohort && closed.is_drawn() {
                let place = closed.turns.partition_point(|&other| other < (turn.rank, turn.serial));
                return (before + place.saturating_sub(closed.called) as u32, None);
            }
            if closed.cohort == turn.cohort {
                return (before, Some(closed.waiting().saturating_sub(1)));
            }
            before += closed.waiting();
        }
        (before, Some(self.waiting_open().saturating_sub(1)))
    }

    /// Who waits, by cohorts; those behind the first [`GROUPS_MAX`] are one group.
    pub(crate) fn groups(&self) -> Vec<Group> {
        let group = |cohort, waiting| Group { first: cohort, last: cohort, waiting };
        let closed = self.closed.iter().map(|closed| group(closed.cohort, closed.waiting()));
        let mut groups: Vec<Group> = Vec::new();
        for next in closed.chain([group(self.open(), self.waiting_open())]).filter(|group| group.waiting > 0)
        {
            if groups.len() < GROUPS_MAX {
                groups.push(next);
            } else if let Some(last) = groups.last_mut() {
                *last = Group { last: next.last, waiting: last.waiting + next.waiting, ..*last };
            }
        }
        groups
    }

    /// What was lost.
    pub(crate) fn lost(&self) -> &Losses {
        &self.lost
    }

    fn open(&self) -> Cohort {
        Cohort(self.firsts.len() as u32 - 1)
    }

    fn open_first(&self) -> Serial {
        self.firsts[self.firsts.len() - 1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_says_when_it_can_remember_no_more() {
        let mut line = Line::new(Lane::Ordinary);
        (line.given, line.written) = (TICKETS_MAX - 1, TICKETS_MAX - 1);
        assert!(line.give(Mono(0)).is_ok());
        assert_eq!(line.give(Mono(0)), Err(NoTicket::Full));
    }

    /// A cohort that closes is noted, which is not yet on disk.
    #[test]
    fn no_more_are_given_out_than_a_crash_may_lose() {
        let mut line = Line::new(Lane::Ordinary);
        let mut given = 0;
        while line.give(Mono(0)).is_ok() {
            given += 1;
            line.close();
            line.take_given();
            line.mark_taken();
        }
        assert_eq!(given, UNWRITTEN_MAX);
        line.mark_written();
        assert!(line.give(Mono(0)).is_ok());
    }
}
