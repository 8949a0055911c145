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
    quiet_reports: u32,
    talking: bool,
}

/// What is known every 200 ms.
pub(crate) struct Report {
    /// How everybody does.
    pub(crate) sources: Vec<SourceReport>,
    /// Who is heard talking outside, sorted by speaker.
    pub(crate) speaking: Vec<PersonName>,
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
            voice.voiced_frames += u32::from(seat.source.power > power_of_dbfs(VOICE_DBFS));
        }
        self.frames += 1;
        if !self.frames.is_multiple_of(REPORT_EVERY_FRAMES) {
            return None;
        }
        let mut report = Report { sources: Vec::with_capacity(self.voices.len()), speaking: Vec::new() };
        for (&speaker, seat) in stage.seats_mut() {
            let Some(voice) = self.voices.get_mut(&speaker) else { continue };
            let level_dbfs = dbfs(voice.power_sum / REPORT_EVERY_FRAMES as f32);
            voice.close_report();
            let VoiceReport { line, warnings } = seat.source.report();
            report.sources.push(SourceReport { speaker, level_dbfs, talking: voice.talking, line, warnings });
            if voice.talking && is_stage && seat.is_on_air() {
                report.speaking.push(seat.source.name.clone());
            }
        }
        Some(report)
    }
}

impl Voice {
    /// Closes the report.
    fn close_report(&mut self) {
        let voiced = self.voiced_frames >= VOICED_FRAMES_MIN;
        self.quiet_reports = if voiced { 0 } else { self.quiet_reports.saturating_add(1) };
        self.talking = voiced || self.talking && self.quiet_reports < PAUSE_REPORTS;
        (self.power_sum, self.voiced_frames) = (0.0, 0);
    }
}
