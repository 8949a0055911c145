//! One peer: from its offer to its end.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use stentor_types::{Channels, MediaTime, Mono, SessionId};
use str0m::change::SdpOffer;
use str0m::media::{Mid, Pt};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{Extension, RtpPacket, RtpWrite};
use str0m::{Candidate, Event, IceCreds, Input, Rtc};

use crate::identity::Identity;
use crate::offer::{Offer, OfferError, Ours};
use crate::patch::{self, PatchError, Wish};
use crate::police::Police;
use crate::redundant::{self, Seen};
use crate::sdp;
use crate::time::Timebase;

/// From the answer to the first sound. A browser connects within a second; its ICE gives up after
/// some 30 s, and so do we.
pub const CONNECT_TIME_MAX: Duration = Duration::from_secs(30);

/// A peer from which nothing came for so long is gone. Browsers ask for consent every 5 s (RFC 7675
/// §5.1) and send sound every 20 ms, so three lost checks and 750 lost packets. It is also the time
/// after which str0m drops the path.
pub const SILENCE_TIME_MAX: Duration = Duration::from_secs(15);

/// Addresses from which one peer may prove itself over its life, as NATs move it about: one a minute
/// for four hours. Each costs some 300 bytes in str0m: 72 kB at most.
pub const SOURCES_MAX: usize = 240;

/// The longest Opus packet of one frame (RFC 6716 §3.2.1).
const OPUS_BYTES_MAX: usize = 1_275;

/// The transport a packet takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Path {
    /// Datagrams.
    Udp,
    /// Frames on a TCP connection that the peer opened ([`crate::framing`]).
    Tcp,
}

/// What the peer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionKind {
    /// A WHIP client: it is answered `recvonly` and hears nothing (RFC 9725 §4.4).
    Whip,
    /// A studio page: it hears its mix-minus if its offer is `sendrecv`.
    Stage,
}

/// What the shell knows about a session before it begins.
#[derive(Clone, Copy, Debug)]
pub struct SessionConfig<'a> {
    /// Its name.
    pub id: SessionId,
    /// What the peer is.
    pub kind: SessionKind,
    /// Whether we ask the peer for stereo, as the show is.
    pub channels: Channels,
    /// Where the peer can reach our UDP port. Between the two lists there must be an address that can be
    /// reached: not unspecified, multicast or IPv4 link-local, which are left out.
    pub udp: &'a [SocketAddr],
    /// Where the peer can reach our TCP port.
    pub tcp: &'a [SocketAddr],
}

/// An offer that was accepted.
#[derive(Debug)]
pub struct Accepted {
    /// The session; drain it, then drive it.
    pub session: Session,
    /// The SDP answer for the HTTP response.
    pub answer: String,
    /// Our user name fragment, for [`crate::Demux::insert`].
    pub ufrag: String,
    /// The HTTP entity tag of the ICE session, with its quotes (RFC 9725 §4.3.1).
    pub etag: String,
}

/// What a PATCH did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Patched {
    /// Candidates were noted; answer 204.
    Trickled,
    /// ICE begins anew, while sound goes on over the old path; answer 200.
    Restarted {
        /// Our side, as `application/trickle-ice-sdpfrag`.
        fragment: String,
        /// Our new user name fragment, for [`crate::Demux::insert`].
        ufrag: String,
        /// The new entity tag, with its quotes.
        etag: String,
    },
}

/// What [`Session::handle_packet`] found out about the packet's source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A STUN request with our password: the source is the peer's ([`crate::Demux::learn`]).
    Proven,
    /// Taken, but it proves nothing about the source.
    Taken,
    /// Not for this session, or not understood; it changed nothing.
    Rejected,
    /// More than one peer may send ([`crate::PACKETS_PER_SECOND_MAX`], [`crate::STREAMS_MAX`]); not looked at.
    TooMuch,
}

/// What a session wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send this packet.
    Transmit {
        /// By UDP, or framed on the TCP connection from `destination`.
        path: Path,
        /// The one of our addresses to send from.
        source: SocketAddr,
        /// The peer's address.
        destination: SocketAddr,
        /// The packet.
        bytes: Bytes,
    },
    /// A packet of Opus came. Each comes once, authenticated, in the order of arrival; only one that overtook itself
    /// as a copy comes again.
    Audio {
        /// The stream. It changes when the peer starts a new one, whose `seq` and `rtp_time` then
        /// have nothing to do with those before.
        ssrc: u32,
        /// Sequence number, extended so that it does not wrap.
        seq: u64,
        /// RTP time in samples at 48 kHz, extended so that it does not wrap.
        rtp_time: u64,
        /// The Opus packet, never empty.
        payload: Bytes,
        /// When it came.
        arrival: Mono,
        /// Its loudness as the peer measured it (RFC 6464), in dB below full scale: 0 down to −127.
        level_dbov: Option<i8>,
        /// Whether it did not come itself so far, but as a copy inside a later packet (RFC 2198).
        is_copy: bool,
    },
    /// Sound can flow.
    Connected {
        /// The transport that ICE chose.
        path: Path,
    },
    /// ICE chose another transport.
    PathChanged {
        /// The one it chose.
        path: Path,
    },
    /// The session is over; nothing but [`Output::Timeout`] comes after this.
    Closed(CloseReason),
    /// Nothing more to do now. Call [`Session::handle_timeout`] at this time if nothing comes before.
    Timeout(Mono),
}

/// Why a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloseReason {
    /// [`Session::close`] was called.
    ByUs,
    /// The peer closed it.
    ByPeer,
    /// No connection came about within [`CONNECT_TIME_MAX`].
    NeverConnected,
    /// Nothing came from the peer for [`SILENCE_TIME_MAX`].
    PeerSilent,
    /// The peer broke the protocol, such as with a certificate that its offer does not name.
    ProtocolBroken,
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ByUs => "it was closed here",
            Self::ByPeer => "the other side closed it",
            Self::NeverConnected => "no connection came about",
            Self::PeerSilent => "nothing came from the other side any more",
            Self::ProtocolBroken => "the other side broke the protocol",
        })
    }
}

/// One WebRTC session as a state machine.
///
/// **Contract:** after [`Session::accept`] and after every call that takes `now`, call
/// [`Session::poll_output`] until it returns [`Output::Timeout`].
pub struct Session {
    id: SessionId,
    timebase: Timebase,
    rtc: Rtc,
    offer: Offer,
    mid: Mid,
    ice: IceCreds,
    udp: Vec<SocketAddr>,
    tcp: Vec<SocketAddr>,
    outputs: VecDeque<Output>,
    wake_at: Mono,
    /// When the silence began: the last packet taken, or the beginning.
    heard_at: Mono,
    phase: Phase,
    path: Option<Path>,
    proven: BTreeSet<(Path, SocketAddr)>,
    police: Police,
    seen: Seen,
    sent: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Connecting { until: Mono },
    Connected,
    Closed,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("id", &self.id).field("phase", &self.phase).finish_non_exhaustive()
    }
}

impl Session {
    /// Answers an offer.
    ///
    /// We are ICE-lite (RFC 8445 §2.5): the peer checks the addresses in the answer, and we need
    /// none of its own. One audio section with Opus is accepted; every other section is rejected
    /// in the answer, so that a client which offers video as well can still speak.
    pub fn accept(
        now: Mono,
        timebase: Timebase,
        identity: &Identity,
        config: SessionConfig<'_>,
        offer: &str,
    ) -> Result<Accepted, OfferError> {
        let mut offer = Offer::parse(offer)?;
        offer.wants_sound &= config.kind == SessionKind::Stage;
        let mut rtc = build_rtc(now, timebase, identity, &offer);
        let mut candidates = Vec::new();
        let addresses = sdp::host_candidates(config.udp, config.tcp);
        assert!(!addresses.is_empty(), "a session needs an address of ours that a peer can reach");
        for candidate in addresses {
            candidates.extend(rtc.add_local_candidate(candidate).map(Candidate::to_sdp_string));
        }
        let ice = negotiate(&mut rtc, &offer)?;
        let mid = Mid::from(offer.mid.as_str());
        let cname = rtc.media(mid).map(|media| media.cname().to_owned());
        let mut direct = rtc.direct_api();
        let fingerprint = direct.local_dtls_fingerprint().to_string();
        let sends = direct.stream_tx_by_mid(mid, None).map(|stream| *stream.ssrc()).zip(cname);
        let ours = Ours { ice: &ice, fingerprint, candidates: &candidates, sends, channels: config.channels };
        let answer = offer.answer(&ours);
        let mut session = Self {
            id: config.id,
            timebase,
            rtc,
            offer,
            mid,
            ice,
            udp: config.udp.to_vec(),
            tcp: config.tcp.to_vec(),
            outputs: VecDeque::new(),
            wake_at: now,
            heard_at: now,
            phase: Phase::Connecting { until: now + CONNECT_TIME_MAX },
            path: None,
            proven: BTreeSet::new(),
            police: Police::default(),
            seen: Seen::default(),
            sent: 0,
        };
        session.drain(now);
        let (ufrag, etag) = (session.ice.ufrag.clone(), session.etag());
        Ok(Accepted { session, answer, ufrag, etag })
    }

    /// The session's name.
    pub fn id(&self) -> SessionId {
        self.id
    }

    /// The entity tag of the present ICE session, with its quotes (RFC 9725 §4.3.1).
    pub fn etag(&self) -> String {
        // The user name fragment changes exactly when ICE restarts, and the answer names it anyway.
        format!("\"{}\"", self.ice.ufrag)
    }

    /// Whether the session is over.
    pub fn is_closed(&self) -> bool {
        self.phase == Phase::Closed
    }

    /// Takes a packet that [`crate::Demux::route`] found to be for this session.
    ///
    /// `destination` is the address of ours it came to. One that is not in the answer, such as the
    /// inner address of a machine behind NAT or an unspecified one, stands for the first of its
    /// family, or else the first, that the answer names.
    pub fn handle_packet(
        &mut self,
        now: Mono,
        path: Path,
        source: SocketAddr,
        destination: SocketAddr,
        bytes: &[u8],
    ) -> Verdict {
        let Some(destination) = self.offered(path, destination) else { return Verdict::Rejected };
        if self.is_closed() {
            return Verdict::Rejected;
        }
        let is_stun = bytes.first().is_some_and(|&first| first <= 3);
        let is_proven = self.proven.contains(&(path, source));
        // A stranger who has read our user name somewhere spends nothing of the peer's.
        if (is_proven || !is_stun) && !self.police.admits(now, bytes) {
            return Verdict::TooMuch;
        }
        let proto = match path {
            Path::Udp => Protocol::Udp,
            Path::Tcp => Protocol::Tcp,
        };
        let Ok(receive) = Receive::new(proto, source, destination, bytes) else { return Verdict::Rejected };
        let input = Input::Receive(self.timebase.instant(now), receive);
        if !self.rtc.accepts(&input) {
            return Verdict::Rejected;
        }
        if is_stun && !is_proven {
            if self.proven.len() == SOURCES_MAX {
                return Verdict::Rejected;
            }
            self.proven.insert((path, source));
        }
        self.heard_at = now;
        if self.rtc.handle_input(input).is_err() {
            self.end(CloseReason::ProtocolBroken);
            return Verdict::Rejected;
        }
        self.drain(now);
        if is_stun { Verdict::Proven } else { Verdict::Taken }
    }

    /// Lets time pass: call it at the time of [`Output::Timeout`].
    pub fn handle_timeout(&mut self, now: Mono) {
        if self.is_closed() {
            return;
        }
        match self.phase {
            Phase::Connecting { until } if now >= until => return self.end(CloseReason::NeverConnected),
            Phase::Connected if now >= self.heard_at + SILENCE_TIME_MAX => {
                return self.end(CloseReason::PeerSilent);
            }
            _ => {}
        }
        self.advance(now);
    }

    /// Sends 20 ms of Opus that sound at `at`. Nothing happens before the session is connected, or if
    /// the peer did not want to hear us. A packet beyond 1,275 bytes cannot come from our encoder.
    pub fn send_audio(&mut self, now: Mono, opus: &[u8], at: MediaTime) {
        assert!((1..=OPUS_BYTES_MAX).contains(&opus.len()), "an Opus frame has 1 to 1,275 bytes");
        if self.phase != Phase::Connected {
            return;
        }
        let wallclock = self.timebase.instant(now);
        let mut direct = self.rtc.direct_api();
        let Some(stream) = direct.stream_tx_by_mid(self.mid, None) else { return };
        // Only 32 bits of the media clock are on the wire; they wrap once a day (RFC 3550 §5.1).
        let rtp_time = at.0 as u32;
        let pt = Pt::from(self.offer.payload_type);
        // RFC 3551 §4.1: the marker begins a talkspurt.
        let packet = RtpWrite::new(pt, self.sent.into(), rtp_time, wallclock, opus).marker(self.sent == 0);
        self.sent += 1;
        stream.write_rtp(packet);
        self.advance(now);
    }

    /// Answers a PATCH on the session's URL, with its If-Match header.
    pub fn patch(
        &mut self,
        now: Mono,
        if_match: Option<&str>,
        fragment: &str,
    ) -> Result<Patched, PatchError> {
        if self.is_closed() {
            return Err(PatchError::Closed);
        }
        let remote = match patch::read(if_match, fragment, &self.etag(), &self.offer.ice)? {
            Wish::Trickle => return Ok(Patched::Trickled),
            Wish::Restart(remote) => remote,
        };
        // To str0m a restart is a second offer with other credentials (RFC 8839 §4.4.1.1).
        self.offer.ice = remote;
        let Ok(local) = negotiate(&mut self.rtc, &self.offer) else {
            // Half a restart is no session: the peer is to come anew.
            self.end(CloseReason::ProtocolBroken);
            return Err(PatchError::Closed);
        };
        self.ice = local;
        let mut candidates = sdp::host_candidates(&self.udp, &self.tcp);
        candidates.iter_mut().for_each(|candidate| candidate.set_ufrag(&self.ice.ufrag));
        let candidates: Vec<_> = candidates.iter().map(Candidate::to_sdp_string).collect();
        let mut fragment = format!(
            "a=ice-lite\r\na=ice-options:trickle\r\na=group:BUNDLE {mid}\r\n\
             m=audio 9 UDP/TLS/RTP/SAVPF {formats}\r\na=mid:{mid}\r\n",
            mid = self.offer.mid,
            formats = self.offer.formats(),
        );
        sdp::write_ice(&mut fragment, &self.ice, &candidates);
        self.drain(now);
        Ok(Patched::Restarted { fragment, ufrag: self.ice.ufrag.clone(), etag: self.etag() })
    }

    /// Ends the session. What is left to send tells the peer so.
    pub fn close(&mut self, now: Mono) {
        if self.is_closed() {
            return;
        }
        if self.rtc.close().is_ok() {
            self.drain(now);
        }
        self.end(CloseReason::ByUs);
    }

    /// What to do next; [`Output::Timeout`] when that is all.
    pub fn poll_output(&mut self) -> Output {
        self.outputs.pop_front().unwrap_or(Output::Timeout(match self.phase {
            Phase::Connecting { until } => self.wake_at.min(until),
            Phase::Connected => self.wake_at.min(self.heard_at + SILENCE_TIME_MAX),
            Phase::Closed => Mono(u64::MAX),
        }))
    }

    fn offered(&self, path: Path, destination: SocketAddr) -> Option<SocketAddr> {
        let offered = match path {
            Path::Udp => &self.udp,
            Path::Tcp => &self.tcp,
        };
        let same_family = |address: &&SocketAddr| address.is_ipv4() == destination.is_ipv4();
        let exact = offered.iter().find(|&&address| address == destination);
        exact.or_else(|| offered.iter().find(same_family)).or(offered.first()).copied()
    }

    fn advance(&mut self, now: Mono) {
        if self.rtc.handle_input(Input::Timeout(self.timebase.instant(now))).is_err() {
            return self.end(CloseReason::ProtocolBroken);
        }
        self.drain(now);
    }

    /// Takes everything out of str0m, as it demands after every change.
    fn drain(&mut self, now: Mono) {
        while !self.is_closed() {
            match self.rtc.poll_output() {
                Ok(str0m::Output::Timeout(at)) => {
                    self.wake_at = self.timebase.mono(at).max(now);
                    return;
                }
                Ok(str0m::Output::Transmit(transmit)) => self.transmit(transmit),
                Ok(str0m::Output::Event(event)) => self.event(now, event),
                Err(_) => self.end(CloseReason::ProtocolBroken),
            }
        }
    }

    fn transmit(&mut self, transmit: str0m::net::Transmit) {
        let path = if transmit.proto == Protocol::Udp { Path::Udp } else { Path::Tcp };
        let bytes = Bytes::from(Vec::from(transmit.contents));
        // STUN answers go wherever a check came from; what is not STUN takes the path ICE chose.
        let is_stun = bytes.first().is_some_and(|&first| first <= 3);
        if !is_stun && self.path != Some(path) {
            self.path = Some(path);
            if self.phase == Phase::Connected {
                self.outputs.push_back(Output::PathChanged { path });
            }
        }
        let (source, destination) = (transmit.source, transmit.destination);
        self.outputs.push_back(Output::Transmit { path, source, destination, bytes });
    }

    fn event(&mut self, now: Mono, event: Event) {
        match event {
            Event::Connected => {
                self.phase = Phase::Connected;
                // The handshake's flights went out before, so the path is known.
                self.outputs.push_back(Output::Connected { path: self.path.unwrap_or(Path::Udp) });
            }
            Event::RtpPacket(packet) => self.audio(now, &packet),
            Event::Closed => {
                // Our own goodbye is still inside; the loop in `drain` must see it out first.
                while let Ok(str0m::Output::Transmit(transmit)) = self.rtc.poll_output() {
                    self.transmit(transmit);
                }
                self.end(CloseReason::ByPeer);
            }
            _ => {}
        }
    }

    fn audio(&mut self, now: Mono, packet: &RtpPacket) {
        let format = Some(*packet.header.payload_type);
        let is_opus = format == Some(self.offer.payload_type);
        // About every 5 s Chrome probes the path with packets that are all padding.
        if packet.payload.is_empty() || !is_opus && format != self.offer.redundant_type {
            return;
        }
        let (ssrc, seq, rtp_time) = (*packet.header.ssrc, *packet.seq_no, packet.time.numer());
        let level_dbov = packet.header.ext_vals.audio_level;
        let audio = |seq, rtp_time, payload: &[u8], level_dbov, is_copy| {
            let payload = Bytes::copy_from_slice(payload);
            Output::Audio { ssrc, seq, rtp_time, payload, arrival: now, level_dbov, is_copy }
        };
        let blocks = match is_opus {
            true => vec![redundant::Block { distance: 0, samples_before: 0, opus: &packet.payload }],
            false => redundant::blocks(&packet.payload, self.offer.payload_type),
        };
        for redundant::Block { distance, samples_before, opus } in blocks {
            let is_copy = distance > 0;
            let place = seq.checked_sub(distance).zip(rtp_time.checked_sub(samples_before));
            let Some((seq, rtp_time)) = place else { continue };
            if !self.seen.insert(ssrc, seq) && is_copy {
                continue;
            }
            let level_dbov = level_dbov.filter(|_| !is_copy);
            self.outputs.push_back(audio(seq, rtp_time, opus, level_dbov, is_copy));
        }
    }

    fn end(&mut self, reason: CloseReason) {
        if !self.is_closed() {
            self.phase = Phase::Closed;
            self.rtc.disconnect();
            self.outputs.push_back(Output::Closed(reason));
        }
    }
}

/// str0m in RTP mode: each packet comes out as it came in, with its SSRC and numbers, and what we send
/// keeps the time we give it. Its other mode puts packets in order, which the mixer's jitter buffer
/// does already and better, knowing how long it may wait; a reordering size of 0 would turn the waiting
/// off but still lead each packet through that buffer and hide its SSRC.
fn build_rtc(now: Mono, timebase: Timebase, identity: &Identity, offer: &Offer) -> Rtc {
    let mut config = identity
        .config()
        .set_ice_lite(true)
        .set_rtp_mode(true)
        .clear_codecs()
        .clear_extension_map()
        .set_extension(1, Extension::AudioLevel)
        .set_extension(2, Extension::RtpMid);
    // The numbers are the peer's.
    config.codec_config().enable_opus(true, offer.redundant_type.is_some());
    config.build(timebase.instant(now))
}

/// Lets str0m have the offer, as we rewrote it. It must like it, but it has the last word.
fn negotiate(rtc: &mut Rtc, offer: &Offer) -> Result<IceCreds, OfferError> {
    let refused = OfferError::Malformed("the WebRTC library refuses it");
    let small = SdpOffer::from_sdp_string(&offer.to_str0m()).map_err(|_| refused.clone())?;
    rtc.sdp_api().accept_offer(small).map_err(|_| refused)?;
    Ok(rtc.direct_api().local_ice_credentials())
}
