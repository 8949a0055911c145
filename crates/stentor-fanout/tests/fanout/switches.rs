//! From one feed to another: at borders only, and without a gap.

use std::time::Duration;

use stentor_fanout::{Coding, Limits, Pace};
use stentor_types::Slot;

use crate::ear::{Ear, Socket};
use crate::sim::{BEGIN, SLOT_US, Sim};

/// The worst that a listener who plays from their joining on has left when a group comes, in microseconds.
fn reserve(ear: &Ear, from: usize) -> i64 {
    let first = ear.heard[0].slot;
    let played = |at: u64| (at - ear.joined_at.0) as i64;
    let had = |slot: u64| ((slot - first) * SLOT_US) as i64;
    ear.heard[from..].iter().map(|group| had(group.slot) - played(group.at.0)).min().expect("sound")
}

/// The slots at which the feed changes.
fn borders(ear: &Ear) -> Vec<u64> {
    let pairs = ear.heard.windows(2).filter(|pair| pair[0].feed != pair[1].feed);
    pairs.map(|pair| pair[1].slot).collect()
}

#[test]
fn a_rendition_changes_for_everybody_at_the_next_border() {
    let mut sim = Sim::new(Limits::default());
    let (thick, thin) = (sim.open(3), sim.open(3));
    let ears: Vec<usize> = (0..300)
        .map(|n| {
            sim.run(Duration::from_millis(7));
            let coding = if n % 2 == 0 { Coding::Chunked } else { Coding::Bare };
            sim.join(thick, coding, Socket::fast()).expect("there is room")
        })
        .collect();
    sim.run(Duration::from_secs(5));
    sim.fanout.switch(sim.feeds[thick].id, sim.feeds[thin].id);
    sim.run(Duration::from_secs(2));
    assert_eq!(sim.fanout.listeners_of(sim.feeds[thick].id), 0);
    sim.run(Duration::from_secs(5));
    // And back.
    sim.fanout.switch(sim.feeds[thick].id, sim.feeds[thick].id);
    sim.fanout.switch(sim.feeds[thin].id, sim.feeds[thick].id);
    sim.run(Duration::from_secs(5));
    for ear in ears.into_iter().map(|ear| &sim.ears[ear]) {
        assert_eq!((ear.jumps(), borders(ear).len()), (vec![], 2));
        assert!(reserve(ear, 6) > 0);
        assert!(borders(ear).iter().all(|slot| slot % 3 == 0));
    }
    assert_eq!(sim.fanout.listeners_of(sim.feeds[thick].id), 300);
}

#[test]
fn a_longer_interval_comes_to_those_whose_buffer_covers_it() {
    for (short, long, all) in [(1, 3, true), (3, 6, true), (3, 12, false), (6, 12, true)] {
        let mut sim = Sim::new(Limits::default());
        let (from, to) = (sim.open(short), sim.open(long));
        let mut ears = Vec::new();
        for _ in 0..200 {
            sim.run(Duration::from_millis(23));
            ears.push(sim.join(from, Coding::Chunked, Socket::fast()).expect("there is room"));
        }
        // Somebody from far behind: what they have got grows until they are live.
        let back = Slot(BEGIN.0 - 120);
        let rewound = sim.join_at(from, back, Pace::Rewound, Socket::fast()).expect("there is room");
        sim.fanout.switch(sim.feeds[from].id, sim.feeds[to].id);
        sim.run(Duration::from_secs(240));
        let moved = sim.fanout.listeners_of(sim.feeds[to].id);
        assert!(moved > 0 && (moved == ears.len() + 1) == all, "{moved} of {} to {long}", ears.len());
        ears.push(rewound);
        for ear in ears.into_iter().map(|ear| &sim.ears[ear]) {
            assert_eq!(ear.jumps(), []);
            assert!(reserve(ear, 1) > 0, "{short} to {long}: {} µs", reserve(ear, 1));
            assert!(borders(ear).iter().all(|slot| slot % long == 0) && borders(ear).len() <= 1);
        }
        assert_eq!(borders(&sim.ears[rewound]).len(), 1, "who caught up has enough");
    }
}

#[test]
fn a_shorter_interval_comes_to_everybody() {
    let mut sim = Sim::new(Limits::default());
    let (long, short) = (sim.open(12), sim.open(3));
    let ears: Vec<usize> = (0..200)
        .map(|_| {
            sim.run(Duration::from_millis(31));
            sim.join(long, Coding::Bare, Socket::fast()).expect("there is room")
        })
        .collect();
    sim.fanout.switch(sim.feeds[long].id, sim.feeds[short].id);
    sim.run(Duration::from_secs(8));
    assert_eq!(sim.fanout.listeners_of(sim.feeds[long].id), 0);
    sim.run(Duration::from_secs(20));
    for ear in ears.into_iter().map(|ear| &sim.ears[ear]) {
        assert_eq!((ear.jumps(), borders(ear).len()), (vec![], 1));
        assert!(borders(ear)[0].is_multiple_of(12) && reserve(ear, 6) > 0);
    }
}

#[test]
fn who_is_behind_changes_when_they_are_at_a_border() {
    let mut sim = Sim::new(Limits::default());
    let (thick, thin) = (sim.open(3), sim.open(3));
    let ear = sim.join(thick, Coding::Chunked, Socket::fast()).expect("there is room");
    sim.run(Duration::from_secs(5));
    // Full in the middle of a piece.
    sim.change(ear, 100, 0);
    sim.run(Duration::from_secs(12));
    sim.fanout.switch(sim.feeds[thick].id, sim.feeds[thin].id);
    sim.run(Duration::from_secs(8));
    assert!(sim.ears[ear].is_inside());
    sim.change(ear, usize::MAX / 2, 1 << 40);
    sim.run(Duration::from_secs(3));
    let ear = &sim.ears[ear];
    assert_eq!((ear.jumps(), borders(ear).len(), ear.is_inside()), (vec![], 1, false));
}
