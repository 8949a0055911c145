//! What a gate has to remember over a restart, as bytes to be appended to a file.
//!
//! A journal is batches, one or more for each time that its shell asked:
//!
//! | bytes | what |
//! |---|---|
//! | 0–3 | bytes of the payload |
//! | 4–7 | number of the batch, from 0 |
//! | 8–15 | the first 8 bytes of blake3 over the number and the payload |
//! | 16– | payload: entries, one after the other, each a byte that says what it is and its fields |
//!
//! Numbers are big-endian. The first entry of all is [`Entry::Show`]. A last batch that was not written to its
//! end is left out; where one is damaged or missing before others, the journal is refused.
//!
//! What is lost with the last batch happened in the moment before a crash: see [`crate::lost`] for tickets; who was
//! called is called again, in the same order; whoever came in was called before, mostly in a batch that is there; and
//! who left is taken to be inside.

use crate::limits::BATCH_BYTES_MAX;
use crate::line::{Cohort, Lane};
use crate::seats::State;
use crate::ticket::{Serial, ShowTag};

/// Bytes of a batch before its payload.
pub const HEAD_BYTES: usize = 4 + 4 + 8;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// Whose journal it is, and by which key its first tickets are signed.
    Show { tag: ShowTag, expires_at_s: u32, commitment: [u8; 32], key: [u8; 8] },
    /// So many serials of a lane were given out.
    Given { lane: Lane, next: Serial },
    /// Everybody who was given a serial of a lane is in a closed cohort.
    Closed { lane: Lane },
    /// The order was drawn with this public value.
    Doors { public_value: Vec<u8> },
    /// Somebody is something else now.
    Became { lane: Lane, serial: Serial, state: State },
    /// Serials from here on were perhaps given out before a crash.
    Lost { lane: Lane, first: Serial },
    /// Somebody has presented one of those.
    Presented { lane: Lane, serial: Serial },
    /// Somebody who has is next, because their turn had gone by. For a journal that was written anew.
    Late { lane: Lane, serial: Serial },
    /// Another key signs from these serials on.
    Rotated { number: u8, from: [Serial; Lane::COUNT] },
    /// So many are inside without a ticket.
    WalkIns { count: u32 },
    /// Of a lane's cohorts those before this one were called, and so many of it. For a journal that was written anew.
    Called { lane: Lane, cohort: Cohort, called: u32 },
    /// What the holders of these serials are. For a journal that was written anew.
    States { lane: Lane, first: Serial, states: Vec<State> },
    /// The gate was stopped in order, and nothing happened after this.
    Stopped,
    /// The journal was written anew, and is not whole before [`Entry::Whole`].
    Anew,
    /// What was written anew is whole.
    Whole,
}

/// Serials in one [`Entry::States`].
pub(crate) const STATES_MAX: usize = 1 << 16;

impl Entry {
    fn code(&self) -> u8 {
        match self {
            Self::Show { .. } => 1,
            Self::Given { .. } => 2,
            Self::Closed { .. } => 3,
            Self::Doors { .. } => 4,
            Self::Became { .. } => 5,
            Self::Lost { .. } => 6,
            Self::Presented { .. } => 7,
            Self::Rotated { .. } => 8,
            Self::WalkIns { .. } => 9,
            Self::Called { .. } => 10,
            Self::States { .. } => 11,
            Self::Late { .. } => 12,
            Self::Stopped => 13,
            Self::Anew => 14,
            Self::Whole => 15,
        }
    }

    fn write(&self, to: &mut Vec<u8>) {
        to.push(self.code());
        let mut put = |bytes: &[u8]| to.extend_from_slice(bytes);
        match self {
            Self::Show { tag, expires_at_s, commitment, key } => {
                put(&tag.0);
                put(&expires_at_s.to_be_bytes());
                put(commitment);
                put(key);
            }
            Self::Given { lane, next: serial }
            | Self::Lost { lane, first: serial }
            | Self::Presented { lane, serial }
            | Self::Late { lane, serial } => {
                put(&[*lane as u8]);
                put(&serial.0.to_be_bytes());
            }
            Self::Stopped | Self::Anew | Self::Whole => {}
            Self::Closed { lane } => put(&[*lane as u8]),
            Self::Doors { public_value } => {
                put(&[public_value.len() as u8]);
                put(public_value);
            }
            Self::Became { lane, serial, state } => {
                put(&[*lane as u8]);
                put(&serial.0.to_be_bytes());
                put(&[*state as u8]);
            }
            Self::Rotated { number, from } => {
                put(&[*number]);
                from.iter().for_each(|serial| put(&serial.0.to_be_bytes()));
            }
            Self::WalkIns { count } => put(&count.to_be_bytes()),
            Self::Called { lane, cohort, called } => {
                put(&[*lane as u8]);
                put(&cohort.0.to_be_bytes());
                put(&called.to_be_bytes());
            }
            Self::States { lane, first, states } => {
                put(&[*lane as u8]);
                put(&first.0.to_be_bytes());
                put(&(states.len() as u32).to_be_bytes());
                states.iter().for_each(|state| put(&[*state as u8]));
            }
        }
    }

    /// The next entry; `None` if what is there is none.
    fn read(from: &mut &[u8]) -> Option<Self> {
        let code = take::<1>(from)?[0];
        let number = |from: &mut &[u8]| take(from).map(u32::from_be_bytes);
        let serial = |from: &mut &[u8]| number(from).map(Serial);
        let lane = |from: &mut &[u8]| Lane::of(take::<1>(from)?[0]);
        Some(match code {
            1 => Self::Show {
                tag: ShowTag(take(from)?),
                expires_at_s: number(from)?,
                commitment: take(from)?,
                key: take(from)?,
            },
            2 => Self::Given { lane: lane(from)?, next: serial(from)? },
            3 => Self::Closed { lane: lane(from)? },
            4 => {
                let len = take::<1>(from)?[0];
                Self::Doors { public_value: slice(from, usize::from(len))?.to_vec() }
            }
            5 => Self::Became {
                lane: lane(from)?,
                serial: serial(from)?,
                state: State::of(take::<1>(from)?[0])?,
            },
            6 => Self::Lost { lane: lane(from)?, first: serial(from)? },
            7 => Self::Presented { lane: lane(from)?, serial: serial(from)? },
            8 => Self::Rotated { number: take::<1>(from)?[0], from: [serial(from)?, serial(from)?] },
            9 => Self::WalkIns { count: number(from)? },
            10 => Self::Called { lane: lane(from)?, cohort: Cohort(number(from)?), called: number(from)? },
            11 => {
                let (lane, first, len) = (lane(from)?, serial(from)?, number(from)? as usize);
                let states = slice(from, len)?.iter().map(|&byte| State::of(byte));
                Self::States { lane, first, states: states.collect::<Option<_>>()? }
            }
            12 => Self::Late { lane: lane(from)?, serial: serial(from)? },
            13 => Self::Stopped,
            14 => Self::Anew,
            15 => Self::Whole,
            _ => return None,
        })
    }
}

fn slice<'a>(from: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (taken, rest) = from.split_at_checked(len)?;
    *from = rest;
    Some(taken)
}

fn take<const N: usize>(from: &mut &[u8]) -> Option<[u8; N]> {
    slice(from, N)?.try_into().ok()
}

/// What happened since the shell last asked.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    /// The number of the next batch.
    number: u32,
    batches: Vec<u8>,
    /// The payload of the next batch.
    payload: Vec<u8>,
}

impl Journal {
    pub(crate) fn note(&mut self, entry: &Entry) {
        let before = self.payload.len();
        entry.write(&mut self.payload);
        if self.payload.len() > BATCH_BYTES_MAX {
            let entry = self.payload.split_off(before);
            self.seal();
            self.payload = entry;
        }
    }

    /// The batches of what was noted; nothing if that is nothing.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        self.seal();
        std::mem::take(&mut self.batches)
    }

    fn seal(&mut self) {
        if !self.payload.is_empty() {
            write_batch(self.number, &self.payload, &mut self.batches);
            self.number += 1;
            self.payload.clear();
        }
    }
}

/// A batch, whatever its payload is.
pub(crate) fn write_batch(number: u32, payload: &[u8], to: &mut Vec<u8>) {
    to.extend_from_slice(&(payload.len() as u32).to_be_bytes());
    to.extend_from_slice(&number.to_be_bytes());
    to.extend_from_slice(&checksum(number, payload));
    to.extend_from_slice(payload);
}

fn checksum(number: u32, payload: &[u8]) -> [u8; 8] {
    let hash = blake3::Hasher::new().update(&number.to_be_bytes()).update(payload).finalize();
    *hash.as_bytes().first_chunk().expect("there are 32")
}

/// The entries of the first batch, if it has this number, and the bytes that it takes; `None` where the journal ends.
pub(crate) fn first_batch(number: u32, bytes: &[u8]) -> Option<(Vec<Entry>, usize)> {
    let (_, mut payload) = first_payload(bytes).filter(|(claimed, _)| *claimed == number)?;
    let len = HEAD_BYTES + payload.len();
    let mut entries = Vec::new();
    while !payload.is_empty() {
        entries.push(Entry::read(&mut payload)?);
    }
    Some((entries, len))
}

/// Whether a journal that ends here was damaged, rather than not written to its end: there is a good batch here that cannot be, or
/// one behind what is here.
pub(crate) fn is_damaged(bytes: &[u8]) -> bool {
    let behind = || {
        let len = u32::from_be_bytes(*bytes.first_chunk()?) as usize;
        first_payload(bytes.get(HEAD_BYTES.checked_add(len)?..)?)
    };
    first_payload(bytes).or_else(behind).is_some()
}

/// The number and the payload of the first batch, if its checksum is good.
fn first_payload(mut bytes: &[u8]) -> Option<(u32, &[u8])> {
    let len = u32::from_be_bytes(take(&mut bytes)?) as usize;
    let number = u32::from_be_bytes(take(&mut bytes)?);
    let sum: [u8; 8] = take(&mut bytes)?;
    let payload = slice(&mut bytes, len)?;
    (len <= BATCH_BYTES_MAX && checksum(number, payload) == sum).then_some((number, payload))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::limits::PUBLIC_VALUE_BYTES_MAX;

    fn entry() -> impl Strategy<Value = Entry> {
        let lane = || prop_oneof![Just(Lane::Ordinary), Just(Lane::Behind)];
        let serial = || any::<u32>().prop_map(Serial);
        let state = || (0..6u8).prop_map(|byte| State::of(byte).expect("one of six"));
        prop_oneof![
            (any::<[u8; 6]>(), any::<u32>(), any::<[u8; 32]>(), any::<[u8; 8]>()).prop_map(
                |(tag, expires_at_s, commitment, key)| {
                    Entry::Show { tag: ShowTag(tag), expires_at_s, commitment, key }
                }
            ),
            (lane(), serial()).prop_map(|(lane, next)| Entry::Given { lane, next }),
            lane().prop_map(|lane| Entry::Closed { lane }),
            prop::collection::vec(any::<u8>(), 0..PUBLIC_VALUE_BYTES_MAX)
                .prop_map(|public_value| Entry::Doors { public_value }),
            (lane(), serial(), state()).prop_map(|(lane, serial, state)| Entry::Became {
                lane,
                serial,
                state
            }),
            (lane(), serial()).prop_map(|(lane, first)| Entry::Lost { lane, first }),
            (lane(), serial()).prop_map(|(lane, serial)| Entry::Presented { lane, serial }),
            (lane(), serial()).prop_map(|(lane, serial)| Entry::Late { lane, serial }),
            prop_oneof![Just(Entry::Stopped), Just(Entry::Anew), Just(Entry::Whole)],
            (any::<u8>(), serial(), serial())
                .prop_map(|(number, a, b)| Entry::Rotated { number, from: [a, b] }),
            any::<u32>().prop_map(|count| Entry::WalkIns { count }),
            (lane(), any::<u32>(), any::<u32>()).prop_map(|(lane, cohort, called)| Entry::Called {
                lane,
                cohort: Cohort(cohort),
                called
            }),
            (lane(), serial(), prop::collection::vec(state(), 0..50))
                .prop_map(|(lane, first, states)| Entry::States { lane, first, states }),
        ]
    }

    #[test]
    fn what_is_too_much_for_a_batch_is_two() {
        let mut journal = Journal::default();
        let states =
            Entry::States { lane: Lane::Ordinary, first: Serial(0), states: vec![State::Spent; STATES_MAX] };
        let count = BATCH_BYTES_MAX / STATES_MAX + 1;
        (0..count).for_each(|_| journal.note(&states));
        let bytes = journal.take();
        let (first, len) = first_batch(0, &bytes).expect("it is whole");
        let (second, rest) = first_batch(1, &bytes[len..]).expect("it is whole");
        assert_eq!((first.len() + second.len(), len + rest), (count, bytes.len()));
    }

    proptest! {
        #[test]
        fn what_was_noted_is_read(entries in prop::collection::vec(entry(), 1..40)) {
            let mut journal = Journal::default();
            entries.iter().for_each(|entry| journal.note(entry));
            let mut batch = journal.take();
            let len = batch.len();
            prop_assert!(journal.take().is_empty());
            batch.extend_from_slice(b"and more");
            prop_assert_eq!(first_batch(0, &batch), Some((entries, len)));
            prop_assert_eq!(first_batch(1, &batch), None);
        }

        #[test]
        fn what_was_damaged_is_not(entry in entry(), at: prop::sample::Index, bit in 0..8u8, cut: prop::sample::Index) {
            let mut journal = Journal::default();
            journal.note(&entry);
            let mut batch = journal.take();
            prop_assert_eq!(first_batch(0, &batch[..cut.index(batch.len())]), None);
            let at = at.index(batch.len());
            batch[at] ^= 1 << bit;
            prop_assert_eq!(first_batch(0, &batch), None);
        }
    }
}
