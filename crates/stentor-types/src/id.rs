//! Names and numbers of things. A [`ShowId`] is part of URLs and folder names, so its parser is a
//! gate: what passes is safe in both.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::limits::SHOW_ID_CHARS_MAX;

/// First path segments that the doors use themselves, now or by design; no show may be called so.
pub const RESERVED: [&str; 22] = [
    "api", "app", "assets", "check", "embed", "embed-js", "favicon", "feed", "healthz", "help", "index",
    "listen", "metrics", "operator", "readyz", "replay", "robots", "shows", "static", "status", "studio",
    "sw",
];

/// The name of a show in its URL: 1 to 63 of `a-z`, `0-9` and `-`, neither first nor last a `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ShowId(Box<str>);

/// Why a text cannot name a show.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShowIdError {
    /// Empty, too long, or with other characters.
    #[error(
        "a show's name has 1 to {SHOW_ID_CHARS_MAX} of a-z, 0-9 and -, and neither begins nor ends with -"
    )]
    Malformed,
    /// One of [`RESERVED`].
    #[error("{0:?} is used by Stentor itself; choose another name for the show")]
    Reserved(Box<str>),
}

impl ShowId {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ShowId {
    type Err = ShowIdError;
    fn from_str(text: &str) -> Result<Self, ShowIdError> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let fits = (1..=SHOW_ID_CHARS_MAX).contains(&text.len()) && text.bytes().all(allowed);
        if !fits || text.starts_with('-') || text.ends_with('-') {
            return Err(ShowIdError::Malformed);
        }
        if RESERVED.contains(&text) {
            return Err(ShowIdError::Reserved(text.into()));
        }
        Ok(Self(text.into()))
    }
}

impl TryFrom<String> for ShowId {
    type Error = ShowIdError;
    fn try_from(text: String) -> Result<Self, ShowIdError> {
        text.parse()
    }
}

impl From<ShowId> for String {
    fn from(id: ShowId) -> Self {
        id.0.into()
    }
}

impl fmt::Display for ShowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A person on a show's stage, as long as their link lives: rises with every link, is never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SpeakerId(pub u32);

/// 64 random bits, written as 16 hexadecimal digits; identifies but does not authorise.
macro_rules! random_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:016x}", self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:016x})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                let canonical = text.len() == 16 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
                if !canonical {
                    return Err(IdError);
                }
                u64::from_str_radix(text, 16).map(Self).map_err(|_| IdError)
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
    };
}

/// The text is not an id of 16 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an id has 16 lower-case hexadecimal digits")]
pub struct IdError;

random_id! {
    /// A link to the stage: who holds its token may come in with its role.
    LinkId
}
random_id! {
    /// One connection of one person to the stage. Part of the session's URL, so it is random.
    SessionId
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn odd_names_are_refused() {
        let long = "a".repeat(SHOW_ID_CHARS_MAX + 1);
        let odd =
            ["", "-", "-a", "a-", "A", "a b", "a/b", "..", "a.b", "ä", "a\0", "a_b", "%41", long.as_str()];
        for text in odd {
            assert_eq!(text.parse::<ShowId>(), Err(ShowIdError::Malformed), "{text:?}");
        }
        for text in RESERVED {
            assert!(matches!(text.parse::<ShowId>(), Err(ShowIdError::Reserved(_))), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_passes_is_safe_in_paths_and_urls(text in "\\PC{0,80}") {
            if let Ok(id) = text.parse::<ShowId>() {
                prop_assert!(!id.as_str().contains(['/', '.', '\\', '%', ' ', '?', '#']));
                prop_assert_eq!(id.as_str(), text);
            }
        }

        #[test]
        fn ids_survive_their_text(id: u64) {
            prop_assert_eq!(LinkId(id).to_string().parse::<LinkId>(), Ok(LinkId(id)));
        }
    }
}
