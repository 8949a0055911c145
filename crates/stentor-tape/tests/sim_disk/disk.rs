//! A folder on a disk that keeps no promise it did not make: what was not synced may be there after a power
//! cut or not, block by block and in any order; after a failed sync it may never arrive.

use std::collections::BTreeMap;

use bytes::Bytes;
use stentor_tape::record::{TapeId, encode};
use stentor_tape::{DiskError, Op, Place, Record, Segment};
use stentor_types::Slot;

/// SplitMix64: a seed in, the same case out.
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    pub(crate) fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    pub(crate) fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next() as u8).collect()
    }
}

/// A change that a sync has not confirmed.
enum Change {
    Write { offset: usize, bytes: Bytes },
    Cut { len: usize },
}

#[derive(Default)]
struct File {
    /// On the platter.
    safe: Vec<u8>,
    /// What a read sees.
    seen: Vec<u8>,
    /// The next sync brings these to the platter.
    dirty: Vec<Change>,
    /// A sync of these has failed: the system thinks they are clean, and no later sync writes them.
    forgotten: Vec<Change>,
    name_is_safe: bool,
}

pub(crate) struct Disk {
    files: BTreeMap<Segment, File>,
    /// A tape that was deleted; its blocks are free now.
    deleted: TapeId,
    block: usize,
    /// Every operation fails so, for as long as it is set.
    pub(crate) fault: Option<DiskError>,
    /// Bits that turned over, by file and byte.
    pub(crate) flipped: Vec<(Segment, u64)>,
}

impl Disk {
    pub(crate) fn new(block: usize, deleted: TapeId) -> Self {
        Self { files: BTreeMap::new(), deleted, block, fault: None, flipped: Vec::new() }
    }

    /// Does what the writer asks, or a part of it.
    pub(crate) fn perform(&mut self, op: &Op, rng: &mut Rng) -> Result<(), DiskError> {
        if let Some(error) = self.fault {
            self.fail(op, rng);
            return Err(error);
        }
        match op {
            Op::Create { segment } => {
                let before = self.files.insert(*segment, File::default());
                assert!(before.is_none(), "{segment} was there already");
            }
            Op::Append { segment, offset, bytes } => self.write(*segment, *offset, bytes.clone()),
            Op::Sync { segment } => {
                let file = self.files.get_mut(segment).expect("a sync of a file that is there");
                let dirty = std::mem::take(&mut file.dirty);
                dirty.iter().for_each(|change| apply(&mut file.safe, change));
            }
            Op::SyncFolder => self.files.values_mut().for_each(|file| file.name_is_safe = true),
            Op::Truncate { segment, len_bytes } => {
                let file = self.files.get_mut(segment).expect("a cut of a file that is there");
                let change = Change::Cut { len: *len_bytes as usize };
                assert!(*len_bytes < file.seen.len() as u64, "a cut that makes nothing shorter");
                apply(&mut file.seen, &change);
                file.dirty.push(change);
            }
            other => panic!("an operation that this disk does not know: {other:?}"),
        }
        Ok(())
    }

    /// The files with their lengths, as a listing of the folder shows them.
    pub(crate) fn list(&self) -> Vec<(Segment, u64)> {
        self.files.iter().map(|(segment, file)| (*segment, file.seen.len() as u64)).collect()
    }

    pub(crate) fn read(&self, segment: Segment, offset: u64, len: u64) -> Bytes {
        let seen = &self.files[&segment].seen;
        let end = seen.len().min((offset + len) as usize);
        Bytes::copy_from_slice(&seen[(offset as usize).min(end)..end])
    }

    /// Power comes back. Of every change that was not synced any set of blocks has arrived.
    pub(crate) fn power_cut(&mut self, rng: &mut Rng) {
        let luck = [0, 50, 90, 100][rng.below(4) as usize];
        let names: Vec<_> = self.files.keys().copied().collect();
        for segment in names {
            let mut file = self.files.remove(&segment).expect("listed above");
            if !file.name_is_safe && !rng.percent(luck.max(30)) {
                continue;
            }
            let mut left = std::mem::take(&mut file.safe);
            let changes =
                std::mem::take(&mut file.forgotten).into_iter().chain(std::mem::take(&mut file.dirty));
            for change in changes {
                self.survive(segment, &mut left, &change, luck, rng);
            }
            self.files.insert(
                segment,
                File { safe: left.clone(), seen: left, name_is_safe: true, ..File::default() },
            );
        }
    }

    /// A file appears that no writer wrote.
    pub(crate) fn add_garbage(&mut self, segment: Segment, bytes: Vec<u8>) {
        let file = File { safe: bytes.clone(), seen: bytes, name_is_safe: true, ..File::default() };
        assert!(self.files.insert(segment, file).is_none());
    }

    /// A bit turns over in something that was safe.
    pub(crate) fn flip(&mut self, rng: &mut Rng) {
        let at = rng.below(self.files.len() as u64) as usize;
        let Some((segment, file)) = self.files.iter_mut().nth(at) else { return };
        let len = file.safe.len().min(file.seen.len());
        if len == 0 {
            return;
        }
        let byte = rng.below(len as u64) as usize;
        let bit = 1 << rng.below(8);
        file.safe[byte] ^= bit;
        file.seen[byte] ^= bit;
        self.flipped.push((*segment, byte as u64));
    }

    fn write(&mut self, segment: Segment, offset: u64, bytes: Bytes) {
        let file = self.files.get_mut(&segment).expect("a write to a file that is there");
        assert_eq!(offset, file.seen.len() as u64, "a write that does not append");
        let change = Change::Write { offset: offset as usize, bytes };
        apply(&mut file.seen, &change);
        file.dirty.push(change);
    }

    /// An operation that fails has been done to any part.
    fn fail(&mut self, op: &Op, rng: &mut Rng) {
        match op {
            Op::Create { segment } if rng.percent(50) => {
                self.files.entry(*segment).or_default();
            }
            Op::Append { segment, offset, bytes } => {
                let part = rng.below(bytes.len() as u64 + 1) as usize;
                self.write(*segment, *offset, bytes.slice(..part));
            }
            Op::Sync { segment } => {
                let file = self.files.get_mut(segment).expect("a sync of a file that is there");
                file.forgotten.append(&mut file.dirty);
            }
            _ => {}
        }
    }

    /// Applies those blocks of a change that have arrived.
    fn survive(&self, segment: Segment, left: &mut Vec<u8>, change: &Change, luck: u64, rng: &mut Rng) {
        let Change::Write { offset, bytes } = change else {
            if rng.percent(luck) {
                apply(left, change);
            }
            return;
        };
        let mut from = 0;
        while from < bytes.len() {
            let at = offset + from;
            let to = bytes.len().min(from + self.block - at % self.block);
            if rng.percent(luck) {
                // Some blocks are torn as well.
                let to = if rng.percent(5) { from + rng.below((to - from) as u64) as usize } else { to };
                self.grow(segment, left, at, rng);
                apply(left, &Change::Write { offset: at, bytes: bytes.slice(from..to) });
            } else if rng.percent(50) {
                // The length has arrived, the content has not.
                self.grow(segment, left, offset + to, rng);
            }
            from = to;
        }
    }

    /// Makes the file longer; the new bytes are zeros, or whatever lay on these blocks before.
    fn grow(&self, segment: Segment, left: &mut Vec<u8>, len: usize, rng: &mut Rng) {
        if left.len() >= len {
            return;
        }
        let from = left.len();
        left.resize(len, 0);
        let before = match rng.below(4) {
            0 => rng.bytes(len - from),
            1 => {
                let place = Place { segment, offset: from as u64 };
                encode(&Record::Closed { end: Slot(1 << 40) }, &self.deleted, place).to_vec()
            }
            2 => {
                let files = self.files.len() as u64;
                let other = self.files.values().nth(rng.below(files) as usize);
                other.map_or(Vec::new(), |file| file.seen[from.min(file.seen.len())..].to_vec())
            }
            _ => Vec::new(),
        };
        let end = len.min(from + before.len());
        left[from..end].copy_from_slice(&before[..end - from]);
    }
}

fn apply(content: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Cut { len } => content.truncate(*len),
        Change::Write { offset, bytes } => {
            let end = offset + bytes.len();
            if content.len() < end {
                content.resize(end, 0);
            }
            content[*offset..end].copy_from_slice(bytes);
        }
    }
}
