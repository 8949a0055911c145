//! Packets that carry copies of those before them (RFC 2198), so that a lost one comes with the next.

use str0m::rtp::RedDecoder;

/// Copies looked at in one packet, the newest: a browser sends one. Each is a packet of its own to whoever mixes.
pub const COPIES_MAX: usize = 2;

/// One Opus packet inside a packet.
#[derive(Debug, PartialEq, Eq)]
pub struct Block<'a> {
    /// By how many sequence numbers it is older than the packet it came in; 0 is that packet's own.
    pub distance: u64,
    /// By how many samples it is older.
    pub samples_before: u64,
    /// Never empty.
    pub opus: &'a [u8],
}

/// The Opus packets in a packet, oldest first; none if it is malformed or its own is of another format.
pub fn blocks(payload: &[u8], opus: u8) -> Vec<Block<'_>> {
    let Ok(blocks) = RedDecoder::decode(payload) else { return Vec::new() };
    if blocks.last().is_none_or(|own| own.pt != opus) {
        return Vec::new();
    }
    // Copies have no number of their own. Senders copy packets that follow each other.
    let numbered = blocks.iter().rev().enumerate().take(1 + COPIES_MAX);
    let mut taken: Vec<Block<'_>> = numbered
        .filter(|(_, block)| block.pt == opus && !block.payload.is_empty())
        .map(|(distance, block)| Block {
            distance: distance as u64,
            samples_before: block.timestamp_offset.into(),
            opus: block.payload,
        })
        .collect();
    taken.reverse();
    taken
}

/// Which packets of a stream were there, among the 64 newest.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    ssrc: u32,
    newest: u64,
    /// Bit *n*: the packet *n* before the newest.
    before: u64,
}

impl Seen {
    /// Notes the packet; whether it is new. One that is too old to be known counts as seen.
    pub(crate) fn insert(&mut self, ssrc: u32, seq: u64) -> bool {
        if ssrc != self.ssrc || self.before == 0 {
            *self = Self { ssrc, newest: seq, before: 1 };
            return true;
        }
        if seq > self.newest {
            let by = u32::try_from(seq - self.newest).unwrap_or(u32::MAX);
            self.before = self.before.checked_shl(by).unwrap_or(0) | 1;
            self.newest = seq;
            return true;
        }
        let bit = u32::try_from(self.newest - seq).ok().and_then(|by| 1_u64.checked_shl(by)).unwrap_or(0);
        let is_new = bit != 0 && self.before & bit == 0;
        self.before |= bit;
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use str0m::rtp::{RedEncoder, RedundantBlock};

    fn copy(pt: u8, back: u8) -> RedundantBlock {
        RedundantBlock { pt, timestamp_offset: 960 * u32::from(back), payload: vec![back; 3] }
    }

    #[test]
    fn a_packet_and_its_newest_copies_are_taken_oldest_first() {
        let payload = RedEncoder::encode(111, b"own", &[copy(111, 3), copy(111, 2), copy(111, 1)]);
        let taken = blocks(&payload, 111);
        let expected = [(2, 1_920, &[2; 3][..]), (1, 960, &[1; 3]), (0, 0, b"own")];
        let expected: Vec<_> =
            expected.map(|(distance, samples_before, opus)| Block { distance, samples_before, opus }).into();
        assert_eq!(taken, expected);
    }

    #[test]
    fn what_is_malformed_or_of_another_codec_is_left_out() {
        assert_eq!(blocks(&RedEncoder::encode(0, b"own", &[copy(111, 1)]), 111), []);
        let mixed = RedEncoder::encode(111, b"own", &[copy(0, 1)]);
        assert_eq!(blocks(&mixed, 111).len(), 1);
        for cut in [&[][..], &[0xEF], &[0xEF, 0, 4, 200, 111, 1], &[0xEF; 400]] {
            assert_eq!(blocks(cut, 111), []);
        }
    }

    #[test]
    fn packets_are_known_for_64_and_by_stream() {
        let mut seen = Seen::default();
        for seq in [100, 102, 103] {
            assert!(seen.insert(1, seq));
            assert!(!seen.insert(1, seq));
        }
        assert!(seen.insert(1, 101), "it is missing");
        assert!(!seen.insert(1, 101));
        assert!(seen.insert(1, 103 + 63) && !seen.insert(1, 103));
        assert!(!seen.insert(1, 102), "too long ago to be known");
        assert!(seen.insert(1, u64::MAX) && !seen.insert(1, 103));
        assert!(seen.insert(2, 5), "another stream begins");
    }
}
