//! How many hear, estimated from pages that say so.
//!
//! A page reports that its playback advances, with a word that only the sound itself carries. Not all are asked: a sample is enough,
//! and its error is known. Players and radios cannot be asked; they are in what was delivered and in nothing else.

use serde::{Deserialize, Serialize};

/// So many standard errors to either side hold 95 % of samples.
const Z: f64 = 1.96;

/// What a sample of pages said in the last while.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// Pages that have a stream.
    pub pages: u32,
    /// Those of them that were asked. Chosen by chance, and once each.
    pub asked: u32,
    /// Those of the asked whose playback advances.
    pub playing: u32,
}

/// A number with its error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estimate {
    /// What is most likely.
    pub count: u32,
    /// The truth is hardly less,
    pub low: u32,
    /// or more: 19 times in 20 it is within.
    pub high: u32,
}

impl Sample {
    /// How many pages play; `None` if none was asked and there is one.
    ///
    /// The interval is Wilson's (1927), for a sample without replacement: who was asked of few is known, and not guessed.
    pub fn estimate(&self) -> Option<Estimate> {
        let (pages, asked, playing) = (f64::from(self.pages), f64::from(self.asked), f64::from(self.playing));
        if self.asked >= self.pages {
            let count = self.playing.min(self.pages);
            return Some(Estimate { count, low: count, high: count });
        }
        if self.asked == 0 {
            return None;
        }
        // A sample of a finite number of pages errs as a larger one of an infinite number would.
        let n = asked * (pages - 1.0) / (pages - asked);
        let share = playing.min(asked) / asked;
        let middle = (share + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
        let half = Z / (1.0 + Z * Z / n) * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
        let (low, high) = ((middle - half) * pages, (middle + half) * pages);
        // Those who were asked are known.
        let (known, silent) = (playing.min(asked), asked - playing.min(asked));
        Some(Estimate {
            count: (share * pages).round() as u32,
            low: low.floor().max(known) as u32,
            high: high.ceil().min(pages - silent) as u32,
        })
    }
}

impl Estimate {
    /// The larger of the two distances from the count to an end, as a share of the count; `None` of nobody.
    pub fn error(&self) -> Option<f32> {
        let off = (self.high - self.count).max(self.count - self.low);
        (self.count > 0).then(|| off as f32 / self.count as f32)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::{RngAlgorithm, TestRng};

    use super::*;

    proptest! {
        #[test]
        fn the_number_is_within_its_interval_and_that_within_what_can_be(pages in 0..100_000u32, asked in 0..2_000u32, playing in 0..2_000u32) {
            let sample = Sample { pages, asked, playing };
            let Some(Estimate { count, low, high }) = sample.estimate() else {
                prop_assert!(asked == 0 && pages > 0);
                return Ok(());
            };
            prop_assert!(low <= count && count <= high && high <= pages, "{low} {count} {high}");
        }
    }

    #[test]
    fn who_asks_everybody_knows() {
        let sample = Sample { pages: 3_000, asked: 3_000, playing: 2_500 };
        assert_eq!(sample.estimate(), Some(Estimate { count: 2_500, low: 2_500, high: 2_500 }));
        assert_eq!(Sample::default().estimate(), Some(Estimate::default()));
    }

    /// The truth is within the interval about 19 times in 20, whatever it is.
    #[test]
    fn the_error_that_is_stated_is_the_error() {
        let mut random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        for (pages, truth, asked) in [(3_000, 2_500, 1_000), (300_000, 290_000, 6_000), (500, 10, 100)] {
            let (mut within, mut error_max) = (0, 0.0_f32);
            for _ in 0..2_000 {
                // Of so many pages the first `truth` play; whoever is asked is asked once.
                let (mut left, mut playing_left, mut playing) = (pages, truth, 0);
                for _ in 0..asked {
                    let plays = random.next_u64() % left < playing_left;
                    playing += u32::from(plays);
                    playing_left -= u64::from(plays);
                    left -= 1;
                }
                let estimate =
                    Sample { pages: pages as u32, asked, playing }.estimate().expect("some were asked");
                within += u32::from((estimate.low..=estimate.high).contains(&(truth as u32)));
                error_max = error_max.max(estimate.error().unwrap_or(0.0));
            }
            assert!(within >= 1_870, "{within} of 2,000 for {truth} of {pages}");
            assert!(truth < 1_000 || error_max <= 0.03, "{error_max}");
        }
    }
}
