//! One record of the tape and its frame on disk.
//!
//! ```text
//!  0  magic        4   D5 'S' 't' 'T'
//!  4  version      1
//!  5  kind         1
//!  6  zero         2
//!  8  payload len  4   little-endian, as everything
//! 12  header check 4   blake3 over place and bytes 0..12
//! 16  checksum    16   blake3, keyed with the tape, over place, bytes 0..16 and payload
//! 32  payload
//! ```
//!
//! The place (segment and offset) is part of both checks and never written: a block that the disk
//! puts in the wrong place, or that is left over from another tape, is not a record here. The header check makes looking for the next record after
//! damage cheap: only a header that was written at this very place makes us hash what follows it.

use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};
use serde::Serialize;
use stentor_types::time::CHUNK_SAMPLES;
use stentor_types::{Chunk, Epoch, Mark, Slot, TapeHead, TrackChunk, Wall};

use crate::payload;
use crate::segment::{Place, Segment};

/// The first bytes of every record.
pub(crate) const MAGIC: [u8; 4] = [0xD5, b'S', b't', b'T'];

/// Version of the frame and of the payloads.
pub const VERSION: u8 = 1;

/// Bytes before the payload.
pub const HEADER_BYTES: usize = 32;

/// The longest record. The worst chunk has 3 × 16 Opus frames of 1,275 bytes (RFC 6716 §3.4) and
/// 2 × 15 AAC frames of 1,536 (6,144 bits a channel, stereo): 107 kB, and marks of 64 KiB.
pub const RECORD_BYTES_MAX: usize = 256 * 1024;

/// Slots below this have a number for each of their samples and one after them.
pub const SLOTS_MAX: u64 = u64::MAX / CHUNK_SAMPLES as u64;

/// Epochs below this leave room for all that come later: a restart takes 65 at most, and with one every second
/// the rest would last for a year.
pub const EPOCHS_MAX: u32 = u32::MAX / 2;

/// One entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Record {
    /// What is fixed for the tape. Every segment begins with two of them, so that each can be read
    /// alone and no single bad block makes a segment unreadable.
    Head {
        /// The same in all segments.
        head: Arc<TapeHead>,
        /// The newest segment before this one that held anything when this one was begun.
        after: Option<Segment>,
    },
    /// From here on the writer is this one. Repeated at the beginning of a segment.
    Epoch {
        /// Its number.
        epoch: Epoch,
        /// The slot of its first chunk.
        first: Slot,
        /// Wall time when it was opened.
        wall: Wall,
    },
    /// 0.32 s of programme.
    Chunk(Arc<Chunk>),
    /// Slots without a chunk.
    Hole {
        /// The first slot.
        first: Slot,
        /// The slot after the last.
        end: Slot,
        /// Why.
        cause: HoleCause,
    },
    /// Marks that came too late for a chunk, or whose chunk was lost.
    Marks(Vec<Mark>),
    /// The tape is complete.
    Closed {
        /// The slot after the last one of the show.
        end: Slot,
    },
    /// What one person gave to 0.32 s of programme. These lie in a folder of their own, beside the tape's.
    Track(Arc<TrackChunk>),
    /// A sound record of a kind that a newer version added; it says nothing to this one.
    Unknown {
        /// Its number.
        kind: u8,
    },
}

/// Why slots have no chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
#[repr(u8)]
pub enum HoleCause {
    /// The program was not running.
    Restart = 1,
    /// The program ran, but its mixer was replaced by a new one.
    NewMixer = 2,
    /// The sound was on air, but the disk did not take it.
    DiskLost = 3,
    /// The records of these slots are damaged or gone. Never written: found when reading.
    Damage = 4,
}

impl HoleCause {
    pub(crate) fn from_byte(byte: u8) -> Option<Self> {
        [Self::Restart, Self::NewMixer, Self::DiskLost, Self::Damage].into_iter().find(|c| *c as u8 == byte)
    }
}

/// Why bytes are not a record at this place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The bytes end inside what may be a record. With more of them it may become one.
    #[error("a record of {len_bytes} bytes is cut short")]
    Short {
        /// How many bytes it takes to tell; [`RECORD_BYTES_MAX`] at most.
        len_bytes: usize,
    },
    /// No record begins here. Damage, or never was one.
    #[error("no record begins here")]
    NoRecord,
    /// A sound header of another version: written by a newer program, which can read it.
    #[error("the record has version {version}; this program reads version {VERSION}")]
    Version {
        /// Its version.
        version: u8,
    },
    /// The content is not what was written here. Damage, or a record of another tape.
    #[error("the checksum does not fit: the record is damaged or belongs to another tape")]
    Checksum,
    /// A head of another tape.
    #[error("the head belongs to another tape")]
    Foreign,
    /// The checksum fits, but the content makes no sense: a bug of the program that wrote it.
    #[error("a record of kind {kind} makes no sense")]
    Malformed {
        /// The kind in its header.
        kind: u8,
    },
}

/// Which tape a record belongs to: a key for its checksum. It is no secret; it tells tapes apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TapeId([u8; 32]);

impl TapeId {
    /// A show's name and its anchor: a show that is deleted and made again has another anchor.
    pub fn of(head: &TapeHead) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("stentor tape, version 1");
        hasher.update(&head.anchor.0.to_le_bytes()).update(head.show.as_str().as_bytes());
        Self(hasher.finalize().into())
    }
}

/// A record as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Framed {
    /// Its content.
    pub record: Record,
    /// Its length with the header.
    pub len_bytes: usize,
}

/// The bytes of `record` for this place and no other.
pub fn encode(record: &Record, tape: &TapeId, place: Place) -> Bytes {
    let mut bytes = BytesMut::with_capacity(16 * 1024);
    bytes.put_slice(&MAGIC);
    bytes.put_u8(VERSION);
    bytes.put_u8(payload::kind(record));
    bytes.put_u16_le(0);
    bytes.put_u32_le(0);
    bytes.put_bytes(0, HEADER_BYTES - 12);
    payload::put(record, &mut bytes);
    assert!(bytes.len() <= RECORD_BYTES_MAX, "a record of {} bytes", bytes.len());
    let payload_len = u32::try_from(bytes.len() - HEADER_BYTES).expect("bounded above");
    bytes[8..12].copy_from_slice(&payload_len.to_le_bytes());
    let check = header_check(&bytes, place);
    bytes[12..16].copy_from_slice(&check);
    let sum = checksum(&bytes, tape, place);
    bytes[16..32].copy_from_slice(&sum);
    bytes.freeze()
}

/// The record at the beginning of `bytes`, which lie at `place`. Never panics, and allocates no more
/// than a small multiple of the record's own bytes.
///
/// Without a `tape` only heads can be checked, because they say themselves to which tape they belong.
pub fn decode(bytes: &Bytes, tape: Option<&TapeId>, place: Place) -> Result<Framed, RecordError> {
    let known = bytes.len().min(MAGIC.len());
    if bytes[..known] != MAGIC[..known] {
        return Err(RecordError::NoRecord);
    }
    if bytes.len() < HEADER_BYTES {
        return Err(RecordError::Short { len_bytes: HEADER_BYTES });
    }
    if bytes[12..16] != header_check(bytes, place) {
        return Err(RecordError::NoRecord);
    }
    if bytes[4] != VERSION {
        return Err(RecordError::Version { version: bytes[4] });
    }
    let kind = bytes[5];
    let payload_len = u32::from_le_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]) as usize;
    if payload_len > RECORD_BYTES_MAX - HEADER_BYTES {
        return Err(RecordError::NoRecord);
    }
    let len_bytes = HEADER_BYTES + payload_len;
    if bytes.len() < len_bytes {
        return Err(RecordError::Short { len_bytes });
    }
    let frame = bytes.slice(..len_bytes);
    let record = if payload::is_head(kind) {
        decode_head(&frame, tape, place)?
    } else {
        let tape = tape.ok_or(RecordError::Foreign)?;
        if frame[16..32] != checksum(&frame, tape, place) {
            return Err(RecordError::Checksum);
        }
        payload::take(kind, frame.slice(HEADER_BYTES..)).ok_or(RecordError::Malformed { kind })?
    };
    Ok(Framed { record, len_bytes })
}

/// A head is read before it is checked: the key is inside it.
fn decode_head(frame: &Bytes, tape: Option<&TapeId>, place: Place) -> Result<Record, RecordError> {
    let record = payload::take(frame[5], frame.slice(HEADER_BYTES..)).ok_or(RecordError::Checksum)?;
    let Record::Head { head, .. } = &record else { return Err(RecordError::Malformed { kind: frame[5] }) };
    let own = TapeId::of(head);
    if frame[16..32] != checksum(frame, &own, place) {
        return Err(RecordError::Checksum);
    }
    if tape.is_some_and(|tape| *tape != own) {
        return Err(RecordError::Foreign);
    }
    Ok(record)
}

/// Reads a payload as [`decode`] does behind its checksums, which stop whoever tries it with changed bytes.
#[doc(hidden)]
pub fn decode_payload(kind: u8, payload: Bytes) -> Option<Record> {
    payload::take(kind, payload)
}

fn header_check(frame: &[u8], place: Place) -> [u8; 4] {
    let mut hasher = blake3::Hasher::new();
    update_place(&mut hasher, place).update(&frame[..12]);
    first_bytes(&hasher)
}

fn checksum(frame: &[u8], tape: &TapeId, place: Place) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new_keyed(&tape.0);
    update_place(&mut hasher, place).update(&frame[..16]).update(&frame[HEADER_BYTES..]);
    first_bytes(&hasher)
}

fn update_place(hasher: &mut blake3::Hasher, place: Place) -> &mut blake3::Hasher {
    hasher.update(&place.segment.0.to_le_bytes()).update(&place.offset.to_le_bytes())
}

fn first_bytes<const N: usize>(hasher: &blake3::Hasher) -> [u8; N] {
    *hasher.finalize().as_bytes().first_chunk().expect("a hash has 32 bytes")
}
