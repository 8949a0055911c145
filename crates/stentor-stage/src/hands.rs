//! Hands: listeners who ask to speak. They are kept in memory only, bounded, and gone when their
//! page stops asking.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use stentor_types::{HandNote, LinkId, Mono, PersonName, Reason};

use crate::command::HandAnswer;

/// Hands of one show, waiting or just answered: more than a host can read. Of about 1 kB each, name
/// and note at four bytes a character included, they take 100 kB.
pub const HANDS_MAX: usize = 100;

/// Hands from one origin, so that one network cannot fill the list: a couple on one sofa fits.
pub const HANDS_PER_ORIGIN_MAX: usize = 2;

/// A hand whose page has not asked for so long is gone: six questions at the usual 5 s.
pub const HAND_SILENCE_MAX: Duration = Duration::from_secs(30);

/// How long a *no* can be read.
const DECLINED_KEPT: Duration = Duration::from_secs(30);

/// How long a *yes* waits for its person, who has to find a microphone and agree to the notice.
pub const ACCEPTED_KEPT: Duration = Duration::from_secs(10 * 60);

/// A hand's number, by which a host answers it: in the order in which they were raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HandId(pub u64);

/// What a listener's page asks with for its own hand: 128 random bits, written as 32 hexadecimal
/// digits. A secret of that page: it is answered with a key to the stage.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HandToken(u128);

/// The text is not a token of 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a hand's token has 32 lower-case hexadecimal digits")]
pub struct HandTokenError;

impl fmt::Display for HandToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for HandToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HandToken(…)")
    }
}

impl FromStr for HandToken {
    type Err = HandTokenError;
    fn from_str(text: &str) -> Result<Self, HandTokenError> {
        if text.len() != 32 || !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(HandTokenError);
        }
        u128::from_str_radix(text, 16).map(Self).map_err(|_| HandTokenError)
    }
}

impl TryFrom<String> for HandToken {
    type Error = HandTokenError;
    fn try_from(text: String) -> Result<Self, HandTokenError> {
        text.parse()
    }
}

impl From<HandToken> for String {
    fn from(token: HandToken) -> Self {
        token.to_string()
    }
}

/// How a hand stands.
#[derive(Clone, PartialEq, Eq)]
pub enum HandState {
    /// It is up.
    Waiting {
        /// Its place among those that are up, from 1.
        place: usize,
    },
    /// The host said yes.
    Accepted {
        /// The key of a link of one use: a secret for this page.
        key: String,
    },
    /// The host said no.
    Declined,
    /// There is no such hand, or no longer.
    Gone,
}

impl fmt::Debug for HandState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Waiting { place } => f.debug_struct("Waiting").field("place", place).finish(),
            Self::Accepted { .. } => f.debug_struct("Accepted").finish_non_exhaustive(),
            Self::Declined => f.write_str("Declined"),
            Self::Gone => f.write_str("Gone"),
        }
    }
}

/// A hand that waits for an answer, as a host sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RaisedHand<'a> {
    /// Its number.
    pub id: HandId,
    /// What the listener is called.
    pub name: &'a PersonName,
    /// What the listener wants to say.
    pub note: Option<&'a HandNote>,
    /// How long it has been up.
    pub waited: Duration,
}

/// The hands of a show.
#[derive(Debug, Default)]
pub(crate) struct Hands {
    by_token: BTreeMap<HandToken, Hand>,
    raised: u64,
}

#[derive(Debug)]
struct Hand {
    id: HandId,
    name: PersonName,
    note: Option<HandNote>,
    origin: u64,
    raised_at: Mono,
    said: Said,
    /// When it is forgotten, unless something happens.
    gone_at: Mono,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Nothing,
    Yes(LinkId),
    No,
}

/// How a hand stands, inside the stage, which has the keys.
pub(crate) enum Standing {
    Waiting { place: usize },
    Accepted(LinkId),
    Declined,
    Gone,
}

impl Hands {
    pub(crate) fn raise(
        &mut self,
        now: Mono,
        name: PersonName,
        note: Option<HandNote>,
        origin: u64,
        entropy: &[u8; 32],
    ) -> Result<HandToken, Reason> {
        let from_there = self.by_token.values().filter(|hand| hand.origin == origin).count();
        if self.by_token.len() >= HANDS_MAX || from_there >= HANDS_PER_ORIGIN_MAX {
            return Err(Reason::TooManyHands);
        }
        let token = HandToken(u128::from_be_bytes(*entropy.first_chunk().expect("32 bytes begin with 16")));
        self.raised += 1;
        let (id, gone_at) = (HandId(self.raised), now + HAND_SILENCE_MAX);
        let hand = Hand { id, name, note, origin, raised_at: now, said: Said::Nothing, gone_at };
        let older = self.by_token.insert(token, hand);
        assert!(older.is_none(), "128 random bits do not come twice");
        Ok(token)
    }

    /// How a hand stands. Asking keeps it up.
    pub(crate) fn poll(&mut self, now: Mono, token: HandToken) -> Standing {
        let Some(hand) = self.by_token.get_mut(&token) else { return Standing::Gone };
        match hand.said {
            Said::Yes(link) => Standing::Accepted(link),
            Said::No => Standing::Declined,
            Said::Nothing => {
                hand.gone_at = now + HAND_SILENCE_MAX;
                let id = hand.id;
                Standing::Waiting { place: self.waiting().filter(|other| other.id <= id).count() }
            }
        }
    }

    /// Takes a hand down, whatever was said to it.
    pub(crate) fn lower(&mut self, token: HandToken) -> Option<LinkId> {
        match self.by_token.remove(&token)?.said {
            Said::Yes(link) => Some(link),
            Said::Nothing | Said::No => None,
        }
    }

    /// Answers a hand that is up. For a yes, `link` makes the link; if that is not possible the hand
    /// stays up.
    pub(crate) fn answer(
        &mut self,
        now: Mono,
        id: HandId,
        answer: HandAnswer,
        link: impl FnOnce(&PersonName) -> Result<LinkId, Reason>,
    ) -> Result<(), Reason> {
        let hand = self.by_token.values_mut().find(|hand| hand.id == id && hand.said == Said::Nothing);
        let hand = hand.ok_or(Reason::UnknownHand)?;
        (hand.said, hand.gone_at) = match answer {
            HandAnswer::Yes => (Said::Yes(link(&hand.name)?), now + ACCEPTED_KEPT),
            HandAnswer::No => (Said::No, now + DECLINED_KEPT),
        };
        Ok(())
    }

    /// Forgets the hand whose yes has become a person or is taken back.
    pub(crate) fn forget_link(&mut self, link: LinkId) {
        self.by_token.retain(|_, hand| hand.said != Said::Yes(link));
    }

    pub(crate) fn clear(&mut self) {
        self.by_token.clear();
    }

    /// Forgets what nobody asks for any more. Returns a link that was given out and not used; to be
    /// called until there is none.
    pub(crate) fn expire(&mut self, now: Mono) -> Option<LinkId> {
        self.by_token.retain(|_, hand| hand.gone_at > now || matches!(hand.said, Said::Yes(_)));
        let over = self.by_token.iter().find(|(_, hand)| hand.gone_at <= now).map(|(&token, _)| token)?;
        self.lower(over)
    }

    pub(crate) fn next_timeout(&self) -> Option<Mono> {
        self.by_token.values().map(|hand| hand.gone_at).min()
    }

    /// Those that are up, the oldest first.
    pub(crate) fn raised(&self, now: Mono) -> Vec<RaisedHand<'_>> {
        let mut raised: Vec<_> = self.waiting().map(|hand| hand.seen(now)).collect();
        raised.sort_unstable_by_key(|hand| hand.id);
        raised
    }

    fn waiting(&self) -> impl Iterator<Item = &Hand> {
        self.by_token.values().filter(|hand| hand.said == Said::Nothing)
    }
}

impl Hand {
    fn seen(&self, now: Mono) -> RaisedHand<'_> {
        let waited = now.saturating_since(self.raised_at);
        RaisedHand { id: self.id, name: &self.name, note: self.note.as_ref(), waited }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_one_spelling_and_is_not_printed() {
        let token = HandToken(0xAB);
        let text = token.to_string();
        assert_eq!((text.len(), text.parse()), (32, Ok(token)));
        assert_eq!(format!("{token:?}"), "HandToken(…)");
        for odd in ["", "ab", &text.to_uppercase(), &format!("+{}", &text[1..]), &format!("{text}0")] {
            assert_eq!(odd.parse::<HandToken>(), Err(HandTokenError), "{odd:?}");
        }
        let key = HandState::Accepted { key: "secret".into() };
        assert!(!format!("{key:?}").contains("secret"));
    }
}
