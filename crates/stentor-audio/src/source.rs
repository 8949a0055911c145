//! One speaker's sound: from packets in any order to a frame every 20 ms.

use stentor_types::time::FRAME_SAMPLES;
use stentor_types::{Channels, PersonName, Treatment};

use crate::AudioError;
use crate::decode::Decoder;
use crate::feedback::Ear;
use crate::jitter::{CONCEAL_MAX, JitterBuffer, LACK_TOLERATED, Step};
use crate::level::{power, power_of_dbfs};
use crate::splice;
use crate::voice::{Voice, VoiceReport};

const FRAME: usize = FRAME_SAMPLES as usize;

/// From silence to full gain: 5 ms.
const RAMP_SAMPLES: f32 = 240.0;

/// Made-up sound fades from here, 40 ms, to nothing at [`CONCEAL_MAX`].
const CONCEAL_FADES_FROM: i64 = 1_920;

/// A surplus that is left alone: one frame, so that the delay does not hunt.
const SURPLUS_TOLERATED: i64 = FRAME as i64;

/// Beyond this, 100 ms, being in time matters more than how the hurry sounds.
const HURRY: i64 = 4_800;

/// Frames between two splices in speech: 5 × 20 ms, so that tempo changes by a tenth at most.
const SPLICE_EVERY_FRAMES: u32 = 5;

/// Below this level nobody hears a splice.
const SILENT_DBFS: f32 = -50.0;

/// How often libopus runs for one speaker in one tick: 20 ms and the 10 ms that a splice may take out are 12 packets
/// of the shortest kind, 2.5 ms, and what is left of one before; each may need a gap concealed (1), a copy that is
/// not there (2) and a packet that is broken (2). Together they make no more than 30 ms and one packet of sound.
#[cfg(test)]
const DECODES_PER_TICK_MAX: u64 = (12 + 1) * (1 + 2 + 2);

/// A person on the stage as the mixer sees them.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) name: PersonName,
    pub(crate) jitter: JitterBuffer,
    /// What this person hears with, unless they only send.
    pub(crate) ear: Option<Ear>,
    /// The newest frame as it is to be heard, interleaved: treated, silence while muted.
    pub(crate) frame: Vec<f32>,
    /// The frame before it.
    pub(crate) previous: Vec<f32>,
    /// Mean power of the newest frame.
    pub(crate) power: f32,
    channels: Channels,
    voice: Voice,
    decoder: Decoder,
    /// Sound decoded and not yet used, interleaved.
    decoded: Vec<f32>,
    gain: f32,
    frames_since_splice: u32,
}

impl Source {
    pub(crate) fn new(
        name: PersonName,
        channels: Channels,
        ear: Option<Ear>,
        treatment: Treatment,
    ) -> Result<Self, AudioError> {
        let silence = vec![0.0; FRAME * channels.count()];
        Ok(Self {
            name,
            jitter: JitterBuffer::default(),
            ear,
            frame: silence.clone(),
            previous: silence,
            power: 0.0,
            channels,
            voice: Voice::new(channels, treatment),
            decoder: Decoder::new(channels)?,
            decoded: Vec::new(),
            gain: 0.0,
            frames_since_splice: 0,
        })
    }

    /// From the next frame on, this is done with the voice.
    pub(crate) fn treat(&mut self, treatment: Treatment) {
        self.voice.treat(treatment);
    }

    pub(crate) fn treatment(&self) -> Treatment {
        self.voice.treatment()
    }

    /// What a host should know about this person's sound, as of now.
    pub(crate) fn report(&self) -> VoiceReport {
        self.voice.report()
    }

    /// Takes in what this person is sent, once a frame after [`Self::pull`]: so an echo is known.
    pub(crate) fn sent(&mut self, mix_minus_frame: &[f32]) {
        self.voice.echo.sent(mix_minus_frame);
    }

    /// Makes the frame of the tick at `now`, in samples of the mixer's clock.
    pub(crate) fn pull(&mut self, now: i64) {
        self.jitter.begin_tick(now);
        let left_over = self.decoded.len() / self.channels.count();
        self.fill(now);
        self.keep_pace(left_over as i64);
        self.fill(now);
        std::mem::swap(&mut self.frame, &mut self.previous);
        self.frame.clear();
        self.frame.extend(self.decoded.drain(..FRAME * self.channels.count()));
        self.voice.process(&mut self.frame, !self.jitter.is_fed(), self.jitter.stats());
        self.power = power(&self.frame);
    }

    /// Decodes until a whole frame is there. Each packet moves the buffer on by at least 2.5 ms, or nothing more
    /// comes in this tick, so it costs [`DECODES_PER_TICK_MAX`] at most, whatever was sent.
    fn fill(&mut self, now: i64) {
        let channels = self.channels.count();
        while self.decoded.len() < FRAME * channels {
            let want = FRAME - self.decoded.len() / channels;
            let concealed = self.jitter.concealed();
            match self.jitter.next(now, want) {
                Step::Silence => {
                    self.gain = 0.0;
                    self.decoded.resize(FRAME * channels, 0.0);
                }
                Step::Decode { payload, duration, skip } => {
                    let sound = match self.decoder.decode(&payload, duration) {
                        Some(sound) => sound,
                        None => {
                            let stats = self.jitter.stats_mut();
                            stats.garbage += 1;
                            stats.concealed_samples += duration as u64;
                            stats.missing_samples += duration as u64;
                            self.decoder.conceal(duration)
                        }
                    };
                    append(&mut self.decoded, &sound[skip * channels..], channels, &mut self.gain, |_| 1.0);
                }
                Step::Recover { following, samples } => {
                    let sound = self.decoder.recover(&following, samples);
                    append(&mut self.decoded, sound, channels, &mut self.gain, |_| 1.0);
                }
                Step::Conceal { samples } => {
                    let sound = self.decoder.conceal(samples);
                    let fade = |i| conceal_gain(concealed + i as i64);
                    append(&mut self.decoded, sound, channels, &mut self.gain, fade);
                }
            }
        }
    }

    /// Shortens or lengthens the frame if the buffer has too much or too little headroom. Samples
    /// left over from the last tick are delay as well, but no protection against jitter.
    fn keep_pace(&mut self, left_over: i64) {
        self.frames_since_splice = self.frames_since_splice.saturating_add(1);
        let Some(surplus) = self.jitter.surplus().filter(|_| self.jitter.concealed() == 0) else {
            return;
        };
        if surplus >= -LACK_TOLERATED && surplus + left_over <= SURPLUS_TOLERATED {
            return;
        }
        let len = FRAME * self.channels.count();
        let frame = &self.decoded[..len];
        let now_or_never = surplus.abs() > HURRY || power(frame) < power_of_dbfs(SILENT_DBFS);
        if !now_or_never && self.frames_since_splice < SPLICE_EVERY_FRAMES {
            return;
        }
        self.frames_since_splice = 0;
        let spliced = if surplus > 0 {
            splice::shorten(frame, self.channels)
        } else {
            splice::lengthen(frame, self.channels)
        };
        let change = (spliced.len().abs_diff(len) / self.channels.count()) as u64;
        let stats = self.jitter.stats_mut();
        if surplus > 0 {
            stats.shortened_samples += change;
        } else {
            stats.lengthened_samples += change;
        }
        self.decoded.splice(..len, spliced);
    }
}

/// The gain of made-up sound after so many samples of it.
fn conceal_gain(concealed: i64) -> f32 {
    let fade = (CONCEAL_MAX - concealed) as f32 / (CONCEAL_MAX - CONCEAL_FADES_FROM) as f32;
    fade.clamp(0.0, 1.0)
}

/// Appends sound at the gain it should have, which is approached upwards over the ramp only.
fn append(to: &mut Vec<f32>, sound: &[f32], channels: usize, gain: &mut f32, goal: impl Fn(usize) -> f32) {
    for (i, sample) in sound.chunks_exact(channels).enumerate() {
        *gain = goal(i).min(*gain + 1.0 / RAMP_SAMPLES);
        to.extend(sample.iter().map(|x| x * *gain));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 10 s of a hum that pauses a fifth of each second, encoded.
    fn hum() -> Vec<Vec<u8>> {
        let rate = 48_000;
        let mut encoder =
            opus::Encoder::new(rate, opus::Channels::Mono, opus::Application::Voip).expect("encoder");
        let hum = |i: u32| (i as f32 * HUM_STEP).sin() * if i % rate < 38_400 { 0.3 } else { 0.0 };
        let sound: Vec<f32> = (0..10 * rate).map(hum).collect();
        sound.chunks(FRAME).map(|frame| encoder.encode_vec_float(frame, 1_500).expect("encode")).collect()
    }

    /// The hum's pitch, in radians a sample: 220 Hz.
    const HUM_STEP: f32 = 0.0288;

    /// Crossings upwards of a level beyond any codec's noise, from the left channel: 176 in the 0.8 s of a
    /// second that the hum sounds.
    fn crossings(heard: &[f32]) -> usize {
        let left: Vec<f32> = heard.iter().step_by(2).copied().collect();
        left.windows(2).filter(|pair| pair[0] < -0.05 && pair[1] >= -0.05).count()
    }

    /// Fault 63. Speakers' clocks are off by up to 200 ppm, all of it to be cut out or put in, so that the delay neither
    /// grows nor runs out, and the pitch stays. The 0.24 s of 20 minutes are more than the buffer has several times over:
    /// the hours after them are no different. In stereo, where nothing is done to a voice that would hide a fault.
    #[test]
    fn hours_of_drift_cost_neither_delay_nor_sound_nor_pitch() {
        const TICKS: i64 = 1_200 * 50;
        let packets = hum();
        for ppm in [-200i64, 200] {
            let name = "Ada".parse().expect("a name");
            let mut source =
                Source::new(name, Channels::Stereo, None, Treatment::default()).expect("a source");
            let (mut sent, mut headroom_ms_max, mut heard) = (0i64, 0, Vec::new());
            for tick in 0..TICKS {
                let now = tick * FRAME as i64;
                let arrival = |n: i64| (n + 1) * FRAME as i64 * (1_000_000 + ppm) / 1_000_000;
                while arrival(sent) <= now {
                    let payload = packets[sent as usize % packets.len()].clone().into();
                    source.jitter.insert(sent as u64, (sent * FRAME as i64) as u64, payload, arrival(sent));
                    sent += 1;
                }
                source.pull(now);
                headroom_ms_max = headroom_ms_max.max(source.jitter.stats().headroom_ms);
                heard.extend_from_slice(&source.frame);
                if tick % 5_000 == 4_999 {
                    // 100 s; splices are where they are least heard, in the pauses.
                    let periods = crossings(&heard);
                    assert!(
                        periods.abs_diff(17_600) <= 176,
                        "{ppm} ppm: {periods} periods before tick {tick}"
                    );
                    heard.clear();
                }
            }
            let stats = source.jitter.stats();
            assert!(headroom_ms_max <= 70, "{ppm} ppm: {headroom_ms_max} ms");
            assert_eq!(stats.late + stats.dropped + stats.duplicate, 0, "{ppm} ppm: {stats:?}");
            assert_eq!(stats.concealed_samples, 0, "{ppm} ppm: {stats:?}");
            let spliced = stats.lengthened_samples as i64 - stats.shortened_samples as i64;
            let drifted = ppm * TICKS * FRAME as i64 / 1_000_000;
            assert!((spliced - drifted).abs() < 48 * 60, "{ppm} ppm: {spliced} against {drifted}");
            let both = (stats.lengthened_samples + stats.shortened_samples) as i64;
            assert!(both < drifted.abs() * 3 / 2, "{ppm} ppm: {both} samples for a drift of {drifted}");
        }
    }

    /// The next of a fixed sequence of numbers (xorshift64*).
    fn random(state: &mut u64) -> u64 {
        *state ^= *state >> 12;
        *state ^= *state << 25;
        *state ^= *state >> 27;
        state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 8
    }

    /// Fault 65: packets of every length, broken and whole, with gaps between them, ten times as many as fit.
    #[test]
    fn what_a_hostile_speaker_sends_buys_no_more_than_so_many_decodes() {
        let name = "Eve".parse().expect("a name");
        let mut source = Source::new(name, Channels::Mono, None, Treatment::default()).expect("a source");
        let (mut dice, mut seq, mut ahead, mut worst) = (5, 0_u64, 0_u64, 0);
        for tick in 0..3_000_u64 {
            let now = (tick * FRAME as u64) as i64;
            // Now and then the sender begins again from where time is.
            ahead = if tick % 100 == 0 { tick * FRAME as u64 } else { ahead };
            while ahead < (tick + 2) * FRAME as u64 {
                // CELT of 2.5 ms mostly (RFC 6716 §3.1), SILK of 10 ms with a copy of what was before, 120 ms at times.
                let (head, samples) = match random(&mut dice) % 40 {
                    0 => (0x19_u8, 5_760),
                    1..4 => (0x40, 480),
                    _ => (0xE0, 120),
                };
                let garbage = (0..1 + random(&mut dice) % 20).map(|_| random(&mut dice) as u8);
                let payload: Vec<u8> = [head].into_iter().chain(garbage).collect();
                source.jitter.insert(seq, 1_000 + ahead, payload.into(), now);
                seq += 1 + random(&mut dice) % 2;
                ahead += samples + [0, 1, 1, 60, 119][random(&mut dice) as usize % 5];
            }
            let before = source.decoder.runs();
            source.pull(now);
            worst = worst.max(source.decoder.runs() - before);
            assert!(source.frame.iter().all(|x| x.is_finite()));
        }
        assert!(worst <= DECODES_PER_TICK_MAX, "{worst} decodes in one tick");
        assert!(worst > 12, "{worst} decodes: this speaker is not hostile");
    }
}
