//! What the people on the stage hear: the stage without their own voice.
//!
//! Who is silent hears the same as everybody else who is silent, so they share one encode. Who
//! talks has an encode of their own, until some time after they fell silent. A decoder that is
//! switched between two encoders does not click if both carry the same sound at that moment, know
//! the sound before it, and the frame at the border does not refer to earlier ones. Hence: the
//! switch comes with the first loud frame and long after the last, a starting encoder is fed
//! the frame before first, and the border frame is coded without prediction.
//!
//! There is one such shared encode in each place. Who goes from one place to the other has an encode of
//! their own for as long as somebody who talks, in which the one sound fades into the other.

use std::sync::Arc;

use bytes::Bytes;
use stentor_types::time::SAMPLE_RATE_HZ;
use stentor_types::{Channels, Place, SpeakerId};

use crate::AudioError;
use crate::decode::opus_channels;
use crate::level::power_of_dbfs;
use crate::limiter::Limiter;
use crate::stage::{Heard, Hearing, Stage, add_echo, fade_in};

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
    channels: Channels,
    encoder: opus::Encoder,
    limiter: Limiter,
    /// What was encoded last, as it was before the limiter.
    last: Vec<f32>,
    limited: Vec<f32>,
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
        Ok(Self {
            channels,
            encoder,
            limiter: Limiter::new(channels),
            last: Vec::new(),
            limited: Vec::new(),
            runs: false,
            own_until: 0,
        })
    }

    /// Begins anew, after the frame `before`, which was heard from another encoder.
    fn begin_after(&mut self, before: Difference<'_>) {
        self.runs = true;
        self.limiter.reset();
        self.encoder.reset_state().expect("a reset cannot fail");
        before.write(&mut self.last);
        let _ = self.packet();
    }

    /// Encodes a frame; `border` is one whose hearers come from another encoder.
    fn encode(&mut self, now: Difference<'_>, border: bool) -> Bytes {
        now.write(&mut self.last);
        self.encoder.set_prediction_disabled(border).expect("libopus knows the setting");
        self.packet()
    }

    /// Encodes a frame into which the last one, from elsewhere on the stage, fades.
    fn encode_passage(&mut self, now: Difference<'_>, border: bool) -> Bytes {
        let elsewhere = std::mem::take(&mut self.last);
        now.write(&mut self.last);
        fade_in(&mut self.last, self.channels);
        add_echo(&mut self.last, &elsewhere, self.channels);
        self.encoder.set_prediction_disabled(border).expect("libopus knows the setting");
        self.packet()
    }

    fn packet(&mut self) -> Bytes {
        self.limited.clone_from(&self.last);
        self.limiter.process(&mut self.limited);
        let packet = self.encoder.encode_vec_float(&self.limited, PACKET_BYTES_MAX);
        packet.expect("a limited frame of 20 ms can be encoded").into()
    }
}

/// A mix and what is to be taken out of it.
#[derive(Clone, Copy)]
struct Difference<'a>(&'a [f32], Option<&'a [f32]>);

impl Difference<'_> {
    fn write(self, to: &mut Vec<f32>) {
        let Self(all, own) = self;
        to.clear();
        match own {
            Some(own) => to.extend(all.iter().zip(own).map(|(all, own)| all - own)),
            None => to.extend_from_slice(all),
        }
    }
}

/// The encodes for everybody on the stage.
#[derive(Debug)]
pub(crate) struct FeedbackDesk {
    on_air: Shared,
    backstage: Shared,
}

/// The encode for all silent people in one place.
#[derive(Debug)]
struct Shared {
    ear: Ear,
    /// Who heard its last frame, sorted.
    hearers: Arc<[SpeakerId]>,
    /// Who hears this one.
    hearing: Vec<SpeakerId>,
}

impl FeedbackDesk {
    pub(crate) fn new(channels: Channels) -> Result<Self, AudioError> {
        Ok(Self { on_air: Shared::new(channels)?, backstage: Shared::new(channels)? })
    }

    /// Encodes the newest frame for everybody who hears.
    pub(crate) fn encode(
        &mut self,
        frame: u64,
        stage: &mut Stage,
        mut put: impl FnMut(Arc<[SpeakerId]>, Bytes),
    ) {
        let (heard, hearings) = stage.hearings();
        for hearing in hearings {
            if hearing.power > power_of_dbfs(OWN_VOICE_DBFS) || hearing.came_from.is_some() {
                hearing.ear.own_until = frame + HANG_OVER_FRAMES;
            }
            if frame < hearing.ear.own_until {
                put(Arc::new([hearing.speaker]), encode_own(heard, hearing));
                continue;
            }
            hearing.ear.runs = false;
            match hearing.place {
                Place::OnAir => self.on_air.hearing.push(hearing.speaker),
                Place::Backstage => self.backstage.hearing.push(hearing.speaker),
            }
        }
        for (shared, place) in [(&mut self.on_air, Place::OnAir), (&mut self.backstage, Place::Backstage)] {
            if let Some(packet) = shared.encode(heard, place) {
                put(Arc::clone(&shared.hearers), packet);
            }
        }
    }
}

/// Encodes for one person alone.
fn encode_own(heard: Heard<'_>, hearing: Hearing<'_>) -> Bytes {
    let Hearing { ear, place, came_from, own, own_before, .. } = hearing;
    let border = !ear.runs;
    if border {
        ear.begin_after(match came_from {
            // Whoever has no encode of their own was silent.
            Some(place) => Difference(heard.before(place), None),
            None => Difference(heard.before(place), Some(own_before)),
        });
    }
    let now = Difference(heard.now(place), Some(own));
    if came_from.is_some() { ear.encode_passage(now, border) } else { ear.encode(now, border) }
}

impl Shared {
    fn new(channels: Channels) -> Result<Self, AudioError> {
        Ok(Self { ear: Ear::new(channels)?, hearers: Arc::new([]), hearing: Vec::new() })
    }

    /// Encodes for those who hear this frame, if anybody does.
    fn encode(&mut self, heard: Heard<'_>, place: Place) -> Option<Bytes> {
        if self.hearing.is_empty() {
            self.ear.runs = false;
            self.hearers = Arc::new([]);
            return None;
        }
        let joined = self.hearing.iter().any(|speaker| self.hearers.binary_search(speaker).is_err());
        if *self.hearing != *self.hearers {
            self.hearers = self.hearing.as_slice().into();
        }
        self.hearing.clear();
        if !self.ear.runs {
            self.ear.begin_after(Difference(heard.before(place), None));
        }
        Some(self.ear.encode(Difference(heard.now(place), None), joined))
    }
}
