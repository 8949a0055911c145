//! One pass over one segment file: its records, and what lies between them.

use bytes::{Buf, Bytes};

use crate::record::{MAGIC, Record, RecordError, TapeId, decode};
use crate::recovery::{READ_BYTES_MAX, Read};
use crate::segment::{Location, Place, Segment};

/// The next thing in a file.
#[derive(Debug)]
pub(crate) enum Found {
    Record { record: Record, at: Location },
    Unreadable { segment: Segment, offset: u64, len_bytes: u64 },
    Newer(u8),
}

/// Walks from record to record. Where none begins, it goes on at the next place that looks like one.
#[derive(Debug)]
pub(crate) struct Scan {
    segment: Segment,
    len_bytes: u64,
    /// Where `window` begins.
    offset: u64,
    window: Bytes,
    reads: u64,
    starved: bool,
    /// Where the bytes began that are no record.
    bad_from: Option<u64>,
    /// Found behind bytes that are no record; they are told of first.
    next: Option<Found>,
}

impl Scan {
    pub(crate) fn new(segment: Segment, len_bytes: u64) -> Self {
        Self {
            segment,
            len_bytes,
            offset: 0,
            window: Bytes::new(),
            reads: 0,
            starved: true,
            bad_from: None,
            next: None,
        }
    }

    pub(crate) fn segment(&self) -> Segment {
        self.segment
    }

    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// How many reads were answered.
    pub(crate) fn reads(&self) -> u64 {
        self.reads
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.offset >= self.len_bytes && self.next.is_none()
    }

    /// The read that is needed to go on. It begins where the next record may, so that a window
    /// never has to be joined with the one before.
    pub(crate) fn read(&self) -> Option<Read> {
        let len_bytes = (self.len_bytes - self.offset).min(READ_BYTES_MAX);
        (self.starved && len_bytes > 0).then_some(Read {
            segment: self.segment,
            offset: self.offset,
            len_bytes,
        })
    }

    pub(crate) fn took(&mut self, bytes: Bytes) {
        let asked = (self.len_bytes - self.offset).min(READ_BYTES_MAX);
        if (bytes.len() as u64) < asked {
            self.len_bytes = self.offset + bytes.len() as u64;
        }
        self.window = bytes;
        self.reads += 1;
        self.starved = false;
    }

    /// Leaves the rest of the file alone.
    pub(crate) fn give_up(&mut self) {
        self.len_bytes = self.bad_from.take().unwrap_or(self.offset);
        self.offset = self.len_bytes;
        self.window.clear();
    }

    /// What is behind the last record: offset and length. Valid once the scan is finished.
    pub(crate) fn torn_tail(&self) -> Option<(u64, u64)> {
        self.bad_from.map(|from| (from, self.len_bytes - from))
    }

    /// The next thing in the window; `None` when it is used up.
    pub(crate) fn next(&mut self, tape: Option<&TapeId>) -> Option<Found> {
        if let Some(found) = self.next.take() {
            return Some(found);
        }
        while !self.starved && self.offset < self.len_bytes {
            let place = Place { segment: self.segment, offset: self.offset };
            let whole_file = self.offset + self.window.len() as u64 >= self.len_bytes;
            match decode(&self.window, tape, place) {
                Ok(framed) => {
                    let offset = u32::try_from(self.offset).ok();
                    let len_bytes = u32::try_from(framed.len_bytes).ok();
                    self.skip(framed.len_bytes);
                    let (Some(offset), Some(len_bytes)) = (offset, len_bytes) else { continue };
                    let at = Location { segment: self.segment, offset, len_bytes };
                    return Some(self.after_bad(place.offset, Found::Record { record: framed.record, at }));
                }
                Err(RecordError::Short { .. }) if !whole_file => self.starved = true,
                Err(RecordError::Version { version }) => {
                    self.skip_bad(1);
                    return Some(Found::Newer(version));
                }
                Err(_) => self.skip_bad(self.candidate()),
            }
            if self.window.is_empty() {
                self.starved = true;
            }
        }
        None
    }

    /// Tells of the bytes that were no record before what was found behind them.
    fn after_bad(&mut self, offset: u64, found: Found) -> Found {
        let Some(from) = self.bad_from.take() else { return found };
        self.next = Some(found);
        Found::Unreadable { segment: self.segment, offset: from, len_bytes: offset - from }
    }

    /// How far it is to the next bytes that may begin a record; the whole window if there are none.
    fn candidate(&self) -> usize {
        let rest = &self.window[1..];
        let begins = |at: &usize| {
            let part = &rest[*at..rest.len().min(at + MAGIC.len())];
            MAGIC.starts_with(part)
        };
        (0..rest.len()).find(begins).map_or(self.window.len(), |at| at + 1)
    }

    fn skip_bad(&mut self, len_bytes: usize) {
        self.bad_from.get_or_insert(self.offset);
        self.skip(len_bytes);
    }

    fn skip(&mut self, len_bytes: usize) {
        self.window.advance(len_bytes);
        self.offset += len_bytes as u64;
    }
}
