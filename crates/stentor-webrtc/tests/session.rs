//! A session against another WebRTC stack over a network that loses, doubles and stops.

mod clock;
mod network;

use std::time::Duration;

use network::{Network, address, frame};
use stentor_webrtc::{
    CONNECT_TIME_MAX, CloseReason, FRAGMENT_BYTES_MAX, PACKETS_PER_SECOND_MAX, PatchError, Patched, Path,
    SILENCE_TIME_MAX, STREAMS_MAX, SessionKind, Verdict,
};
use str0m::media::Direction;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn sound_goes_both_ways_over_udp_and_tcp() {
    for path in [Path::Udp, Path::Tcp] {
        let mut network = Network::new(path, SessionKind::Stage, Direction::SendRecv);
        network.run(5 * SECOND);
        assert_eq!(network.connected, [path]);
        let heard = &network.heard_by_server;
        assert!(heard.len() > 200, "{path:?}: {} packets", heard.len());
        for (n, packet) in heard.iter().enumerate() {
            assert_eq!(packet.payload, frame(b'c', n as u64));
            assert_eq!(packet.seq - heard[0].seq, n as u64);
            assert_eq!(packet.rtp_time - heard[0].rtp_time, n as u64 * 960);
            assert_eq!(packet.level_dbov, Some(-20));
        }
        assert!(network.heard_by_client.len() > 200);
        let said: Vec<_> = (0..network.heard_by_client.len() as u64).map(|n| frame(b's', n)).collect();
        assert_eq!(network.heard_by_client, said);
    }
}

#[test]
fn a_whip_client_is_heard_and_hears_nothing() {
    // A client that would like to hear us is answered recvonly all the same.
    let mut network = Network::new(Path::Udp, SessionKind::Whip, Direction::SendRecv);
    assert!(network.answer.contains("a=recvonly\r\n") && !network.answer.contains("a=ssrc"));
    network.server_speaks = true;
    network.run(3 * SECOND);
    assert!(network.heard_by_server.len() > 100);
    assert_eq!(network.heard_by_client, Vec::<Vec<u8>>::new());
}

#[test]
fn what_is_lost_is_missing_and_what_is_doubled_comes_once() {
    let mut network = Network::new(Path::Udp, SessionKind::Stage, Direction::SendRecv);
    network.loss = |n| n > 40 && n.is_multiple_of(5);
    network.duplicate = true;
    network.run(10 * SECOND);
    let heard = &network.heard_by_server;
    assert!(heard.windows(2).all(|pair| pair[0].seq < pair[1].seq), "each packet comes once and in order");
    let span = heard.last().expect("sound").seq - heard[0].seq + 1;
    let lost = span - heard.len() as u64;
    assert!(lost * 4 > span / 2 && lost * 4 < span * 2, "{lost} of {span} lost");
    for packet in heard {
        assert_eq!(packet.payload, frame(b'c', (packet.rtp_time - heard[0].rtp_time) / 960));
    }
}

#[test]
fn what_is_lost_comes_as_a_copy_from_a_client_that_sends_such() {
    let mut network = Network::with_copies(Path::Udp, SessionKind::Stage, Direction::SendRecv);
    assert!(network.answer.contains("SAVPF 63 111\r\n"), "copies are asked for: {}", network.answer);
    network.loss = |n| n > 40 && n.is_multiple_of(5);
    network.run(10 * SECOND);
    let heard = &network.heard_by_server;
    assert!(
        heard.windows(2).all(|pair| pair[0].seq + 1 == pair[1].seq),
        "nothing is missing, nothing comes twice"
    );
    let copies = heard.iter().filter(|packet| packet.is_copy).count();
    assert!(copies * 5 > heard.len() / 2 && copies * 5 < heard.len() * 2, "{copies} of {}", heard.len());
    for packet in heard {
        assert_eq!(packet.payload, frame(b'c', (packet.rtp_time - heard[0].rtp_time) / 960));
        assert_eq!(packet.level_dbov, (!packet.is_copy).then_some(-20));
    }
    // What we send is plain.
    assert!(network.heard_by_client.len() > 400);
}

#[test]
fn a_peer_that_falls_silent_is_gone_after_the_limit() {
    let mut network = Network::new(Path::Udp, SessionKind::Stage, Direction::SendRecv);
    network.run(3 * SECOND);
    network.cut = true;
    network.run(SILENCE_TIME_MAX - SECOND);
    assert_eq!(network.closed, None);
    network.run(2 * SECOND);
    assert_eq!(network.closed, Some(CloseReason::PeerSilent));
    assert!(network.session.is_closed());
}

#[test]
fn a_muted_peer_stays() {
    let mut network = Network::new(Path::Udp, SessionKind::Stage, Direction::SendRecv);
    network.client_speaks = false;
    network.run(4 * SILENCE_TIME_MAX);
    assert_eq!(network.closed, None);
    assert_eq!(network.connected.len(), 1);
}

#[test]
fn an_answer_nobody_uses_is_given_up() {
    let mut network = Network::new(Path::Udp, SessionKind::Stage, Direction::SendRecv);
    network.cut = true;
    network.run(CONNECT_TIME_MAX - SECOND);
    assert_eq!(network.closed, None);
    network.run(2 * SECOND);
    assert_eq!(network.closed, Some(CloseReason::NeverConnected));
}

#[test]
fn each_side_can_end_it() {
    let mut network = Network::new(Path::Udp, SessionKind::Stage, Direction::SendRecv);
    network.run(2 * SECOND);
    network.client.close().expect("the client closes");
    network.client_speaks = false;
    network.run(SECOND);
    assert_eq!(network.closed, Some(CloseReason::ByPeer));

    let mut network = Network::new(Path::Udp, SessionKind::Stage, Direction::SendRecv);
    network.run(2 * SECOND);
    network.client_speaks = false;
    network.session.close(network.now);
    network.run(SECOND);
    assert_eq!(network.closed, Some(CloseReason::ByUs));
    assert!(!network.client.is_alive(), "the client was told");
}

#[test]
fn a_stranger_with_our_name_but_not_our_password_gets_nowhere() {
    let mut network = Network::new(Path::Udp, SessionKind::Stage, Direction::SendRecv);
    let ufrag = network.session.etag().trim_matches('"').to_owned();
    let user = format!("{ufrag}:x");
    let mut attributes = vec![0, 6, 0, u8::try_from(user.len()).expect("short")];
    attributes.extend(user.as_bytes());
    attributes.resize(attributes.len().next_multiple_of(4), 0);
    attributes.extend([0, 0x24, 0, 4, 0, 0, 0, 1]);
    attributes.extend([0, 8, 0, 20]);
    attributes.extend([9; 20]);
    let mut packet = vec![0, 1, 0, u8::try_from(attributes.len()).expect("short"), 0x21, 0x12, 0xA4, 0x42];
    packet.extend([5; 12]);
    packet.extend(attributes);
    let stranger = address("203.0.113.66:666");
    assert_eq!(network.demux.route(Path::Udp, stranger, &packet), Some(network.session.id()), "well-formed");
    network.arrive(stranger, &packet);
    assert_eq!(network.demux.len(), (1, 0));
    network.run(2 * SECOND);
    assert_eq!(network.demux.len(), (1, 1), "only the client is known");
    for first in [0x80u8, 0x16, 0x00] {
        let verdict = network.session.handle_packet(
            network.now,
            Path::Udp,
            stranger,
            address(network::SERVER),
            &[first; 64],
        );
        assert_eq!(verdict, Verdict::Rejected);
    }
    assert_eq!(network.closed, None);
}

#[test]
fn an_ice_restart_gives_new_credentials_and_keeps_the_session() {
    let mut network = Network::new(Path::Udp, SessionKind::Stage, Direction::SendRecv);
    network.run(2 * SECOND);
    let etag = network.session.etag();
    let (fragment, pending) = network.client_restarts();
    let mut patch = |if_match| network.session.patch(network.now, if_match, &fragment);
    assert_eq!(patch(None), Err(PatchError::PreconditionMissing));
    assert_eq!(patch(Some(&etag)), Err(PatchError::PreconditionFailed), "a restart is asked for by *");
    let Ok(Patched::Restarted { fragment: ours, ufrag, etag: new_etag }) = patch(Some("*")) else {
        panic!("the restart is granted");
    };
    assert_ne!(new_etag, etag);
    assert!(ours.contains("a=candidate:"));
    network.demux.insert(network.session.id(), &ufrag);
    network.client_restarted(pending, &ours);

    let before = network.heard_by_server.len();
    network.run(2 * SECOND);
    assert!(network.heard_by_server.len() > before + 90, "sound goes on");
    // From here on only checks with the new credentials show that the peer is there.
    network.client_speaks = false;
    network.run(4 * SILENCE_TIME_MAX);
    assert_eq!(network.closed, None);
}

#[test]
fn trickled_candidates_need_the_present_tag() {
    let mut network = Network::new(Path::Udp, SessionKind::Stage, Direction::SendRecv);
    let etag = network.session.etag();
    let fragment = "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\na=end-of-candidates\r\n";
    let mut patch = |if_match, fragment| network.session.patch(network.now, if_match, fragment);
    assert_eq!(patch(Some(&etag), fragment), Ok(Patched::Trickled));
    assert_eq!(patch(Some("\"old\""), fragment), Err(PatchError::PreconditionFailed));
    assert_eq!(patch(Some("*"), "a=ice-ufrag:OnlyHalf\r\n"), Err(PatchError::Malformed));
    assert_eq!(patch(Some("*"), "garbage"), Err(PatchError::Malformed));
    let long = "a=x\r\n".repeat(FRAGMENT_BYTES_MAX / 5 + 1);
    assert_eq!(patch(Some("*"), &long), Err(PatchError::TooLarge(long.len())));
}

/// A peer's packet that looks like RTP of this stream.
fn rtp_of(ssrc: u32, payload: &[u8]) -> Vec<u8> {
    [&[0x80, 111, 0, 1, 0, 0, 0, 0][..], &ssrc.to_be_bytes(), payload].concat()
}

/// Fault 65: packets at a hundred times the rate.
#[test]
fn a_flood_is_not_looked_at_and_ends_with_its_second() {
    let mut network = Network::new(Path::Udp, SessionKind::Stage, Direction::SendRecv);
    network.run(2 * SECOND);
    let forged = rtp_of(77, &[0xA5; 300]);
    let take = |network: &mut Network| {
        let (now, client) = (network.now, address(network::CLIENT));
        network.session.handle_packet(now, Path::Udp, client, address(network::SERVER), &forged)
    };
    let verdicts: Vec<_> = (0..5_000).map(|_| take(&mut network)).collect();
    let looked_at = verdicts.iter().filter(|verdict| **verdict == Verdict::Taken).count();
    assert!(looked_at > 0 && looked_at <= PACKETS_PER_SECOND_MAX as usize, "{looked_at}");
    assert_eq!(verdicts.last(), Some(&Verdict::TooMuch));
    network.run(2 * SECOND);
    let before = network.heard_by_server.len();
    network.run(2 * SECOND);
    assert!(network.heard_by_server.len() > before + 95, "what is said afterwards is heard");
    assert_eq!(network.closed, None);
}

/// Fault 48: wild SSRCs.
#[test]
fn streams_without_end_are_not_kept_and_the_first_one_is_heard_on() {
    let mut network = Network::new(Path::Udp, SessionKind::Stage, Direction::SendRecv);
    network.run(2 * SECOND);
    let mut taken = 0;
    for batch in 0..20_u32 {
        for n in 0..100 {
            let forged = rtp_of(1_000_000 + batch * 100 + n, &[0xA5; 300]);
            let (now, client) = (network.now, address(network::CLIENT));
            let verdict =
                network.session.handle_packet(now, Path::Udp, client, address(network::SERVER), &forged);
            taken += usize::from(verdict == Verdict::Taken);
        }
        network.run(SECOND);
    }
    assert!(taken > 0 && taken < STREAMS_MAX, "{taken} streams");
    let heard = &network.heard_by_server;
    assert!(heard.len() > 20 * 50, "{}", heard.len());
    assert!(heard.windows(2).all(|pair| pair[1].seq == pair[0].seq + 1), "nothing of it is missing");
}
