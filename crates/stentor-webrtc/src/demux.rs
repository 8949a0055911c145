//! Finds the session of a packet, and keeps nothing for a packet that has none.
//!
//! A peer introduces itself by a STUN binding request that carries our ICE user name fragment. Once
//! the session has verified the request's MESSAGE-INTEGRITY, the request's source is an address of
//! that session, and DTLS and SRTP from there reach it. Everything else is dropped.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

use stentor_types::SessionId;

use crate::session::{Path, Verdict};

/// Addresses remembered for one session: two families × UDP and TCP × two interfaces, as a laptop on
/// cable and Wi-Fi has them. The one learnt first makes room.
pub const ADDRESSES_PER_SESSION_MAX: usize = 8;

/// The table of the media socket: which session a packet is for.
///
/// **Contract:** [`Demux::insert`] when a session is accepted or its ICE restarted, [`Demux::route`]
/// for every packet, [`Demux::learn`] with what [`crate::Session::handle_packet`] said about it, and
/// [`Demux::remove`] when the session is over.
#[derive(Debug, Default)]
pub struct Demux {
    by_ufrag: BTreeMap<Box<str>, SessionId>,
    by_address: BTreeMap<(Path, SocketAddr), SessionId>,
    sessions: BTreeMap<SessionId, Known>,
}

#[derive(Debug)]
struct Known {
    ufrag: Box<str>,
    addresses: VecDeque<(Path, SocketAddr)>,
}

impl Demux {
    /// Makes a session known by its local user name fragment; after an ICE restart, by the new one
    /// instead of the old. Addresses already learnt stay, so that sound goes on during the restart.
    pub fn insert(&mut self, id: SessionId, ufrag: &str) {
        match self.sessions.get_mut(&id) {
            Some(known) => {
                self.by_ufrag.remove(&known.ufrag);
                known.ufrag = ufrag.into();
            }
            None => {
                self.sessions.insert(id, Known { ufrag: ufrag.into(), addresses: VecDeque::new() });
            }
        }
        self.by_ufrag.insert(ufrag.into(), id);
    }

    /// Forgets a session and its addresses.
    pub fn remove(&mut self, id: SessionId) {
        let Some(known) = self.sessions.remove(&id) else { return };
        self.by_ufrag.remove(&known.ufrag);
        for address in known.addresses {
            self.by_address.remove(&address);
        }
    }

    /// The session that a packet from `source` is for, or `None`: drop it. Changes and allocates
    /// nothing.
    ///
    /// The first frame of a TCP connection must have a session, or the connection is closed; the
    /// frames after it go through here like any other packet.
    pub fn route(&self, path: Path, source: SocketAddr, packet: &[u8]) -> Option<SessionId> {
        // RFC 7983 §7: the first byte tells STUN, DTLS and SRTP apart.
        match packet.first()? {
            0..=3 => self.by_ufrag.get(local_ufrag(packet)?).copied(),
            20..=63 | 128..=191 => self.by_address.get(&(path, source)).copied(),
            _ => None,
        }
    }

    /// Notes that `source` proved to belong to a session. The newest claim to an address wins: a
    /// browser that reloads its page may get its old port again.
    pub fn learn(&mut self, id: SessionId, path: Path, source: SocketAddr, verdict: Verdict) {
        let address = (path, source);
        if verdict != Verdict::Proven || self.by_address.get(&address) == Some(&id) {
            return;
        }
        let Some(known) = self.sessions.get_mut(&id) else { return };
        if known.addresses.len() == ADDRESSES_PER_SESSION_MAX
            && let Some(oldest) = known.addresses.pop_front()
        {
            self.by_address.remove(&oldest);
        }
        known.addresses.push_back(address);
        if let Some(before) = self.by_address.insert(address, id) {
            self.disown(before, address);
        }
    }

    /// Forgets one address, as when a TCP connection is closed.
    pub fn forget(&mut self, path: Path, source: SocketAddr) {
        if let Some(id) = self.by_address.remove(&(path, source)) {
            self.disown(id, (path, source));
        }
    }

    /// How many sessions and addresses are known, for the metrics.
    pub fn len(&self) -> (usize, usize) {
        (self.sessions.len(), self.by_address.len())
    }

    /// Whether no session is known.
    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }

    fn disown(&mut self, id: SessionId, address: (Path, SocketAddr)) {
        if let Some(known) = self.sessions.get_mut(&id) {
            known.addresses.retain(|&known| known != address);
        }
    }
}

/// Our user name fragment in a STUN binding request: the part of USERNAME before the colon
/// (RFC 8445 §7.2.2). `None` if it is anything else (RFC 8489 §5, §14.3).
fn local_ufrag(packet: &[u8]) -> Option<&str> {
    const HEADER_BYTES: usize = 20;
    const BINDING_REQUEST: u16 = 0x0001;
    const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xA4, 0x42];
    const USERNAME: u16 = 0x0006;
    let word = |at: usize| Some(u16::from_be_bytes(packet.get(at..at + 2)?.try_into().ok()?));
    let whole = usize::from(word(2)?) + HEADER_BYTES == packet.len();
    if !whole || word(0)? != BINDING_REQUEST || packet.get(4..8)? != MAGIC_COOKIE {
        return None;
    }
    let mut at = HEADER_BYTES;
    while at < packet.len() {
        let (kind, len) = (word(at)?, usize::from(word(at + 2)?));
        let value = packet.get(at + 4..at + 4 + len)?;
        if kind == USERNAME {
            return std::str::from_utf8(value).ok()?.split_once(':').map(|(ours, _)| ours);
        }
        at += 4 + len.next_multiple_of(4);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn request(user: &str) -> Vec<u8> {
        let mut attributes = vec![0x00, 0x24, 0, 4, 1, 2, 3, 4]; // PRIORITY stands before USERNAME.
        attributes.extend([0x00, 0x06, 0, u8::try_from(user.len()).expect("short")]);
        attributes.extend(user.as_bytes());
        attributes.resize(attributes.len().next_multiple_of(4), 0);
        let mut packet =
            vec![0, 1, 0, u8::try_from(attributes.len()).expect("short"), 0x21, 0x12, 0xA4, 0x42];
        packet.extend([7; 12]);
        packet.extend(attributes);
        packet
    }

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], port))
    }

    const RTP: &[u8] = &[0x80, 111, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 1];

    #[test]
    fn a_stranger_is_dropped_and_leaves_nothing() {
        let mut demux = Demux::default();
        demux.insert(SessionId(1), "ours");
        assert_eq!(demux.route(Path::Udp, address(5), &request("theirs:x")), None);
        assert_eq!(demux.route(Path::Udp, address(5), RTP), None);
        // A request with our name and a wrong password: routed, not proven.
        assert_eq!(demux.route(Path::Udp, address(5), &request("ours:x")), Some(SessionId(1)));
        demux.learn(SessionId(1), Path::Udp, address(5), Verdict::Rejected);
        assert_eq!(demux.route(Path::Udp, address(5), RTP), None);
        assert_eq!(demux.len(), (1, 0));
    }

    #[test]
    fn a_proven_address_is_routed_until_the_session_ends() {
        let mut demux = Demux::default();
        demux.insert(SessionId(1), "ours");
        demux.learn(SessionId(1), Path::Udp, address(5), Verdict::Proven);
        assert_eq!(demux.route(Path::Udp, address(5), RTP), Some(SessionId(1)));
        assert_eq!(demux.route(Path::Tcp, address(5), RTP), None, "a TCP port is another address");
        demux.insert(SessionId(1), "restarted");
        assert_eq!(demux.route(Path::Udp, address(5), RTP), Some(SessionId(1)));
        assert_eq!(demux.route(Path::Udp, address(5), &request("ours:x")), None);
        assert_eq!(demux.route(Path::Udp, address(5), &request("restarted:x")), Some(SessionId(1)));
        demux.remove(SessionId(1));
        assert_eq!(demux.route(Path::Udp, address(5), RTP), None);
        assert_eq!(demux.len(), (0, 0));
    }

    #[test]
    fn addresses_are_bounded_and_change_hands() {
        let mut demux = Demux::default();
        demux.insert(SessionId(1), "one");
        demux.insert(SessionId(2), "two");
        for port in 1..=100 {
            demux.learn(SessionId(1), Path::Udp, address(port), Verdict::Proven);
        }
        assert_eq!(demux.len(), (2, ADDRESSES_PER_SESSION_MAX));
        demux.learn(SessionId(2), Path::Udp, address(100), Verdict::Proven);
        assert_eq!(demux.route(Path::Udp, address(100), RTP), Some(SessionId(2)));
        demux.remove(SessionId(1));
        assert_eq!(demux.route(Path::Udp, address(100), RTP), Some(SessionId(2)));
        demux.forget(Path::Udp, address(100));
        assert_eq!(demux.len(), (1, 0));
    }

    proptest! {
        #[test]
        fn garbage_is_never_routed(packet in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut demux = Demux::default();
            demux.insert(SessionId(1), "ours");
            prop_assert_eq!(demux.route(Path::Udp, address(5), &packet), None);
        }

        #[test]
        fn a_damaged_request_never_panics(
            at in 0usize..60, value: u8, cut in 0usize..60,
        ) {
            let mut packet = request("ours:0123456789abcdef");
            if let Some(byte) = packet.get_mut(at) {
                *byte = value;
            }
            packet.truncate(packet.len().saturating_sub(cut));
            let mut demux = Demux::default();
            demux.insert(SessionId(1), "ours");
            let routed = demux.route(Path::Udp, address(5), &packet);
            prop_assert!(routed.is_none() || cut == 0);
        }
    }
}
