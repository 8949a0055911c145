//! When whose turn is: a flush is spread over a part of the interval, in slices.

use std::time::Duration;

use stentor_types::Mono;
use stentor_types::time::{CHUNK_SAMPLES, SAMPLE_RATE_HZ};

use crate::limits::SLICE_TURNS;

/// Microseconds of sound in a slot.
pub(crate) const SLOT_US: u64 = CHUNK_SAMPLES as u64 * 1_000_000 / SAMPLE_RATE_HZ as u64;

/// Over how much of an interval of so many slots its flush is spread. Half leaves as much for a flush that is late;
/// close to live, what is spread is heard later, so there it is a quarter: 80 ms.
pub const fn spread(slots: u64) -> Duration {
    let part = if slots >= 3 { 2 } else { 4 };
    Duration::from_micros(slots * SLOT_US / part)
}

/// One sending of the newest sound to everybody who has a turn.
#[derive(Debug)]
pub(crate) struct Flush {
    start: Mono,
    spread_us: u64,
    /// How many turns there were at the start, and how many of them are over.
    turns: u32,
    done: u32,
    /// How many may be over by now: the end of the slice that is due.
    due: u32,
    /// The turn with which this flush began.
    origin: u32,
}

/// What a flush says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// This turn is due.
    Turn(u32),
    /// None is due before then.
    At(Mono),
    /// All had theirs.
    Over,
}

impl Flush {
    /// A flush of a feed whose groups have so many slots; it is over.
    pub(crate) fn new(slots: u64) -> Self {
        let spread_us = spread(slots).as_micros() as u64;
        Self { start: Mono(0), spread_us, turns: 0, done: 0, due: 0, origin: 0 }
    }

    /// Begins anew with so many turns. After one that was not over, those who had no turn come first, since they lack more
    /// sound; otherwise everybody is where they were. Says by how much those turns are late.
    pub(crate) fn begin(&mut self, now: Mono, turns: u32) -> Duration {
        let late = self.due_at().map_or(Duration::ZERO, |_| now.saturating_since(self.slice_at()));
        let first = if self.done < self.turns { self.turn() } else { self.origin };
        self.origin = if first < turns { first } else { 0 };
        (self.start, self.turns, self.done, self.due) = (now, turns, 0, 0);
        late
    }

    /// Ends it: nobody has a turn any more.
    pub(crate) fn end(&mut self) {
        (self.turns, self.done, self.due) = (0, 0, 0);
    }

    /// Whose turn is now. A slice that begins says how late it is.
    #[inline]
    pub(crate) fn next(&mut self, now: Mono, mut late: impl FnMut(Duration)) -> Next {
        if self.done == self.due {
            if self.done == self.turns {
                return Next::Over;
            }
            let at = self.slice_at();
            if now < at {
                return Next::At(at);
            }
            late(now.saturating_since(at));
            self.due = (self.done + SLICE_TURNS).min(self.turns);
        }
        let turn = self.turn();
        self.done += 1;
        Next::Turn(turn)
    }

    /// When the next turn is due, if there is one: inside a slice that has begun, it has been due since the start.
    pub(crate) fn due_at(&self) -> Option<Mono> {
        let is_inside = self.done < self.due;
        (self.done < self.turns).then(|| if is_inside { self.start } else { self.slice_at() })
    }

    /// The turn after those that are done.
    fn turn(&self) -> u32 {
        let turn = self.origin + self.done;
        if turn < self.turns { turn } else { turn - self.turns }
    }

    /// When the slice is due that begins with the next turn.
    fn slice_at(&self) -> Mono {
        let after = u64::from(self.done) * self.spread_us / u64::from(self.turns.max(1));
        self.start + Duration::from_micros(after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(flush: &mut Flush, now: Mono) -> (Vec<u32>, Next) {
        let mut turns = Vec::new();
        loop {
            match flush.next(now, |_| {}) {
                Next::Turn(turn) => turns.push(turn),
                other => return (turns, other),
            }
        }
    }

    #[test]
    fn slices_are_spread_evenly() {
        let all = 10 * SLICE_TURNS;
        let mut flush = Flush::new(3);
        let start = Mono(5_000_000);
        assert_eq!(flush.begin(start, all), Duration::ZERO);
        let (first, then) = turns(&mut flush, start);
        assert_eq!(first, (0..SLICE_TURNS).collect::<Vec<_>>());
        assert_eq!(then, Next::At(start + Duration::from_millis(48)));
        let (rest, then) = turns(&mut flush, start + Duration::from_millis(470));
        assert_eq!(rest, (SLICE_TURNS..all).collect::<Vec<_>>());
        assert_eq!((then, flush.due_at()), (Next::Over, None));
    }

    #[test]
    fn who_had_no_turn_in_a_flush_comes_first_in_the_next() {
        let all = 4 * SLICE_TURNS;
        let mut flush = Flush::new(1);
        assert_eq!(flush.begin(Mono(0), all), Duration::ZERO);
        assert_eq!(turns(&mut flush, Mono(0)).0.len() as u32, SLICE_TURNS);
        // The second slice was due after a quarter of 80 ms.
        assert_eq!(flush.begin(Mono(320_000), all), Duration::from_millis(300));
        let (had, then) = turns(&mut flush, Mono(400_000));
        let expected: Vec<u32> = (SLICE_TURNS..all).chain(0..SLICE_TURNS).collect();
        assert_eq!((had, then), (expected, Next::Over));
        // From then on everybody keeps that turn.
        assert_eq!(flush.begin(Mono(640_000), all), Duration::ZERO);
        assert_eq!(turns(&mut flush, Mono(640_000)).0[0], SLICE_TURNS);
        assert!(flush.begin(Mono(960_000), 10) > Duration::from_millis(200));
        assert_eq!(turns(&mut flush, Mono(960_000)).0, (0..10).collect::<Vec<_>>());
    }

    #[test]
    fn close_to_live_is_spread_less() {
        let spreads = [1, 3, 6, 12].map(|slots| spread(slots).as_millis());
        assert_eq!(spreads, [80, 480, 960, 1920]);
    }
}
