//! What is on a tape and where.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use stentor_types::{Chunk, Epoch, Mark, Run, Slot, TapeHead, TrackChunk, Wall};

use crate::record::{HoleCause, Record, RecordError, TapeId, decode};
use crate::segment::Location;
use crate::tracks::TrackIndex;

/// Marks in an index. Speaking marks come at most five a second, 54,000 in three hours; at some 100
/// bytes each this many take 13 MB.
pub const MARKS_MAX: usize = 131_072;

/// Slots without a chunk, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Hole {
    /// The first slot.
    pub first: Slot,
    /// The slot after the last.
    pub end: Slot,
    /// Why.
    pub cause: HoleCause,
}

/// One unbroken run of one writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct EpochStart {
    /// Its number.
    pub epoch: Epoch,
    /// The slot of its first chunk.
    pub first: Slot,
    /// Wall time when it was opened.
    pub wall: Wall,
}

/// The table of contents of a tape: where each chunk lies, what is missing, and all marks.
///
/// A chunk costs its [`Location`], 12 bytes: three hours are 33,750 chunks or 405 kB.
#[derive(Clone, Debug)]
pub struct Index {
    head: Arc<TapeHead>,
    tape: TapeId,
    /// By first slot. Runs neither overlap nor touch, unless their epochs differ.
    runs: BTreeMap<Slot, Entries>,
    /// Holes as they were recorded, by first slot, apart from each other; a chunk counts more than a hole.
    recorded_holes: BTreeMap<Slot, (Slot, HoleCause)>,
    /// In order of media time; what was known earlier first.
    marks: Vec<Mark>,
    marks_dropped: u64,
    /// Epochs rise.
    epochs: Vec<EpochStart>,
    closed: Option<Slot>,
    tracks: TrackIndex,
    chunks: u64,
    bytes: u64,
}

#[derive(Clone, Debug)]
struct Entries {
    epoch: Epoch,
    locations: Vec<Location>,
}

impl Entries {
    fn end(&self, first: Slot) -> Slot {
        first.plus(self.locations.len() as u64)
    }
}

impl Index {
    /// The index of a tape on which nothing is yet.
    pub fn new(head: Arc<TapeHead>) -> Self {
        Self {
            tape: TapeId::of(&head),
            head,
            runs: BTreeMap::new(),
            recorded_holes: BTreeMap::new(),
            marks: Vec::new(),
            marks_dropped: 0,
            epochs: Vec::new(),
            closed: None,
            tracks: TrackIndex::default(),
            chunks: 0,
            bytes: 0,
        }
    }

    /// Takes note of a record that lies at `at`. The order does not matter, and the same record may come
    /// again from another place: the later place counts. `false` if a chunk contradicts what is there:
    /// the same slot in another epoch, which no writer writes.
    pub fn add(&mut self, record: &Record, at: Location) -> bool {
        self.bytes += u64::from(at.len_bytes);
        match record {
            Record::Chunk(chunk) => {
                chunk.marks.iter().for_each(|mark| self.add_mark(mark));
                return self.add_chunk(chunk, at);
            }
            Record::Epoch { epoch, first, wall } => {
                let start = EpochStart { epoch: *epoch, first: *first, wall: *wall };
                if let Err(at) = self.epochs.binary_search_by_key(epoch, |start| start.epoch) {
                    self.epochs.insert(at, start);
                }
            }
            Record::Hole { first, end, cause } => self.add_hole(*first, *end, *cause),
            Record::Marks(marks) => marks.iter().for_each(|mark| self.add_mark(mark)),
            Record::Closed { end } => self.closed = Some(*end),
            Record::Track(chunk) => self.tracks.add(chunk, at),
            Record::Head { .. } | Record::Unknown { .. } => {}
        }
        true
    }

    /// What is fixed for the tape.
    pub fn head(&self) -> &Arc<TapeHead> {
        &self.head
    }

    /// Where the chunk of this slot lies.
    pub fn location(&self, slot: Slot) -> Option<Location> {
        let (first, entries) = self.runs.range(..=slot).next_back()?;
        entries.locations.get(usize::try_from(slot.0 - first.0).ok()?).copied()
    }

    /// The chunk in bytes that were read from `at`, if they still are what was written there. An error
    /// means the disk has damaged it: a reader plays filler instead.
    pub fn chunk(&self, at: Location, bytes: &Bytes) -> Result<Arc<Chunk>, RecordError> {
        match decode(bytes, Some(&self.tape), at.place())?.record {
            Record::Chunk(chunk) => Ok(chunk),
            _ => Err(RecordError::Checksum),
        }
    }

    /// Where the chunks of own tracks lie; a tape's own folder has none.
    pub fn tracks(&self) -> &TrackIndex {
        &self.tracks
    }

    /// The chunk of an own track in bytes that were read from `at`, as [`Self::chunk`] has it.
    pub fn track_chunk(&self, at: Location, bytes: &Bytes) -> Result<Arc<TrackChunk>, RecordError> {
        match decode(bytes, Some(&self.tape), at.place())?.record {
            Record::Track(chunk) => Ok(chunk),
            _ => Err(RecordError::Checksum),
        }
    }

    /// The first slot at or after `slot` that has a chunk.
    pub fn next_chunk(&self, slot: Slot) -> Option<Slot> {
        let inside = self.location(slot).map(|_| slot);
        inside.or_else(|| self.runs.range(slot..).next().map(|(first, _)| *first))
    }

    /// The runs of neighbouring chunks; slots rise.
    pub fn runs(&self) -> impl DoubleEndedIterator<Item = Run> {
        self.runs.iter().map(|(first, run)| Run { epoch: run.epoch, first: *first, end: run.end(*first) })
    }

    /// The epoch and slots of the run that holds this slot's chunk.
    pub fn run(&self, slot: Slot) -> Option<Run> {
        let (first, run) = self.runs.range(..=slot).next_back()?;
        let run = Run { epoch: run.epoch, first: *first, end: run.end(*first) };
        (slot < run.end).then_some(run)
    }

    /// What is missing between the tape's first slot and its last, in order.
    pub fn holes(&self) -> Vec<Hole> {
        let mut holes = Vec::new();
        let mut next = self.first();
        for run in self.runs() {
            self.split_hole(next, run.first, &mut holes);
            next = run.end;
        }
        self.split_hole(next, self.end(), &mut holes);
        holes
    }

    /// All marks in order of media time.
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// Marks that were not kept because there were more than [`MARKS_MAX`].
    pub fn marks_dropped(&self) -> u64 {
        self.marks_dropped
    }

    /// The writers' runs; epochs rise. One whose record is damaged is missing here.
    pub fn epochs(&self) -> &[EpochStart] {
        &self.epochs
    }

    /// The highest epoch that left a trace.
    pub fn epoch_last(&self) -> Option<Epoch> {
        let recorded = self.epochs.last().map(|start| start.epoch);
        recorded.max(self.runs.values().map(|run| run.epoch).max())
    }

    /// The tape's first slot.
    pub fn first(&self) -> Slot {
        let chunk = self.runs.keys().next().copied();
        let epoch = self.epochs.iter().map(|start| start.first).min();
        chunk.into_iter().chain(epoch).min().unwrap_or_default()
    }

    /// The slot after everything on the tape: chunks, holes, beginnings of epochs, the close.
    pub fn end(&self) -> Slot {
        let chunk = self.runs.last_key_value().map(|(first, run)| run.end(*first));
        let hole = self.recorded_holes.values().map(|(end, _)| *end).max();
        let epoch = self.epochs.iter().map(|start| start.first).max();
        chunk.into_iter().chain(hole).chain(epoch).chain(self.closed).max().unwrap_or_default()
    }

    /// The slot after the show's last one, once the tape is complete.
    pub fn closed(&self) -> Option<Slot> {
        self.closed
    }

    /// How many chunks the tape has.
    pub fn chunks(&self) -> u64 {
        self.chunks
    }

    /// Bytes of all its records.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    fn add_chunk(&mut self, chunk: &Chunk, at: Location) -> bool {
        let position = chunk.position;
        let slot = position.slot;
        let mut first = slot;
        match self.runs.range_mut(..=slot).next_back() {
            Some((run_first, run)) if slot < run.end(*run_first) => {
                let same = run.epoch == position.epoch;
                if same {
                    run.locations[(slot.0 - run_first.0) as usize] = at;
                }
                return same;
            }
            Some((run_first, run)) if slot == run.end(*run_first) && run.epoch == position.epoch => {
                run.locations.push(at);
                first = *run_first;
            }
            _ => {
                self.runs.insert(slot, Entries { epoch: position.epoch, locations: vec![at] });
            }
        }
        self.chunks += 1;
        self.join_with_next(first, slot.next());
        true
    }

    /// Joins the run that begins at `first` and ends at `end` with one that begins there.
    fn join_with_next(&mut self, first: Slot, end: Slot) {
        let epoch = self.runs[&first].epoch;
        if self.runs.get(&end).is_some_and(|next| next.epoch == epoch) {
            let next = self.runs.remove(&end).expect("looked up above");
            let run = self.runs.get_mut(&first).expect("indexed above");
            run.locations.extend(next.locations);
        }
    }

    /// Adds what no hole covers yet: the first word about a slot counts.
    fn add_hole(&mut self, first: Slot, end: Slot, cause: HoleCause) {
        let mut from = first;
        while from < end {
            let around = self.recorded_holes.range(..=from).next_back().filter(|(_, hole)| from < hole.0);
            if let Some((_, (known_end, _))) = around {
                from = *known_end;
                continue;
            }
            let to = self.recorded_holes.range(from..).next().map_or(end, |(next, _)| end.min(*next));
            self.recorded_holes.insert(from, (to, cause));
            from = to;
        }
    }

    fn add_mark(&mut self, mark: &Mark) {
        let end = self.marks.partition_point(|other| other.at <= mark.at);
        let same_time = self.marks[..end].iter().rev().take_while(|other| other.at == mark.at);
        let known = same_time.into_iter().any(|other| other == mark);
        match (known, self.marks.len() < MARKS_MAX) {
            (true, _) => {}
            (false, true) => self.marks.insert(end, mark.clone()),
            (false, false) => self.marks_dropped += 1,
        }
    }

    /// Appends the holes from `first` to `end`: as they were recorded, and the rest as damage.
    fn split_hole(&self, first: Slot, end: Slot, holes: &mut Vec<Hole>) {
        let mut next = first;
        // One that begins before the gap may reach into it, over chunks that turned up later.
        let before = self.recorded_holes.range(..first).next_back();
        for (recorded_first, (recorded_end, cause)) in
            before.into_iter().chain(self.recorded_holes.range(first..))
        {
            let (from, to) = ((*recorded_first).max(next), (*recorded_end).min(end));
            if from >= to {
                continue;
            }
            if next < from {
                holes.push(Hole { first: next, end: from, cause: HoleCause::Damage });
            }
            holes.push(Hole { first: from, end: to, cause: *cause });
            next = to;
        }
        if next < end {
            holes.push(Hole { first: next, end, cause: HoleCause::Damage });
        }
    }
}
