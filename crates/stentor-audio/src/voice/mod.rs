//! What is done with one speaker's sound after it is decoded, and what is noticed about it.
//!
//! ```text
//! decoded ─▶ guard ─┬─▶ high-pass ─▶ noise suppression ─▶ leveller ─▶ duck ─▶ mute ─▶ frame
//!                   └─▶ microphone, echo (what a host is warned of)
//! ```
//!
//! In a stereo show, which is one of music, there is only guard, leveller and mute. In a mono show the sound is
//! 10 ms late, whatever is switched on: noise suppression takes so long, and the others look ahead by it.

mod biquad;
mod denoise;
mod duck;
mod echo;
mod guard;
mod leveller;
mod line;
mod loudness;
mod microphone;
mod presence;
#[cfg(test)]
mod tests;

use stentor_types::{Channels, Line, Treatment, Warning};

use crate::SourceStats;
use biquad::{Biquad, Coefficients};
use denoise::Denoiser;
use duck::Duck;
pub(crate) use echo::EchoWatch;
use guard::Guard;
use leveller::Leveller;
use line::LineWatch;
use microphone::Microphone;
use presence::{Heard, Presence};

/// Below this there is no voice, but steps on the floor and wind.
const RUMBLE_HZ: f64 = 80.0;

/// From heard to muted and back: 5 ms.
const MUTE_RAMP_SAMPLES: f32 = 240.0;

/// Noise louder than this in the mix is taken out, in dBFS.
const NOISE_AUDIBLE_DBFS: f32 = -62.0;
/// Noise quieter than this in the mix is left alone, in dBFS: 6 dB apart, so that it does not flicker.
const NOISE_INAUDIBLE_DBFS: f32 = -68.0;
/// By how much noise suppression lowers a room at most.
const NOISE_TAKEN_DB: f32 = 15.0;

/// In a stereo show everything above this is meant to be heard, in mean power: −60 dBFS.
const MUSIC_POWER_MIN: f32 = 1e-6;

/// Frames for which a host is told that a sound was none: 10 s.
const NOT_A_NUMBER_FRAMES: u32 = 500;

/// What a host should know about a speaker's sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VoiceReport {
    /// How the network carries it.
    pub(crate) line: Line,
    /// What is wrong with it, sorted.
    pub(crate) warnings: Vec<Warning>,
}

/// The chain of one speaker's sound.
#[derive(Debug)]
pub(crate) struct Voice {
    /// Fed by the mixer with what this speaker is sent.
    pub(crate) echo: EchoWatch,
    channels: usize,
    treatment: Treatment,
    guard: Guard,
    frames_since_not_a_number: u32,
    microphone: Microphone,
    line: LineWatch,
    /// What only a voice goes through; none in a stereo show.
    room: Option<Room>,
    leveller: Leveller,
    mute_gain: f32,
}

/// A voice in its room.
#[derive(Debug)]
struct Room {
    rumble: Biquad,
    presence: Presence,
    denoiser: Denoiser,
    noisy: bool,
    duck: Duck,
}

impl Voice {
    pub(crate) fn new(channels: Channels, treatment: Treatment) -> Self {
        Self {
            echo: EchoWatch::default(),
            channels: channels.count(),
            treatment,
            guard: Guard::default(),
            frames_since_not_a_number: NOT_A_NUMBER_FRAMES,
            microphone: Microphone::default(),
            line: LineWatch::default(),
            room: (channels == Channels::Mono).then(Room::new),
            leveller: Leveller::new(channels),
            mute_gain: if treatment.muted { 0.0 } else { 1.0 },
        }
    }

    /// From the next frame on, this is done.
    pub(crate) fn treat(&mut self, treatment: Treatment) {
        self.treatment = treatment;
    }

    pub(crate) fn treatment(&self) -> Treatment {
        self.treatment
    }

    pub(crate) fn report(&self) -> VoiceReport {
        let complaints = [
            // Music is mastered up to the stop; that is no fault of a microphone.
            (Warning::Clipping, self.room.is_some() && self.microphone.is_clipping()),
            (Warning::Silent, self.microphone.is_silent()),
            (Warning::Echo, self.echo.is_echo()),
            (Warning::NotANumber, self.frames_since_not_a_number < NOT_A_NUMBER_FRAMES),
        ];
        let warnings =
            complaints.into_iter().filter_map(|(warning, holds)| holds.then_some(warning)).collect();
        VoiceReport { line: self.line.line(), warnings }
    }

    /// Treats one frame of 20 ms in place. `made_up` says that it is in place of one that did not come; `stats`
    /// are those of the line by now.
    pub(crate) fn process(&mut self, frame: &mut [f32], made_up: bool, stats: &SourceStats) {
        self.observe(frame, stats);
        match &mut self.room {
            Some(room) => {
                let suppress = self.treatment.noise_suppression;
                room.process(frame, made_up, suppress, &mut self.leveller);
            }
            None => {
                let loud = crate::level::power(frame) > MUSIC_POWER_MIN;
                let heard = Heard { sound: loud, voice: loud };
                self.leveller.process(frame, heard, f32::NEG_INFINITY, peak(frame));
            }
        }
        self.mute(frame);
    }

    fn observe(&mut self, frame: &mut [f32], stats: &SourceStats) {
        let not_a_number = self.guard.not_a_number;
        self.guard.process(frame);
        self.frames_since_not_a_number = match self.guard.not_a_number > not_a_number {
            true => 0,
            false => self.frames_since_not_a_number.saturating_add(1),
        };
        self.microphone.observe(frame, stats.packets);
        self.line.observe(stats);
        self.echo.heard(frame);
    }

    /// Moves towards silence or back; muted frames are exact zeros.
    fn mute(&mut self, frame: &mut [f32]) {
        let (goal, step) = match self.treatment.muted {
            true => (0.0, -1.0 / MUTE_RAMP_SAMPLES),
            false => (1.0, 1.0 / MUTE_RAMP_SAMPLES),
        };
        if self.mute_gain == 1.0 && goal == 1.0 {
            return;
        }
        for sample in frame.chunks_exact_mut(self.channels) {
            self.mute_gain = (self.mute_gain + step).clamp(0.0, 1.0);
            sample.iter_mut().for_each(|x| *x *= self.mute_gain);
        }
    }
}

impl Room {
    fn new() -> Self {
        Self {
            rumble: Biquad::new(Coefficients::high_pass(RUMBLE_HZ)),
            presence: Presence::default(),
            denoiser: Denoiser::new(),
            noisy: false,
            duck: Duck::default(),
        }
    }

    fn process(&mut self, frame: &mut [f32], made_up: bool, suppress: bool, leveller: &mut Leveller) {
        for x in frame.iter_mut() {
            *x = self.rumble.next(f64::from(*x)) as f32;
        }
        self.rumble.settle();
        let heard = self.presence.observe(frame, made_up);
        let ahead = peak(frame);
        let (room_dbfs, room_at_most_dbfs) = (self.presence.room_dbfs(), self.presence.room_at_most_dbfs());
        let limit = if self.noisy { NOISE_INAUDIBLE_DBFS } else { NOISE_AUDIBLE_DBFS };
        self.noisy = room_dbfs + leveller.gain_db() > limit;
        self.denoiser.process(frame, suppress && self.noisy);
        let left_dbfs = room_at_most_dbfs - if self.denoiser.works() { NOISE_TAKEN_DB } else { 0.0 };
        leveller.process(frame, heard, left_dbfs, ahead.max(peak(frame)));
        self.duck.process(frame, heard.sound);
    }
}

fn peak(frame: &[f32]) -> f32 {
    frame.iter().fold(0.0, |peak, x| peak.max(x.abs()))
}
