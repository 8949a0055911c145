//! Knows everything that was made, heard and promised, and holds the tape to it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use stentor_tape::{Damage, Hole, HoleCause, Index, Location, Op, Record, Recovered};
use stentor_types::{Chunk, Epoch, Mark, Run, Slot};

use crate::disk::Disk;

/// A crash takes less than 2 s of sound: a chunk whose sound began before that is older than it was when it was
/// handed over, by its own length.
const LOST_US_MAX: u64 = 2_000_000 - 320_000;

type Name = (u32, u64);

/// How often something happened, so that a simulation that tests nothing is noticed.
#[derive(Debug, Default)]
pub(crate) struct Counts(BTreeMap<&'static str, u64>);

const MUST_HAPPEN: [&str; 14] = [
    "lives",
    "kills",
    "power cuts",
    "closes",
    "faults",
    "flips",
    "chunks heard",
    "chunks required",
    "chunks read",
    "chunks lost to flips",
    "tapes lost to flips",
    "tails cut",
    "damage between records",
    "chunks lost to the disk",
];

impl Counts {
    pub(crate) fn count(&mut self, what: &'static str) {
        self.add_to(what, 1);
    }

    pub(crate) fn add(&mut self, more: &Self) {
        more.0.iter().for_each(|(what, count)| self.add_to(what, *count));
    }

    pub(crate) fn all_happened(&self) -> bool {
        MUST_HAPPEN.iter().all(|what| self.0.contains_key(what))
    }

    fn add_to(&mut self, what: &'static str, count: u64) {
        *self.0.entry(what).or_default() += count;
    }
}

#[derive(Default)]
pub(crate) struct Judge {
    pub(crate) counts: Counts,
    /// Every chunk that was made; several of a name only if none of them was heard.
    made: BTreeMap<Name, Vec<Arc<Chunk>>>,
    heard: BTreeMap<Name, Arc<Chunk>>,
    heard_last: Option<Slot>,
    epochs_open: BTreeSet<Epoch>,
    /// A writer has said of some epoch that it is safe.
    epoch_was_safe: bool,
    disk_failed: bool,
    /// Chunks that must be on the tape.
    required: BTreeSet<Name>,
    /// Where chunks and heads were made safe.
    safe: BTreeMap<Name, Vec<Location>>,
    safe_heads: Vec<Location>,
    /// Written and not yet safe.
    unsafe_: Vec<(Record, Location)>,
    life: LifeSeen,
}

/// What was seen in the life that is going on, or has just ended.
#[derive(Default)]
struct LifeSeen {
    faulty: bool,
    handed_over: Vec<(u64, Name)>,
    made: Vec<Name>,
    /// What readers in this life could find.
    index: Option<Index>,
    closed: bool,
    killed: bool,
    lost: u64,
}

impl Judge {
    pub(crate) fn begin_life(&mut self, faulty: bool) {
        let index = self.life.index.take();
        self.life = LifeSeen { faulty, index, ..LifeSeen::default() };
        self.unsafe_.clear();
    }

    /// A chunk was made. It is heard if its epoch is open; names and slots are then used for good.
    pub(crate) fn made(&mut self, chunk: &Arc<Chunk>, now_us: u64, reaches_writer: bool, slots_rise: bool) {
        let position = chunk.position;
        let name = (position.epoch.0, position.slot.0);
        self.made.entry(name).or_default().push(chunk.clone());
        self.life.made.push(name);
        if reaches_writer {
            self.life.handed_over.push((now_us, name));
        }
        if self.epochs_open.contains(&position.epoch) {
            self.counts.count("chunks heard");
            assert!(self.heard.insert(name, chunk.clone()).is_none(), "{position} means two sounds");
            let rises = self.heard_last < Some(position.slot);
            assert!(rises || !slots_rise, "{position} is not above {:?}", self.heard_last);
            self.heard_last = self.heard_last.max(Some(position.slot));
        }
    }

    pub(crate) fn epoch_open(&mut self, epoch: Epoch, safe: bool) {
        self.epoch_was_safe |= safe;
        self.epochs_open.insert(epoch);
    }

    pub(crate) fn written(&mut self, record: Record, at: Location) {
        if let (Record::Head { head, .. }, None) = (&record, &self.life.index) {
            self.life.index = Some(Index::new(head.clone()));
        }
        let index = self.life.index.as_mut().expect("a head comes first");
        assert!(index.add(&record, at), "a slot twice: {record:?}");
        self.unsafe_.push((record, at));
    }

    pub(crate) fn performed(&mut self, op: &Op) {
        let Op::Sync { segment } = op else { return };
        for (record, at) in std::mem::take(&mut self.unsafe_) {
            assert_eq!(at.segment, *segment, "a segment was left before it was safe");
            match record {
                Record::Head { .. } => self.safe_heads.push(at),
                Record::Chunk(chunk) => {
                    let name = (chunk.position.epoch.0, chunk.position.slot.0);
                    self.safe.entry(name).or_default().push(at);
                    self.required.insert(name);
                }
                _ => {}
            }
        }
    }

    pub(crate) fn failed(&mut self) {
        self.disk_failed = true;
        self.unsafe_.clear();
    }

    pub(crate) fn end_life(&mut self, now_us: u64, closed: bool, killed: bool, lost: u64) {
        if !self.life.faulty {
            let old = self.life.handed_over.iter().filter(|(at_us, _)| at_us + LOST_US_MAX <= now_us);
            self.required.extend(old.map(|(_, name)| *name));
        }
        self.counts.add_to("chunks required", self.required.len() as u64);
        (self.life.closed, self.life.killed, self.life.lost) = (closed, killed, lost);
    }

    /// No head was found. Ends the show if bits that turned over explain that.
    pub(crate) fn judge_nothing(&mut self, disk: &Disk) -> bool {
        let hit = |at: &Location| is_hit(disk, *at);
        assert!(self.safe_heads.iter().all(hit), "a sound head was not found");
        if self.safe_heads.is_empty() {
            assert!(self.required.is_empty() && !self.epoch_was_safe, "sound is lost with its head");
            return false;
        }
        self.counts.count("tapes lost to flips");
        true
    }

    pub(crate) fn judge_recovered(&mut self, recovered: &Recovered, disk: &Disk) {
        let index = &recovered.index;
        self.judge_content(index, disk);
        self.judge_required(recovered, disk);
        let flips = !disk.flipped.is_empty();
        for damage in &recovered.damage {
            match damage {
                // After a failed sync and a kill, the next writer's sync says that all is well, and it is not.
                Damage::Missing { .. } => assert!(flips || self.disk_failed, "{damage} without a reason"),
                Damage::SlotTwice { .. } => panic!("{damage}"),
                Damage::Unreadable { .. } => self.counts.count("damage between records"),
                _ => {}
            }
        }
        if recovered.truncate.is_some() {
            self.counts.count("tails cut");
        }
        if let (Some(live), true, false) = (&self.life.index, self.life.killed, flips) {
            // The system survived: what readers could see before is there, and at most the record in hand.
            for (slot, _) in slots(live.runs()) {
                assert_eq!(live.location(slot), index.location(slot), "{slot:?}");
            }
            assert!(live.marks().iter().all(|mark| index.marks().contains(mark)));
            assert!(index.chunks() <= live.chunks() + 1);
        }
        assert!(self.life.closed || index.closed().is_none(), "nobody has closed this tape");
        if self.life.closed && !flips {
            self.judge_closed(index);
        }
        self.life.index = Some(index.clone());
    }

    /// Every chunk that can be read is what was made, and what was heard under its name.
    fn judge_content(&mut self, index: &Index, disk: &Disk) {
        for (slot, run) in slots(index.runs()) {
            let at = index.location(slot).expect("a slot of a run");
            let bytes = disk.read(at.segment, u64::from(at.offset), u64::from(at.len_bytes));
            let chunk = index.chunk(at, &bytes).expect("the recovery has just read it");
            let name = (run.epoch.0, slot.0);
            assert_eq!((chunk.position.epoch.0, chunk.position.slot.0), name);
            match self.heard.get(&name) {
                Some(heard) => assert_eq!(*heard, chunk, "{} is not what was heard", chunk.position),
                None => assert!(self.made[&name].contains(&chunk), "{} was never made", chunk.position),
            }
            self.judge_flipped(index, at, &bytes);
            self.counts.count("chunks read");
        }
    }

    /// A bit that turns over after the recovery is noticed when the chunk is read.
    fn judge_flipped(&self, index: &Index, at: Location, bytes: &Bytes) {
        let mut damaged = bytes.to_vec();
        let bit = (at.offset as usize).wrapping_mul(2_654_435_761) % (damaged.len() * 8);
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(index.chunk(at, &damaged.into()).is_err(), "bit {bit} of {at:?} does not matter");
    }

    /// What must be there is there. What a flipped bit has hit is reported, and nothing else is excused.
    fn judge_required(&mut self, recovered: &Recovered, disk: &Disk) {
        let index = &recovered.index;
        let missing: Vec<Name> = self.required.iter().copied().filter(|name| !has(index, *name)).collect();
        for name in missing {
            let places = self.safe.get(&name).map_or(&[][..], Vec::as_slice);
            assert!(!places.is_empty(), "{name:?} is lost and was older than 2 s");
            for at in places {
                assert!(is_hit(disk, *at), "{name:?} at {at:?} was safe and is lost");
                assert!(recovered.damage.iter().any(|damage| covers(damage, *at)), "{at:?} is not reported");
            }
            self.required.remove(&name);
            self.counts.count("chunks lost to flips");
        }
    }

    /// A tape that was closed has every chunk of its last life, or says that the disk lost it.
    fn judge_closed(&mut self, index: &Index) {
        assert!(index.closed().is_some());
        let holes = index.holes();
        let mut lost = 0;
        for name in self.life.made.iter().filter(|name| !has(index, **name)) {
            let around = |hole: &&Hole| (hole.first.0..hole.end.0).contains(&name.1);
            let cause = holes.iter().find(around).map(|hole| hole.cause);
            // What does not reach the writer before its mixer is replaced cannot be told from the pause.
            assert!(matches!(cause, Some(HoleCause::DiskLost | HoleCause::NewMixer)), "{name:?}: {cause:?}");
            lost += u64::from(cause == Some(HoleCause::DiskLost));
        }
        // Fewer if some that were given up had reached the disk before it failed.
        assert!(lost <= self.life.lost, "{lost} are lost, {} counted", self.life.lost);
        self.counts.add_to("chunks lost to the disk", lost);
        let marks: BTreeSet<_> = index.marks().iter().map(|mark: &Mark| mark.at).collect();
        let mut expected = self.life.made.iter().filter_map(|name| self.made[name].last());
        let reached: BTreeSet<Name> = self.life.handed_over.iter().map(|(_, name)| *name).collect();
        let kept = expected.all(|chunk| {
            let name = (chunk.position.epoch.0, chunk.position.slot.0);
            chunk.marks.iter().all(|mark| marks.contains(&mark.at) || !reached.contains(&name))
        });
        assert!(kept, "a mark went with its chunk");
    }
}

fn slots(runs: impl Iterator<Item = Run>) -> impl Iterator<Item = (Slot, Run)> {
    runs.flat_map(|run| (run.first.0..run.end.0).map(move |slot| (Slot(slot), run)))
}

fn has(index: &Index, (epoch, slot): Name) -> bool {
    index.run(Slot(slot)).is_some_and(|run| run.epoch.0 == epoch)
}

fn range(at: Location) -> std::ops::Range<u64> {
    u64::from(at.offset)..u64::from(at.offset) + u64::from(at.len_bytes)
}

fn is_hit(disk: &Disk, at: Location) -> bool {
    disk.flipped.iter().any(|(segment, byte)| *segment == at.segment && range(at).contains(byte))
}

fn covers(damage: &Damage, at: Location) -> bool {
    match damage {
        Damage::Unreadable { segment, offset, len_bytes }
        | Damage::TornTail { segment, offset, len_bytes } => {
            *segment == at.segment && *offset <= range(at).start && range(at).end <= offset + len_bytes
        }
        _ => false,
    }
}
