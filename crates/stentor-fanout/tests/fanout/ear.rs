//! What a listener hears, read from the bytes that its socket took, and the socket.

use std::collections::VecDeque;

use bytes::Bytes;
use stentor_fanout::{Coding, ListenerId, Piece, Why};
use stentor_types::{Mono, Slot};

/// Bytes of a slot of sound on the wire.
pub(crate) const SLOT_BYTES: usize = 64;

/// A second of it: 64 B / 0.32 s.
pub(crate) const BYTES_PER_S: u64 = 200;

/// Where the opening ends and the sound begins.
pub(crate) const HEAD: &str = "HTTP/1.1 200 OK\r\n\r\n";

/// The piece of a group: `<feed:slot:slots....>`, so that a listener can tell what it hears.
pub(crate) fn piece(feed: usize, group: u64, slots: u64) -> Piece {
    let sound = format!("{:.<1$}>", format!("<{feed}:{group}:{slots}:"), slots as usize * SLOT_BYTES - 9);
    let bytes = format!("{:x}\r\n{sound}\r\n", sound.len());
    let start = bytes.len() - 2 - sound.len();
    Piece { group: Slot(group), bare: start..start + sound.len(), bytes: Bytes::from(bytes) }
}

/// The same as its listeners of one coding get it.
pub(crate) fn coded(piece: &Piece, coding: Coding) -> &[u8] {
    match coding {
        Coding::Chunked => &piece.bytes,
        Coding::Bare => &piece.bytes[piece.bare.clone()],
    }
}

/// A group that was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) at: Mono,
    pub(crate) feed: usize,
    pub(crate) slot: u64,
    pub(crate) slots: u64,
}

/// A socket: a buffer that a peer empties.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Socket {
    /// Bytes that the kernel holds at most.
    pub(crate) room: usize,
    /// How many the peer takes in a second.
    pub(crate) bytes_per_s: u64,
    level: usize,
    drained_at: Mono,
}

impl Socket {
    pub(crate) fn new(room: usize, bytes_per_s: u64) -> Self {
        Self { room, bytes_per_s, level: 0, drained_at: Mono(0) }
    }

    /// A socket that takes everything.
    pub(crate) fn fast() -> Self {
        Self::new(usize::MAX / 2, 1 << 40)
    }

    /// One that takes some and that nobody reads.
    pub(crate) fn silent(room: usize) -> Self {
        Self::new(room, 0)
    }

    pub(crate) fn level(&mut self, now: Mono) -> usize {
        let us = now.0 - self.drained_at.0;
        let read = u128::from(us) * u128::from(self.bytes_per_s) / 1_000_000;
        if read > 0 {
            self.level = self.level.saturating_sub(usize::try_from(read).unwrap_or(usize::MAX));
            self.drained_at = now;
        }
        self.level
    }

    pub(crate) fn take(&mut self, now: Mono, bytes: usize) -> usize {
        let taken = bytes.min(self.room.saturating_sub(self.level(now)));
        self.level += taken;
        taken
    }

    /// When half of it is free, after it was full.
    pub(crate) fn writable_at(&self) -> Option<Mono> {
        let excess = self.level.saturating_sub(self.room / 2) as u64;
        (self.bytes_per_s > 0)
            .then(|| Mono(self.drained_at.0 + (excess * 1_000_000).div_ceil(self.bytes_per_s) + 1))
    }
}

/// One listener.
#[derive(Debug)]
pub(crate) struct Ear {
    pub(crate) id: ListenerId,
    pub(crate) coding: Coding,
    pub(crate) joined_at: Mono,
    pub(crate) socket: Socket,
    pub(crate) heard: Vec<Heard>,
    pub(crate) sends: usize,
    pub(crate) has_ended: bool,
    pub(crate) closed: Option<(Mono, Why)>,
    /// Whether the end of a piece was not the last thing that was heard.
    unread: VecDeque<u8>,
    has_head: bool,
}

impl Ear {
    pub(crate) fn new(id: ListenerId, coding: Coding, joined_at: Mono, socket: Socket) -> Self {
        Self {
            id,
            coding,
            joined_at,
            socket,
            heard: Vec::new(),
            sends: 0,
            has_ended: false,
            closed: None,
            unread: VecDeque::new(),
            has_head: false,
        }
    }

    /// Hears what the socket took.
    pub(crate) fn hear(&mut self, now: Mono, bytes: &[u8]) {
        assert!(!self.has_ended, "nothing comes after the end");
        self.sends += 1;
        self.unread.extend(bytes);
        if !self.has_head && self.unread.len() >= HEAD.len() {
            let head: Vec<u8> = self.unread.drain(..HEAD.len()).collect();
            assert_eq!(head, HEAD.as_bytes(), "the opening comes first");
            self.has_head = true;
        }
        while self.has_head && self.hear_group(now) {}
    }

    /// Whether a piece is begun and not finished.
    pub(crate) fn is_inside(&self) -> bool {
        !self.unread.is_empty()
    }

    fn hear_group(&mut self, now: Mono) -> bool {
        let unread = self.unread.make_contiguous();
        let text = std::str::from_utf8(unread).expect("text");
        if self.coding == Coding::Chunked && text == "0\r\n\r\n" {
            self.unread.clear();
            self.has_ended = true;
            return false;
        }
        let Some(end) = text.find('>') else { return false };
        let (framing, sound) = text[..=end].split_once('<').expect("sound begins with a bracket");
        let mut whole = end + 1;
        if self.coding == Coding::Chunked {
            let size = framing.strip_suffix("\r\n").and_then(|hex| usize::from_str_radix(hex, 16).ok());
            assert_eq!(size, Some(sound.len() + 1), "a chunk says how long it is: {framing:?}");
            let Some(after) = text.get(whole..whole + 2) else { return false };
            assert_eq!(after, "\r\n");
            whole += 2;
        } else {
            assert_eq!(framing, "", "nothing but sound for HTTP/1.0");
        }
        let numbers: Vec<u64> = sound.split(':').take(3).map(|n| n.parse().expect("a number")).collect();
        self.heard.push(Heard { at: now, feed: numbers[0] as usize, slot: numbers[1], slots: numbers[2] });
        self.unread.drain(..whole);
        true
    }

    /// The places at which what is heard does not go on where it was: (slot before, slot after).
    pub(crate) fn jumps(&self) -> Vec<(u64, u64)> {
        let ends = self.heard.iter().map(|group| group.slot + group.slots);
        let nexts = self.heard.iter().skip(1).map(|group| group.slot);
        ends.zip(nexts).filter(|(end, next)| end != next).collect()
    }
}
