//! Where things lie on the disk: segment files and places inside them.

use std::fmt;

use serde::Serialize;

/// A segment is closed and the next begun once it is this long. Three hours at 208 kbps are
/// 10,800 s × 26 kB = 281 MB: five segments, so that a file system which loses a file loses 43
/// minutes at most, and repeating the head in each costs 17 kB in 64 MiB.
pub const SEGMENT_BYTES: u64 = 64 * 1024 * 1024;

/// The number of a segment file. Numbers rise, and none is used for two files: a file's name is safe on the
/// disk before anything is written into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Segment(pub u32);

impl Segment {
    /// The first segment of a new tape.
    pub const FIRST: Self = Self(1);

    /// The segment after this one. Four billion segments are more than a disk holds.
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The file's name in the folder of the tape, such as `00000001.tape`.
    pub fn file_name(self) -> String {
        format!("{:08}.tape", self.0)
    }

    /// The segment whose file is called so; `None` for every other file.
    pub fn from_file_name(name: &str) -> Option<Self> {
        let digits = name.strip_suffix(".tape")?;
        let segment = Self(digits.parse().ok()?);
        // One segment has one name: "1.tape" or "+0000001.tape" would be a second one.
        (segment.0 > 0 && segment.0 < u32::MAX && segment.file_name() == name).then_some(segment)
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A byte of a tape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file.
    pub segment: Segment,
    /// Bytes from its beginning.
    pub offset: u64,
}

/// Where a whole record lies. Twelve bytes, because an index has one for every chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Location {
    /// The file.
    pub segment: Segment,
    /// Bytes from its beginning; a segment is far shorter than 4 GiB.
    pub offset: u32,
    /// Length of the record with its header.
    pub len_bytes: u32,
}

impl Location {
    /// The record's first byte.
    pub const fn place(self) -> Place {
        Place { segment: self.segment, offset: self.offset as u64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_has_one_file_name() {
        for number in [1, 42, 99_999_999, 123_456_789] {
            let segment = Segment(number);
            assert_eq!(Segment::from_file_name(&segment.file_name()), Some(segment));
        }
        for name in ["1.tape", "00000000.tape", "+0000001.tape", "00000001", "00000001.tape~", "x.tape", "ä"]
        {
            assert_eq!(Segment::from_file_name(name), None, "{name}");
        }
    }
}
