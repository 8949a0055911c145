//! How long somebody will wait, as a range or not at all.
//!
//! Seats become free as people leave, and people leave as by a rate of decay: so many of those inside in a second. That
//! rate is measured over the last minutes, and what it says of all seats is how fast the line moves. Of `n` who left by chance the
//! rate is known to within `n`^½, so with few there is no range.

use std::time::Duration;

use stentor_types::Mono;

use crate::limits::GRACE;

/// After how long what was measured counts half: long enough for some hundred to leave, short enough to follow an evening
/// that changes.
const HALF_LIFE: Duration = Duration::from_secs(60);

/// Who have to have left before anything is said: the rate is then known to within a fifth.
const LEFT_MIN: f64 = 25.0;

/// From the middle to either end of a range: the upper end is twice the lower.
const WIDTH: f64 = std::f64::consts::SQRT_2;

/// A range of waiting times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// Hardly less.
    pub low: Duration,
    /// Hardly more.
    pub high: Duration,
}

impl Range {
    /// The range with this in its middle.
    pub(crate) fn around(middle: Duration) -> Self {
        Self { low: middle.div_f64(WIDTH), high: middle.mul_f64(WIDTH) }
    }

    /// Until so many and one more have left, at so many a second, and the last one's seat is not kept any more.
    pub(crate) fn of_leaving(before: u32, leave_per_s: f64) -> Option<Self> {
        let leave_in = Duration::try_from_secs_f64((f64::from(before) + 1.0) / leave_per_s).ok()?;
        Some(Self::around(GRACE.saturating_add(leave_in)))
    }
}

/// How fast people leave.
#[derive(Clone, Debug, Default)]
pub(crate) struct Leaving {
    /// Who left, and the seconds that those inside have spent there, both fading.
    left: f64,
    inside_s: f64,
    updated: Option<Mono>,
}

impl Leaving {
    /// So many left since the last call, less who came back, and so many are inside.
    pub(crate) fn note(&mut self, now: Mono, left: i64, inside: u32) {
        let since = self.updated.replace(now).map_or(Duration::ZERO, |updated| now.saturating_since(updated));
        let faded = (-since.as_secs_f64() / HALF_LIFE.as_secs_f64()).exp2();
        self.left = self.left * faded + left as f64;
        self.inside_s = self.inside_s * faded + f64::from(inside) * since.as_secs_f64();
    }

    /// How many leave in a second, of so many who are inside; `None` if too few have left to say it.
    pub(crate) fn per_s(&self, inside: u32) -> Option<f64> {
        let is_known = self.left >= LEFT_MIN && self.inside_s > 0.0 && inside > 0;
        is_known.then(|| self.left / self.inside_s * f64::from(inside))
    }

    /// How long somebody waits for whom so many and one more have yet to leave, of this many who are inside; `None` if
    /// nothing can be said. The seat of the last of them is kept for a while.
    pub(crate) fn wait(&self, before: u32, inside: u32) -> Option<Range> {
        Range::of_leaving(before, self.per_s(inside)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten minutes in which so many of a thousand leave a second.
    fn evening(left_per_s: i64) -> Leaving {
        let mut leaving = Leaving::default();
        for s in 0..600 {
            leaving.note(Mono(s * 1_000_000), left_per_s, 1_000);
        }
        leaving
    }

    #[test]
    fn the_range_holds_what_the_rate_says() {
        let range = evening(5).wait(299, 1_000).expect("enough have left");
        let middle = GRACE + Duration::from_secs(60);
        assert!(range.low < middle && middle < range.high, "{range:?}");
        assert!(range.high <= range.low * 2 + Duration::from_millis(1));
    }

    #[test]
    fn of_twice_as_many_a_seat_is_free_twice_as_soon() {
        let leaving = evening(5);
        let middle = |inside| {
            let Range { low, .. } = leaving.wait(299, inside).expect("enough have left");
            low.mul_f64(WIDTH) - GRACE
        };
        assert!(middle(1_000).abs_diff(middle(2_000) * 2) < Duration::from_millis(10));
    }

    #[test]
    fn nothing_is_said_of_what_is_not_known() {
        assert_eq!(evening(0).wait(300, 1_000), None);
        let mut leaving = Leaving::default();
        leaving.note(Mono(0), 24, 1_000);
        leaving.note(Mono(1_000_000), 0, 1_000);
        assert_eq!(leaving.wait(1, 1_000), None);
    }
}
