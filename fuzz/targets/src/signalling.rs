//! What WebRTC clients send over HTTP.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::LazyLock;

use stentor_types::{Channels, Mono, SessionId};
use stentor_webrtc::{
    Accepted, Identity, OfferError, Patched, Session, SessionConfig, SessionKind, Timebase,
};

use crate::clock;

/// An offer that is answered.
const OFFER: &str = include_str!("../../corpus/offer/chrome-audio.sdp");

/// The If-Match with which ICE may begin anew (RFC 9725 §4.3.1).
const RESTART: &str = "*";

static IDENTITY: LazyLock<(Identity, Timebase)> = LazyLock::new(|| (Identity::generate(), clock::timebase()));

/// The address of ours that packets come to (RFC 5737 §3).
pub(crate) const OURS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 10)), 8082);

/// An offer is answered with one audio section of ours, or refused with a reason.
pub fn offer(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let answers = [SessionKind::Stage, SessionKind::Whip].map(|kind| accept(kind, text));
    let taken = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_ne!(taken, 1, "both doors take the same offers");
    for accepted in answers.into_iter().flatten() {
        let media = accepted.answer.lines().filter(|line| line.starts_with("m=audio 9 ")).count();
        assert_eq!(media, 1, "{}", accepted.answer);
        assert_eq!(accepted.etag, format!("\"{}\"", accepted.ufrag));
    }
    taken > 0
}

/// A fragment leaves the session as it is, or begins ICE anew under another name. Taken is what does either.
pub fn sdpfrag(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let Accepted { mut session, etag, .. } = session();
    let by_etag = session.patch(Mono(1), Some(&etag), text);
    assert!(!matches!(by_etag, Ok(Patched::Restarted { .. })), "only * restarts ICE (RFC 9725 §4.3.1)");
    assert_eq!(session.etag(), etag);
    match session.patch(Mono(2), Some(RESTART), text) {
        Ok(Patched::Restarted { fragment, ufrag, etag: new }) => {
            assert!(new != etag && session.etag() == new && fragment.contains(&ufrag));
            true
        }
        Ok(Patched::Trickled) => true,
        Err(_) => {
            assert_eq!(session.etag(), etag, "a refused PATCH changes nothing");
            false
        }
    }
}

/// A session that waits for its peer.
pub(crate) fn session() -> Accepted {
    accept(SessionKind::Stage, OFFER).expect("Chrome's offer is answered")
}

fn accept(kind: SessionKind, offer: &str) -> Result<Accepted, OfferError> {
    let (identity, timebase) = &*IDENTITY;
    let config =
        SessionConfig { id: SessionId(1), kind, channels: Channels::Mono, udp: &[OURS], tcp: &[OURS] };
    Session::accept(Mono(0), *timebase, identity, config, offer)
}
