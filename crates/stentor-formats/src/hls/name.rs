//! The name of a segment or part in its URL.

use std::fmt;
use std::str::FromStr;

use stentor_types::{Position, Slot};

use crate::Interval;

/// The name of a segment or part: of which interval, and `epoch-slot` of its first chunk, which means all of its
/// group from there on; `epoch-slot-slots` only that many chunks, where a hole, an epoch's border or the end of
/// a recording cuts the group. What a disk loses later makes a name lead nowhere, and none ever means two sounds.
///
/// | interval | name | with a cut |
/// |---|---|---|
/// | [`Interval::Segment`], 3.84 s | `1-48` | `1-48-4` |
/// | [`Interval::Short`], 1.92 s | `s-1-48` | `s-1-48-4` |
/// | [`Interval::Close`], a part of 0.32 s | `p-1-48` | |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentName {
    /// What it is a group of. There are no segments of [`Interval::Steady`].
    pub interval: Interval,
    /// Epoch and slot of the first chunk.
    pub first: Position,
    /// How many chunks, if that is fewer than the group has from there on.
    pub slots: Option<u8>,
}

/// The text is not the name of a segment or part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a segment is named epoch-slot or epoch-slot-slots, such as 1-48, with s- or p- before it in low-latency HLS"
)]
pub struct SegmentNameError;

impl SegmentName {
    /// The longest name: a letter, 10 digits of epoch, 20 of slot, 2 of slots, 3 dashes.
    pub const CHARS_MAX: usize = 36;

    /// The part that this chunk is.
    pub const fn part(chunk: Position) -> Self {
        Self { interval: Interval::Close, first: chunk, slots: None }
    }

    /// Where the segment ends at the latest: at its group's border or before.
    pub fn end_max(self) -> Slot {
        let group_end = self.interval.group_end(self.first.slot);
        self.slots.map_or(group_end, |slots| self.first.slot.plus(u64::from(slots)).min(group_end))
    }
}

impl fmt::Display for SegmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.interval {
            Interval::Close => f.write_str("p-")?,
            Interval::Short => f.write_str("s-")?,
            Interval::Steady | Interval::Segment => {}
        }
        match self.slots {
            None => write!(f, "{}", self.first),
            Some(slots) => write!(f, "{}-{slots}", self.first),
        }
    }
}

impl FromStr for SegmentName {
    type Err = SegmentNameError;

    fn from_str(text: &str) -> Result<Self, SegmentNameError> {
        if text.len() > Self::CHARS_MAX {
            return Err(SegmentNameError);
        }
        let (interval, text) = match text.split_at_checked(2) {
            Some(("p-", place)) => (Interval::Close, place),
            Some(("s-", place)) => (Interval::Short, place),
            _ => (Interval::Segment, text),
        };
        if let Ok(first) = text.parse() {
            return Ok(Self { interval, first, slots: None });
        }
        let (first, slots) = text.rsplit_once('-').ok_or(SegmentNameError)?;
        let first: Position = first.parse().map_err(|_| SegmentNameError)?;
        // A cut leaves fewer chunks than the group has from there on; another number would be a second name.
        let cut = (1..interval.slots() as u8).find(|cut| slots == cut.to_string());
        let slots = cut.ok_or(SegmentNameError)?;
        let group_end = interval.group_end(first.slot);
        let inside = first.slot.plus(u64::from(slots)) < group_end;
        inside.then_some(Self { interval, first, slots: Some(slots) }).ok_or(SegmentNameError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_has_one_spelling() {
        for text in [
            "", "1", "1-", "1-48-", "1-48-0", "1-48-04", "1-48-12", "1-59-1", "1-48-4-1", "01-48",
            "1-48.m4s", "s-", "s-1-48-6", "s-1-53-1", "s-s-1-48", "p-1-48-1", "q-1-48", "p1-48", "S-1-48",
        ] {
            assert!(text.parse::<SegmentName>().is_err(), "{text:?} was taken");
        }
        let whole: SegmentName = "1-50".parse().expect("a name");
        assert_eq!(whole.end_max(), Slot(60));
        let ends = [("1-48-4", 52), ("s-1-48", 54), ("s-1-50-3", 53), ("p-1-50", 51)];
        for (text, end) in ends {
            let name: SegmentName = text.parse().expect("a name");
            assert_eq!((name.end_max(), name.to_string().as_str()), (Slot(end), text));
        }
    }

    proptest! {
        #[test]
        fn names_survive_their_text(text in "([sp]-)?[0-9]{1,3}-[0-9]{1,20}(-[0-9]{1,3})?") {
            if let Ok(name) = text.parse::<SegmentName>() {
                prop_assert_eq!(name.to_string(), text);
                prop_assert!(name.first.slot <= name.end_max());
            }
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,60}") {
            let _ = text.parse::<SegmentName>();
        }
    }
}
