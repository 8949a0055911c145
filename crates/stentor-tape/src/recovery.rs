//! Reads a tape from its files: after a start, and for verification.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use stentor_types::time::{CHUNK_SAMPLES, SAMPLE_RATE_HZ};
use stentor_types::{Epoch, Position, Slot, TapeHead, Wall};

use crate::index::Index;
use crate::record::{Record, TapeId};
use crate::scan::{Found, Scan};
use crate::segment::{Location, Segment};

/// Bytes of one read: four of the longest records, so that every read brings at least one whole
/// record; and all that a recovery holds of the files at a time.
pub const READ_BYTES_MAX: u64 = 1024 * 1024;

/// Remarks on damage; what exceeds them is counted. A disk this broken needs no longer list.
pub const DAMAGE_MAX: usize = 1024;

/// Slots left free behind the last one on the tape, because up to 2 s of sound can have been heard
/// that were not yet safe on the disk: 2 s / 0.32 s = 6.25.
pub const SLOTS_UNSAFE_MAX: u64 = 7;

/// The longest pause that wall time is believed to have passed between two writers. A longer one is a
/// clock that was set, or a show nobody waits for any more: neither is worth a hole of days in the replay.
pub const PAUSE_MAX: Duration = Duration::from_secs(12 * 60 * 60);

/// Epochs skipped when a part of the tape cannot be read, because it may hold epochs that were heard. A
/// segment holds a handful of them.
pub const EPOCHS_DAMAGED_MAX: u32 = 64;

/// A read that a recovery needs. The shell answers with [`Recovery::took`] or [`Recovery::read_failed`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Read {
    /// The file.
    pub segment: Segment,
    /// Bytes from its beginning.
    pub offset: u64,
    /// How many; [`READ_BYTES_MAX`] at most.
    pub len_bytes: u64,
}

/// Something that is not as a writer left it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Damage {
    /// Bytes between records that are no record of this tape. What was in them is lost.
    Unreadable {
        /// The file.
        segment: Segment,
        /// Bytes from its beginning.
        offset: u64,
        /// How many.
        len_bytes: u64,
    },
    /// Bytes behind the last record of a file: what a crash or a failing disk leaves of the record in hand.
    TornTail {
        /// The file.
        segment: Segment,
        /// Bytes from its beginning.
        offset: u64,
        /// How many.
        len_bytes: u64,
    },
    /// The system could not read the file from here on.
    ReadFailed {
        /// The file.
        segment: Segment,
        /// Bytes from its beginning.
        offset: u64,
    },
    /// Files are missing or empty that once held a part of the tape.
    Missing {
        /// The first of them.
        first: Segment,
        /// The one after the last.
        end: Segment,
    },
    /// Two epochs claim the same slot; the one that came first counts.
    SlotTwice {
        /// Epoch of the second claim.
        epoch: Epoch,
        /// The slot.
        slot: Slot,
    },
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { segment, offset, len_bytes } => {
                write!(f, "{}: {len_bytes} bytes at {offset} are damaged", segment.file_name())
            }
            Self::TornTail { segment, offset, len_bytes } => {
                write!(
                    f,
                    "{}: {len_bytes} bytes at its end, from {offset}, are incomplete",
                    segment.file_name()
                )
            }
            Self::ReadFailed { segment, offset } => {
                write!(f, "{}: cannot be read from {offset} on", segment.file_name())
            }
            Self::Missing { first, end } if first.next() == *end => {
                write!(f, "{} is missing or empty", first.file_name())
            }
            Self::Missing { first, end } => {
                write!(
                    f,
                    "{} and {} more files before {} are missing or empty",
                    first.file_name(),
                    end.0 - first.0 - 1,
                    end.file_name()
                )
            }
            Self::SlotTwice { epoch, slot } => {
                write!(
                    f,
                    "chunk {} is in a slot that another epoch has used",
                    Position { epoch: *epoch, slot: *slot }
                )
            }
        }
    }
}

/// Why there is no tape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecoveryError {
    /// No file has a sound head. Without bytes, or with few after a crash in the tape's first second,
    /// there never was a tape: begin one with [`crate::Writer::create`]; the files stay as they are. A
    /// show that another process had may have been heard all the same, with a disk that did not take it: who knows its
    /// anchor goes on at [`slot_at`], and who does not takes an epoch that counting from 1 cannot have reached.
    #[error("no file of the tape has a sound head ({bytes} bytes)")]
    Empty {
        /// The segment for a new tape.
        segment_next: Segment,
        /// The epoch for a new tape: above all that may have been heard.
        epoch_next: Epoch,
        /// Bytes in all files.
        bytes: u64,
    },
    /// A newer version of the program has written here. Use that one; nothing is changed.
    #[error("the tape is of version {version}, which this program is too old to read; use the newer one")]
    Newer {
        /// The version of a record.
        version: u8,
    },
}

/// Where and as whom the next writer begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Next {
    /// Its epoch.
    pub epoch: Epoch,
    /// Its first slot.
    pub first: Slot,
}

/// What a recovery found.
#[derive(Clone, Debug)]
pub struct Recovered {
    /// Everything on the tape.
    pub index: Index,
    /// What is not as it should be, in the order of the tape; [`DAMAGE_MAX`] at most.
    pub damage: Vec<Damage>,
    /// Remarks on damage beyond that.
    pub damage_dropped: u64,
    /// Sound records.
    pub records: u64,
    /// Files looked at.
    pub segments: u64,
    /// The tail of the last file, if it is torn: cut the file to this length. [`crate::Writer::resume`]
    /// sees to it.
    pub truncate: Option<(Segment, u64)>,
    /// The newest file with a sound record.
    pub segment_last_used: Option<Segment>,
    /// The file that the next writer begins.
    pub segment_next: Segment,
    /// Damage may hide epochs.
    epochs_hidden: bool,
}

impl Recovered {
    /// The next writer's epoch, above all others, and its first slot: the one that wall time says, but
    /// always above the last one used. Slot and epoch both rise, so a name stays unique even if one of them is
    /// misled, by a clock set back or by a damaged disk.
    pub fn next(&self, now: Wall) -> Next {
        let skipped = if self.epochs_hidden { EPOCHS_DAMAGED_MAX } else { 0 };
        let epoch = self.index.epoch_last().map_or(0, |last| last.0).saturating_add(skipped);
        let epoch = Epoch(epoch.checked_add(1).expect("four billion epochs outlast every show"));
        let used = self.index.epoch_last().map_or(0, |_| SLOTS_UNSAFE_MAX);
        let lowest = self.index.end().plus(used);
        let by_clock = slot_at(self.index.head().anchor, now);
        let credible = lowest..=lowest.plus(slots(PAUSE_MAX));
        Next { epoch, first: if credible.contains(&by_clock) { by_clock } else { lowest } }
    }
}

/// The first slot that begins at or after `now`, on a media clock whose slot 0 was at `anchor`.
pub fn slot_at(anchor: Wall, now: Wall) -> Slot {
    Slot(slots(now.saturating_since(anchor)))
}

/// The slots that begin within `duration`, rounded up.
fn slots(duration: Duration) -> u64 {
    let slot_ms = u64::from(CHUNK_SAMPLES) * 1000 / u64::from(SAMPLE_RATE_HZ);
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).div_ceil(slot_ms)
}

/// Finds out what is on a tape. Reads every file once, in windows of [`READ_BYTES_MAX`].
///
/// **Answer every [`Read`] of [`Self::poll_read`] with [`Self::took`] or [`Self::read_failed`]; after `None`
/// call [`Self::finish`].** It writes nothing: a verification ends there.
#[derive(Debug)]
pub struct Recovery {
    /// In the order of the tape; those in front are done.
    waiting: VecDeque<(Segment, u64)>,
    segments: BTreeMap<Segment, Seen>,
    stage: Stage,
    newer: Option<u8>,
    damage: Vec<Damage>,
    damage_dropped: u64,
    records: u64,
    torn_last: Option<(Segment, u64)>,
    read_failed: bool,
    epochs_hidden: bool,
}

#[derive(Debug)]
enum Stage {
    /// Looking for any head, because nothing can be checked without one.
    Head {
        candidates: VecDeque<(Segment, u64)>,
        scan: Option<Scan>,
    },
    Records {
        index: Index,
        tape: TapeId,
        scan: Option<Scan>,
    },
}

/// What is known of a file.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    len_bytes: u64,
    records: u64,
    after: Option<Segment>,
}

impl Recovery {
    /// The recovery of a tape in these files with these lengths.
    pub fn new(files: impl IntoIterator<Item = (Segment, u64)>) -> Self {
        let segments: BTreeMap<_, _> = files
            .into_iter()
            .map(|(segment, len_bytes)| (segment, Seen { len_bytes, ..Seen::default() }))
            .collect();
        let waiting: VecDeque<_> =
            segments.iter().map(|(segment, seen)| (*segment, seen.len_bytes)).collect();
        Self {
            stage: Stage::Head { candidates: waiting.clone(), scan: None },
            waiting,
            segments,
            newer: None,
            damage: Vec::new(),
            damage_dropped: 0,
            records: 0,
            torn_last: None,
            read_failed: false,
            epochs_hidden: false,
        }
    }

    /// The recovery of what belongs to the tape with this head, and of nothing else: for own tracks, whose files
    /// may have been begun for another tape of the show, and for which the tape says when they sound.
    pub fn of(head: Arc<TapeHead>, files: impl IntoIterator<Item = (Segment, u64)>) -> Self {
        let tape = TapeId::of(&head);
        let stage = Stage::Records { index: Index::new(head), tape, scan: None };
        Self { stage, ..Self::new(files) }
    }

    /// The read that is needed next; the same one until it is answered.
    pub fn poll_read(&mut self) -> Option<Read> {
        loop {
            match &mut self.stage {
                Stage::Head { candidates, scan } => match scan {
                    // The two heads of a segment lie at its beginning.
                    Some(scan) if !scan.is_finished() && scan.reads() == 0 => return scan.read(),
                    _ => {
                        let (segment, len_bytes) = candidates.pop_front()?;
                        *scan = Some(Scan::new(segment, len_bytes));
                    }
                },
                Stage::Records { scan, .. } => match scan {
                    Some(open) if !open.is_finished() => return open.read(),
                    Some(_) => self.finish_segment(),
                    None => {
                        let (segment, len_bytes) = self.waiting.pop_front()?;
                        *scan = Some(Scan::new(segment, len_bytes));
                    }
                },
            }
        }
    }

    /// The bytes that were read. Fewer than asked for mean that the file ends there.
    ///
    /// # Panics
    /// If no read was asked for.
    pub fn took(&mut self, bytes: Bytes) {
        match &mut self.stage {
            Stage::Head { scan, .. } => {
                let scan = scan.as_mut().expect("a read was asked for");
                scan.took(bytes);
                let mut head = None;
                while let Some(found) = scan.next(None) {
                    match found {
                        Found::Record { record: Record::Head { head: found, .. }, .. } => {
                            head = Some(found);
                            break;
                        }
                        Found::Newer(version) => self.newer = Some(version),
                        _ => {}
                    }
                }
                if let Some(head) = head {
                    self.begin_records(&head);
                }
            }
            Stage::Records { scan, .. } => {
                scan.as_mut().expect("a read was asked for").took(bytes);
                self.add_records();
            }
        }
    }

    /// The system could not read this. The rest of the file is given up, and nothing of it is cut.
    ///
    /// # Panics
    /// If no read was asked for.
    pub fn read_failed(&mut self) {
        match &mut self.stage {
            Stage::Head { scan, .. } => *scan = None,
            Stage::Records { scan, .. } => {
                let scan = scan.as_mut().expect("a read was asked for");
                let damage = Damage::ReadFailed { segment: scan.segment(), offset: scan.offset() };
                scan.give_up();
                self.read_failed = true;
                self.add_damage(damage);
            }
        }
    }

    /// What was found.
    ///
    /// # Panics
    /// If a read is still needed.
    pub fn finish(mut self) -> Result<Recovered, RecoveryError> {
        assert!(self.poll_read().is_none(), "a read is still needed");
        if let Some(version) = self.newer {
            return Err(RecoveryError::Newer { version });
        }
        let bytes = self.segments.values().map(|seen| seen.len_bytes).sum();
        let segment_next = self.segments.keys().next_back().map_or(Segment::FIRST, |last| last.next());
        let used = |(_, seen): &(&Segment, &Seen)| seen.records > 0;
        let segment_last_used = self.segments.iter().rfind(used).map(|(segment, _)| *segment);
        self.add_missing();
        let Stage::Records { index, .. } = self.stage else {
            let epoch_next = Epoch(if bytes == 0 { 1 } else { 1 + EPOCHS_DAMAGED_MAX });
            return Err(RecoveryError::Empty { segment_next, epoch_next, bytes });
        };
        Ok(Recovered {
            index,
            damage: self.damage,
            damage_dropped: self.damage_dropped,
            records: self.records,
            segments: self.segments.len() as u64,
            truncate: self.torn_last,
            segment_last_used,
            segment_next,
            epochs_hidden: self.epochs_hidden,
        })
    }

    fn begin_records(&mut self, head: &TapeHead) {
        // A copy, because the frames of the head that was read are views into a whole window.
        let mut head = head.clone();
        head.aac_config = Bytes::copy_from_slice(&head.aac_config);
        for rendition in head.filler.set().iter() {
            if let Some(frames) = head.filler.get_mut(rendition) {
                *frames = stentor_types::Frames::from_slices(frames.iter());
            }
        }
        let tape = TapeId::of(&head);
        self.stage = Stage::Records { index: Index::new(Arc::new(head)), tape, scan: None };
    }

    fn add_records(&mut self) {
        let Stage::Records { index, tape, scan: Some(scan) } = &mut self.stage else { return };
        let mut damage = Vec::new();
        while let Some(found) = scan.next(Some(tape)) {
            match found {
                Found::Record { record, at } => {
                    self.records += 1;
                    let seen = self.segments.entry(at.segment).or_default();
                    seen.records += 1;
                    if let Record::Head { after, .. } = &record {
                        seen.after = *after;
                    }
                    damage.extend(add_record(index, &record, at));
                }
                Found::Unreadable { segment, offset, len_bytes } => {
                    damage.push(Damage::Unreadable { segment, offset, len_bytes });
                }
                Found::Newer(version) => self.newer = Some(version),
            }
        }
        damage.into_iter().for_each(|damage| self.add_damage(damage));
    }

    fn finish_segment(&mut self) {
        let Stage::Records { scan, .. } = &mut self.stage else { return };
        let Some(scan) = scan.take() else { return };
        let Some((offset, len_bytes)) = scan.torn_tail() else { return };
        let segment = scan.segment();
        let last = self.waiting.is_empty();
        // A file without any record may be somebody else's: it stays whole.
        let ours = self.segments[&segment].records > 0;
        if last && ours && !self.read_failed {
            self.torn_last = Some((segment, offset));
        }
        self.epochs_hidden |= !last;
        self.add_damage(Damage::TornTail { segment, offset, len_bytes });
    }

    /// A segment names the one before it that held something. If that is not there or empty, files are gone.
    fn add_missing(&mut self) {
        let mut used_last = None;
        let mut missing = Vec::new();
        for (segment, seen) in self.segments.iter().filter(|(_, seen)| seen.records > 0) {
            if seen.after > used_last {
                let first = used_last.map_or(Segment::FIRST, Segment::next);
                missing.push(Damage::Missing { first, end: seen.after.map_or(*segment, Segment::next) });
            }
            used_last = Some(*segment);
        }
        missing.into_iter().for_each(|damage| self.add_damage(damage));
    }

    fn add_damage(&mut self, damage: Damage) {
        self.epochs_hidden |= !matches!(damage, Damage::TornTail { .. });
        if self.damage.len() < DAMAGE_MAX {
            self.damage.push(damage);
        } else {
            self.damage_dropped += 1;
        }
    }
}

fn add_record(index: &mut Index, record: &Record, at: Location) -> Option<Damage> {
    if index.add(record, at) {
        return None;
    }
    let Record::Chunk(chunk) = record else { return None };
    Some(Damage::SlotTwice { epoch: chunk.position.epoch, slot: chunk.position.slot })
}
