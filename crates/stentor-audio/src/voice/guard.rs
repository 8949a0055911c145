//! Nothing passes but numbers of a sensible size: one speaker's broken sound must not become everybody's.

/// What passes at most: 18 dB over full scale. Honest decoders stay near 1.
const SAMPLE_MAX: f32 = 8.0;

/// Counts what was no sound.
#[derive(Debug, Default)]
pub(crate) struct Guard {
    /// Frames that were silenced.
    pub(crate) not_a_number: u64,
}

impl Guard {
    /// Silences a frame with infinities or NaN in it, and cuts what is far too large.
    pub(crate) fn process(&mut self, frame: &mut [f32]) {
        if frame.iter().any(|x| !x.is_finite()) {
            self.not_a_number += 1;
            frame.fill(0.0);
        } else {
            frame.iter_mut().for_each(|x| *x = x.clamp(-SAMPLE_MAX, SAMPLE_MAX));
        }
    }
}
