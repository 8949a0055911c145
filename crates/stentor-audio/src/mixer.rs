//! One show's mixer: packets of speakers in, chunks of the programme and packets for speakers out.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use stentor_types::limits::{MARKS_PER_CHUNK_MAX, SPEAKERS_PER_SHOW_MAX};
use stentor_types::time::{CHUNK_SAMPLES, FRAME_SAMPLES, SAMPLE_RATE_HZ};
use stentor_types::{
    Channels, Chunk, Mark, MarkBody, MediaTime, Mono, PersonName, Position, SpeakerId, Treatment,
};

use crate::encode::Encoders;
use crate::feedback::{Ear, FeedbackDesk};
use crate::limiter::Limiter;
use crate::programme::{Programme, ProgrammeMix};
use crate::source::Source;
use crate::talkers::Talkers;
use crate::{AudioError, SourcePacket, SourceStats};

/// A mixer that is later than this is given up, and a new one begins a new epoch: nobody wants to
/// hear 2 s of sound made in a rush, and slots must not fall behind wall time.
pub const STALL_MAX: Duration = Duration::from_secs(2);

/// Marks that wait for a chunk: 16 chunks' worth, 5 s.
pub const MARKS_WAITING_MAX: usize = 16 * MARKS_PER_CHUNK_MAX;

/// The longest broadcast delay: longer than any decision takes, short enough for a call from a listener.
pub const DELAY_MAX: Duration = Duration::from_secs(20);

/// 20 ms.
const TICK: Duration = Duration::from_micros(1_000_000 * FRAME_SAMPLES as u64 / SAMPLE_RATE_HZ as u64);

/// Ticks of a chunk: 16.
const TICKS_PER_CHUNK: u64 = (CHUNK_SAMPLES / FRAME_SAMPLES) as u64;

/// What a mixer is made from.
#[derive(Clone, Copy, Debug)]
pub struct MixerConfig {
    /// Mono or stereo.
    pub channels: Channels,
    /// Name of the first chunk; its epoch is that of all chunks.
    pub first: Position,
    /// Time of the first sample.
    pub start: Mono,
    /// How long what is said waits before it is heard; people on the stage hear each other without it.
    /// Zero, or up to [`DELAY_MAX`], rounded to frames of 20 ms.
    pub delay: Duration,
}

/// What the node tells the mixer. All of it holds from the next frame on.
#[derive(Clone, Debug)]
pub enum MixerCommand {
    /// A person's packets will come. Who is there already begins anew.
    AddSource {
        /// Who.
        speaker: SpeakerId,
        /// The name in `Speaking` marks.
        name: PersonName,
        /// Whether they hear the stage; a WHIP speaker does not.
        hears: bool,
        /// What is done with their voice.
        treatment: Treatment,
    },
    /// From here on something else is done with a voice; unknown people are nobody's fault.
    Treat {
        /// Whose voice.
        speaker: SpeakerId,
        /// What is done with it.
        treatment: Treatment,
    },
    /// A person is gone; unknown ones are nobody's fault.
    RemoveSource(SpeakerId),
    /// What listeners are to hear. A mixer begins with the slate `NotStarted`.
    Programme(Programme),
    /// Something to remark, dated with the first sample of the next frame when it is heard.
    Mark(MarkBody),
    /// What was said and is not heard yet, never will be: slate takes its place. Without a delay there is
    /// no such thing, and nothing happens.
    Dump,
}

/// 20 ms of what people on the stage hear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feedback {
    /// Whom it is for, sorted; all hear the same.
    pub to: Arc<[SpeakerId]>,
    /// One Opus packet of 20 ms.
    pub frame: Bytes,
    /// Media time of its first sample; rises by 960 for each speaker.
    pub at: MediaTime,
}

/// How one person on the stage does.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceReport {
    /// Who.
    pub speaker: SpeakerId,
    /// Mean level of the last 200 ms in dBFS, −90 at least.
    pub level_dbfs: f32,
    /// Whether they are talking, wherever they are: backstage and under slate as well.
    pub talking: bool,
}

/// What the mixer has made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum MixerOutput {
    /// The next chunk of the programme.
    Chunk(Arc<Chunk>),
    /// Sound for the stage.
    Feedback(Feedback),
    /// A mark, at once; it comes again inside its chunk.
    Marked(Mark),
    /// How everybody on the stage does, sorted, every 200 ms.
    Reports(Vec<SourceReport>),
}

/// Mixes one show in one epoch.
///
/// **Drive it so: hand over packets and commands as they come, call [`tick`](Self::tick) once for
/// every 20 ms deadline that [`next_tick`](Self::next_tick) names, late ones at once and one after
/// the other, and after each call drain [`poll_output`](Self::poll_output) until it is `None`;
/// when a deadline is more than [`STALL_MAX`] ago, drop the mixer and begin a new epoch.**
#[derive(Debug)]
pub struct Mixer {
    config: MixerConfig,
    /// Frames made.
    frame: u64,
    sources: BTreeMap<SpeakerId, Source>,
    /// Removed since the last tick, each with a few milliseconds left to say.
    leaving: Vec<Source>,
    /// What those who left have been through.
    left: SourceStats,
    programme: ProgrammeMix,
    talkers: Talkers,
    feedback: FeedbackDesk,
    limiter: Limiter,
    encoders: Encoders,
    /// Sum of all sources, now and a frame ago.
    stage: Vec<f32>,
    previous_stage: Vec<f32>,
    programme_frame: Vec<f32>,
    marks: VecDeque<Mark>,
    outputs: VecDeque<MixerOutput>,
}

impl Mixer {
    /// A mixer with fresh encoders and an empty stage.
    pub fn new(config: MixerConfig) -> Result<Self, AudioError> {
        let silence = vec![0.0; FRAME_SAMPLES as usize * config.channels.count()];
        Ok(Self {
            frame: 0,
            sources: BTreeMap::new(),
            leaving: Vec::new(),
            left: SourceStats::default(),
            programme: ProgrammeMix::new(),
            talkers: Talkers::default(),
            feedback: FeedbackDesk::new(config.channels)?,
            limiter: Limiter::new(config.channels),
            encoders: Encoders::new(config.channels)?,
            stage: silence.clone(),
            previous_stage: silence,
            programme_frame: Vec::new(),
            marks: VecDeque::new(),
            outputs: VecDeque::new(),
            config,
        })
    }

    /// Does what the node says. An error leaves everything as it was.
    pub fn handle(&mut self, command: MixerCommand) -> Result<(), AudioError> {
        match command {
            MixerCommand::AddSource { speaker, name, hears, treatment: _ } => {
                self.add_source(speaker, name, hears)?;
            }
            MixerCommand::Treat { .. } | MixerCommand::Dump => {}
            MixerCommand::RemoveSource(speaker) => self.remove_source(speaker),
            MixerCommand::Programme(programme) => self.programme.want(programme),
            MixerCommand::Mark(body) => {
                if self.marks.len() >= MARKS_WAITING_MAX {
                    return Err(AudioError::TooManyMarks);
                }
                self.mark(body);
            }
        }
        Ok(())
    }

    /// Takes a packet in. Nothing in it can do harm beyond its own speaker; packets of people who
    /// are not on the stage are ignored.
    pub fn packet(&mut self, packet: SourcePacket) {
        let arrival = self.samples_since_start(packet.arrival);
        let Some(source) = self.sources.get_mut(&packet.speaker) else { return };
        if source.jitter.insert(packet.seq, packet.rtp_time, packet.payload, arrival) {
            self.programme.heard(arrival);
        }
    }

    /// The deadline of the next frame: the time of its first sample.
    pub fn next_tick(&self) -> Mono {
        self.config.start + Duration::from_micros(TICK.as_micros() as u64 * self.frame)
    }

    /// Media time of the next frame's first sample.
    pub fn next_media_time(&self) -> MediaTime {
        self.config.first.slot.start().plus_samples(self.frame * u64::from(FRAME_SAMPLES))
    }

    /// Makes one frame of 20 ms.
    pub fn tick(&mut self) {
        let at = self.next_media_time();
        let now = self.frame as i64 * i64::from(FRAME_SAMPLES);
        if let Some(body) = self.programme.decide(now) {
            self.mark(body);
        }
        self.mix_stage(now);
        self.observe();
        let Self { feedback, sources, previous_stage, stage, outputs, .. } = self;
        feedback.encode(self.frame, previous_stage, stage, sources, |to, frame| {
            outputs.push_back(MixerOutput::Feedback(Feedback { to, frame, at }));
        });
        self.programme.mix(at, &self.stage, self.config.channels, &mut self.programme_frame);
        self.limiter.process(&mut self.programme_frame);
        self.encoders.encode(&self.programme_frame);
        if (self.frame + 1).is_multiple_of(TICKS_PER_CHUNK) {
            self.finish_chunk();
        }
        self.frame += 1;
    }

    /// What was made since, oldest first.
    pub fn poll_output(&mut self) -> Option<MixerOutput> {
        self.outputs.pop_front()
    }

    /// What a source has been through.
    pub fn source_stats(&self, speaker: SpeakerId) -> Option<SourceStats> {
        self.sources.get(&speaker).map(|source| *source.jitter.stats())
    }

    /// What all sources together have been through, those who left as well. The delays are the longest now.
    pub fn source_totals(&self) -> SourceStats {
        let mut totals = self.left;
        self.sources.values().for_each(|source| totals.add(source.jitter.stats()));
        totals
    }

    fn add_source(&mut self, speaker: SpeakerId, name: PersonName, hears: bool) -> Result<(), AudioError> {
        if self.sources.len() >= SPEAKERS_PER_SHOW_MAX && !self.sources.contains_key(&speaker) {
            return Err(AudioError::TooManySources);
        }
        let ear = if hears { Some(Ear::new(self.config.channels)?) } else { None };
        let source = Source::new(name, self.config.channels, ear)?;
        self.remove_source(speaker);
        self.sources.insert(speaker, source);
        Ok(())
    }

    fn remove_source(&mut self, speaker: SpeakerId) {
        let Some(source) = self.sources.remove(&speaker) else { return };
        self.left.add(&source.jitter.stats().past());
        // Beyond one stage's worth within a tick, somebody leaves without a fade.
        if self.leaving.len() < SPEAKERS_PER_SHOW_MAX {
            self.leaving.push(source);
        }
    }

    /// Sums all sources up.
    fn mix_stage(&mut self, now: i64) {
        std::mem::swap(&mut self.stage, &mut self.previous_stage);
        self.stage.fill(0.0);
        let mut add = |frame: &[f32]| self.stage.iter_mut().zip(frame).for_each(|(sum, x)| *sum += x);
        for source in self.sources.values_mut() {
            source.pull(now);
            add(&source.frame);
        }
        for mut source in self.leaving.drain(..) {
            source.pull(now);
            source.fade_out();
            add(&source.frame);
        }
    }

    fn observe(&mut self) {
        let Some(report) = self.talkers.observe(&self.sources, self.programme.is_stage()) else { return };
        self.outputs.push_back(MixerOutput::Reports(report.sources));
        if let Some(names) = report.speaking {
            self.mark(MarkBody::Speaking { names });
        }
    }

    /// Dates a mark with the frame that is next or in the making.
    fn mark(&mut self, body: MarkBody) {
        let mark = Mark { at: self.next_media_time(), body };
        self.marks.push_back(mark.clone());
        self.outputs.push_back(MixerOutput::Marked(mark));
    }

    fn finish_chunk(&mut self) {
        let first = self.config.first;
        let slot = first.slot.plus(self.frame / TICKS_PER_CHUNK);
        let marks = self.marks.drain(..self.marks.len().min(MARKS_PER_CHUNK_MAX)).collect();
        let chunk = Chunk {
            position: Position { epoch: first.epoch, slot },
            frames: self.encoders.take_chunk(),
            marks,
        };
        self.outputs.push_back(MixerOutput::Chunk(Arc::new(chunk)));
    }

    /// A time on the mixer's clock of samples; before the start it is negative.
    fn samples_since_start(&self, time: Mono) -> i64 {
        let micros = i128::from(time.0) - i128::from(self.config.start.0);
        let samples = micros * i128::from(SAMPLE_RATE_HZ) / 1_000_000;
        // A century either way leaves room for differences.
        samples.clamp(-(1 << 60), 1 << 60) as i64
    }
}
