//! How long packets are on their way, measured against the fastest of late: what the jitter
//! buffer's depth is derived from.

/// Width of one bucket of the memory: 2 s.
const BUCKET_SAMPLES: i64 = 2 * 48_000;

/// Buckets kept: 8 × 2 s = 16 s. A clock that drifts by 200 ppm moves 3.2 ms in that time, which
/// is little against a frame; a disturbance that comes back within it is remembered.
const BUCKETS: usize = 8;

#[derive(Clone, Copy, Debug)]
struct Bucket {
    number: i64,
    min: i64,
    max: i64,
}

/// Transit times, arrival minus RTP time, of the last 16 s. Both clocks count samples from origins
/// of their own, so only differences mean anything.
#[derive(Debug, Default)]
pub(crate) struct TransitWindow {
    buckets: [Option<Bucket>; BUCKETS],
}

impl TransitWindow {
    /// Remembers one packet's transit. What arrived before the window's span is ignored.
    pub(crate) fn record(&mut self, arrival: i64, transit: i64) {
        let number = arrival.div_euclid(BUCKET_SAMPLES);
        let place = &mut self.buckets[number.rem_euclid(BUCKETS as i64) as usize];
        match place {
            Some(bucket) if bucket.number == number => {
                bucket.min = bucket.min.min(transit);
                bucket.max = bucket.max.max(transit);
            }
            Some(bucket) if bucket.number > number => {}
            _ => *place = Some(Bucket { number, min: transit, max: transit }),
        }
    }

    /// The fastest transit of late: what a packet without any delay would have. It follows the
    /// drift between the speaker's clock and ours.
    pub(crate) fn base(&self, now: i64) -> Option<i64> {
        self.recent(now).map(|bucket| bucket.min).min()
    }

    /// By how much packets are later than the fastest, a few outliers aside: the second largest
    /// of the buckets' maxima. A hiccup that does not come back within 16 s costs one gap instead
    /// of 16 s of delay; one that does is covered from then on.
    pub(crate) fn jitter(&self, now: i64) -> i64 {
        let Some(base) = self.base(now) else { return 0 };
        let (mut largest, mut second, mut count) = (i64::MIN, i64::MIN, 0);
        for bucket in self.recent(now) {
            count += 1;
            if bucket.max > largest {
                (largest, second) = (bucket.max, largest);
            } else {
                second = second.max(bucket.max);
            }
        }
        // One bucket alone has no second opinion.
        (if count < 2 { largest } else { second }) - base
    }

    /// Whether less than two buckets, at most 2 s, are known.
    pub(crate) fn is_young(&self, now: i64) -> bool {
        self.recent(now).count() < 2
    }

    fn recent(&self, now: i64) -> impl Iterator<Item = &Bucket> {
        let oldest = now.div_euclid(BUCKET_SAMPLES) - BUCKETS as i64;
        self.buckets.iter().flatten().filter(move |bucket| bucket.number > oldest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_hiccup_is_ignored_and_two_are_not() {
        let mut window = TransitWindow::default();
        for i in 0..400 {
            window.record(i * 960, 1_000 + (i % 3) * 100);
        }
        assert_eq!(window.base(400 * 960), Some(1_000));
        assert_eq!(window.jitter(400 * 960), 200);
        window.record(401 * 960, 20_000);
        assert_eq!(window.jitter(401 * 960), 200);
        window.record(520 * 960, 15_000);
        assert_eq!(window.jitter(520 * 960), 14_000);
        assert_eq!(window.base(2_000 * 960), None, "all of it is forgotten after 16 s");
    }
}
