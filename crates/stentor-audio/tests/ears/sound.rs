//! Speakers, networks and ears for tests: real Opus in, pitches and envelopes out.

use std::collections::BTreeMap;
use std::f32::consts::TAU;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use stentor_audio::{Mixer, MixerCommand, MixerConfig, MixerOutput, Programme, SourcePacket, SourceReport};
use stentor_types::{
    Channels, Chunk, Epoch, Mark, MediaTime, Mono, Place, Position, Rendition, Slot, SpeakerId, TrackChunk,
    Treatment,
};

/// Samples of a tick.
pub(crate) const FRAME: usize = 960;

/// The mixer's start on the shell's clock: not zero, so that forgotten differences show.
pub(crate) const START: Mono = Mono(77_000_000);

/// The next of a fixed sequence of numbers in 0..1 (xorshift64*).
pub(crate) fn random(state: &mut u64) -> f64 {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    (state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / (1u64 << 53) as f64
}

pub(crate) fn tone(hz: f32, level: f32, samples: usize) -> Vec<f32> {
    (0..samples).map(|i| level * (i as f32 / 48_000.0 * hz).fract().mul_add(TAU, 0.0).sin()).collect()
}

/// Partials of a voice's buzz.
const PARTIALS: usize = 17;

/// Something like a voice: a buzz with formants that comes in syllables and takes breaths.
pub(crate) fn speech(hz: f32, level: f32, samples: usize) -> Vec<f32> {
    let mut phase = 0.0f32;
    let mut gains = [0.0; PARTIALS];
    let mut sound = Vec::with_capacity(samples);
    for i in 0..samples {
        let seconds = i as f32 / 48_000.0;
        let pitch = hz * (1.0 + 0.15 * (seconds * 0.7 * TAU).sin());
        // A mouth moves slowly: its shape is taken once a millisecond.
        if i % 48 == 0 {
            gains = formants(pitch, seconds);
        }
        phase = (phase + pitch / 48_000.0).fract();
        // The sines of the partials one from the other: sin nx = 2 cos x · sin (n − 1)x − sin (n − 2)x.
        let (sin, cos) = (phase * TAU).sin_cos();
        let (mut last, mut partial, mut buzz) = (0.0, sin, 0.0);
        for gain in gains {
            buzz += gain * partial;
            (last, partial) = (partial, 2.0f32.mul_add(cos * partial, -last));
        }
        let syllable = (seconds * 4.0 * TAU / 2.0).sin().powi(2);
        let breath = if seconds % 3.0 < 2.4 { 1.0 } else { 0.0 };
        sound.push(level * buzz * 0.3 * syllable * breath);
    }
    sound
}

/// Gains of a voice's partials: a vowel that wanders, a formant that stays, and the buzz itself.
fn formants(pitch: f32, seconds: f32) -> [f32; PARTIALS] {
    let vowel = 600.0 + 250.0 * (seconds * 1.3 * TAU).sin();
    std::array::from_fn(|n| {
        let f = (n + 1) as f32 * pitch;
        let formant = |at: f32, width: f32| (-((f - at) / width).powi(2)).exp();
        formant(vowel, 200.0) + 0.5 * formant(1_500.0, 300.0) + 0.08
    })
}

/// Level of one pitch in dBFS (a full-scale sine is 0), under a Hann window, which keeps loud neighbours out.
pub(crate) fn pitch_dbfs(sound: &[f32], hz: f32) -> f32 {
    let mut turn = Turning::by(f64::from(hz) / 48_000.0 * std::f64::consts::TAU);
    let mut hann = Turning::by(std::f64::consts::TAU / sound.len() as f64);
    let (mut re, mut im) = (0.0f64, 0.0f64);
    for &x in sound {
        let windowed = f64::from(x) * (0.5 - 0.5 * hann.next().0);
        let (cos, sin) = turn.next();
        re += windowed * cos;
        im += windowed * sin;
    }
    let amplitude = (re * re + im * im).sqrt() * 4.0 / sound.len() as f64;
    (20.0 * amplitude.max(1e-9).log10()) as f32
}

/// Cosine and sine of 0, one angle, twice the angle and so on, each from the one before.
struct Turning {
    now: (f64, f64),
    angle: (f64, f64),
}

impl Turning {
    fn by(angle: f64) -> Self {
        Self { now: (1.0, 0.0), angle: (angle.cos(), angle.sin()) }
    }

    fn next(&mut self) -> (f64, f64) {
        let now = self.now;
        let (cos, sin) = self.angle;
        self.now = (now.0 * cos - now.1 * sin, now.0 * sin + now.1 * cos);
        now
    }
}

/// Mean power per 20 ms.
pub(crate) fn envelope(sound: &[f32]) -> Vec<f32> {
    sound.chunks_exact(FRAME).map(|frame| frame.iter().map(|x| x * x).sum::<f32>().sqrt()).collect()
}

/// Correlation of two envelopes at the best shift up to 20 frames, and that shift.
pub(crate) fn likeness(heard: &[f32], said: &[f32]) -> (f32, usize) {
    let at = |shift: usize| {
        let n = said.len().min(heard.len() - shift);
        let (a, b) = (&heard[shift..shift + n], &said[..n]);
        let mean = |x: &[f32]| x.iter().sum::<f32>() / n as f32;
        let (ma, mb) = (mean(a), mean(b));
        let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
        for (x, y) in a.iter().zip(b) {
            ab += (x - ma) * (y - mb);
            aa += (x - ma) * (x - ma);
            bb += (y - mb) * (y - mb);
        }
        ab / (aa * bb).sqrt().max(1e-9)
    };
    (0..20).map(|shift| (at(shift), shift)).max_by(|a, b| a.0.total_cmp(&b.0)).expect("20 shifts")
}

/// How a speaker's browser encodes.
#[derive(Clone, Copy)]
pub(crate) struct Voice {
    pub(crate) frame_samples: usize,
    pub(crate) dtx: bool,
    pub(crate) fec: bool,
}

impl Default for Voice {
    fn default() -> Self {
        Self { frame_samples: FRAME, dtx: false, fec: true }
    }
}

/// Encodes sound into packets as a browser does, each arriving the moment it is whole.
pub(crate) fn packets(speaker: u32, sound: &[f32], voice: Voice) -> Vec<SourcePacket> {
    let mut encoder =
        opus::Encoder::new(48_000, opus::Channels::Mono, opus::Application::Voip).expect("encoder");
    encoder.set_bitrate(opus::Bitrate::Bits(32_000)).expect("bitrate");
    encoder.set_inband_fec(voice.fec).expect("fec");
    encoder.set_packet_loss_perc(if voice.fec { 10 } else { 0 }).expect("loss");
    encoder.set_dtx(voice.dtx).expect("dtx");
    let mut seq = 40_000 + u64::from(speaker) * 100;
    let rtp_start = 1_234_567 + u64::from(speaker) * 1_000_000;
    let mut packets = Vec::new();
    for (i, frame) in sound.chunks_exact(voice.frame_samples).enumerate() {
        let payload = encoder.encode_vec_float(frame, 4_000).expect("encode");
        // Browsers leave out what discontinuous transmission makes superfluous (RFC 7587 §3.1.3).
        if voice.dtx && payload.len() <= 2 {
            continue;
        }
        let at = (i * voice.frame_samples) as u64;
        packets.push(SourcePacket {
            speaker: SpeakerId(speaker),
            seq,
            rtp_time: rtp_start + at,
            payload: payload.into(),
            arrival: Mono(START.0 + (at + voice.frame_samples as u64) * 1_000_000 / 48_000),
            is_copy: false,
        });
        seq += 1;
    }
    packets
}

/// A mixer with what it made.
pub(crate) struct Hall {
    pub(crate) mixer: Mixer,
    pub(crate) channels: Channels,
    pub(crate) ticks: u64,
    pub(crate) chunks: Vec<Arc<Chunk>>,
    pub(crate) tracks: Vec<Arc<TrackChunk>>,
    pub(crate) marks: Vec<Mark>,
    pub(crate) reports: Vec<Vec<SourceReport>>,
    /// Packets for each speaker, with their media time and with how many they are shared.
    pub(crate) feedback: BTreeMap<SpeakerId, Vec<(MediaTime, usize, Bytes)>>,
    /// What has not arrived yet, by arrival.
    pub(crate) on_the_way: Vec<SourcePacket>,
}

pub(crate) const FIRST: Position = Position { epoch: Epoch(3), slot: Slot(70) };

impl Hall {
    /// A hall that is on air with these people on the stage.
    pub(crate) fn on_air(channels: Channels, speakers: &[u32]) -> Self {
        let mut hall = Self::closed(channels);
        for &speaker in speakers {
            hall.add(speaker, true);
        }
        hall.mixer.handle(MixerCommand::Programme(Programme::Stage)).expect("a command");
        hall
    }

    pub(crate) fn closed(channels: Channels) -> Self {
        Self::delayed(channels, Duration::ZERO)
    }

    /// A hall with a broadcast delay.
    pub(crate) fn delayed(channels: Channels, delay: Duration) -> Self {
        Self::of(MixerConfig { channels, first: FIRST, start: START, delay, own_tracks: false })
    }

    pub(crate) fn of(config: MixerConfig) -> Self {
        Self {
            mixer: Mixer::new(config).expect("a mixer"),
            channels: config.channels,
            ticks: 0,
            chunks: Vec::new(),
            tracks: Vec::new(),
            marks: Vec::new(),
            reports: Vec::new(),
            feedback: BTreeMap::new(),
            on_the_way: Vec::new(),
        }
    }

    pub(crate) fn order(&mut self, command: MixerCommand) {
        self.mixer.handle(command).expect("a command that can be done");
    }

    pub(crate) fn place(&mut self, speaker: u32, place: Place) {
        let treatment = Treatment { place, noise_suppression: false, ..Treatment::default() };
        self.order(MixerCommand::Treat { speaker: SpeakerId(speaker), treatment });
    }

    pub(crate) fn add(&mut self, speaker: u32, hears: bool) {
        let name = format!("Speaker {speaker}").parse().expect("a name");
        let add = MixerCommand::AddSource {
            speaker: SpeakerId(speaker),
            name,
            hears,
            // What these tests send as sound is noise to a suppressor: tones and buzzing.
            treatment: Treatment { noise_suppression: false, ..Treatment::default() },
        };
        self.mixer.handle(add).expect("room on the stage");
    }

    pub(crate) fn send(&mut self, packets: impl IntoIterator<Item = SourcePacket>) {
        self.on_the_way.extend(packets);
        // Latest first, so that the next one is popped; equal times keep their order.
        self.on_the_way.reverse();
        self.on_the_way.sort_by_key(|packet| std::cmp::Reverse(packet.arrival));
    }

    pub(crate) fn run_seconds(&mut self, seconds: f64) {
        for _ in 0..(seconds * 50.0).round() as u64 {
            self.tick();
        }
    }

    pub(crate) fn tick(&mut self) {
        let deadline = self.mixer.next_tick();
        assert_eq!(deadline, Mono(START.0 + self.ticks * 20_000));
        while self.on_the_way.last().is_some_and(|packet| packet.arrival <= deadline) {
            self.mixer.packet(self.on_the_way.pop().expect("looked at it"));
        }
        self.mixer.tick();
        self.ticks += 1;
        while let Some(output) = self.mixer.poll_output() {
            match output {
                MixerOutput::Chunk(chunk) => self.chunks.push(chunk),
                MixerOutput::Track(chunk) => self.tracks.push(chunk),
                MixerOutput::Marked(mark) => self.marks.push(mark),
                MixerOutput::Reports(reports) => self.reports.push(reports),
                MixerOutput::Feedback(feedback) => {
                    for &speaker in feedback.to.iter() {
                        let heard = self.feedback.entry(speaker).or_default();
                        heard.push((feedback.at, feedback.to.len(), feedback.frame.clone()));
                    }
                }
                other => panic!("unknown output {other:?}"),
            }
        }
    }

    /// The programme as a listener of an Opus rendition hears it.
    pub(crate) fn programme(&self, rendition: Rendition) -> Vec<f32> {
        let frames = self.chunks.iter().flat_map(|chunk| {
            chunk.frames.get(rendition).expect("every rendition").iter().map(<[u8]>::to_vec)
        });
        decode(frames, self.channels)
    }

    /// What a person on the stage hears.
    pub(crate) fn heard_by(&self, speaker: u32) -> Vec<f32> {
        let frames = self.feedback[&SpeakerId(speaker)].iter().map(|(_, _, frame)| frame.to_vec());
        decode(frames, self.channels)
    }
}

pub(crate) fn decode(frames: impl Iterator<Item = Vec<u8>>, channels: Channels) -> Vec<f32> {
    let opus_channels = match channels {
        Channels::Mono => opus::Channels::Mono,
        Channels::Stereo => opus::Channels::Stereo,
    };
    let mut decoder = opus::Decoder::new(48_000, opus_channels).expect("decoder");
    let mut sound = Vec::new();
    for frame in frames {
        let mut samples = vec![0.0; FRAME * channels.count()];
        assert_eq!(decoder.decode_float(&frame, &mut samples, false).expect("valid Opus"), FRAME);
        sound.extend(samples);
    }
    sound
}
