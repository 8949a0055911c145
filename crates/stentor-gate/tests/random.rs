//! Whatever people do at the gate, in whatever order: what must always be true.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;
use stentor_gate::limits::{CLAIM_WITHIN, GRACE};
use stentor_gate::line::Lane;
use stentor_gate::ticket::{TicketKey, TicketKeys};
use stentor_gate::{Claimed, Gate, Pass, Refused, Seed};
use stentor_types::{Mono, Wall};

const WALL: Wall = Wall(1_800_000_000_000);

#[derive(Clone, Debug)]
enum Step {
    Arrive {
        behind: bool,
    },
    Claim {
        who: usize,
    },
    Gone {
        who: usize,
    },
    WalkIn,
    WalkOut,
    Cap {
        seats: u32,
    },
    Rotate,
    Doors,
    Wait {
        ms: u64,
    },
    /// Time goes by, and what follows is not written down yet.
    Tick {
        ms: u64,
    },
    /// What happened is on its way to the disk.
    Take,
    /// The journal is rewritten, as when it has grown long.
    Rewrite,
    /// The server is gone and back: stopped in order, or with what happened since its journal was last written lost.
    Restart {
        in_order: bool,
    },
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
        4 => (0..8_000u64).prop_map(|ms| Step::Tick { ms }),
        2 => Just(Step::Take),
        1 => Just(Step::Rewrite),
        2 => any::<bool>().prop_map(|in_order| Step::Restart { in_order }),
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
    /// A crash came before their ticket was written down, and nobody has seen it since.
    lost: bool,
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
    disk: Vec<u8>,
    /// What is on its way there.
    taken: Vec<u8>,
    texts: BTreeSet<String>,
    /// What was the case when that was written.
    written: Written,
}

#[derive(Default)]
struct Written {
    people: Vec<Person>,
    walk_ins: u32,
    doors: bool,
}

/// Keys after the first.
const KEYS: u8 = 4;

fn key(number: u8) -> TicketKey {
    TicketKey::new(number, &[number; 32])
}

fn keys() -> TicketKeys {
    let show = "evening".parse().expect("a name");
    TicketKeys::new(&show, Wall(WALL.0 + 86_400_000), key(0))
}

const SEED: Seed = Seed::new([7; 32]);

impl World {
    fn new() -> Self {
        let mut world = Self {
            gate: Gate::new(keys(), SEED, 5),
            now: Mono(0),
            people: Vec::new(),
            walk_ins: 0,
            lowered_from: 5,
            keys: 0,
            doors: false,
            disk: Vec::new(),
            taken: Vec::new(),
            texts: BTreeSet::new(),
            written: Written::default(),
        };
        world.write();
        world
    }

    fn write(&mut self) {
        self.take();
        self.disk.append(&mut self.taken);
        self.gate.journal_is_written();
        self.is_written();
    }

    fn take(&mut self) {
        self.taken.append(&mut self.gate.take_journal());
    }

    fn is_written(&mut self) {
        let people = self.people.iter().map(|(_, _, person)| person.clone()).collect();
        self.written = Written { people, walk_ins: self.walk_ins, doors: self.doors };
    }

    fn recovered(&self, journal: &[u8]) -> Gate {
        let later: Vec<TicketKey> = (1..=KEYS).map(key).collect();
        let recovered = Gate::recover(self.now, keys(), &later, SEED, self.gate.seats().cap(), journal)
            .expect("it is ours");
        assert_eq!(recovered.read_bytes, journal.len());
        recovered.gate
    }

    fn restart(&mut self, in_order: bool) {
        if in_order {
            self.write();
            let next = Gate::new(keys(), SEED, self.gate.seats().cap());
            let stopped = std::mem::replace(&mut self.gate, next);
            self.disk.append(&mut stopped.stop());
        }
        self.taken.clear();
        self.gate = self.recovered(&self.disk);
        self.disk = self.gate.rewrite();
        self.gate.journal_is_written();
        let Written { people, walk_ins, doors } = std::mem::take(&mut self.written);
        assert_eq!(self.gate.seats().inside(), 0);
        assert!(self.gate.seats().away() >= walk_ins, "seats of {walk_ins} without a ticket are kept");
        (self.walk_ins, self.doors) = (0, doors);
        for (n, (_, _, person)) in self.people.iter_mut().enumerate() {
            *person = people.get(n).cloned().unwrap_or(Person { lost: true, ..Person::default() });
            if person.hears {
                (person.hears, person.gone_at) = (false, Some(self.now));
            }
            person.refused = None;
        }
        // Whose seat was free by now in what was lost has it once more.
        self.lowered_from = self.lowered_from.max(self.gate.seats().taken());
        self.is_written();
    }

    /// What a gate that was restarted now says of everybody.
    fn all_say(&self, mut gate: Gate) -> Vec<Result<Claimed, Refused>> {
        self.people.iter().map(|(text, _, _)| gate.claim(self.now, WALL, text)).collect()
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
                assert!(self.texts.insert(text.clone()), "two people hold the same ticket");
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
                let kept = self.gate.seats().away();
                match self.gate.walk_in() {
                    Ok(()) => {
                        // Or it is one that is kept for whoever was here before a restart.
                        assert!(
                            free > waiting || self.gate.seats().away() < kept,
                            "nobody takes the seat of somebody who waits"
                        );
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
            Step::Rotate if self.keys < KEYS => {
                self.keys += 1;
                self.gate.rotate(key(self.keys));
                self.write();
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
                    self.write();
                }
            }
            Step::Take => self.take(),
            Step::Tick { ms } => {
                self.now = self.now + Duration::from_millis(ms.min(1_000));
                self.gate.tick(self.now);
            }
            Step::Rewrite => self.rewrite(),
            Step::Restart { in_order } => self.restart(in_order),
            _ => {}
        }
        self.check();
    }

    fn rewrite(&mut self) {
        self.write();
        let appended = self.recovered(&self.disk);
        self.disk = self.gate.rewrite();
        self.gate.journal_is_written();
        let rewritten = self.recovered(&self.disk);
        assert_eq!(self.all_say(appended), self.all_say(rewritten));
    }

    fn claim(&mut self, who: usize) {
        if std::mem::take(&mut self.people[who].2.lost) {
            // They are before some who were told a place without them.
            self.people.iter_mut().for_each(|(_, _, person)| person.refused = None);
        }
        let (text, lane, person) = &mut self.people[who];
        let (taken, cap) = (self.gate.seats().taken(), self.gate.seats().cap());
        let answer = self.gate.claim(self.now, WALL, text);
        match answer {
            Ok(Claimed::In(pass)) => {
                assert!(!person.hears && self.doors);
                (person.hears, person.pass, person.claimed) = (true, Some(pass), true);
            }
            Ok(Claimed::Again(pass)) => {
                assert!(person.hears);
                let old = person.pass.replace(pass).expect("they hear");
                // The end of the stream that was replaced is told as well, and changes nothing.
                self.gate.gone(self.now, old);
            }
            Err(Refused::NotYet(standing)) => {
                assert!(!person.claimed, "whoever was in is never sent back into the line");
                if let Some(turn) = standing.turn {
                    // A page that goes by the board asks once it is called, or is next because its turn went by.
                    let board = self.gate.board(self.now);
                    assert!(board.standing(&turn).is_some() || board.lanes[*lane as usize].late > 0);
                }
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

    /// With time and patience everybody comes in, those behind last, and in the order of their turns, whatever happens to
    /// the server.
    #[test]
    fn everybody_comes_in(
        lanes in prop::collection::vec(any::<bool>(), 1..20),
        cap in 1..7u32,
        restarts in prop::collection::btree_map(0..200usize, any::<bool>(), 0..4),
    ) {
        let mut world = World::new();
        world.gate.set_cap(cap);
        for behind in lanes {
            world.step(&Step::Arrive { behind });
        }
        world.step(&Step::Doors);
        // What a crash has lost, somebody does once more.
        let (mut order, mut came_in) = (Vec::new(), BTreeSet::new());
        for s in 0..20 * 125 {
            if let Some(&in_order) = restarts.get(&s) {
                world.step(&Step::Restart { in_order });
                // The schedule opens them again if that was lost.
                world.step(&Step::Doors);
            }
            world.step(&Step::Wait { ms: 1_000 });
            for who in 0..world.people.len() {
                if !world.people[who].2.claimed {
                    world.claim(who);
                }
                if world.people[who].2.hears {
                    if came_in.insert(who) {
                        order.push(world.people[who].1);
                    }
                    world.step(&Step::Gone { who });
                }
            }
        }
        prop_assert!(world.people.iter().all(|(_, _, person)| person.claimed));
        // And when all have gone, every seat is free.
        world.step(&Step::Wait { ms: 2 * GRACE.as_millis() as u64 });
        let seats = world.gate.seats();
        prop_assert_eq!((seats.taken(), seats.free(), world.gate.waiting()), (0, cap, 0));
        prop_assert_eq!(order.len(), world.people.len());
        let first_behind = order.iter().position(|lane| *lane == Lane::Behind).unwrap_or(order.len());
        // Seats are given in order, a tick's worth at a time; within one nobody says who takes theirs first.
        let last_ordinary = order.iter().rposition(|lane| *lane == Lane::Ordinary).unwrap_or(0);
        // Nobody waits for those whose tickets a crash has lost, until they present them.
        prop_assert!(restarts.contains_key(&0) || last_ordinary < first_behind + cap as usize);
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
