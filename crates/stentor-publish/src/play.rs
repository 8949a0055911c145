//! Encodes a sound ahead of time and gives each frame out when its time has come.

use std::time::Duration;

use stentor_types::time::FRAME_SAMPLES;
use stentor_types::{Channels, Mono};
use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::decode::{Input, Sound};
use crate::error::PublishError;

/// The length of a frame.
pub(crate) const FRAME: Duration = Duration::from_millis(20);

/// Frames encoded ahead: 50 × 20 ms = 1 s, at about 160 bytes each.
const AHEAD_FRAMES: usize = 50;

/// A frame this late is dropped: a listener's jitter buffer would drop it as well.
const LATE_MAX: Duration = Duration::from_millis(200);

/// The longest packet we ask the encoder for (RFC 6716 §3.2.1).
const PACKET_BYTES_MAX: usize = 1_275;

/// One encoded frame.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) opus: Vec<u8>,
    /// Loudness in dB below full scale (RFC 6464): 0 down to −127.
    pub(crate) level_dbov: i8,
}

/// What is to be played.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) input: Input,
    pub(crate) channels: Channels,
    /// Frames left out at the beginning.
    pub(crate) skip_frames: u64,
    /// Begin anew at the end.
    pub(crate) repeat: bool,
    /// Frames from one beginning to the next, filled with silence; 0 means: as long as the sound is.
    pub(crate) period_frames: u64,
}

/// A sound that plays against the clock: frame `n` is due at `start` + `n` × 20 ms.
#[derive(Debug)]
pub(crate) struct Playhead {
    clock: Clock,
    start: Mono,
    frames: mpsc::Receiver<Result<Frame, PublishError>>,
    waiting: Option<Frame>,
    number: u64,
    /// Frames that were not given out because their time was past.
    pub(crate) late: u64,
}

impl Playhead {
    /// Starts the encoder on a thread of its own; it ends with the sound or with the playhead. An error
    /// in the sound's beginning comes at once.
    pub(crate) fn start(clock: Clock, start: Mono, plan: Plan) -> Result<Self, PublishError> {
        let sound = Sound::open(&plan.input, plan.channels)?;
        let (to, frames) = mpsc::channel(AHEAD_FRAMES);
        tokio::task::spawn_blocking(move || {
            if let Err(error) = encode(&plan, sound, &to) {
                // Nobody listens any more if this fails.
                let _ = to.blocking_send(Err(error));
            }
        });
        Ok(Self { clock, start, frames, waiting: None, number: 0, late: 0 })
    }

    /// The next frame and its number, when it is due; `None` at the end. May be cancelled and called
    /// again without losing a frame.
    pub(crate) async fn next(&mut self) -> Result<Option<(u64, Frame)>, PublishError> {
        loop {
            if self.waiting.is_none() {
                match self.frames.recv().await {
                    Some(frame) => self.waiting = Some(frame?),
                    None => return Ok(None),
                }
            }
            let due = self.start + FRAME * u32::try_from(self.number).unwrap_or(u32::MAX);
            self.clock.sleep_until(due).await;
            let frame = self.waiting.take().expect("it was put there above");
            self.number += 1;
            if self.clock.now() <= due + LATE_MAX {
                return Ok(Some((self.number - 1, frame)));
            }
            self.late += 1;
        }
    }

    /// Lets the sound pass unheard, to its end.
    pub(crate) async fn pass(&mut self) -> Result<(), PublishError> {
        while self.next().await?.is_some() {
            self.late += 1;
        }
        Ok(())
    }
}

/// Decodes and encodes until the sound or the interest in it ends.
fn encode(
    plan: &Plan,
    mut sound: Sound,
    to: &mpsc::Sender<Result<Frame, PublishError>>,
) -> Result<(), PublishError> {
    let mut encoder = encoder(plan.channels);
    let silence = vec![0.0; FRAME_SAMPLES as usize * plan.channels.count()];
    let mut skip = plan.skip_frames;
    loop {
        let mut played = 0;
        while plan.period_frames == 0 || played < plan.period_frames {
            let samples = sound.next_frame()?;
            if samples.is_none() && (plan.period_frames == 0 || !plan.repeat) {
                break;
            }
            played += 1;
            if skip > 0 {
                skip -= 1;
                continue;
            }
            let samples = samples.as_ref().unwrap_or(&silence);
            let opus = encoder.encode_vec_float(samples, PACKET_BYTES_MAX).expect("a frame of 20 ms fits");
            let frame = Frame { opus, level_dbov: level_dbov(samples) };
            if to.blocking_send(Ok(frame)).is_err() {
                return Ok(());
            }
        }
        if !plan.repeat {
            return Ok(());
        }
        sound = Sound::open(&plan.input, plan.channels)?;
    }
}

/// An encoder set as browsers set theirs if nobody asks for more: for a voice 40 kbps of the speech mode, whose packets
/// carry the one before in case it is lost (RFC 7587 §6.1), for stereo 128 kbps of music.
fn encoder(channels: Channels) -> opus::Encoder {
    let (count, application, bitrate) = match channels {
        Channels::Mono => (opus::Channels::Mono, opus::Application::Voip, 40_000),
        Channels::Stereo => (opus::Channels::Stereo, opus::Application::Audio, 128_000),
    };
    let mut encoder = opus::Encoder::new(48_000, count, application).expect("libopus takes these");
    encoder.set_bitrate(opus::Bitrate::Bits(bitrate)).expect("within 0.5 to 512 kbps");
    encoder.set_inband_fec(true).expect("libopus has FEC");
    // The share of losses to be ready for; FEC is off at 0.
    encoder.set_packet_loss_perc(10).expect("within 0 to 100");
    encoder
}

fn level_dbov(samples: &[f32]) -> i8 {
    let power = samples.iter().map(|s| s * s).sum::<f32>() / samples.len() as f32;
    // The cast saturates, and the bounds are within it.
    (10.0 * power.max(1e-13).log10()).round().clamp(-127.0, 0.0) as i8
}
