//! The ladder: how service bends before it breaks. It knows no ticket.
//!
//! Each rung spends one thing for one resource, and several can hold at once. A rung goes up when one of its senses has been at
//! its limit for [`UP_AFTER`], and down when the load that is predicted for one level lower leaves a fifth free and
//! its hold is over; a hold grows each time that a level was given back too soon. Going up is for everybody at once; going
//! down is for a tenth of the listeners in 10 s, so that a prediction which is wrong is noticed while it is small.

use std::time::Duration;

use stentor_types::Mono;

/// A sense that is there is at its limit.
const FULL: f32 = 1.0;

/// What must be left one level lower.
const LOWER_MAX: f32 = 0.8;

/// How long a sense has to be at its limit: two looks a second apart, so that one look that went wrong moves nothing.
pub const UP_AFTER: Duration = Duration::from_secs(1);

/// From one level to the next above it: what the first has saved is to be seen.
pub const SETTLE: Duration = Duration::from_secs(2);

/// How long a level holds at least, and how long after it was given back too soon once, twice, three times.
pub const HOLDS: [Duration; 4] = [
    Duration::from_secs(60),
    Duration::from_secs(2 * 60),
    Duration::from_secs(5 * 60),
    Duration::from_secs(15 * 60),
];

/// A level that was given back is missed within this time, or was not given back too soon. After as long at rest, a
/// rung holds as briefly as at first.
pub const SWING: Duration = Duration::from_secs(10 * 60);

/// How long it takes until everybody has back what a level took: a tenth of the listeners in 10 s.
pub const RESTORE: Duration = Duration::from_secs(100);

/// What can be taken, in the order in which a listener notices it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Rung {
    /// Latency: sound comes every 1.92 s at level 1, every 3.84 s at level 2.
    Stretch = 0,
    /// Bitrate: 32 kbit/s at most at level 1, by hand 16 at level 2.
    Thin = 1,
    /// New live seats: the waiting room opens.
    Cap = 2,
    /// Tickets for networks over their quota.
    Protect = 3,
    /// The live audience, down to what the operator says. By hand only.
    Record = 4,
}

impl Rung {
    /// How many there are.
    pub const COUNT: usize = 5;

    /// All of them.
    pub const ALL: [Self; Self::COUNT] = [Self::Stretch, Self::Thin, Self::Cap, Self::Protect, Self::Record];

    /// The highest level that it takes by itself.
    pub const fn highest_by_itself(self) -> u8 {
        self.levels().1
    }

    /// The highest level that it has, and the highest that it takes by itself.
    const fn levels(self) -> (u8, u8) {
        match self {
            Self::Stretch => (2, 2),
            Self::Thin => (2, 1),
            Self::Cap | Self::Protect => (1, 1),
            Self::Record => (1, 0),
        }
    }
}

/// A load as a share of what there is: 1 is all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sense {
    /// Now.
    pub now: f32,
    /// What it would be if the rung that spends for it were one level lower.
    pub lower: f32,
}

/// What a node feels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Load {
    /// The processors of the front door, or the lateness of its flush, whichever is nearer to its limit.
    pub processor: Sense,
    /// The egress that was configured, or the share of listeners whose sockets are full, or segments sent again.
    pub egress: Sense,
    /// Whatever is nearest to its limit of seats, descriptors, memory, handshakes, and of the two above when their rungs have no
    /// level left.
    pub seats: Sense,
    /// Chunks that listeners have lost in spite of a cap, of those that are borne.
    pub lost: Sense,
}

impl Load {
    fn of(&self, rung: Rung) -> Sense {
        match rung {
            Rung::Stretch => self.processor,
            Rung::Thin => self.egress,
            Rung::Cap => self.seats,
            Rung::Protect => self.lost,
            Rung::Record => Sense::default(),
        }
    }
}

/// Why a rung moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Its sense was at its limit.
    Load,
    /// Its sense would be well below its limit without it.
    Calm,
    /// An operator.
    Hand,
}

/// A rung that moved. It becomes a mark on the tape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Which.
    pub rung: Rung,
    /// Where it is now; at 0 it takes nothing.
    pub level: u8,
    /// Why.
    pub cause: Cause,
}

/// One rung's place and history.
#[derive(Clone, Copy, Debug, Default)]
struct State {
    level: u8,
    pin: Option<u8>,
    /// Since when its sense has been at its limit.
    full_since: Option<Mono>,
    /// When it last went up, and down.
    up_at: Option<Mono>,
    down_at: Option<Mono>,
    /// Which of [`HOLDS`] it holds for.
    hold: usize,
}

/// All rungs of a node.
///
/// **Contract:** call [`Ladder::tick`] at least once a second.
#[derive(Debug, Default)]
pub struct Ladder([State; Rung::COUNT]);

impl Ladder {
    /// The level of a rung; at 0 it takes nothing.
    pub fn level(&self, rung: Rung) -> u8 {
        self.0[rung as usize].level
    }

    /// Whether an operator holds a rung where it is.
    pub fn is_pinned(&self, rung: Rung) -> bool {
        self.0[rung as usize].pin.is_some()
    }

    /// Which share of the listeners has what the rung's present level gives; the others still have what the level above
    /// gave. 1 unless it went down a while ago.
    pub fn restored(&self, now: Mono, rung: Rung) -> f32 {
        let State { up_at, down_at, .. } = self.0[rung as usize];
        let since = down_at.filter(|_| down_at > up_at).map(|at| now.saturating_since(at));
        since.map_or(1.0, |since| (since.as_secs_f32() / RESTORE.as_secs_f32()).min(1.0))
    }

    /// An operator holds a rung at a level, whatever is felt.
    ///
    /// # Panics
    /// If the rung has no such level.
    pub fn pin(&mut self, now: Mono, rung: Rung, level: u8) -> Option<Moved> {
        assert!(level <= rung.levels().0, "{rung:?} has no level {level}");
        let state = &mut self.0[rung as usize];
        state.pin = Some(level);
        state.goes_to(now, rung, level, Cause::Hand)
    }

    /// The rung goes by what is felt again. Where no sense would have taken it, it goes back at once.
    pub fn release(&mut self, now: Mono, rung: Rung) -> Option<Moved> {
        let state = &mut self.0[rung as usize];
        state.pin = None;
        let by_itself = rung.levels().1;
        if state.level > by_itself { state.goes_to(now, rung, by_itself, Cause::Hand) } else { None }
    }

    /// What is felt now, and what follows from it: each rung moves by one level at most.
    pub fn tick(&mut self, now: Mono, load: &Load) -> Vec<Moved> {
        Rung::ALL.iter().filter_map(|&rung| self.0[rung as usize].feel(now, rung, load.of(rung))).collect()
    }
}

impl State {
    fn feel(&mut self, now: Mono, rung: Rung, sense: Sense) -> Option<Moved> {
        if sense.now < FULL {
            self.full_since = None;
        }
        let full_since = (sense.now >= FULL).then(|| *self.full_since.get_or_insert(now));
        if self.is_at_rest(now) {
            self.hold = 0;
        }
        if self.pin.is_some() {
            return None;
        }
        let is_full = full_since.is_some_and(|since| now.saturating_since(since) >= UP_AFTER);
        let is_settled = self.up_at.is_none_or(|at| now.saturating_since(at) >= SETTLE);
        if is_full && is_settled && self.level < rung.levels().1 {
            // A level that is missed so soon was given back too soon.
            let is_swing = self.down_at.is_some_and(|at| now.saturating_since(at) < SWING);
            self.hold = (self.hold + usize::from(is_swing)).min(HOLDS.len() - 1);
            return self.goes_to(now, rung, self.level + 1, Cause::Load);
        }
        let hold = HOLDS[self.hold];
        let has_held = self.up_at.is_none_or(|at| now.saturating_since(at) >= hold);
        let is_restored = self.down_at.is_none_or(|at| now.saturating_since(at) >= hold.max(RESTORE));
        let is_calm = sense.now < FULL && sense.lower < LOWER_MAX;
        if self.level > 0 && is_calm && has_held && is_restored {
            return self.goes_to(now, rung, self.level - 1, Cause::Calm);
        }
        None
    }

    fn goes_to(&mut self, now: Mono, rung: Rung, level: u8, cause: Cause) -> Option<Moved> {
        if level == self.level {
            return None;
        }
        let moved_at = if level > self.level { &mut self.up_at } else { &mut self.down_at };
        *moved_at = Some(now);
        self.level = level;
        Some(Moved { rung, level, cause })
    }

    /// It has taken nothing for so long that what was before tells nothing.
    fn is_at_rest(&self, now: Mono) -> bool {
        self.level == 0 && self.up_at.max(self.down_at).is_none_or(|at| now.saturating_since(at) >= SWING)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn s(s: u64) -> Mono {
        Mono(s * 1_000_000)
    }

    fn processor(now: f32, lower: f32) -> Load {
        Load { processor: Sense { now, lower }, ..Load::default() }
    }

    #[test]
    fn it_goes_up_within_two_seconds_and_only_for_what_is_short() {
        let mut ladder = Ladder::default();
        assert_eq!(ladder.tick(s(0), &processor(1.2, 1.2)), []);
        let moved = ladder.tick(s(1), &processor(1.2, 1.2));
        assert_eq!(moved, [Moved { rung: Rung::Stretch, level: 1, cause: Cause::Load }]);
        assert_eq!(ladder.tick(s(2), &processor(1.2, 2.0)), [], "what it saved is to be seen");
        assert_eq!(ladder.tick(s(3), &processor(1.2, 2.0))[0].level, 2);
        assert_eq!(ladder.tick(s(10), &processor(1.2, 2.0)), [], "there is no third level");
    }

    #[test]
    fn one_look_that_went_wrong_moves_nothing() {
        let mut ladder = Ladder::default();
        for at in (0..60).step_by(2) {
            assert_eq!(ladder.tick(s(at), &processor(3.0, 3.0)), []);
            assert_eq!(ladder.tick(s(at + 1), &processor(0.5, 0.5)), []);
        }
    }

    #[test]
    fn it_goes_down_when_there_will_be_room_and_its_hold_is_over() {
        let mut ladder = Ladder::default();
        ladder.tick(s(0), &processor(1.0, 1.0));
        ladder.tick(s(1), &processor(1.0, 1.0));
        for at in 2..200 {
            assert_eq!(ladder.tick(s(at), &processor(0.45, 0.9)), [], "the level below would be full again");
        }
        let calm = processor(0.3, 0.6);
        assert_eq!(ladder.tick(s(200), &calm), [Moved { rung: Rung::Stretch, level: 0, cause: Cause::Calm }]);
        assert!(ladder.restored(s(210), Rung::Stretch) <= 0.1);
        assert!(ladder.restored(s(300), Rung::Stretch) >= 1.0);
    }

    #[test]
    fn a_load_that_swings_is_answered_less_and_less_often() {
        let mut ladder = Ladder::default();
        let mut ups = Vec::new();
        // Whatever is given back is missed at once: predictions are wrong.
        for at in 0..7_200 {
            let load =
                if ladder.level(Rung::Stretch) == 0 { processor(1.1, 1.1) } else { processor(0.5, 0.7) };
            ups.extend(ladder.tick(s(at), &load).into_iter().filter(|moved| moved.level == 1).map(|_| at));
        }
        let holds: Vec<u64> = ups.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(holds.is_sorted() && holds[0] < 70 && *holds.last().expect("some") >= 15 * 60, "{holds:?}");
    }

    #[test]
    fn a_hand_holds_it_and_lets_it_go() {
        let mut ladder = Ladder::default();
        assert_eq!(ladder.pin(s(0), Rung::Record, 1).map(|moved| moved.cause), Some(Cause::Hand));
        assert_eq!(ladder.tick(s(1_000), &Load::default()), []);
        assert_eq!(ladder.release(s(1_001), Rung::Record).map(|moved| moved.level), Some(0));
        ladder.pin(s(1_002), Rung::Stretch, 0);
        for at in 1_003..1_100 {
            assert_eq!(ladder.tick(s(at), &processor(9.0, 9.0)), []);
        }
        ladder.release(s(1_100), Rung::Stretch);
        assert_eq!(ladder.tick(s(1_101), &processor(9.0, 9.0))[0].rung, Rung::Stretch);
    }

    proptest! {
        /// Whatever is felt: one level at a time, up no oftener than it settles, down never inside its shortest hold.
        #[test]
        fn it_never_flutters(loads in prop::collection::vec((0.0..2.0f32, 0.0..2.0f32), 1..2_000)) {
            let mut ladder = Ladder::default();
            let (mut level, mut up_at, mut moved_at) = (0, None::<u64>, None::<u64>);
            for (at, (now, lower)) in (0..).zip(loads) {
                for moved in ladder.tick(s(at), &processor(now, lower)) {
                    prop_assert_eq!(moved.level.abs_diff(level), 1);
                    if moved.level > level {
                        prop_assert!(up_at.is_none_or(|before| at - before >= 2));
                        up_at = Some(at);
                    } else {
                        prop_assert!(moved_at.is_none_or(|before| at - before >= 60));
                    }
                    (level, moved_at) = (moved.level, Some(at));
                }
            }
        }
    }
}
