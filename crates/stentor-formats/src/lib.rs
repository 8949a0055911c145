//! Chunks as fMP4, HLS, Ogg, ADTS and M4A: bytes in, bytes out.
//!
//! Everything here is a pure function of the tape: the same chunks give the same bytes for every
//! listener, on every machine, at any time. That is what lets a server frame sound once and share it.
//!
//! - [`interval`]: how many chunks are framed together, and which.
//! - [`container`]: [`Framer`], the one door for endless streams in any container.
//! - [`fmp4`], [`ogg`], [`adts`]: the containers themselves.
//! - [`hls`]: what a playlist lists, and the playlists.
//! - [`mod@file`]: the replay as a virtual file, made from the tape while it is sent.
//!
//! Sound of a rendition appears on the media clock late by its codec's constant delay
//! ([`TapeHead::opus_pre_skip_samples`], [`TapeHead::aac_delay_samples`]). Live streams leave it in;
//! replay files trim it, exact to a sample.
//!
//! Nothing in this crate parses bytes from outside, but for the name of a segment ([`hls::SegmentName`]) and what
//! a player asks of a playlist ([`hls::Reload`]). Chunks come from our own encoders or, checksummed, from the
//! tape.
//!
//! [`TapeHead::opus_pre_skip_samples`]: stentor_types::TapeHead::opus_pre_skip_samples
//! [`TapeHead::aac_delay_samples`]: stentor_types::TapeHead::aac_delay_samples

pub mod adts;
mod boxes;
pub mod container;
mod error;
pub mod file;
pub mod fmp4;
pub mod hls;
pub mod interval;
pub mod ogg;

pub use container::{Container, Framer};
pub use error::FormatError;
pub use file::{FileKind, FileLayout, Piece};
pub use interval::Interval;
