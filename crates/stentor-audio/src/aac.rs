//! AAC-LC by libfdk: frames of 1024 samples out of ticks of 960.

use fdk_aac::enc;
use stentor_types::chunk::Frames;
use stentor_types::time::SAMPLE_RATE_HZ;
use stentor_types::{Channels, Rendition};

use crate::AudioError;
use crate::encode::FrameRun;

/// Samples of a frame (ISO/IEC 14496-3 §4.5.1.1).
const FRAME: usize = 1024;

/// AAC-LC's longest frame: 6,144 bits a channel (ISO/IEC 14496-3 §4.5.3.1).
const FRAME_BYTES_MAX: usize = 2 * 768;

pub(crate) struct AacEncoder {
    rendition: Rendition,
    encoder: enc::Encoder,
    frame_len: usize,
    waiting: Vec<i16>,
    run: FrameRun,
}

impl std::fmt::Debug for AacEncoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AacEncoder").field("rendition", &self.rendition).finish_non_exhaustive()
    }
}

impl AacEncoder {
    pub(crate) fn new(rendition: Rendition, channels: Channels) -> Result<Self, AudioError> {
        let encoder = enc::Encoder::new(enc::EncoderParams {
            bit_rate: enc::BitRate::Cbr(rendition.kbps() * 1000),
            sample_rate: SAMPLE_RATE_HZ,
            transport: enc::Transport::Raw,
            channels: match channels {
                Channels::Mono => enc::ChannelMode::Mono,
                Channels::Stereo => enc::ChannelMode::Stereo,
            },
            audio_object_type: enc::AudioObjectType::Mpeg4LowComplexity,
        })
        .map_err(AudioError::Aac)?;
        let frame_len = FRAME * channels.count();
        Ok(Self { rendition, encoder, frame_len, waiting: Vec::new(), run: FrameRun::default() })
    }

    pub(crate) fn rendition(&self) -> Rendition {
        self.rendition
    }

    /// Takes sound in and encodes every frame that is whole.
    pub(crate) fn encode(&mut self, sound: &[f32]) {
        self.waiting.extend(sound.iter().map(|x| (x * 32_767.0).round() as i16));
        while self.waiting.len() >= self.frame_len {
            let mut frame = [0; FRAME_BYTES_MAX];
            let encoded = self.encoder.encode(&self.waiting[..self.frame_len], &mut frame);
            let encoded = encoded.expect("a whole frame can be encoded");
            // The grid stands on it: 15 frames in, 15 frames out, from the first on.
            assert_eq!(encoded.input_consumed, self.frame_len, "libfdk takes whole frames");
            assert!(encoded.output_size > 0, "libfdk gives a frame for a frame");
            self.run.push(&frame[..encoded.output_size]);
            self.waiting.drain(..self.frame_len);
        }
    }

    pub(crate) fn take_chunk(&mut self) -> Frames {
        self.run.take(self.rendition)
    }

    /// Delay in samples and AudioSpecificConfig.
    pub(crate) fn constants(&self) -> Result<(u32, Vec<u8>), AudioError> {
        let info = self.encoder.info().map_err(AudioError::Aac)?;
        Ok((info.nDelay, info.confBuf[..info.confSize as usize].to_vec()))
    }
}
