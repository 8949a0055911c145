//! Readers: every slot once, from memory, from disk or as filler, at their pace.

use std::time::Duration;

use crate::folder::{Folder, at, chunk, head, tape};
use proptest::prelude::*;
use stentor_tape::pace::BURST_CHUNKS;
use stentor_tape::{Cursor, Index, Location, Pace, Record, Segment, Step, Window};
use stentor_types::{Mono, Slot};

/// A tape with a hole from 30 to 50; the window holds what comes after.
fn with_hole() -> (Folder, Index, Window) {
    let folder = tape(0..30, u64::MAX);
    let mut index = folder.recover().expect("a tape").index;
    let mut window = Window::default();
    for slot in 50..60 {
        window = window.push(chunk(2, slot));
        let at = Location { segment: Segment(2), offset: slot as u32 * 2_000, len_bytes: 2_000 };
        assert!(index.add(&Record::Chunk(chunk(2, slot)), at));
    }
    (folder, index, window)
}

#[test]
fn every_slot_is_answered_once_from_disk_filler_or_memory() {
    let (folder, index, window) = with_hole();
    let mut cursor = Cursor::new(Mono(0), Slot(5), Pace::Live);
    assert_eq!(cursor.behind(&window), 55);
    for expected in 5..60 {
        match cursor.next(Mono(0), &window, &index) {
            Step::Read { slot, at } if expected < 30 => {
                let bytes = folder.read(at.segment, at.offset.into(), at.len_bytes.into());
                assert_eq!(index.chunk(at, &bytes), Ok(chunk(1, expected)));
                assert_eq!(slot, Slot(expected));
            }
            Step::Filler { slot } if (30..50).contains(&expected) => assert_eq!(slot, Slot(expected)),
            Step::Chunk(found) if expected >= 50 => assert_eq!(found, chunk(2, expected)),
            step => panic!("{expected}: {step:?}"),
        }
    }
    assert_eq!(cursor.next(Mono(0), &window, &index), Step::WaitForChunk);
    let window = window.push(chunk(2, 60));
    assert_eq!(cursor.next(Mono(0), &window, &index), Step::Chunk(chunk(2, 60)));
}

#[test]
fn a_reader_ends_where_the_tape_or_its_part_ends() {
    let (_, mut index, window) = with_hole();
    let mut part = Cursor::new(Mono(0), Slot(58), Pace::Live).until(Slot(59));
    assert!(matches!(part.next(Mono(0), &window, &index), Step::Chunk(_)));
    assert_eq!(part.next(Mono(0), &window, &index), Step::End);
    let somewhere = Location { segment: Segment(2), offset: 0, len_bytes: 40 };
    index.add(&Record::Closed { end: Slot(61) }, somewhere);
    let mut whole = Cursor::new(Mono(0), Slot(60), Pace::Live);
    assert_eq!(whole.next(Mono(0), &window, &index), Step::Filler { slot: Slot(60) });
    assert_eq!(whole.next(Mono(0), &window, &index), Step::End);
}

#[test]
fn a_rewound_reader_catches_up_with_live() {
    let mut index = Index::new(head());
    let mut window = Window::default();
    let mut cursor = Cursor::new(at(400), Slot(0), Pace::Rewound);
    let mut now = at(400);
    let mut made = 0;
    let mut waits = 0;
    loop {
        while made < now.0 / 320_000 {
            let place = Location { segment: Segment(1), offset: made as u32, len_bytes: 1 };
            index.add(&Record::Chunk(chunk(1, made)), place);
            window = window.push(chunk(1, made));
            made += 1;
        }
        match cursor.next(now, &window, &index) {
            Step::WaitUntil(due) => {
                assert!(due > now);
                waits += 1;
                now = due;
            }
            Step::WaitForChunk => break,
            _ => {}
        }
    }
    // 368 slots behind after the burst, gaining a quarter of a slot for each: 4 × 368.
    let seconds = now.saturating_since(at(400)).as_secs_f64();
    assert!((seconds - 4.0 * 368.0 * 0.32).abs() < 2.0, "{seconds}");
    assert!(waits > 1000);
}

proptest! {
    #[test]
    fn nobody_gets_more_than_the_pace_allows(
        pace in prop_oneof![Just(Pace::Rewound), Just(Pace::Replay)],
        pauses_ms in prop::collection::vec(0u64..2_000, 1..300),
    ) {
        let index = tape(0..200, u64::MAX).recover().expect("a tape").index;
        let rate = if pace == Pace::Rewound { 1.25 } else { 2.0 };
        let mut cursor = Cursor::new(Mono(0), Slot(0), pace);
        let mut now = Mono(0);
        let mut sent = 0u64;
        for pause in pauses_ms {
            now = now + Duration::from_millis(pause);
            while let Step::Read { .. } = cursor.next(now, &Window::default(), &index) {
                sent += 1;
            }
            let allowed = BURST_CHUNKS + (now.0 as f64 / 320_000.0 * rate + 1e-9).floor() as u64;
            prop_assert_eq!(sent, allowed.min(200));
        }
    }
}
