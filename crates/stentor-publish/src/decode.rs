//! Opens a file and decodes it piece by piece.

use std::fs::File;
use std::io::Cursor;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use stentor_types::Channels;
use stentor_types::time::{FRAME_SAMPLES, SAMPLE_RATE_HZ};
use symphonia::core::codecs::audio::well_known::CODEC_ID_OPUS;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;

use crate::error::PublishError;
use crate::resample::Resampler;

/// The longest sound that is played in one go: a day.
pub const DURATION_MAX: Duration = Duration::from_secs(24 * 3600);

/// The largest file: a day of CD-like sound, 24 × 3,600 s × 48,000 × 2 channels × 2 bytes = 16.6 GB. It
/// is decoded piece by piece and never held.
pub const FILE_BYTES_MAX: u64 = 24 * 3600 * 48_000 * 2 * 2;

/// Damaged packets in a row that are passed over: a second or two of any codec.
const DAMAGED_PACKETS_MAX: u32 = 100;

/// Channels of a file that are mixed down: 7.1 and no more.
const CHANNELS_MAX: usize = 8;

/// The longest Opus packet: 120 ms (RFC 6716 §3.2.5).
const OPUS_PACKET_SAMPLES_MAX: usize = 5_760;

/// Where sound comes from.
#[derive(Clone, Debug)]
pub enum Input {
    /// A file.
    File(PathBuf),
    /// A file's contents, such as one that is built into a program.
    Bytes(Bytes),
}

impl Input {
    /// How errors call it.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Bytes(_) => "the built-in sound".to_owned(),
        }
    }

    fn open(&self) -> Result<Box<dyn MediaSource>, PublishError> {
        let path = match self {
            Self::File(path) => path,
            Self::Bytes(bytes) => return Ok(Box::new(Cursor::new(bytes.clone()))),
        };
        let unreadable = |source| PublishError::Unreadable { name: self.name(), source };
        let file = File::open(path).map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;
        if metadata.is_dir() {
            return Err(unreadable(std::io::ErrorKind::IsADirectory.into()));
        }
        if metadata.len() > FILE_BYTES_MAX {
            let what = format!("{} bytes", metadata.len());
            return Err(PublishError::TooLong { name: self.name(), what });
        }
        Ok(Box::new(file))
    }
}

/// How long a sound is, exactly: it is decoded once to its end.
pub fn duration(input: &Input) -> Result<Duration, PublishError> {
    let mut sound = Sound::open(input, Channels::Mono)?;
    while sound.next_frame()?.is_some() {}
    Ok(Duration::from_nanos(sound.given * 1_000_000_000 / u64::from(SAMPLE_RATE_HZ)))
}

/// A sound being decoded: frames of 20 ms at 48 kHz.
pub struct Sound {
    name: String,
    reader: Box<dyn FormatReader>,
    track: u32,
    decoder: Decoder,
    resampler: Option<Resampler>,
    channels_in: usize,
    channels: Channels,
    ready: Vec<f32>,
    scratch: Vec<f32>,
    ended: bool,
    /// Samples a channel given out, without the silence that fills the last frame.
    given: u64,
}

enum Decoder {
    Symphonia(Box<dyn AudioDecoder>),
    Opus(opus::Decoder),
}

impl std::fmt::Debug for Sound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sound").field("name", &self.name).field("given", &self.given).finish_non_exhaustive()
    }
}

impl Sound {
    /// Opens a sound and finds its first track of audio. What it has is mixed to `channels`.
    pub fn open(input: &Input, channels: Channels) -> Result<Self, PublishError> {
        let name = input.name();
        let not_sound =
            |why: &dyn std::fmt::Display| PublishError::NotSound { name: input.name(), why: why.to_string() };
        let stream = MediaSourceStream::new(input.open()?, MediaSourceStreamOptions::default());
        let reader = symphonia::default::get_probe()
            .probe(&Hint::new(), stream, FormatOptions::default(), MetadataOptions::default())
            .map_err(|error| not_sound(&error))?;
        let track = reader.default_track(TrackType::Audio).ok_or_else(|| not_sound(&"it has no audio"))?;
        let params = track.codec_params.as_ref().and_then(|params| params.audio());
        let params = params.ok_or_else(|| not_sound(&"its audio has no description"))?;
        let decoder = Decoder::new(params).map_err(|why| not_sound(&why))?;
        let track = track.id;
        let mut sound = Self {
            name,
            reader,
            track,
            decoder,
            resampler: None,
            channels_in: 0,
            channels,
            ready: Vec::new(),
            scratch: Vec::new(),
            ended: false,
            given: 0,
        };
        // The first packet tells rate and channels, which not every container knows.
        sound.decode_packet()?;
        match sound.ready.is_empty() && sound.ended {
            true => Err(not_sound(&"it is empty")),
            false => Ok(sound),
        }
    }

    /// The next 20 ms, interleaved; `None` at the end. The last frame is filled with silence.
    pub fn next_frame(&mut self) -> Result<Option<Vec<f32>>, PublishError> {
        let channels = self.channels.count();
        let wanted = FRAME_SAMPLES as usize * channels;
        while self.ready.len() < wanted && !self.ended {
            self.decode_packet()?;
        }
        if self.ready.is_empty() {
            return Ok(None);
        }
        let mut frame: Vec<f32> = self.ready.drain(..wanted.min(self.ready.len())).collect();
        self.given += (frame.len() / channels) as u64;
        if self.given > DURATION_MAX.as_secs() * u64::from(SAMPLE_RATE_HZ) {
            return Err(PublishError::TooLong { name: self.name.clone(), what: "over 24 hours".into() });
        }
        frame.resize(wanted, 0.0);
        Ok(Some(frame))
    }

    fn decode_packet(&mut self) -> Result<(), PublishError> {
        for _ in 0..DAMAGED_PACKETS_MAX {
            let packet = match self.reader.next_packet() {
                Ok(Some(packet)) if packet.track_id == self.track => packet,
                Ok(Some(_)) => return Ok(()),
                // A file that was cut off ends where it was cut.
                Ok(None) | Err(Error::IoError(_) | Error::ResetRequired) => {
                    self.end();
                    return Ok(());
                }
                Err(error) => return Err(self.not_sound(&error)),
            };
            self.scratch.clear();
            match self.decoder.decode(&packet, &mut self.scratch) {
                Ok((rate_hz, channels)) => return self.take(rate_hz, channels),
                Err(_) => continue,
            }
        }
        Err(self.not_sound(&"its packets are damaged"))
    }

    /// Mixes what was decoded to our channels, brings it to 48 kHz and keeps it.
    fn take(&mut self, rate_hz: u32, channels_in: usize) -> Result<(), PublishError> {
        if self.channels_in == 0 {
            if !(1..=CHANNELS_MAX).contains(&channels_in) {
                return Err(self.not_sound(&format!("{channels_in} channels")));
            }
            self.channels_in = channels_in;
            if rate_hz != SAMPLE_RATE_HZ {
                let resampler = (4_000..=384_000)
                    .contains(&rate_hz)
                    .then(|| Resampler::new(rate_hz, self.channels.count()))
                    .flatten();
                self.resampler = Some(resampler.ok_or_else(|| self.not_sound(&format!("{rate_hz} Hz")))?);
            }
        }
        if self.channels_in != channels_in {
            return Err(self.not_sound(&"its number of channels changes"));
        }
        let mut mixed = Vec::with_capacity(self.scratch.len());
        for frame in self.scratch.chunks_exact(channels_in) {
            match (self.channels, frame) {
                (Channels::Stereo, [left, right]) => mixed.extend([left, right]),
                (channels, frame) => {
                    let mean = frame.iter().sum::<f32>() / channels_in as f32;
                    mixed.extend(std::iter::repeat_n(mean, channels.count()));
                }
            }
        }
        match &mut self.resampler {
            Some(resampler) => resampler.push(&mixed, &mut self.ready),
            None => self.ready.append(&mut mixed),
        }
        Ok(())
    }

    fn end(&mut self) {
        self.ended = true;
        if let Some(resampler) = &mut self.resampler {
            resampler.finish(&mut self.ready);
        }
    }

    fn not_sound(&self, why: &dyn std::fmt::Display) -> PublishError {
        PublishError::NotSound { name: self.name.clone(), why: why.to_string() }
    }
}

impl Decoder {
    fn new(params: &AudioCodecParameters) -> Result<Self, String> {
        if params.codec != CODEC_ID_OPUS {
            let decoder = symphonia::default::get_codecs()
                .make_audio_decoder(params, &AudioDecoderOptions::default())
                .map_err(|error| error.to_string())?;
            return Ok(Self::Symphonia(decoder));
        }
        let channels = params.channels.as_ref().map_or(2, |channels| channels.count());
        if channels > 2 {
            return Err(format!("Opus with {channels} channels"));
        }
        // libopus makes stereo of either.
        let decoder = opus::Decoder::new(SAMPLE_RATE_HZ, opus::Channels::Stereo);
        Ok(Self::Opus(decoder.map_err(|error| error.to_string())?))
    }

    /// Appends the packet's sound to `out`; returns its rate and channels.
    fn decode(&mut self, packet: &Packet, out: &mut Vec<f32>) -> Result<(u32, usize), String> {
        match self {
            Self::Symphonia(decoder) => {
                let sound = decoder.decode(packet).map_err(|error| error.to_string())?;
                out.resize(sound.samples_interleaved(), 0.0);
                sound.copy_to_slice_interleaved(&mut out[..]);
                Ok((sound.spec().rate(), sound.spec().channels().count()))
            }
            Self::Opus(decoder) => {
                out.resize(OPUS_PACKET_SAMPLES_MAX * 2, 0.0);
                let samples =
                    decoder.decode_float(&packet.data, out, false).map_err(|error| error.to_string())?;
                let trim = |trim: u64| usize::try_from(trim).unwrap_or(samples).min(samples);
                let (start, end) = (trim(packet.trim_start.get()), samples - trim(packet.trim_end.get()));
                out.truncate(end.max(start) * 2);
                out.drain(..start * 2);
                Ok((SAMPLE_RATE_HZ, 2))
            }
        }
    }
}
