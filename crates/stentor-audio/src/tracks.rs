//! Own tracks: what each person gave to the programme, apart, and in time with it to the sample.
//!
//! A track is made of shares, which are kept where voices are added up and travel with the sum
//! ([`OnAirSound`]): what is backstage, muted, under slate or dumped is in no share. A share passes the same limiter
//! as the programme, so it is late by as much; and it begins and ends with the stage as the programme does.
//!
//! An encoder lives from the first chunk in which a person gave something to the first in which they gave nothing.
//! Whoever reads a track fills the rest with silent packets, so the first frame refers to none before it.

use std::collections::BTreeMap;

use stentor_types::limits::SPEAKERS_PER_SHOW_MAX;
use stentor_types::time::SAMPLE_RATE_HZ;
use stentor_types::{Channels, Frames, Rendition, SpeakerId};

use crate::AudioError;
use crate::decode::opus_channels;
use crate::encode::FrameRun;
use crate::limiter::Limiter;
use crate::programme::Programme;
use crate::stage::{OnAirSound, add_echo, fade_in, frame_len};

/// Bitrate for one channel: a voice that will be edited and encoded once more.
const BITRATE_MONO: i32 = 64_000;
/// Bitrate for two channels.
const BITRATE_STEREO: i32 = 128_000;

/// libopus' effort, 0 to 10. At these bitrates more is not heard, and a full stage has 16 such encoders.
const COMPLEXITY: i32 = 5;

/// The longest frame of Opus (RFC 6716 §3.2.1, 1,275 bytes) and some.
const PACKET_BYTES_MAX: usize = 1_500;

/// Tracks of one chunk: everybody on a full stage, and as many who left or were replaced within its 0.32 s. An
/// encoder takes some 50 kB, so they stay under 2 MB.
const TRACKS_MAX: usize = 2 * SPEAKERS_PER_SHOW_MAX;

/// Silent frames after which an encoder has given out everything: it is 312 samples late and the limiter 240, less
/// than one frame together.
const TAIL_FRAMES: u32 = 2;

/// The encoders of all own tracks.
#[derive(Debug)]
pub(crate) struct Tracks {
    channels: Channels,
    tracks: BTreeMap<SpeakerId, Track>,
    /// A packet of silence that refers to none before it.
    silent_packet: Vec<u8>,
    /// Frames of the chunk that are made.
    frames: usize,
    was_stage: bool,
    packet: Vec<u8>,
    sound: Vec<f32>,
}

impl Tracks {
    pub(crate) fn new(channels: Channels) -> Result<Self, AudioError> {
        let mut packet = vec![0; PACKET_BYTES_MAX];
        let silent_packet = silent_packet(channels, &mut packet)?;
        let (tracks, sound) = (BTreeMap::new(), Vec::new());
        Ok(Self { channels, tracks, silent_packet, frames: 0, was_stage: false, packet, sound })
    }

    /// Encodes one frame of everybody's track: `before` and `now` are what the programme's frame is made of as well.
    pub(crate) fn encode(&mut self, programme: Programme, [before, now]: [&OnAirSound; 2]) {
        let is_stage = programme == Programme::Stage;
        let now = is_stage.then(|| now.shares());
        let before = self.was_stage.then(|| before.shares());
        for (&speaker, share) in now.into_iter().flatten() {
            if !share.is_empty() {
                self.begin(speaker);
            }
        }
        let Self { channels, tracks, packet, sound, .. } = self;
        for (speaker, track) in tracks.iter_mut() {
            sound.clear();
            match (share_of(before, *speaker), share_of(now, *speaker)) {
                (_, Some(now)) => {
                    sound.extend_from_slice(now);
                    if !self.was_stage {
                        fade_in(sound, *channels);
                    }
                }
                (Some(before), None) if !before.is_empty() => {
                    sound.resize(frame_len(*channels), 0.0);
                    add_echo(sound, before, *channels);
                }
                _ => {}
            }
            track.encode(sound, *channels, packet);
        }
        self.was_stage = is_stage;
        self.frames += 1;
    }

    /// The chunks of those who gave something since the last call, by person; called after 16 frames.
    pub(crate) fn take_chunks(&mut self) -> Vec<(SpeakerId, Frames)> {
        self.frames = 0;
        let take = |(&speaker, track): (&SpeakerId, &mut Track)| (speaker, track.run.take(Rendition::Opus64));
        let chunks = self.tracks.iter_mut().map(take).collect();
        self.tracks.retain(|_, track| track.silent_frames < TAIL_FRAMES);
        chunks
    }

    fn begin(&mut self, speaker: SpeakerId) {
        if self.tracks.contains_key(&speaker) || self.tracks.len() >= TRACKS_MAX {
            return;
        }
        // Without memory for an encoder there is no track, and the show goes on.
        let Ok(mut track) = Track::new(self.channels) else { return };
        (0..self.frames).for_each(|_| track.run.push(&self.silent_packet));
        self.tracks.insert(speaker, track);
    }
}

#[derive(Debug)]
struct Track {
    encoder: opus::Encoder,
    limiter: Limiter,
    run: FrameRun,
    /// Whether the next frame is the encoder's first.
    begins: bool,
    /// How many frames there were since the last one with sound.
    silent_frames: u32,
}

impl Track {
    fn new(channels: Channels) -> Result<Self, AudioError> {
        let (encoder, limiter) = (encoder(channels)?, Limiter::new(channels));
        Ok(Self { encoder, limiter, run: FrameRun::default(), begins: true, silent_frames: 0 })
    }

    /// Encodes a frame; one without samples is silence.
    fn encode(&mut self, sound: &mut Vec<f32>, channels: Channels, packet: &mut [u8]) {
        self.silent_frames = if sound.is_empty() { self.silent_frames.saturating_add(1) } else { 0 };
        sound.resize(frame_len(channels), 0.0);
        self.limiter.process(sound);
        self.encoder.set_prediction_disabled(self.begins).expect("libopus knows the setting");
        self.begins = false;
        let len_bytes = self.encoder.encode_float(sound, packet);
        self.run.push(&packet[..len_bytes.expect("a limited frame of 20 ms can be encoded")]);
    }
}

fn share_of(shares: Option<&BTreeMap<SpeakerId, Vec<f32>>>, speaker: SpeakerId) -> Option<&[f32]> {
    shares?.get(&speaker).map(Vec::as_slice)
}

fn encoder(channels: Channels) -> Result<opus::Encoder, AudioError> {
    let mut encoder = opus::Encoder::new(SAMPLE_RATE_HZ, opus_channels(channels), opus::Application::Audio)?;
    encoder.set_bitrate(opus::Bitrate::Bits(match channels {
        Channels::Mono => BITRATE_MONO,
        Channels::Stereo => BITRATE_STEREO,
    }))?;
    encoder.set_vbr(true)?;
    encoder.set_complexity(COMPLEXITY)?;
    encoder.set_dtx(false)?;
    Ok(encoder)
}

fn silent_packet(channels: Channels, packet: &mut [u8]) -> Result<Vec<u8>, AudioError> {
    let mut encoder = encoder(channels)?;
    encoder.set_prediction_disabled(true)?;
    let silence = vec![0.0; frame_len(channels)];
    // The first packet has the encoder's start in it; the second is like any other.
    encoder.encode_float(&silence, packet)?;
    let len_bytes = encoder.encode_float(&silence, packet)?;
    Ok(packet[..len_bytes].to_vec())
}
