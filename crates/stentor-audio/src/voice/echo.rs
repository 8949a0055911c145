//! Whether what somebody is sent comes back through their microphone.
//!
//! An echo has the syllables of the original a little later. So the envelopes of what was sent and of what is heard
//! are compared at every delay that an echo may have, without their slow parts: that two people begin and stop
//! at the same time says nothing, that they say the same syllables does.

use crate::level::{dbfs, power};

/// Delays that are tried, in frames: 20 to 600 ms, a network and a jitter buffer on both ways.
const LAGS: usize = 30;

/// Weight of a new frame: the comparison forgets with a time constant of 6 s.
const FORGETTING: f32 = 1.0 / 300.0;
/// Weight of a new frame in the slow part of an envelope: 0.4 s, two syllables.
const SLOW: f32 = 1.0 / 20.0;

/// A syllable counts for so many decibels at most: the first after a pause would outweigh all others.
const SYLLABLE_MAX_DB: f32 = 12.0;

/// What is quieter is all the same, in dBFS: rooms have no syllables.
const LEVEL_MIN_DBFS: f32 = -60.0;

/// Frames of others' speech before there is a judgement: 5 s.
const EVIDENCE_FRAMES_MIN: u32 = 250;
/// Correlation from which it is an echo. An echo 25 dB down has 0.9. Two people with texts of their own stay under 0.4
/// at the best of 30 delays, and under 0.65 if they even begin and stop together every 1.5 s.
const ECHO_MIN: f32 = 0.72;
/// Correlation below which it is none any more.
const ECHO_OVER: f32 = 0.5;
/// Frames for which the correlation must hold: 1 s.
const ECHO_FRAMES_MIN: u32 = 50;

/// The syllables of a sound: its level in decibels, less its slow part.
#[derive(Debug, Default)]
struct Envelope {
    slow: Option<f32>,
}

impl Envelope {
    fn next(&mut self, frame: &[f32]) -> f32 {
        let level = dbfs(power(frame)).max(LEVEL_MIN_DBFS);
        let slow = self.slow.get_or_insert(level);
        *slow += (level - *slow) * SLOW;
        (level - *slow).clamp(-SYLLABLE_MAX_DB, SYLLABLE_MAX_DB)
    }
}

/// Listens to one speaker for what they are sent.
///
/// **Call [`heard`](Self::heard) with each frame of theirs and then [`sent`](Self::sent) with the frame that they are
/// sent at the same time.**
#[derive(Debug, Default)]
pub(crate) struct EchoWatch {
    sent: Envelope,
    heard: Envelope,
    /// Syllables sent, the newest first.
    past: [f32; LAGS],
    /// Frames since others last spoke.
    frames_since_sent: u32,
    products: [f32; LAGS],
    sent_squares: [f32; LAGS],
    heard_square: f32,
    evidence_frames: u32,
    alike_frames: u32,
    echo: bool,
}

impl EchoWatch {
    /// Takes in what the speaker is sent: their mix-minus.
    pub(crate) fn sent(&mut self, mix_minus_frame: &[f32]) {
        let audible = dbfs(power(mix_minus_frame)) > LEVEL_MIN_DBFS;
        self.frames_since_sent = if audible { 0 } else { self.frames_since_sent.saturating_add(1) };
        self.past.rotate_right(1);
        self.past[0] = self.sent.next(mix_minus_frame);
    }

    /// Takes in what the speaker's microphone hears, untreated.
    pub(crate) fn heard(&mut self, frame: &[f32]) {
        let heard = self.heard.next(frame);
        // While nobody else speaks there is nothing to compare with.
        if self.evidence_frames == 0 && self.past.iter().all(|x| *x == 0.0)
            || self.frames_since_sent as usize > LAGS
        {
            return;
        }
        self.evidence_frames = self.evidence_frames.saturating_add(1);
        self.heard_square += (heard * heard - self.heard_square) * FORGETTING;
        for ((product, square), sent) in self.products.iter_mut().zip(&mut self.sent_squares).zip(self.past) {
            *product += (sent * heard - *product) * FORGETTING;
            *square += (sent * sent - *square) * FORGETTING;
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
        // Syllables move the level by 5 dB at least; less is not speech that comes back.
        let squares = |sent: &f32| (sent * self.heard_square.max(1.0)).sqrt().max(1e-6);
        let pairs = self.products.iter().zip(&self.sent_squares);
        pairs.map(|(product, sent)| product / squares(sent)).fold(0.0, f32::max)
    }
}
