//! Which frames a range of the media clock needs.

use std::ops::Range;

use stentor_types::{Codec, MediaTime, Slot, TapeHead};

/// Frames decoded before the first that is played, so that its sound is right from the first sample: one of AAC,
/// for the overlap. RFC 7845 §4.6 asks for 80 ms of Opus, after which its loudness may still be 3 dB off: an
/// error in the predicted energy only halves with each frame (RFC 6716 §4.3.2.1). After 160 ms it is 0.2 dB.
const fn settling_frames(codec: Codec) -> u64 {
    match codec {
        Codec::Opus => 8,
        Codec::Aac => 1,
    }
}

/// The frames of a file, numbered on the media clock, and what of their sound is played.
#[derive(Clone, Debug)]
pub(super) struct Span {
    codec: Codec,
    /// Frame `n` of a codec comes out of a decoder at `n * frame_samples`.
    frames: Range<u64>,
    /// Samples that are decoded but not played, before the first that is.
    pub(super) lead_samples: u64,
    /// Samples that are played.
    pub(super) shown_samples: u64,
}

impl Span {
    /// The sound of `range` comes out of a decoder later by the codec's delay, and only right if the decoder
    /// has had some frames before.
    pub(super) fn new(head: &TapeHead, codec: Codec, range: &Range<MediaTime>) -> Self {
        let delay = match codec {
            Codec::Opus => u64::from(head.opus_pre_skip_samples),
            Codec::Aac => u64::from(head.aac_delay_samples),
        };
        let frame = u64::from(codec.frame_samples());
        let (start, end) = (range.start.0 + delay, range.end.0 + delay);
        let first = start.saturating_sub(settling_frames(codec) * frame) / frame;
        let frames = first..end.div_ceil(frame);
        let shown_samples = range.end.saturating_since(range.start).0;
        Self { codec, frames, lead_samples: start - first * frame, shown_samples }
    }

    /// The slots of the frames.
    pub(super) fn slots(&self) -> Range<Slot> {
        let per_chunk = self.per_chunk();
        Slot(self.frames.start / per_chunk)..Slot(self.frames.end.div_ceil(per_chunk))
    }

    /// Each of [`Self::slots`].
    pub(super) fn slot_numbers(&self) -> impl Iterator<Item = Slot> + use<> {
        let slots = self.slots();
        (slots.start.0..slots.end.0).map(Slot)
    }

    pub(super) fn chunks(&self) -> u64 {
        let slots = self.slots();
        slots.end.0 - slots.start.0
    }

    pub(super) fn slot_at(&self, index: usize) -> Slot {
        self.slots().start.plus(index as u64)
    }

    pub(super) fn index_of(&self, slot: Slot) -> Option<usize> {
        self.slots().contains(&slot).then(|| (slot.0 - self.slots().start.0) as usize)
    }

    /// Which frames of the slot's chunk are part of the file: all but in the first and last chunk.
    pub(super) fn frames_in(&self, slot: Slot) -> Range<usize> {
        let first = slot.0 * self.per_chunk();
        let start = self.frames.start.max(first) - first;
        let end = self.frames.end.min(first + self.per_chunk()) - first;
        start as usize..end as usize
    }

    /// Samples decoded by the end of the slot's chunk.
    pub(super) fn decoded_by_end_of(&self, slot: Slot) -> u64 {
        let end = self.frames.end.min((slot.0 + 1) * self.per_chunk());
        (end - self.frames.start) * u64::from(self.codec.frame_samples())
    }

    /// How many frames there are: at least one.
    pub(super) fn frames_count(&self) -> u64 {
        self.frames.end - self.frames.start
    }

    fn per_chunk(&self) -> u64 {
        self.codec.frames_per_chunk() as u64
    }
}
