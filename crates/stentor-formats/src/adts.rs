//! ADTS (ISO/IEC 14496-3 §1.A.3): AAC frames, each behind a header of seven bytes.

use bytes::Bytes;
use stentor_types::{Frames, TapeHead};

use crate::FormatError;

/// Bytes before each frame, without a checksum.
pub const HEADER_BYTES: usize = 7;

/// The longest frame that the header's 13 bits can tell.
const FRAME_BYTES_MAX: usize = (1 << 13) - 1 - HEADER_BYTES;

/// What an AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1) of ours says, beyond AAC-LC at 48 kHz.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AacConfig {
    /// `channelConfiguration`: 1 or 2, which is the number of channels as well.
    pub(crate) channels: u8,
}

impl AacConfig {
    const OBJECT_TYPE_LC: u8 = 2;
    const FREQUENCY_INDEX_48_KHZ: u8 = 3;

    /// Reads the configuration of the tape: 5 bits object type, 4 bits frequency, 4 bits channels.
    pub(crate) fn of(head: &TapeHead) -> Result<Self, FormatError> {
        let [first, second, ..] = *head.aac_config else { return Err(FormatError::AacConfig) };
        let object_type = first >> 3;
        let frequency_index = (first & 7) << 1 | second >> 7;
        let channels = second >> 3 & 15;
        let ours = object_type == Self::OBJECT_TYPE_LC && frequency_index == Self::FREQUENCY_INDEX_48_KHZ;
        if ours && (1..=2).contains(&channels) { Ok(Self { channels }) } else { Err(FormatError::AacConfig) }
    }

    /// The frames of the chunks, each with its header.
    pub(crate) fn frames(self, chunks: &[&Frames]) -> Bytes {
        let bytes = chunks.iter().map(|frames| frames.bytes().len() + HEADER_BYTES * frames.count()).sum();
        let mut out = Vec::with_capacity(bytes);
        for frame in chunks.iter().flat_map(|frames| frames.iter()) {
            out.extend_from_slice(&self.header(frame.len()));
            out.extend_from_slice(frame);
        }
        out.into()
    }

    fn header(self, frame_bytes: usize) -> [u8; HEADER_BYTES] {
        assert!(frame_bytes <= FRAME_BYTES_MAX, "an AAC-LC frame has at most 768 bytes a channel");
        let len = (frame_bytes + HEADER_BYTES) as u32;
        // 28 fixed bits: sync word, MPEG-4, layer 0, no checksum, profile, frequency, private, channels,
        // original, home. 28 variable bits: copyright twice, length, fullness "variable", one frame.
        let fixed = 0xFFF_1000
            | u32::from(Self::OBJECT_TYPE_LC - 1) << 10
            | u32::from(Self::FREQUENCY_INDEX_48_KHZ) << 6
            | u32::from(self.channels) << 2;
        let variable = len << 13 | 0x7FF << 2;
        let bits = u64::from(fixed) << 28 | u64::from(variable);
        let [_, header @ ..] = bits.to_be_bytes();
        header
    }
}

/// The frames of neighbouring chunks of an AAC rendition. Frames need nothing before them, so a listener
/// may begin with any call's bytes.
pub fn frames(head: &TapeHead, chunks: &[&Frames]) -> Result<Bytes, FormatError> {
    Ok(AacConfig::of(head)?.frames(chunks))
}
