//! A folder in memory that works, and things to put on a tape.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use stentor_tape::{DiskError, Op, Output, Recovered, Recovery, RecoveryError, Segment, Writer};
use stentor_types::{
    Channels, Chunk, Epoch, Frames, Mark, MarkBody, Mono, Position, Rendition, RenditionMap, Slot, TapeHead,
    Wall,
};

pub(crate) const ANCHOR: Wall = Wall(1_790_000_000_000);

#[derive(Clone, Default)]
pub(crate) struct Folder {
    pub(crate) files: BTreeMap<Segment, Vec<u8>>,
    /// Every operation fails so.
    pub(crate) fault: Option<DiskError>,
}

impl Folder {
    /// Performs what the writer asks until it has nothing more to say; returns what else it said.
    pub(crate) fn drive(&mut self, writer: &mut Writer, now: Mono) -> Vec<Output> {
        writer.tick(now);
        let mut said = Vec::new();
        while let Some(output) = writer.poll_output() {
            match output {
                Output::Do(op) => match self.fault {
                    Some(error) => writer.failed(now, error),
                    None => {
                        self.perform(&op);
                        writer.done(now);
                    }
                },
                other => said.push(other),
            }
        }
        said
    }

    pub(crate) fn recover(&self) -> Result<Recovered, RecoveryError> {
        let lengths = self.files.iter().map(|(segment, content)| (*segment, content.len() as u64));
        let mut recovery = Recovery::new(lengths);
        while let Some(read) = recovery.poll_read() {
            recovery.took(self.read(read.segment, read.offset, read.len_bytes));
        }
        recovery.finish()
    }

    pub(crate) fn read(&self, segment: Segment, offset: u64, len_bytes: u64) -> Bytes {
        Bytes::copy_from_slice(&self.files[&segment][offset as usize..(offset + len_bytes) as usize])
    }

    fn perform(&mut self, op: &Op) {
        match op {
            Op::Create { segment } => assert!(self.files.insert(*segment, Vec::new()).is_none()),
            Op::Append { segment, offset, bytes } => {
                let file = self.files.get_mut(segment).expect("created before");
                assert_eq!(file.len() as u64, *offset);
                file.extend_from_slice(bytes);
            }
            Op::Truncate { segment, len_bytes } => {
                self.files.get_mut(segment).expect("created before").truncate(*len_bytes as usize);
            }
            _ => {}
        }
    }
}

pub(crate) fn head() -> Arc<TapeHead> {
    let mut filler = RenditionMap::default();
    filler.insert(Rendition::Opus32, Frames::from_slices([&b"hush"[..]; 16]));
    Arc::new(TapeHead {
        show: "evening".parse().expect("a show's name"),
        anchor: ANCHOR,
        channels: Channels::Mono,
        opus_pre_skip_samples: 312,
        aac_delay_samples: 2048,
        aac_config: Bytes::from_static(&[0x11, 0x88]),
        filler,
    })
}

pub(crate) fn chunk(epoch: u32, slot: u64) -> Arc<Chunk> {
    let mut frames = RenditionMap::default();
    let sound = [slot as u8; 40];
    frames.insert(Rendition::Opus32, Frames::from_slices([&sound[..]; 16]));
    frames.insert(Rendition::Aac64, Frames::from_slices([&sound[1..]; 15]));
    let position = Position { epoch: Epoch(epoch), slot: Slot(slot) };
    Arc::new(Chunk { position, frames, marks: Vec::new() })
}

pub(crate) fn mark(slot: u64, body: MarkBody) -> Mark {
    Mark { at: Slot(slot).start(), body }
}

/// The time at which a show that began at slot 0 has made `slots` chunks.
pub(crate) fn at(slots: u64) -> Mono {
    Mono(slots * 320_000)
}

/// A tape of one epoch with these chunks, synced.
pub(crate) fn tape(slots: std::ops::Range<u64>, segment_bytes: u64) -> Folder {
    let mut folder = Folder::default();
    let mut writer = Writer::create(head(), Segment::FIRST).with_segment_bytes(segment_bytes);
    writer.open_epoch(at(slots.start), Epoch(1), Slot(slots.start), ANCHOR);
    for slot in slots.clone() {
        writer.push_chunk(at(slot + 1), chunk(1, slot));
        folder.drive(&mut writer, at(slot + 1));
    }
    folder.drive(&mut writer, at(slots.end + 10));
    folder
}
