//! Brings every speaker to the same loudness, as somebody at the desk of a radio studio would.
//!
//! A voice is measured as programmes are (BS.1770-4: 400 ms, overlapping by three quarters, gated), but only while it
//! speaks, and over its last seconds. The gain follows quickly while little is known of a voice and slowly
//! afterwards, and stands still in pauses: a pause is not made loud. A sudden shout is met at once.
//!
//! A voice with high peaks would come out too quiet, because the limiter behind the mix takes them down. What it
//! will take from this voice alone is foreseen, and given back.

use std::collections::VecDeque;

use stentor_types::Channels;

use super::loudness::{KWeighting, lufs};
use super::presence::Heard;
use crate::limiter;

/// Where voices of a mono show are brought before they are encoded, so that they are heard at −19 LUFS (EBU R 128 s2 and
/// the platforms for podcasts: −19 in mono sounds as loud as −16 in stereo).
const TARGET_MONO_LUFS: f32 = -19.0 + CODEC_TAKES_LU;
/// What Opus takes off a voice at 32 kbit/s, which most listeners hear: 0.2 to 0.4 LU of its treble, 0.1 at 64 kbit/s and 0.6 at
/// 16; and 0.1 LU by which a phrase is measured too loud, as if no silence went before it.
const CODEC_TAKES_LU: f32 = 0.4;
/// Where sources of a stereo show are brought. Music has less to lose to a codec.
const TARGET_STEREO_LUFS: f32 = -16.0;

/// The least gain: a voice at full scale has about −5 LUFS.
const GAIN_MIN_DB: f32 = -20.0;
/// The greatest gain: 24 dB for a voice that is far away, and what the limiter takes. More would be hiss.
const GAIN_MAX_DB: f32 = 24.0 + TAKEN_MAX_DB;
/// No gain makes the room behind a voice louder than this: 20 dB under the voice.
const ROOM_OUT_MAX_DBFS: f32 = -40.0;

/// Frames of a block: 400 ms (BS.1770-4 annex 1).
const BLOCK_FRAMES: usize = 20;
/// Frames from block to block: 100 ms.
const HOP_FRAMES: u32 = 5;
/// A block this much below what is known, −10 LU, is no voice (BS.1770-4 annex 1, the relative gate).
const RELATIVE_GATE: f32 = 0.1;
/// Blocks of voice that are remembered, fading: 15 s.
const BLOCKS_KEPT: f32 = 150.0;
/// Blocks after which a voice is known: 2.5 s.
const BLOCKS_KNOWN: f32 = 25.0;
/// Blocks under the gate in a row, 3 s, that prove another voice or another distance.
const REFUSED_MAX: u32 = 30;

/// Part of the way to the goal per frame while a voice is new: a time constant of 0.15 s.
const PACE_NEW: f32 = 0.125;
/// The same for a known voice that is too quiet: 2 s.
const PACE_UP: f32 = 0.01;
/// The same for a known voice that is too loud: 0.5 s.
const PACE_DOWN: f32 = 0.04;
/// Less than this too loud is no shout but the course of a sentence. Were it met faster than what is too quiet, the
/// gain would stay under its goal by some 0.3 dB.
const SHOUT_DB: f32 = 1.5;

/// No source comes out above full scale: the limiter behind the mix would turn everybody down.
const PEAK_MAX: f32 = 1.0;
/// Factor per frame on the way back from a peak: 0.5 dB, 25 dB a second.
const PEAK_RELEASE: f32 = 1.059;
/// What the limiter behind the mix has taken off is this much of itself a frame later.
const LIMITER_KEEPS: f32 = 0.778_8; // e^(−20 / 80)
/// What the limiter takes is remembered as long as the voice is: 15 s.
const TAKEN_PACE: f32 = 1.0 / 750.0;
/// What the limiter takes is given back up to this: more peaks than that are not worth their noise.
const TAKEN_MAX_DB: f32 = 2.0;

/// A gain arrives in 10 ms, the time by which the sound is late.
const RAMP_SAMPLES: usize = 480;

/// One speaker's gain.
#[derive(Debug)]
pub(crate) struct Leveller {
    channels: usize,
    target_lufs: f32,
    meter: KWeighting,
    /// K-weighted powers of the frames since voice was first heard, one block of them.
    block: VecDeque<f32>,
    frames_in_hop: u32,
    /// Frames since the last one with voice.
    voiced_frames_ago: usize,
    /// K-weighted power of this voice.
    known: f32,
    /// Blocks it is known from, up to [`BLOCKS_KEPT`]; before the first there is no gain.
    blocks: f32,
    refused: u32,
    gain_db: f32,
    /// What peaks leave of the gain, 1 at most.
    peak_gain: f32,
    taken: Taken,
    /// Gain at the end of the last frame.
    applied: f32,
}

impl Leveller {
    pub(crate) fn new(channels: Channels) -> Self {
        Self {
            channels: channels.count(),
            target_lufs: match channels {
                Channels::Mono => TARGET_MONO_LUFS,
                Channels::Stereo => TARGET_STEREO_LUFS,
            },
            meter: KWeighting::new(channels.count()),
            block: VecDeque::with_capacity(BLOCK_FRAMES),
            frames_in_hop: 0,
            voiced_frames_ago: BLOCK_FRAMES,
            known: 0.0,
            blocks: 0.0,
            refused: 0,
            gain_db: 0.0,
            peak_gain: 1.0,
            taken: Taken::default(),
            applied: 1.0,
        }
    }

    /// The gain in decibels that the voice's loudness asks for.
    pub(crate) fn gain_db(&self) -> f32 {
        self.gain_db
    }

    /// Treats a frame in place. `room_dbfs` is the level of the noise in it, and `peak` the greatest sample of
    /// this frame and of what follows it within 10 ms, as far as that is known.
    pub(crate) fn process(&mut self, frame: &mut [f32], heard: Heard, room_dbfs: f32, peak: f32) {
        let power = self.meter.power(frame);
        self.measure(power, heard.voice);
        if heard.voice && self.blocks > 0.0 {
            self.approach(room_dbfs);
        }
        let gain = 10f32.powf(self.gain_db / 20.0);
        let peak_allowed = PEAK_MAX / (peak * gain).max(PEAK_MAX);
        self.peak_gain = (self.peak_gain * PEAK_RELEASE).min(peak_allowed);
        self.taken.foresee(peak * gain, self.peak_gain, if heard.voice { power * gain * gain } else { 0.0 });
        self.apply(frame, gain * self.peak_gain);
    }

    fn measure(&mut self, power: f32, voice: bool) {
        self.voiced_frames_ago = if voice { 0 } else { self.voiced_frames_ago.saturating_add(1) };
        if self.voiced_frames_ago >= BLOCK_FRAMES {
            self.block.clear();
            self.frames_in_hop = 0;
            return;
        }
        if self.block.len() == BLOCK_FRAMES {
            self.block.pop_front();
        }
        self.block.push_back(power);
        self.frames_in_hop += 1;
        if self.frames_in_hop == HOP_FRAMES {
            self.frames_in_hop = 0;
            self.learn(self.block.iter().sum::<f32>() / self.block.len() as f32);
        }
    }

    /// Takes a block of voice into account.
    fn learn(&mut self, block: f32) {
        if block < self.known * RELATIVE_GATE {
            self.refused += 1;
            if self.refused < REFUSED_MAX {
                return;
            }
            self.blocks = 0.0;
        }
        self.refused = 0;
        self.blocks = (self.blocks + 1.0).min(BLOCKS_KEPT);
        self.known += (block - self.known) / self.blocks;
    }

    fn approach(&mut self, room_dbfs: f32) {
        let room_allows = (ROOM_OUT_MAX_DBFS - room_dbfs).max(0.0);
        let wanted = self.target_lufs - lufs(self.known) + self.taken.db();
        let goal = wanted.min(room_allows).clamp(GAIN_MIN_DB, GAIN_MAX_DB);
        let pace = if self.blocks < BLOCKS_KNOWN {
            PACE_NEW
        } else if goal < self.gain_db - SHOUT_DB {
            PACE_DOWN
        } else {
            PACE_UP
        };
        self.gain_db += (goal - self.gain_db) * pace;
    }

    fn apply(&mut self, frame: &mut [f32], gain: f32) {
        let step = (gain - self.applied) / RAMP_SAMPLES as f32;
        for (i, sample) in frame.chunks_exact_mut(self.channels).enumerate() {
            let now = if i < RAMP_SAMPLES { self.applied + step * (i + 1) as f32 } else { gain };
            sample.iter_mut().for_each(|x| *x *= now);
        }
        self.applied = gain;
    }
}

/// What is lost of a voice between its gain and the listener, by its peaks.
#[derive(Debug, Default)]
struct Taken {
    /// What the limiter would take off the gain of 1 now.
    limiter: f32,
    /// K-weighted power of the voice with its gain, and of what is left of it.
    before: f32,
    after: f32,
}

impl Taken {
    /// Foresees what becomes of a frame that its gain would bring to `peak`, that gets `peak_gain` besides, and that
    /// has voice of this K-weighted `power`, if any.
    fn foresee(&mut self, peak: f32, peak_gain: f32, power: f32) {
        let needed = 1.0 - limiter::CEILING / (peak * peak_gain).max(limiter::CEILING);
        self.limiter = needed.max(self.limiter * LIMITER_KEEPS);
        if power > 0.0 {
            let left = peak_gain * (1.0 - self.limiter);
            self.before += (power - self.before) * TAKEN_PACE;
            self.after += (power * left * left - self.after) * TAKEN_PACE;
        }
    }

    /// What is to be given back, in decibels.
    fn db(&self) -> f32 {
        let lost_db = lufs(self.before) - lufs(self.after);
        lost_db.clamp(0.0, TAKEN_MAX_DB)
    }
}
