//! How many times lay between two powers of two.

use serde::{Deserialize, Serialize};

/// Bins: below 1 ms, then doubling; the last takes all from 2^20 ms, 17 minutes, on.
const BINS: usize = 22;

/// A histogram of durations, in milliseconds by powers of two.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Histogram {
    bins: [u64; BINS],
}

/// A bin of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Bin {
    /// Its upper end, which is not in it.
    pub below_ms: u64,
    /// How many.
    pub count: u64,
}

impl Histogram {
    pub(crate) fn add(&mut self, us: u64) {
        let ms = us / 1_000;
        let bin = (u64::BITS - ms.leading_zeros()) as usize;
        self.bins[bin.min(BINS - 1)] += 1;
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (bin, more) in self.bins.iter_mut().zip(other.bins) {
            *bin += more;
        }
    }

    /// The bins that are not empty.
    pub fn bins(&self) -> Vec<Bin> {
        let all = self.bins.iter().enumerate();
        all.filter(|(_, count)| **count > 0).map(|(bin, &count)| Bin { below_ms: 1 << bin, count }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_time_is_in_the_bin_below_whose_end_it_lies() {
        let mut histogram = Histogram::default();
        for us in [0, 999, 1_000, 1_999, 2_000, 960_000, u64::MAX] {
            histogram.add(us);
        }
        let bins: Vec<_> = histogram.bins().into_iter().map(|bin| (bin.below_ms, bin.count)).collect();
        assert_eq!(bins, [(1, 2), (2, 2), (4, 1), (1_024, 1), (1 << 21, 1)]);
    }
}
