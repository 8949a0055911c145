//! Samples and packets: jitter buffer, decode, mix and mix-minus, limiter, encode.
//!
//! Packets of speakers go in, chunks of the programme and packets for the speakers come out. The
//! core has no thread, clock or I/O; the shell drives one [`Mixer`] per show every 20 ms.
//!
//! ```text
//! SourcePacket ─▶ jitter ─▶ decode ─▶ source ─▶ stage ─┬─ on air ─▶ delay ─▶ programme ─▶ limiter ─▶ encode ─▶ Chunk
//!                                                      └─ each place ─▶ feedback (mix-minus, limiter, encode) ─▶ Feedback
//! ```
//!
//! All sound inside is `f32` at 48 kHz, interleaved, in the channels of the show, in frames of
//! 20 ms. Full scale is ±1.

#[cfg(feature = "aac")]
mod aac;
mod constants;
mod decode;
mod delay;
mod encode;
mod feedback;
mod jitter;
mod level;
mod limiter;
mod mixer;
mod programme;
mod slate;
mod source;
mod splice;
mod stage;
mod talkers;
mod totals;
mod tracks;
mod transit;
mod true_peak;
mod voice;

pub use constants::{Constants, constants};
pub use delay::DELAY_MAX;
pub use jitter::{SourcePacket, SourceStats};
pub use mixer::{
    Feedback, MARKS_WAITING_MAX, Mixer, MixerCommand, MixerConfig, MixerOutput, STALL_MAX, SourceReport,
};
pub use programme::Programme;

use stentor_types::limits::SPEAKERS_PER_SHOW_MAX;

/// Why the mixer could not be made or a command not be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AudioError {
    /// libopus refused; in practice it is out of memory. The machine's fault; a retry may help.
    #[error("Opus: {0}")]
    Opus(#[from] opus::Error),
    /// libfdk refused; in practice it is out of memory. The machine's fault; a retry may help.
    #[cfg(feature = "aac")]
    #[error("AAC: {0}")]
    Aac(fdk_aac::enc::EncoderError),
    /// The stage is full. The caller's fault: remove a source first.
    #[error("a stage has {SPEAKERS_PER_SHOW_MAX} sources at most")]
    TooManySources,
    /// More marks wait for a chunk than are kept. The caller's fault; later chunks make room.
    #[error("{MARKS_WAITING_MAX} marks already wait for a chunk")]
    TooManyMarks,
}
