//! Any sample rate to 48 kHz.

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Async, FixedAsync, Resampler as _, SincInterpolationParameters, WindowFunction};
use stentor_types::time::SAMPLE_RATE_HZ;

/// Frames (one sample a channel) taken at a time: 23 ms at 44.1 kHz.
const CHUNK_FRAMES: usize = 1_024;

/// Taps of the filter: 128 keep aliases 100 dB down up to 18 kHz at half the default's cost.
const TAPS: usize = 128;

/// Turns interleaved samples at one rate into interleaved samples at 48 kHz, as long as they were.
pub(crate) struct Resampler {
    inner: Async<f32>,
    channels: usize,
    rate_in_hz: u32,
    waiting: Vec<f32>,
    scratch: Vec<f32>,
    frames_in: u64,
    frames_out: u64,
    /// Frames of the filter's own delay still to be thrown away.
    delay: usize,
}

impl Resampler {
    /// `None` if the rate is one that the filter cannot bring to 48 kHz.
    pub(crate) fn new(rate_in_hz: u32, channels: usize) -> Option<Self> {
        let ratio = f64::from(SAMPLE_RATE_HZ) / f64::from(rate_in_hz);
        let params = SincInterpolationParameters::new(TAPS, WindowFunction::BlackmanHarris2);
        let inner = Async::new_sinc(ratio, 1.0, &params, CHUNK_FRAMES, channels, FixedAsync::Input).ok()?;
        let delay = inner.output_delay();
        let scratch = vec![0.0; inner.output_frames_max() * channels];
        let waiting = Vec::with_capacity(2 * CHUNK_FRAMES * channels);
        Some(Self { inner, channels, rate_in_hz, waiting, scratch, frames_in: 0, frames_out: 0, delay })
    }

    /// Takes samples and appends what they make to `out`.
    pub(crate) fn push(&mut self, samples: &[f32], out: &mut Vec<f32>) {
        self.frames_in += (samples.len() / self.channels) as u64;
        self.waiting.extend_from_slice(samples);
        while self.waiting.len() >= CHUNK_FRAMES * self.channels {
            self.chunk(out);
        }
    }

    /// Appends what is still inside the filter.
    pub(crate) fn finish(&mut self, out: &mut Vec<f32>) {
        let due = self.frames_in * u64::from(SAMPLE_RATE_HZ) / u64::from(self.rate_in_hz);
        while self.frames_out < due {
            self.waiting.resize(CHUNK_FRAMES * self.channels, 0.0);
            let before = (self.frames_out, out.len());
            self.chunk(out);
            let surplus = self.frames_out.saturating_sub(due.max(before.0)) as usize;
            out.truncate(out.len().saturating_sub(surplus * self.channels).max(before.1));
        }
    }

    fn chunk(&mut self, out: &mut Vec<f32>) {
        let (channels, room) = (self.channels, self.scratch.len() / self.channels);
        let input = InterleavedSlice::new(&self.waiting[..CHUNK_FRAMES * channels], channels, CHUNK_FRAMES)
            .expect("a whole chunk waits");
        let mut output =
            InterleavedSlice::new_mut(&mut self.scratch[..], channels, room).expect("it was made so");
        let (_, made) = self.inner.process_into_buffer(&input, &mut output, None).expect("the sizes fit");
        let skip = self.delay.min(made);
        self.delay -= skip;
        out.extend_from_slice(&self.scratch[skip * channels..made * channels]);
        self.frames_out += (made - skip) as u64;
        self.waiting.drain(..CHUNK_FRAMES * channels);
    }
}
