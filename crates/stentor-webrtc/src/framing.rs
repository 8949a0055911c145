//! Packets on a TCP connection: each is preceded by its length in two bytes (RFC 4571 §2, which
//! ICE-TCP uses by RFC 6544 §3).

use bytes::{Buf, Bytes, BytesMut};

/// The longest packet taken from a TCP connection. Peers send what would fit a datagram: DTLS and
/// RTP stay below 1,280 bytes, STUN below 600. 2,000 is also the most that str0m looks at.
pub const FRAME_BYTES_MAX: usize = 2_000;

/// What a connection may hold unread: one whole frame with its length and the start of the next,
/// 2 × (2,000 + 2). The shell reads at most [`Deframer::room`] bytes and takes the frames out
/// before it reads again, so that it is never exceeded.
pub const BUFFER_BYTES_MAX: usize = 2 * (FRAME_BYTES_MAX + LENGTH_BYTES);

const LENGTH_BYTES: usize = 2;

/// The peer does not speak RFC 4571 within our limits; close the connection. Its fault, final.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FramingError {
    /// The announced length is above [`FRAME_BYTES_MAX`], as when the peer speaks TLS or HTTP.
    #[error("a frame of {0} bytes is announced; {FRAME_BYTES_MAX} is the most")]
    TooLong(usize),
    /// The announced length is zero, which no protocol multiplexed here uses.
    #[error("an empty frame is announced")]
    Empty,
}

/// Cuts the bytes of one TCP connection into packets.
#[derive(Debug, Default)]
pub struct Deframer {
    buffer: BytesMut,
}

impl Deframer {
    /// How many bytes may be pushed now. Above zero once [`Deframer::next_frame`] returned `None`.
    pub fn room(&self) -> usize {
        BUFFER_BYTES_MAX - self.buffer.len()
    }

    /// Adds bytes as they came. More than [`Deframer::room`] is the caller's bug.
    pub fn push(&mut self, bytes: &[u8]) {
        assert!(bytes.len() <= self.room(), "the caller reads no more than there is room for");
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole packet, if there is one. After an error the connection is of no more use.
    pub fn next_frame(&mut self) -> Result<Option<Bytes>, FramingError> {
        let Some(length) = self.buffer.get(..LENGTH_BYTES) else { return Ok(None) };
        let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
        if length > FRAME_BYTES_MAX {
            return Err(FramingError::TooLong(length));
        }
        if length == 0 {
            return Err(FramingError::Empty);
        }
        if self.buffer.len() < LENGTH_BYTES + length {
            return Ok(None);
        }
        self.buffer.advance(LENGTH_BYTES);
        Ok(Some(self.buffer.split_to(length).freeze()))
    }
}

/// Appends `packet` with its length to `out`. Packets come from a [`crate::Session`], whose largest
/// fits a datagram; a longer one is a bug.
pub fn frame(packet: &[u8], out: &mut Vec<u8>) {
    let length = u16::try_from(packet.len()).expect("a packet fits a datagram");
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(packet);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn other_protocols_are_refused_at_their_first_bytes() {
        for (hello, error) in [
            (&b"GET / HTTP/1.1\r\n"[..], FramingError::TooLong(0x4745)),
            (b"\x16\x03\x01\x02\x00", FramingError::TooLong(0x1603)),
            (b"\0\0", FramingError::Empty),
        ] {
            let mut deframer = Deframer::default();
            deframer.push(hello);
            assert_eq!(deframer.next_frame(), Err(error));
        }
    }

    proptest! {
        #[test]
        fn packets_survive_any_cut(
            packets in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..=FRAME_BYTES_MAX), 0..8),
            cuts in proptest::collection::vec(1usize..3000, 1..40),
        ) {
            let mut stream = Vec::new();
            for packet in &packets {
                frame(packet, &mut stream);
            }
            let mut deframer = Deframer::default();
            let mut received = Vec::new();
            let mut rest = stream.as_slice();
            let mut cuts = cuts.iter().cycle();
            while !rest.is_empty() {
                let (now, later) = rest.split_at(rest.len().min(deframer.room()).min(*cuts.next().expect("endless")));
                prop_assert!(!now.is_empty(), "there is room after the frames were taken out");
                deframer.push(now);
                rest = later;
                while let Some(packet) = deframer.next_frame()? {
                    received.push(packet.to_vec());
                }
            }
            prop_assert_eq!(received, packets);
        }

        #[test]
        fn garbage_never_panics(garbage in proptest::collection::vec(any::<u8>(), 0..BUFFER_BYTES_MAX)) {
            let mut deframer = Deframer::default();
            deframer.push(&garbage);
            while let Ok(Some(packet)) = deframer.next_frame() {
                prop_assert!((1..=FRAME_BYTES_MAX).contains(&packet.len()));
            }
        }
    }
}
