//! Records survive their bytes, and no other bytes are taken for one.

use std::sync::Arc;

use crate::folder::head;
use bytes::Bytes;
use proptest::prelude::*;
use stentor_tape::record::{EPOCHS_MAX, HEADER_BYTES, RECORD_BYTES_MAX, SLOTS_MAX, TapeId, decode, encode};
use stentor_tape::{HoleCause, Place, Record, RecordError, Segment};
use stentor_types::{
    Chunk, Epoch, Frames, Mark, MarkBody, MediaTime, Position, Rendition, RenditionMap, Slot, SpeakerId,
    TapeHead, TrackChunk, Wall,
};

fn frames() -> impl Strategy<Value = RenditionMap<Frames>> {
    let one = prop::collection::vec(prop::collection::vec(any::<u8>(), 0..90), 0..20);
    prop::collection::vec(prop::option::of(one), 5).prop_map(|all| {
        let mut map = RenditionMap::default();
        for (rendition, frames) in Rendition::ALL.into_iter().zip(all) {
            if let Some(frames) = frames {
                map.insert(rendition, Frames::from_slices(frames.iter().map(Vec::as_slice)));
            }
        }
        map
    })
}

fn marks() -> impl Strategy<Value = Vec<Mark>> {
    let name = "[a-zäö☃\"\\\\]{1,40}".prop_map(|name| name.parse().expect("printable"));
    let body = prop_oneof![
        Just(MarkBody::OnAir),
        Just(MarkBody::EndUndone),
        prop::collection::vec(name, 0..16).prop_map(|names| MarkBody::Speaking { names }),
        any::<u64>().prop_map(|chunks| MarkBody::DiskLost { chunks }),
    ];
    let mark = (any::<u64>(), body).prop_map(|(at, body)| Mark { at: MediaTime(at), body });
    prop::collection::vec(mark, 0..16)
}

fn record() -> impl Strategy<Value = Record> {
    let chunk = (0..EPOCHS_MAX, 0..SLOTS_MAX, frames(), marks()).prop_map(|(epoch, slot, frames, marks)| {
        let position = Position { epoch: Epoch(epoch), slot: Slot(slot) };
        Record::Chunk(Arc::new(Chunk { position, frames, marks }))
    });
    let head = (frames(), prop::option::of(1..u32::MAX)).prop_map(|(filler, after)| {
        let head = TapeHead { filler, ..(*head()).clone() };
        Record::Head { head: Arc::new(head), after: after.map(Segment) }
    });
    let sound = prop::collection::vec(prop::collection::vec(any::<u8>(), 0..90), 0..20);
    let track =
        (any::<u32>(), 0..EPOCHS_MAX, 0..SLOTS_MAX, sound).prop_map(|(speaker, epoch, slot, sound)| {
            let position = Position { epoch: Epoch(epoch), slot: Slot(slot) };
            let frames = Frames::from_slices(sound.iter().map(Vec::as_slice));
            Record::Track(Arc::new(TrackChunk { speaker: SpeakerId(speaker), position, frames }))
        });
    prop_oneof![
        4 => chunk,
        2 => track,
        2 => head,
        1 => (0..EPOCHS_MAX, 0..SLOTS_MAX, any::<i64>()).prop_map(|(epoch, first, wall)| Record::Epoch {
            epoch: Epoch(epoch),
            first: Slot(first),
            wall: Wall(wall),
        }),
        1 => (0..SLOTS_MAX, 0..SLOTS_MAX).prop_map(|(first, end)| Record::Hole {
            first: Slot(first),
            end: Slot(end),
            cause: HoleCause::DiskLost,
        }),
        1 => marks().prop_map(Record::Marks),
        1 => (0..SLOTS_MAX).prop_map(|end| Record::Closed { end: Slot(end) }),
    ]
}

fn place() -> impl Strategy<Value = Place> {
    (any::<u32>(), any::<u64>()).prop_map(|(segment, offset)| Place { segment: Segment(segment), offset })
}

proptest! {
    #[test]
    fn records_survive_their_bytes(record in record(), place in place()) {
        let tape = TapeId::of(&head());
        let bytes = encode(&record, &tape, place);
        let framed = decode(&bytes, Some(&tape), place);
        prop_assert_eq!(framed.map(|framed| (framed.record, framed.len_bytes)), Ok((record.clone(), bytes.len())));
        let followed: Bytes = [&bytes[..], b"more"].concat().into();
        prop_assert_eq!(decode(&followed, Some(&tape), place).map(|framed| framed.record), Ok(record));
    }

    #[test]
    fn a_record_in_another_place_is_none(record in record(), here in place(), there in place()) {
        prop_assume!(here != there);
        let tape = TapeId::of(&head());
        let bytes = encode(&record, &tape, here);
        prop_assert!(decode(&bytes, Some(&tape), there).is_err());
    }

    #[test]
    fn a_record_of_another_tape_is_none(record in record(), place in place()) {
        let ours = TapeId::of(&head());
        let theirs = TapeHead { anchor: Wall(1), ..(*head()).clone() };
        let record = match record {
            Record::Head { after, .. } => Record::Head { head: Arc::new(theirs.clone()), after },
            other => other,
        };
        let bytes = encode(&record, &TapeId::of(&theirs), place);
        let expected = if matches!(record, Record::Head { .. }) { RecordError::Foreign } else { RecordError::Checksum };
        prop_assert_eq!(decode(&bytes, Some(&ours), place), Err(expected));
    }

    #[test]
    fn any_changed_bit_and_any_cut_is_noticed(
        record in record(), place in place(), bit in any::<prop::sample::Index>(), cut in any::<prop::sample::Index>()
    ) {
        let tape = TapeId::of(&head());
        let bytes = encode(&record, &tape, place);
        let mut changed = bytes.to_vec();
        let bit = bit.index(changed.len() * 8);
        changed[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(decode(&changed.into(), Some(&tape), place).is_err());
        let short = decode(&bytes.slice(..cut.index(bytes.len())), Some(&tape), place);
        prop_assert!(matches!(short, Err(RecordError::Short { .. })), "{:?}", short);
    }

    /// Payloads behind a header that fits, as only our own bug could write them: an error, never a panic.
    #[test]
    fn sealed_nonsense_is_malformed_at_worst(kind: u8, payload in prop::collection::vec(any::<u8>(), 0..400)) {
        let place = Place { segment: Segment(1), offset: 0 };
        let tape = TapeId::of(&head());
        let sound = encode(&Record::Closed { end: Slot(0) }, &tape, place);
        let mut bytes = sound[..HEADER_BYTES].to_vec();
        bytes[5] = kind;
        bytes[8..12].copy_from_slice(&(payload.len() as u32).to_le_bytes());
        bytes.extend(payload);
        let mut hasher = blake3::Hasher::new();
        hasher.update(&1u32.to_le_bytes()).update(&0u64.to_le_bytes()).update(&bytes[..12]);
        bytes[12..16].copy_from_slice(&hasher.finalize().as_bytes()[..4]);
        // The payload's own checksum cannot be made from outside the crate: what is left is its rejection.
        let outcome = decode(&bytes.into(), Some(&tape), place);
        prop_assert!(matches!(outcome, Err(RecordError::Checksum)), "{:?}", outcome);
    }

    #[test]
    fn random_bytes_are_no_record(bytes in prop::collection::vec(any::<u8>(), 0..4096), place in place()) {
        prop_assert!(decode(&bytes.into(), None, place).is_err());
    }
}

#[test]
fn a_length_beyond_the_limit_is_refused_before_anything_is_read() {
    let place = Place { segment: Segment(1), offset: 0 };
    let tape = TapeId::of(&head());
    let mut bytes = encode(&Record::Closed { end: Slot(0) }, &tape, place).to_vec();
    bytes[8..12].copy_from_slice(&(RECORD_BYTES_MAX as u32).to_le_bytes());
    let mut hasher = blake3::Hasher::new();
    hasher.update(&1u32.to_le_bytes()).update(&0u64.to_le_bytes()).update(&bytes[..12]);
    bytes[12..16].copy_from_slice(&hasher.finalize().as_bytes()[..4]);
    assert_eq!(decode(&bytes.into(), Some(&tape), place), Err(RecordError::NoRecord));
}
