//! People who come to a gate: they ask once in some seconds, some sleep, some give up, all leave sometime.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use stentor_gate::limits::CLAIM_WITHIN;
use stentor_gate::line::Lane;
use stentor_gate::ticket::{TicketKey, TicketKeys};
use stentor_gate::{Board, Claimed, Gate, Pass, Quotas, Range, Refused, Seed, Turn};
use stentor_types::{Mono, Wall};

use crate::chance::Chance;
use crate::plan::Plan;
use crate::report::Report;

const WALL: Wall = Wall(1_800_000_000_000);
const SECOND: u64 = 1_000_000;

/// How long a page takes to see that it was called, at most.
const ASKS_S: u64 = 8;

/// Within how long a page that has lost its stream is back, and how long it waits if it is refused.
const BACK_S: u64 = 10;
const AGAIN_S: u64 = 2;

/// How late a sleeper sees that they were called.
const SLEEPS_S: u64 = 60;

/// Of those who wait so many are asked before and after a restart where they stand.
const STANDINGS: usize = 1_000;

/// Runs an evening.
pub fn run(plan: &Plan) -> Report {
    Evening::new(plan).run()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Tick,
    Arrives(u32),
    Asks(u32),
    Claims(u32),
    Presents(u32),
    Leaves(u32),
    Glitch,
    Kill,
}

#[derive(Clone, Debug, Default)]
struct Person {
    ticket: String,
    /// While they hear.
    pass: Option<Pass>,
    was_inside: bool,
    has_left: bool,
    called_at: Option<u64>,
    /// What they heard when they first asked how long they wait, and when.
    told: Option<(u64, Option<Range>)>,
}

struct Evening<'a> {
    plan: &'a Plan,
    chance: Chance,
    gate: Gate,
    quotas: Quotas,
    /// What would be on disk, if the evening needs it.
    journal: Vec<u8>,
    /// Those who came, and behind them those whose tickets were minted.
    people: Vec<Person>,
    honest: u32,
    /// Everybody who has a turn and was not called.
    waiting: [BTreeMap<Turn, u32>; Lane::COUNT],
    events: BinaryHeap<Reverse<(u64, Event)>>,
    report: Report,
    /// Of those in the draw, in the order in which they came, who was called at once.
    drawn: Vec<bool>,
    filled: (f64, f64),
    /// What everybody is shown, made once a second.
    board: Board,
}

fn keys() -> TicketKeys {
    let show = "evening".parse().expect("a name");
    TicketKeys::new(&show, Wall(WALL.0 + 86_400_000), TicketKey::new(1, &[1; 32]))
}

fn seed(plan: &Plan) -> Seed {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&plan.seed.to_be_bytes());
    Seed::new(bytes)
}

impl<'a> Evening<'a> {
    fn new(plan: &'a Plan) -> Self {
        let honest: u32 = plan.waves.iter().map(|wave| wave.people).sum();
        let mut gate = Gate::new(keys(), seed(plan), plan.cap);
        let journal = gate.take_journal();
        gate.journal_is_written();
        let mut evening = Self {
            plan,
            chance: Chance::new(plan.seed),
            board: gate.board(Mono(0)),
            gate,
            quotas: Quotas::new([[1; 32], [2; 32]]),
            journal,
            people: vec![Person::default(); (honest + plan.minted) as usize],
            honest,
            waiting: Default::default(),
            events: BinaryHeap::new(),
            report: Report::default(),
            drawn: Vec::new(),
            filled: (0.0, 0.0),
        };
        evening.schedule();
        evening
    }

    fn schedule(&mut self) {
        let mut first = 0;
        for wave in &self.plan.waves {
            let (from, length) = (wave.from_s * SECOND, (wave.to_s - wave.from_s) * SECOND);
            for n in 0..wave.people {
                let at = from + u64::from(n) * length / u64::from(wave.people);
                self.events.push(Reverse((at, Event::Arrives(first + n))));
            }
            first += wave.people;
        }
        let begin = self.plan.waves.iter().map(|wave| wave.from_s).min().unwrap_or(0) * SECOND;
        for n in 0..self.plan.minted {
            // As fast as a node lets them.
            self.events.push(Reverse((begin + u64::from(n) * SECOND / 10_000, Event::Arrives(first + n))));
        }
        self.events.push(Reverse((0, Event::Tick)));
        self.events.extend(self.plan.glitch_s.map(|at_s| Reverse((at_s * SECOND, Event::Glitch))));
        // Between two batches of the journal, so that something is lost.
        self.events
            .extend(self.plan.kills_s.iter().map(|at_s| Reverse((at_s * SECOND + SECOND / 20, Event::Kill))));
    }

    fn run(mut self) -> Report {
        while let Some(Reverse((at, event))) = self.events.pop() {
            // Who is still asked to come again then would be for ever: nothing moves any more.
            if at > self.plan.end_s * SECOND {
                break;
            }
            match event {
                Event::Tick => self.tick(at),
                Event::Arrives(n) => self.arrives(at, n),
                Event::Asks(n) => self.asks(at, n),
                Event::Claims(n) => self.claims(at, n),
                Event::Presents(n) => self.presents(at, n),
                Event::Leaves(n) => self.leaves(at, n),
                Event::Glitch => self.glitch(at),
                Event::Kill => self.kill(at),
            }
            self.report.inside_max = self.report.inside_max.max(self.gate.seats().inside());
        }
        self.judge();
        self.report
    }

    fn after(&mut self, at: u64, event: Event) {
        self.events.push(Reverse((at, event)));
    }

    fn tick(&mut self, at: u64) {
        let doors = self.plan.doors_s * SECOND;
        if at == doors {
            self.gate.open_doors(b"round");
            self.draw_is_known();
        }
        self.gate.tick(Mono(at));
        let batch = self.gate.take_journal();
        self.gate.journal_is_written();
        if self.plan.kills_s.iter().any(|kill_s| at <= kill_s * SECOND) {
            self.journal.extend(batch);
        }
        self.see_who_is_called(at);
        if at == doors + 5 * SECOND {
            // The draw of this many takes some ticks; nobody else was called yet.
            self.drawn = self.people.iter().map(|person| person.called_at.is_some()).collect();
        }
        if at.is_multiple_of(SECOND) {
            self.board = self.gate.board(Mono(at));
        }
        let seats = self.gate.seats();
        let filled = f64::from(seats.inside() + seats.away()) / f64::from(seats.cap());
        if at == doors + 300 * SECOND {
            self.report.filled_after_5_min = filled;
        }
        if at >= doors + 300 * SECOND && self.gate.waiting() > 0 && at.is_multiple_of(SECOND) {
            self.filled = (self.filled.0 + filled, self.filled.1 + 1.0);
        }
        // Ten times a second, as a node would while many arrive or the order is drawn.
        let rush = self.plan.waves.iter().any(|wave| (wave.from_s..wave.to_s).contains(&(at / SECOND)));
        let drawing = (doors..doors + 5 * SECOND).contains(&at);
        let step = if rush || drawing { SECOND / 10 } else { SECOND };
        if at < self.plan.end_s * SECOND {
            self.after(at + step, Event::Tick);
        }
    }

    /// A network of their own for everybody, and one block for what is minted.
    fn address(&self, n: u32) -> IpAddr {
        let minted = Ipv4Addr::new(192, 0, 2, n as u8);
        let own = Ipv4Addr::from_bits(n.wrapping_mul(2_654_435_761));
        IpAddr::V4(if n < self.honest { own } else { minted })
    }

    fn arrives(&mut self, at: u64, n: u32) {
        let lane = self.quotas.lane(self.address(n));
        self.quotas.count(self.address(n), lane);
        self.people[n as usize].ticket = self.gate.arrive(Mono(at), lane).expect("there is room");
        if self.gate.draw().is_some() {
            self.stands_in_line(n);
        }
        let asks_at = at.max(self.plan.doors_s * SECOND) + self.chance.below(ASKS_S * SECOND) + 5 * SECOND;
        self.after(asks_at, Event::Asks(n));
    }

    /// Everybody who came before the doors learns their turn.
    fn draw_is_known(&mut self) {
        for n in 0..self.people.len() as u32 {
            if !self.people[n as usize].ticket.is_empty() {
                self.stands_in_line(n);
            }
        }
    }

    fn stands_in_line(&mut self, n: u32) {
        let ticket = self.gate.read(WALL, &self.people[n as usize].ticket).expect("it is good");
        let draw = self.gate.draw().expect("the doors are open");
        self.waiting[ticket.lane as usize].insert(draw.turn(&ticket), n);
    }

    fn see_who_is_called(&mut self, at: u64) {
        if self.gate.draw().is_none() {
            return;
        }
        for lane in Lane::ALL {
            let bound = self.gate.bound(lane);
            while let Some(first) = self.waiting[lane as usize].first_entry()
                && *first.key() < bound
            {
                let n = first.remove();
                self.is_called(at, n);
            }
        }
    }

    fn is_called(&mut self, at: u64, n: u32) {
        self.people[n as usize].called_at = Some(at);
        self.report.called += 1;
        if n >= self.honest {
            let soon = at < (self.plan.doors_s + 60) * SECOND;
            self.report.minted_called += u32::from(soon);
        }
        if self.chance.is_one_of(self.plan.gone_percent) {
            return;
        }
        let late = if self.chance.is_one_of(self.plan.sleepers_percent) { SLEEPS_S * SECOND } else { 0 };
        let claims_at = at + late + self.chance.below(ASKS_S * SECOND);
        self.after(claims_at, Event::Claims(n));
    }

    /// The first look at the place and the wait, as a page works them out.
    fn asks(&mut self, at: u64, n: u32) {
        let person = &self.people[n as usize];
        if person.called_at.is_some() {
            return;
        }
        let ticket = self.gate.read(WALL, &person.ticket).expect("it is good");
        let turn = self.board.draw.as_ref().map(|draw| draw.turn(&ticket));
        if let Some(standing) = turn.and_then(|turn| self.board.standing(&turn)) {
            self.people[n as usize].told = Some((at, standing.wait));
        }
    }

    fn claims(&mut self, at: u64, n: u32) {
        let person = &mut self.people[n as usize];
        if person.has_left || person.pass.is_some() {
            return;
        }
        match self.gate.claim(Mono(at), WALL, &person.ticket) {
            Ok(Claimed::In(pass) | Claimed::Again(pass)) => {
                self.is_in(at, n, pass);
                return;
            }
            Err(Refused::Next) if person.was_inside => self.report.set_back += 1,
            Err(Refused::Next) => {
                let called_at = person.called_at.expect("they were called");
                let in_time = at - called_at < CLAIM_WITHIN.as_micros() as u64;
                self.report.refused_wrongly += u32::from(in_time);
            }
            // Their ticket was lost, and their turn went by before they presented it: they are next.
            Err(Refused::NotYet(_)) if !person.was_inside && self.may_be_lost(n) => {}
            Err(_) => self.report.set_back += 1,
        }
        self.after(at + AGAIN_S * SECOND, Event::Claims(n));
    }

    fn is_in(&mut self, at: u64, n: u32, pass: Pass) {
        let person = &mut self.people[n as usize];
        person.pass = Some(pass);
        person.called_at.get_or_insert(at);
        if !std::mem::replace(&mut person.was_inside, true) {
            let leaves_at = at + self.chance.lasting(self.plan.listen_s * SECOND);
            self.after(leaves_at, Event::Leaves(n));
        }
    }

    /// Somebody who waits presents their ticket to a server that was gone.
    fn presents(&mut self, at: u64, n: u32) {
        let person = &self.people[n as usize];
        if person.called_at.is_none()
            && let Ok(Claimed::In(pass)) = self.gate.claim(Mono(at), WALL, &person.ticket)
        {
            self.is_in(at, n, pass);
        }
    }

    fn leaves(&mut self, at: u64, n: u32) {
        let person = &mut self.people[n as usize];
        person.has_left = true;
        if let Some(pass) = person.pass.take() {
            self.gate.gone(Mono(at), pass);
        }
    }

    /// Everybody inside loses their stream, and is back some seconds later.
    fn glitch(&mut self, at: u64) {
        for n in 0..self.people.len() as u32 {
            if let Some(pass) = self.people[n as usize].pass.take() {
                self.gate.gone(Mono(at), pass);
                self.comes_back(at, n);
            }
        }
    }

    fn comes_back(&mut self, at: u64, n: u32) {
        let back_at = at + self.chance.below(BACK_S * SECOND);
        self.after(back_at, Event::Claims(n));
    }

    /// The server is gone, and back with what it had written down.
    fn kill(&mut self, at: u64) {
        let before = self.standings(at);
        let journal = std::mem::take(&mut self.journal);
        let recovered = Gate::recover(Mono(at), keys(), &[], seed(self.plan), self.plan.cap, &journal)
            .expect("it is ours");
        self.gate = recovered.gate;
        self.journal = self.gate.rewrite();
        self.gate.journal_is_written();
        self.board = self.gate.board(Mono(at));
        for n in 0..self.people.len() as u32 {
            let person = &mut self.people[n as usize];
            if person.pass.take().is_some() {
                self.comes_back(at, n);
            } else if person.called_at.is_none() && self.may_be_lost(n) {
                let presents_at = at + self.chance.below(BACK_S * SECOND);
                self.after(presents_at, Event::Presents(n));
            }
        }
        let after = self.standings(at);
        self.report.set_back +=
            before.iter().zip(&after).filter(|(before, after)| after > before).count() as u32;
    }

    /// Whether somebody sees on the board that their ticket was perhaps lost.
    fn may_be_lost(&self, n: u32) -> bool {
        let ticket = self.gate.read(WALL, &self.people[n as usize].ticket);
        ticket.is_ok_and(|ticket| self.board.lanes[ticket.lane as usize].is_lost(ticket.serial))
    }

    /// How many are before some of those who wait.
    fn standings(&mut self, at: u64) -> Vec<u32> {
        let waiting = self.waiting[Lane::Ordinary as usize].values().copied();
        let step = (self.waiting[Lane::Ordinary as usize].len() / STANDINGS).max(1);
        let some: Vec<u32> = waiting.step_by(step).collect();
        let mut before = Vec::new();
        for n in some {
            match self.gate.claim(Mono(at), WALL, &self.people[n as usize].ticket) {
                Err(Refused::NotYet(standing)) => before.push(standing.before),
                other => panic!("somebody who waits gets {other:?}"),
            }
        }
        before
    }

    fn judge(&mut self) {
        let first_wave = self.plan.waves.first().map_or(0, |wave| {
            let before = (self.plan.doors_s.clamp(wave.from_s, wave.to_s)) - wave.from_s;
            u64::from(wave.people) * before / (wave.to_s - wave.from_s)
        });
        let in_draw = &self.drawn[..self.drawn.len().min(first_wave as usize)];
        let share = |of: &[bool]| of.iter().filter(|&&called| called).count() as f64 / of.len() as f64;
        self.report.decile_off_max = 1.0;
        if !in_draw.is_empty() {
            let all = share(in_draw);
            let tenths = in_draw.chunks(in_draw.len().div_ceil(10));
            self.report.decile_off_max = tenths.map(|of| (share(of) - all).abs()).fold(0.0, f64::max);
        }
        self.report.filled = if self.filled.1 > 0.0 { self.filled.0 / self.filled.1 } else { 1.0 };
        let mut widths = Vec::new();
        for person in &self.people {
            let Some((told_at, range)) = person.told else { continue };
            // Who is still not called at the end waited at least that long.
            let until = person.called_at.unwrap_or(self.plan.end_s * SECOND);
            let waited = Duration::from_micros(until.saturating_sub(told_at));
            let Some(range) = range else {
                self.report.asked += 1;
                continue;
            };
            if person.called_at.is_none() && waited < range.high {
                continue;
            }
            self.report.asked += 1;
            self.report.ranges += 1;
            widths.push(range.high.as_secs_f64() / range.low.as_secs_f64().max(0.001));
            let tick = Duration::from_secs(1);
            let is_true = range.low.saturating_sub(tick) <= waited && waited <= range.high + tick;
            self.report.ranges_true += u32::from(is_true && person.called_at.is_some());
        }
        widths.sort_unstable_by(f64::total_cmp);
        self.report.range_width = widths.get(widths.len() / 2).copied().unwrap_or(0.0);
    }
}
