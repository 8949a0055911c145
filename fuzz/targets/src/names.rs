//! Short texts in addresses, file names and forms.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use stentor_formats::hls::SegmentName;
use stentor_tape::Segment;
use stentor_types::{LinkId, PersonName, Position, SessionId, ShowId, ShowTitle};

/// A name that is taken has one spelling; words from people become one that stays as it is.
pub fn names(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let segment_file = Segment::from_file_name(text);
    if let Some(segment) = segment_file {
        assert_eq!(segment.file_name(), text);
    }
    if let Ok(name) = text.parse::<SegmentName>() {
        assert!(name.first.slot <= name.end_max());
    }
    let names = [
        canonical::<SegmentName>(text),
        canonical::<Position>(text),
        canonical::<ShowId>(text),
        canonical::<LinkId>(text),
        canonical::<SessionId>(text),
    ];
    let words = [settled::<PersonName>(text), settled::<ShowTitle>(text)];
    segment_file.is_some() || names.contains(&true) || words.contains(&true)
}

fn canonical<T: FromStr + Display>(text: &str) -> bool {
    let Ok(name) = text.parse::<T>() else { return false };
    assert_eq!(name.to_string(), text);
    true
}

fn settled<T: FromStr + Display + Debug + PartialEq>(text: &str) -> bool {
    let Ok(words) = text.parse::<T>() else { return false };
    assert_eq!(words.to_string().parse::<T>().ok().as_ref(), Some(&words));
    true
}
