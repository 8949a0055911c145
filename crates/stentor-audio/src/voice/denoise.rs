//! Takes the noise of a room out of a voice: RNNoise (Valin 2018, "A hybrid DSP/deep learning approach to
//! real-time full-band speech enhancement"), where there is noise.
//!
//! It never takes everything: a voice out of dead silence sounds like a machine, and what RNNoise does to the
//! voice itself stays under what is left of the original. Clean sound passes it by. Either way it takes
//! 10 ms, so that switching is heard as a change of the noise only.

use std::fmt;

use nnnoiseless::DenoiseState;

/// Samples that RNNoise treats at a time, and by which its output is late: 10 ms.
const STEP: usize = DenoiseState::FRAME_SIZE;

/// RNNoise's full scale is that of 16 bits.
const SCALE: f32 = 32_768.0;

/// How much of the denoised sound there is; the rest is the original, so noise falls by 15 dB at most.
const WET_MAX: f32 = 1.0 - 0.177_828;

/// Quieter frames than this, in mean power, are left alone: −65 dBFS.
const SILENCE_POWER: f32 = 3.2e-7;

/// One speaker's noise suppression.
pub(crate) struct Denoiser {
    /// Made when it is first needed: 0.2 MB.
    state: Option<Box<DenoiseState<'static>>>,
    /// The last 10 ms, untreated.
    delayed: [f32; STEP],
    /// Whether `state` has been given the previous step.
    warm: bool,
    wet: f32,
}

impl Denoiser {
    pub(crate) fn new() -> Self {
        Self { state: None, delayed: [0.0; STEP], warm: false, wet: 0.0 }
    }

    /// Whether it takes noise out now.
    pub(crate) fn works(&self) -> bool {
        self.wet > 0.0
    }

    /// Treats a frame of one channel, which comes out 10 ms late. It fades over within a frame
    /// when `wanted` changes.
    pub(crate) fn process(&mut self, frame: &mut [f32], wanted: bool) {
        let power = crate::level::power(frame);
        let runs = wanted && power > SILENCE_POWER || self.works();
        // What comes out of a cold start is half a window: the first frame is not used.
        let goal = if wanted && self.warm && power > SILENCE_POWER { WET_MAX } else { 0.0 };
        let step = (goal - self.wet) / frame.len() as f32;
        for part in frame.chunks_exact_mut(STEP) {
            let mut denoised = [0.0; STEP];
            if runs {
                self.denoise(part, &mut denoised);
            }
            for ((x, late), wet) in part.iter_mut().zip(&mut self.delayed).zip(denoised) {
                self.wet += step;
                std::mem::swap(x, late);
                *x += (wet - *x) * self.wet;
            }
        }
        self.wet = goal;
        self.warm = runs;
    }

    fn denoise(&mut self, part: &[f32], denoised: &mut [f32; STEP]) {
        let state = self.state.get_or_insert_with(DenoiseState::new);
        let mut scaled = [0.0; STEP];
        scaled.iter_mut().zip(part).for_each(|(scaled, x)| *scaled = x * SCALE);
        state.process_frame(denoised, &scaled);
        denoised.iter_mut().for_each(|x| *x /= SCALE);
        if denoised.iter().any(|x| !x.is_finite()) {
            denoised.fill(0.0);
            self.state = None;
        }
    }
}

impl fmt::Debug for Denoiser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Denoiser").field("wet", &self.wet).finish_non_exhaustive()
    }
}
