//! A log in which nobody can change a line afterwards without changing the hash of the last.
//!
//! A line is JSON: its number from 0, when it was written, the hash of the line before it, and what happened. The hash of
//! a line is SHA-256 (FIPS 180-4) of its bytes without the line feed, in lower-case hex; the first line's `before` is 64 zeros. So whoever has
//! published one hash vouches for everything before it, and whoever wants to check that needs `sha256sum` and nothing of ours.
//! Where a log was cut off is seen by a hash that was published later than its last line.
//!
//! So a hash is published once its line is on disk, and lines go there in their order: one that could not be written is
//! kept and written before the next, or the log is broken from there on.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use stentor_types::Wall;

/// A line. The largest event is a list of counts by reason, well below 2 kB; 8 hours with one line in 10 s are 6 MB then.
pub const LINE_BYTES_MAX: usize = 4_096;

/// The hash of a line, which stands for all lines up to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hash([u8; 32]);

impl Hash {
    const NONE: Self = Self([0; 32]);

    fn of(line: &[u8]) -> Self {
        Self(Sha256::digest(line).into())
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Where a log ends. This is what is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// How many lines it has.
    pub lines: u64,
    /// The hash of the last; of none it is zero.
    pub hash: Hash,
}

/// The end of a log, to which lines are added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    head: Head,
}

/// What is written, in this order.
#[derive(Serialize)]
struct Line<'a, E> {
    line: u64,
    at_ms: i64,
    before: String,
    event: &'a E,
}

/// What is read of it.
#[derive(Deserialize)]
struct Read<'a> {
    line: u64,
    before: &'a str,
}

/// A line that is not what the log's rules make it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct Broken {
    /// Which, from 0.
    pub line: u64,
    /// What is wrong with it.
    pub why: Why,
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Why {
    /// It is no line of a log.
    #[error("this is not a line of a log")]
    Unreadable,
    /// It has another number than its place.
    #[error("lines before it are missing, or were added")]
    Misplaced,
    /// It does not follow the line before it.
    #[error("the line before it was changed")]
    Changed,
    /// It is the last and was not written to its end.
    #[error("it was not written to its end")]
    Cut,
}

/// Why an event has no line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unwritable {
    /// It is longer than any line.
    #[error("an event of {0} bytes is longer than a line may be")]
    Long(usize),
    /// It is no JSON.
    #[error("an event cannot be written as JSON")]
    Json(#[from] serde_json::Error),
}

impl Default for Log {
    fn default() -> Self {
        Self { head: Head { lines: 0, hash: Hash::NONE } }
    }
}

impl Log {
    /// The log that these bytes are, and how many of them it is: a line that was not written to its end is not one.
    ///
    /// # Errors
    /// The first line that is broken, other than by its end missing.
    pub fn read(bytes: &[u8]) -> Result<(Self, usize), Broken> {
        let mut log = Self::default();
        let mut read_bytes = 0;
        for line in bytes.split_inclusive(|&byte| byte == b'\n') {
            let Some(line) = line.strip_suffix(b"\n") else { break };
            log.follow(line).map_err(|why| Broken { line: log.head.lines, why })?;
            read_bytes += line.len() + 1;
        }
        Ok((log, read_bytes))
    }

    /// Checks a whole log; says where it ends.
    ///
    /// # Errors
    /// The first line that is broken.
    pub fn verify(bytes: &[u8]) -> Result<Head, Broken> {
        let (log, read_bytes) = Self::read(bytes)?;
        let is_whole = read_bytes == bytes.len();
        is_whole.then_some(log.head).ok_or(Broken { line: log.head.lines, why: Why::Cut })
    }

    /// Where it ends.
    pub fn head(&self) -> Head {
        self.head
    }

    /// The line of what happened, with its line feed. It is in the log from now on.
    ///
    /// # Errors
    /// If it cannot be one; nothing is in the log then.
    pub fn add(&mut self, at: Wall, event: &impl Serialize) -> Result<String, Unwritable> {
        let Head { lines, hash } = self.head;
        let line = Line { line: lines, at_ms: at.0, before: hash.to_string(), event };
        let mut text = serde_json::to_string(&line)?;
        if text.len() >= LINE_BYTES_MAX {
            return Err(Unwritable::Long(text.len()));
        }
        self.head = Head { lines: lines + 1, hash: Hash::of(text.as_bytes()) };
        text.push('\n');
        Ok(text)
    }

    fn follow(&mut self, line: &[u8]) -> Result<(), Why> {
        if line.len() >= LINE_BYTES_MAX {
            return Err(Why::Unreadable);
        }
        let read: Read<'_> = serde_json::from_slice(line).map_err(|_| Why::Unreadable)?;
        if read.line != self.head.lines {
            return Err(Why::Misplaced);
        }
        if read.before != self.head.hash.to_string() {
            return Err(Why::Changed);
        }
        self.head = Head { lines: read.line + 1, hash: Hash::of(line) };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn log(events: &[String]) -> (Log, String) {
        let mut log = Log::default();
        let mut text = String::new();
        for (n, event) in (0..).zip(events) {
            text += &log.add(Wall(1_800_000_000_000 + n), event).expect("it is short");
        }
        (log, text)
    }

    proptest! {
        #[test]
        fn what_was_written_is_whole(events in prop::collection::vec("\\PC{0,40}", 0..20), more in "\\PC{0,40}") {
            let (mut log, mut text) = log(&events);
            prop_assert_eq!(Log::verify(text.as_bytes()), Ok(log.head()));
            prop_assert_eq!(log.head().lines, events.len() as u64);
            // It goes on after a restart as if there had been none.
            let (mut again, bytes) = Log::read(text.as_bytes()).expect("it is whole");
            prop_assert_eq!(bytes, text.len());
            let line = again.add(Wall(0), &more).expect("it is short");
            prop_assert_eq!(&log.add(Wall(0), &more).expect("it is short"), &line);
            text += &line;
            prop_assert_eq!(Log::verify(text.as_bytes()), Ok(log.head()));
        }

        /// Whatever is changed, the published head does not fit any more, or no log at all is left.
        #[test]
        fn whoever_changes_a_byte_changes_the_head(
            events in prop::collection::vec("\\PC{0,40}", 1..20), at: prop::sample::Index, byte: u8,
        ) {
            let (log, text) = log(&events);
            let mut bytes = text.into_bytes();
            let at = at.index(bytes.len());
            prop_assume!(bytes[at] != byte);
            bytes[at] = byte;
            prop_assert_ne!(Log::verify(&bytes), Ok(log.head()));
        }

        #[test]
        fn a_line_that_was_not_written_to_its_end_is_cut_off(
            events in prop::collection::vec("\\PC{0,40}", 1..20), cut: prop::sample::Index,
        ) {
            let (_, text) = log(&events);
            let part = &text.as_bytes()[..cut.index(text.len())];
            let (log, bytes) = Log::read(part).expect("what there is is good");
            prop_assert!(bytes <= part.len());
            prop_assert_eq!(Log::verify(&part[..bytes]), Ok(log.head()));
            if bytes < part.len() {
                prop_assert_eq!(Log::verify(part), Err(Broken { line: log.head().lines, why: Why::Cut }));
            }
        }
    }

    #[test]
    fn it_says_which_line_and_what_was_done_to_it() {
        let (_, text) = log(&["one".to_owned(), "two".to_owned(), "three".to_owned()]);
        let verify = |text: &str| Log::verify(text.as_bytes()).expect_err("it was changed").to_string();
        assert_eq!(verify(&text.replace("one", "ten")), "line 1: the line before it was changed");
        let without: String = text.split_inclusive('\n').filter(|line| !line.contains("two")).collect();
        assert_eq!(verify(&without), "line 1: lines before it are missing, or were added");
        assert_eq!(verify("{}\n"), "line 0: this is not a line of a log");
    }

    #[test]
    fn sha256sum_says_the_same() {
        let mut log = Log::default();
        let line = log.add(Wall(1_800_000_000_000), &"x").expect("it is short");
        assert_eq!(
            line.trim_end(),
            format!(r#"{{"line":0,"at_ms":1800000000000,"before":"{}","event":"x"}}"#, "0".repeat(64))
        );
        // printf %s '{"line":0,…}' | sha256sum
        assert_eq!(log.head().hash.to_string(), SHA256SUM);
    }

    const SHA256SUM: &str = "4676d6e5e9f5e4d04622b08918ed89ec5f313f869fbf4c2a3e03a73a912910d0";
}
