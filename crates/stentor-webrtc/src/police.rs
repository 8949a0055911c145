//! What one peer may ask of the media thread, which all speakers share.

use std::collections::BTreeSet;
use std::time::Duration;

use stentor_types::Mono;

/// Packets of one peer in a second. Opus in the shortest frames, of 2.5 ms, is 400; sent twice against losses it is
/// 800, and RTCP, STUN and DTLS are some ten. It is also the 20 s of ordinary speech that an outage may hold back.
pub const PACKETS_PER_SECOND_MAX: u32 = 1_000;

/// RTP streams (SSRCs, RFC 3550 §3) of one peer over its life. A browser begins another one when its microphone is
/// changed: one in four minutes over four hours. Each costs some 4 kB in str0m: 256 kB at most.
pub const STREAMS_MAX: usize = 64;

const WINDOW: Duration = Duration::from_secs(1);

/// Counts what a peer sends. Before anything is decrypted, because a flood is to cost its sender more than us.
#[derive(Debug, Default)]
pub(crate) struct Police {
    window_began: Option<Mono>,
    packets: u32,
    streams: BTreeSet<u32>,
}

impl Police {
    /// Whether the packet may be looked at.
    pub(crate) fn admits(&mut self, now: Mono, packet: &[u8]) -> bool {
        if self.window_began.is_none_or(|began| now.saturating_since(began) >= WINDOW) {
            (self.window_began, self.packets) = (Some(now), 0);
        }
        self.packets = self.packets.saturating_add(1);
        if self.packets > PACKETS_PER_SECOND_MAX {
            return false;
        }
        let Some(ssrc) = rtp_stream(packet) else { return true };
        if self.streams.len() < STREAMS_MAX {
            self.streams.insert(ssrc);
        }
        self.streams.contains(&ssrc)
    }
}

/// The SSRC of an RTP packet (RFC 3550 §5.1); none of RTCP, which shares its port (RFC 5761 §4), STUN and DTLS.
fn rtp_stream(packet: &[u8]) -> Option<u32> {
    let (&first, &second) = (packet.first()?, packet.get(1)?);
    let is_rtp = (128..=191).contains(&first) && !(64..96).contains(&(second & 0x7F));
    let ssrc = packet.get(8..12).filter(|_| is_rtp)?;
    Some(u32::from_be_bytes(ssrc.try_into().expect("four bytes")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rtp(ssrc: u32) -> Vec<u8> {
        [&[0x80, 111, 0, 1, 0, 0, 0, 0][..], &ssrc.to_be_bytes()].concat()
    }

    #[test]
    fn a_second_has_so_many_packets_and_the_next_one_as_many_again() {
        let mut police = Police::default();
        for second in 0..3_u64 {
            let admitted = |n: &u32| police.admits(Mono(second * 1_000_000 + u64::from(*n)), &rtp(1));
            assert_eq!((0..5_000).filter(admitted).count(), PACKETS_PER_SECOND_MAX as usize);
        }
    }

    #[test]
    fn streams_that_are_known_go_on_when_there_are_too_many() {
        let mut police = Police::default();
        let mut admits = |ssrc: u32| police.admits(Mono(u64::from(ssrc) * 10_000_000), &rtp(ssrc));
        let admitted = (1..=1_000).filter(|&ssrc| admits(ssrc)).count();
        assert_eq!(admitted, STREAMS_MAX);
        assert!(admits(7), "the stream was there before");
        // RTCP, STUN, DTLS, and what is cut off, are no streams.
        let mut full = [0_u8; 12];
        for (first, second) in [(0x80, 200), (0x81, 201), (0, 1), (22, 254), (0x80, 64)] {
            (full[0], full[1], full[11]) = (first, second, 250);
            assert!(police.admits(Mono(u64::MAX), &full), "{first} {second}");
        }
        assert!(police.admits(Mono(u64::MAX), &[0x80]));
    }
}
