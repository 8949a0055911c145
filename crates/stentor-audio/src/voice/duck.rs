//! Turns down who says nothing: seven open microphones are seven rooms to listen to.
//!
//! Down by a part only, and slowly, so that nobody hears it work; up within 10 ms. The sound is 10 ms later
//! than the judgement of it, so that it is up when the word begins.

/// How far down: with seven rooms at −60 dBFS the sum is under −65.
const CLOSED_GAIN: f32 = 0.177_828; // −15 dB

/// Frames without sound before it goes down: 0.6 s, longer than most pauses between words.
const HOLD_FRAMES: u32 = 30;

/// Samples of the way up: 10 ms.
const OPENING_SAMPLES: f32 = 480.0;

/// Factor of a sample on the way down: 15 dB in 0.4 s.
const CLOSING: f32 = 0.999_910_06; // 10^(−15 / 20 / (0.4 × 48,000))

/// The gain of one speaker, by whether they say something.
#[derive(Debug)]
pub(crate) struct Duck {
    gain: f32,
    quiet_frames: u32,
}

impl Default for Duck {
    /// Up: what somebody says first is heard.
    fn default() -> Self {
        Self { gain: 1.0, quiet_frames: 0 }
    }
}

impl Duck {
    /// Treats a frame of one channel; `sound` says whether there is something to be heard in it or in the
    /// 10 ms after it.
    pub(crate) fn process(&mut self, frame: &mut [f32], sound: bool) {
        self.quiet_frames = if sound { 0 } else { self.quiet_frames.saturating_add(1) };
        let open = self.quiet_frames <= HOLD_FRAMES;
        if open && self.gain == 1.0 {
            return;
        }
        for x in frame {
            self.gain = match open {
                true => (self.gain + (1.0 - CLOSED_GAIN) / OPENING_SAMPLES).min(1.0),
                false => (self.gain * CLOSING).max(CLOSED_GAIN),
            };
            *x *= self.gain;
        }
    }
}
