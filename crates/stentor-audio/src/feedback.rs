//! What the people on the stage hear: the stage without their own voice.
//!
//! Who is silent hears the same as everybody else who is silent, so they share one encode. Who
//! talks has an encode of their own, until some time after they fell silent. A decoder that is
//! switched between two encoders does not click if both carry the same sound at that moment, know
//! the sound before it, and the frame at the border does not refer to earlier ones. Hence: the
//! switch comes with the first loud frame and long after the last, a starting encoder is fed
//! the frame before first, and the border frame is coded without prediction.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use stentor_types::time::SAMPLE_RATE_HZ;
use stentor_types::{Channels, SpeakerId};

use crate::AudioError;
use crate::decode::opus_channels;
use crate::level::power_of_dbfs;
use crate::limiter::Limiter;
use crate::source::Source;

/// Louder than this in the shared mix, people would hear themselves.
const OWN_VOICE_DBFS: f32 = -55.0;

/// How long an own encoder outlives the voice: 100 × 20 ms. Switching at every pause would cost
/// more than encoding through it.
const HANG_OVER_FRAMES: u64 = 100;

/// Bitrate for one channel. People on the stage are few, and what they hear decides how they talk.
const BITRATE_MONO: i32 = 40_000;
/// Bitrate for two channels.
const BITRATE_STEREO: i32 = 64_000;

/// libopus' effort, 0 to 10; see `examples/load.rs` for what it costs.
const COMPLEXITY: i32 = 8;

/// The longest frame of Opus (RFC 6716 §3.2.1, 1,275 bytes) and some.
const PACKET_BYTES_MAX: usize = 1_500;

/// One encoder of a mix-minus with its limiter.
#[derive(Debug)]
pub(crate) struct Ear {
    encoder: opus::Encoder,
    limiter: Limiter,
    sound: Vec<f32>,
    runs: bool,
    own_until: u64,
}

impl Ear {
    pub(crate) fn new(channels: Channels) -> Result<Self, AudioError> {
        // Without SILK there is one mode only, and 4 ms less delay.
        let application = opus::Application::LowDelay;
        let mut encoder = opus::Encoder::new(SAMPLE_RATE_HZ, opus_channels(channels), application)?;
        encoder.set_bitrate(opus::Bitrate::Bits(match channels {
            Channels::Mono => BITRATE_MONO,
            Channels::Stereo => BITRATE_STEREO,
        }))?;
        encoder.set_complexity(COMPLEXITY)?;
        Ok(Self { encoder, limiter: Limiter::new(channels), sound: Vec::new(), runs: false, own_until: 0 })
    }

    /// Encodes the difference of two frames; `border` is a frame whose hearers come from elsewhere.
    fn encode(&mut self, before: Difference<'_>, now: Difference<'_>, border: bool) -> Bytes {
        if !self.runs {
            self.runs = true;
            self.limiter.reset();
            self.encoder.reset_state().expect("a reset cannot fail");
            let _ = self.packet(before);
        }
        self.encoder.set_prediction_disabled(border).expect("libopus knows the setting");
        self.packet(now)
    }

    fn packet(&mut self, Difference(all, own): Difference<'_>) -> Bytes {
        self.sound.clear();
        match own {
            Some(own) => self.sound.extend(all.iter().zip(own).map(|(all, own)| all - own)),
            None => self.sound.extend_from_slice(all),
        }
        self.limiter.process(&mut self.sound);
        let packet = self.encoder.encode_vec_float(&self.sound, PACKET_BYTES_MAX);
        packet.expect("a limited frame of 20 ms can be encoded").into()
    }
}

/// A mix and what is to be taken out of it.
#[derive(Clone, Copy)]
struct Difference<'a>(&'a [f32], Option<&'a [f32]>);

/// The encodes for everybody on the stage.
#[derive(Debug)]
pub(crate) struct FeedbackDesk {
    shared: Ear,
    sharing: Arc<[SpeakerId]>,
}

impl FeedbackDesk {
    pub(crate) fn new(channels: Channels) -> Result<Self, AudioError> {
        Ok(Self { shared: Ear::new(channels)?, sharing: Arc::new([]) })
    }

    /// Encodes the newest frame for everybody who hears. `previous` and `stage` are the sums of
    /// all sources, one frame ago and now.
    pub(crate) fn encode(
        &mut self,
        frame: u64,
        previous: &[f32],
        stage: &[f32],
        sources: &mut BTreeMap<SpeakerId, Source>,
        mut put: impl FnMut(Arc<[SpeakerId]>, Bytes),
    ) {
        let mut sharing = Vec::new();
        for (&speaker, source) in sources {
            let Some(ear) = &mut source.ear else { continue };
            if source.power > power_of_dbfs(OWN_VOICE_DBFS) {
                ear.own_until = frame + HANG_OVER_FRAMES;
            }
            if frame >= ear.own_until {
                ear.runs = false;
                sharing.push(speaker);
                continue;
            }
            let border = !ear.runs;
            let before = Difference(previous, Some(&source.previous));
            let packet = ear.encode(before, Difference(stage, Some(&source.frame)), border);
            put(Arc::new([speaker]), packet);
        }
        if sharing.is_empty() {
            self.shared.runs = false;
            self.sharing = Arc::new([]);
            return;
        }
        let joined = sharing.iter().any(|speaker| self.sharing.binary_search(speaker).is_err());
        if *sharing != *self.sharing {
            self.sharing = sharing.into();
        }
        let packet = self.shared.encode(Difference(previous, None), Difference(stage, None), joined);
        put(Arc::clone(&self.sharing), packet);
    }
}
