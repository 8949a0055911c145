//! Random evenings: whoever comes, goes, stalls and is switched in whatever order, nobody hears a hole or a repeat that they
//! have not earned.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use stentor_fanout::{Coding, Limits, Pace, Why, spread};
use stentor_types::{Mono, Slot};

use crate::ear::{Ear, Heard, Socket};
use crate::sim::{BEGIN, BURST, SLICE_MAX, SLOT_US, Sim};

/// The feeds of every evening, by their slots.
const FEEDS: [u64; 5] = [3, 3, 6, 1, 12];

#[derive(Clone, Debug)]
enum Step {
    Wait { ms: u64 },
    Join { feed: usize, coding: Coding, socket: Option<(usize, u64)> },
    Read { feed: usize, back: u64, pace: Pace, socket: Option<(usize, u64)> },
    Leave { ear: usize },
    Change { ear: usize, socket: (usize, u64) },
    Heal { ear: usize },
    Sample { ear: usize },
    Switch { from: usize, to: usize },
}

/// Room in bytes, and bytes a second of the 200 that there are: nothing, too little, just enough, plenty.
fn socket() -> impl Strategy<Value = (usize, u64)> {
    let rate = prop_oneof![Just(0), 10..190u64, 190..260u64, Just(100_000)];
    (50..4_000usize, rate)
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let feed = || 0..FEEDS.len();
    let some_socket = || proptest::option::weighted(0.4, socket());
    let coding = prop_oneof![Just(Coding::Chunked), Just(Coding::Bare)];
    let pace = prop_oneof![3 => Just(Pace::Rewound), 1 => Just(Pace::Replay)];
    let step = prop_oneof![
        5 => (0..4_000u64).prop_map(|ms| Step::Wait { ms }),
        1 => (0..40_000u64).prop_map(|ms| Step::Wait { ms }),
        5 => (feed(), coding, some_socket())
            .prop_map(|(feed, coding, socket)| Step::Join { feed, coding, socket }),
        2 => (feed(), 0..900u64, pace, some_socket())
            .prop_map(|(feed, back, pace, socket)| Step::Read { feed, back, pace, socket }),
        2 => any::<usize>().prop_map(|ear| Step::Leave { ear }),
        3 => (any::<usize>(), socket()).prop_map(|(ear, socket)| Step::Change { ear, socket }),
        2 => any::<usize>().prop_map(|ear| Step::Heal { ear }),
        1 => any::<usize>().prop_map(|ear| Step::Sample { ear }),
        2 => (feed(), feed()).prop_map(|(from, to)| Step::Switch { from, to }),
    ];
    proptest::collection::vec(step, 1..120)
}

struct Evening {
    sim: Sim,
    feeds: Vec<usize>,
    gone: BTreeSet<usize>,
    /// Whose socket was always ready for anything.
    fast: BTreeSet<usize>,
    /// Who joined live.
    live: BTreeSet<usize>,
    switches: bool,
}

impl Evening {
    fn new() -> Self {
        let limits = Limits { listeners: 40, readers: 6, fetches: 2, ..Limits::default() };
        let mut sim = Sim::new(limits);
        let feeds = FEEDS.iter().map(|&slots| sim.open(slots)).collect();
        let (gone, fast, live) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        Self { sim, feeds, gone, fast, live, switches: false }
    }

    /// Somebody who is there, if anybody is.
    fn present(&self, n: usize) -> Option<usize> {
        let present = |ear: &usize| self.sim.ears[*ear].closed.is_none() && !self.gone.contains(ear);
        let present: Vec<usize> = (0..self.sim.ears.len()).filter(present).collect();
        present.get(n.checked_rem(present.len())?).copied()
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Wait { ms } => self.sim.run(Duration::from_millis(ms)),
            Step::Join { feed, coding, socket } => {
                let made = socket.map_or_else(Socket::fast, |(room, rate)| Socket::new(room, rate));
                let Ok(ear) = self.sim.join(self.feeds[feed], coding, made) else { return };
                self.live.insert(ear);
                self.fast.extend(socket.is_none().then_some(ear));
            }
            Step::Read { feed, back, pace, socket } => {
                let made = socket.map_or_else(Socket::fast, |(room, rate)| Socket::new(room, rate));
                let first = BEGIN.0 - back;
                let first = Slot(first - first % FEEDS[feed]);
                let Ok(ear) = self.sim.join_at(self.feeds[feed], first, pace, made) else { return };
                self.fast.extend(socket.is_none().then_some(ear));
            }
            Step::Leave { ear } => {
                let Some(ear) = self.present(ear) else { return };
                self.sim.leave(ear);
                self.gone.insert(ear);
            }
            Step::Change { ear, socket: (room, rate) } => {
                let Some(ear) = self.present(ear) else { return };
                self.sim.change(ear, room, rate);
                self.fast.remove(&ear);
            }
            Step::Heal { ear } => {
                let Some(ear) = self.present(ear) else { return };
                self.sim.change(ear, usize::MAX / 2, 1 << 40);
            }
            Step::Sample { ear } => {
                let Some(ear) = self.present(ear) else { return };
                self.sim.sample(ear);
            }
            Step::Switch { from, to } => {
                self.sim.fanout.switch(self.sim.feeds[from].id, self.sim.feeds[to].id);
                self.switches = true;
            }
        }
        let there = (0..self.sim.ears.len()).filter(|ear| !self.gone.contains(ear));
        let there = there.filter(|&ear| self.sim.ears[ear].closed.is_none()).count();
        assert_eq!(self.sim.fanout.listeners(), there);
    }

    /// What must be true of everybody, whatever happened.
    fn check(&self) {
        for (ear, heard) in self.sim.ears.iter().enumerate() {
            let jumps = heard.jumps();
            assert!(jumps.len() <= 1, "moved once at most: {jumps:?}");
            assert!(jumps.iter().all(|(end, next)| next > end), "nothing is heard twice: {jumps:?}");
            let is_fast = self.fast.contains(&ear);
            assert!(jumps.is_empty() || !is_fast, "who takes everything gets everything: {jumps:?}");
            let why = heard.closed.map(|(_, why)| why);
            assert!(why != Some(Why::Lagging) || !is_fast, "who takes everything stays");
            assert_ne!(why, Some(Why::Lost));
            if is_fast && self.live.contains(&ear) {
                self.check_turns(ear, heard);
            }
            let goes_on = |pair: &&[Heard]| pair[0].slot + pair[0].slots == pair[1].slot;
            let pairs = heard.heard.windows(2).filter(goes_on);
            for pair in pairs.filter(|pair| pair[0].feed != pair[1].feed) {
                let border = pair[0].slots.max(pair[1].slots);
                assert_eq!(pair[1].slot % border, 0, "a border of both: {pair:?}");
            }
        }
        assert!(self.sim.slice_max <= SLICE_MAX);
        assert!(self.sim.fetching_max <= 2);
        assert!(self.sim.fanout.readers() <= 6);
    }

    /// One send a group, in time.
    fn check_turns(&self, ear: usize, heard: &Ear) {
        let opening = 1 + usize::from(heard.has_ended);
        assert_eq!(heard.sends + BURST as usize, heard.heard.len() + opening, "one send a group");
        for group in &heard.heard[BURST as usize..] {
            let published = Mono((group.slot + group.slots) * SLOT_US);
            // After a switch there may be something to catch up with, of what came while they waited for the border.
            let late_max = if self.switches { spread(12) } else { spread(group.slots) };
            let due = published.max(heard.joined_at);
            assert!(group.at >= published && group.at <= due + late_max, "{ear}: {group:?}");
        }
        if heard.closed.is_none() && !self.gone.contains(&ear) {
            let last = heard.heard.last().expect("an opening has sound");
            let next_at = Mono((last.slot + 2 * last.slots) * SLOT_US) + spread(12);
            assert!(self.switches || next_at >= self.sim.now, "{ear} has what there is: {last:?}");
        }
    }
}

proptest! {
    #[test]
    fn nobody_hears_what_they_have_not_earned(steps in steps()) {
        let mut evening = Evening::new();
        for step in steps {
            evening.take(step);
        }
        evening.check();
        // The end: live listeners within 30 s, readers when they have heard everything.
        for feed in evening.feeds.clone() {
            evening.sim.close(feed);
        }
        evening.sim.run(Duration::from_secs(31));
        prop_assert_eq!(evening.sim.fanout.listeners(), evening.sim.fanout.readers());
        for ear in 0..evening.sim.ears.len() {
            if evening.sim.ears[ear].closed.is_none() && !evening.gone.contains(&ear) {
                evening.sim.change(ear, usize::MAX / 2, 1 << 40);
            }
        }
        evening.sim.run(Duration::from_secs(3_000));
        prop_assert_eq!(evening.sim.fanout.listeners(), 0);
        evening.check();
        for (ear, heard) in evening.sim.ears.iter().enumerate() {
            let is_gone = evening.gone.contains(&ear);
            prop_assert!(is_gone || heard.closed.is_some());
            if evening.fast.contains(&ear) && !is_gone {
                prop_assert_eq!(heard.closed.map(|(_, why)| why), Some(Why::Ended));
                prop_assert_eq!(heard.has_ended, heard.coding == Coding::Chunked);
            }
        }
    }
}
