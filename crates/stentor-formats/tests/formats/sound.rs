//! A sound that tells at each moment where in it we are, and the ear for it.

use std::f64::consts::TAU;

const RATE_HZ: f64 = 48_000.0;

/// The pitch at a sample: 300 Hz to 2,300 Hz within each second.
pub(crate) fn pitch_hz(sample: u64) -> f64 {
    300.0 + 2000.0 * (sample % 48_000) as f64 / RATE_HZ
}

/// Sweeps of one second, one behind the other.
pub(crate) fn sweep(samples: u64) -> Vec<i16> {
    let mut phase = 0.0f64;
    let sample = |n| {
        phase += TAU * pitch_hz(n) / RATE_HZ;
        (phase.sin() * 10_000.0) as i16
    };
    (0..samples).map(sample).collect()
}

/// By how many samples `heard` is late against `said`, and how alike they then are (1 is the same).
/// Only shifts below 3,000 samples are tried.
pub(crate) fn lateness(heard: &[i16], said: &[i16]) -> (i64, f64) {
    const SHIFT_MAX: i64 = 3000;
    let window = (heard.len().min(said.len()) as i64 - 2 * SHIFT_MAX).min(24_000);
    assert!(window > 10_000, "too little sound to compare");
    let said = &said[SHIFT_MAX as usize..(SHIFT_MAX + window) as usize];
    // A coarse look at every eighth sample of every shift, then a fine one around the best.
    let coarse = (-SHIFT_MAX..=SHIFT_MAX).map(|shift| (shift, likeness(heard, said, SHIFT_MAX + shift, 8)));
    let (near, _) = coarse.max_by(|a, b| a.1.total_cmp(&b.1)).expect("some shift");
    let near = near.clamp(3 - SHIFT_MAX, SHIFT_MAX - 3);
    let fine = (near - 3..=near + 3).map(|shift| (shift, likeness(heard, said, SHIFT_MAX + shift, 1)));
    fine.max_by(|a, b| a.1.total_cmp(&b.1)).expect("some shift")
}

/// The pitch of a short piece: zero crossings per second, halved.
pub(crate) fn heard_pitch_hz(piece: &[i16]) -> f64 {
    let crossings = piece.windows(2).filter(|pair| (pair[0] < 0) != (pair[1] < 0)).count();
    crossings as f64 / 2.0 / (piece.len() as f64 / RATE_HZ)
}

/// Root of the mean square.
pub(crate) fn loudness(piece: &[i16]) -> f64 {
    (piece.iter().map(|&s| f64::from(s).powi(2)).sum::<f64>() / piece.len() as f64).sqrt()
}

/// The normalised correlation of `said` with `heard` from `start` on, of every `step`-th sample.
pub(crate) fn likeness(heard: &[i16], said: &[i16], start: i64, step: usize) -> f64 {
    let (mut product, mut heard_power, mut said_power) = (0.0, 0.0, 0.0);
    for (h, s) in heard[start as usize..].iter().zip(said).step_by(step) {
        let (h, s) = (f64::from(*h), f64::from(*s));
        product += h * s;
        heard_power += h * h;
        said_power += s * s;
    }
    product / (heard_power * said_power).sqrt().max(1.0)
}
