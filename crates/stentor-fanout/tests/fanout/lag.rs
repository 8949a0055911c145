//! Who is too far behind is moved to live once, at a border, and then let go.

use std::time::Duration;

use stentor_fanout::{Coding, Limits, Why};
use stentor_types::Mono;

use crate::ear::{SLOT_BYTES, Socket};
use crate::sim::{BURST, SLOT_US, Sim};

/// What the socket of a listener holds here: an opening and five groups of 0.96 s.
const ROOM: usize = 2 * BURST as usize * 3 * SLOT_BYTES;

fn seconds(s: u64) -> Duration {
    Duration::from_secs(s)
}

#[test]
fn up_to_30_s_nothing_is_lost() {
    let mut sim = Sim::new(Limits::default());
    let feed = sim.open(3);
    let ear = sim.join(feed, Coding::Chunked, Socket::fast()).expect("there is room");
    sim.run(seconds(20));
    sim.change(ear, 0, 0);
    sim.run(seconds(29));
    sim.change(ear, usize::MAX / 2, 1_000_000);
    sim.run(seconds(20));
    assert_eq!(sim.ears[ear].jumps(), []);
    let live = sim.now.0 / SLOT_US / 3 * 3;
    let last = sim.ears[ear].heard.last().expect("sound");
    assert_eq!((last.slot + last.slots, sim.ears[ear].closed), (live, None));
}

#[test]
fn beyond_30_s_a_listener_is_moved_to_live_at_a_border_and_the_second_time_let_go() {
    let mut sim = Sim::new(Limits::default());
    let feed = sim.open(3);
    // Inside a piece: 7 bytes are a part of any.
    for inside in [0, 7] {
        let room = ROOM + inside;
        let ear = sim.join(feed, Coding::Bare, Socket::fast()).expect("there is room");
        sim.run(seconds(10));
        sim.change(ear, room, 0);
        sim.run(seconds(45));
        assert_eq!((sim.ears[ear].closed, sim.ears[ear].jumps()), (None, vec![]));
        sim.change(ear, usize::MAX / 2, 1_000_000);
        sim.run(seconds(5));
        let jumps = sim.ears[ear].jumps();
        assert_eq!(jumps.len(), 1, "{jumps:?}");
        let missing = (jumps[0].1 - jumps[0].0) * SLOT_US;
        assert!((20_000_000..45_000_000).contains(&missing), "{missing} µs");
        sim.change(ear, room, 0);
        sim.run(seconds(70));
        let (at, why) = sim.ears[ear].closed.expect("once is enough");
        assert_eq!((why, sim.ears[ear].jumps().len()), (Why::Lagging, 1));
        let silent = at.0 - (sim.now.0 - 70_000_000);
        assert!((30_000_000..45_000_000).contains(&silent), "{silent} µs");
    }
}

#[test]
fn who_never_reads_is_let_go_within_the_minute_that_is_kept_and_disturbs_nobody() {
    let mut sim = Sim::new(Limits::default());
    let feed = sim.open(3);
    let silent: Vec<usize> = (0..1_000)
        .map(|n| sim.join(feed, Coding::Chunked, Socket::silent(n * 4)).expect("there is room"))
        .collect();
    let well: Vec<usize> =
        (0..500).map(|_| sim.join(feed, Coding::Chunked, Socket::fast()).expect("there is room")).collect();
    let began = sim.now;
    sim.run(seconds(90));
    for ear in silent {
        let (at, why) = sim.ears[ear].closed.expect("nobody reads");
        assert_eq!(why, Why::Lagging);
        let after = at.0 - began.0;
        assert!((30_000_000..80_000_000).contains(&after), "{after} µs");
    }
    assert_eq!(sim.fanout.listeners(), well.len());
    for ear in well {
        let heard = &sim.ears[ear].heard;
        assert_eq!(sim.ears[ear].jumps(), []);
        let live = heard.iter().skip(BURST as usize);
        // In their turn: within half an interval of the piece.
        for group in live {
            let late = group.at.0 - (group.slot + group.slots) * SLOT_US;
            assert!(late <= 480_000, "{late} µs late");
        }
    }
    assert_eq!(sim.fanout.take_lateness(), Duration::ZERO);
}

#[test]
fn what_the_peer_has_not_acknowledged_counts() {
    let mut sim = Sim::new(Limits::default());
    let feed = sim.open(3);
    // The kernel takes everything; the peer half as much as there is.
    let socket = Socket::new(usize::MAX / 2, 100);
    let ear = sim.join(feed, Coding::Chunked, socket).expect("there is room");
    for _ in 0..3 {
        sim.run(seconds(18));
        sim.sample(ear);
        assert_eq!(sim.ears[ear].closed, None);
    }
    let moved_at: Mono = sim.now;
    for _ in 0..60 {
        sim.run(seconds(1));
        sim.sample(ear);
    }
    let (at, why) = sim.ears[ear].closed.expect("half of the sound is too little");
    assert_eq!(why, Why::Lagging);
    assert!((10..40).contains(&at.saturating_since(moved_at).as_secs()));
    // One who keeps up is let alone, whatever is on the way.
    let ear = sim.join(feed, Coding::Chunked, Socket::new(10_000, 220)).expect("there is room");
    for _ in 0..90 {
        sim.run(seconds(1));
        sim.sample(ear);
    }
    assert_eq!((sim.ears[ear].closed, sim.ears[ear].jumps()), (None, vec![]));
}

#[test]
fn the_end_waits_30_s_for_who_is_behind() {
    let mut sim = Sim::new(Limits::default());
    let feed = sim.open(3);
    let mut ears = Vec::new();
    for coding in [Coding::Chunked, Coding::Bare] {
        for socket in [Socket::fast(), Socket::new(300, 210), Socket::silent(ROOM)] {
            ears.push(sim.join(feed, coding, socket).expect("there is room"));
        }
    }
    sim.run(seconds(9));
    sim.close(feed);
    assert_eq!(sim.join(feed, Coding::Bare, Socket::fast()), Err(stentor_fanout::Full::Closed));
    sim.run(seconds(31));
    let closed: Vec<_> = ears.iter().map(|&ear| sim.ears[ear].closed.expect("it is over").1).collect();
    assert_eq!(closed, [Why::Ended, Why::Ended, Why::Lagging, Why::Ended, Why::Ended, Why::Lagging]);
    let ended = ears.iter().filter(|&&ear| sim.ears[ear].has_ended).count();
    assert_eq!((ended, sim.fanout.listeners()), (2, 0));
}
