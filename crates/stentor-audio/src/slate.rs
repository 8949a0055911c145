//! The slate: the quiet hold sound that listeners hear while there is no stage to hear.
//!
//! A soft pad of two chords that breathe into each other. Every partial makes a whole number of
//! turns in the loop, so the loop has no seam, and the place in it follows from media time alone.

use std::f32::consts::TAU;
use std::sync::LazyLock;

use stentor_types::time::{MediaTime, SAMPLE_RATE_HZ};

use crate::level::power;

/// 12.8 s: slow enough not to be a rhythm, 40 chunks, and 2.4 MB for all shows together.
const LOOP_SAMPLES: usize = 12 * SAMPLE_RATE_HZ as usize + SAMPLE_RATE_HZ as usize * 8 / 10;

/// Mean level. K-weighting (ITU-R BS.1770-4) changes tones of 150 to 600 Hz by less than half a dB,
/// and mono loudness is the RMS level − 0.7 dB: about −30 LUFS.
const LEVEL_DBFS: f32 = -29.3;

/// F major ninth without its fourth, and D minor ninth: three notes in common, no tension.
const CHORDS_HZ: [[f32; 5]; 2] =
    [[174.61, 261.63, 329.63, 392.00, 440.00], [146.83, 220.00, 261.63, 329.63, 349.23]];

/// Overtones of a note and their weights: between a flute and a sine.
const OVERTONES: [(f32, f32); 3] = [(1.0, 1.0), (2.0, 0.22), (3.0, 0.06)];

/// The slate's sample at a media time, the same in all channels.
pub(crate) fn sample(at: MediaTime) -> f32 {
    LOOP[(at.0 % LOOP_SAMPLES as u64) as usize]
}

static LOOP: LazyLock<Vec<f32>> = LazyLock::new(|| {
    let mut sound = vec![0.0; LOOP_SAMPLES];
    for (chord, notes) in CHORDS_HZ.iter().enumerate() {
        for (voice, &hz) in notes.iter().enumerate() {
            add_note(&mut sound, chord, voice, hz);
        }
    }
    let scale = 10f32.powf(LEVEL_DBFS / 20.0) / power(&sound).sqrt();
    sound.iter_mut().for_each(|x| *x *= scale);
    sound
});

/// Adds one note of a chord, swelling in its half of the loop, each voice a little in its own time.
fn add_note(sound: &mut [f32], chord: usize, voice: usize, hz: f32) {
    let seconds = LOOP_SAMPLES as f32 / SAMPLE_RATE_HZ as f32;
    let lag = voice as f32 * 0.03;
    for (overtone, weight) in OVERTONES {
        let turns = (hz * overtone * seconds).round();
        // Higher notes and overtones are softer, as in an instrument.
        let weight = weight * (220.0 / hz).sqrt();
        for (i, x) in sound.iter_mut().enumerate() {
            let part = i as f32 / LOOP_SAMPLES as f32;
            let swell = 0.5 - 0.5 * ((part - lag - chord as f32 * 0.5) * TAU).cos();
            // The phase is reduced in whole turns first: f32 has no digits left after 12 s.
            let turn = (i as u64 * turns as u64 % LOOP_SAMPLES as u64) as f32 / LOOP_SAMPLES as f32;
            *x += weight * (0.15 + 0.85 * swell) * (turn * TAU).sin();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::dbfs;

    #[test]
    fn it_is_quiet_even_and_seamless() {
        assert_eq!(LOOP_SAMPLES % 15_360, 0);
        assert!((dbfs(power(&LOOP)) - LEVEL_DBFS).abs() < 0.1);
        let loudest = LOOP.chunks(48_000).map(|second| dbfs(power(second))).fold(f32::MIN, f32::max);
        let quietest = LOOP.chunks(48_000).map(|second| dbfs(power(second))).fold(f32::MAX, f32::min);
        assert!(loudest < -26.0 && quietest > -36.0, "{quietest} to {loudest} dBFS");
        let step = |a: f32, b: f32| (b - a).abs();
        let roughest = LOOP.windows(2).map(|pair| step(pair[0], pair[1])).fold(0.0, f32::max);
        let seam = step(sample(MediaTime(LOOP_SAMPLES as u64 - 1)), sample(MediaTime(LOOP_SAMPLES as u64)));
        assert!(seam <= roughest && roughest < 0.02);
    }
}
