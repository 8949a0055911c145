//! An evening at the gate, from the announcement to the last who comes.

use std::time::Duration;

use stentor_gate::limits::{CLAIM_WITHIN, GRACE};
use stentor_gate::line::Lane;
use stentor_gate::ticket::{TicketKey, TicketKeys};
use stentor_gate::{Claimed, Gate, Refused, Seed, TicketError};
use stentor_types::{Mono, Wall};

const WALL: Wall = Wall(1_800_000_000_000);
const SECOND: Duration = Duration::from_secs(1);

fn gate(cap: u32) -> Gate {
    let show = "evening".parse().expect("a name");
    let keys = TicketKeys::new(&show, Wall(WALL.0 + 86_400_000), TicketKey::new(1, &[1; 32]));
    Gate::new(keys, Seed::new([7; 32]), cap)
}

fn arrive(gate: &mut Gate, now: Mono) -> String {
    gate.arrive(now, Lane::Ordinary).expect("there is room")
}

fn is_in(gate: &mut Gate, now: Mono, ticket: &str) -> bool {
    matches!(gate.claim(now, WALL, ticket), Ok(Claimed::In(_)))
}

#[test]
fn who_came_before_the_doors_is_drawn_and_nobody_comes_in_earlier() {
    let mut gate = gate(10);
    let mut now = Mono(0);
    let tickets: Vec<String> = (0..100).map(|_| arrive(&mut gate, now)).collect();
    gate.tick(now);
    let Err(Refused::NotYet(standing)) = gate.claim(now, WALL, &tickets[0]) else {
        panic!("not before the doors")
    };
    assert_eq!((standing.before, standing.beside), (0, Some(99)));
    gate.open_doors(b"round 17");
    gate.tick(now);
    let first: Vec<usize> = (0..100).filter(|&n| is_in(&mut gate, now, &tickets[n])).collect();
    assert_eq!(first.len(), 10);
    assert_ne!(first, (0..10).collect::<Vec<_>>(), "not who came first");
    // Everybody else knows exactly where they stand.
    let mut places: Vec<u32> = (0..100)
        .filter(|n| !first.contains(n))
        .map(|n| match gate.claim(now, WALL, &tickets[n]) {
            Err(Refused::NotYet(standing)) if standing.beside.is_none() => standing.before,
            other => panic!("{other:?}"),
        })
        .collect();
    places.sort_unstable();
    assert_eq!(places, (0..90).collect::<Vec<_>>());
    // And who comes now is behind them all.
    now = now + SECOND;
    let late = arrive(&mut gate, now);
    let Err(Refused::NotYet(standing)) = gate.claim(now, WALL, &late) else { panic!("it is full") };
    assert_eq!(standing.before, 90);
}

#[test]
fn with_room_to_spare_the_gate_is_not_seen() {
    let mut gate = gate(10);
    gate.open_doors(&[]);
    assert_eq!(gate.walk_in(), Ok(()));
    let ticket = arrive(&mut gate, Mono(0));
    gate.tick(Mono(0));
    assert!(is_in(&mut gate, Mono(0), &ticket));
    assert_eq!((gate.seats().inside(), gate.seats().free(), gate.waiting()), (2, 8, 0));
}

#[test]
fn nobody_takes_the_seat_of_somebody_who_waits() {
    let mut gate = gate(1);
    gate.open_doors(&[]);
    gate.walk_in().expect("there is room");
    assert_eq!(gate.walk_in(), Err(Refused::Full));
    let ticket = arrive(&mut gate, Mono(0));
    gate.walk_out();
    assert_eq!(gate.walk_in(), Err(Refused::Full));
    gate.tick(Mono(0));
    assert_eq!(gate.walk_in(), Err(Refused::Full), "the seat is promised");
    assert!(is_in(&mut gate, Mono(0), &ticket));
}

#[test]
fn a_ticket_is_one_stream_and_a_seat_is_kept_for_a_while() {
    let mut gate = gate(1);
    gate.open_doors(&[]);
    let [ticket, other] = [(); 2].map(|()| arrive(&mut gate, Mono(0)));
    gate.tick(Mono(0));
    let (ticket, other) = if is_in(&mut gate, Mono(0), &ticket) { (ticket, other) } else { (other, ticket) };
    let _ = gate.claim(Mono(0), WALL, &ticket);
    let Ok(Claimed::Again(pass)) = gate.claim(Mono(0), WALL, &ticket) else {
        panic!("one ticket, one stream")
    };
    assert_eq!(gate.seats().inside(), 1);
    gate.gone(Mono(0), pass);
    gate.tick(Mono(0) + GRACE - SECOND);
    assert!(!is_in(&mut gate, Mono(0), &other), "the seat is kept");
    let Ok(Claimed::In(pass)) = gate.claim(Mono(0), WALL, &ticket) else { panic!("they are back") };
    gate.gone(Mono(0), pass);
    gate.tick(Mono(0) + GRACE);
    assert_eq!(gate.claim(Mono(0), WALL, &ticket), Err(Refused::Spent));
    assert!(is_in(&mut gate, Mono(0), &other));
}

#[test]
fn who_misses_their_call_is_next() {
    let mut gate = gate(1);
    gate.open_doors(&[]);
    let early = arrive(&mut gate, Mono(0));
    gate.tick(Mono(0));
    let late = arrive(&mut gate, Mono(0) + SECOND);
    let later = arrive(&mut gate, Mono(0) + SECOND);
    let now = Mono(0) + CLAIM_WITHIN;
    gate.tick(now);
    let (seated, third) = if is_in(&mut gate, now, &late) { (late, later) } else { (later, late) };
    let _ = gate.claim(now, WALL, &seated);
    assert_eq!(gate.claim(now, WALL, &early), Err(Refused::Next));
    let Ok(Claimed::Again(pass)) = gate.claim(now, WALL, &seated) else { panic!("they are inside") };
    gate.gone(now, pass);
    // They ask again before what is kept for them is given away, as their page does.
    let now = now + GRACE;
    assert_eq!(gate.claim(now - SECOND, WALL, &early), Err(Refused::Next));
    gate.tick(now);
    assert!(is_in(&mut gate, now, &early));
    assert!(matches!(gate.claim(now, WALL, &third), Err(Refused::NotYet(standing)) if standing.before == 0));
}

/// Once each of them would have waited for the other, and nobody got the seat.
#[test]
fn two_who_missed_their_call_do_not_wait_for_each_other() {
    let mut gate = gate(2);
    gate.open_doors(&[]);
    let sleepers = [(); 2].map(|()| arrive(&mut gate, Mono(0)));
    gate.tick(Mono(0));
    let now = Mono(0) + CLAIM_WITHIN;
    gate.tick(now);
    gate.walk_in().expect("the seats are free");
    gate.walk_in().expect("the seats are free");
    for ticket in &sleepers {
        assert_eq!(gate.claim(now, WALL, ticket), Err(Refused::Next));
    }
    gate.walk_out();
    assert!(is_in(&mut gate, now, &sleepers[0]));
    assert_eq!(gate.claim(now, WALL, &sleepers[1]), Err(Refused::Next));
}

#[test]
fn who_is_behind_waits_for_everybody_else() {
    let mut gate = gate(2);
    let behind = gate.arrive(Mono(0), Lane::Behind).expect("there is room");
    let first = arrive(&mut gate, Mono(0));
    gate.open_doors(&[]);
    let second = arrive(&mut gate, Mono(0));
    gate.tick(Mono(0));
    // The second's cohort closes when nobody is before it.
    gate.tick(Mono(0));
    assert!(is_in(&mut gate, Mono(0), &first) && is_in(&mut gate, Mono(0), &second));
    assert!(!is_in(&mut gate, Mono(0), &behind));
    gate.set_cap(3);
    gate.tick(Mono(0));
    assert!(is_in(&mut gate, Mono(0), &behind));
}

#[test]
fn tickets_of_a_leaked_key_are_no_way_to_an_earlier_turn() {
    let mut gate = gate(0);
    let show = "evening".parse().expect("a name");
    let leaked = TicketKeys::new(&show, Wall(WALL.0 + 86_400_000), TicketKey::new(1, &[1; 32]));
    let early = arrive(&mut gate, Mono(0));
    gate.open_doors(&[]);
    let late = arrive(&mut gate, Mono(0));
    gate.rotate(TicketKey::new(2, &[2; 32]));
    let mut claim = |text: &str| gate.claim(Mono(0), WALL, text).expect_err("there are no seats");
    assert!(matches!(claim(&early), Refused::NotYet(_)));
    assert!(matches!(claim(&late), Refused::NotYet(_)));
    let text = |serial, cohort| {
        leaked.text(Lane::Ordinary, stentor_gate::ticket::Serial(serial), stentor_gate::Cohort(cohort))
    };
    assert_eq!(text(1, 1), late);
    assert_eq!(claim(&text(1, 0)), Refused::Ticket(TicketError::Forged));
    assert_eq!(claim(&text(2, 1)), Refused::Ticket(TicketError::Forged));
}
