//! An evening at the gate, from the announcement to the last who comes.

use std::time::Duration;

use stentor_gate::limits::{CLAIM_WITHIN, GRACE};
use stentor_gate::line::Lane;
use stentor_gate::ticket::{TicketKey, TicketKeys};
use stentor_gate::{Claimed, Gate, NoTicket, RecoverError, Refused, Seed, Standing, TicketError};
use stentor_types::{Mono, Wall};

const WALL: Wall = Wall(1_800_000_000_000);
const SECOND: Duration = Duration::from_secs(1);

const SEED: Seed = Seed::new([7; 32]);

fn keys() -> TicketKeys {
    let show = "evening".parse().expect("a name");
    TicketKeys::new(&show, Wall(WALL.0 + 86_400_000), TicketKey::new(1, &[1; 32]))
}

/// The gate of this journal, whose own begins in its place.
fn recover(cap: u32, journal: &[u8]) -> Gate {
    let mut gate = Gate::recover(Mono(0), keys(), &[], SEED, cap, journal).expect("it is ours").gate;
    gate.rewrite();
    gate.journal_is_written();
    gate
}

fn gate(cap: u32) -> Gate {
    let mut gate = Gate::new(keys(), SEED, cap);
    // What the journal begins with.
    gate.take_journal();
    gate.journal_is_written();
    gate
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

/// What is kept for the one must not keep the other out, or nobody gets the seat.
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
    let leaked = keys();
    let early = arrive(&mut gate, Mono(0));
    gate.open_doors(&[]);
    let late = arrive(&mut gate, Mono(0));
    gate.rotate(TicketKey::new(2, &[2; 32]));
    assert_eq!(gate.arrive(Mono(0), Lane::Ordinary), Err(NoTicket::Busy), "before that is written down");
    gate.take_journal();
    assert_eq!(gate.arrive(Mono(0), Lane::Ordinary), Err(NoTicket::Busy), "before it is on disk");
    gate.journal_is_written();
    arrive(&mut gate, Mono(0));
    let mut claim = |text: &str| gate.claim(Mono(0), WALL, text).expect_err("there are no seats");
    assert!(matches!(claim(&early), Refused::NotYet(_)));
    assert!(matches!(claim(&late), Refused::NotYet(_)));
    let text = |serial, cohort| {
        leaked.text(Lane::Ordinary, stentor_gate::ticket::Serial(serial), stentor_gate::Cohort(cohort))
    };
    assert_eq!(text(1, 1), late);
    assert_eq!(claim(&text(1, 0)), Refused::Ticket(TicketError::Forged));
    // There is a second serial of this cohort, and the leaked key has not signed it.
    assert_eq!(claim(&text(2, 1)), Refused::Ticket(TicketError::Forged));
}

/// What a page works out from what everybody is shown is what the gate would have said.
#[test]
fn a_page_knows_its_place_without_asking() {
    let mut gate = gate(1_000);
    let mut tickets: Vec<String> = (0..5_000).map(|_| arrive(&mut gate, Mono(0))).collect();
    gate.open_doors(b"round");
    // Ten cohorts behind those of the draw.
    for s in 0..50_u64 {
        let now = Mono(s * 1_000_000);
        tickets.extend((0..100).map(|_| arrive(&mut gate, now)));
        gate.tick(now);
        gate.take_journal();
        gate.journal_is_written();
    }
    let now = Mono(50_000_000);
    let board = gate.board(now);
    let mut off_max = 0;
    for text in &tickets {
        let ticket = gate.read(WALL, text).expect("it is good");
        let turn = board.draw.as_ref().expect("the doors are open").turn(&ticket);
        let shown = board.standing(&turn).map(|standing| standing.before);
        match gate.claim(now, WALL, text) {
            Err(Refused::NotYet(standing)) if standing.beside.is_none() => {
                off_max = off_max.max(shown.expect("they were not called").abs_diff(standing.before));
            }
            // Of the open cohort the gate knows nothing more exact.
            Err(Refused::NotYet(_)) => assert!(shown.is_some()),
            _ => assert_eq!(shown, None, "they were called"),
        }
    }
    // Of n who are spread evenly by chance, n^½ / 2 is the most that a count up to one of them varies (1 σ): 32 of 4,000.
    assert!(off_max <= 130, "{off_max}");
}

/// Nobody else has to arrive for them to be called.
#[test]
fn whose_ticket_was_lost_alone_comes_in() {
    let mut gate = gate(1);
    gate.open_doors(&[]);
    let begin = gate.rewrite();
    let ticket = arrive(&mut gate, Mono(0));
    let mut gate = recover(1, &begin);
    assert_eq!(gate.waiting(), 0, "nobody waits for somebody who does not exist");
    assert!(matches!(gate.claim(Mono(0), WALL, &ticket), Err(Refused::NotYet(_))));
    gate.tick(Mono(0) + SECOND);
    assert!(is_in(&mut gate, Mono(0) + SECOND, &ticket));
}

/// Who comes after a crash is not drawn together with those from before it.
#[test]
fn who_was_inside_at_a_crash_stays_before_those_who_come_after_it() {
    for seed in 0..20 {
        let mut gate = gate(1);
        gate.open_doors(&[seed]);
        let ticket = arrive(&mut gate, Mono(0));
        let begin = gate.rewrite();
        gate.tick(Mono(0));
        assert!(is_in(&mut gate, Mono(0), &ticket));
        let mut gate = recover(1, &begin);
        arrive(&mut gate, Mono(0));
        gate.tick(Mono(0));
        assert!(is_in(&mut gate, Mono(0), &ticket));
    }
}

#[test]
fn who_presents_a_lost_ticket_late_is_next_and_not_before_another_lane() {
    let mut gate = gate(0);
    let begin = gate.rewrite();
    let [ordinary, behind] =
        [Lane::Ordinary, Lane::Behind].map(|lane| gate.arrive(Mono(0), lane).expect("there is room"));
    let mut gate = recover(0, &begin);
    gate.open_doors(&[]);
    gate.tick(Mono(0));
    let waits = arrive(&mut gate, Mono(0));
    gate.tick(Mono(0));
    let before = |gate: &mut Gate, ticket| match gate.claim(Mono(0), WALL, ticket) {
        Err(Refused::NotYet(standing)) => standing.before,
        other => panic!("{other:?}"),
    };
    assert_eq!(before(&mut gate, &waits), 0);
    assert_eq!(before(&mut gate, &behind), 1);
    assert_eq!(before(&mut gate, &ordinary), 0);
    assert_eq!((before(&mut gate, &waits), before(&mut gate, &behind)), (1, 2));
    let mut again = recover(0, &gate.rewrite());
    assert_eq!((before(&mut again, &waits), before(&mut again, &behind)), (1, 2));
}

#[test]
fn what_was_not_written_to_its_end_is_cut_off_and_what_is_damaged_is_refused() {
    let mut gate = gate(1);
    let begin = gate.rewrite();
    gate.open_doors(&[]);
    let doors = gate.take_journal();
    gate.journal_is_written();
    arrive(&mut gate, Mono(0));
    let arrival = gate.take_journal();
    let recover = |journal: &[u8]| Gate::recover(Mono(0), keys(), &[], SEED, 1, journal);
    let whole = [&begin[..], &doors, &arrival].concat();
    for cut in 0..arrival.len() {
        let recovered = recover(&whole[..whole.len() - arrival.len() + cut]).expect("the end is missing");
        assert_eq!(recovered.read_bytes, begin.len() + doors.len());
    }
    let refused = |journal: &[u8]| recover(journal).expect_err("it is damaged");
    let at_byte = begin.len();
    assert_eq!(refused(&[&begin[..], &arrival].concat()), RecoverError::Damaged { at_byte });
    let mut flipped = whole.clone();
    flipped[begin.len() + doors.len() - 1] ^= 1;
    assert_eq!(refused(&flipped), RecoverError::Damaged { at_byte });
    assert_eq!(refused(&whole[1..]), RecoverError::Unreadable);
    assert_eq!(refused(&begin[..begin.len() - 1]), RecoverError::Unreadable);
    let other = Gate::recover(Mono(0), keys(), &[], Seed::new([8; 32]), 1, &whole);
    assert_eq!(other.expect_err("it is of another seed"), RecoverError::Foreign);
}

/// A crash that loses a cohort, too: the ticket speaks of one of which nobody else has heard.
#[test]
fn a_page_is_told_the_turn_of_a_ticket_whose_cohort_was_lost() {
    let mut gate = gate(1);
    gate.open_doors(&[]);
    let begin = gate.rewrite();
    arrive(&mut gate, Mono(0));
    gate.tick(Mono(0));
    let ticket = arrive(&mut gate, Mono(0));
    let mut gate = recover(1, &begin);
    let Err(Refused::NotYet(Standing { turn: Some(turn), .. })) = gate.claim(Mono(0), WALL, &ticket) else {
        panic!("nobody is called before a tick")
    };
    gate.tick(Mono(0));
    let says = |gate: &Gate, turn| gate.board(Mono(0)).standing(&turn);
    assert_eq!(says(&gate, turn), None, "they are called");
    let read = gate.read(WALL, &ticket).expect("it is good");
    let own = gate.draw().expect("the doors are open").turn(&read);
    assert_ne!(says(&gate, own), None, "by what the ticket says they never learn it");
    assert!(is_in(&mut gate, Mono(0), &ticket));
}

/// A client that is back before it is noticed that its old stream broke off.
#[test]
fn the_end_of_a_stream_that_was_replaced_takes_no_seat_away() {
    let mut gate = gate(1);
    gate.open_doors(&[]);
    let ticket = arrive(&mut gate, Mono(0));
    gate.tick(Mono(0));
    let Ok(Claimed::In(old)) = gate.claim(Mono(0), WALL, &ticket) else { panic!("there is a seat") };
    let Ok(Claimed::Again(new)) = gate.claim(Mono(0), WALL, &ticket) else { panic!("they are inside") };
    gate.gone(Mono(0), old);
    assert_eq!((gate.seats().inside(), gate.seats().away()), (1, 0));
    gate.gone(Mono(0), new);
    assert_eq!((gate.seats().inside(), gate.seats().away()), (0, 1));
}

#[test]
fn seats_without_a_ticket_are_kept_over_two_restarts() {
    let mut gate = gate(3);
    gate.open_doors(&[]);
    for _ in 0..3 {
        gate.walk_in().expect("there is room");
    }
    let mut gate = recover(3, &gate.rewrite());
    let mut gate = recover(3, &gate.rewrite());
    let ticket = arrive(&mut gate, Mono(0));
    gate.tick(Mono(0));
    assert!(!is_in(&mut gate, Mono(0), &ticket));
    assert_eq!([(); 4].map(|()| gate.walk_in().is_ok()), [true, true, true, false]);
}
