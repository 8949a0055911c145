//! One show on this machine: its stage, and how far its sound is.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use stentor_audio::{MixerCommand, MixerConfig, Programme as MixerProgramme, SourceReport};
use stentor_stage::{Life, Phase, Programme, Stage, StageEvent};
use stentor_tape::Overlay;
use stentor_types::time::CHUNK_SAMPLES;
use stentor_types::{
    Epoch, Mark, MarkBody, MediaTime, Mono, Now, PersonName, Position, SlateReason, Slot, SpeakerId,
    Treatment, Wall,
};

use crate::effect::Effect;

/// A slot's length in microseconds of the monotonic clock.
const SLOT_US: u64 = CHUNK_SAMPLES as u64 * 1_000_000 / 48_000;

/// A mixer that failed within this time of its start is not started again at once.
const MIXER_TRIAL: Duration = Duration::from_secs(10);

/// How long a mixer that keeps failing is left alone: often enough that a show comes back by itself,
/// rare enough that its epochs (one each) and log lines stay few.
const MIXER_RETRY: Duration = Duration::from_secs(1);

/// Marks kept in memory: three hours with a change of speaker every second are 10,800. Beyond it the
/// oldest remarks on who speaks are forgotten here; the tape keeps them.
const MARKS_MAX: usize = 20_000;

/// A new epoch begins at most this far in the future of the wall clock: one slot to round up, and
/// the tape's margin for chunks that were heard but not written (2 s).
const START_AHEAD_MAX: Duration = Duration::from_secs(4);

/// What the disk says of a show's tape.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiskState {
    /// It takes what it is given.
    #[default]
    Ok,
    /// It is full, or its reserve is reached.
    Full,
    /// It fails.
    Failed,
    /// It has not moved for seconds; nothing is lost yet.
    Slow,
}

/// What the shell found when it opened a tape.
#[derive(Clone, Debug)]
pub struct OpenedTape {
    /// Wall time of slot 0.
    pub anchor: Wall,
    /// Where the new epoch may begin: above everything that was ever used.
    pub next: Position,
    /// The marks on the tape, in order of media time.
    pub marks: Vec<Mark>,
}

/// One show: its people by [`Stage`], its sound by name.
pub struct Show {
    pub(crate) stage: Stage,
    sound: Sound,
    /// Who is mixed, kept to tell a mixer that is started anew.
    sources: BTreeMap<SpeakerId, Mixed>,
    /// Marks that no mixer has placed yet, oldest first: a mixer that starts is told them all, because
    /// one that failed may have taken them with it.
    marks_due: Vec<MarkBody>,
    marks: Vec<Mark>,
    reports: BTreeMap<SpeakerId, SourceReport>,
    slate: Option<SlateReason>,
    speaking: Vec<PersonName>,
    disk: DiskState,
    recording: Option<(MediaTime, MediaTime)>,
    recording_ready: bool,
    /// The tape is closed, and there is nothing on it that can be played.
    is_unrecorded: bool,
    effects: VecDeque<Effect>,
}

/// Somebody who is mixed.
#[derive(Clone, Debug)]
struct Mixed {
    name: PersonName,
    hears: bool,
    treatment: Treatment,
}

impl Mixed {
    fn order(self, speaker: SpeakerId) -> MixerCommand {
        let Self { name, hears, treatment } = self;
        MixerCommand::AddSource { speaker, name, hears, treatment }
    }
}

/// How far the sound is.
#[derive(Clone, Copy, Debug)]
enum Sound {
    /// The doors have not opened.
    None,
    /// The shell opens the tape. With `ended`, only to find out what the recording is.
    Opening { ended: bool },
    /// A mixer runs.
    Running(Run),
    /// The mixer failed; the next one starts then.
    Broken { last: Run, retry_at: Mono },
    /// The end is final.
    Closed { anchor: Option<Wall> },
}

#[derive(Clone, Copy, Debug)]
struct Run {
    anchor: Wall,
    first: Position,
    start: Mono,
    /// The slot after the newest chunk of this or an earlier epoch.
    end: Slot,
}

impl Show {
    /// A show around its stage. `recording` is what the overlay says of a show that has ended.
    pub(crate) fn new(stage: Stage, recording: Option<(MediaTime, MediaTime)>) -> Self {
        let ended = stage.phase() == Phase::Ended;
        let mut show = Self {
            stage,
            sound: if ended { Sound::Closed { anchor: None } } else { Sound::None },
            sources: BTreeMap::new(),
            marks_due: Vec::new(),
            marks: Vec::new(),
            reports: BTreeMap::new(),
            slate: None,
            speaking: Vec::new(),
            disk: DiskState::Ok,
            recording,
            recording_ready: ended && recording.is_some(),
            is_unrecorded: false,
            effects: VecDeque::new(),
        };
        show.drain_stage();
        if ended && recording.is_none() {
            show.effects.push_back(Effect::FinishTape { life: show.heard_life() });
        }
        show
    }

    /// The people's side of the show.
    pub fn stage(&self) -> &Stage {
        &self.stage
    }

    /// All marks so far, in order of media time; of a show that had ended before the start, none.
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// What listeners hear instead of the stage, if they do.
    pub fn slate(&self) -> Option<SlateReason> {
        self.slate
    }

    /// Who speaks now.
    pub fn speaking(&self) -> &[PersonName] {
        &self.speaking
    }

    /// How a person does who is mixed, as last heard.
    pub fn report(&self, speaker: SpeakerId) -> Option<&SourceReport> {
        self.reports.get(&speaker)
    }

    /// What the disk says.
    pub fn disk(&self) -> DiskState {
        self.disk
    }

    /// Wall time of slot 0, once there is a tape.
    pub fn anchor(&self) -> Option<Wall> {
        match self.sound {
            Sound::Running(run) | Sound::Broken { last: run, .. } => Some(run.anchor),
            Sound::Closed { anchor } => anchor,
            Sound::None | Sound::Opening { .. } => None,
        }
    }

    /// The newest chunk's name while a mixer runs.
    pub fn newest(&self) -> Option<Position> {
        match self.sound {
            Sound::Running(run) if run.end > run.first.slot => {
                Some(Position { epoch: run.first.epoch, slot: run.end.minus(1) })
            }
            _ => None,
        }
    }

    /// The media time of second 0 of the show.
    pub fn on_air_at(&self) -> Option<MediaTime> {
        let mark = self.marks.iter().find(|mark| mark.body == MarkBody::OnAir);
        mark.map(|mark| mark.at).or(self.recording.map(|(start, _)| start))
    }

    /// Whether the end is final and there will be no recording: nothing was on air, or the tape cannot be read.
    pub fn is_unrecorded(&self) -> bool {
        let was_on_air = self.stage.life().on_air_at().is_some();
        self.stage.phase() == Phase::Ended && (self.is_unrecorded || !was_on_air)
    }

    /// The recording's place on the media clock once the end is final.
    pub fn recording(&self) -> Option<(MediaTime, MediaTime)> {
        self.recording.filter(|_| self.recording_ready)
    }

    pub(crate) fn next_timeout(&self) -> Option<Mono> {
        let retry_at = match self.sound {
            Sound::Broken { retry_at, .. } => Some(retry_at),
            _ => None,
        };
        [self.stage.next_timeout(), retry_at].into_iter().flatten().min()
    }

    pub(crate) fn handle_timeout(&mut self, now: Now) {
        self.stage.handle_timeout(now);
        // An end that has just become final needs no mixer any more.
        self.drain_stage();
        if let Sound::Broken { last, retry_at } = self.sound
            && now.mono >= retry_at
        {
            self.restart_mixer(now, last);
        }
    }

    pub(crate) fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// Turns what the stage decided into effects.
    pub(crate) fn drain_stage(&mut self) {
        let mut changed = false;
        while let Some(event) = self.stage.poll_event() {
            changed |= !matches!(event, StageEvent::Save);
            self.take_event(event);
        }
        if changed {
            self.effects.push_back(Effect::StageChanged);
        }
    }

    /// What of the tape the recording is, as the marks say.
    fn overlay(&self) -> Option<Overlay> {
        let overlay = Overlay::from_marks(&self.marks)?;
        Some(Overlay { title: Some(self.stage.spec().title.clone()), ..overlay })
    }

    fn take_event(&mut self, event: StageEvent) {
        match event {
            StageEvent::Save => self.effects.push_back(Effect::Save(Box::new(self.stage.doc()))),
            StageEvent::PhaseChanged(phase) => self.effects.push_back(Effect::PhaseChanged(phase)),
            StageEvent::OpenTape => {
                self.sound = Sound::Opening { ended: false };
                self.effects.push_back(Effect::OpenTape { channels: self.stage.spec().channels });
            }
            StageEvent::CloseTape => self.close_tape(),
            StageEvent::Programme(programme) => self.order(MixerCommand::Programme(for_mixer(programme))),
            // Whatever became true before the first sample is true of the first sample.
            StageEvent::MarkNow(body) => {
                self.marks_due.push(body.clone());
                self.order(MixerCommand::Mark(body));
            }
            StageEvent::SourceAdded { speaker, name, hears, treatment } => {
                let mixed = Mixed { name, hears, treatment };
                self.sources.insert(speaker, mixed.clone());
                self.order(mixed.order(speaker));
            }
            StageEvent::SourceChanged { speaker, treatment } => {
                let mixed = self.sources.get_mut(&speaker).expect("only who is mixed is treated");
                mixed.treatment = treatment;
                self.order(MixerCommand::Treat { speaker, treatment });
            }
            // Without a mixer nothing is on its way: the next one begins with slate.
            StageEvent::Dump => self.order(MixerCommand::Dump),
            StageEvent::SourceRemoved { speaker } => {
                self.sources.remove(&speaker);
                self.reports.remove(&speaker);
                self.order(MixerCommand::RemoveSource(speaker));
            }
            StageEvent::CloseSession { session, why } => {
                self.effects.push_back(Effect::CloseSession { session, why });
            }
            // The stage may learn to say more; nothing here depends on it yet.
            _ => {}
        }
    }

    /// An order for the mixer, if one runs; a mixer that starts later is told everything.
    fn order(&mut self, command: MixerCommand) {
        if matches!(self.sound, Sound::Running(_)) {
            self.effects.push_back(Effect::Mixer(command));
        }
    }

    /// The end is final. A tape that is still being opened, because the server was started anew just before,
    /// is waited for: what the recording is stands on it.
    fn close_tape(&mut self) {
        self.slate = Some(SlateReason::Ended);
        self.speaking.clear();
        match self.sound {
            Sound::Running(run) | Sound::Broken { last: run, .. } => {
                // No mixer will place what was due.
                self.marks_due.clear();
                self.restore_lost_marks(run.anchor, run.end);
                self.sound = Sound::Closed { anchor: self.anchor() };
                self.effects.push_back(Effect::StopMixer);
                self.effects.push_back(Effect::CloseTape { overlay: self.overlay() });
            }
            Sound::Opening { .. } => self.sound = Sound::Opening { ended: true },
            // The program was not running when the end became final: [`Effect::FinishTape`] is on its way.
            Sound::None | Sound::Closed { .. } => {}
        }
    }

    pub(crate) fn tape_opened(&mut self, now: Now, opened: OpenedTape) {
        let Sound::Opening { ended } = self.sound else { return };
        self.marks = opened.marks;
        if ended {
            // There will be no mixer to place them.
            self.marks_due.clear();
            self.restore_lost_marks(opened.anchor, opened.next.slot);
            self.sound = Sound::Closed { anchor: Some(opened.anchor) };
            self.effects.push_back(Effect::CloseTape { overlay: self.overlay() });
            return;
        }
        self.restore_lost_marks(opened.anchor, opened.next.slot);
        let wall = opened.anchor.plus(Duration::from_micros(opened.next.slot.0.saturating_mul(SLOT_US)));
        let ahead = wall.saturating_since(now.wall);
        let start = now.mono + if ahead <= START_AHEAD_MAX { ahead } else { Duration::ZERO };
        let run = Run { anchor: opened.anchor, first: opened.next, start, end: opened.next.slot };
        self.start_mixer(run);
    }

    /// The show's life with the times at which listeners hear of it.
    fn heard_life(&self) -> Life {
        self.stage.life().heard_after(self.stage.spec().delay)
    }

    /// Puts down what is in the document and not on the tape, before this slot at the latest: what was waiting
    /// in a broadcast delay went with its mixer.
    fn restore_lost_marks(&mut self, anchor: Wall, before: Slot) {
        let mut lost = missing_marks(self.heard_life(), anchor, &self.marks, &self.marks_due);
        lost.iter_mut().for_each(|mark| mark.at = mark.at.min(before.start()));
        if lost.is_empty() {
            return;
        }
        lost.iter().for_each(|mark| self.keep_mark(mark.clone()));
        self.effects.push_back(Effect::LateMarks(lost));
    }

    fn start_mixer(&mut self, run: Run) {
        let mut orders = Vec::new();
        orders.extend(self.sources.iter().map(|(&speaker, mixed)| mixed.clone().order(speaker)));
        orders.extend(self.marks_due.iter().cloned().map(MixerCommand::Mark));
        orders.extend(self.stage.programme().map(|programme| MixerCommand::Programme(for_mixer(programme))));
        self.sound = Sound::Running(run);
        self.effects.push_back(Effect::StartMixer {
            config: MixerConfig {
                channels: self.stage.spec().channels,
                first: run.first,
                start: run.start,
                delay: self.stage.spec().delay,
                own_tracks: self.stage.spec().own_tracks,
            },
            orders,
        });
    }

    /// A chunk of this epoch is with the listeners.
    pub(crate) fn published(&mut self, position: Position) {
        if let Sound::Running(run) = &mut self.sound
            && run.first.epoch == position.epoch
        {
            run.end = run.end.max(position.slot.next());
        }
    }

    /// The mixer of this epoch is over without having been told to.
    pub(crate) fn mixer_failed(&mut self, now: Now, epoch: Epoch) {
        let Sound::Running(run) = self.sound else { return };
        if run.first.epoch != epoch {
            return;
        }
        self.reports.clear();
        if now.mono.saturating_since(run.start) >= MIXER_TRIAL {
            self.restart_mixer(now, run);
        } else {
            self.sound = Sound::Broken { last: run, retry_at: now.mono + MIXER_RETRY };
        }
    }

    /// Goes on in a new epoch at the slot that the monotonic clock says, never at one that was used.
    fn restart_mixer(&mut self, now: Now, last: Run) {
        let passed = now.mono.saturating_since(last.start).as_micros() as u64 / SLOT_US;
        let slot = last.first.slot.plus(passed + 1).max(last.end.next());
        let start = last.start + Duration::from_micros((slot.0 - last.first.slot.0) * SLOT_US);
        let first = Position { epoch: last.first.epoch.next(), slot };
        self.effects.push_back(Effect::MixerRestarted { at: first });
        self.start_mixer(Run { anchor: last.anchor, first, start, end: slot });
    }

    /// A mark was placed on the programme.
    pub(crate) fn marked(&mut self, epoch: Epoch, mark: Mark) {
        let (Sound::Running(run) | Sound::Broken { last: run, .. }) = self.sound else { return };
        if run.first.epoch < epoch {
            return;
        }
        // A mixer places its marks in the order in which it was told.
        if let Some(placed) = self.marks_due.iter().position(|due| *due == mark.body) {
            self.marks_due.drain(..=placed);
        }
        match &mark.body {
            // News of a mixer that has failed meanwhile: it says nothing of what is heard now.
            _ if run.first.epoch != epoch => {}
            MarkBody::Slate { reason } => self.slate = Some(*reason),
            MarkBody::SlateOver => self.slate = None,
            MarkBody::Speaking { names } => self.speaking.clone_from(names),
            _ => {}
        }
        self.keep_mark(mark);
        self.effects.push_back(Effect::StageChanged);
    }

    /// Keeps the marks in order of media time; what is late is sorted in.
    fn keep_mark(&mut self, mark: Mark) {
        if self.marks.len() >= MARKS_MAX
            && let Some(oldest) = self.marks.iter().position(|m| matches!(m.body, MarkBody::Speaking { .. }))
        {
            self.marks.remove(oldest);
        }
        let place = self.marks.partition_point(|other| other.at <= mark.at);
        self.marks.insert(place, mark);
    }

    pub(crate) fn reports(&mut self, epoch: Epoch, reports: Vec<SourceReport>) {
        if matches!(self.sound, Sound::Running(run) if run.first.epoch == epoch) {
            self.reports = reports.into_iter().map(|report| (report.speaker, report)).collect();
            self.effects.push_back(Effect::StageChanged);
        }
    }

    pub(crate) fn disk_changed(&mut self, disk: DiskState) {
        if self.disk != disk {
            self.disk = disk;
            self.effects.push_back(Effect::StageChanged);
        }
    }

    pub(crate) fn tape_closed(&mut self, recording: Option<(MediaTime, MediaTime)>) {
        self.recording = recording;
        self.recording_ready = recording.is_some();
        self.is_unrecorded = recording.is_none();
        self.effects.push_back(Effect::StageChanged);
    }
}

/// The marks that a tape lacks although the show's document knows of them. `life` has the times at which listeners
/// hear of it ([`Life::heard_after`]), `due` are the marks that the next mixer will place.
///
/// The document is written before anybody is told that the show is on air or at its end, the tape a
/// second later: after a crash in between, the marks are made from the document.
pub fn missing_marks(life: Life, anchor: Wall, marks: &[Mark], due: &[MarkBody]) -> Vec<Mark> {
    let Some(on_air_at) = life.on_air_at() else { return Vec::new() };
    let at = |wall: Wall| MediaTime::from_duration(wall.saturating_since(anchor));
    let mut missing = Vec::new();
    let known = marks.iter().find(|mark| mark.body == MarkBody::OnAir).map(|mark| mark.at);
    let second_0 = known.unwrap_or(at(on_air_at));
    if known.is_none() && !due.contains(&MarkBody::OnAir) {
        missing.push(Mark { at: second_0, body: MarkBody::OnAir });
    }
    let is_end = |body: &&MarkBody| matches!(body, MarkBody::End | MarkBody::EndUndone);
    let said = marks.iter().map(|mark| &mark.body).chain(due).rfind(is_end);
    match (life.ended_at(), said == Some(&MarkBody::End)) {
        (Some(ended_at), false) => {
            missing.push(Mark { at: at(ended_at).max(second_0), body: MarkBody::End });
        }
        (None, true) => {
            let end = marks.iter().rev().find(|mark| mark.body == MarkBody::End);
            missing.extend(end.map(|end| Mark { at: end.at, body: MarkBody::EndUndone }));
        }
        _ => {}
    }
    missing
}

fn for_mixer(programme: Programme) -> MixerProgramme {
    match programme {
        Programme::Stage => MixerProgramme::Stage,
        Programme::Slate(reason) => MixerProgramme::Slate(reason),
    }
}
