//! Whether somebody is saying something, told from the noise of the room they are in.
//!
//! Speech pauses within seconds, a room does not: the least power of the last seconds is the room's. What
//! stands out of it is voice.

use crate::level::{dbfs, power};

/// Parts of the memory: 8 × 1.25 s = 10 s, in which every speaker takes a breath.
const BUCKETS: usize = 8;
/// Frames of sound in a part: 1.25 s.
const BUCKET_FRAMES: u32 = 62;

/// Frames that must be quiet in a row, 60 ms: one thin frame, as at the very beginning, is not the room.
const RUN_FRAMES: usize = 3;

/// Quieter than any microphone: what comes from a page that is muted, or through a gate.
const NOTHING_DBFS: f32 = -90.0;
/// Frames of nothing, 1.5 s, after which it is no pause for breath. The room that will be there again with the sound is
/// learned anew then: told from nothing, it would be taken for a voice.
const NOTHING_FRAMES_MAX: u32 = 75;
/// No room is quieter: a gate, or a cable without a microphone.
const DEAD_DBFS: f32 = -80.0;
/// What a room is taken for before anything is known of it: a quiet one. Who begins in mid-word is heard at once.
const ROOM_EXPECTED_DBFS: f32 = -60.0;
/// Steady sound above this is no room but meant to be heard: music, a tone.
const ROOM_MAX_DBFS: f32 = -30.0;

/// Below this nothing is voice: quiet speech near a microphone is at −45 dBFS.
const SOUND_MIN_DBFS: f32 = -60.0;
/// How far something must stand out to be let through: noise varies by a few decibels.
const SOUND_OVER_ROOM_DB: f32 = 8.0;
/// How far voice must stand out to be measured.
const VOICE_OVER_ROOM_DB: f32 = 10.0;

/// What a frame is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Heard {
    /// It should be let through.
    pub(crate) sound: bool,
    /// It is voice for certain, so that its loudness says how loud this person speaks.
    pub(crate) voice: bool,
}

/// Tells voice from room.
#[derive(Debug)]
pub(crate) struct Presence {
    /// Powers of the last frames, the newest first; nothing is as loud as what is not known.
    run: [f32; RUN_FRAMES],
    /// Least power of a run in each part of the memory, the newest first.
    least: [f32; BUCKETS],
    frames: u32,
    /// How many whole parts have been heard, up to all.
    parts: usize,
    /// Frames of nothing in a row.
    nothing_frames: u32,
    /// Level of the room as it was known before a long nothing, if it was.
    room_before_dbfs: Option<f32>,
}

impl Default for Presence {
    fn default() -> Self {
        Self {
            run: [f32::INFINITY; RUN_FRAMES],
            least: [f32::INFINITY; BUCKETS],
            frames: 0,
            parts: 0,
            nothing_frames: 0,
            room_before_dbfs: None,
        }
    }
}

impl Presence {
    /// Judges a frame of one channel. A frame that is `made_up`, in place of one that did not come, says nothing
    /// about the room.
    pub(crate) fn observe(&mut self, frame: &[f32], made_up: bool) -> Heard {
        // An onset late in the frame shows in its second half first.
        let (first, second) = frame.split_at(frame.len() / 2);
        let level = dbfs(power(first).max(power(second)));
        self.nothing_frames = if level > NOTHING_DBFS { 0 } else { self.nothing_frames.saturating_add(1) };
        if self.nothing_frames > NOTHING_FRAMES_MAX {
            let room_before_dbfs = self.room_before_nothing_dbfs().or(self.room_before_dbfs);
            *self = Self { nothing_frames: self.nothing_frames, room_before_dbfs, ..Self::default() };
        } else if made_up {
            self.run = [f32::INFINITY; RUN_FRAMES];
        } else {
            self.remember(power(frame));
        }
        if level < SOUND_MIN_DBFS {
            return Heard::default();
        }
        let sound = level > self.room_dbfs() + SOUND_OVER_ROOM_DB;
        Heard { sound, voice: level > self.quietest_dbfs() + VOICE_OVER_ROOM_DB }
    }

    /// The level of the room in dBFS.
    pub(crate) fn room_dbfs(&self) -> f32 {
        let quietest = self.quietest_dbfs();
        if self.parts > 0 { quietest } else { quietest.min(ROOM_EXPECTED_DBFS) }
    }

    /// The same for whoever asks how far a voice may be brought up: no louder than it was known to be before a long nothing,
    /// until all of the memory is of what came after. A voice without a pause in it is no room, and is not to be brought down.
    pub(crate) fn room_at_most_dbfs(&self) -> f32 {
        let room = self.room_dbfs();
        self.room_before_dbfs.filter(|_| self.parts < BUCKETS).map_or(room, |before| room.min(before))
    }

    /// What is known of the room from those parts of the memory in which there was never nothing. If they are the fewer there is
    /// a gate, which lets nothing through in each pause.
    fn room_before_nothing_dbfs(&self) -> Option<f32> {
        if self.parts < BUCKETS / 2 {
            return None;
        }
        let is_whole = |least: &f32| dbfs(*least) > NOTHING_DBFS;
        let heard = || self.least.into_iter().filter(|least| least.is_finite());
        let whole = heard().filter(is_whole);
        let is_gate = whole.clone().count() < heard().count() / 2;
        let room = if is_gate { DEAD_DBFS } else { dbfs(whole.fold(f32::INFINITY, f32::min)) };
        // No louder than an unknown one: what was heard may have been a voice without a pause.
        Some(room.clamp(DEAD_DBFS, ROOM_EXPECTED_DBFS))
    }

    /// The level of the quietest run; while there is none, what is loud enough to be no room in any case.
    fn quietest_dbfs(&self) -> f32 {
        let least = self.least.into_iter().fold(f32::INFINITY, f32::min);
        dbfs(least).clamp(DEAD_DBFS, ROOM_MAX_DBFS)
    }

    fn remember(&mut self, power: f32) {
        self.run.rotate_right(1);
        self.run[0] = power;
        if self.frames == BUCKET_FRAMES {
            self.least.rotate_right(1);
            self.least[0] = f32::INFINITY;
            self.frames = 0;
            self.parts = (self.parts + 1).min(BUCKETS);
        }
        self.frames += 1;
        self.least[0] = self.least[0].min(self.run.into_iter().fold(0.0, f32::max));
    }
}
