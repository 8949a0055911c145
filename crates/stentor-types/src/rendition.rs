//! The encodings of a programme.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::time::CHUNK_SAMPLES;

/// How the samples of a rendition are coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Codec {
    /// Opus, RFC 6716, frames of 20 ms.
    Opus,
    /// AAC-LC, ISO/IEC 14496-3, frames of 1024 samples.
    Aac,
}

impl Codec {
    /// Samples in one frame.
    pub const fn frame_samples(self) -> u32 {
        match self {
            Self::Opus => 960,
            Self::Aac => 1024,
        }
    }

    /// Frames in one chunk: 16 of Opus, 15 of AAC.
    pub const fn frames_per_chunk(self) -> usize {
        (CHUNK_SAMPLES / self.frame_samples()) as usize
    }
}

/// One encoding of the programme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rendition {
    /// Opus at 64 kbps: for music and quiet rooms.
    #[serde(rename = "opus-64")]
    Opus64,
    /// Opus at 32 kbps: the default.
    #[serde(rename = "opus-32")]
    Opus32,
    /// Opus at 16 kbps: the lifeboat.
    #[serde(rename = "opus-16")]
    Opus16,
    /// AAC-LC at 64 kbps.
    #[serde(rename = "aac-64")]
    Aac64,
    /// AAC-LC at 32 kbps.
    #[serde(rename = "aac-32")]
    Aac32,
}

impl Rendition {
    /// Every rendition, in the order of the tape.
    pub const ALL: [Self; 5] = [Self::Opus64, Self::Opus32, Self::Opus16, Self::Aac64, Self::Aac32];

    /// The rendition's place in [`Self::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// How its samples are coded.
    pub const fn codec(self) -> Codec {
        match self {
            Self::Opus64 | Self::Opus32 | Self::Opus16 => Codec::Opus,
            Self::Aac64 | Self::Aac32 => Codec::Aac,
        }
    }

    /// Nominal bitrate of the codec's bytes, without container.
    pub const fn kbps(self) -> u32 {
        match self {
            Self::Opus64 | Self::Aac64 => 64,
            Self::Opus32 | Self::Aac32 => 32,
            Self::Opus16 => 16,
        }
    }

    /// The name used in URLs and documents, such as `opus-32`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Opus64 => "opus-64",
            Self::Opus32 => "opus-32",
            Self::Opus16 => "opus-16",
            Self::Aac64 => "aac-64",
            Self::Aac32 => "aac-32",
        }
    }

    /// The rendition of `codec` for a wish in kbps: the nearest at or below it, else the lowest.
    pub fn nearest_below(codec: Codec, kbps: u32) -> Self {
        let of_codec = || Self::ALL.into_iter().filter(move |r| r.codec() == codec);
        let lowest = of_codec().min_by_key(|r| r.kbps());
        let best = of_codec().filter(|r| r.kbps() <= kbps).max_by_key(|r| r.kbps());
        best.or(lowest).unwrap_or(Self::Opus32)
    }
}

impl fmt::Display for Rendition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no rendition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the renditions are opus-64, opus-32, opus-16, aac-64 and aac-32")]
pub struct RenditionError;

impl FromStr for Rendition {
    type Err = RenditionError;
    fn from_str(text: &str) -> Result<Self, RenditionError> {
        Self::ALL.into_iter().find(|r| r.name() == text).ok_or(RenditionError)
    }
}

/// Mono or stereo; fixed when a show is created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channels {
    /// One channel: the default, for speech.
    #[default]
    Mono,
    /// Two channels, interleaved left, right.
    Stereo,
}

impl Channels {
    /// 1 or 2.
    pub const fn count(self) -> usize {
        match self {
            Self::Mono => 1,
            Self::Stereo => 2,
        }
    }
}

/// A set of renditions, for instance what a tape holds (without the feature `aac` only Opus).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RenditionSet(u8);

impl RenditionSet {
    /// No rendition.
    pub const EMPTY: Self = Self(0);
    /// Every rendition.
    pub const ALL: Self = Self(0b1_1111);
    /// The Opus renditions.
    pub const OPUS: Self = Self(0b0_0111);

    /// The set with `rendition` in it.
    #[must_use]
    pub const fn with(self, rendition: Rendition) -> Self {
        Self(self.0 | 1 << rendition.index())
    }

    /// Whether `rendition` is in the set.
    pub const fn contains(self, rendition: Rendition) -> bool {
        self.0 & (1 << rendition.index()) != 0
    }

    /// The renditions of the set in the order of the tape.
    pub fn iter(self) -> impl Iterator<Item = Rendition> {
        Rendition::ALL.into_iter().filter(move |r| self.contains(*r))
    }

    /// The set as bits, bit `i` for `Rendition::ALL[i]`.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// The set of these bits; bits that name no rendition make it `None`.
    pub const fn from_bits(bits: u8) -> Option<Self> {
        if bits & !Self::ALL.0 == 0 { Some(Self(bits)) } else { None }
    }
}

impl FromIterator<Rendition> for RenditionSet {
    fn from_iter<I: IntoIterator<Item = Rendition>>(renditions: I) -> Self {
        renditions.into_iter().fold(Self::EMPTY, Self::with)
    }
}

/// One optional value per rendition, such as the frames of a chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenditionMap<T>([Option<T>; Rendition::ALL.len()]);

impl<T> Default for RenditionMap<T> {
    fn default() -> Self {
        Self([const { None }; Rendition::ALL.len()])
    }
}

impl<T> RenditionMap<T> {
    /// The value of `rendition`, if there is one.
    pub fn get(&self, rendition: Rendition) -> Option<&T> {
        self.0[rendition.index()].as_ref()
    }

    /// The value of `rendition` for changing, if there is one.
    pub fn get_mut(&mut self, rendition: Rendition) -> Option<&mut T> {
        self.0[rendition.index()].as_mut()
    }

    /// Sets the value of `rendition` and returns the one it had.
    pub fn insert(&mut self, rendition: Rendition, value: T) -> Option<T> {
        self.0[rendition.index()].replace(value)
    }

    /// The renditions that have a value, with it, in the order of the tape.
    pub fn iter(&self) -> impl Iterator<Item = (Rendition, &T)> {
        Rendition::ALL.into_iter().filter_map(|r| self.get(r).map(|value| (r, value)))
    }

    /// The renditions that have a value.
    pub fn set(&self) -> RenditionSet {
        self.iter().map(|(rendition, _)| rendition).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_gets_the_nearest_below() {
        let opus = |kbps| Rendition::nearest_below(Codec::Opus, kbps);
        assert_eq!(opus(64), Rendition::Opus64);
        assert_eq!(opus(63), Rendition::Opus32);
        assert_eq!(opus(16), Rendition::Opus16);
        assert_eq!(opus(0), Rendition::Opus16);
        assert_eq!(Rendition::nearest_below(Codec::Aac, 16), Rendition::Aac32);
        assert_eq!(Rendition::nearest_below(Codec::Aac, u32::MAX), Rendition::Aac64);
    }

    #[test]
    fn names_serde_and_sets_agree() {
        for rendition in Rendition::ALL {
            assert_eq!(rendition.name().parse(), Ok(rendition));
            let json = serde_json::to_string(&rendition).expect("plain enum");
            assert_eq!(json, format!("\"{}\"", rendition.name()));
            assert!(RenditionSet::ALL.contains(rendition));
        }
        assert_eq!(RenditionSet::from_bits(0b10_0000), None);
        assert!(RenditionSet::OPUS.iter().all(|r| r.codec() == Codec::Opus));
    }
}
