//! The programme's encoders: every rendition, cut into chunks.

use stentor_types::chunk::Frames;
use stentor_types::time::SAMPLE_RATE_HZ;
use stentor_types::{Channels, Rendition, RenditionMap};

use crate::AudioError;
#[cfg(feature = "aac")]
use crate::aac::AacEncoder;
use crate::decode::opus_channels;

/// The longest frame of Opus (RFC 6716 §3.2.1, 1,275 bytes) and some.
const PACKET_BYTES_MAX: usize = 1_500;

/// How an Opus rendition is encoded. Complexities are libopus' 0 to 10; `examples/load.rs` shows
/// what they cost.
struct OpusSetting {
    rendition: Rendition,
    /// What libopus is asked for, in bit/s.
    bitrate_bps: i32,
    application: opus::Application,
    complexity: i32,
}

const OPUS: [OpusSetting; 3] = [
    OpusSetting {
        rendition: Rendition::Opus64,
        bitrate_bps: 64_000,
        application: opus::Application::Audio,
        complexity: 10,
    },
    // Speech takes less than what is asked for: of 32 kbit/s 27 with its pauses and 30 without, of 34 it takes 28 and 32.
    OpusSetting {
        rendition: Rendition::Opus32,
        bitrate_bps: 34_000,
        application: opus::Application::Audio,
        complexity: 10,
    },
    // At 16 kbps speech is intelligible because SILK models a voice.
    OpusSetting {
        rendition: Rendition::Opus16,
        bitrate_bps: 16_000,
        application: opus::Application::Voip,
        complexity: 10,
    },
];

/// Encoded frames on their way into a chunk.
#[derive(Debug, Default)]
pub(crate) struct FrameRun {
    lens_bytes: Vec<u16>,
    bytes: Vec<u8>,
}

impl FrameRun {
    pub(crate) fn push(&mut self, frame: &[u8]) {
        self.lens_bytes.push(u16::try_from(frame.len()).expect("an encoded frame is under 64 KiB"));
        self.bytes.extend_from_slice(frame);
    }

    pub(crate) fn take(&mut self, rendition: Rendition) -> Frames {
        assert_eq!(self.lens_bytes.len(), rendition.codec().frames_per_chunk(), "{rendition}");
        let lens_bytes = std::mem::take(&mut self.lens_bytes).into();
        Frames::new(lens_bytes, std::mem::take(&mut self.bytes).into()).expect("pushed together")
    }
}

#[derive(Debug)]
struct OpusRendition {
    rendition: Rendition,
    encoder: opus::Encoder,
    run: FrameRun,
}

/// All renditions of one epoch.
#[derive(Debug)]
pub(crate) struct Encoders {
    opus: Vec<OpusRendition>,
    #[cfg(feature = "aac")]
    aac: Vec<AacEncoder>,
    packet: Vec<u8>,
}

impl Encoders {
    pub(crate) fn new(channels: Channels) -> Result<Self, AudioError> {
        Ok(Self {
            opus: OPUS.iter().map(|setting| opus_rendition(setting, channels)).collect::<Result<_, _>>()?,
            #[cfg(feature = "aac")]
            aac: [Rendition::Aac64, Rendition::Aac32]
                .into_iter()
                .map(|rendition| AacEncoder::new(rendition, channels))
                .collect::<Result<_, _>>()?,
            packet: vec![0; PACKET_BYTES_MAX],
        })
    }

    /// Encodes one frame of 20 ms of sound within the ceiling.
    pub(crate) fn encode(&mut self, sound: &[f32]) {
        for opus in &mut self.opus {
            let encoded = opus.encoder.encode_float(sound, &mut self.packet);
            let len_bytes = encoded.expect("a limited frame of 20 ms can be encoded");
            opus.run.push(&self.packet[..len_bytes]);
        }
        #[cfg(feature = "aac")]
        for aac in &mut self.aac {
            aac.encode(sound);
        }
    }

    /// The frames of the last 16 calls of [`Self::encode`].
    pub(crate) fn take_chunk(&mut self) -> RenditionMap<Frames> {
        let mut frames = RenditionMap::default();
        for opus in &mut self.opus {
            frames.insert(opus.rendition, opus.run.take(opus.rendition));
        }
        #[cfg(feature = "aac")]
        for aac in &mut self.aac {
            frames.insert(aac.rendition(), aac.take_chunk());
        }
        frames
    }

    /// Makes Opus frames stand for themselves, whatever was decoded before them.
    pub(crate) fn make_independent(&mut self) -> Result<(), AudioError> {
        for opus in &mut self.opus {
            opus.encoder.set_prediction_disabled(true)?;
        }
        Ok(())
    }

    /// The look-ahead of the Opus encoders in samples, which is the same for all of them: they
    /// share an init segment.
    pub(crate) fn opus_look_ahead(&mut self) -> Result<u16, AudioError> {
        let mut look_ahead = 0;
        for opus in &mut self.opus {
            look_ahead = look_ahead.max(opus.encoder.get_lookahead()?);
        }
        Ok(u16::try_from(look_ahead).expect("libopus looks ahead a few milliseconds"))
    }

    /// The AAC encoders' delay in samples and their AudioSpecificConfig.
    #[cfg(feature = "aac")]
    pub(crate) fn aac_constants(&self) -> Result<(u32, Vec<u8>), AudioError> {
        let [first, second] = &self.aac[..] else { unreachable!("there are two AAC renditions") };
        let constants = first.constants()?;
        assert_eq!(constants, second.constants()?, "a tape has one AAC delay and configuration");
        Ok(constants)
    }
}

fn opus_rendition(setting: &OpusSetting, channels: Channels) -> Result<OpusRendition, AudioError> {
    let mut encoder = opus::Encoder::new(SAMPLE_RATE_HZ, opus_channels(channels), setting.application)?;
    encoder.set_bitrate(opus::Bitrate::Bits(setting.bitrate_bps))?;
    encoder.set_vbr(true)?;
    encoder.set_vbr_constraint(true)?;
    encoder.set_complexity(setting.complexity)?;
    // Frames keep coming in silence: players count them.
    encoder.set_dtx(false)?;
    Ok(OpusRendition { rendition: setting.rendition, encoder, run: FrameRun::default() })
}
