//! What a recovery makes of files that are not as a writer left them.

use std::time::Duration;

use crate::folder::{ANCHOR, Folder, at, chunk, tape};
use bytes::Bytes;
use proptest::prelude::*;
use stentor_tape::recovery::{PAUSE_MAX, SLOTS_UNSAFE_MAX};
use stentor_tape::{Damage, HoleCause, Recovery, RecoveryError, Segment, Writer};
use stentor_types::{Epoch, Slot};

const SEGMENT_BYTES: u64 = 10_000;

#[test]
fn without_files_or_heads_there_is_no_tape() {
    let empty = |folder: &Folder| match folder.recover() {
        Err(RecoveryError::Empty { segment_next, epoch_next, bytes }) => {
            (segment_next.0, epoch_next.0, bytes)
        }
        other => panic!("{other:?}"),
    };
    let mut folder = Folder::default();
    assert_eq!(empty(&folder), (1, 1, 0));
    folder.files.insert(Segment(1), Vec::new());
    assert_eq!(empty(&folder), (2, 1, 0));
    folder.files.insert(Segment(7), vec![0; 3_000_000]);
    assert_eq!(empty(&folder), (8, 65, 3_000_000));
}

#[test]
fn a_torn_tail_is_cut_and_only_in_the_last_file() {
    let mut folder = tape(0..40, SEGMENT_BYTES);
    let last = *folder.files.keys().next_back().expect("several");
    let sound = folder.files[&last].len() as u64;
    folder.files.get_mut(&last).expect("there").extend([0; 700]);
    folder.files.get_mut(&Segment(1)).expect("there").extend(b"what a failing disk left");
    let recovered = folder.recover().expect("a tape");
    assert_eq!(recovered.truncate, Some((last, sound)));
    let torn: Vec<_> = recovered.damage.iter().filter(|d| matches!(d, Damage::TornTail { .. })).collect();
    assert_eq!(torn.len(), 2);
    assert_eq!(recovered.index.chunks(), 40);

    let mut writer = Writer::resume(&recovered).expect("not closed");
    let next = recovered.next(ANCHOR);
    writer.open_epoch(at(0), next.epoch, next.first, ANCHOR);
    folder.drive(&mut writer, at(1));
    assert_eq!(folder.files[&last].len() as u64, sound);
    assert_eq!(folder.recover().expect("a tape").damage.len(), 1);
}

#[test]
fn damage_in_the_middle_costs_the_records_it_hits() {
    let mut folder = tape(0..40, u64::MAX);
    let index = folder.recover().expect("a tape").index;
    let hit = index.location(Slot(10)).expect("there");
    let file = folder.files.get_mut(&Segment(1)).expect("there");
    file[hit.offset as usize + 3] ^= 4;
    file[(hit.offset + hit.len_bytes) as usize + 50] ^= 4;
    let recovered = folder.recover().expect("a tape");
    assert_eq!(recovered.index.chunks(), 38);
    let holes = recovered.index.holes();
    assert_eq!((holes[0].first, holes[0].end, holes[0].cause), (Slot(10), Slot(12), HoleCause::Damage));
    let [Damage::Unreadable { offset, len_bytes, .. }] = recovered.damage[..] else { panic!("one range") };
    assert_eq!((offset, len_bytes), (u64::from(hit.offset), 2 * u64::from(hit.len_bytes)));
    assert_eq!(recovered.truncate, None);
    // The damaged part may have held epochs.
    assert_eq!(recovered.next(ANCHOR).epoch, Epoch(1 + 64 + 1));
}

#[test]
fn files_that_are_gone_or_empty_are_missed() {
    let mut folder = tape(0..40, SEGMENT_BYTES);
    folder.files.remove(&Segment(2));
    folder.files.insert(Segment(3), Vec::new());
    // An empty file at the end is what a crash leaves when it has just been created.
    folder.files.insert(Segment(90), Vec::new());
    let recovered = folder.recover().expect("a tape");
    assert_eq!(recovered.damage, [Damage::Missing { first: Segment(2), end: Segment(4) }]);
    assert_eq!(recovered.segment_next, Segment(91));
    assert!(recovered.index.holes().iter().all(|hole| hole.cause == HoleCause::Damage));
}

#[test]
fn a_file_without_records_is_left_alone() {
    let mut folder = tape(0..10, SEGMENT_BYTES);
    folder.files.insert(Segment(9), b"somebody's notes".repeat(100));
    let recovered = folder.recover().expect("a tape");
    assert_eq!(recovered.truncate, None);
    assert_eq!(recovered.segment_next, Segment(10));
}

#[test]
fn files_of_another_tape_or_in_another_place_are_damage() {
    let folder = tape(0..40, SEGMENT_BYTES);
    let mut swapped = folder.clone();
    let (one, two) = (folder.files[&Segment(2)].clone(), folder.files[&Segment(3)].clone());
    swapped.files.extend([(Segment(2), two), (Segment(3), one)]);
    let recovered = swapped.recover().expect("a tape");
    assert!(recovered.index.chunks() < 40);
    let whole = |damage: &&Damage| matches!(damage, Damage::TornTail { offset: 0, .. });
    assert_eq!(recovered.damage.iter().filter(whole).count(), 2);
}

#[test]
fn a_newer_tape_is_refused() {
    let mut folder = tape(0..5, SEGMENT_BYTES);
    let file = folder.files.get_mut(&Segment(1)).expect("there");
    // A newer program writes its own version, and a header check over it: bytes 0..12 at offset 0 of segment 1.
    file[4] = 2;
    let mut hasher = blake3::Hasher::new();
    hasher.update(&1u32.to_le_bytes()).update(&0u64.to_le_bytes()).update(&file[..12]);
    file[12..16].copy_from_slice(&hasher.finalize().as_bytes()[..4]);
    assert!(matches!(folder.recover(), Err(RecoveryError::Newer { version: 2 })));
}

#[test]
fn what_cannot_be_read_is_reported_and_not_cut() {
    let mut folder = tape(0..40, SEGMENT_BYTES);
    let last = *folder.files.keys().next_back().expect("several");
    folder.files.get_mut(&last).expect("there").extend([7; 99]);
    let mut recovery = Recovery::new(folder.files.iter().map(|(s, content)| (*s, content.len() as u64)));
    while let Some(read) = recovery.poll_read() {
        match read.segment {
            Segment(2) => recovery.read_failed(),
            segment => recovery.took(folder.read(segment, read.offset, read.len_bytes)),
        }
    }
    let recovered = recovery.finish().expect("the head is in every file");
    assert!(recovered.damage.contains(&Damage::ReadFailed { segment: Segment(2), offset: 0 }));
    assert_eq!(recovered.truncate, None);
    assert!(recovered.index.chunks() > 20);
}

#[test]
fn the_next_slot_follows_the_clock_within_reason() {
    let recovered = tape(0..40, SEGMENT_BYTES).recover().expect("a tape");
    let next = |after: Duration| recovered.next(ANCHOR.plus(after)).first.0;
    let lowest = 40 + SLOTS_UNSAFE_MAX;
    assert_eq!(next(Duration::ZERO), lowest, "a clock set back");
    assert_eq!(next(Duration::from_secs(3600)), 11_250);
    assert_eq!(next(Duration::from_millis(3_600_001)), 11_251);
    assert_eq!(next(2 * PAUSE_MAX), lowest, "a clock set days ahead");
    assert_eq!(recovered.next(ANCHOR).epoch, Epoch(2));
}

#[test]
fn long_files_are_read_in_windows() {
    // Five windows of 1 MiB, with records across their borders and a stretch of damage longer than one.
    let mut folder = tape(0..4000, u64::MAX);
    let file = folder.files.get_mut(&Segment(1)).expect("there");
    assert!(file.len() > 5 << 20, "{}", file.len());
    file[1 << 20..(5 << 20) / 2].fill(0xD5);
    let recovered = folder.recover().expect("a tape");
    let record = recovered.index.location(Slot(0)).map_or(0, |at| u64::from(at.len_bytes));
    let hit = (3u64 << 19).div_ceil(record);
    let lost = 4000 - recovered.index.chunks();
    assert!((hit..=hit + 1).contains(&lost), "{lost} of {record} bytes");
    assert_eq!(recovered.damage.len(), 1);
}

proptest! {
    /// Whatever happens to the bytes, a recovery ends, and what it finds is what was written.
    #[test]
    fn mutated_files_never_panic_and_never_yield_other_chunks(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0usize..3), 1..40),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut folder = tape(0..12, 6_000);
        for (at, byte, segment) in edits {
            if let Some(file) = folder.files.values_mut().nth(segment) {
                let at = at.index(file.len());
                file[at] = byte;
            }
        }
        if let Some(mut last) = folder.files.last_entry() {
            let len = cut.index(last.get().len());
            last.get_mut().truncate(len);
        }
        if let Ok(recovered) = folder.recover() {
            for run in recovered.index.runs() {
                for slot in (run.first.0..run.end.0).map(Slot) {
                    let at = recovered.index.location(slot).expect("a slot of a run");
                    let bytes: Bytes = folder.read(at.segment, at.offset.into(), at.len_bytes.into());
                    prop_assert_eq!(recovered.index.chunk(at, &bytes), Ok(chunk(1, slot.0)));
                }
            }
        }
    }
}
