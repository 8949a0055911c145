//! Who is talking, and how loud everybody is.

use std::collections::BTreeMap;

use stentor_types::{PersonName, SpeakerId};

use crate::SourceReport;
use crate::level::{dbfs, power_of_dbfs};
use crate::stage::Stage;
use crate::voice::VoiceReport;

/// Frames between two reports: 10 × 20 ms, five reports a second.
const REPORT_EVERY_FRAMES: u64 = 10;

/// A frame above this level is voice: quiet speech is at −40 dBFS, a quiet room under −55.
const VOICE_DBFS: f32 = -45.0;

/// Frames with voice in one report that make a talker: 60 ms, longer than a click or a knock.
const VOICED_FRAMES_MIN: u32 = 3;

/// Reports without voice that end a talk: 0.8 s, longer than the pause of a breath.
const PAUSE_REPORTS: u32 = 4;

#[derive(Debug, Default)]
struct Voice {
    power_sum: f32,
    voiced_frames: u32,
    /// The first of them that was on air, counted from the report's first.
    first_on_air: Option<u64>,
    quiet_reports: u32,
    talking: bool,
}

/// What is known every 200 ms.
pub(crate) struct Report {
    /// How everybody does.
    pub(crate) sources: Vec<SourceReport>,
    /// Who is heard talking outside, sorted by speaker.
    pub(crate) speaking: Vec<PersonName>,
    /// How many frames before this one the first of those began who were not talking before.
    pub(crate) began_frames: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Talkers {
    voices: BTreeMap<SpeakerId, Voice>,
    frames: u64,
}

impl Talkers {
    /// Takes the newest frames in. `is_stage` says whether the stage is to be heard outside. Listeners
    /// learn of those only who are on air then: who talks backstage is nobody's business.
    pub(crate) fn observe(&mut self, stage: &mut Stage, is_stage: bool) -> Option<Report> {
        self.voices.retain(|speaker, _| stage.seats().contains_key(speaker));
        for (&speaker, seat) in stage.seats() {
            let voice = self.voices.entry(speaker).or_default();
            voice.power_sum += seat.source.power;
            if seat.source.power > power_of_dbfs(VOICE_DBFS) {
                voice.voiced_frames += 1;
                if is_stage && seat.is_on_air() {
                    voice.first_on_air.get_or_insert(self.frames % REPORT_EVERY_FRAMES);
                }
            }
        }
        self.frames += 1;
        if !self.frames.is_multiple_of(REPORT_EVERY_FRAMES) {
            return None;
        }
        let sources = Vec::with_capacity(self.voices.len());
        let mut report = Report { sources, speaking: Vec::new(), began_frames: 0 };
        for (&speaker, seat) in stage.seats_mut() {
            let Some(voice) = self.voices.get_mut(&speaker) else { continue };
            let level_dbfs = dbfs(voice.power_sum / REPORT_EVERY_FRAMES as f32);
            let began = voice.close_report();
            let VoiceReport { line, warnings } = seat.source.report();
            report.sources.push(SourceReport { speaker, level_dbfs, talking: voice.talking, line, warnings });
            if voice.talking && is_stage && seat.is_on_air() {
                report.speaking.push(seat.source.name.clone());
                let ago = began.map_or(0, |frame| REPORT_EVERY_FRAMES - 1 - frame);
                report.began_frames = report.began_frames.max(ago);
            }
        }
        Some(report)
    }
}

impl Voice {
    /// Closes the report; says with which of its frames they began to talk on air, if they did.
    fn close_report(&mut self) -> Option<u64> {
        let voiced = self.voiced_frames >= VOICED_FRAMES_MIN;
        let began = self.first_on_air.take().filter(|_| voiced && !self.talking);
        self.quiet_reports = if voiced { 0 } else { self.quiet_reports.saturating_add(1) };
        self.talking = voiced || self.talking && self.quiet_reports < PAUSE_REPORTS;
        (self.power_sum, self.voiced_frames) = (0.0, 0);
        began
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_talk_begins_with_its_first_frame_on_air_and_once() {
        let mut voice = Voice::default();
        let mut report = |voiced_frames, first_on_air| {
            (voice.voiced_frames, voice.first_on_air) = (voiced_frames, first_on_air);
            (voice.close_report(), voice.talking)
        };
        assert_eq!(report(VOICED_FRAMES_MIN - 1, Some(2)), (None, false), "a click");
        assert_eq!(report(VOICED_FRAMES_MIN, Some(6)), (Some(6), true));
        assert_eq!(report(10, Some(0)), (None, true), "they go on");
        assert_eq!(report(0, None), (None, true), "the pause of a breath");
        assert_eq!(report(5, Some(1)), (None, true));
        for _ in 0..PAUSE_REPORTS {
            report(0, None);
        }
        assert_eq!(report(5, Some(4)), (Some(4), true), "anew");
    }
}
