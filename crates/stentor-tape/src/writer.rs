//! Writes a tape: decides what goes where and when it is safe; the shell does it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use stentor_types::limits::MARKS_PER_CHUNK_MAX;
use stentor_types::{Chunk, Epoch, Mark, Mono, Slot, TapeHead, TrackChunk, Wall};

use crate::lost::Lost;
use crate::record::{HoleCause, Record, TapeId, encode};
use crate::recovery::Recovered;
use crate::segment::{Location, Place, SEGMENT_BYTES, Segment};

/// What was appended is synced at most this long after. With the 0.32 s of the chunk in the making and
/// a sync that takes up to 0.6 s (measured: 17 ms) a power cut takes less than 2 s of sound.
pub const SYNC_EVERY: Duration = Duration::from_secs(1);

/// The first pause after the disk failed; it doubles with each failure.
pub const RETRY_FIRST: Duration = Duration::from_secs(1);

/// The longest pause: half of what [`BACKLOG_CHUNKS_MAX`] holds, so that a disk that is well again is
/// tried before anything more is lost.
pub const RETRY_MAX: Duration = Duration::from_secs(30);

/// Chunks kept for the disk while it does not take them: 60 s, 188 × 8.5 kB = 1.6 MB. They share their
/// sound with the window, so that it costs nothing more as long as both hold the same ones.
pub const BACKLOG_CHUNKS_MAX: usize = 188;

/// Records other than chunks kept meanwhile: holes, epochs and marks, each of them small. Of own tracks, which have
/// a writer to themselves, both limits together: 700 × 2.6 kB = 1.8 MB, in stereo 3.6 MB.
pub const BACKLOG_OTHERS_MAX: usize = 512;

/// Marks of lost chunks that are kept: five speaking marks a second for 13 minutes, some 400 kB.
pub const MARKS_OWED_MAX: usize = 4096;

/// How the disk does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Disk {
    /// It takes what it gets.
    #[default]
    Ok,
    /// It has no space left.
    Full,
    /// It answers with errors.
    Failed,
}

/// Why an operation did not succeed, as the shell tells it from the system's error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DiskError {
    /// No space, or a quota is used up.
    #[error("the disk is full")]
    Full,
    /// Everything else.
    #[error("the disk failed")]
    Failed,
}

/// What the shell does next on the tape's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Op {
    /// Create this file; if it exists, that is a failure.
    Create {
        /// The file.
        segment: Segment,
    },
    /// Write all of `bytes` at `offset`, which is the file's end.
    Append {
        /// The file.
        segment: Segment,
        /// Its length before.
        offset: u64,
        /// One record.
        bytes: Bytes,
    },
    /// fdatasync the file.
    Sync {
        /// The file.
        segment: Segment,
    },
    /// fsync the folder, so that names of new files are safe.
    SyncFolder,
    /// Cut the file to this length: its tail was never whole.
    Truncate {
        /// The file.
        segment: Segment,
        /// Its length after.
        len_bytes: u64,
    },
}

/// What comes out of a [`Writer`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Output {
    /// Do this, then call [`Writer::done`] or [`Writer::failed`].
    Do(Op),
    /// This record can be read now, if not yet after a power cut: the index takes it.
    Written {
        /// The record.
        record: Record,
        /// Where it lies.
        at: Location,
    },
    /// The epoch's chunks may now be served. Before, a crash could make the next writer take the same
    /// epoch, and a name could mean two sounds.
    EpochOpen {
        /// The epoch.
        epoch: Epoch,
        /// Its record is safe. If not, the disk has failed and the show goes on without it.
        safe: bool,
    },
    /// The state of the disk has changed.
    Disk {
        /// The new state.
        disk: Disk,
        /// Chunks that this writer could not put on the tape so far.
        chunks_lost: u64,
    },
    /// The tape is complete and safe; the writer has nothing more to do.
    Closed,
}

/// The tape says that it is complete; no writer continues it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the tape is closed")]
pub struct ClosedError;

/// The writing end of a tape.
///
/// **After every call drain [`Self::poll_output`] until `None`; perform each [`Op`] before polling on, and
/// answer it with [`Self::done`] or [`Self::failed`]; call [`Self::tick`] no later than
/// [`Self::poll_timeout`] says.**
///
/// A writer never appends to a file that another writer, or it itself before a failure, has written to:
/// after a failed write or sync nobody knows what the disk has. It goes on in a new segment, with
/// everything again that was not known to be safe.
#[derive(Debug)]
pub struct Writer {
    now: Mono,
    head: Arc<TapeHead>,
    tape: TapeId,
    phase: Phase,
    doing: Option<Doing>,
    outputs: VecDeque<Output>,

    /// To be written, in this order.
    queue: VecDeque<Record>,
    /// Written since the last sync that succeeded.
    unsynced: Vec<Record>,
    unsynced_since: Option<Mono>,
    /// The epoch's beginning or the end was just written: safe at once, not in a second.
    sync_now: bool,

    segment: Segment,
    /// Length of the open segment.
    len_bytes: u64,
    /// A segment is full at this length.
    segment_bytes: u64,
    /// The newest segment in which something is safe.
    after: Option<Segment>,

    /// The epoch in force, and the slot after the newest chunk that was handed in.
    epoch: Option<(Epoch, Slot, Wall)>,
    next: Option<Slot>,
    epochs_announced: Option<Epoch>,
    resumed: bool,

    disk: Disk,
    retry_after: Duration,
    lost: Lost,
    chunks_lost: u64,
}

/// Where the writer stands.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Phase {
    /// What an earlier writer left is cut and made safe first.
    Resuming(VecDeque<Op>),
    /// Nothing is open. The next segment is created when there is something to write.
    Between,
    /// The segment is created, its name not yet safe.
    Created,
    Open,
    /// The disk does not work.
    Down {
        retry_at: Mono,
    },
    Closed,
}

#[derive(Debug)]
enum Doing {
    Resume,
    Create,
    SyncFolder,
    Append { record: Record, at: Location },
    Sync,
}

impl Writer {
    /// The writer of a new tape. `segment` is [`Segment::FIRST`], or the one that a recovery without
    /// result names ([`crate::RecoveryError::Empty`]).
    pub fn create(head: Arc<TapeHead>, segment: Segment) -> Self {
        Self::new(head, segment, None, None, Phase::Between)
    }

    /// The writer that continues a tape in a new segment. Whatever the earlier writer left in the last
    /// one is made safe before: until then it may be in the system's memory only.
    pub fn resume(recovered: &Recovered) -> Result<Self, ClosedError> {
        if recovered.index.closed().is_some() {
            return Err(ClosedError);
        }
        let mut ops = VecDeque::new();
        if let Some((segment, len_bytes)) = recovered.truncate {
            ops.push_back(Op::Truncate { segment, len_bytes });
        }
        ops.extend(recovered.segment_last_used.map(|segment| Op::Sync { segment }));
        let segment = recovered.segment_next;
        let next = Some(recovered.index.end());
        let head = recovered.index.head().clone();
        let mut writer = Self::new(head, segment, recovered.segment_last_used, next, Phase::Resuming(ops));
        writer.resumed = true;
        Ok(writer)
    }

    fn new(
        head: Arc<TapeHead>,
        segment: Segment,
        after: Option<Segment>,
        next: Option<Slot>,
        phase: Phase,
    ) -> Self {
        Self {
            now: Mono::default(),
            tape: TapeId::of(&head),
            head,
            phase,
            doing: None,
            outputs: VecDeque::new(),
            queue: VecDeque::new(),
            unsynced: Vec::new(),
            unsynced_since: None,
            sync_now: false,
            segment,
            len_bytes: 0,
            segment_bytes: SEGMENT_BYTES,
            after,
            epoch: None,
            next,
            epochs_announced: None,
            resumed: false,
            disk: Disk::Ok,
            retry_after: RETRY_FIRST,
            lost: Lost::default(),
            chunks_lost: 0,
        }
    }

    /// The same writer with segments of another length than [`SEGMENT_BYTES`], a gigabyte at most: for file
    /// systems with small files, and to see segments change within a test.
    #[must_use]
    pub fn with_segment_bytes(mut self, segment_bytes: u64) -> Self {
        self.segment_bytes = segment_bytes.min(1 << 30);
        self
    }

    /// Begins an epoch. The slots between the last one used and `first` become a hole.
    ///
    /// # Panics
    /// If the epoch does not rise, or the slot falls.
    pub fn open_epoch(&mut self, now: Mono, epoch: Epoch, first: Slot, wall: Wall) {
        self.tick(now);
        assert!(self.epoch.is_none_or(|(last, ..)| last < epoch), "epochs rise: {epoch:?}");
        assert!(self.next.is_none_or(|next| next <= first), "slots rise: {first:?}");
        if let Some(next) = self.next.filter(|next| *next < first) {
            let restarted = self.resumed && self.epoch.is_none();
            let cause = if restarted { HoleCause::Restart } else { HoleCause::NewMixer };
            self.queue.push_back(Record::Hole { first: next, end: first, cause });
        }
        self.epoch = Some((epoch, first, wall));
        self.next = Some(first);
        self.queue.push_back(Record::Epoch { epoch, first, wall });
        self.shed();
        self.announce_unsafe();
    }

    /// Puts a chunk on the tape. Slots that were left out since the last one got lost on the way here,
    /// because the disk was too slow: they become a hole with a mark.
    ///
    /// # Panics
    /// If the chunk is not of the open epoch, or its slot does not rise.
    pub fn push_chunk(&mut self, now: Mono, chunk: Arc<Chunk>) {
        self.tick(now);
        let position = chunk.position;
        let epoch = self.epoch.map(|(epoch, ..)| epoch);
        assert_eq!(epoch, Some(position.epoch), "a chunk is of the open epoch");
        let rises = self.next.is_none_or(|next| next <= position.slot);
        assert!(rises, "slots rise: {position}");
        self.push_lost_until(position.slot);
        self.next = Some(position.slot.next());
        self.queue.push_back(Record::Chunk(chunk));
        self.shed();
    }

    /// Puts marks on the tape that no chunk carries.
    pub fn push_marks(&mut self, now: Mono, marks: &[Mark]) {
        self.tick(now);
        self.queue.extend(marks.chunks(MARKS_PER_CHUNK_MAX).map(|marks| Record::Marks(marks.to_vec())));
        self.shed();
    }

    /// Puts a chunk of an own track into the file of tracks. It belongs to no epoch that has to be opened.
    pub fn push_track(&mut self, now: Mono, chunk: Arc<TrackChunk>) {
        self.tick(now);
        self.queue.push_back(Record::Track(chunk));
        self.shed();
    }

    /// Says that the tape is complete; `end` is the slot after the last chunk that was made.
    /// [`Output::Closed`] comes when that is safe.
    ///
    /// # Panics
    /// If a chunk at or above `end` was pushed.
    pub fn close(&mut self, now: Mono, end: Slot) {
        self.tick(now);
        assert!(self.next.is_none_or(|next| next <= end), "nothing comes after the end: {end:?}");
        self.push_lost_until(end);
        self.queue.push_back(Record::Closed { end });
    }

    /// Lets time pass.
    pub fn tick(&mut self, now: Mono) {
        self.now = self.now.max(now);
    }

    /// When to call [`Self::tick`] at the latest, unless something else happens before.
    pub fn poll_timeout(&self) -> Option<Mono> {
        match self.phase {
            _ if self.doing.is_some() => None,
            Phase::Down { retry_at } => Some(retry_at),
            Phase::Open => self.unsynced_since.map(|since| since + SYNC_EVERY),
            _ => None,
        }
    }

    /// The next thing that happened or that is to be done; `None` until the operation in hand is answered, time
    /// passes, or something is pushed.
    pub fn poll_output(&mut self) -> Option<Output> {
        if let Some(output) = self.outputs.pop_front() {
            return Some(output);
        }
        if self.doing.is_some() {
            return None;
        }
        let (doing, op) = self.next_op()?;
        self.doing = Some(doing);
        Some(Output::Do(op))
    }

    /// The operation in hand succeeded.
    ///
    /// # Panics
    /// If there is none.
    pub fn done(&mut self, now: Mono) {
        self.tick(now);
        match self.doing.take().expect("an operation is in hand") {
            Doing::Resume => {}
            Doing::Create => self.phase = Phase::Created,
            Doing::SyncFolder => self.begin_segment(),
            Doing::Append { record, at } => {
                self.len_bytes += u64::from(at.len_bytes);
                self.unsynced_since.get_or_insert(self.now);
                self.sync_now |= self.deserves_sync(&record);
                self.outputs.push_back(Output::Written { record: record.clone(), at });
                self.unsynced.push(record);
            }
            Doing::Sync => self.synced(),
        }
    }

    /// The operation in hand did not succeed, and nobody knows how much of it the disk has.
    ///
    /// # Panics
    /// If there is none.
    pub fn failed(&mut self, now: Mono, error: DiskError) {
        self.tick(now);
        let doing = self.doing.take().expect("an operation is in hand");
        let in_hand = match doing {
            Doing::Append { record, .. } => Some(record),
            _ => None,
        };
        // Each segment gets heads of its own.
        let again = self.unsynced.drain(..).chain(in_hand).filter(|r| !matches!(r, Record::Head { .. }));
        let again: Vec<_> = again.collect();
        again.into_iter().rev().for_each(|record| self.queue.push_front(record));
        self.unsynced_since = None;
        self.sync_now = false;
        if matches!(self.phase, Phase::Resuming(_)) {
            // What the earlier writer left may yet vanish, and is not to be missed then.
            self.after = None;
        } else {
            self.segment = self.segment.next();
        }
        self.phase = Phase::Down { retry_at: self.now + self.retry_after };
        self.retry_after = (self.retry_after * 2).min(RETRY_MAX);
        self.set_disk(match error {
            DiskError::Full => Disk::Full,
            DiskError::Failed => Disk::Failed,
        });
        self.shed();
        self.announce_unsafe();
    }

    /// The next file that is created is this one, if its turn has not come yet: files before it exist that nobody knew
    /// of when the writer was made. For the time after [`Self::failed`].
    ///
    /// # Panics
    /// If a file is open or an operation in hand.
    pub fn go_on_in(&mut self, segment: Segment) {
        assert!(matches!(self.phase, Phase::Down { .. }) && self.doing.is_none(), "the disk has just failed");
        self.segment = self.segment.max(segment);
    }

    /// How the disk does.
    pub fn disk(&self) -> Disk {
        self.disk
    }

    /// Chunks that this writer could not put on the tape.
    pub fn chunks_lost(&self) -> u64 {
        self.chunks_lost
    }

    /// The slots up to `end` had chunks that never came.
    fn push_lost_until(&mut self, end: Slot) {
        let Some(next) = self.next.filter(|next| *next < end) else { return };
        let mut lost = Lost::default();
        lost.add(next, end);
        self.chunks_lost += lost.chunks;
        self.queue.extend(lost.records());
    }

    fn next_op(&mut self) -> Option<(Doing, Op)> {
        let segment = self.segment;
        match &mut self.phase {
            Phase::Resuming(ops) => match ops.pop_front() {
                Some(op) => return Some((Doing::Resume, op)),
                None => self.phase = Phase::Between,
            },
            Phase::Down { retry_at } if *retry_at <= self.now => self.phase = Phase::Between,
            Phase::Open => return self.next_op_open(),
            _ => {}
        }
        match self.phase {
            Phase::Between if !self.queue.is_empty() => Some((Doing::Create, Op::Create { segment })),
            Phase::Created => Some((Doing::SyncFolder, Op::SyncFolder)),
            _ => None,
        }
    }

    fn next_op_open(&mut self) -> Option<(Doing, Op)> {
        let segment = self.segment;
        let full = self.len_bytes >= self.segment_bytes;
        let due = self.unsynced_since.is_some_and(|since| since + SYNC_EVERY <= self.now);
        if due || self.sync_now || (full && self.unsynced_since.is_some()) {
            return Some((Doing::Sync, Op::Sync { segment }));
        }
        if full {
            self.segment = segment.next();
            self.phase = Phase::Between;
            return self.next_op();
        }
        // Told once the worst is over, so that a slow disk gets one hole to write and not one for each chunk.
        if self.queue.len() <= BACKLOG_CHUNKS_MAX / 2 {
            let lost = std::mem::take(&mut self.lost).records();
            lost.into_iter().rev().for_each(|record| self.queue.push_front(record));
        }
        let record = self.queue.pop_front()?;
        let place = Place { segment, offset: self.len_bytes };
        let bytes = encode(&record, &self.tape, place);
        let at = Location {
            segment,
            offset: u32::try_from(place.offset).expect("a segment is far shorter than 4 GiB"),
            len_bytes: u32::try_from(bytes.len()).expect("a record is far shorter than 4 GiB"),
        };
        Some((Doing::Append { record, at }, Op::Append { segment, offset: place.offset, bytes }))
    }

    /// The heads and the epoch in force come first, then what was lost, then what waits.
    fn begin_segment(&mut self) {
        self.phase = Phase::Open;
        self.len_bytes = 0;
        let (epoch, first, wall) = self.epoch.unwrap_or_default();
        let head = Record::Head { head: self.head.clone(), after: self.after };
        let mut begin = vec![head.clone(), head];
        // An epoch that waits in the queue comes in its turn, after the chunks of the one before.
        let waits = |r: &Record| matches!(r, Record::Epoch { epoch: waiting, .. } if *waiting == epoch);
        if self.epoch.is_some() && !self.queue.iter().any(waits) {
            begin.push(Record::Epoch { epoch, first, wall });
        }
        begin.extend(std::mem::take(&mut self.lost).records());
        begin.into_iter().rev().for_each(|record| self.queue.push_front(record));
    }

    fn deserves_sync(&self, record: &Record) -> bool {
        match record {
            Record::Epoch { epoch, .. } => self.epochs_announced < Some(*epoch),
            Record::Closed { .. } => true,
            _ => false,
        }
    }

    fn synced(&mut self) {
        self.unsynced_since = None;
        self.sync_now = false;
        self.after = Some(self.segment);
        self.retry_after = RETRY_FIRST;
        self.set_disk(Disk::Ok);
        for record in std::mem::take(&mut self.unsynced) {
            match record {
                Record::Epoch { epoch, .. } => self.announce(epoch, true),
                Record::Closed { .. } => {
                    self.phase = Phase::Closed;
                    self.outputs.push_back(Output::Closed);
                }
                _ => {}
            }
        }
    }

    fn announce(&mut self, epoch: Epoch, safe: bool) {
        if self.epochs_announced < Some(epoch) {
            self.epochs_announced = Some(epoch);
            self.outputs.push_back(Output::EpochOpen { epoch, safe });
        }
    }

    /// Nobody waits for a disk that is down.
    fn announce_unsafe(&mut self) {
        if let (Phase::Down { .. }, Some((epoch, ..))) = (&self.phase, self.epoch) {
            self.announce(epoch, false);
        }
    }

    fn set_disk(&mut self, disk: Disk) {
        if self.disk != disk {
            self.disk = disk;
            self.outputs.push_back(Output::Disk { disk, chunks_lost: self.chunks_lost });
        }
    }

    /// Gives up what exceeds the backlog, the oldest first.
    fn shed(&mut self) {
        let chunks = self.queue.iter().filter(|record| matches!(record, Record::Chunk(_))).count();
        for _ in BACKLOG_CHUNKS_MAX..chunks {
            let oldest = self.queue.iter().position(|record| matches!(record, Record::Chunk(_)));
            if let Some(Record::Chunk(chunk)) = oldest.and_then(|at| self.queue.remove(at)) {
                self.lost.add(chunk.position.slot, chunk.position.slot.next());
                self.lost.marks.extend(chunk.marks.iter().cloned());
                self.chunks_lost += 1;
            }
        }
        while self.queue.len() > BACKLOG_CHUNKS_MAX + BACKLOG_OTHERS_MAX {
            let may_go = |r: &Record| !matches!(r, Record::Chunk(_) | Record::Head { .. });
            match self.queue.iter().position(may_go).and_then(|at| self.queue.remove(at)) {
                Some(Record::Marks(marks)) => self.lost.marks.extend(marks),
                Some(Record::Track(_)) => self.chunks_lost += 1,
                _ => {}
            }
        }
        let excess = self.lost.marks.len().saturating_sub(MARKS_OWED_MAX);
        self.lost.marks.drain(..excess);
    }
}
