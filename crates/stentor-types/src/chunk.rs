//! What the tape is made of: 0.32 s of programme, and what is true of all of them.

use bytes::Bytes;

use crate::id::{ShowId, SpeakerId};
use crate::mark::Mark;
use crate::rendition::{Channels, Rendition, RenditionMap};
use crate::time::{Epoch, Position, Slot, Wall};

/// The encoded frames of one rendition in one chunk, in order, in one shared allocation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frames {
    lens_bytes: Box<[u16]>,
    bytes: Bytes,
}

/// The frame lengths do not describe the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the frame lengths add up to {expected} bytes, but there are {actual}")]
pub struct FramesError {
    /// Sum of the frame lengths.
    pub expected: usize,
    /// Bytes that were there.
    pub actual: usize,
}

impl Frames {
    /// Frames of these lengths, one behind the other in `bytes`.
    pub fn new(lens_bytes: Box<[u16]>, bytes: Bytes) -> Result<Self, FramesError> {
        let expected = lens_bytes.iter().map(|&len| usize::from(len)).sum();
        if expected != bytes.len() {
            return Err(FramesError { expected, actual: bytes.len() });
        }
        Ok(Self { lens_bytes, bytes })
    }

    /// Copies encoded frames together. A frame beyond 65,535 bytes cannot come from our encoders
    /// (Opus: 1,275 a frame; AAC-LC: 768 a channel) and is a bug.
    pub fn from_slices<'a>(frames: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut lens_bytes = Vec::new();
        let mut bytes = Vec::new();
        for frame in frames {
            lens_bytes.push(u16::try_from(frame.len()).expect("an encoded frame is under 64 KiB"));
            bytes.extend_from_slice(frame);
        }
        Self { lens_bytes: lens_bytes.into(), bytes: bytes.into() }
    }

    /// How many frames there are.
    pub fn count(&self) -> usize {
        self.lens_bytes.len()
    }

    /// The length of each frame.
    pub fn lens_bytes(&self) -> &[u16] {
        &self.lens_bytes
    }

    /// All frames, one behind the other.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Each frame as a view into the shared bytes.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.lens_bytes.iter().map(move |&len| {
            let frame = &self.bytes[start..start + usize::from(len)];
            start += usize::from(len);
            frame
        })
    }
}

/// 0.32 s of programme: its name, the encoded frames of every rendition, and marks.
///
/// Immutable once made. A mark carries its own media time, which may lie before the chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// The chunk's name.
    pub position: Position,
    /// The encoded sound. Opus renditions have 16 frames, AAC renditions 15.
    pub frames: RenditionMap<Frames>,
    /// What became known while this chunk was made.
    pub marks: Vec<Mark>,
}

/// 0.32 s of what one person gave to the programme: their own track, beside the programme's chunk of the same
/// position. Where they gave nothing there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackChunk {
    /// Whose voice.
    pub speaker: SpeakerId,
    /// The position of the programme's chunk that was made of it.
    pub position: Position,
    /// 16 frames of Opus, 20 ms each, late by as much as those of the programme.
    pub frames: Frames,
}

/// Neighbouring chunks of one epoch, without a gap: what a tape's table of contents is made of.
/// Between two runs lies a hole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// The writer's run that made them.
    pub epoch: Epoch,
    /// The first chunk's slot.
    pub first: Slot,
    /// The slot after the last chunk; always above `first`.
    pub end: Slot,
}

/// What is fixed for a tape when it is created, and needed to frame or play any of its chunks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TapeHead {
    /// The show.
    pub show: ShowId,
    /// Wall time of slot 0.
    pub anchor: Wall,
    /// Mono or stereo.
    pub channels: Channels,
    /// Samples a decoder discards at the start of an Opus file (RFC 7845 §4.2): the encoder's look-ahead.
    pub opus_pre_skip_samples: u16,
    /// Samples by which AAC sound is late against the media clock: the encoder's delay.
    pub aac_delay_samples: u32,
    /// AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1); empty when the tape has no AAC.
    pub aac_config: Bytes,
    /// One chunk of near-silence in every rendition of the tape. It stands in for a hole where a
    /// reader needs sound without a gap: progressive streams and replay files.
    pub filler: RenditionMap<Frames>,
}

impl TapeHead {
    /// Whether the tape holds this rendition.
    pub fn has(&self, rendition: Rendition) -> bool {
        self.filler.get(rendition).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_views_into_one_allocation() {
        let frames = Frames::from_slices([&b"one"[..], b"", b"three"]);
        assert_eq!(frames.iter().collect::<Vec<_>>(), [&b"one"[..], b"", b"three"]);
        assert_eq!(frames.bytes().as_ref(), b"onethree");
        let again = Frames::new(frames.lens_bytes().into(), frames.bytes().clone());
        assert_eq!(again.as_ref(), Ok(&frames));
        assert!(Frames::new([4u16].into(), Bytes::from_static(b"abc")).is_err());
    }
}
