//! What a disk did not take.

use stentor_types::limits::MARKS_PER_CHUNK_MAX;
use stentor_types::{Mark, MarkBody, Slot};

use crate::record::{HoleCause, Record};

/// Chunks that were given up, until a hole and a mark on the tape say so.
#[derive(Debug, Default)]
pub(crate) struct Lost {
    slots: Option<(Slot, Slot)>,
    pub(crate) chunks: u64,
    pub(crate) marks: Vec<Mark>,
}

impl Lost {
    pub(crate) fn add(&mut self, first: Slot, end: Slot) {
        self.chunks += end.0 - first.0;
        let (known_first, known_end) = self.slots.unwrap_or((first, end));
        self.slots = Some((known_first.min(first), known_end.max(end)));
    }

    /// The hole, and the marks that the chunks would have carried.
    pub(crate) fn records(mut self) -> Vec<Record> {
        let mut records = Vec::new();
        if let Some((first, end)) = self.slots {
            records.push(Record::Hole { first, end, cause: HoleCause::DiskLost });
            self.marks.push(Mark { at: first.start(), body: MarkBody::DiskLost { chunks: self.chunks } });
        }
        records.extend(self.marks.chunks(MARKS_PER_CHUNK_MAX).map(|marks| Record::Marks(marks.to_vec())));
        records
    }
}
