//! The name of a segment in its URL.

use std::fmt;
use std::str::FromStr;

use stentor_types::{Position, Slot};

use crate::Interval;

/// The name of a segment: `epoch-slot` of its first chunk means all of its group from there on;
/// `epoch-slot-slots` only that many chunks, where a hole, an epoch's border or the end of a recording cuts
/// the group. What a disk loses later makes a name lead nowhere, and none ever means two sounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentName {
    /// Epoch and slot of the first chunk.
    pub first: Position,
    /// How many chunks, if that is fewer than the group has from there on.
    pub slots: Option<u8>,
}

/// The text is not the name of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a segment is named epoch-slot or epoch-slot-slots, such as 1-48")]
pub struct SegmentNameError;

impl SegmentName {
    /// The longest name: 10 digits of epoch, 20 of slot, 2 of slots, 2 dashes.
    pub const CHARS_MAX: usize = 34;

    /// Where the segment ends at the latest: at its group's border or before.
    pub fn end_max(self) -> Slot {
        let group_end = Interval::Segment.group_end(self.first.slot);
        self.slots.map_or(group_end, |slots| self.first.slot.plus(u64::from(slots)).min(group_end))
    }
}

impl fmt::Display for SegmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
        if let Ok(first) = text.parse() {
            return Ok(Self { first, slots: None });
        }
        let (first, slots) = text.rsplit_once('-').ok_or(SegmentNameError)?;
        let first: Position = first.parse().map_err(|_| SegmentNameError)?;
        // A cut leaves 1 to 11 chunks, inside the group; another number would be a second name.
        let cut = (1..Interval::Segment.slots() as u8).find(|cut| slots == cut.to_string());
        let slots = cut.ok_or(SegmentNameError)?;
        let group_end = Interval::Segment.group_end(first.slot);
        let inside = first.slot.plus(u64::from(slots)) < group_end;
        inside.then_some(Self { first, slots: Some(slots) }).ok_or(SegmentNameError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_has_one_spelling() {
        for text in [
            "", "1", "1-", "1-48-", "1-48-0", "1-48-04", "1-48-12", "1-59-1", "1-48-4-1", "01-48", "1-48.m4s",
        ] {
            assert!(text.parse::<SegmentName>().is_err(), "{text:?} was taken");
        }
        let whole: SegmentName = "1-50".parse().expect("a name");
        assert_eq!(whole.end_max(), Slot(60));
        let cut: SegmentName = "1-48-4".parse().expect("a name");
        assert_eq!((cut.first.slot, cut.end_max()), (Slot(48), Slot(52)));
    }

    proptest! {
        #[test]
        fn names_survive_their_text(text in "[0-9]{1,3}-[0-9]{1,20}(-[0-9]{1,3})?") {
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
