//! Listeners who take everything: openings, turns, slices, the end.

use std::time::Duration;

use bytes::Bytes;
use stentor_fanout::limits::{SLICE_LINE, SLICE_TURNS};
use stentor_fanout::{Coding, Fanout, FeedId, FeedSpec, Full, Joining, Limits, Output, Pace, Piece};
use stentor_types::{Mono, Slot};

const SPEC: FeedSpec =
    FeedSpec { slots: 3, bytes_per_s: 4_000, next: Slot(30), burst_groups: 5, is_over: false };

fn piece(group: u64) -> Piece {
    let text = format!("<{group}>");
    let bytes = format!("{:x}\r\n{text}\r\n", text.len());
    let start = bytes.find('<').expect("it is there");
    Piece { group: Slot(group), bare: start..start + text.len(), bytes: Bytes::from(bytes) }
}

fn joining(coding: Coding) -> Joining {
    let opening = Bytes::from_static(b"opening");
    Joining { opening, first: Slot(15), next: Slot(30), coding, pace: Pace::Live }
}

fn fanout() -> (Fanout, FeedId) {
    let mut fanout = Fanout::new(Limits::default());
    let feed = fanout.open(SPEC).expect("there is room");
    (fanout, feed)
}

/// Everything until the timeout, taken whole, as (seat, text); then when to come again.
fn drain(fanout: &mut Fanout, now: Mono) -> (Vec<(usize, String)>, Mono) {
    let mut sent = Vec::new();
    loop {
        let (id, bytes) = match fanout.poll_output(now) {
            Output::Send { id, bytes } => (id, bytes.to_vec()),
            Output::Close { id, why } => {
                sent.push((id.index(), format!("{why:?}")));
                continue;
            }
            Output::Timeout(at) => return (sent, at),
            other => panic!("{other:?}"),
        };
        fanout.sent(now, id, bytes.len());
        sent.push((id.index(), String::from_utf8(bytes).expect("text")));
    }
}

#[test]
fn an_opening_then_every_piece_then_the_end() {
    let (mut fanout, feed) = fanout();
    let now = Mono(1_000_000);
    fanout.join(now, feed, joining(Coding::Chunked)).expect("there is room");
    fanout.join(now, feed, joining(Coding::Bare)).expect("there is room");
    let said = |texts: [&str; 2]| vec![(0, texts[0].to_owned()), (1, texts[1].to_owned())];
    assert_eq!(drain(&mut fanout, now), (said(["opening", "opening"]), Mono(u64::MAX)));
    fanout.publish(now, feed, piece(30));
    assert_eq!(drain(&mut fanout, now).0, said(["4\r\n<30>\r\n", "<30>"]));
    let later = now + Duration::from_millis(960);
    fanout.publish(later, feed, piece(33));
    assert_eq!(drain(&mut fanout, later).0, said(["4\r\n<33>\r\n", "<33>"]));
    fanout.close(later, feed);
    let (mut end, at) = drain(&mut fanout, later);
    end.sort();
    assert_eq!(end, [(0, "0\r\n\r\n".to_owned()), (0, "Ended".to_owned()), (1, "Ended".to_owned())]);
    assert_eq!((fanout.listeners(), at), (0, Mono(u64::MAX)));
    assert_eq!(fanout.join(later, feed, joining(Coding::Bare)), Err(Full::Closed));
}

#[test]
fn a_flush_of_many_is_spread_over_half_of_the_interval_and_everybody_keeps_their_turn() {
    let (mut fanout, feed) = fanout();
    let mut now = Mono(0);
    for _ in 0..3_000 {
        fanout.join(now, feed, joining(Coding::Chunked)).expect("there is room");
    }
    let mut openings = 0;
    loop {
        let (sent, at) = drain(&mut fanout, now);
        assert!(sent.len() <= SLICE_LINE as usize, "{} at once", sent.len());
        openings += sent.len();
        if at > now {
            break;
        }
    }
    assert_eq!(openings, 3_000);
    let mut turns: Vec<Vec<Mono>> = vec![Vec::new(); 3_000];
    for group in 0..4 {
        let start = Mono(group * 960_000);
        now = start;
        fanout.publish(now, feed, piece(30 + 3 * group));
        loop {
            let (sent, at) = drain(&mut fanout, now);
            assert!(sent.len() <= SLICE_TURNS as usize, "{} in a slice", sent.len());
            sent.iter().for_each(|&(seat, _)| turns[seat].push(now));
            if at == Mono(u64::MAX) {
                break;
            }
            assert!(at > now && at < start + Duration::from_millis(480));
            now = at;
        }
    }
    for times in turns {
        assert_eq!(times.len(), 4);
        assert!(times.windows(2).all(|pair| pair[1].0 - pair[0].0 == 960_000), "{times:?}");
    }
    assert_eq!(fanout.take_lateness(), Duration::ZERO);
}

#[test]
fn a_full_socket_goes_on_from_where_it_is() {
    let (mut fanout, feed) = fanout();
    let now = Mono(0);
    let id = fanout.join(now, feed, joining(Coding::Chunked)).expect("there is room");
    let Output::Send { bytes: b"opening", .. } = fanout.poll_output(now) else { panic!("the opening first") };
    fanout.sent(now, id, 4);
    fanout.publish(now, feed, piece(30));
    fanout.publish(now, feed, piece(33));
    assert_eq!(drain(&mut fanout, now).0, []);
    fanout.writable(now, id);
    let all = ["ing", "4\r\n<30>\r\n", "4\r\n<33>\r\n"].map(|text| (0, text.to_owned()));
    assert_eq!(drain(&mut fanout, now).0, all);
}

#[test]
fn a_name_that_is_over_does_nothing() {
    let mut fanout = Fanout::new(Limits { listeners: 1, ..Limits::default() });
    let feed = fanout.open(SPEC).expect("there is room");
    let now = Mono(0);
    let old = fanout.join(now, feed, joining(Coding::Bare)).expect("there is room");
    assert_eq!(fanout.join(now, feed, joining(Coding::Bare)), Err(Full::Listeners));
    let Output::Send { .. } = fanout.poll_output(now) else { panic!("the opening") };
    fanout.leave(old);
    let new = fanout.join(now, feed, joining(Coding::Bare)).expect("the seat is free");
    assert!(new != old && new.index() == old.index());
    fanout.leave(old);
    fanout.sent(now, old, 3);
    fanout.writable(now, old);
    assert_eq!(drain(&mut fanout, now).0, [(0, "opening".to_owned())]);
}

#[test]
fn a_shell_that_is_late_looks_at_the_world_between_slices_and_both_feeds_get_theirs() {
    let mut fanout = Fanout::new(Limits::default());
    let feeds = [(); 2].map(|()| fanout.open(SPEC).expect("there is room"));
    for n in 0..8_000 {
        fanout.join(Mono(0), feeds[n / 4_000], joining(Coding::Bare)).expect("there is room");
    }
    while drain(&mut fanout, Mono(0)).1 == Mono(0) {}
    for feed in feeds {
        fanout.publish(Mono(0), feed, piece(30));
    }
    // A tenth of both flushes, and then nothing for two intervals.
    for ms in (0..48).step_by(5) {
        drain(&mut fanout, Mono(ms * 1_000));
    }
    let now = Mono(1_920_000);
    for feed in feeds {
        fanout.publish(now, feed, piece(33));
    }
    let late = now + Duration::from_millis(900);
    let mut had = vec![String::new(); 8_000];
    let mut halves = [0, 0];
    loop {
        let (sent, at) = drain(&mut fanout, late);
        // Turns, and what there is more for some of the same listeners.
        assert!(sent.len() <= (SLICE_TURNS + SLICE_LINE) as usize, "{} sends in a slice", sent.len());
        for (seat, text) in sent {
            had[seat] += &text;
            halves[seat / 4_000] += 1;
        }
        assert!(u32::abs_diff(halves[0], halves[1]) <= 4 * SLICE_TURNS, "{halves:?}");
        if at > late {
            break;
        }
    }
    let first: usize = had.iter().filter(|had| *had == "<33>").count();
    assert_eq!(first + had.iter().filter(|had| *had == "<30><33>").count(), 8_000);
    assert!((512..1_600).contains(&first), "{first} had a turn in the first flush");
    assert!(fanout.take_lateness() > Duration::from_millis(1_800));
}

#[test]
fn who_is_live_comes_before_who_is_paced_however_late_it_is() {
    let (mut fanout, feed) = fanout();
    let group = |n: u64| 30 + 3 * n;
    (0..40).for_each(|n| fanout.publish(Mono(0), feed, piece(group(n))));
    for n in 0..220 {
        let next = Slot(if n < 200 { group(40) } else { group(0) });
        let pace = if n < 200 { Pace::Live } else { Pace::Rewound };
        let joining = Joining { first: next, next, pace, ..joining(Coding::Bare) };
        fanout.join(Mono(0), feed, joining).expect("there is room");
    }
    while drain(&mut fanout, Mono(0)).1 == Mono(0) {}
    // All turns are due by then, and a group of every reader.
    fanout.publish(Mono(0), feed, piece(group(40)));
    let late = Mono(1_000_000);
    let mut order = Vec::new();
    loop {
        let (sent, at) = drain(&mut fanout, late);
        order.extend(sent.into_iter().map(|(seat, _)| seat));
        if at > late {
            break;
        }
    }
    assert_eq!(order.len(), 220);
    assert!(order[..200].iter().all(|&seat| seat < 200), "{order:?}");
}
