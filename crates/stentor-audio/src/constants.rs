//! What is fixed for a tape by the encoders that will write it.

use bytes::Bytes;
use stentor_types::chunk::Frames;
use stentor_types::time::{CHUNK_SAMPLES, FRAME_SAMPLES};
use stentor_types::{Channels, RenditionMap};

use crate::AudioError;
use crate::encode::Encoders;

/// What a `TapeHead` says about the encoders, asked of the encoders themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constants {
    /// Look-ahead of the Opus encoders in samples: what a decoder leaves out at the start (RFC 7845 §4.2).
    pub opus_pre_skip_samples: u16,
    /// Delay of the AAC encoders in samples; 0 without the feature `aac`.
    pub aac_delay_samples: u32,
    /// AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1); empty without the feature `aac`.
    pub aac_config: Bytes,
    /// One chunk of silence in every rendition.
    pub filler: RenditionMap<Frames>,
}

/// Makes encoders for a moment and asks them.
pub fn constants(channels: Channels) -> Result<Constants, AudioError> {
    let mut encoders = Encoders::new(channels)?;
    let opus_pre_skip_samples = encoders.opus_look_ahead()?;
    #[cfg(feature = "aac")]
    let (aac_delay_samples, aac_config) = encoders.aac_constants()?;
    #[cfg(not(feature = "aac"))]
    let (aac_delay_samples, aac_config) = (0, Vec::new());
    encoders.make_independent()?;
    let silence = vec![0.0; FRAME_SAMPLES as usize * channels.count()];
    let mut chunk = || {
        for _ in 0..CHUNK_SAMPLES / FRAME_SAMPLES {
            encoders.encode(&silence);
        }
        encoders.take_chunk()
    };
    // The first chunk has the encoders' start in it; the second is like any other.
    chunk();
    Ok(Constants { opus_pre_skip_samples, aac_delay_samples, aac_config: aac_config.into(), filler: chunk() })
}
