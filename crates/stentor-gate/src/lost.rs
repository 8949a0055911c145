//! Serials that a crash may have lost.
//!
//! Tickets are given out before they are written down, so that nobody waits for a disk. After a crash it is not known which
//! of the next serials somebody holds, so none of them is given out again, nobody waits for their holders, and whoever
//! presents one has it: its signature proves that it was given out.

use std::collections::BTreeSet;

use crate::limits::UNWRITTEN_MAX;
use crate::ticket::Serial;

/// What crashes may have lost of one lane.
#[derive(Debug, Default)]
pub(crate) struct Losses(Vec<Loss>);

/// What one of them may have lost: [`UNWRITTEN_MAX`] serials from this one on, in one cohort.
#[derive(Debug)]
struct Loss {
    first: Serial,
    presented: BTreeSet<Serial>,
}

impl Loss {
    fn end(&self) -> Serial {
        Serial(self.first.0 + UNWRITTEN_MAX)
    }
}

impl Losses {
    /// After the others.
    pub(crate) fn push(&mut self, first: Serial) {
        self.0.push(Loss { first, presented: BTreeSet::new() });
    }

    /// Whether a crash may have lost this serial.
    pub(crate) fn contains(&self, serial: Serial) -> bool {
        self.place(serial).is_some()
    }

    /// Whether a crash may have lost this serial, and nobody has presented it since.
    pub(crate) fn is_absent(&self, serial: Serial) -> bool {
        self.place(serial).is_some_and(|at| !self.0[at].presented.contains(&serial))
    }

    /// Somebody presents a serial.
    pub(crate) fn present(&mut self, serial: Serial) {
        if let Some(at) = self.place(serial) {
            self.0[at].presented.insert(serial);
        }
    }

    /// How many are absent from this serial on, with which a cohort begins.
    pub(crate) fn absent_from(&self, first: Serial) -> u32 {
        let behind = self.0.iter().rev().take_while(|loss| loss.first >= first);
        behind.map(|loss| UNWRITTEN_MAX - loss.presented.len() as u32).sum()
    }

    /// The first serial of each loss, in their order.
    pub(crate) fn firsts(&self) -> impl Iterator<Item = Serial> {
        self.0.iter().map(|loss| loss.first)
    }

    /// Serials that were lost and presented, in their order.
    pub(crate) fn presented(&self) -> impl Iterator<Item = Serial> {
        self.0.iter().flat_map(|loss| loss.presented.iter().copied())
    }

    fn place(&self, serial: Serial) -> Option<usize> {
        let at = self.0.partition_point(|loss| loss.end() <= serial);
        self.0.get(at).filter(|loss| loss.first <= serial).map(|_| at)
    }
}
