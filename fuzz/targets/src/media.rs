//! Packets and bytes that anybody can send to the media socket.

use std::net::SocketAddr;

use stentor_types::{Mono, SessionId};
use stentor_webrtc::framing::{self, Deframer, FRAME_BYTES_MAX};
use stentor_webrtc::redundant::{self, COPIES_MAX};
use stentor_webrtc::{Accepted, Demux, Output, Path, Verdict};

use crate::signalling::{OURS, session};

/// The user name fragment under which the corpus knows the session.
const UFRAG: &str = "ours";

/// The payload type of Opus in the corpus.
const OPUS: u8 = 111;

/// A stranger's packet reaches a session only by its user name, a known peer's also by its address; the
/// session survives both, and believes neither. Taken is what reaches a session.
pub fn packet(bytes: &[u8]) -> bool {
    let stranger = SocketAddr::from(([192, 0, 2, 1], 5));
    let peer = SocketAddr::from(([192, 0, 2, 2], 5));
    let Accepted { mut session, .. } = session();
    let mut demux = Demux::default();
    demux.insert(SessionId(1), UFRAG);
    demux.learn(SessionId(1), Path::Udp, peer, Verdict::Proven);
    let mut taken = false;
    for source in [stranger, peer] {
        let Some(id) = demux.route(Path::Udp, source, bytes) else { continue };
        assert_eq!(id, SessionId(1));
        assert!(source == peer || bytes[0] < 4, "only STUN has a user name in it (RFC 7983 §7)");
        let verdict = session.handle_packet(Mono(1), Path::Udp, source, OURS, bytes);
        assert_ne!(verdict, Verdict::Proven, "the session's password is random");
        while !matches!(session.poll_output(), Output::Timeout(_)) {}
        taken = true;
    }
    taken
}

/// Of a packet with copies, each part is a part of it, and its own comes last. Taken is what has one.
pub fn copies(bytes: &[u8]) -> bool {
    let blocks = redundant::blocks(bytes, OPUS);
    assert!(blocks.len() <= 1 + COPIES_MAX);
    assert!(blocks.iter().map(|block| block.opus.len()).sum::<usize>() < bytes.len().max(1));
    assert!(blocks.iter().all(|block| !block.opus.is_empty() && block.distance <= COPIES_MAX as u64));
    assert!(blocks.windows(2).all(|pair| pair[0].distance > pair[1].distance));
    blocks.last().is_some_and(|own| (own.distance, own.samples_before) == (0, 0))
}

/// However the bytes of a connection are cut, the packets are the same. Taken is at least one packet.
pub fn deframer(bytes: &[u8]) -> bool {
    let Some((&cut, stream)) = bytes.split_first() else { return false };
    let (whole, error) = packets(stream, usize::MAX);
    assert_eq!(packets(stream, usize::from(cut) + 1), (whole.clone(), error));
    let mut again = Vec::new();
    for packet in &whole {
        assert!((1..=FRAME_BYTES_MAX).contains(&packet.len()));
        framing::frame(packet, &mut again);
    }
    assert!(stream.starts_with(&again));
    !whole.is_empty()
}

/// The packets in a stream that arrives in pieces of at most `piece_bytes`, and whether it ended in an error.
fn packets(mut stream: &[u8], piece_bytes: usize) -> (Vec<Vec<u8>>, bool) {
    let mut deframer = Deframer::default();
    let mut packets = Vec::new();
    while !stream.is_empty() {
        let (piece, rest) = stream.split_at(stream.len().min(piece_bytes).min(deframer.room()));
        assert!(!piece.is_empty(), "there is room once the packets are taken out");
        deframer.push(piece);
        stream = rest;
        loop {
            match deframer.next_frame() {
                Ok(Some(packet)) => packets.push(packet.to_vec()),
                Ok(None) => break,
                Err(_) => return (packets, true),
            }
        }
    }
    (packets, false)
}
