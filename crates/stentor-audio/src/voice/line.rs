//! How well the network carries a speaker's sound.

use std::collections::VecDeque;

use stentor_types::Line;
use stentor_types::time::FRAME_SAMPLES;

use crate::SourceStats;

/// Frames of one part of the memory: 0.2 s.
const PART_FRAMES: u32 = 10;
/// Parts remembered: 5 s.
const PARTS: usize = 25;
/// Samples remembered.
const MEMORY_SAMPLES: u64 = PARTS as u64 * PART_FRAMES as u64 * FRAME_SAMPLES as u64;

/// Missing sound in percent up to which a line is good.
const GOOD_PERCENT_MAX: u64 = 1;
/// Missing sound in percent up to which a line is fair.
const FAIR_PERCENT_MAX: u64 = 5;

/// A target of the jitter buffer from which people begin to talk into each other (ITU-T G.114: 150 ms
/// one way in all, of which the buffer is the half).
const LATE_MS: u32 = 100;
/// A target from which no conversation is left.
const TOO_LATE_MS: u32 = 300;

/// Frames without any packet after which the line is cut: 2 s, five times the pause of discontinuous transmission.
const CUT_FRAMES: u32 = 100;

/// The last five seconds of a line.
#[derive(Debug, Default)]
pub(crate) struct LineWatch {
    /// Samples missing until the end of each part.
    missing: VecDeque<u64>,
    frames: u32,
    frames_since_packet: u32,
    now: SourceStats,
}

impl LineWatch {
    /// Takes in what the jitter buffer has been through by the end of a frame.
    pub(crate) fn observe(&mut self, stats: &SourceStats) {
        let came = stats.packets > self.now.packets;
        self.frames_since_packet = if came { 0 } else { self.frames_since_packet.saturating_add(1) };
        self.now = *stats;
        self.frames += 1;
        if self.frames == PART_FRAMES {
            self.frames = 0;
            if self.missing.len() == PARTS {
                self.missing.pop_front();
            }
            self.missing.push_back(stats.missing_samples);
        }
    }

    /// The line as it is.
    pub(crate) fn line(&self) -> Line {
        let target_ms = self.now.target_ms;
        // Who has not sent anything yet has no line to complain of.
        let cut = self.now.packets > 0 && self.frames_since_packet >= CUT_FRAMES;
        let before = if self.missing.len() == PARTS { self.missing[0] } else { 0 };
        let missing = self.now.missing_samples - before;
        let up_to = |percent: u64| missing * 100 <= percent * MEMORY_SAMPLES;
        if cut || target_ms >= TOO_LATE_MS || !up_to(FAIR_PERCENT_MAX) {
            Line::Poor
        } else if target_ms >= LATE_MS || !up_to(GOOD_PERCENT_MAX) {
            Line::Fair
        } else {
            Line::Good
        }
    }
}
