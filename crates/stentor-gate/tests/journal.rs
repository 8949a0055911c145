//! Whatever a journal says, behind checksums that are good: a gate that goes on, or a reason.

use proptest::prelude::*;
use stentor_gate::limits::UNWRITTEN_MAX;
use stentor_gate::line::Lane;
use stentor_gate::recover::batch;
use stentor_gate::ticket::{TicketKey, TicketKeys};
use stentor_gate::{Claimed, Gate, RecoverError, Recovered, Seed};
use stentor_types::{Mono, Wall};

const WALL: Wall = Wall(1_800_000_000_000);

fn keys() -> TicketKeys {
    let show = "evening".parse().expect("a name");
    TicketKeys::new(&show, Wall(WALL.0 + 86_400_000), TicketKey::new(1, &[1; 32]))
}

fn recover(journal: &[u8]) -> Result<Recovered, RecoverError> {
    let later = [TicketKey::new(2, &[2; 32])];
    Gate::recover(Mono(0), keys(), &later, Seed::new([7; 32]), 3, journal)
}

/// An entry as it is written, of few and early tickets, so that entries often speak of the same ones.
fn entry() -> impl Strategy<Value = Vec<u8>> {
    // Early serials, and those about the end of what a first crash loses.
    let serial = || prop_oneof![0..6u32, (UNWRITTEN_MAX - 1)..(UNWRITTEN_MAX + 3)];
    let about = |code: u8| {
        (0..2u8, serial()).prop_map(move |(lane, serial)| [&[code, lane][..], &serial.to_be_bytes()].concat())
    };
    prop_oneof![
        6 => about(2),
        4 => (0..2u8).prop_map(|lane| vec![3, lane]),
        3 => Just(vec![4, 0]),
        6 => (about(5), 0..6u8).prop_map(|(entry, state)| [&entry[..], &[state]].concat()),
        // A crash comes after what was given out, which is often nothing.
        4 => (0..2u8, 0..3u32).prop_map(|(lane, first)| [&[6, lane][..], &first.to_be_bytes()].concat()),
        4 => about(7),
        1 => (serial(), serial()).prop_map(|(a, b)| [&[8, 2][..], &a.to_be_bytes(), &b.to_be_bytes()].concat()),
        1 => any::<u32>().prop_map(|count| [&[9][..], &count.to_be_bytes()].concat()),
        3 => (0..2u8, 0..3u32, 0..3u32).prop_map(|(lane, cohort, called)| {
            [&[10, lane][..], &cohort.to_be_bytes(), &called.to_be_bytes()].concat()
        }),
        2 => (about(11), prop::collection::vec(0..6u8, 0..5))
            .prop_map(|(entry, states)| [&entry[..], &(states.len() as u32).to_be_bytes(), &states].concat()),
        2 => about(12),
        1 => (13..16u8).prop_map(|code| vec![code]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn it_is_a_gate_that_goes_on_or_a_reason(entries in prop::collection::vec(entry(), 0..25)) {
        let mut journal = Gate::new(keys(), Seed::new([7; 32]), 3).take_journal();
        // Of random entries hardly any three could have been written one after the other: what is refused is left out.
        let mut number = 1;
        for entry in &entries {
            let longer = [&journal[..], &batch(number, entry)].concat();
            if recover(&longer).is_ok() {
                journal = longer;
                number += 1;
            }
        }
        // And all of them at once.
        let _ = recover(&[&journal[..], &batch(number, &entries.concat())].concat());
        let mut gate = recover(&journal).expect("it was").gate;
        gate.rewrite();
        gate.journal_is_written();
        gate.open_doors(b"round");
        let kept = gate.seats().taken();
        let tickets: Vec<String> =
            Lane::ALL.into_iter().filter_map(|lane| gate.arrive(Mono(0), lane).ok()).collect();
        for s in 0..300 {
            let now = Mono(s * 1_000_000);
            gate.tick(now);
            // Who was inside before the crash may be more than there are seats; nobody new comes in beside them.
            prop_assert!(gate.seats().taken() <= kept.max(gate.seats().cap()));
            for text in &tickets {
                if let Ok(Claimed::In(pass)) = gate.claim(now, WALL, text) {
                    gate.gone(now, pass);
                }
            }
        }
        let says = |gate: &Gate| (gate.seats().away(), gate.seats().promised(), gate.waiting());
        let again = recover(&gate.rewrite()).expect("it is a gate's").gate;
        prop_assert_eq!(says(&again), says(&gate));
    }
}
