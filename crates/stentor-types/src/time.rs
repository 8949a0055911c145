//! Media time and the clocks of the outside world.

use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The rate of the media clock and of all sound inside Stentor.
pub const SAMPLE_RATE_HZ: u32 = 48_000;

/// Samples in one chunk: 0.32 s, where 16 Opus frames of 20 ms meet 15 AAC frames of 1024 samples.
pub const CHUNK_SAMPLES: u32 = 15_360;

/// Samples in one frame of the mixer and of Opus: 20 ms.
pub const FRAME_SAMPLES: u32 = 960;

/// A point on a show's media clock: samples at 48 kHz since slot 0, exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MediaTime(pub u64);

impl MediaTime {
    /// The slot that contains this sample.
    pub const fn slot(self) -> Slot {
        Slot(self.0 / CHUNK_SAMPLES as u64)
    }

    /// Seconds since slot 0, for display and for the wire's floating-point fields.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / f64::from(SAMPLE_RATE_HZ)
    }

    /// Whole milliseconds since slot 0, rounded down.
    pub const fn as_millis(self) -> u64 {
        self.0 / (SAMPLE_RATE_HZ as u64 / 1000)
    }

    /// The media time this long after slot 0, rounded down to a sample.
    pub fn from_duration(since_slot_0: Duration) -> Self {
        let samples = since_slot_0.as_nanos() * u128::from(SAMPLE_RATE_HZ) / 1_000_000_000;
        Self(u64::try_from(samples).unwrap_or(u64::MAX))
    }

    /// `self - other`, or zero if `other` is later.
    pub const fn saturating_since(self, other: Self) -> MediaTime {
        MediaTime(self.0.saturating_sub(other.0))
    }

    /// This many samples later.
    pub const fn plus_samples(self, samples: u64) -> Self {
        Self(self.0.saturating_add(samples))
    }
}

/// The number of a chunk on the media clock. Slots only rise, over restarts and new writers as well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Slot(pub u64);

impl Slot {
    /// The media time of the slot's first sample.
    pub const fn start(self) -> MediaTime {
        MediaTime(self.0.saturating_mul(CHUNK_SAMPLES as u64))
    }

    /// The slot after this one.
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// `n` slots later.
    pub const fn plus(self, n: u64) -> Self {
        Self(self.0.saturating_add(n))
    }

    /// `n` slots earlier, or slot 0.
    pub const fn minus(self, n: u64) -> Self {
        Self(self.0.saturating_sub(n))
    }
}

/// One unbroken run of one writer of a tape. A restart or a new writer opens a higher one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(pub u32);

impl Epoch {
    /// The epoch after this one.
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// The name of a chunk: no two different sounds ever share one. Written `epoch-slot`, as in URLs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The writer's run.
    pub epoch: Epoch,
    /// The place on the media clock.
    pub slot: Slot,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch.0, self.slot.0)
    }
}

/// The text is not an `epoch-slot` position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a position is written epoch-slot, such as 1-42")]
pub struct PositionError;

impl FromStr for Position {
    type Err = PositionError;

    fn from_str(text: &str) -> Result<Self, PositionError> {
        let (epoch, slot) = text.split_once('-').ok_or(PositionError)?;
        let canonical = |digits: &str| {
            let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            // One sound has one URL: "01-2" would be a second name for 1-2.
            plain && (digits == "0" || !digits.starts_with('0'))
        };
        if !canonical(epoch) || !canonical(slot) {
            return Err(PositionError);
        }
        let epoch = Epoch(epoch.parse().map_err(|_| PositionError)?);
        let slot = Slot(slot.parse().map_err(|_| PositionError)?);
        Ok(Self { epoch, slot })
    }
}

/// Monotonic time: microseconds since an origin that the shell chose at start-up. Control, slots
/// and lags run on it, so that a wall clock that jumps disturbs nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mono(pub u64);

impl Mono {
    /// The time from `earlier` to `self`, or zero if `earlier` is later.
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Mono {
    type Output = Self;
    fn add(self, later_by: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(later_by.as_micros()).unwrap_or(u64::MAX)))
    }
}

impl Sub<Duration> for Mono {
    type Output = Self;
    fn sub(self, earlier_by: Duration) -> Self {
        Self(self.0.saturating_sub(u64::try_from(earlier_by.as_micros()).unwrap_or(u64::MAX)))
    }
}

/// Wall time: milliseconds since the Unix epoch. For schedules, expiry and display only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Wall(pub i64);

impl Wall {
    /// This long after `self`.
    pub fn plus(self, later_by: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(later_by.as_millis()).unwrap_or(i64::MAX)))
    }

    /// This long before `self`.
    pub fn minus(self, earlier_by: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(earlier_by.as_millis()).unwrap_or(i64::MAX)))
    }

    /// The time from `earlier` to `self`, or zero if `earlier` is later.
    pub fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

/// Both clocks, read together once by the shell and handed to a core.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// Monotonic time.
    pub mono: Mono,
    /// Wall time.
    pub wall: Wall,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_chunk_holds_whole_frames_of_both_codecs() {
        assert_eq!(CHUNK_SAMPLES % FRAME_SAMPLES, 0);
        assert_eq!(CHUNK_SAMPLES % 1024, 0);
        assert_eq!(f64::from(CHUNK_SAMPLES) / f64::from(SAMPLE_RATE_HZ), 0.32);
    }

    #[test]
    fn a_position_has_exactly_one_spelling() {
        for text in ["", "-", "1", "1-", "-1", "01-2", "1-02", "+1-2", "1-2-3", "1- 2", "4294967296-0"] {
            assert!(text.parse::<Position>().is_err(), "{text:?} was taken");
        }
    }

    proptest! {
        #[test]
        fn positions_survive_their_text(epoch: u32, slot: u64) {
            let position = Position { epoch: Epoch(epoch), slot: Slot(slot) };
            prop_assert_eq!(position.to_string().parse::<Position>(), Ok(position));
        }

        #[test]
        fn a_sample_is_inside_its_slot(sample in 0..u64::MAX / 2) {
            let slot = MediaTime(sample).slot();
            prop_assert!(slot.start().0 <= sample && sample < slot.next().start().0);
        }
    }
}
