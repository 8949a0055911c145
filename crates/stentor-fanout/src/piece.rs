//! What goes over the wire.

use std::ops::Range;

use bytes::Bytes;
use stentor_types::Slot;

use crate::limits::PIECE_BYTES_MAX;

/// What ends a chunked body (RFC 9112 §7.1).
pub(crate) const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// The sound of one group of a feed, ready for the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The group's first slot.
    pub group: Slot,
    /// The framed sound as one chunk of HTTP's chunked coding (RFC 9112 §7.1).
    pub bytes: Bytes,
    /// The part of `bytes` without that coding, for listeners of HTTP/1.0.
    pub bare: Range<usize>,
}

/// How a listener's body is delimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// Chunked: HTTP/1.1. A body that ends well ends with the last chunk.
    Chunked,
    /// By the end of the connection: HTTP/1.0.
    Bare,
}

impl Piece {
    /// What a listener of this coding gets.
    pub(crate) fn coded(&self, coding: Coding) -> &[u8] {
        match coding {
            Coding::Chunked => &self.bytes,
            Coding::Bare => &self.bytes[self.bare.clone()],
        }
    }

    /// Asserts that there is something to send for either coding.
    pub(crate) fn check(&self) {
        assert!(self.bytes.len() <= PIECE_BYTES_MAX, "a piece of {} bytes", self.bytes.len());
        assert!(!self.bare.is_empty() && self.bare.end <= self.bytes.len(), "a piece has sound in it");
    }
}
