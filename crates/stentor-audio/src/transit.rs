//! How long packets are on their way, measured against the fastest of late: what the jitter
//! buffer's depth is derived from.

/// Width of one bucket of the memory: 2 s.
const BUCKET_SAMPLES: i64 = 2 * 48_000;

/// Buckets kept: 8 × 2 s = 16 s. A clock that drifts by 200 ppm moves 3.2 ms in that time, which
/// is little against a frame; a disturbance that comes back within it is remembered.
const BUCKETS: usize = 8;

/// Packets later than the fastest by less are jitter, whatever they do next: 60 ms. On a line that is known to jitter by
/// more, it has to be more.
const LATE_MIN: i64 = 60 * 48;

/// Packets that stay late for twice this time are late for good: 200 ms. A burst after an outage is over sooner.
const HALF_SAMPLES: i64 = 200 * 48;

/// By so much lateness has to fall from one half to the next to be a queue that drains: 20 ms.
const DRAINED_MIN: i64 = 20 * 48;

#[derive(Clone, Copy, Debug)]
struct Bucket {
    number: i64,
    min: i64,
    max: i64,
}

/// A stretch in which every packet is late.
#[derive(Clone, Copy, Debug)]
struct Late {
    since: i64,
    /// What every one of them exceeds.
    limit: i64,
    /// The least transit in the first 200 ms and in the next.
    halves: [Option<i64>; 2],
}

/// Transit times, arrival minus RTP time, of the last 16 s. Both clocks count samples from origins
/// of their own, so only differences mean anything.
#[derive(Debug, Default)]
pub(crate) struct TransitWindow {
    buckets: [Option<Bucket>; BUCKETS],
    late: Option<Late>,
}

impl TransitWindow {
    /// Remembers one packet's transit. What arrived before the window's span is ignored.
    ///
    /// When a capture stands still for a moment, as while a headset changes its profile, or a longer way is taken, all
    /// sound is later from then on. What is remembered is then taken as if it had been so before, or the buffer would
    /// wait for 16 s for packets as fast as they used to be.
    pub(crate) fn record(&mut self, arrival: i64, transit: i64) {
        let late = self.base(arrival).and_then(|base| self.late_for_good(arrival, transit, base));
        self.keep(arrival, transit);
        if let Some((since, least)) = late {
            self.move_to(since, least);
        }
    }

    /// Since when packets are late for good, and how long the fastest of them took, if this one proves it.
    fn late_for_good(&mut self, arrival: i64, transit: i64, base: i64) -> Option<(i64, i64)> {
        let limit = self.late.map_or_else(|| base + LATE_MIN.max(self.jitter(arrival)), |late| late.limit);
        if transit <= limit {
            self.late = None;
            return None;
        }
        let late = self.late.get_or_insert(Late { since: arrival, limit, halves: [None; 2] });
        if let Some(half) =
            late.halves.get_mut((arrival - late.since).max(0).div_euclid(HALF_SAMPLES) as usize)
        {
            *half = Some(half.map_or(transit, |least| least.min(transit)));
            return None;
        }
        let ended = std::mem::replace(late, Late { since: arrival, limit, halves: [Some(transit), None] });
        let [Some(first), Some(second)] = ended.halves else { return None };
        if first - second >= DRAINED_MIN {
            return None;
        }
        self.late = None;
        Some((ended.since, first.min(second)))
    }

    /// Makes `least` the fastest transit, and remembers everything before `since` as that much later. What came after it
    /// is late already, and its lateness is no jitter.
    fn move_to(&mut self, since: i64, least: i64) {
        let Some(base) = self.base(since) else { return };
        let moved = since.div_euclid(BUCKET_SAMPLES);
        for bucket in self.buckets.iter_mut().flatten() {
            if bucket.number < moved {
                bucket.min += least - base;
                bucket.max += least - base;
            } else {
                bucket.min = bucket.min.max(least);
                bucket.max = bucket.max.max(least);
            }
        }
    }

    fn keep(&mut self, arrival: i64, transit: i64) {
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
    fn late_for_good_is_no_jitter() {
        for late in [100 * 48, 500 * 48] {
            let mut window = TransitWindow::default();
            for i in 0..400 {
                window.record(i * 960, 1_000 + (i % 3) * 100);
            }
            for i in 400..422 {
                window.record(i * 960 + late, 1_000 + late + (i % 3) * 100);
            }
            let now = 422 * 960 + late;
            assert_eq!(window.base(now), Some(1_000 + late));
            assert_eq!(window.jitter(now), 200, "what was known of jitter is known still");
        }
    }

    #[test]
    fn many_small_queues_are_no_longer_way() {
        let mut window = TransitWindow::default();
        for i in 0..2_000 {
            // Nine of ten packets take 100 ms more than the fastest.
            window.record(i * 960, if i % 50 < 5 { 1_000 } else { 1_000 + 4_800 + (i % 7) * 20 });
        }
        assert_eq!((window.base(2_000 * 960), window.jitter(2_000 * 960)), (Some(1_000), 4_920));
    }

    #[test]
    fn a_queue_that_drains_is_jitter() {
        let mut window = TransitWindow::default();
        for i in 0..400 {
            window.record(i * 960, 1_000);
        }
        // Half a second of outage, and then a line a third faster than the sound.
        for i in 0..60 {
            window.record(400 * 960 + 24_000 + i * 640, 1_000 + 24_000 - i * 320);
        }
        assert_eq!(window.base(480 * 960), Some(1_000));
    }

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
