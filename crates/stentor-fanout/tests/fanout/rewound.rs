//! Rewound and replay readers: their pace, what they fetch, and how they become live.

use std::time::Duration;

use stentor_fanout::{Coding, Full, Limits, Pace, Why};
use stentor_types::Slot;

use crate::ear::{Ear, Socket};
use crate::sim::{BEGIN, SLICE_MAX, SLOT_US, Sim};

/// Slots that a reader had so long after joining.
fn had(ear: &Ear, after: Duration) -> u64 {
    let until = ear.joined_at + after;
    ear.heard.iter().filter(|group| group.at <= until).map(|group| group.slots).sum()
}

/// The end of what is published.
fn live(sim: &Sim, slots: u64) -> u64 {
    sim.now.0 / SLOT_US / slots * slots
}

#[test]
fn ten_seconds_at_once_then_faster_than_live_until_it_is_reached() {
    for slots in [1, 3, 6, 12] {
        let mut sim = Sim::new(Limits::default());
        let feed = sim.open(slots);
        let neighbour = sim.join(feed, Coding::Chunked, Socket::fast()).expect("there is room");
        // Five minutes back: four of them are on the disk only.
        let first = Slot(BEGIN.0 - 936);
        let ear = sim.join_at(feed, first, Pace::Rewound, Socket::fast()).expect("there is room");
        assert_eq!(sim.fanout.readers(), 1);
        sim.run(Duration::from_secs(1_300));
        let at_once = had(&sim.ears[ear], Duration::from_millis(250));
        assert_eq!(at_once, 32 / slots * slots, "slots at once");
        for s in [60, 300, 900] {
            let (had, due) = (had(&sim.ears[ear], Duration::from_secs(s)), 32 + s * 1_250 / 320);
            assert!(had <= due && had + slots + 1 >= due, "{had} slots after {s} s, {due} were due");
        }
        // 300 s − 10 s are caught up with a quarter of real time: live after 1,160 s at the latest.
        assert_eq!((sim.fanout.readers(), sim.fanout.listeners()), (0, 2));
        let reader = &sim.ears[ear];
        assert_eq!((reader.jumps(), reader.heard[0].slot), (vec![], first.0));
        let last = reader.heard.last().expect("sound");
        assert_eq!(last.slot + last.slots, live(&sim, slots));
        assert_eq!((sim.ears[neighbour].jumps(), sim.fetched as u64 * slots > 600), (vec![], true));
    }
}

#[test]
fn a_replay_goes_twice_as_fast_and_ends() {
    let mut sim = Sim::new(Limits::default());
    let end = Slot(BEGIN.0 - 3);
    let feed = sim.open_recording(3, end);
    let first = Slot(end.0 - 600);
    let ear = sim.join_at(feed, first, Pace::Replay, Socket::fast()).expect("there is room");
    sim.run(Duration::from_secs(50));
    assert!(had(&sim.ears[ear], Duration::from_secs(50)).abs_diff(32 + 50 * 2_000 / 320) <= 4);
    assert_eq!(sim.ears[ear].closed, None);
    // Nobody joins a closed feed; who reads it may go on.
    sim.close(feed);
    let late = sim.join_at(feed, first, Pace::Replay, Socket::fast());
    assert_eq!(late, Err(Full::Closed));
    sim.run(Duration::from_secs(60));
    let reader = &sim.ears[ear];
    let last = reader.heard.last().expect("sound");
    assert_eq!((last.slot + 3, reader.has_ended, reader.jumps()), (end.0, true, vec![]));
    assert_eq!((reader.closed.map(|(_, why)| why), sim.fanout.readers()), (Some(Why::Ended), 0));
}

#[test]
fn many_readers_ask_for_a_bounded_number_of_groups_at_once_and_share_them() {
    let limits = Limits { fetches: 4, readers: 150, ..Limits::default() };
    let mut sim = Sim::new(limits);
    let feed = sim.open(3);
    let mut ears = Vec::new();
    // Half of them at the same place.
    for n in 0..150 {
        let first = Slot(BEGIN.0 - 3_000 - if n % 2 == 0 { 0 } else { 3 * n });
        ears.push(sim.join_at(feed, first, Pace::Rewound, Socket::fast()).expect("there is room"));
    }
    let full = sim.join_at(feed, Slot(BEGIN.0 - 300), Pace::Rewound, Socket::fast());
    assert_eq!(full, Err(Full::Readers));
    sim.run(Duration::from_secs(30));
    assert_eq!(sim.fetching_max, 4);
    // Some go away while they wait.
    ears.drain(..100).for_each(|ear| sim.leave(ear));
    sim.run(Duration::from_secs(60));
    for ear in ears {
        assert_eq!(sim.ears[ear].jumps(), []);
        let (had, due) = (had(&sim.ears[ear], Duration::from_secs(90)), 32 + 90 * 1_250 / 320);
        assert!(had + 6 >= due, "{had} slots, {due} were due");
    }
    assert_eq!(sim.fanout.readers(), 50);
}

#[test]
fn a_reader_may_be_slow_but_not_take_nothing() {
    let mut sim = Sim::new(Limits::default());
    let feed = sim.open(3);
    let first = Slot(BEGIN.0 - 900);
    let slow = sim.join_at(feed, first, Pace::Rewound, Socket::new(500, 30)).expect("there is room");
    let silent = sim.join_at(feed, first, Pace::Rewound, Socket::silent(700)).expect("there is room");
    sim.run(Duration::from_secs(29));
    assert_eq!(sim.ears[silent].closed, None);
    sim.run(Duration::from_secs(200));
    assert_eq!(sim.ears[silent].closed.map(|(_, why)| why), Some(Why::Lagging));
    assert_eq!((sim.ears[slow].closed, sim.ears[slow].jumps()), (None, vec![]));
    // They get well, and live in the end.
    sim.change(slow, usize::MAX / 2, 1 << 40);
    sim.run(Duration::from_secs(2_000));
    let last = sim.ears[slow].heard.last().expect("sound");
    assert_eq!((last.slot + 3, sim.ears[slow].jumps()), (live(&sim, 3), vec![]));
}

#[test]
fn what_cannot_be_had_ends_the_stream() {
    let mut sim = Sim::new(Limits::default());
    let feed = sim.open(3);
    sim.has_disk = false;
    let ear = sim.join_at(feed, Slot(300), Pace::Rewound, Socket::fast()).expect("there is room");
    sim.run(Duration::from_secs(1));
    assert_eq!(sim.ears[ear].closed.map(|(_, why)| why), Some(Why::Lost));
    assert_eq!((sim.fanout.listeners(), sim.fanout.readers()), (0, 0));
}

#[test]
fn a_flush_that_is_due_goes_first() {
    let mut sim = Sim::new(Limits::default());
    let feed = sim.open(1);
    for _ in 0..600 {
        // All of it is in memory: nothing but rank delays them.
        let first = Slot(BEGIN.0 - 160);
        sim.join_at(feed, first, Pace::Rewound, Socket::fast()).expect("there is room");
    }
    let live: Vec<usize> =
        (0..800).map(|_| sim.join(feed, Coding::Bare, Socket::fast()).expect("there is room")).collect();
    sim.run(Duration::from_secs(30));
    for ear in live {
        let heard = sim.ears[ear].heard.iter().skip(5);
        assert!(heard.clone().count() > 90);
        heard.for_each(|group| assert!(group.at.0 - (group.slot + 1) * SLOT_US <= 80_000));
    }
    assert!(sim.slice_max <= SLICE_MAX, "{} sends in a slice", sim.slice_max);
}
