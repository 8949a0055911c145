//! Loudness as people hear it: the K-weighted power of ITU-R BS.1770-4, per frame.

use super::biquad::{Biquad, Coefficients};

/// The head as a sphere: a shelf of +4 dB for the treble (BS.1770-4 annex 1, table 1, for 48 kHz).
const HEAD: Coefficients = Coefficients {
    b: [1.535_124_859_586_97, -2.691_696_189_406_38, 1.198_392_810_852_85],
    a: [-1.690_659_293_182_41, 0.732_480_774_215_85],
};

/// The ear's deafness to low frequencies: a high-pass (BS.1770-4 annex 1, table 2, for 48 kHz).
const LOW: Coefficients =
    Coefficients { b: [1.0, -2.0, 1.0], a: [-1.990_047_454_833_98, 0.990_072_250_366_21] };

/// What a K-weighted mean square of 1 amounts to in LUFS (BS.1770-4 annex 1, equation 2).
const OFFSET_LUFS: f32 = -0.691;

/// Loudness in LUFS of a K-weighted power.
pub(crate) fn lufs(k_power: f32) -> f32 {
    OFFSET_LUFS + 10.0 * k_power.max(1e-12).log10()
}

/// The K-weighting of one source.
#[derive(Debug)]
pub(crate) struct KWeighting {
    /// Head and low of each channel.
    filters: Vec<[Biquad; 2]>,
}

impl KWeighting {
    pub(crate) fn new(channels: usize) -> Self {
        Self { filters: vec![[Biquad::new(HEAD), Biquad::new(LOW)]; channels] }
    }

    /// The frame's K-weighted mean square, summed over the channels.
    pub(crate) fn power(&mut self, frame: &[f32]) -> f32 {
        let channels = self.filters.len();
        let mut sum = 0.0;
        for sample in frame.chunks_exact(channels) {
            for (x, [head, low]) in sample.iter().zip(&mut self.filters) {
                let y = low.next(head.next(f64::from(*x)));
                sum += y * y;
            }
        }
        self.filters.iter_mut().flatten().for_each(Biquad::settle);
        (sum / (frame.len() / channels) as f64) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By definition a sine of 997 Hz at full scale in one channel has −3.01 LUFS (BS.1770-4 annex 1).
    #[test]
    fn the_reference_tone_reads_as_defined() {
        let tone = |i: usize| (i as f32 * std::f32::consts::TAU * 997.0 / 48_000.0).sin();
        let sound: Vec<f32> = (0..96_000).map(tone).collect();
        let mut meter = KWeighting::new(1);
        meter.power(&sound[..48_000]);
        let loudness = lufs(meter.power(&sound[48_000..]));
        assert!((loudness + 3.01).abs() < 0.02, "{loudness}");
    }
}
