//! What browsers and other clients offer, whole and damaged.

mod clock;

use std::net::SocketAddr;
use std::sync::LazyLock;

use proptest::prelude::*;
use stentor_types::{Channels, Mono, Reason, SessionId};
use stentor_webrtc::{
    Accepted, Identity, OFFER_BYTES_MAX, OfferError, Session, SessionConfig, SessionKind, Timebase,
};

static IDENTITY: LazyLock<(Identity, Timebase)> = LazyLock::new(|| (Identity::generate(), clock::timebase()));

const OFFERS: [(&str, &str); 6] = [
    ("aiortc-audio", include_str!("offers/aiortc-audio.sdp")),
    ("chrome-audio", include_str!("offers/chrome-audio.sdp")),
    ("chrome-audio-video-data", include_str!("offers/chrome-audio-video-data.sdp")),
    ("firefox-audio", include_str!("offers/firefox-audio.sdp")),
    ("firefox-audio-video-data", include_str!("offers/firefox-audio-video-data.sdp")),
    ("obs-audio-video", include_str!("offers/obs-audio-video.sdp")),
];

fn accept_as(kind: SessionKind, channels: Channels, offer: &str) -> Result<Accepted, OfferError> {
    let ours = ["192.0.2.10:8082", "[2001:db8::10]:8082"];
    let ours = ours.map(|text| text.parse::<SocketAddr>().expect("an address"));
    let config = SessionConfig { id: SessionId(1), kind, channels, udp: &ours, tcp: &ours };
    let (identity, timebase) = &*IDENTITY;
    Session::accept(Mono(0), *timebase, identity, config, offer)
}

fn accept(offer: &str) -> Result<Accepted, OfferError> {
    accept_as(SessionKind::Stage, Channels::Mono, offer)
}

#[test]
fn every_client_is_answered_with_its_audio_and_without_the_rest() {
    for (name, offer) in OFFERS {
        let Accepted { answer, .. } = accept(offer).unwrap_or_else(|error| panic!("{name}: {error}"));
        let kinds = |sdp: &str| -> Vec<String> {
            let media = sdp.lines().filter_map(|line| line.strip_prefix("m="));
            media.map(|media| media.split(' ').next().expect("a kind").to_owned()).collect()
        };
        assert_eq!(kinds(&answer), kinds(offer), "{name}: sections stay in order (RFC 3264 §6)");
        for media in answer.lines().filter_map(|line| line.strip_prefix("m=")) {
            assert_eq!(media.starts_with("audio 9 "), !media.contains(" 0 "), "{name}: {media}");
        }
        assert_eq!(answer.matches("a=candidate:").count(), 4, "{name}");
        assert_eq!(answer.matches("tcptype passive").count(), 2, "{name}");
        for line in ["a=ice-lite", "a=group:BUNDLE 0", "a=setup:passive", "a=rtcp-mux", "a=mid:0"] {
            assert!(answer.lines().any(|l| l == line), "{name}: {line} is missing in\n{answer}");
        }
        assert!(answer.to_ascii_lowercase().contains("opus/48000/2") && answer.contains("useinbandfec=1"));
        let direction = if name.starts_with("obs") { "a=recvonly" } else { "a=sendrecv" };
        let audio = answer.split("m=").find(|section| section.starts_with("audio")).expect("audio");
        assert!(audio.contains(direction), "{name}");
    }
}

#[test]
fn a_show_in_stereo_asks_for_stereo() {
    let stereo = accept_as(SessionKind::Whip, Channels::Stereo, OFFERS[5].1).expect("an answer").answer;
    assert!(stereo.contains("useinbandfec=1;maxaveragebitrate=128000;stereo=1"));
    let mono = accept(OFFERS[5].1).expect("an answer").answer;
    assert!(mono.contains("maxaveragebitrate=96000") && !mono.contains("stereo=1"), "{mono}");
}

#[test]
fn who_can_send_copies_is_asked_for_them() {
    let formats = |answer: &str| {
        let audio = answer.lines().find(|line| line.starts_with("m=audio 9 ")).expect("audio");
        audio.rsplit_once("SAVPF ").expect("formats").1.to_owned()
    };
    for (name, offer) in OFFERS {
        let Accepted { answer, .. } = accept(offer).unwrap_or_else(|error| panic!("{name}: {error}"));
        let copies = answer.contains("a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\n");
        assert_eq!(copies, name.starts_with("chrome"), "{name}:\n{answer}");
        assert_eq!(formats(&answer).starts_with("63 111"), copies, "{name}");
    }
    // Copies of something else, or of nothing, are none.
    for fmtp in ["a=fmtp:63 0/111", "a=fmtp:63 111", "a=fmtp:62 111/111", ""] {
        let offer = chrome_with("a=fmtp:63 111/111", fmtp);
        let Accepted { answer, .. } = accept(&offer).unwrap_or_else(|error| panic!("{fmtp}: {error}"));
        assert_eq!(formats(&answer), "111", "{fmtp}");
    }
}

/// Replaces `from` in Chrome's offer, which must be there.
fn chrome_with(from: &str, to: &str) -> String {
    let changed = OFFERS[1].1.replace(from, to);
    assert_ne!(changed, OFFERS[1].1, "{from:?} is in the offer");
    changed
}

#[test]
fn each_fault_has_its_reason() {
    let chrome = OFFERS[1].1;
    let without = |prefix: &str| {
        let kept: Vec<_> = chrome.lines().filter(|line| !line.starts_with(prefix)).collect();
        assert!(kept.len() < chrome.lines().count(), "{prefix:?} is in the offer");
        kept.join("\r\n")
    };
    let cases = [
        ("nothing", String::new(), Reason::OfferMalformed),
        ("JSON", "{\"type\":\"offer\"}".to_owned(), Reason::OfferMalformed),
        (
            "no media",
            chrome.split("m=").next().expect("a session part").to_owned(),
            Reason::OfferWithoutAudio,
        ),
        ("only video", chrome_with("m=audio", "m=video"), Reason::OfferWithoutAudio),
        ("a listener", chrome_with("a=sendrecv", "a=recvonly"), Reason::OfferWithoutAudio),
        ("inactive", chrome_with("a=sendrecv", "a=inactive"), Reason::OfferWithoutAudio),
        ("no Opus", chrome_with("opus/48000/2", "speex/48000/2"), Reason::OfferWithoutOpus),
        ("Opus as RTCP", chrome_with("111", "72"), Reason::OfferWithoutOpus),
        ("no DTLS", chrome_with("UDP/TLS/RTP/SAVPF", "RTP/AVP"), Reason::OfferMalformed),
        ("no fingerprint", without("a=fingerprint"), Reason::OfferMalformed),
        ("only SHA-1", chrome_with("sha-256", "sha-1"), Reason::OfferMalformed),
        ("no user name", without("a=ice-ufrag"), Reason::OfferMalformed),
        ("no password", without("a=ice-pwd"), Reason::OfferMalformed),
        ("odd setup", chrome_with("actpass", "holdconn"), Reason::OfferMalformed),
        ("no mid", without("a=mid"), Reason::OfferMalformed),
        ("a mid with a blank", chrome_with("a=mid:0", "a=mid:0 1"), Reason::OfferMalformed),
        ("no rtcp-mux", without("a=rtcp-mux"), Reason::OfferMalformed),
        ("17 sections", format!("{chrome}{}", "m=video 9 X 1\r\n".repeat(16)), Reason::OfferMalformed),
        ("too large", format!("{chrome}{}", "a=x\r\n".repeat(OFFER_BYTES_MAX / 5)), Reason::TooLarge),
    ];
    for (name, offer, reason) in cases {
        let error = accept(&offer).expect_err(name);
        assert_eq!(error.reason(), reason, "{name}: {error}");
    }
}

#[test]
fn a_bundled_section_borrows_the_transport_of_the_first() {
    // As a max-bundle client writes it when its video comes first (RFC 9143 §7.2).
    let chrome = OFFERS[1].1;
    let (session, audio) = chrome.split_once("m=").expect("one section");
    let transport = ["a=ice-", "a=fingerprint", "a=setup"];
    let is_transport = |line: &&str| transport.iter().any(|prefix| line.starts_with(prefix));
    let moved: Vec<_> = audio.lines().filter(is_transport).collect();
    let kept: Vec<_> = audio.lines().filter(|line| !is_transport(line)).collect();
    let offer = format!(
        "{}m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:v\r\na=sendonly\r\n{}\r\nm={}\r\na=bundle-only\r\n",
        session.replace("BUNDLE 0", "BUNDLE v 0"),
        moved.join("\r\n"),
        kept.join("\r\n").replace("audio 9 ", "audio 0 "),
    );
    let answer = accept(&offer).expect("audio with a transport").answer;
    assert!(
        answer.contains("m=video 0 ") && answer.contains("m=audio 9 ") && answer.contains("BUNDLE 0\r\n")
    );
}

/// How often an offer is damaged; more for a longer run.
fn config() -> ProptestConfig {
    let cases = std::env::var("STENTOR_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_damaged_offer_is_answered_or_refused(
        which in 0..OFFERS.len(),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), 0u8..5, any::<char>()), 1..12),
    ) {
        let mut lines: Vec<String> = OFFERS[which].1.lines().map(str::to_owned).collect();
        for (at, edit, c) in edits {
            let at = at.index(lines.len());
            match edit {
                0 => lines.push(lines[at].clone()),
                1 if lines.len() > 1 => drop(lines.remove(at)),
                2 => {
                    let end = lines[at].char_indices().map(|(i, _)| i).nth(u32::from(c) as usize % 40);
                    lines[at].truncate(end.unwrap_or(0));
                }
                3 => lines[at].push(c),
                _ => {
                    let other = u32::from(c) as usize % lines.len();
                    lines.swap(at, other);
                }
            }
        }
        if let Ok(accepted) = accept(&lines.join("\r\n")) {
            prop_assert!(accepted.answer.contains("m=audio 9 "));
            prop_assert_eq!(accepted.etag, format!("\"{}\"", accepted.ufrag));
        }
    }

    #[test]
    fn any_text_is_refused(text in "\\PC{0,300}") {
        prop_assert!(accept(&text).is_err());
        let begun = ["v=0\r\n", &text].concat();
        prop_assert!(accept(&begun).is_err());
    }
}
