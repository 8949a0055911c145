//! Whether what somebody is sent comes back through their microphone.
//!
//! An echo has the syllables of the original a little later. So the course of what was sent and of what is heard, in
//! level and in tone, are compared at every delay that an echo may have. That two people begin and stop
//! at the same time says nothing, that they say the same syllables does: so only what happens within speech counts.

use stentor_types::time::{FRAME_SAMPLES, SAMPLE_RATE_HZ};

use crate::level::dbfs;

/// Delays that are tried, in frames: 20 ms to 1.2 s, a network and a jitter buffer on both ways, and a headset by radio.
const LAGS: usize = 60;

/// Weight of a new frame: the comparison forgets with a time constant of 6 s.
const FORGETTING: f32 = 1.0 / 300.0;
/// Weight of a new frame in the slow part of a course: 0.4 s, two syllables.
const SLOW: f32 = 1.0 / 20.0;

/// A syllable counts for so many decibels at most.
const SYLLABLE_MAX_DB: f32 = 12.0;

/// What is quieter is all the same, in dBFS: rooms have no syllables.
const LEVEL_MIN_DBFS: f32 = -60.0;

/// Quiet frames, 0.2 s, after which speech begins anew.
const PAUSE_FRAMES: u32 = 10;

/// Where vowels differ from each other, and consonants from vowels.
const SPLITS_HZ: [f32; 2] = [500.0, 1_800.0];

/// Courses that are compared: the level, and the tone at each split.
const COURSES: usize = 1 + SPLITS_HZ.len();

/// Frames of others' speech before there is a judgement: 5 s.
const EVIDENCE_FRAMES_MIN: u32 = 250;
/// Correlation from which it is an echo. An echo 25 dB down has 0.85. Two people with texts of their own stay under 0.4,
/// and under 0.75 if they even begin and stop together.
const ECHO_MIN: f32 = 0.78;
/// Correlation below which it is none any more.
const ECHO_OVER: f32 = 0.6;
/// Frames for which the correlation must hold: 1 s.
const ECHO_FRAMES_MIN: u32 = 50;

type Syllable = [f32; COURSES];

/// Less than this is nothing: -300 dBFS.
const FADED: f32 = 1e-15;

/// What happens in a sound within speech: its level and its tone in decibels, less their slow parts.
#[derive(Debug, Default)]
struct Syllables {
    /// States of two low-passes.
    low: [f32; SPLITS_HZ.len()],
    slow: Syllable,
    /// Frames since speech began, none in a pause.
    frames: u32,
    /// Frames of speech since the beginning.
    known: u32,
    quiet_frames: u32,
    last: Syllable,
}

impl Syllables {
    /// The next frame's, in mean with the one before: half a frame does not matter then.
    fn next(&mut self, frame: &[f32]) -> Syllable {
        let now = self.course(frame);
        let last = std::mem::replace(&mut self.last, now);
        std::array::from_fn(|i| (now[i] + last[i]) / 2.0)
    }

    fn course(&mut self, frame: &[f32]) -> Syllable {
        let [level, tones @ ..] = self.levels(frame);
        self.quiet_frames = if level > LEVEL_MIN_DBFS { 0 } else { self.quiet_frames.saturating_add(1) };
        if self.quiet_frames > 0 {
            if self.quiet_frames > PAUSE_FRAMES {
                self.frames = 0;
            }
            // A gap between syllables is part of the course of the level; the tone of nothing is not.
            let gap = if self.frames > 0 { -SYLLABLE_MAX_DB } else { 0.0 };
            return std::array::from_fn(|i| if i == 0 { gap } else { 0.0 });
        }
        self.frames = self.frames.saturating_add(1);
        self.known = self.known.saturating_add(1);
        // The slow part is the mean of what there is until there is enough. It outlasts pauses: a phrase is as loud as the
        // one before, and its first syllable counts no more than others.
        let weight = SLOW.max(1.0 / self.known as f32);
        let [low, high] = tones;
        let mut course = [level, low, high];
        for (x, slow) in course.iter_mut().zip(&mut self.slow) {
            *slow += (*x - *slow) * weight;
            *x = (*x - *slow).clamp(-SYLLABLE_MAX_DB, SYLLABLE_MAX_DB);
        }
        course
    }

    /// The frame's level in dBFS, and by how much it is louder above each split than below. One channel of a stereo
    /// show is enough.
    fn levels(&mut self, frame: &[f32]) -> Syllable {
        let mut squares = [0.0f32; 4];
        let channels = (frame.len() / FRAME_SAMPLES as usize).max(1);
        for &x in frame.iter().step_by(channels) {
            for (low, hz) in self.low.iter_mut().zip(SPLITS_HZ) {
                *low += (x - *low) * (std::f32::consts::TAU * hz / SAMPLE_RATE_HZ as f32);
            }
            let [low, middle] = self.low;
            for (square, x) in squares.iter_mut().zip([x, low, middle - low, x - middle]) {
                *square += x * x;
            }
        }
        // What fades away in silence would become denormal, which processors compute slowly.
        self.low.iter_mut().filter(|low| low.abs() < FADED).for_each(|low| *low = 0.0);
        let [all, low, middle, high] = squares.map(|sum| dbfs(sum / FRAME_SAMPLES as f32));
        [all, middle - low, high - middle]
    }
}

/// Listens to one speaker for what they are sent.
///
/// **Call [`heard`](Self::heard) with each frame of theirs and then [`sent`](Self::sent) with the frame that they are
/// sent at the same time.**
#[derive(Debug)]
pub(crate) struct EchoWatch {
    sent: Syllables,
    heard: Syllables,
    /// What was sent, the newest first.
    past: [Syllable; LAGS],
    /// Frames since others last spoke.
    frames_since_sent: usize,
    products: [f32; LAGS],
    sent_squares: [f32; LAGS],
    heard_square: f32,
    evidence_frames: u32,
    alike_frames: u32,
    echo: bool,
}

impl Default for EchoWatch {
    fn default() -> Self {
        Self {
            sent: Syllables::default(),
            heard: Syllables::default(),
            past: [Syllable::default(); LAGS],
            // Nobody has spoken yet.
            frames_since_sent: usize::MAX,
            products: [0.0; LAGS],
            sent_squares: [0.0; LAGS],
            heard_square: 0.0,
            evidence_frames: 0,
            alike_frames: 0,
            echo: false,
        }
    }
}

impl EchoWatch {
    /// Takes in what the speaker is sent: their mix-minus.
    pub(crate) fn sent(&mut self, mix_minus_frame: &[f32]) {
        let syllable = self.sent.next(mix_minus_frame);
        self.frames_since_sent =
            if self.sent.frames > 0 { 0 } else { self.frames_since_sent.saturating_add(1) };
        self.past.rotate_right(1);
        self.past[0] = syllable;
    }

    /// Takes in what the speaker's microphone hears, untreated.
    pub(crate) fn heard(&mut self, frame: &[f32]) {
        let heard = self.heard.next(frame);
        // While nobody else speaks there is nothing to compare with.
        if self.frames_since_sent > LAGS {
            return;
        }
        self.evidence_frames = self.evidence_frames.saturating_add(1);
        self.heard_square += (product(heard, heard) - self.heard_square) * FORGETTING;
        for ((both, square), sent) in self.products.iter_mut().zip(&mut self.sent_squares).zip(self.past) {
            *both += (product(sent, heard) - *both) * FORGETTING;
            *square += (product(sent, sent) - *square) * FORGETTING;
        }
        self.judge();
    }

    /// Whether what they are sent comes back.
    pub(crate) fn is_echo(&self) -> bool {
        self.echo
    }

    fn judge(&mut self) {
        let likeness = self.likeness();
        self.alike_frames = if likeness > ECHO_MIN { self.alike_frames.saturating_add(1) } else { 0 };
        let proven = self.evidence_frames >= EVIDENCE_FRAMES_MIN && self.alike_frames >= ECHO_FRAMES_MIN;
        self.echo = proven || self.echo && likeness > ECHO_OVER;
    }

    /// The greatest correlation at any delay.
    fn likeness(&self) -> f32 {
        // Syllables move each course by 5 dB at least; less is not speech that comes back.
        let squares = |sent: &f32| (sent * self.heard_square.max(COURSES as f32)).sqrt().max(1e-6);
        let pairs = self.products.iter().zip(&self.sent_squares);
        pairs.map(|(product, sent)| product / squares(sent)).fold(0.0, f32::max)
    }
}

fn product(a: Syllable, b: Syllable) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
