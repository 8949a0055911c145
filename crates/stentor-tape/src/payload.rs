//! The inside of a record: little-endian numbers, length tables before what they measure, marks as
//! JSON. Reading copies no sound: frames are views into the bytes that were read.

use std::str::FromStr;
use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};
use serde::Deserialize;
use serde::de::IgnoredAny;
use stentor_types::{
    Channels, Chunk, Epoch, Frames, Mark, Position, RenditionMap, RenditionSet, ShowId, Slot, SpeakerId,
    TapeHead, TrackChunk, Wall,
};

use crate::record::{EPOCHS_MAX, HoleCause, Record, SLOTS_MAX};
use crate::segment::Segment;

/// Marks of one record as JSON. A chunk has 16 at most; the longest names 16 people with 40
/// characters of up to 4 bytes each (a name has no character that JSON would write longer than
/// that), 16 × (16 × 163 + 60) < 43 kB.
pub(crate) const MARKS_BYTES_MAX: usize = 64 * 1024;

const KIND_HEAD: u8 = 1;
const KIND_EPOCH: u8 = 2;
const KIND_CHUNK: u8 = 3;
const KIND_HOLE: u8 = 4;
const KIND_MARKS: u8 = 5;
const KIND_CLOSED: u8 = 6;
const KIND_TRACK: u8 = 7;

/// Whether a record of this kind is a head, which says by itself to which tape it belongs.
pub(crate) fn is_head(kind: u8) -> bool {
    kind == KIND_HEAD
}

/// The number of a record's kind in its header.
pub(crate) fn kind(record: &Record) -> u8 {
    match record {
        Record::Head { .. } => KIND_HEAD,
        Record::Epoch { .. } => KIND_EPOCH,
        Record::Chunk(_) => KIND_CHUNK,
        Record::Hole { .. } => KIND_HOLE,
        Record::Marks(_) => KIND_MARKS,
        Record::Closed { .. } => KIND_CLOSED,
        Record::Track(_) => KIND_TRACK,
        Record::Unknown { kind } => *kind,
    }
}

/// Appends the payload of `record`.
pub(crate) fn put(record: &Record, out: &mut BytesMut) {
    match record {
        Record::Head { head, after } => put_head(head, *after, out),
        Record::Epoch { epoch, first, wall } => {
            out.put_u32_le(epoch.0);
            out.put_u64_le(first.0);
            out.put_i64_le(wall.0);
        }
        Record::Chunk(chunk) => {
            out.put_u32_le(chunk.position.epoch.0);
            out.put_u64_le(chunk.position.slot.0);
            put_frames(&chunk.frames, out);
            put_marks(&chunk.marks, out);
        }
        Record::Hole { first, end, cause } => {
            out.put_u64_le(first.0);
            out.put_u64_le(end.0);
            out.put_u8(*cause as u8);
        }
        Record::Marks(marks) => put_marks(marks, out),
        Record::Closed { end } => out.put_u64_le(end.0),
        Record::Track(chunk) => put_track(chunk, out),
        Record::Unknown { kind } => panic!("a record of the unknown kind {kind} is only ever read"),
    }
}

/// Reads the payload of a record of this kind; `None` if it is not one.
pub(crate) fn take(kind: u8, payload: Bytes) -> Option<Record> {
    let mut reader = Reader(payload);
    let record = match kind {
        KIND_HEAD => reader.head()?,
        KIND_EPOCH => Record::Epoch {
            epoch: reader.epoch()?,
            first: reader.slot()?,
            wall: Wall(reader.u64()?.cast_signed()),
        },
        KIND_CHUNK => {
            let position = Position { epoch: reader.epoch()?, slot: reader.slot()? };
            let (frames, marks) = (reader.frames()?, reader.marks()?);
            Record::Chunk(Arc::new(Chunk { position, frames, marks }))
        }
        KIND_HOLE => Record::Hole {
            first: reader.slot()?,
            end: reader.slot()?,
            cause: HoleCause::from_byte(reader.u8()?)?,
        },
        KIND_MARKS => Record::Marks(reader.marks()?),
        KIND_CLOSED => Record::Closed { end: reader.slot()? },
        KIND_TRACK => Record::Track(Arc::new(reader.track()?)),
        _ => return Some(Record::Unknown { kind }),
    };
    reader.0.is_empty().then_some(record)
}

fn put_head(head: &TapeHead, after: Option<Segment>, out: &mut BytesMut) {
    out.put_u32_le(after.map_or(0, |segment| segment.0));
    out.put_u8(u8::try_from(head.show.as_str().len()).expect("a show's name has 63 characters at most"));
    out.put_slice(head.show.as_str().as_bytes());
    out.put_i64_le(head.anchor.0);
    out.put_u8(match head.channels {
        Channels::Mono => 1,
        Channels::Stereo => 2,
    });
    out.put_u16_le(head.opus_pre_skip_samples);
    out.put_u32_le(head.aac_delay_samples);
    out.put_u8(
        u8::try_from(head.aac_config.len()).expect("an AudioSpecificConfig of AAC-LC has 2 to 5 bytes"),
    );
    out.put_slice(&head.aac_config);
    put_frames(&head.filler, out);
}

/// Which renditions, how many frames each, how long each frame, then all frames.
fn put_frames(map: &RenditionMap<Frames>, out: &mut BytesMut) {
    out.put_u8(map.set().bits());
    for (_, frames) in map.iter() {
        out.put_u8(u8::try_from(frames.count()).expect("a chunk has 16 frames of a rendition"));
    }
    for (_, frames) in map.iter() {
        frames.lens_bytes().iter().for_each(|&len| out.put_u16_le(len));
    }
    for (_, frames) in map.iter() {
        out.put_slice(frames.bytes());
    }
}

fn put_track(chunk: &TrackChunk, out: &mut BytesMut) {
    let TrackChunk { speaker, position, frames } = chunk;
    out.put_u32_le(speaker.0);
    out.put_u32_le(position.epoch.0);
    out.put_u64_le(position.slot.0);
    out.put_u8(u8::try_from(frames.count()).expect("a chunk has 16 frames of a track"));
    frames.lens_bytes().iter().for_each(|&len| out.put_u16_le(len));
    out.put_slice(frames.bytes());
}

fn put_marks(marks: &[Mark], out: &mut BytesMut) {
    if marks.is_empty() {
        return;
    }
    let json = serde_json::to_vec(marks).expect("a mark is plain data");
    assert!(json.len() <= MARKS_BYTES_MAX, "{} marks make {} bytes of JSON", marks.len(), json.len());
    out.put_slice(&json);
}

/// A mark, or something a newer version wrote in its place.
#[derive(Deserialize)]
#[serde(untagged)]
enum MarkOrNewer {
    Mark(Mark),
    Newer(IgnoredAny),
}

struct Reader(Bytes);

impl Reader {
    fn bytes(&mut self, len: usize) -> Option<Bytes> {
        (len <= self.0.len()).then(|| self.0.split_to(len))
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes(N)?.as_ref().try_into().ok()
    }

    fn u8(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn slot(&mut self) -> Option<Slot> {
        self.u64().filter(|&slot| slot < SLOTS_MAX).map(Slot)
    }

    fn epoch(&mut self) -> Option<Epoch> {
        self.u32().filter(|&epoch| epoch < EPOCHS_MAX).map(Epoch)
    }

    fn head(&mut self) -> Option<Record> {
        let after = self.u32()?;
        if after == u32::MAX {
            return None;
        }
        let after = Some(after).filter(|&number| number > 0).map(Segment);
        let show_len = self.u8()?;
        let show = self.bytes(usize::from(show_len))?;
        let show = ShowId::from_str(std::str::from_utf8(&show).ok()?).ok()?;
        let anchor = Wall(self.u64()?.cast_signed());
        let channels = match self.u8()? {
            1 => Channels::Mono,
            2 => Channels::Stereo,
            _ => return None,
        };
        let opus_pre_skip_samples = self.u16()?;
        let aac_delay_samples = self.u32()?;
        let aac_config_len = self.u8()?;
        let aac_config = self.bytes(usize::from(aac_config_len))?;
        let filler = self.frames()?;
        let head =
            TapeHead { show, anchor, channels, opus_pre_skip_samples, aac_delay_samples, aac_config, filler };
        Some(Record::Head { head: Arc::new(head), after })
    }

    fn frames(&mut self) -> Option<RenditionMap<Frames>> {
        let set = RenditionSet::from_bits(self.u8()?)?;
        let counts = set.iter().map(|r| Some((r, self.u8()?))).collect::<Option<Vec<_>>>()?;
        let tables = counts
            .into_iter()
            .map(|(r, count)| {
                let lens = (0..count).map(|_| self.u16()).collect::<Option<Box<[u16]>>>()?;
                Some((r, lens))
            })
            .collect::<Option<Vec<_>>>()?;
        let mut map = RenditionMap::default();
        for (rendition, lens) in tables {
            let bytes = self.bytes(lens.iter().map(|&len| usize::from(len)).sum())?;
            map.insert(rendition, Frames::new(lens, bytes).ok()?);
        }
        Some(map)
    }

    fn track(&mut self) -> Option<TrackChunk> {
        let speaker = SpeakerId(self.u32()?);
        let position = Position { epoch: self.epoch()?, slot: self.slot()? };
        let count = self.u8()?;
        let lens = (0..count).map(|_| self.u16()).collect::<Option<Box<[u16]>>>()?;
        let bytes = self.bytes(lens.iter().map(|&len| usize::from(len)).sum())?;
        Some(TrackChunk { speaker, position, frames: Frames::new(lens, bytes).ok()? })
    }

    /// The rest of the payload as marks; those of kinds that a newer version added are left out.
    fn marks(&mut self) -> Option<Vec<Mark>> {
        let json = std::mem::take(&mut self.0);
        if json.is_empty() {
            return Some(Vec::new());
        }
        if json.len() > MARKS_BYTES_MAX {
            return None;
        }
        let marks: Vec<MarkOrNewer> = serde_json::from_slice(&json).ok()?;
        let known = |mark| match mark {
            MarkOrNewer::Mark(mark) => Some(mark),
            MarkOrNewer::Newer(IgnoredAny) => None,
        };
        Some(marks.into_iter().filter_map(known).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stentor_types::{MarkBody, MediaTime};

    #[test]
    fn marks_of_unknown_kinds_are_skipped_one_by_one() {
        let json =
            br#"[{"at":7,"kind":"on_air"},{"at":8,"kind":"caption","text":"x"},5,{"at":9,"kind":"end"}]"#;
        let record = take(KIND_MARKS, Bytes::from_static(json));
        let expected = vec![
            Mark { at: MediaTime(7), body: MarkBody::OnAir },
            Mark { at: MediaTime(9), body: MarkBody::End },
        ];
        assert_eq!(record, Some(Record::Marks(expected)));
        assert_eq!(take(KIND_MARKS, Bytes::from_static(b"{}")), None);
    }

    #[test]
    fn numbers_that_leave_no_room_behind_them_make_a_payload_invalid() {
        assert_eq!(take(KIND_CLOSED, Bytes::copy_from_slice(&u64::MAX.to_le_bytes())), None);
        let epoch = |epoch: u32| [&epoch.to_le_bytes()[..], &[0; 16]].concat();
        assert!(take(KIND_EPOCH, epoch(EPOCHS_MAX - 1).into()).is_some());
        assert_eq!(take(KIND_EPOCH, epoch(EPOCHS_MAX).into()), None);
    }

    #[test]
    fn left_over_bytes_make_a_payload_invalid() {
        assert_eq!(take(KIND_CLOSED, Bytes::from_static(&[0; 8])), Some(Record::Closed { end: Slot(0) }));
        assert_eq!(take(KIND_CLOSED, Bytes::from_static(&[0; 9])), None);
        assert_eq!(take(KIND_CLOSED, Bytes::from_static(&[0; 7])), None);
    }
}
