//! How fast a reader gets sound that is already there.

use std::time::Duration;

use stentor_types::Mono;
use stentor_types::time::{CHUNK_SAMPLES, SAMPLE_RATE_HZ};

/// Chunks that a rewound or replaying reader gets at once: 10 s / 0.32 s = 31.25.
pub const BURST_CHUNKS: u64 = 32;

/// The pace of one reader, a function of its start and of how many chunks it has had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Everything as soon as it is there.
    Live,
    /// 10 s at once, then 1.25 × until live.
    Rewound,
    /// 10 s at once, then 2 ×.
    Replay,
}

impl Pace {
    /// When the chunk may go out that follows `sent` others, to a reader that began at `start`.
    pub fn due_at(self, start: Mono, sent: u64) -> Mono {
        let interval_us = match self {
            Self::Live => return start,
            Self::Rewound => CHUNK_US * 4 / 5,
            Self::Replay => CHUNK_US / 2,
        };
        let paced = (sent + 1).saturating_sub(BURST_CHUNKS);
        start + Duration::from_micros(paced.saturating_mul(interval_us))
    }
}

const CHUNK_US: u64 = CHUNK_SAMPLES as u64 * 1_000_000 / SAMPLE_RATE_HZ as u64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_seconds_at_once_and_then_at_the_stated_rate() {
        let start = Mono(7_000_000);
        for (pace, rate) in [(Pace::Rewound, 1.25), (Pace::Replay, 2.0)] {
            assert_eq!(pace.due_at(start, 0), start);
            assert_eq!(pace.due_at(start, BURST_CHUNKS - 1), start);
            let hour = pace.due_at(start, BURST_CHUNKS - 1 + 11_250);
            assert_eq!(hour.saturating_since(start).as_secs_f64(), 3600.0 / rate);
        }
        assert_eq!(Pace::Live.due_at(start, u64::MAX), start);
    }
}
