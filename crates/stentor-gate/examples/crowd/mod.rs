//! People who come to a gate, in virtual time: they ask once in some seconds, some sleep, all leave sometime.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::fmt;
use std::time::Duration;

use stentor_gate::gate::Pass;
use stentor_gate::line::Lane;
use stentor_gate::ticket::{TicketKey, TicketKeys};
use stentor_gate::{Claimed, Gate, Range, Refused, Seed, Turn};
use stentor_types::{Mono, Wall};

const WALL: Wall = Wall(1_800_000_000_000);
const SECOND: u64 = 1_000_000;
/// Everybody arrives in these five minutes, evenly; the doors open in their middle.
const ARRIVING_S: u64 = 300;
const DOORS_S: u64 = 150;
/// Until everybody who waits has either been called or been told a range that can be judged.
const EVENING_S: u64 = 3_600;
/// How long a page takes to see that it was called, at most.
const ASKS_S: u64 = 8;
/// Of a hundred people so many sleep, and come a minute late.
const SLEEPERS: u64 = 5;
/// How long people listen, on average.
const LISTEN_S: f64 = 1_200.0;

/// How many come, and to how many seats.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Evening {
    pub(crate) arrivals: u32,
    pub(crate) cap: u32,
    pub(crate) seed: u64,
}

/// What came of it.
#[derive(Clone, Default)]
pub(crate) struct Report {
    pub(crate) inside_max: u32,
    pub(crate) called: u32,
    /// Claims of people who were called and met a full house within the time that a seat is kept.
    pub(crate) refused_wrongly: u32,
    pub(crate) filled_after_5_min: f64,
    /// Of those in the draw, by the tenth in which they came: the furthest that the share of those called at once is from
    /// that of all.
    pub(crate) decile_off_max: f64,
    /// First questions of people who have to wait, how many of them got a range, and for how many it was true.
    pub(crate) asked: f64,
    pub(crate) ranges_first: f64,
    pub(crate) ranges_true: f64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { inside_max, called, refused_wrongly, filled_after_5_min, decile_off_max, .. } = self;
        writeln!(f, "inside at most {inside_max}, called {called}, refused wrongly {refused_wrongly}")?;
        writeln!(f, "seats taken 5 min after the doors: {:.1} %", filled_after_5_min * 100.0)?;
        writeln!(f, "a tenth of those in the draw is off by {:.2} points at most", decile_off_max * 100.0)?;
        let Self { asked, ranges_first, ranges_true, .. } = self;
        write!(
            f,
            "{asked} asked how long, {ranges_first} got a range that can be judged, {ranges_true} a true one"
        )
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Tick,
    Arrives(u32),
    Asks(u32),
    Claims(u32),
    Leaves(u32),
}

#[derive(Clone, Debug, Default)]
struct Person {
    ticket: String,
    pass: Option<Pass>,
    told: Option<(u64, Range)>,
    called_at: Option<u64>,
}

pub(crate) struct Crowd {
    gate: Gate,
    random: u64,
    people: Vec<Person>,
    waiting: BTreeMap<Turn, u32>,
    events: BinaryHeap<Reverse<(u64, Event)>>,
    report: Report,
    drawn: Vec<bool>,
}

impl Crowd {
    pub(crate) fn new(evening: Evening) -> Self {
        let show = "evening".parse().expect("a name");
        let keys = TicketKeys::new(&show, Wall(WALL.0 + 86_400_000), TicketKey::new(1, &[1; 32]));
        let mut crowd = Self {
            gate: Gate::new(keys, Seed::new([evening.seed as u8; 32]), evening.cap),
            random: evening.seed,
            people: vec![Person::default(); evening.arrivals as usize],
            waiting: BTreeMap::new(),
            events: BinaryHeap::new(),
            report: Report::default(),
            drawn: Vec::new(),
        };
        for n in 0..evening.arrivals {
            let at = u64::from(n) * ARRIVING_S * SECOND / u64::from(evening.arrivals);
            crowd.events.push(Reverse((at, Event::Arrives(n))));
        }
        crowd.events.push(Reverse((0, Event::Tick)));
        crowd
    }

    pub(crate) fn run(mut self) -> Report {
        while let Some(Reverse((at, event))) = self.events.pop() {
            let now = Mono(at);
            match event {
                Event::Tick => self.tick(at),
                Event::Arrives(n) => self.arrives(at, n),
                Event::Asks(n) => self.asks(at, n),
                Event::Claims(n) => self.claims(at, n),
                Event::Leaves(n) => {
                    let pass = self.people[n as usize].pass.expect("they were in");
                    self.gate.gone(now, pass);
                }
            }
            self.report.inside_max = self.report.inside_max.max(self.gate.seats().inside());
        }
        self.judge();
        self.report
    }

    fn tick(&mut self, at: u64) {
        let now = Mono(at);
        if at == DOORS_S * SECOND {
            self.gate.open_doors(b"round");
            self.draw_is_known();
        }
        self.gate.tick(now);
        self.see_who_is_called(at);
        if at == DOORS_S * SECOND + 5 * SECOND {
            // The draw of this many takes some ticks; nobody else was called yet.
            self.drawn = self.people.iter().map(|person| person.called_at.is_some()).collect();
        }
        if at == (DOORS_S + 300) * SECOND {
            let seats = self.gate.seats();
            self.report.filled_after_5_min =
                f64::from(seats.inside() + seats.away()) / f64::from(seats.cap());
        }
        // A tenth of a second while there is a draw to be made, as a node would.
        let drawing = DOORS_S * SECOND..(DOORS_S + 5) * SECOND;
        let step = if drawing.contains(&at) { SECOND / 10 } else { SECOND };
        if at < EVENING_S * SECOND {
            self.events.push(Reverse((at + step, Event::Tick)));
        }
    }

    fn arrives(&mut self, at: u64, n: u32) {
        self.people[n as usize].ticket = self.gate.arrive(Mono(at), Lane::Ordinary).expect("there is room");
        if self.gate.draw().is_some() {
            self.stands_in_line(n);
        }
        let asks_at = at.max(DOORS_S * SECOND) + self.chance(ASKS_S * SECOND) + 5 * SECOND;
        self.events.push(Reverse((asks_at, Event::Asks(n))));
    }

    /// Everybody who came before the doors learns their turn.
    fn draw_is_known(&mut self) {
        let here =
            self.people.iter().position(|person| person.ticket.is_empty()).unwrap_or(self.people.len());
        (0..here as u32).for_each(|n| self.stands_in_line(n));
    }

    fn stands_in_line(&mut self, n: u32) {
        let ticket = self.gate.read(WALL, &self.people[n as usize].ticket).expect("it is good");
        let draw = self.gate.draw().expect("the doors are open");
        self.waiting.insert(draw.turn(&ticket), n);
    }

    fn see_who_is_called(&mut self, at: u64) {
        let still = self.waiting.split_off(&self.gate.bound(Lane::Ordinary));
        for (_, n) in std::mem::replace(&mut self.waiting, still) {
            self.people[n as usize].called_at = Some(at);
            self.report.called += 1;
            let late = if self.chance(100) < SLEEPERS { 60 * SECOND } else { 0 };
            let claims_at = at + late + self.chance(ASKS_S * SECOND);
            self.events.push(Reverse((claims_at, Event::Claims(n))));
        }
    }

    /// The first look at the place and the wait.
    fn asks(&mut self, at: u64, n: u32) {
        if self.people[n as usize].called_at.is_some() {
            return;
        }
        let Err(Refused::NotYet(standing)) = self.gate.claim(Mono(at), WALL, &self.people[n as usize].ticket)
        else {
            return;
        };
        self.report.asked += 1.0;
        self.people[n as usize].told = standing.wait.map(|range| (at, range));
    }

    fn claims(&mut self, at: u64, n: u32) {
        let person = &mut self.people[n as usize];
        match self.gate.claim(Mono(at), WALL, &person.ticket) {
            Ok(Claimed::In(pass)) => {
                person.pass = Some(pass);
                let share = (self.chance(1 << 53) as f64 + 1.0) / (1u64 << 53) as f64;
                let leaves_at = at + (-share.ln() * LISTEN_S * SECOND as f64) as u64;
                self.events.push(Reverse((leaves_at, Event::Leaves(n))));
            }
            Err(Refused::Next) => {
                let called_at = person.called_at.expect("they were called");
                let in_time = at - called_at < stentor_gate::limits::CLAIM_WITHIN.as_micros() as u64;
                self.report.refused_wrongly += u32::from(in_time);
                self.events.push(Reverse((at + 2 * SECOND, Event::Claims(n))));
            }
            other => panic!("{other:?}"),
        }
    }

    fn judge(&mut self) {
        let in_draw = &self.drawn[..self.people.len() / 2];
        let share = |of: &[bool]| of.iter().filter(|&&called| called).count() as f64 / of.len() as f64;
        let all = share(in_draw);
        let deciles = in_draw.chunks(in_draw.len().div_ceil(10));
        self.report.decile_off_max = deciles.map(|of| (share(of) - all).abs()).fold(0.0, f64::max);
        for person in &self.people {
            let Some((told_at, range)) = person.told else { continue };
            // Who is still not called at the end waited at least that long.
            let waited = Duration::from_micros(person.called_at.unwrap_or(EVENING_S * SECOND) - told_at);
            if person.called_at.is_none() && waited < range.high {
                continue;
            }
            self.report.ranges_first += 1.0;
            let tick = Duration::from_secs(1);
            let is_true = range.low.saturating_sub(tick) <= waited && waited <= range.high + tick;
            self.report.ranges_true += f64::from(u8::from(is_true && person.called_at.is_some()));
        }
    }

    /// A number below `limit` (SplitMix64, Steele et al. 2014).
    fn chance(&mut self, limit: u64) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.random ^ (self.random >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % limit
    }
}
