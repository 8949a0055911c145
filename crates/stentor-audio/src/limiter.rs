//! A look-ahead peak limiter: nothing leaves it above the ceiling, and what is below passes
//! untouched, 5 ms late.
//!
//! For each sample the gain that would keep it under the ceiling is known 5 ms before it leaves.
//! The minimum of these gains over the look-ahead, averaged over as long, is a gain that has
//! arrived where it must be when the peak leaves, and that has no corners to be heard.

use std::collections::VecDeque;

use stentor_types::Channels;

/// −1 dBFS: room for what the codecs add to a peak.
pub(crate) const CEILING: f32 = 0.891_250_9;

/// 5 ms at 48 kHz.
pub(crate) const LOOK_AHEAD: usize = 240;

/// Part of the way back to full gain made with each sample: a time constant of about 80 ms.
const RELEASE: f32 = 1.0 / (0.080 * 48_000.0);

#[derive(Debug)]
pub(crate) struct Limiter {
    channels: usize,
    /// The sound of the look-ahead, a ring of interleaved samples.
    delayed: Vec<f32>,
    /// Smoothed minimum gains of the look-ahead, a ring; their mean is the gain applied.
    gains: [f32; LOOK_AHEAD],
    place: usize,
    /// Candidates for the minimum: rising gains with the sample number they belong to.
    minima: VecDeque<(u64, f32)>,
    number: u64,
    released: f32,
}

impl Limiter {
    pub(crate) fn new(channels: Channels) -> Self {
        Self {
            channels: channels.count(),
            delayed: vec![0.0; LOOK_AHEAD * channels.count()],
            gains: [1.0; LOOK_AHEAD],
            place: 0,
            minima: VecDeque::with_capacity(LOOK_AHEAD + 1),
            number: 0,
            released: 1.0,
        }
    }

    /// Limits interleaved sound in place; what comes out went in 240 samples earlier.
    pub(crate) fn process(&mut self, sound: &mut [f32]) {
        let mut sum: f64 = self.gains.iter().copied().map(f64::from).sum();
        for sample in sound.chunks_exact_mut(self.channels) {
            let peak = sample.iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
            let needed = if peak > CEILING { CEILING / peak } else { 1.0 };
            let minimum = self.minimum(needed);
            let released = self.release(minimum);
            sum += f64::from(released) - f64::from(self.gains[self.place]);
            self.gains[self.place] = released;
            let gain = sum as f32 / LOOK_AHEAD as f32;
            let delayed = &mut self.delayed[self.place * self.channels..][..self.channels];
            for (x, late) in sample.iter_mut().zip(delayed) {
                std::mem::swap(x, late);
                *x = (*x * gain).clamp(-CEILING, CEILING);
            }
            self.place = (self.place + 1) % LOOK_AHEAD;
        }
    }

    /// Forgets all sound.
    pub(crate) fn reset(&mut self) {
        self.delayed.fill(0.0);
        self.gains.fill(1.0);
        self.minima.clear();
        self.released = 1.0;
    }

    /// The least gain needed by any of the last `LOOK_AHEAD + 1` samples, this one included.
    fn minimum(&mut self, needed: f32) -> f32 {
        while self.minima.back().is_some_and(|&(_, gain)| gain >= needed) {
            self.minima.pop_back();
        }
        self.minima.push_back((self.number, needed));
        self.number += 1;
        let oldest = self.number.saturating_sub(LOOK_AHEAD as u64 + 1);
        while self.minima.front().is_some_and(|&(number, _)| number < oldest) {
            self.minima.pop_front();
        }
        self.minima.front().map_or(1.0, |&(_, gain)| gain)
    }

    fn release(&mut self, minimum: f32) -> f32 {
        let risen = self.released + (1.0 - self.released) * RELEASE;
        self.released = if risen > 0.999_99 { minimum } else { minimum.min(risen) };
        self.released
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quiet_sound_passes_untouched() {
        let mut limiter = Limiter::new(Channels::Stereo);
        let sound: Vec<f32> = (0..1_920).map(|i| (i as f32 * 0.37).sin() * 0.8).collect();
        let mut limited = sound.clone();
        limiter.process(&mut limited);
        for (late, x) in limited[LOOK_AHEAD * 2..].iter().zip(&sound) {
            assert!((late - x).abs() < 1e-5);
        }
        assert!(limited[..LOOK_AHEAD * 2].iter().all(|&x| x == 0.0));
    }

    #[test]
    fn gain_moves_without_clicks_and_comes_back() {
        let mut limiter = Limiter::new(Channels::Mono);
        // A constant shows the gain itself; a burst twenty times too loud forces it down.
        let mut sound: Vec<f32> =
            (0..48_000).map(|i| if (9_000..9_020).contains(&i) { 10.0 } else { 0.5 }).collect();
        limiter.process(&mut sound);
        let burst = 9_000 + LOOK_AHEAD..9_020 + LOOK_AHEAD;
        for (i, pair) in sound.windows(2).enumerate().skip(LOOK_AHEAD + 1) {
            let at_edge = burst.contains(&i) != burst.contains(&(i + 1));
            assert!(at_edge || (pair[1] - pair[0]).abs() < 0.01, "step at {i}: {pair:?}");
        }
        assert!((sound[47_999] - 0.5).abs() < 1e-3);
    }

    proptest! {
        #[test]
        fn nothing_passes_the_ceiling(sound in prop::collection::vec(-40f32..40.0, 960..4_000)) {
            let mut limiter = Limiter::new(Channels::Mono);
            let mut limited = sound;
            limiter.process(&mut limited);
            prop_assert!(limited.iter().all(|x| x.abs() <= CEILING));
        }
    }
}
