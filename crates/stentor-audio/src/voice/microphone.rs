//! What is wrong with a microphone, as far as its sound tells.

use crate::level::{power, power_of_dbfs};

/// A frame that peaks here reached the stop. Codecs round flat tops off, so the shape proves nothing any more.
const STOP: f32 = 0.99;
/// Frames at the stop within the memory that are a complaint. Speech that just reaches full scale is there 3 times in
/// 5 s, speech that is overdriven by 3 dB 10 times and more.
const STOPPED_FRAMES_MIN: u32 = 8;
/// Parts of the memory: 5 × 1 s.
const STOPPED_PARTS: usize = 5;
/// Frames of a part.
const STOPPED_PART_FRAMES: u32 = 50;

/// A microphone that is on and in a room is louder.
const SILENT_DBFS: f32 = -75.0;
/// Frames of silence that are a complaint: 10 s, longer than anybody pauses behind a gate.
const SILENT_FRAMES_MIN: u32 = 500;
/// Frames without packets after which silence is the network's: 1 s. Who leaves out silence sends every 0.4 s.
const PACKETS_EVERY_FRAMES_MAX: u32 = 50;

/// Watches the sound before anything is done with it.
#[derive(Debug)]
pub(crate) struct Microphone {
    /// Frames at the stop in each part of the memory, the newest first.
    stopped: [u32; STOPPED_PARTS],
    frames: u32,
    silent_frames: u32,
    packets: u64,
    frames_since_packet: u32,
}

impl Default for Microphone {
    fn default() -> Self {
        Self {
            stopped: [0; STOPPED_PARTS],
            frames: 0,
            silent_frames: 0,
            packets: 0,
            frames_since_packet: PACKETS_EVERY_FRAMES_MAX,
        }
    }
}

impl Microphone {
    /// Takes in a frame, and how many packets have ever come.
    pub(crate) fn observe(&mut self, frame: &[f32], packets: u64) {
        self.frames_since_packet =
            if packets > self.packets { 0 } else { self.frames_since_packet.saturating_add(1) };
        self.packets = packets;
        let silent = power(frame) < power_of_dbfs(SILENT_DBFS);
        let connected = self.frames_since_packet < PACKETS_EVERY_FRAMES_MAX;
        self.silent_frames = if silent && connected { self.silent_frames.saturating_add(1) } else { 0 };
        if self.frames == STOPPED_PART_FRAMES {
            self.frames = 0;
            self.stopped.rotate_right(1);
            self.stopped[0] = 0;
        }
        self.frames += 1;
        self.stopped[0] += u32::from(frame.iter().any(|x| x.abs() >= STOP));
    }

    /// Whether the microphone is overdriven.
    pub(crate) fn is_clipping(&self) -> bool {
        self.stopped.iter().sum::<u32>() >= STOPPED_FRAMES_MIN
    }

    /// Whether packets come and there is nothing in them.
    pub(crate) fn is_silent(&self) -> bool {
        self.silent_frames >= SILENT_FRAMES_MIN
    }
}
