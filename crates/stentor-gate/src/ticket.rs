//! Tickets: signed proofs of arrival, self-contained.
//!
//! 36 bytes, written as 48 characters of base64url without padding. 36 is divisible by three, so no bit of the text is
//! without meaning, and a ticket has exactly one spelling:
//!
//! | bytes | what |
//! |---|---|
//! | 0 | the number of the key that signed it |
//! | 1 | lane: 0 ordinary, 1 behind |
//! | 2–7 | show: the first 6 bytes of blake3 of its name |
//! | 8–11 | serial in its lane, big-endian |
//! | 12–15 | cohort in its lane, big-endian |
//! | 16–19 | expiry, Unix seconds, big-endian (until 2106) |
//! | 20–35 | blake3, keyed, over bytes 0–19, its first 16 bytes |
//!
//! There is no nonce beside the serial: the signature is what nobody can foretell, and the draw ranks by it. All tickets of
//! a show expire together, so that the signature of a serial can be computed again and need not be remembered.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use stentor_types::{ShowId, Wall};

use crate::line::{Cohort, Lane};

const BODY_BYTES: usize = 20;

/// 128 bits: forging one needs 2^127 tries.
const MAC_BYTES: usize = 16;

const TICKET_BYTES: usize = BODY_BYTES + MAC_BYTES;
const _: () = assert!(TICKET_BYTES.is_multiple_of(3));

/// Characters of a ticket's text.
pub const TICKET_CHARS: usize = TICKET_BYTES / 3 * 4;

/// A ticket's number in its lane, from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Serial(pub u32);

/// The first bytes of the hash of a show's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ShowTag(pub(crate) [u8; 6]);

/// What a ticket says, once its signature is known to be good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Where its holder stands in line.
    pub lane: Lane,
    /// Its number there.
    pub serial: Serial,
    /// Who arrived together.
    pub cohort: Cohort,
    /// What the draw ranks by.
    pub signature: Signature,
}

/// The signature of a ticket: nobody can tell it before the ticket is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature(pub(crate) [u8; MAC_BYTES]);

/// Why a ticket is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TicketError {
    /// It is not the text of a ticket.
    #[error("this is no ticket")]
    Malformed,
    /// No key of ours made it as it is.
    #[error("this ticket was not made here, or was changed")]
    Forged,
    /// It is good, but for another show.
    #[error("this ticket is for another show")]
    Foreign,
    /// It is of an earlier evening.
    #[error("this ticket has expired")]
    Expired,
    /// It is of a later evening, or of a number that was not given out yet.
    #[error("this ticket is from the future")]
    Future,
}

/// The key under which tickets are signed. Whoever has it can make any ticket, so it is never printed.
#[derive(Clone)]
pub struct TicketKey {
    number: u8,
    key: [u8; 32],
}

impl fmt::Debug for TicketKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TicketKey({}, …)", self.number)
    }
}

impl TicketKey {
    /// Key number `number`, made from 32 secret random bytes.
    pub fn new(number: u8, secret: &[u8; 32]) -> Self {
        Self { number, key: blake3::derive_key("Stentor 2026-11 tickets of the gate", secret) }
    }

    /// Its number.
    pub(crate) fn number(&self) -> u8 {
        self.number
    }

    fn hash(&self, body: &[u8; BODY_BYTES]) -> blake3::Hash {
        blake3::keyed_hash(&self.key, body)
    }
}

/// The keys of one show: the one that signs, and those before it, whose tickets keep their turns.
#[derive(Clone, Debug)]
pub struct TicketKeys {
    show: ShowTag,
    expires_at_s: u32,
    current: TicketKey,
    /// The oldest first.
    before: Vec<Retired>,
}

/// A key that signs no more, and the first serials of each lane that it did not sign.
#[derive(Clone, Debug)]
struct Retired {
    key: TicketKey,
    until: [Serial; Lane::COUNT],
}

impl TicketKeys {
    /// The keys of a show whose tickets are good until `expires_at`, rounded up to a second.
    pub fn new(show: &ShowId, expires_at: Wall, current: TicketKey) -> Self {
        let show = ShowTag(first(blake3::hash(show.as_str().as_bytes()).as_bytes()));
        Self { show, expires_at_s: seconds(expires_at), current, before: Vec::new() }
    }

    /// Signs with another key from these serials on. Tickets that the last one has signed stay good; with the key in hand
    /// somebody can copy them, and make those that a crash has lost, but no others.
    ///
    /// # Panics
    /// If a key had this number before.
    pub fn rotate(&mut self, next: TicketKey, from: [Serial; Lane::COUNT]) {
        assert!(!self.has(next.number), "keys are told apart by their numbers");
        self.before.push(Retired { key: std::mem::replace(&mut self.current, next), until: from });
    }

    /// Whether a key has this number.
    pub(crate) fn has(&self, number: u8) -> bool {
        self.current.number == number || self.before.iter().any(|before| before.key.number == number)
    }

    /// The number of the key that signs.
    pub(crate) fn number(&self) -> u8 {
        self.current.number
    }

    /// The text of a ticket.
    pub fn text(&self, lane: Lane, serial: Serial, cohort: Cohort) -> String {
        let (body, hash) = self.signed(lane, serial, cohort);
        let mut bytes = [0; TICKET_BYTES];
        bytes[..BODY_BYTES].copy_from_slice(&body);
        bytes[BODY_BYTES..].copy_from_slice(&hash.as_bytes()[..MAC_BYTES]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The signature of a ticket that was made.
    pub(crate) fn signature(&self, lane: Lane, serial: Serial, cohort: Cohort) -> Signature {
        Signature(first(self.signed(lane, serial, cohort).1.as_bytes()))
    }

    /// What a ticket says: for one hash, whatever it is, and without allocating.
    ///
    /// # Errors
    /// Why it is none.
    pub fn check(&self, now: Wall, text: &str) -> Result<Ticket, TicketError> {
        // One byte more, since decoding rounds up what it may need.
        let mut bytes = [0; TICKET_BYTES + 1];
        if text.len() != TICKET_CHARS || URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) != Ok(TICKET_BYTES) {
            return Err(TicketError::Malformed);
        }
        let body: [u8; BODY_BYTES] = first(&bytes);
        let signature: [u8; MAC_BYTES] = first(&bytes[BODY_BYTES..]);
        let number = |at: usize| u32::from_be_bytes(first(&body[at..]));
        let serial = Serial(number(8));
        let lane = Lane::of(body[1]).ok_or(TicketError::Malformed)?;
        let key = self.key_of(lane, serial);
        let hash = key.hash(&body);
        // In constant time, as blake3 compares whole hashes.
        let mut claimed = *hash.as_bytes();
        claimed[..MAC_BYTES].copy_from_slice(&signature);
        if hash != blake3::Hash::from_bytes(claimed) || body[0] != key.number {
            return Err(TicketError::Forged);
        }
        if body[2..8] != self.show.0 {
            return Err(TicketError::Foreign);
        }
        let expires_at_s = number(16);
        if seconds(now) >= expires_at_s || expires_at_s < self.expires_at_s {
            return Err(TicketError::Expired);
        }
        if expires_at_s > self.expires_at_s {
            return Err(TicketError::Future);
        }
        Ok(Ticket { lane, serial, cohort: Cohort(number(12)), signature: Signature(signature) })
    }

    /// Whose keys they are, and until when their tickets are good.
    pub(crate) fn identity(&self) -> (ShowTag, u32) {
        (self.show, self.expires_at_s)
    }

    /// What tells the first key from others.
    pub(crate) fn first_key(&self) -> [u8; 8] {
        let first_key = self.before.first().map_or(&self.current, |before| &before.key);
        first(first_key.hash(&[0; BODY_BYTES]).as_bytes())
    }

    /// The number of each key after the first, and the serials from which on it signed.
    pub(crate) fn rotations(&self) -> impl Iterator<Item = (u8, [Serial; Lane::COUNT])> {
        let keys = self.before.iter().skip(1).map(|before| &before.key).chain([&self.current]);
        self.before.iter().zip(keys).map(|(before, next)| (next.number, before.until))
    }

    fn signed(&self, lane: Lane, serial: Serial, cohort: Cohort) -> ([u8; BODY_BYTES], blake3::Hash) {
        let key = self.key_of(lane, serial);
        let mut body = [0; BODY_BYTES];
        body[0] = key.number;
        body[1] = lane as u8;
        body[2..8].copy_from_slice(&self.show.0);
        body[8..12].copy_from_slice(&serial.0.to_be_bytes());
        body[12..16].copy_from_slice(&cohort.0.to_be_bytes());
        body[16..].copy_from_slice(&self.expires_at_s.to_be_bytes());
        (body, key.hash(&body))
    }

    /// The key that signs, or has signed, this serial.
    fn key_of(&self, lane: Lane, serial: Serial) -> &TicketKey {
        let at = self.before.partition_point(|before| before.until[lane as usize] <= serial);
        self.before.get(at).map_or(&self.current, |before| &before.key)
    }
}

/// Unix seconds, rounded up.
fn seconds(at: Wall) -> u32 {
    let s = u64::try_from(at.0).unwrap_or(0).div_ceil(1_000);
    u32::try_from(s).unwrap_or(u32::MAX)
}

/// The first bytes of at least so many.
fn first<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes[..N].try_into().expect("a slice of N bytes")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EXPIRES_AT: Wall = Wall(1_800_000_000_000);
    const NOW: Wall = Wall(1_799_000_000_000);

    fn keys(show: &str, number: u8) -> TicketKeys {
        let show: ShowId = show.parse().expect("a name");
        TicketKeys::new(&show, EXPIRES_AT, TicketKey::new(number, &[number; 32]))
    }

    proptest! {
        #[test]
        fn a_ticket_says_what_it_was_made_of(serial: u32, cohort: u32, behind: bool) {
            let lane = if behind { Lane::Behind } else { Lane::Ordinary };
            let (serial, cohort) = (Serial(serial), Cohort(cohort));
            let keys = keys("evening", 1);
            let text = keys.text(lane, serial, cohort);
            prop_assert_eq!(text.len(), TICKET_CHARS);
            let signature = keys.signature(lane, serial, cohort);
            prop_assert_eq!(keys.check(NOW, &text), Ok(Ticket { lane, serial, cohort, signature }));
        }

        #[test]
        fn a_ticket_with_one_other_character_is_none(at in 0..TICKET_CHARS, other in "[A-Za-z0-9_-]") {
            let keys = keys("evening", 1);
            let mut text = keys.text(Lane::Ordinary, Serial(7), Cohort(3));
            prop_assume!(text[at..=at] != other);
            text.replace_range(at..=at, &other);
            let refused = keys.check(NOW, &text).expect_err("it was changed");
            prop_assert!(matches!(refused, TicketError::Forged | TicketError::Malformed), "{refused:?}");
        }

        #[test]
        fn whatever_it_is_it_is_refused(text in "\\PC{0,100}") {
            prop_assert_eq!(keys("evening", 1).check(NOW, &text), Err(TicketError::Malformed));
        }
    }

    #[test]
    fn a_ticket_is_for_one_show_and_one_evening() {
        let text = keys("evening", 1).text(Lane::Ordinary, Serial(7), Cohort(3));
        let check = |keys: TicketKeys, now| keys.check(now, &text).expect_err("it is no good");
        assert_eq!(check(keys("morning", 1), NOW), TicketError::Foreign);
        assert_eq!(check(keys("evening", 2), NOW), TicketError::Forged);
        assert_eq!(check(keys("evening", 1), EXPIRES_AT), TicketError::Expired);
        let other = |expires_at| {
            let show: ShowId = "evening".parse().expect("a name");
            TicketKeys::new(&show, expires_at, TicketKey::new(1, &[1; 32]))
        };
        assert_eq!(check(other(Wall(EXPIRES_AT.0 + 1_000)), NOW), TicketError::Expired);
        assert_eq!(check(other(Wall(EXPIRES_AT.0 - 1_000)), NOW), TicketError::Future);
    }

    #[test]
    fn a_key_that_leaked_makes_no_more_tickets_and_those_it_made_stay_good() {
        let leaked = keys("evening", 1);
        let mut keys = leaked.clone();
        keys.rotate(TicketKey::new(2, &[2; 32]), [Serial(10), Serial(0)]);
        let made = |serial, lane| keys.check(NOW, &leaked.text(lane, Serial(serial), Cohort(0)));
        assert!(made(9, Lane::Ordinary).is_ok());
        assert_eq!(made(10, Lane::Ordinary), Err(TicketError::Forged));
        assert_eq!(made(0, Lane::Behind), Err(TicketError::Forged));
        let new = keys.text(Lane::Ordinary, Serial(10), Cohort(0));
        assert!(keys.check(NOW, &new).is_ok());
    }
}
