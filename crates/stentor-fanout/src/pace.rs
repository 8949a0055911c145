//! How fast a listener gets sound that is already there.

use std::time::Duration;

use stentor_types::Mono;

use crate::flush::SLOT_US;

/// Slots that a rewound or replaying reader gets at once: 10 s / 0.32 s = 31.25.
const BURST_SLOTS: u64 = 32;

/// The pace of one listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Everything as soon as it is there, in their turn of the flush.
    Live,
    /// 10 s at once, then 1.25 × until live, and live from then on.
    Rewound,
    /// 10 s at once, then 2 ×; live from then on, if the show is not over.
    Replay,
}

impl Pace {
    /// When a group of so many slots may go out to somebody who began at `start` and has had `had` slots.
    pub(crate) fn due_at(self, start: Mono, had: u64, slots: u64) -> Mono {
        let slot_us = match self {
            Self::Live => return start,
            Self::Rewound => SLOT_US * 4 / 5,
            Self::Replay => SLOT_US / 2,
        };
        let paced = (had + slots).saturating_sub(BURST_SLOTS);
        start + Duration::from_micros(paced.saturating_mul(slot_us))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_seconds_at_once_and_then_at_the_stated_rate() {
        let start = Mono(7_000_000);
        for (pace, rate) in [(Pace::Rewound, 1.25), (Pace::Replay, 2.0)] {
            for slots in [1, 3, 6, 12] {
                let at_once =
                    (0..).step_by(slots).take_while(|&had| pace.due_at(start, had, slots as u64) == start);
                assert_eq!(at_once.count(), 32 / slots);
                let hour = pace.due_at(start, 32 - slots as u64 + 11_250, slots as u64);
                assert_eq!(hour.saturating_since(start).as_secs_f64(), 3600.0 / rate);
            }
        }
        assert_eq!(Pace::Live.due_at(start, 1 << 40, 3), start);
    }
}
