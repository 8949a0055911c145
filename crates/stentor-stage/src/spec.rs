//! What is fixed when a show is announced.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use stentor_types::limits::{DOORS_BEFORE_START, END_UNDO};
use stentor_types::{Channels, ShowId, ShowTitle, Wall};

/// Doors open a day before the start at most: a day of slate is 86,400 s × 26 kB/s ≈ 2.3 GB of tape.
pub const DOORS_BEFORE_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// The shortest broadcast delay there is: to hear a word, to understand it and to press a button take 5 s.
pub const DELAY_MIN: Duration = Duration::from_secs(7);

/// The longest broadcast delay: what is in it stays under 20 s × 48,000 × 2 × 4 B = 7.7 MB a show.
pub const DELAY_MAX: Duration = Duration::from_secs(20);

// What was said before the end is heard before the end is final.
const _: () = assert!(DELAY_MAX.as_secs() < END_UNDO.as_secs());

/// 31 December 9999, 23:59:59 UTC in seconds, the last moment that calendars can write, in Unix milliseconds.
pub const STARTS_AT_MAX: Wall = Wall(253_402_300_799_000);

/// Characters of a language tag that are taken: language, script and region (`sr-Latn-RS` has 10).
const LANGUAGE_CHARS_MAX: usize = 16;

/// A show as it is announced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShowSpec {
    /// Its name in URLs.
    pub id: ShowId,
    /// Its title on pages and in players.
    pub title: ShowTitle,
    /// The language that is spoken.
    pub language: Language,
    /// When it is to begin; without it, the doors open at once.
    pub starts_at: Option<Wall>,
    /// How long before the start the doors open.
    #[serde(rename = "doors_before_s", with = "whole_seconds")]
    pub doors_before: Duration,
    /// Mono or stereo.
    pub channels: Channels,
    /// The broadcast delay, in which a host can dump what was said: none, or [`DELAY_MIN`] to
    /// [`DELAY_MAX`].
    #[serde(rename = "delay_s", with = "whole_seconds", default)]
    pub delay: Duration,
    /// Whether each speaker's own track is recorded beside the programme. Everybody agrees to that before they
    /// come in ([`CONSENT_NOTICE_OWN_TRACKS`](crate::CONSENT_NOTICE_OWN_TRACKS)).
    #[serde(default)]
    pub own_tracks: bool,
}

/// Why a show cannot be announced so. The caller's fault; not to be retried unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpecError {
    /// Doors would open more than [`DOORS_BEFORE_MAX`] before the start.
    #[error("doors open at most {} s before the start", DOORS_BEFORE_MAX.as_secs())]
    DoorsTooEarly,
    /// The start lies before 1970 or after 9999.
    #[error("the start is a time in Unix milliseconds between 1970 and 9999")]
    StartOutOfRange,
    /// The broadcast delay is neither 0 nor from [`DELAY_MIN`] to [`DELAY_MAX`].
    #[error("a broadcast delay is 0, or {} to {} s", DELAY_MIN.as_secs(), DELAY_MAX.as_secs())]
    DelayOutOfRange,
}

impl ShowSpec {
    /// A show called by its id, in English, mono, with open doors, without a delay and without own tracks.
    pub fn new(id: ShowId) -> Self {
        let title = id.as_str().parse().expect("a show's id is shorter than a title and printable");
        let language = Language("en".into());
        Self {
            id,
            title,
            language,
            starts_at: None,
            doors_before: DOORS_BEFORE_START,
            channels: Channels::Mono,
            delay: Duration::ZERO,
            own_tracks: false,
        }
    }

    /// Whether the times make sense.
    pub fn check(&self) -> Result<(), SpecError> {
        if self.doors_before > DOORS_BEFORE_MAX {
            return Err(SpecError::DoorsTooEarly);
        }
        if !self.delay.is_zero() && !(DELAY_MIN..=DELAY_MAX).contains(&self.delay) {
            return Err(SpecError::DelayOutOfRange);
        }
        match self.starts_at {
            Some(at) if at < Wall(0) || at > STARTS_AT_MAX => Err(SpecError::StartOutOfRange),
            _ => Ok(()),
        }
    }

    /// When the doors are to open; `None` means at once.
    pub fn doors_at(&self) -> Option<Wall> {
        self.starts_at.map(|at| at.minus(self.doors_before))
    }
}

/// What a person on the stage may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Runs the show.
    Host,
    /// Helps to run it.
    CoHost,
    /// Talks.
    Speaker,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Host => "host",
            Self::CoHost => "co-host",
            Self::Speaker => "speaker",
        })
    }
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Host, Self::CoHost, Self::Speaker];

    /// Whether the role may put the show on air and end it.
    pub const fn runs_the_show(self) -> bool {
        matches!(self, Self::Host | Self::CoHost)
    }

    /// How a link of this role is labelled when nobody said otherwise.
    pub const fn default_label(self) -> &'static str {
        match self {
            Self::Host => "Host",
            Self::CoHost => "Co-host",
            Self::Speaker => "Guest",
        }
    }
}

/// A short language tag (BCP 47, RFC 5646 §2.1): a language of two or three letters, then
/// optionally script, region or variants. Written with a lower-case language.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Language(Box<str>);

/// The text is not a short language tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a language is written as a short tag such as en, de or pt-BR")]
pub struct LanguageError;

impl Language {
    /// The tag, for `lang` attributes and documents.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Language {
    type Err = LanguageError;
    fn from_str(text: &str) -> Result<Self, LanguageError> {
        let mut subtags = text.split('-');
        let language = subtags.next().unwrap_or_default();
        let is_language =
            (2..=3).contains(&language.len()) && language.bytes().all(|b| b.is_ascii_alphabetic());
        let mut rest = subtags.clone();
        let are_subtags =
            rest.all(|tag| (2..=8).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphanumeric()));
        if text.len() > LANGUAGE_CHARS_MAX || !is_language || !are_subtags {
            return Err(LanguageError);
        }
        let mut tag = text.to_owned();
        tag[..language.len()].make_ascii_lowercase();
        Ok(Self(tag.into()))
    }
}

impl TryFrom<String> for Language {
    type Error = LanguageError;
    fn try_from(text: String) -> Result<Self, LanguageError> {
        text.parse()
    }
}

impl From<Language> for String {
    fn from(language: Language) -> Self {
        language.0.into()
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A duration as a whole number of seconds.
mod whole_seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(duration: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(duration.as_secs())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_secs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_short_tags_with_one_spelling() {
        for (text, tag) in [("en", "en"), ("DE", "de"), ("pt-BR", "pt-BR"), ("sr-Latn-RS", "sr-Latn-RS")] {
            assert_eq!(text.parse::<Language>().map(String::from), Ok(tag.into()));
        }
        for odd in ["", "e", "engl", "en-", "-en", "en_US", "e1", "en-\"", "en-x", "aa-bbbbbbbb-cccccccc"] {
            assert_eq!(odd.parse::<Language>(), Err(LanguageError), "{odd:?}");
        }
    }

    #[test]
    fn impossible_times_are_refused() {
        let spec = ShowSpec::new("demo".parse().expect("a valid id"));
        assert_eq!(spec.check(), Ok(()));
        let early = ShowSpec { doors_before: DOORS_BEFORE_MAX + Duration::from_secs(1), ..spec.clone() };
        assert_eq!(early.check(), Err(SpecError::DoorsTooEarly));
        for at in [Wall(-1), Wall(i64::MIN), STARTS_AT_MAX.plus(Duration::from_millis(1)), Wall(i64::MAX)] {
            let odd = ShowSpec { starts_at: Some(at), ..spec.clone() };
            assert_eq!(odd.check(), Err(SpecError::StartOutOfRange), "{at:?}");
        }
        for (delay_s, expected) in [
            (0, Ok(())),
            (7, Ok(())),
            (20, Ok(())),
            (1, Err(SpecError::DelayOutOfRange)),
            (6, Err(SpecError::DelayOutOfRange)),
            (21, Err(SpecError::DelayOutOfRange)),
            (u64::MAX, Err(SpecError::DelayOutOfRange)),
        ] {
            let delayed = ShowSpec { delay: Duration::from_secs(delay_s), ..spec.clone() };
            assert_eq!(delayed.check(), expected, "{delay_s} s");
        }
    }
}
