//! What everybody is shown of a gate, the same for all, from which each page works out where it stands.
//!
//! So a waiting page asks for nothing but the show's status, which any cache can answer, and claims when it sees that it was called. Its turn
//! is in its ticket: lane, cohort, and the signature, which the draw ranks ([`crate::draw`]).

use crate::draw::{Draw, Rank};
use crate::gate::Standing;
use crate::limits::{FREES, FREES_STEP, UNWRITTEN_MAX};
use crate::line::{Cohort, Lane, Turn};
use crate::ticket::Serial;
use crate::wait::Range;

/// What everybody is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Board {
    /// What gives the order, once the doors are open.
    pub draw: Option<Draw>,
    /// Each lane, in the order in which they move.
    pub lanes: [LaneBoard; Lane::COUNT],
    /// How many more have to leave than there are seats to give, since the cap was lowered.
    pub over: u32,
    /// How many of the seats that are kept become free in each [`FREES_STEP`] from now on.
    pub frees: [u32; FREES],
    /// How many leave in a second, if enough have left to say it.
    pub leave_per_s: Option<f64>,
}

/// One lane of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneBoard {
    /// Whoever has a turn before this one was called.
    pub bound: Turn,
    /// Who waits, by the time when they came.
    pub groups: Vec<Group>,
    /// How many are next, because a crash had lost their tickets and their turn went by.
    pub late: u32,
    /// From each of these on [`UNWRITTEN_MAX`] serials were perhaps lost by a crash. Whoever has one is to claim once, and again
    /// each time that there is one more of these, wherever they stand: then they stand there again, or are told another turn.
    pub lost: Vec<Serial>,
}

/// Cohorts that follow each other, and of whom somebody waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// The first of them,
    pub first: Cohort,
    /// and the last.
    pub last: Cohort,
    /// How many of them wait.
    pub waiting: u32,
}

impl Group {
    /// How many of a group, about, have a turn before this one, if the group's first turn is no earlier than `bound`.
    fn before(&self, bound: &Turn, turn: &Turn) -> u32 {
        let cohorts = f64::from(self.last.0 - self.first.0 + 1);
        let share = |turn: &Turn| {
            let cohort = turn.cohort.clamp(self.first, self.last);
            let rank = if turn.cohort == cohort { f64::from(turn.rank.0) / RANKS } else { 0.0 };
            (f64::from(cohort.0 - self.first.0) + rank) / cohorts
        };
        // Those of the first cohort with a rank below the bound are called, and the others spread evenly over what is left.
        let called = if bound.cohort >= self.first { share(bound) } else { 0.0 };
        let left = (1.0 - called).max(f64::MIN_POSITIVE);
        (f64::from(self.waiting) * ((share(turn) - called) / left).clamp(0.0, 1.0)) as u32
    }
}

const RANKS: f64 = Rank::ALL as f64;

impl Board {
    /// Where somebody with this turn stands, about; `None` if they were called. Before the doors nobody has a turn.
    pub fn standing(&self, turn: &Turn) -> Option<Standing> {
        let lane = &self.lanes[turn.lane as usize];
        if *turn < lane.bound {
            return None;
        }
        let ahead: u32 = self.lanes[..turn.lane as usize].iter().map(LaneBoard::waiting).sum();
        let before = ahead + lane.before(turn);
        Some(Standing { turn: Some(*turn), before, beside: None, wait: self.wait(before) })
    }

    /// How long somebody waits with so many before them.
    fn wait(&self, before: u32) -> Option<Range> {
        let before = before.saturating_add(self.over);
        let mut freed = 0;
        for (step, &frees) in (1..).zip(&self.frees) {
            freed += frees;
            if before < freed {
                return Some(Range::around(FREES_STEP * step - FREES_STEP / 2));
            }
        }
        Range::of_leaving(before - freed, self.leave_per_s?)
    }
}

impl LaneBoard {
    /// Whether a crash has perhaps lost this serial.
    pub fn is_lost(&self, serial: Serial) -> bool {
        self.lost.iter().any(|first| (first.0..first.0 + UNWRITTEN_MAX).contains(&serial.0))
    }

    fn waiting(&self) -> u32 {
        self.late + self.groups.iter().map(|group| group.waiting).sum::<u32>()
    }

    /// How many of this lane, about, have a turn before this one.
    fn before(&self, turn: &Turn) -> u32 {
        let whole =
            self.groups.iter().take_while(|group| group.last < turn.cohort).map(|group| group.waiting);
        let own = self.groups.iter().find(|group| (group.first..=group.last).contains(&turn.cohort));
        self.late + whole.sum::<u32>() + own.map_or(0, |group| group.before(&self.bound, turn))
    }
}
