//! Own tracks lie in files like the tape's: torn ends are dropped, a new writer begins behind what is there.

use std::sync::Arc;

use crate::folder::{Folder, at, head};
use proptest::prelude::*;
use stentor_tape::writer::{BACKLOG_CHUNKS_MAX, BACKLOG_OTHERS_MAX};
use stentor_tape::{Disk, DiskError, Index, Output, Recovery, Segment, Writer};
use stentor_types::{Epoch, Frames, Position, Slot, SpeakerId, TapeHead, TrackChunk, Wall};

fn track(speaker: u32, epoch: u32, slot: u64) -> Arc<TrackChunk> {
    let sound = [speaker as u8, slot as u8, 7];
    let position = Position { epoch: Epoch(epoch), slot: Slot(slot) };
    Arc::new(TrackChunk {
        speaker: SpeakerId(speaker),
        position,
        frames: Frames::from_slices([&sound[..]; 16]),
    })
}

/// Writes what two people gave in these slots into a new segment, as a process does that is then killed.
fn write(folder: &mut Folder, head: &Arc<TapeHead>, epoch: u32, slots: std::ops::Range<u64>) {
    let next = folder.files.keys().next_back().map_or(Segment::FIRST, |last| last.next());
    let mut writer = Writer::create(Arc::clone(head), next).with_segment_bytes(2_000);
    for slot in slots {
        for speaker in [3, 5] {
            writer.push_track(at(slot + 1), track(speaker, epoch, slot));
            folder.drive(&mut writer, at(slot + 1));
        }
    }
}

fn read(folder: &Folder, head: &Arc<TapeHead>) -> Index {
    let lengths = folder.files.iter().map(|(segment, content)| (*segment, content.len() as u64));
    let mut recovery = Recovery::of(Arc::clone(head), lengths);
    while let Some(read) = recovery.poll_read() {
        recovery.took(folder.read(read.segment, read.offset, read.len_bytes));
    }
    recovery.finish().expect("files of this version").index
}

/// The slots of somebody's chunks, each read and compared with what was written.
fn slots(folder: &Folder, index: &Index, speaker: u32, epoch_of: impl Fn(u64) -> u32) -> Vec<u64> {
    let all = index.tracks().locations(SpeakerId(speaker), Slot(0)..Slot(u64::MAX));
    let slot = |&(slot, at): &(Slot, stentor_tape::Location)| {
        let bytes = folder.read(at.segment, at.offset.into(), at.len_bytes.into());
        let chunk = index.track_chunk(at, &bytes).expect("what was written");
        assert_eq!(chunk, track(speaker, epoch_of(slot.0), slot.0));
        slot.0
    };
    all.iter().map(slot).collect()
}

proptest! {
    /// A process is killed anywhere in a write, and the next one goes on: what was whole is there, and no more.
    #[test]
    fn a_torn_end_takes_the_record_in_hand_and_nothing_else(
        written in 1u64..40, cut in any::<prop::sample::Index>(), junk in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let (head, mut folder) = (head(), Folder::default());
        write(&mut folder, &head, 1, 0..written);
        let whole = read(&folder, &head);
        let last = *folder.files.keys().next_back().expect("a file");
        let file = folder.files.get_mut(&last).expect("it is there");
        let kept = cut.index(file.len() + 1);
        file.truncate(kept);
        file.extend_from_slice(&junk);
        let survives = |speaker, slot| {
            let at = whole.tracks().location(SpeakerId(speaker), Slot(slot)).expect("it was written");
            at.segment < last || u64::from(at.offset + at.len_bytes) <= kept as u64
        };
        write(&mut folder, &head, 2, 100..103);
        let index = read(&folder, &head);
        prop_assert_eq!(index.tracks().speakers().collect::<Vec<_>>(), [SpeakerId(3), SpeakerId(5)]);
        for speaker in [3, 5] {
            let expected: Vec<u64> = (0..written).filter(|&slot| survives(speaker, slot)).chain(100..103).collect();
            prop_assert_eq!(slots(&folder, &index, speaker, |slot| if slot < 100 { 1 } else { 2 }), expected);
        }
    }
}

#[test]
fn chunks_of_another_tape_are_left_out() {
    let (ours, mut folder) = (head(), Folder::default());
    let theirs = Arc::new(TapeHead { anchor: Wall(1), ..(*ours).clone() });
    write(&mut folder, &theirs, 1, 0..5);
    write(&mut folder, &ours, 1, 2..4);
    assert_eq!(slots(&folder, &read(&folder, &ours), 3, |_| 1), [2, 3]);
    assert_eq!(slots(&folder, &read(&folder, &theirs), 3, |_| 1), [0, 1, 2, 3, 4]);
}

#[test]
fn a_disk_that_takes_nothing_costs_the_oldest_chunks_and_is_tried_again() {
    let (head, mut folder) = (head(), Folder { fault: Some(DiskError::Full), ..Folder::default() });
    let mut writer = Writer::create(Arc::clone(&head), Segment::FIRST);
    let (kept, lost) = ((BACKLOG_CHUNKS_MAX + BACKLOG_OTHERS_MAX) as u64, 12);
    let mut said = Vec::new();
    for slot in 0..kept + lost {
        writer.push_track(at(slot / 16), track(3, 1, slot));
        said.extend(folder.drive(&mut writer, at(slot / 16)));
    }
    assert_eq!(said, [Output::Disk { disk: Disk::Full, chunks_lost: 0 }]);
    folder.fault = None;
    let retry = writer.poll_timeout().expect("it tries again");
    folder.drive(&mut writer, retry);
    let said = folder.drive(&mut writer, at(kept + 1_000));
    assert_eq!(said, [Output::Disk { disk: Disk::Ok, chunks_lost: lost }]);
    assert_eq!(slots(&folder, &read(&folder, &head), 3, |_| 1), (lost..kept + lost).collect::<Vec<_>>());
}

#[test]
fn a_folder_without_files_has_no_tracks() {
    let index = read(&Folder::default(), &head());
    assert_eq!(index.tracks().speakers().count(), 0);
    assert!(index.tracks().locations(SpeakerId(3), Slot(0)..Slot(9)).is_empty());
}
