//! A tape of real sound: a sweep through libopus and libfdk, 12 s of it.

use std::sync::LazyLock;

use bytes::Bytes;
use fdk_aac::enc;
use stentor_types::time::CHUNK_SAMPLES;
use stentor_types::{Channels, Codec, Frames, MediaTime, Rendition, RenditionMap, Slot, TapeHead, Wall};

use crate::sound::sweep;

/// 18 days into a show: decode times are beyond 32 bits. The first slot of a group of any interval.
pub(crate) const FIRST: Slot = Slot(4_800_000);

/// 39 × 0.32 s.
const CHUNKS: u64 = 39;

/// What was said and what is on the tape. Shared, since encoding takes a while.
pub(crate) static TAPE: LazyLock<Tape> = LazyLock::new(Tape::record);

pub(crate) struct Tape {
    pub(crate) head: TapeHead,
    /// What was said, from the first slot on.
    pub(crate) said: Vec<i16>,
    chunks: RenditionMap<Vec<Frames>>,
}

impl Tape {
    /// The chunks of these slots, counted from [`FIRST`].
    pub(crate) fn chunks(&self, rendition: Rendition, from: u64, count: u64) -> Vec<&Frames> {
        (from..from + count).map(|n| self.chunk(rendition, FIRST.plus(n)).expect("on the tape")).collect()
    }

    /// The chunk of a slot; `None` before and behind the tape.
    pub(crate) fn chunk(&self, rendition: Rendition, slot: Slot) -> Option<&Frames> {
        let index = slot.0.checked_sub(FIRST.0)?;
        self.chunks.get(rendition)?.get(index as usize)
    }

    /// What was said from a media time on.
    pub(crate) fn said_from(&self, at: MediaTime) -> &[i16] {
        &self.said[at.saturating_since(FIRST.start()).0 as usize..]
    }

    fn record() -> Self {
        let said = sweep(CHUNKS * u64::from(CHUNK_SAMPLES));
        let silence = vec![0; CHUNK_SAMPLES as usize];
        let (mut chunks, mut filler) = (RenditionMap::default(), RenditionMap::default());
        for rendition in Rendition::ALL {
            chunks.insert(rendition, Encoder::new(rendition).chunks(&said));
            filler.insert(rendition, Encoder::new(rendition).chunks(&silence).remove(0));
        }
        let info = aac_encoder(Rendition::Aac64).info().expect("an encoder knows itself");
        let head = TapeHead {
            show: "sweep".parse().expect("a name"),
            anchor: Wall(1_790_000_000_000),
            channels: Channels::Mono,
            opus_pre_skip_samples: opus_encoder(Rendition::Opus32).get_lookahead().expect("it has one")
                as u16,
            aac_delay_samples: info.nDelay,
            aac_config: Bytes::copy_from_slice(&info.confBuf[..info.confSize as usize]),
            filler,
        };
        Self { head, said, chunks }
    }
}

enum Encoder {
    Opus(opus::Encoder),
    Aac(enc::Encoder),
}

impl Encoder {
    fn new(rendition: Rendition) -> Self {
        match rendition.codec() {
            Codec::Opus => Self::Opus(opus_encoder(rendition)),
            Codec::Aac => Self::Aac(aac_encoder(rendition)),
        }
    }

    fn chunks(mut self, samples: &[i16]) -> Vec<Frames> {
        let frame_samples = match self {
            Self::Opus(_) => Codec::Opus.frame_samples(),
            Self::Aac(_) => Codec::Aac.frame_samples(),
        };
        let mut chunk = |samples: &[i16]| {
            let frames: Vec<_> =
                samples.chunks_exact(frame_samples as usize).map(|frame| self.frame(frame)).collect();
            Frames::from_slices(frames.iter().map(Vec::as_slice))
        };
        samples.chunks_exact(CHUNK_SAMPLES as usize).map(&mut chunk).collect()
    }

    fn frame(&mut self, samples: &[i16]) -> Vec<u8> {
        match self {
            Self::Opus(encoder) => encoder.encode_vec(samples, 1275).expect("Opus encodes 20 ms"),
            Self::Aac(encoder) => {
                let mut out = vec![0; 1536];
                let info = encoder.encode(samples, &mut out).expect("AAC encodes 1024 samples");
                assert!(info.input_consumed == samples.len() && info.output_size > 0, "a frame for a frame");
                out.truncate(info.output_size);
                out
            }
        }
    }
}

fn opus_encoder(rendition: Rendition) -> opus::Encoder {
    let mut encoder = opus::Encoder::new(48_000, opus::Channels::Mono, opus::Application::Audio)
        .expect("libopus gives an encoder");
    encoder.set_bitrate(opus::Bitrate::Bits(rendition.kbps() as i32 * 1000)).expect("it takes the bitrate");
    encoder
}

fn aac_encoder(rendition: Rendition) -> enc::Encoder {
    enc::Encoder::new(enc::EncoderParams {
        bit_rate: enc::BitRate::Cbr(rendition.kbps() * 1000),
        sample_rate: 48_000,
        transport: enc::Transport::Raw,
        channels: enc::ChannelMode::Mono,
        audio_object_type: enc::AudioObjectType::Mpeg4LowComplexity,
    })
    .expect("libfdk gives an encoder")
}
