//! What a writer does when the disk fails, when chunks do not come, and at the end.

use crate::folder::{ANCHOR, Folder, at, chunk, head, mark, tape};
use stentor_tape::writer::{BACKLOG_CHUNKS_MAX, ClosedError, RETRY_FIRST, SYNC_EVERY};
use stentor_tape::{Disk, DiskError, Hole, HoleCause, Op, Output, Report, Segment, Writer};
use stentor_types::{Epoch, MarkBody, Mono, Slot};

fn begin(folder: &mut Folder) -> (Writer, Vec<Output>) {
    let mut writer = Writer::create(head(), Segment::FIRST);
    writer.open_epoch(Mono(0), Epoch(1), Slot(0), ANCHOR);
    let said = folder.drive(&mut writer, Mono(0));
    (writer, said)
}

fn disks(said: &[Output]) -> Vec<(Disk, u64)> {
    let disk = |output: &Output| match output {
        Output::Disk { disk, chunks_lost } => Some((*disk, *chunks_lost)),
        _ => None,
    };
    said.iter().filter_map(disk).collect()
}

#[test]
fn an_epoch_is_open_once_it_is_safe_and_syncs_are_batched() {
    let mut writer = Writer::create(head(), Segment::FIRST);
    writer.open_epoch(Mono(0), Epoch(1), Slot(0), ANCHOR);
    let mut ops = Vec::new();
    for slot in 0..10 {
        writer.push_chunk(at(slot + 1), chunk(1, slot));
        while let Some(output) = writer.poll_output() {
            match output {
                Output::Do(op) => {
                    ops.push(op);
                    writer.done(at(slot + 1));
                }
                Output::EpochOpen { epoch, safe } => {
                    assert_eq!((epoch, safe), (Epoch(1), true));
                    assert!(matches!(ops.last(), Some(Op::Sync { .. })), "open before it is safe");
                }
                _ => {}
            }
        }
    }
    assert_eq!(ops[..2], [Op::Create { segment: Segment(1) }, Op::SyncFolder]);
    let syncs = ops.iter().filter(|op| matches!(op, Op::Sync { .. })).count();
    // The epoch's, and one for every four chunks of the 2.9 s after it.
    assert_eq!(syncs, 1 + 2);
    let due = writer.poll_timeout().expect("something is not safe yet");
    assert!(due <= at(10) + SYNC_EVERY);
}

#[test]
fn a_short_failure_loses_nothing_and_uses_a_new_segment() {
    let mut folder = Folder::default();
    let (mut writer, _) = begin(&mut folder);
    writer.push_chunk(at(1), chunk(1, 0));
    folder.drive(&mut writer, at(1));
    folder.fault = Some(DiskError::Failed);
    let mut said = Vec::new();
    for slot in 1..20 {
        writer.push_chunk(at(slot + 1), chunk(1, slot));
        said.extend(folder.drive(&mut writer, at(slot + 1)));
    }
    assert_eq!(disks(&said), [(Disk::Failed, 0)]);
    assert_eq!(writer.disk(), Disk::Failed);
    let retry = writer.poll_timeout().expect("it tries again");
    let written = folder.files[&Segment(1)].len();
    folder.fault = None;
    let said = folder.drive(&mut writer, retry + RETRY_FIRST);
    folder.drive(&mut writer, retry + RETRY_FIRST + SYNC_EVERY);
    assert_eq!(writer.disk(), Disk::Ok, "{said:?}");
    assert_eq!(folder.files[&Segment(1)].len(), written, "nothing comes behind a failure");
    let recovered = folder.recover().expect("a tape");
    assert_eq!(recovered.index.chunks(), 20);
    assert_eq!((recovered.index.holes(), recovered.damage), (vec![], vec![]));
}

#[test]
fn what_exceeds_the_backlog_becomes_a_hole_and_a_mark_and_its_marks_stay() {
    let mut folder = Folder::default();
    let (mut writer, _) = begin(&mut folder);
    folder.fault = Some(DiskError::Full);
    let lost = 12;
    for slot in 0..BACKLOG_CHUNKS_MAX as u64 + lost {
        let mut chunk = (*chunk(1, slot)).clone();
        if slot == 3 {
            chunk.marks.push(mark(slot, MarkBody::OnAir));
        }
        writer.push_chunk(at(slot + 1), chunk.into());
        folder.drive(&mut writer, at(slot + 1));
    }
    assert_eq!((writer.disk(), writer.chunks_lost()), (Disk::Full, lost));
    folder.fault = None;
    let retry = writer.poll_timeout().expect("it tries again");
    let said = folder.drive(&mut writer, retry);
    let later = at(BACKLOG_CHUNKS_MAX as u64 + lost + 1000);
    let said = [said, folder.drive(&mut writer, later)].concat();
    assert_eq!(disks(&said), [(Disk::Ok, lost)]);
    let index = folder.recover().expect("a tape").index;
    assert_eq!(index.chunks(), BACKLOG_CHUNKS_MAX as u64);
    assert_eq!(index.holes(), [Hole { first: Slot(0), end: Slot(lost), cause: HoleCause::DiskLost }]);
    let expected = [mark(0, MarkBody::DiskLost { chunks: lost }), mark(3, MarkBody::OnAir)];
    assert_eq!(index.marks(), expected);
}

#[test]
fn nobody_waits_for_an_epoch_on_a_dead_disk() {
    let mut folder = Folder { fault: Some(DiskError::Failed), ..Folder::default() };
    let (mut writer, said) = begin(&mut folder);
    assert!(said.contains(&Output::EpochOpen { epoch: Epoch(1), safe: false }), "{said:?}");
    writer.open_epoch(at(10), Epoch(2), Slot(10), ANCHOR);
    let said = folder.drive(&mut writer, at(10));
    assert!(said.contains(&Output::EpochOpen { epoch: Epoch(2), safe: false }), "{said:?}");
}

#[test]
fn chunks_that_never_came_are_told_from_a_new_mixer_and_a_restart() {
    let mut folder = Folder::default();
    let (mut writer, _) = begin(&mut folder);
    writer.push_chunk(at(1), chunk(1, 0));
    writer.push_chunk(at(3), chunk(1, 2));
    writer.open_epoch(at(10), Epoch(2), Slot(10), ANCHOR);
    writer.push_chunk(at(11), chunk(2, 10));
    folder.drive(&mut writer, at(20));
    folder.drive(&mut writer, at(30));

    let recovered = folder.recover().expect("a tape");
    let next = recovered.next(ANCHOR.plus(std::time::Duration::from_secs(32)));
    assert_eq!((next.epoch, next.first), (Epoch(3), Slot(100)));
    let mut writer = Writer::resume(&recovered).expect("it is not closed");
    writer.open_epoch(at(0), next.epoch, next.first, ANCHOR);
    writer.push_marks(at(1), &[mark(2, MarkBody::End)]);
    writer.push_chunk(at(1), chunk(3, 100));
    writer.close(at(2), Slot(103));
    let said = folder.drive(&mut writer, at(3));
    assert_eq!(said.last(), Some(&Output::Closed));
    assert!(writer.poll_output().is_none() && writer.poll_timeout().is_none());

    let recovered = folder.recover().expect("a tape");
    let holes: Vec<_> =
        recovered.index.holes().iter().map(|hole| (hole.first.0, hole.end.0, hole.cause)).collect();
    let expected = [
        (1, 2, HoleCause::DiskLost),
        (3, 10, HoleCause::NewMixer),
        (11, 100, HoleCause::Restart),
        (101, 103, HoleCause::DiskLost),
    ];
    assert_eq!(holes, expected);
    assert_eq!(recovered.index.closed(), Some(Slot(103)));
    assert_eq!(Writer::resume(&recovered).err(), Some(ClosedError));
    let report = Report::new(&recovered);
    assert!(
        report.is_sound()
            && report.to_string().contains("hole      3.52 s to 32.00 s: the program was not running")
    );
}

#[test]
fn segments_change_at_their_length_and_each_can_be_read_alone() {
    let mut folder = tape(0..40, 10_000);
    assert!(folder.files.len() > 3, "{} files", folder.files.len());
    let last = *folder.files.keys().next_back().expect("several");
    folder.files.retain(|segment, _| *segment == last);
    let recovered = folder.recover().expect("every segment has a head");
    assert_eq!(recovered.index.location(Slot(39)).map(|at| at.segment), Some(last));
    assert_eq!(recovered.index.epochs().len(), 1);
}

#[test]
#[should_panic(expected = "slots rise")]
fn a_slot_twice_is_a_bug() {
    let (mut writer, _) = begin(&mut Folder::default());
    writer.push_chunk(at(1), chunk(1, 0));
    writer.push_chunk(at(2), chunk(1, 0));
}
