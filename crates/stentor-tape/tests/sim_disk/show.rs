//! One show: its lives on the disk, told to a judge who sees everything.

use std::sync::Arc;

use stentor_tape::record::TapeId;
use stentor_tape::recovery::slot_at;
use stentor_tape::{DiskError, Next, Op, Output, Recovered, Recovery, RecoveryError, Segment, Writer};
use stentor_types::{
    Channels, Chunk, Frames, Mark, MarkBody, Mono, Position, Rendition, RenditionMap, TapeHead, Wall,
};

use crate::disk::{Disk, Rng};
use crate::judge::Judge;

const CHUNK_US: u64 = 320_000;
const ANCHOR_MS: i64 = 1_790_000_000_000;

/// What can go wrong in all lives of one show. A clock that is set and a disk that fails exclude each other: with
/// both at once nothing is left that could know which slots were heard.
struct Nature {
    /// Percent of lives in which the disk fails for a while.
    faults: u64,
    /// Percent of lives that begin with the clock set.
    clock_set: u64,
    /// Bits that turn over after a life, at most.
    flips: u64,
}

pub(crate) struct Show {
    disk: Disk,
    head: Arc<TapeHead>,
    nature: Nature,
    segment_bytes: u64,
    /// Since the anchor.
    now_us: u64,
    clock_off_ms: i64,
    pub(crate) judge: Judge,
}

/// How a life ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    Kill,
    PowerCut,
    Close,
}

/// One life of the server.
struct Life {
    writer: Writer,
    next: Next,
    began_us: u64,
    ends_us: u64,
    ending: Ending,
    fault_us: std::ops::Range<u64>,
    chunk_us: u64,
    in_hand: Option<(Op, u64)>,
    closed: bool,
}

impl Show {
    pub(crate) fn new(rng: &mut Rng) -> Self {
        let kind = rng.below(4);
        let nature = Nature {
            faults: if kind == 0 { 60 } else { 0 },
            clock_set: if kind == 1 { 40 } else { 0 },
            flips: if kind == 2 { 4 } else { 0 },
        };
        let mut filler = RenditionMap::default();
        filler.insert(Rendition::Opus16, Frames::from_slices([&b"hush"[..]]));
        let head = TapeHead {
            show: "sim".parse().expect("a show's name"),
            anchor: Wall(ANCHOR_MS),
            channels: Channels::Mono,
            opus_pre_skip_samples: 312,
            aac_delay_samples: 0,
            aac_config: Default::default(),
            filler,
        };
        let deleted = TapeId::of(&TapeHead { anchor: Wall(ANCHOR_MS - 1), ..head.clone() });
        Self {
            disk: Disk::new(if rng.percent(50) { 512 } else { 4096 }, deleted),
            head: Arc::new(head),
            nature,
            segment_bytes: [2_000, 8_000, 1 << 20][rng.below(3) as usize],
            now_us: 0,
            clock_off_ms: 0,
            judge: Judge::default(),
        }
    }

    /// Recovers, goes on air, and ends somehow. `false` if there is nothing to continue.
    pub(crate) fn live(&mut self, rng: &mut Rng) -> bool {
        self.judge.counts.count("lives");
        let recovered = recover(&self.disk);
        let (writer, next) = match &recovered {
            Ok(recovered) => {
                self.judge.judge_recovered(recovered, &self.disk);
                let Ok(writer) = Writer::resume(recovered) else { return false };
                (writer, recovered.next(self.wall()))
            }
            Err(RecoveryError::Empty { segment_next, epoch_next, .. }) => {
                if self.judge.judge_nothing(&self.disk) {
                    return false;
                }
                (
                    Writer::create(self.head.clone(), *segment_next),
                    Next { epoch: *epoch_next, first: slot_at(self.head.anchor, self.wall()) },
                )
            }
            Err(other) => panic!("{other}"),
        };
        let mut life = self.begin(writer.with_segment_bytes(self.segment_bytes), next, rng);
        life.writer.open_epoch(self.mono(), next.epoch, next.first, self.wall());
        while self.step(&mut life, rng) {}
        self.end(&mut life, rng);
        true
    }

    fn begin(&mut self, writer: Writer, next: Next, rng: &mut Rng) -> Life {
        let faulty = rng.percent(self.nature.faults);
        let length_us = if faulty { rng.below(130_000_000) } else { rng.below(20_000_000) };
        let fault_from = self.now_us + rng.below(length_us);
        let fault_to = fault_from + if faulty { rng.below(length_us) } else { 0 };
        if faulty {
            self.judge.counts.count("faults");
        }
        self.judge.begin_life(faulty);
        Life {
            writer,
            next,
            began_us: self.now_us,
            ends_us: self.now_us + length_us,
            ending: [Ending::Kill, Ending::PowerCut, Ending::PowerCut, Ending::Close][rng.below(4) as usize],
            fault_us: fault_from..fault_to,
            chunk_us: self.now_us + CHUNK_US,
            in_hand: None,
            closed: false,
        }
    }

    /// Lets the next thing happen. `false` when the life is over.
    fn step(&mut self, life: &mut Life, rng: &mut Rng) -> bool {
        while let Some(output) = life.writer.poll_output() {
            match output {
                Output::Do(op) => {
                    let takes_us = match op {
                        Op::Append { .. } => rng.below(5_000),
                        Op::Sync { .. } => rng.below(200_000),
                        _ => rng.below(50_000),
                    };
                    life.in_hand = Some((op, self.now_us + takes_us));
                }
                Output::Written { record, at } => self.judge.written(record, at),
                Output::EpochOpen { epoch, safe } => self.judge.epoch_open(epoch, safe),
                Output::Disk { .. } => {}
                Output::Closed => life.closed = true,
                other => panic!("an output that this driver does not know: {other:?}"),
            }
        }
        let closing = life.ending == Ending::Close && self.now_us >= life.ends_us;
        if life.closed {
            return false;
        }
        let op_us = life.in_hand.as_ref().map(|(_, done_us)| *done_us);
        let timeout_us = life.writer.poll_timeout().map(|at| at.0);
        let chunk_us = (!closing).then_some(life.chunk_us.min(life.ends_us));
        let next_us = [op_us, timeout_us, chunk_us].into_iter().flatten().min().expect("something is due");
        assert!(op_us.is_some() || timeout_us.is_none_or(|at| at > self.now_us), "the writer spins");
        self.now_us = self.now_us.max(next_us);
        life.writer.tick(self.mono());

        if op_us.is_some_and(|at| at <= self.now_us) {
            let (op, _) = life.in_hand.take().expect("it is due");
            self.perform(life, &op, rng);
        } else if !closing && self.now_us >= life.ends_us {
            if life.ending != Ending::Close {
                return false;
            }
            life.writer.close(self.mono(), life.next.first);
        } else if !closing && self.now_us >= life.chunk_us {
            self.chunk(life, rng);
        }
        true
    }

    fn perform(&mut self, life: &mut Life, op: &Op, rng: &mut Rng) {
        let kind = if rng.percent(50) { DiskError::Full } else { DiskError::Failed };
        self.disk.fault = life.fault_us.contains(&self.now_us).then_some(kind);
        match self.disk.perform(op, rng) {
            Ok(()) => {
                self.judge.performed(op);
                life.writer.done(self.mono());
            }
            Err(error) => {
                self.judge.failed();
                life.writer.failed(self.mono(), error);
            }
        }
    }

    /// The mixer makes a chunk; or it is replaced, or the chunk does not reach the writer in time.
    fn chunk(&mut self, life: &mut Life, rng: &mut Rng) {
        life.chunk_us += CHUNK_US;
        if rng.percent(1) {
            let stall = rng.between(7, 20);
            life.chunk_us += stall * CHUNK_US;
            life.next = Next { epoch: life.next.epoch.next(), first: life.next.first.plus(stall) };
            life.writer.open_epoch(self.mono(), life.next.epoch, life.next.first, self.wall());
            return;
        }
        let slot = life.next.first;
        life.next.first = slot.next();
        let frames: Vec<_> = (0..rng.between(1, 4)).map(|_| rng.bytes(100)).collect();
        let short = rng.between(8, 100) as usize;
        let mut map = RenditionMap::default();
        map.insert(Rendition::Opus16, Frames::from_slices(frames.iter().map(|frame| &frame[..short])));
        let mark = Mark { at: slot.start(), body: MarkBody::Speaking { names: Vec::new() } };
        let marks = if rng.percent(10) { vec![mark.clone()] } else { Vec::new() };
        let position = Position { epoch: life.next.epoch, slot };
        let chunk = Arc::new(Chunk { position, frames: map, marks });
        let heard = self.nature.flips == 0;
        let reaches = !rng.percent(1);
        self.judge.made(&chunk, self.now_us, reaches, heard);
        if reaches {
            life.writer.push_chunk(self.mono(), chunk);
        }
        if rng.percent(2) {
            life.writer.push_marks(self.mono(), &[mark]);
        }
    }

    fn end(&mut self, life: &mut Life, rng: &mut Rng) {
        if let Some((op @ Op::Append { .. }, _)) = life.in_hand.take() {
            // The write in hand comes as far as it comes.
            self.disk.fault = Some(DiskError::Failed);
            let _ = self.disk.perform(&op, rng);
        }
        match life.ending {
            Ending::Kill => self.judge.counts.count("kills"),
            Ending::PowerCut => {
                self.judge.counts.count("power cuts");
                self.disk.power_cut(rng);
            }
            Ending::Close => self.judge.counts.count("closes"),
        }
        let lost = life.writer.chunks_lost();
        self.judge.end_life(self.now_us, life.ending == Ending::Close, life.ending == Ending::Kill, lost);
        assert!(self.now_us >= life.began_us);
        for _ in 0..rng.below(self.nature.flips + 1) {
            self.judge.counts.count("flips");
            self.disk.flip(rng);
        }
        if rng.percent(3) {
            let segment = self.disk.list().last().map_or(Segment::FIRST, |(last, _)| last.next());
            let length = rng.below(3_000) as usize;
            self.disk.add_garbage(segment, rng.bytes(length));
        }
        // After a failure of the disk only the clock knows what was heard: give it time to pass.
        self.now_us += if self.nature.faults > 0 { 3_000_000 } else { 0 } + rng.below(6_000_000);
        if rng.percent(self.nature.clock_set) {
            let days = 3 * 24 * 3_600_000;
            self.clock_off_ms = rng.below(2 * days) as i64 - days as i64;
        }
    }

    fn mono(&self) -> Mono {
        Mono(self.now_us)
    }

    fn wall(&self) -> Wall {
        Wall(ANCHOR_MS + (self.now_us / 1000) as i64 + self.clock_off_ms)
    }
}

fn recover(disk: &Disk) -> Result<Recovered, RecoveryError> {
    let mut recovery = Recovery::new(disk.list());
    while let Some(read) = recovery.poll_read() {
        recovery.took(disk.read(read.segment, read.offset, read.len_bytes));
    }
    recovery.finish()
}
