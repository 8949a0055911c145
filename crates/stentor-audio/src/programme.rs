//! What listeners hear: the stage or the slate, and the passage between them.

use stentor_types::time::{FRAME_SAMPLES, MediaTime};
use stentor_types::{Channels, MarkBody, SlateReason};

use crate::slate;

/// What the programme is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Programme {
    /// The stage; while nobody on it is heard of for 2 s, slate instead.
    Stage,
    /// Slate, whatever happens on the stage.
    Slate(SlateReason),
}

/// A stage from which no packet has come for so long, 2 s, is empty. Browsers in discontinuous
/// transmission send one every 0.4 s.
const ABSENT_SAMPLES: i64 = 2 * 48_000;

/// The passage takes one frame, 20 ms: no click, and the least sound from after the end.
const STEP: f32 = 1.0 / FRAME_SAMPLES as f32;

#[derive(Debug)]
pub(crate) struct ProgrammeMix {
    wanted: Programme,
    /// What the last mark said; nothing at the start of an epoch.
    announced: Option<Programme>,
    /// When the newest packet came, in samples of the mixer's clock.
    heard_at: Option<i64>,
    stage_gain: f32,
}

impl ProgrammeMix {
    pub(crate) fn new() -> Self {
        Self {
            wanted: Programme::Slate(SlateReason::NotStarted),
            announced: None,
            heard_at: None,
            stage_gain: 0.0,
        }
    }

    pub(crate) fn want(&mut self, programme: Programme) {
        self.wanted = programme;
    }

    /// A packet came from somebody.
    pub(crate) fn heard(&mut self, at: i64) {
        self.heard_at = self.heard_at.max(Some(at));
    }

    /// Decides what the frame at `now` is, and what is to be marked if that is a change. An epoch
    /// always begins with such a mark.
    pub(crate) fn decide(&mut self, now: i64) -> Option<MarkBody> {
        let absent = self.heard_at.is_none_or(|heard| now - heard > ABSENT_SAMPLES);
        let programme = match self.wanted {
            Programme::Stage if absent => Programme::Slate(SlateReason::NobodyConnected),
            wanted => wanted,
        };
        if self.announced.replace(programme) == Some(programme) {
            return None;
        }
        Some(match programme {
            Programme::Stage => MarkBody::SlateOver,
            Programme::Slate(reason) => MarkBody::Slate { reason },
        })
    }

    /// Whether the frame decided on last is the stage.
    pub(crate) fn is_stage(&self) -> bool {
        self.announced == Some(Programme::Stage)
    }

    /// Mixes the frame that was decided on.
    pub(crate) fn mix(&mut self, at: MediaTime, stage: &[f32], channels: Channels, out: &mut Vec<f32>) {
        let (goal, step) = if self.is_stage() { (1.0, STEP) } else { (0.0, -STEP) };
        out.clear();
        for (i, sample) in stage.chunks_exact(channels.count()).enumerate() {
            let gain = self.stage_gain;
            let slate =
                if gain < 1.0 { slate::sample(at.plus_samples(i as u64)) * (1.0 - gain) } else { 0.0 };
            // Not even a NaN of the stage passes a gain of nothing.
            out.extend(sample.iter().map(|x| if gain > 0.0 { x * gain + slate } else { slate }));
            self.stage_gain = (gain + step).clamp(0.0, 1.0);
        }
        debug_assert!((self.stage_gain - goal).abs() < 1e-3, "the passage takes one frame");
        self.stage_gain = goal;
    }
}
