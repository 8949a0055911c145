//! Endless streams: what a server frames once and sends to all.

use std::fmt;

use bytes::Bytes;
use stentor_types::{Codec, Frames, Rendition, Slot, TapeHead};

use crate::adts::AacConfig;
use crate::{FormatError, Interval, fmp4, ogg};

/// How a stream wraps its frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Container {
    /// Fragmented MP4, for the page's Media Source and HLS: Opus or AAC.
    Fmp4,
    /// Ogg, for `<audio>`, players and radios: Opus.
    Ogg,
    /// ADTS, for players and radios: AAC.
    Adts,
}

impl Container {
    /// Every container.
    pub const ALL: [Self; 3] = [Self::Fmp4, Self::Ogg, Self::Adts];

    /// The media type of a stream or a segment.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Fmp4 => "audio/mp4",
            Self::Ogg => "audio/ogg",
            Self::Adts => "audio/aac",
        }
    }

    /// Whether the container can carry the codec.
    pub const fn carries(self, codec: Codec) -> bool {
        match self {
            Self::Fmp4 => true,
            Self::Ogg => matches!(codec, Codec::Opus),
            Self::Adts => matches!(codec, Codec::Aac),
        }
    }
}

impl fmt::Display for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fmp4 => "MP4",
            Self::Ogg => "Ogg",
            Self::Adts => "ADTS",
        })
    }
}

/// Frames one rendition of one tape for one container. What it gives depends on its arguments alone, so a
/// server may keep the bytes by (container, rendition, interval, first slot).
#[derive(Clone, Debug)]
pub struct Framer {
    intro: Bytes,
    kind: Kind,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Fmp4,
    Ogg { serial: u32 },
    Adts(AacConfig),
}

impl Framer {
    /// Checks that the tape has the rendition and the container can carry it.
    pub fn new(container: Container, head: &TapeHead, rendition: Rendition) -> Result<Self, FormatError> {
        if !container.carries(rendition.codec()) {
            return Err(FormatError::WrongContainer { container, rendition });
        }
        if !head.has(rendition) {
            return Err(FormatError::NotOnTape(rendition));
        }
        Ok(match container {
            Container::Fmp4 => Self { intro: fmp4::init(head, rendition)?, kind: Kind::Fmp4 },
            Container::Ogg => {
                let serial = ogg::serial(head, rendition);
                Self { intro: ogg::headers(head, rendition, serial)?, kind: Kind::Ogg { serial } }
            }
            Container::Adts => Self { intro: Bytes::new(), kind: Kind::Adts(AacConfig::of(head)?) },
        })
    }

    /// What a listener gets before the first frames: init segment, header pages, or nothing.
    pub fn intro(&self) -> &Bytes {
        &self.intro
    }

    /// The chunks of one group of `interval`, those of neighbouring slots from `first` on; at least one. Where
    /// a progressive stream must go on over a hole, the tape's filler stands in for its chunks.
    pub fn frame(&self, interval: Interval, first: Slot, chunks: &[&Frames]) -> Bytes {
        assert!((1..=interval.slots()).contains(&(chunks.len() as u64)), "a group has 1 to 12 chunks");
        match self.kind {
            Kind::Fmp4 => fmp4::fragment(first, chunks),
            Kind::Ogg { serial } => ogg::pages(serial, ogg::page_seq(interval, first), first, chunks),
            Kind::Adts(config) => config.frames(chunks),
        }
    }
}
