//! One show's mixer: packets of speakers in, chunks of the programme and packets for speakers out.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use stentor_types::limits::{MARKS_PER_CHUNK_MAX, SPEAKERS_PER_SHOW_MAX};
use stentor_types::time::{CHUNK_SAMPLES, FRAME_SAMPLES, SAMPLE_RATE_HZ};
use stentor_types::{
    Channels, Chunk, Line, Mark, MarkBody, MediaTime, Mono, PersonName, Position, SpeakerId, TrackChunk,
    Treatment, Warning,
};

use crate::delay::DelayLine;
use crate::encode::Encoders;
use crate::feedback::{Ear, FeedbackDesk};
use crate::limiter::Limiter;
use crate::programme::{Announcer, Choice, Moment, Passage, Programme};
use crate::source::Source;
use crate::stage::Stage;
use crate::talkers::Talkers;
use crate::tracks::Tracks;
use crate::{AudioError, SourcePacket, SourceStats};

/// A mixer that is later than this is given up, and a new one begins a new epoch: nobody wants to
/// hear 2 s of sound made in a rush, and slots must not fall behind wall time.
pub const STALL_MAX: Duration = Duration::from_secs(2);

/// Marks that wait to be heard and for a chunk: 16 chunks' worth, 5 s.
pub const MARKS_WAITING_MAX: usize = 16 * MARKS_PER_CHUNK_MAX;

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
    /// Zero, or up to [`DELAY_MAX`](crate::DELAY_MAX), rounded to frames of 20 ms.
    pub delay: Duration,
    /// Whether everybody's own track is made beside the programme.
    pub own_tracks: bool,
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
    /// How the network carries their sound.
    pub line: Line,
    /// What is wrong with their sound, sorted.
    pub warnings: Vec<Warning>,
}

/// What the mixer has made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum MixerOutput {
    /// The next chunk of the programme.
    Chunk(Arc<Chunk>),
    /// What one person gave to the chunk of the programme that came just before, if it is to be kept.
    Track(Arc<TrackChunk>),
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
    stage: Stage,
    talkers: Talkers,
    feedback: FeedbackDesk,
    choice: Choice,
    /// Who of those on air speaks.
    speaking: Arc<[PersonName]>,
    /// How many frames before the newest report the first of them began who are new.
    began_frames: u64,
    /// What is to be remarked with the next frame.
    facts: Vec<MarkBody>,
    /// What is said and not heard yet. Without a delay there is no line.
    line: Option<DelayLine>,
    announcer: Announcer,
    passage: Passage,
    limiter: Limiter,
    encoders: Encoders,
    /// Own tracks, if the show has them.
    tracks: Option<Tracks>,
    programme_frame: Vec<f32>,
    /// Marks that wait for their chunk.
    marks: VecDeque<Mark>,
    outputs: VecDeque<MixerOutput>,
}

impl Mixer {
    /// A mixer with fresh encoders and an empty stage.
    pub fn new(config: MixerConfig) -> Result<Self, AudioError> {
        Ok(Self {
            frame: 0,
            stage: Stage::new(config.channels, config.own_tracks),
            talkers: Talkers::default(),
            feedback: FeedbackDesk::new(config.channels)?,
            choice: Choice::new(),
            speaking: Arc::new([]),
            began_frames: 0,
            facts: Vec::new(),
            line: DelayLine::new(config.delay),
            announcer: Announcer::new(),
            passage: Passage::new(config.channels),
            limiter: Limiter::new(config.channels),
            encoders: Encoders::new(config.channels)?,
            tracks: config.own_tracks.then(|| Tracks::new(config.channels)).transpose()?,
            programme_frame: Vec::new(),
            marks: VecDeque::new(),
            outputs: VecDeque::new(),
            config,
        })
    }

    /// Does what the node says. An error leaves everything as it was.
    pub fn handle(&mut self, command: MixerCommand) -> Result<(), AudioError> {
        match command {
            MixerCommand::AddSource { speaker, name, hears, treatment } => {
                self.add_source(speaker, name, hears, treatment)?;
            }
            MixerCommand::RemoveSource(speaker) => self.stage.remove(speaker),
            MixerCommand::Treat { speaker, treatment } => {
                if let Some(heard_at) = self.stage.treat(speaker, treatment) {
                    self.choice.heard(heard_at);
                }
            }
            MixerCommand::Programme(programme) => self.choice.want(programme),
            MixerCommand::Mark(body) => {
                let in_line = self.line.as_ref().map_or(0, DelayLine::facts);
                if self.facts.len() + in_line + self.marks.len() >= MARKS_WAITING_MAX {
                    return Err(AudioError::TooManyMarks);
                }
                self.facts.push(body);
            }
            MixerCommand::Dump => self.line.iter_mut().for_each(DelayLine::dump),
        }
        Ok(())
    }

    /// Takes a packet in. Nothing in it can do harm beyond its own speaker; packets of people who
    /// are not on the stage are ignored.
    pub fn packet(&mut self, packet: SourcePacket) {
        let arrival = self.samples_since_start(packet.arrival);
        let Some(seat) = self.stage.seat_mut(packet.speaker) else { return };
        if packet.is_copy {
            return seat.source.jitter.insert_copy(packet.seq, packet.rtp_time, packet.payload, arrival);
        }
        if seat.source.jitter.insert(packet.seq, packet.rtp_time, packet.payload, arrival) {
            seat.heard(arrival);
            if seat.is_on_air() {
                self.choice.heard(arrival);
            }
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
        let programme = self.choice.decide(now);
        self.stage.mix(now);
        self.observe(programme);
        let Self { feedback, stage, outputs, .. } = self;
        feedback.encode(self.frame, stage, |to, frame| {
            outputs.push_back(MixerOutput::Feedback(Feedback { to, frame, at }));
        });
        self.stage.settle();
        self.send_out(at, programme);
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
        self.stage.seats().get(&speaker).map(|seat| *seat.source.jitter.stats())
    }

    /// What all sources together have been through, those who left as well. The delays are the longest now.
    pub fn source_totals(&self) -> SourceStats {
        self.stage.source_totals()
    }

    fn add_source(
        &mut self,
        speaker: SpeakerId,
        name: PersonName,
        hears: bool,
        treatment: Treatment,
    ) -> Result<(), AudioError> {
        let seats = self.stage.seats();
        if seats.len() >= SPEAKERS_PER_SHOW_MAX && !seats.contains_key(&speaker) {
            return Err(AudioError::TooManySources);
        }
        let ear = if hears { Some(Ear::new(self.config.channels)?) } else { None };
        self.stage.add(speaker, Source::new(name, self.config.channels, ear, treatment)?);
        Ok(())
    }

    fn observe(&mut self, programme: Programme) {
        let is_stage = programme == Programme::Stage;
        let Some(report) = self.talkers.observe(&mut self.stage, is_stage) else { return };
        self.outputs.push_back(MixerOutput::Reports(report.sources));
        if *report.speaking != *self.speaking {
            self.speaking = report.speaking.into();
            self.began_frames = report.began_frames;
        }
    }

    /// Lets the frame of the stage that was made into the line, and makes the programme's frame of the one
    /// that leaves it. Without a line they are the same.
    fn send_out(&mut self, at: MediaTime, programme: Programme) {
        let speaking = Arc::clone(&self.speaking);
        let facts = std::mem::take(&mut self.facts);
        let mut moment = Moment { programme, speaking, began_frames: self.began_frames, facts };
        let mut sounds = self.stage.on_air();
        if let Some(line) = &mut self.line {
            if self.frame == 0 {
                line.fill(self.choice.reason_to_wait());
            }
            moment = line.pass(moment, sounds[1]);
            sounds = line.sounds();
        }
        self.passage.mix(at, moment.programme, sounds, &mut self.programme_frame);
        if let Some(tracks) = &mut self.tracks {
            tracks.encode(moment.programme, sounds);
        }
        let Self { announcer, marks, outputs, .. } = self;
        announcer.announce(at, moment, |mark| {
            marks.push_back(mark.clone());
            outputs.push_back(MixerOutput::Marked(mark));
        });
    }

    fn finish_chunk(&mut self) {
        let first = self.config.first;
        let slot = first.slot.plus(self.frame / TICKS_PER_CHUNK);
        let marks = self.marks.drain(..self.marks.len().min(MARKS_PER_CHUNK_MAX)).collect();
        let position = Position { epoch: first.epoch, slot };
        let chunk = Chunk { position, frames: self.encoders.take_chunk(), marks };
        self.outputs.push_back(MixerOutput::Chunk(Arc::new(chunk)));
        for (speaker, frames) in self.tracks.iter_mut().flat_map(Tracks::take_chunks) {
            self.outputs.push_back(MixerOutput::Track(Arc::new(TrackChunk { speaker, position, frames })));
        }
    }

    /// A time on the mixer's clock of samples; before the start it is negative.
    fn samples_since_start(&self, time: Mono) -> i64 {
        let micros = i128::from(time.0) - i128::from(self.config.start.0);
        let samples = micros * i128::from(SAMPLE_RATE_HZ) / 1_000_000;
        // A century either way leaves room for differences.
        samples.clamp(-(1 << 60), 1 << 60) as i64
    }
}
