//! One speaker's Opus decoder: whatever comes in, the right number of samples comes out.

use stentor_types::Channels;
use stentor_types::time::SAMPLE_RATE_HZ;

use crate::AudioError;

/// The longest Opus packet: 120 ms (RFC 6716 §3.2.5).
const PACKET_SAMPLES_MAX: usize = 5_760;

/// libopus makes up sound in steps of 2.5 ms only.
const CONCEAL_STEP: usize = 120;

#[derive(Debug)]
pub(crate) struct Decoder {
    opus: opus::Decoder,
    channels: usize,
    sound: Vec<f32>,
    /// How often libopus was asked for sound: what a speaker costs.
    #[cfg(test)]
    runs: u64,
}

impl Decoder {
    pub(crate) fn new(channels: Channels) -> Result<Self, AudioError> {
        Ok(Self {
            opus: opus::Decoder::new(SAMPLE_RATE_HZ, opus_channels(channels))?,
            channels: channels.count(),
            sound: vec![0.0; PACKET_SAMPLES_MAX * channels.count()],
            #[cfg(test)]
            runs: 0,
        })
    }

    /// How often libopus was asked for sound.
    #[cfg(test)]
    pub(crate) fn runs(&self) -> u64 {
        self.runs
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
        #[cfg(test)]
        {
            self.runs += 1;
        }
        let decoded = self.opus.decode_float(payload, sound, fec).ok()?;
        if decoded != whole {
            return None;
        }
        let sound = &mut sound[..samples * self.channels];
        if sound.iter().any(|x| !x.is_finite()) {
            // What made a NaN may keep making it; a reset decoder cannot. The voice's guard silences and counts it.
            self.opus.reset_state().ok()?;
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Every fifth packet of a gliding voice is lost: the copy in the next one is nearer to the
    /// original than what the decoder makes up.
    #[test]
    fn a_copy_beats_concealment() {
        let mut encoder = opus::Encoder::new(SAMPLE_RATE_HZ, opus::Channels::Mono, opus::Application::Voip)
            .expect("encoder");
        encoder.set_bitrate(opus::Bitrate::Bits(32_000)).expect("bitrate");
        encoder.set_inband_fec(true).expect("fec");
        encoder.set_packet_loss_perc(20).expect("loss");
        let mut phase = 0.0f32;
        let voice = (0..960 * 150).map(|i| {
            phase += 0.0196 * (1.0 + 0.5 * (i as f32 * 0.000_8).sin());
            (phase.sin() + 0.5 * (2.0 * phase).sin() + 0.3 * (5.0 * phase).sin()) * 0.2
        });
        let voice: Vec<f32> = voice.collect();
        let packets: Vec<_> =
            voice.chunks(960).map(|frame| encoder.encode_vec_float(frame, 1_500).expect("encode")).collect();
        let mut whole = Decoder::new(Channels::Mono).expect("decoder");
        let mut copied = Decoder::new(Channels::Mono).expect("decoder");
        let mut made_up = Decoder::new(Channels::Mono).expect("decoder");
        let error = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f32>();
        let (mut error_copied, mut error_made_up) = (0.0, 0.0);
        for (i, packet) in packets.iter().enumerate() {
            let said = whole.decode(packet, 960).expect("valid Opus").to_vec();
            if i % 5 == 4 && i + 1 < packets.len() {
                error_copied += error(copied.recover(&packets[i + 1], 960), &said);
                error_made_up += error(made_up.conceal(960), &said);
            } else {
                copied.decode(packet, 960).expect("valid Opus");
                made_up.decode(packet, 960).expect("valid Opus");
            }
        }
        assert!(error_copied < error_made_up / 2.0, "{error_copied} against {error_made_up}");
    }

    #[test]
    fn garbage_is_refused_and_slices_are_exact() {
        let mut decoder = Decoder::new(Channels::Stereo).expect("decoder");
        assert!(decoder.decode(&[0xFF, 0xFF], 960).is_none());
        for samples in [1, 119, 120, 500, 960, 5_760] {
            assert_eq!(decoder.conceal(samples).len(), 2 * samples);
            assert_eq!(decoder.recover(&[0xFC, 1, 2, 3], samples).len(), 2 * samples);
        }
    }
}
