//! When connections have to have done something.

use std::time::Duration;

use stentor_types::Mono;

/// Deadlines are kept to an eighth of a second: they are seconds long, and nobody is closed early.
const TICK: Duration = Duration::from_millis(125);

/// 64 × 0.125 s are the 8 s that a turn of the wheel covers; the longest deadline is 6 s.
const TICKS: u64 = 64;

/// A wheel of names. A name whose deadline has changed meanwhile is put back by whoever takes it out.
#[derive(Debug)]
pub(super) struct Deadlines<K> {
    wheel: Vec<Vec<K>>,
    /// The tick that was taken out last.
    taken: u64,
    waiting: usize,
}

impl<K> Deadlines<K> {
    pub(super) fn new(now: Mono) -> Self {
        Self { wheel: (0..TICKS).map(|_| Vec::new()).collect(), taken: tick(now), waiting: 0 }
    }

    /// Puts a name in, to be taken out once `at` is over.
    pub(super) fn put(&mut self, at: Mono, name: K) {
        let tick = (tick(at) + 1).clamp(self.taken + 1, self.taken + TICKS - 1);
        self.wheel[(tick % TICKS) as usize].push(name);
        self.waiting += 1;
    }

    /// Takes out what is due, tick by tick; `None` when there is no more.
    pub(super) fn take(&mut self, now: Mono) -> Option<Vec<K>> {
        while self.taken < tick(now) {
            self.taken += 1;
            let due = std::mem::take(&mut self.wheel[(self.taken % TICKS) as usize]);
            if !due.is_empty() {
                self.waiting -= due.len();
                return Some(due);
            }
        }
        None
    }

    /// When to look again.
    pub(super) fn next(&self) -> Option<Mono> {
        (self.waiting > 0).then(|| Mono(0) + TICK * u32::try_from(self.taken + 1).unwrap_or(u32::MAX))
    }
}

fn tick(at: Mono) -> u64 {
    at.0 / TICK.as_micros() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_early_and_nobody_is_much_too_late() {
        let start = Mono(3_600_000_000);
        let mut deadlines = Deadlines::new(start);
        for ms in [0_u64, 1, 124, 125, 126, 5_000, 6_000] {
            deadlines.put(start + Duration::from_millis(ms), ms);
        }
        let mut taken = Vec::new();
        for ms in 0..7_000 {
            while let Some(due) = deadlines.take(start + Duration::from_millis(ms)) {
                for name in due {
                    assert!(ms > name && ms <= name + 2 * 125, "{name} at {ms}");
                    taken.push(name);
                }
            }
        }
        assert_eq!(taken.len(), 7);
        assert_eq!(deadlines.next(), None);
    }

    #[test]
    fn a_thread_that_was_held_up_loses_no_name() {
        let start = Mono(0);
        let mut deadlines = Deadlines::new(start);
        for ms in 0..6_000_u64 {
            deadlines.put(start + Duration::from_millis(ms), ms);
        }
        let mut taken = 0;
        while let Some(due) = deadlines.take(start + Duration::from_secs(100)) {
            taken += due.len();
        }
        assert_eq!(taken, 6_000);
    }
}
