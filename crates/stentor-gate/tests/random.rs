//! Whatever people do at the gate, in whatever order: what must always be true.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use stentor_gate::gate::Pass;
use stentor_gate::limits::{CLAIM_WITHIN, GRACE};
use stentor_gate::line::Lane;
use stentor_gate::ticket::{TicketKey, TicketKeys};
use stentor_gate::{Claimed, Gate, Refused, Seed};
use stentor_types::{Mono, Wall};

const WALL: Wall = Wall(1_800_000_000_000);

#[derive(Clone, Debug)]
enum Step {
    Arrive { behind: bool },
    Claim { who: usize },
    Gone { who: usize },
    WalkIn,
    WalkOut,
    Cap { seats: u32 },
    Rotate,
    Doors,
    Wait { ms: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => prop::bool::weighted(0.2).prop_map(|behind| Step::Arrive { behind }),
        12 => any::<usize>().prop_map(|who| Step::Claim { who }),
        4 => any::<usize>().prop_map(|who| Step::Gone { who }),
        2 => Just(Step::WalkIn),
        2 => Just(Step::WalkOut),
        1 => (0..20u32).prop_map(|seats| Step::Cap { seats }),
        1 => Just(Step::Rotate),
        1 => Just(Step::Doors),
        6 => (0..8_000u64).prop_map(|ms| Step::Wait { ms }),
        1 => (0..150_000u64).prop_map(|ms| Step::Wait { ms }),
    ]
}

/// What a model knows of somebody, by their ticket's text.
#[derive(Clone, Debug, Default)]
struct Person {
    pass: Option<Pass>,
    /// The stream is on.
    hears: bool,
    gone_at: Option<Mono>,
    refused: Option<Refused>,
    claimed: bool,
}

struct World {
    gate: Gate,
    now: Mono,
    people: Vec<(String, Lane, Person)>,
    walk_ins: u32,
    /// The most seats that there were since somebody inside was over them.
    lowered_from: u32,
    keys: u8,
    doors: bool,
}

impl World {
    fn new() -> Self {
        let show = "evening".parse().expect("a name");
        let keys = TicketKeys::new(&show, Wall(WALL.0 + 86_400_000), TicketKey::new(0, &[0; 32]));
        let gate = Gate::new(keys, Seed::new([7; 32]), 5);
        Self { gate, now: Mono(0), people: Vec::new(), walk_ins: 0, lowered_from: 5, keys: 0, doors: false }
    }

    fn hear(&self) -> u32 {
        self.people.iter().filter(|(_, _, person)| person.hears).count() as u32
    }

    fn step(&mut self, step: &Step) {
        let count = self.people.len();
        match *step {
            Step::Arrive { behind } => {
                let lane = if behind { Lane::Behind } else { Lane::Ordinary };
                let text = self.gate.arrive(self.now, lane).expect("there is room");
                self.people.push((text, lane, Person::default()));
            }
            Step::Claim { who } if count > 0 => self.claim(who % count),
            Step::Gone { who } if count > 0 => {
                let person = &mut self.people[who % count].2;
                if let Some(pass) = person.pass.filter(|_| person.hears) {
                    (person.hears, person.gone_at) = (false, Some(self.now));
                    self.gate.gone(self.now, pass);
                }
            }
            Step::WalkIn => {
                let (free, waiting) = (self.gate.seats().free(), self.gate.waiting());
                match self.gate.walk_in() {
                    Ok(()) => {
                        assert!(free > waiting, "nobody takes the seat of somebody who waits");
                        self.walk_ins += 1;
                    }
                    Err(refused) => assert_eq!(refused, Refused::Full),
                }
            }
            Step::WalkOut if self.walk_ins > 0 => {
                self.walk_ins -= 1;
                self.gate.walk_out();
            }
            Step::Cap { seats } => {
                self.lowered_from = self.lowered_from.max(seats);
                self.gate.set_cap(seats);
            }
            // A leaked key is not exchanged while it is known what leaked; the one before the last is forgotten.
            Step::Rotate if self.keys == 0 => {
                self.keys = 1;
                self.gate.rotate(TicketKey::new(1, &[1; 32]));
            }
            Step::Doors => {
                self.gate.open_doors(b"public");
                self.doors = true;
            }
            Step::Wait { ms } => {
                // The contract asks for a tick a second.
                let until = self.now + Duration::from_millis(ms);
                while self.now < until {
                    self.now = until.min(self.now + Duration::from_secs(1));
                    self.gate.tick(self.now);
                }
            }
            _ => {}
        }
        self.check();
    }

    fn claim(&mut self, who: usize) {
        let (text, lane, person) = &mut self.people[who];
        let (taken, cap) = (self.gate.seats().taken(), self.gate.seats().cap());
        let answer = self.gate.claim(self.now, WALL, text);
        match answer {
            Ok(Claimed::In(pass)) => {
                assert!(!person.hears && self.doors);
                (person.hears, person.pass, person.claimed) = (true, Some(pass), true);
            }
            Ok(Claimed::Again(pass)) => assert!(person.hears && person.pass == Some(pass)),
            Err(Refused::NotYet(standing)) => {
                assert!(!person.claimed, "whoever was in is never sent back into the line");
                // Once the draw has told them apart, nobody comes before them any more; behind, everybody else does.
                if let Some(Refused::NotYet(before)) = &person.refused
                    && (before.beside, *lane) == (None, Lane::Ordinary)
                {
                    assert!(standing.before <= before.before, "{before:?}, {standing:?}");
                }
            }
            Err(Refused::Next) => assert!(taken >= cap, "refused beside a free seat: {taken} of {cap}"),
            Err(Refused::Spent) => {
                let gone_at = person.gone_at.expect("it was used");
                assert!(!person.hears && self.now.saturating_since(gone_at) >= GRACE);
            }
            Err(refused) => panic!("{refused:?}"),
        }
        person.refused = answer.err();
    }

    /// The gauges are what the model says, and the cap is never passed.
    fn check(&mut self) {
        let seats = self.gate.seats();
        assert_eq!(seats.inside(), self.hear() + self.walk_ins, "a gauge leaks");
        let taken = seats.taken();
        if taken <= seats.cap() {
            self.lowered_from = seats.cap();
        }
        // Who was in when the cap was lowered stays; nobody new comes beside them.
        assert!(taken <= self.lowered_from, "{taken} of {}", self.lowered_from);
        let away = self.people.iter().filter(|(_, _, person)| {
            let kept = |at: Mono| self.now.saturating_since(at) < GRACE;
            !person.hears && person.gone_at.is_some_and(kept)
        });
        // A tick may be due that frees some of them.
        assert!(seats.away() >= away.count() as u32);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn whatever_they_do(steps in prop::collection::vec(step(), 1..300)) {
        let mut world = World::new();
        for step in &steps {
            world.step(step);
        }
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// With time and patience everybody comes in, those behind last, and in the order of their turns.
    #[test]
    fn everybody_comes_in(lanes in prop::collection::vec(any::<bool>(), 1..20), cap in 1..7u32) {
        let mut world = World::new();
        world.gate.set_cap(cap);
        for behind in lanes {
            world.step(&Step::Arrive { behind });
        }
        world.step(&Step::Doors);
        let mut order = Vec::new();
        for _ in 0..20 * 125 {
            world.step(&Step::Wait { ms: 1_000 });
            for who in 0..world.people.len() {
                if !world.people[who].2.claimed {
                    world.claim(who);
                }
                if world.people[who].2.hears {
                    order.push(world.people[who].1);
                    world.step(&Step::Gone { who });
                }
            }
        }
        prop_assert!(world.people.iter().all(|(_, _, person)| person.claimed));
        prop_assert_eq!(order.len(), world.people.len());
        let first_behind = order.iter().position(|lane| *lane == Lane::Behind).unwrap_or(order.len());
        // Seats are given in order, a tick's worth at a time; within one nobody says who takes theirs first.
        let last_ordinary = order.iter().rposition(|lane| *lane == Lane::Ordinary).unwrap_or(0);
        prop_assert!(last_ordinary < first_behind + cap as usize);
    }
}

/// A turn that was called is kept, even if its holder sleeps for an hour.
#[test]
fn who_sleeps_is_first_in_line() {
    let mut world = World::new();
    world.gate.set_cap(1);
    world.step(&Step::Doors);
    world.step(&Step::Arrive { behind: false });
    world.step(&Step::Wait { ms: 1_000 + CLAIM_WITHIN.as_millis() as u64 });
    for _ in 0..10 {
        world.step(&Step::Arrive { behind: false });
    }
    world.step(&Step::Wait { ms: 3_600_000 });
    world.claim(0);
    assert!(world.people[0].2.hears, "all others slept as well");
    let names: BTreeMap<&str, usize> =
        world.people.iter().enumerate().map(|(n, (text, _, _))| (text.as_str(), n)).collect();
    assert_eq!(names.len(), 11, "no two tickets are the same");
}
