//! Makes a frame a few milliseconds shorter or longer without a click: one pitch period is left
//! out or said twice, with the seam where the sound resembles itself most.

use stentor_types::Channels;
use stentor_types::time::FRAME_SAMPLES;

/// The seam's length: 10 ms, a period of 100 Hz.
const SEAM: usize = FRAME_SAMPLES as usize / 2;
/// The shortest change: 2.5 ms, a period of 400 Hz; of higher voices it takes several periods.
const LAG_MIN: usize = 120;
/// The longest change: 10 ms. Seam and lag together are one frame.
const LAG_MAX: usize = FRAME_SAMPLES as usize - SEAM;
/// The search runs at 12 kHz first.
const COARSE: usize = 4;

/// The frame without one period of at most 10 ms. Shorter by 2.5 to 10 ms.
pub(crate) fn shorten(frame: &[f32], channels: Channels) -> Vec<f32> {
    let (mono, n) = (downmix(frame, channels), channels.count());
    let lag = best_lag(&mono);
    let mut out = crossfade(&frame[..SEAM * n], &frame[lag * n..(lag + SEAM) * n], n);
    out.extend_from_slice(&frame[(lag + SEAM) * n..]);
    out
}

/// The frame with one period of at most 10 ms twice. Longer by 2.5 to 10 ms.
pub(crate) fn lengthen(frame: &[f32], channels: Channels) -> Vec<f32> {
    let (mono, n) = (downmix(frame, channels), channels.count());
    let lag = best_lag(&mono);
    let mut out = frame[..lag * n].to_vec();
    out.extend(crossfade(&frame[lag * n..(lag + SEAM) * n], &frame[..SEAM * n], n));
    out.extend_from_slice(&frame[SEAM * n..]);
    out
}

fn downmix(frame: &[f32], channels: Channels) -> Vec<f32> {
    let n = channels.count();
    assert_eq!(frame.len(), FRAME_SAMPLES as usize * n, "splices are made in whole frames");
    frame.chunks_exact(n).map(|sample| sample.iter().sum()).collect()
}

fn crossfade(from: &[f32], to: &[f32], channels: usize) -> Vec<f32> {
    let step = channels as f32 / from.len() as f32;
    let mix = |(i, (a, b)): (usize, (&f32, &f32))| a + (b - a) * (i / channels) as f32 * step;
    from.iter().zip(to).enumerate().map(mix).collect()
}

/// The lag at which the sound resembles its own beginning most.
fn best_lag(mono: &[f32]) -> usize {
    let coarse: Vec<f32> = mono.chunks_exact(COARSE).map(|four| four.iter().sum()).collect();
    let seam = SEAM / COARSE;
    let best = search(&coarse, seam, LAG_MIN / COARSE..=LAG_MAX / COARSE) * COARSE;
    let near = best.saturating_sub(COARSE - 1).max(LAG_MIN)..=(best + COARSE - 1).min(LAG_MAX);
    search(mono, SEAM, near)
}

/// The lag of the greatest normalised correlation; in silence the longest.
fn search(sound: &[f32], seam: usize, lags: std::ops::RangeInclusive<usize>) -> usize {
    let mut best = (*lags.end(), f32::MIN);
    for lag in lags.rev() {
        let (head, tail) = (&sound[..seam], &sound[lag..lag + seam]);
        let product: f32 = head.iter().zip(tail).map(|(a, b)| a * b).sum();
        let energy: f32 = tail.iter().map(|b| b * b).sum();
        let likeness = product / (energy + 1e-9).sqrt();
        if likeness > best.1 {
            best = (lag, likeness);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The greatest step between neighbouring samples: a click would raise it.
    fn roughness(sound: &[f32]) -> f32 {
        sound.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max)
    }

    #[test]
    fn a_tone_keeps_its_shape() {
        for hz in [110.0_f32, 233.0, 440.0, 1_000.0] {
            let tone = |i: usize| (i as f32 * hz * std::f32::consts::TAU / 48_000.0).sin();
            let frame: Vec<f32> = (0..960).map(tone).collect();
            let (short, long) = (shorten(&frame, Channels::Mono), lengthen(&frame, Channels::Mono));
            assert!((480..=840).contains(&short.len()) && (1_080..=1_440).contains(&long.len()));
            for changed in [short, long] {
                assert!(roughness(&changed) < roughness(&frame) * 1.3, "{hz} Hz clicks");
                // The next frame follows without a seam.
                assert_eq!(changed.last(), frame.last());
                assert_eq!(changed.first(), frame.first());
            }
        }
    }

    #[test]
    fn silence_changes_as_much_as_it_can() {
        let frame = [0.0; 1_920];
        assert_eq!(shorten(&frame, Channels::Stereo).len(), 960);
        assert_eq!(lengthen(&frame, Channels::Stereo).len(), 2_880);
    }
}
