//! The one way in which words from people enter the program.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::limits::{HAND_NOTE_CHARS_MAX, MESSAGE_CHARS_MAX, PERSON_NAME_CHARS_MAX, SHOW_TITLE_CHARS_MAX};

/// A single line from a person: trimmed, white space folded to single blanks, 1 to `MAX`
/// characters, no control characters and none that reverse the reading direction of what follows.
///
/// It may still hold any markup: whoever writes it out uses the encoder of that format.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Text<const MAX: usize>(Box<str>);

/// How a person is called on the stage.
pub type PersonName = Text<PERSON_NAME_CHARS_MAX>;

/// The title of a show.
pub type ShowTitle = Text<SHOW_TITLE_CHARS_MAX>;

/// What a host shows to the stage or to everyone.
pub type Message = Text<MESSAGE_CHARS_MAX>;

/// What a listener writes beside a raised hand.
pub type HandNote = Text<HAND_NOTE_CHARS_MAX>;

/// Why a text from a person was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// Nothing but white space.
    #[error("the text is empty")]
    Empty,
    /// Longer than allowed.
    #[error("the text has {actual} characters; {max} fit")]
    TooLong {
        /// Characters it has.
        actual: usize,
        /// Characters that fit.
        max: usize,
    },
    /// A control character, or one that changes the reading direction.
    #[error("the text has a character that does not print (U+{0:04X}); remove it")]
    Unprintable(u32),
}

impl<const MAX: usize> Text<MAX> {
    /// The text, for the encoder of whatever format it is written to.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// U+202A–202E, U+2066–2069, U+200E/F and U+061C reorder their surroundings; U+2028/9 break
/// lines in some formats; U+FEFF and U+FFF9–FFFB are invisible.
fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}' | '\u{061C}')
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}')
}

impl<const MAX: usize> FromStr for Text<MAX> {
    type Err = TextError;
    fn from_str(raw: &str) -> Result<Self, TextError> {
        // Four bytes a character at most: what cannot fit is refused before it is copied. White
        // space that would be folded does not count against a person who pasted some.
        if raw.len() > 16 * MAX.max(64) {
            return Err(TextError::TooLong { actual: raw.chars().count(), max: MAX });
        }
        let folded = raw.split_whitespace().collect::<Vec<_>>().join(" ");
        if folded.is_empty() {
            return Err(TextError::Empty);
        }
        if let Some(c) = folded.chars().find(|&c| is_unprintable(c)) {
            return Err(TextError::Unprintable(u32::from(c)));
        }
        match folded.chars().count() {
            actual if actual > MAX => Err(TextError::TooLong { actual, max: MAX }),
            _ => Ok(Self(folded.into())),
        }
    }
}

impl<const MAX: usize> TryFrom<String> for Text<MAX> {
    type Error = TextError;
    fn try_from(raw: String) -> Result<Self, TextError> {
        raw.parse()
    }
}

impl<const MAX: usize> From<Text<MAX>> for String {
    fn from(text: Text<MAX>) -> Self {
        text.0.into()
    }
}

impl<const MAX: usize> fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn white_space_folds_and_direction_marks_are_refused() {
        assert_eq!("  Ada \t  Lovelace\n".parse::<PersonName>().map(String::from), Ok("Ada Lovelace".into()));
        assert_eq!(" \n".parse::<PersonName>(), Err(TextError::Empty));
        assert_eq!("a\u{202E}b".parse::<PersonName>(), Err(TextError::Unprintable(0x202E)));
        assert_eq!("a\0b".parse::<PersonName>(), Err(TextError::Unprintable(0)));
        assert!(matches!(
            "x".repeat(41).parse::<PersonName>(),
            Err(TextError::TooLong { actual: 41, max: 40 })
        ));
    }

    proptest! {
        #[test]
        fn what_passes_is_one_printable_line(raw in ".{0,200}") {
            if let Ok(text) = raw.parse::<PersonName>() {
                prop_assert!(!text.as_str().chars().any(is_unprintable));
                prop_assert!(text.as_str().chars().count() <= PERSON_NAME_CHARS_MAX);
                prop_assert_eq!(text.as_str().parse::<PersonName>(), Ok(text.clone()));
            }
        }
    }
}
