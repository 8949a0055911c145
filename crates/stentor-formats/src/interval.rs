//! How many chunks are framed together, and which.

use std::ops::Range;

use stentor_types::Slot;

/// How much sound is framed at once. Groups are aligned on the media clock, so that all readers of a
/// kind share the same bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Interval {
    /// One chunk, 0.32 s: close to live.
    Close,
    /// Three chunks, 0.96 s: the default.
    #[default]
    Steady,
    /// Six chunks, 1.92 s: segments of low-latency HLS, whose parts are [`Self::Close`].
    Short,
    /// Twelve chunks, 3.84 s: HLS segments.
    Segment,
}

impl Interval {
    /// Every interval.
    pub const ALL: [Self; 4] = [Self::Close, Self::Steady, Self::Short, Self::Segment];

    /// Chunks in a whole group.
    pub const fn slots(self) -> u64 {
        match self {
            Self::Close => 1,
            Self::Steady => 3,
            Self::Short => 6,
            Self::Segment => 12,
        }
    }

    /// The aligned group that contains `slot`. An epoch's border or a hole may leave fewer chunks in it.
    pub const fn group(self, slot: Slot) -> Range<Slot> {
        let first = slot.0 - slot.0 % self.slots();
        Slot(first)..Slot(first).plus(self.slots())
    }

    /// Where the group that contains `slot` ends.
    pub const fn group_end(self, slot: Slot) -> Slot {
        self.group(slot).end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_aligned() {
        assert_eq!(Interval::Close.group(Slot(7)), Slot(7)..Slot(8));
        assert_eq!(Interval::Steady.group(Slot(7)), Slot(6)..Slot(9));
        assert_eq!(Interval::Short.group(Slot(7)), Slot(6)..Slot(12));
        assert_eq!(Interval::Segment.group(Slot(12)), Slot(12)..Slot(24));
        assert_eq!(Interval::Segment.group_end(Slot(11)), Slot(12));
    }
}
