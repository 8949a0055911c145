//! An index says what a plain list of all records would say.

use std::collections::BTreeMap;

use crate::folder::{chunk, head, mark};
use proptest::prelude::*;
use stentor_tape::{HoleCause, Index, Location, Record, Segment};
use stentor_types::{MarkBody, Slot};

#[derive(Clone, Debug)]
enum Added {
    Chunk(u64),
    Hole(u64, u64, HoleCause),
    Mark(u64),
}

fn added() -> impl Strategy<Value = Added> {
    let cause = prop_oneof![Just(HoleCause::Restart), Just(HoleCause::DiskLost)];
    prop_oneof![
        3 => (0u64..40).prop_map(Added::Chunk),
        1 => (0u64..40, 0u64..20, cause).prop_map(|(first, len, cause)| Added::Hole(first, first + len, cause)),
        1 => (0u64..40).prop_map(Added::Mark),
    ]
}

proptest! {
    #[test]
    fn an_index_agrees_with_a_list(all in prop::collection::vec(added(), 1..60)) {
        let mut index = Index::new(head());
        let (mut chunks, mut causes, mut marks) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for (offset, added) in (0u32..).zip(&all) {
            let at = Location { segment: Segment(1), offset, len_bytes: 1 };
            let record = match *added {
                Added::Chunk(slot) => {
                    chunks.insert(slot, at);
                    Record::Chunk(chunk(1, slot))
                }
                Added::Hole(first, end, cause) => {
                    for slot in first..end {
                        causes.entry(slot).or_insert(cause);
                    }
                    Record::Hole { first: Slot(first), end: Slot(end), cause }
                }
                Added::Mark(slot) => {
                    marks.insert(slot, mark(slot, MarkBody::OnAir));
                    Record::Marks(vec![mark(slot, MarkBody::OnAir)])
                }
            };
            prop_assert!(index.add(&record, at));
        }
        prop_assert_eq!(index.chunks(), chunks.len() as u64);
        prop_assert_eq!(index.bytes(), all.len() as u64);
        prop_assert_eq!(index.marks(), marks.into_values().collect::<Vec<_>>());
        let last_chunk = chunks.keys().next_back().map(|slot| slot + 1);
        let last_hole = causes.keys().next_back().map(|slot| slot + 1);
        prop_assert_eq!(index.end(), Slot(last_chunk.max(last_hole).unwrap_or(0)));
        for slot in 0..60 {
            prop_assert_eq!(index.location(Slot(slot)), chunks.get(&slot).copied());
            prop_assert_eq!(index.next_chunk(Slot(slot)).map(|s| s.0), chunks.range(slot..).next().map(|(s, _)| *s));
            let run = index.run(Slot(slot));
            prop_assert_eq!(run.is_some(), chunks.contains_key(&slot));
            if let Some(run) = run {
                prop_assert!((run.first.0..run.end.0).all(|inside| chunks.contains_key(&inside)));
                prop_assert!(!chunks.contains_key(&run.end.0));
            }
        }
        let mut holes = BTreeMap::new();
        for hole in index.holes() {
            for slot in hole.first.0..hole.end.0 {
                prop_assert!(holes.insert(slot, hole.cause).is_none());
            }
        }
        for slot in index.first().0..index.end().0 {
            let expected = causes.get(&slot).copied().unwrap_or(HoleCause::Damage);
            let expected = (!chunks.contains_key(&slot)).then_some(expected);
            prop_assert_eq!(holes.get(&slot).copied(), expected, "slot {}", slot);
        }
    }

    #[test]
    fn two_epochs_in_one_slot_are_told(slot in 0u64..100) {
        let mut index = Index::new(head());
        let at = Location { segment: Segment(1), offset: 0, len_bytes: 1 };
        prop_assert!(index.add(&Record::Chunk(chunk(1, slot)), at));
        let taken = index.add(&Record::Chunk(chunk(2, slot)), Location { offset: 1, ..at });
        prop_assert!(!taken);
        prop_assert_eq!(index.location(Slot(slot)), Some(at));
    }
}
