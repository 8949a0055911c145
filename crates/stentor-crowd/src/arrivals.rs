//! When each listener comes. The plan is made beforehand and never waits for anybody (an open loop): a server that is slow
//! to answer meets the same crowd.

use serde::{Deserialize, Serialize};

/// How a crowd arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arrivals {
    /// Everybody in the first moment.
    AtOnce,
    /// More and more, from none a second to twice the mean; all are there after so long.
    Ramp {
        /// Microseconds.
        over_us: u64,
    },
    /// As many in each second; all are there after so long.
    Steady {
        /// Microseconds.
        over_us: u64,
    },
}

impl Arrivals {
    /// When listener `index` of `listeners` comes, in microseconds after the beginning. It rises with the index.
    pub fn at_us(self, index: u32, listeners: u32) -> u64 {
        let share = f64::from(index) / f64::from(listeners.max(1));
        match self {
            Self::AtOnce => 0,
            // Arrivals until t are as (t / over)², so the rate rises as t does.
            Self::Ramp { over_us } => (over_us as f64 * share.sqrt()) as u64,
            Self::Steady { over_us } => (over_us as f64 * share) as u64,
        }
    }

    /// When the last one comes, at the latest.
    pub fn over_us(self) -> u64 {
        match self {
            Self::AtOnce => 0,
            Self::Ramp { over_us } | Self::Steady { over_us } => over_us,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_rises_and_ends_in_time() {
        for arrivals in [
            Arrivals::AtOnce,
            Arrivals::Ramp { over_us: 10_000_000 },
            Arrivals::Steady { over_us: 10_000_000 },
        ] {
            let times: Vec<u64> = (0..1_000).map(|index| arrivals.at_us(index, 1_000)).collect();
            assert!(times.is_sorted());
            assert_eq!(times[0], 0);
            assert!(times[999] <= arrivals.over_us());
        }
    }

    #[test]
    fn half_the_time_of_a_ramp_brings_a_quarter() {
        let ramp = Arrivals::Ramp { over_us: 1_000_000 };
        assert_eq!(ramp.at_us(250, 1_000), 500_000);
        assert_eq!(Arrivals::Steady { over_us: 1_000_000 }.at_us(250, 1_000), 250_000);
    }
}
