//! A look-ahead limiter of true peaks: between the samples as well as on them, nothing that leaves it is above the
//! ceiling (ITU-R BS.1770-4 annex 2), and what is below passes untouched, 5 ms late.
//!
//! For each sample the gain that keeps the wave around it under the ceiling is known well before it leaves.
//! The minimum of these gains over a while, averaged over nearly as long, is a gain that has arrived where it must be
//! when the peak leaves, and that has no corners to be heard.

use std::collections::VecDeque;

use stentor_types::Channels;

use crate::true_peak::{DELAY, TruePeak};

/// −3 dBTP, so that listeners get no more than −1: a codec adds up to 1.9 dB to a peak, the more the fewer bits it has
/// (EBU R 128 §h, EBU Tech 3344 §6).
pub(crate) const CEILING: f32 = 0.707_946;

/// What the limiter aims at: 0.05 dB lower, because the gain moves a little while a peak passes.
const AIM: f32 = 0.703_882;

/// By how much sound is late: 5 ms at 48 kHz.
pub(crate) const LOOK_AHEAD: usize = 240;

/// Samples on both sides of a peak that make it, and over which the gain must have arrived.
const AROUND: usize = 2 * DELAY;

/// Gains that are averaged. A gain is known `DELAY` samples after its peak came, and needed `AROUND` samples before the
/// peak leaves.
const AVERAGED: usize = LOOK_AHEAD - DELAY - AROUND;

/// Gains of which the minimum is taken: so many that the gain stays down until `AROUND` samples after the peak left.
const HELD: usize = LOOK_AHEAD - DELAY + AROUND;

/// Part of the way back to full gain made with each sample: a time constant of about 80 ms.
const RELEASE: f32 = 1.0 / (0.080 * 48_000.0);

#[derive(Debug)]
pub(crate) struct Limiter {
    channels: usize,
    true_peak: TruePeak,
    /// The sound of the look-ahead, a ring of interleaved samples.
    delayed: Vec<f32>,
    delayed_place: usize,
    /// Smoothed minimum gains, a ring; their mean is the gain applied.
    gains: [f32; AVERAGED],
    gains_place: usize,
    /// Candidates for the minimum: rising gains with the sample number they belong to.
    minima: VecDeque<(u64, f32)>,
    number: u64,
    released: f32,
}

impl Limiter {
    pub(crate) fn new(channels: Channels) -> Self {
        Self {
            channels: channels.count(),
            true_peak: TruePeak::new(channels.count(), AIM),
            delayed: vec![0.0; LOOK_AHEAD * channels.count()],
            delayed_place: 0,
            gains: [1.0; AVERAGED],
            gains_place: 0,
            minima: VecDeque::with_capacity(HELD + 1),
            number: 0,
            released: 1.0,
        }
    }

    /// Limits interleaved sound in place; what comes out went in 240 samples earlier.
    pub(crate) fn process(&mut self, sound: &mut [f32]) {
        let mut sum: f64 = self.gains.iter().copied().map(f64::from).sum();
        for sample in sound.chunks_exact_mut(self.channels) {
            let peak = self.true_peak.next(sample);
            let needed = if peak > AIM { AIM / peak } else { 1.0 };
            let minimum = self.minimum(needed);
            let released = self.release(minimum);
            sum += f64::from(released) - f64::from(self.gains[self.gains_place]);
            self.gains[self.gains_place] = released;
            self.gains_place = (self.gains_place + 1) % AVERAGED;
            let gain = sum as f32 / AVERAGED as f32;
            let delayed = &mut self.delayed[self.delayed_place * self.channels..][..self.channels];
            for (x, late) in sample.iter_mut().zip(delayed) {
                std::mem::swap(x, late);
                *x = (*x * gain).clamp(-CEILING, CEILING);
            }
            self.delayed_place = (self.delayed_place + 1) % LOOK_AHEAD;
        }
    }

    /// Forgets all sound.
    pub(crate) fn reset(&mut self) {
        self.true_peak.reset();
        self.delayed.fill(0.0);
        self.gains.fill(1.0);
        self.minima.clear();
        self.released = 1.0;
    }

    /// The least gain needed by any of the last `HELD` samples, this one included.
    fn minimum(&mut self, needed: f32) -> f32 {
        while self.minima.back().is_some_and(|&(_, gain)| gain >= needed) {
            self.minima.pop_back();
        }
        self.minima.push_back((self.number, needed));
        self.number += 1;
        let oldest = self.number.saturating_sub(HELD as u64);
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

    /// The true peak of mono sound, by another maker's meter.
    fn judged_true_peak(sound: &[f32]) -> f64 {
        let mut meter = ebur128::EbuR128::new(1, 48_000, ebur128::Mode::TRUE_PEAK).expect("a meter");
        meter.add_frames_f32(sound).expect("sound");
        meter.true_peak(0).expect("a channel")
    }

    /// 10^(−3/20) and a thousandth of a decibel for the rounding of two filters.
    const CEILING_JUDGED: f64 = 0.708_027;

    #[test]
    fn quiet_sound_passes_untouched() {
        let mut limiter = Limiter::new(Channels::Stereo);
        let sound: Vec<f32> = (0..1_920).map(|i| (i as f32 * 0.37).sin() * 0.7).collect();
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

    /// A quarter of the sampling rate, sampled at 45°: 3 dB more between the samples than on them.
    #[test]
    fn peaks_between_the_samples_are_seen() {
        let tone = |i: usize| (i as f32 * 0.5 + 0.25) * std::f32::consts::PI;
        let mut sound: Vec<f32> = (0..9_600).map(|i| tone(i).sin() * 0.98).collect();
        assert!(sound.iter().all(|x| x.abs() < CEILING));
        limiter_on(&mut sound);
        let peak = judged_true_peak(&sound);
        assert!(peak <= CEILING_JUDGED && peak > CEILING_JUDGED - 0.02, "{peak}");
    }

    fn limiter_on(sound: &mut [f32]) {
        let mut limiter = Limiter::new(Channels::Mono);
        sound.chunks_mut(960).for_each(|frame| limiter.process(frame));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Noise is the worst there is: every sample is a peak of its own, and most lie between the samples.
        #[test]
        fn nothing_passes_the_ceiling(
            noise in prop::collection::vec(-1f32..1.0, 2_000..6_000),
            bursts in prop::collection::vec((0usize..6_000, 1usize..900, -30f32..32.0), 1..8),
        ) {
            let mut sound: Vec<f32> = noise.iter().map(|x| x * 0.3).collect();
            for (from, samples, gain_db) in bursts {
                let gain = 10f32.powf(gain_db / 20.0);
                sound.iter_mut().skip(from).take(samples).for_each(|x| *x = (*x * gain).clamp(-40.0, 40.0));
            }
            limiter_on(&mut sound);
            prop_assert!(sound.iter().all(|x| x.abs() <= CEILING));
            let peak = judged_true_peak(&sound);
            prop_assert!(peak <= CEILING_JUDGED, "{} dBTP", 20.0 * peak.log10());
        }
    }
}
