//! One speaker's Opus decoder: whatever comes in, finite samples of the right number come out.

use stentor_types::Channels;
use stentor_types::time::SAMPLE_RATE_HZ;

use crate::AudioError;

/// The longest Opus packet: 120 ms (RFC 6716 §3.2.5).
const PACKET_SAMPLES_MAX: usize = 5_760;

/// libopus makes up sound in steps of 2.5 ms only.
const CONCEAL_STEP: usize = 120;

/// What a decoder may put out at most: 12 dB over full scale. Honest packets stay near 1.
const SAMPLE_MAX: f32 = 4.0;

#[derive(Debug)]
pub(crate) struct Decoder {
    opus: opus::Decoder,
    channels: usize,
    sound: Vec<f32>,
}

impl Decoder {
    pub(crate) fn new(channels: Channels) -> Result<Self, AudioError> {
        Ok(Self {
            opus: opus::Decoder::new(SAMPLE_RATE_HZ, opus_channels(channels))?,
            channels: channels.count(),
            sound: vec![0.0; PACKET_SAMPLES_MAX * channels.count()],
        })
    }

    /// The sound of a packet of `duration` samples, or `None` if it is broken.
    pub(crate) fn decode(&mut self, payload: &[u8], duration: usize) -> Option<&[f32]> {
        // An empty packet means a loss to libopus, which would fill the whole buffer.
        assert!(!payload.is_empty(), "empty packets are left out before the decoder");
        self.run(payload, duration, false)
    }

    /// The sound of the `samples` before the packet `following`, from the copy in it if it has one
    /// (RFC 6716 §2.1.7), else made up.
    pub(crate) fn recover(&mut self, following: &[u8], samples: usize) -> &[f32] {
        if self.run(following, samples, true).is_some() {
            return &self.sound[..samples * self.channels];
        }
        self.conceal(samples)
    }

    /// Made-up sound for `samples` that are missing.
    pub(crate) fn conceal(&mut self, samples: usize) -> &[f32] {
        if self.run(&[], samples, false).is_none() {
            self.sound[..samples * self.channels].fill(0.0);
        }
        &self.sound[..samples * self.channels]
    }

    fn run(&mut self, payload: &[u8], samples: usize, fec: bool) -> Option<&[f32]> {
        assert!(samples <= PACKET_SAMPLES_MAX, "the jitter buffer asks for one packet at most");
        let whole = if fec || payload.is_empty() { samples.next_multiple_of(CONCEAL_STEP) } else { samples };
        let sound = &mut self.sound[..whole * self.channels];
        let decoded = self.opus.decode_float(payload, sound, fec).ok()?;
        if decoded != whole {
            return None;
        }
        let sound = &mut sound[..samples * self.channels];
        if sound.iter().any(|x| !x.is_finite()) {
            sound.fill(0.0);
            // What made a NaN may keep making it; a reset decoder cannot.
            self.opus.reset_state().ok()?;
        }
        for x in sound.iter_mut() {
            *x = x.clamp(-SAMPLE_MAX, SAMPLE_MAX);
        }
        Some(sound)
    }
}

/// Our word for channels in libopus' words.
pub(crate) fn opus_channels(channels: Channels) -> opus::Channels {
    match channels {
        Channels::Mono => opus::Channels::Mono,
        Channels::Stereo => opus::Channels::Stereo,
    }
}
