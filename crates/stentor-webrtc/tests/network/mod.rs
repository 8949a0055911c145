//! A WebRTC client, a session and the network between them, in memory and in virtual time.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use stentor_types::{Channels, MediaTime, Mono, SessionId};
use stentor_webrtc::framing::{self, Deframer};
use stentor_webrtc::{
    Accepted, CloseReason, Demux, Identity, Output, Path, Session, SessionConfig, SessionKind, Timebase,
};
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::format::Codec;
use str0m::media::{Direction, MediaKind, MediaTime as RtpTime, Mid};
use str0m::net::{Protocol, Receive, TcpType};
use str0m::{Candidate, Event, Input, Rtc};

use crate::clock;

pub(crate) const SERVER: &str = "192.0.2.10:8082";
pub(crate) const CLIENT: &str = "198.51.100.7:50000";
const LATENCY: Duration = Duration::from_millis(10);
const FRAME: Duration = Duration::from_millis(20);

/// Which of the packets to the server, counted from 0, the network loses.
pub(crate) type Loss = fn(u64) -> bool;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) seq: u64,
    pub(crate) rtp_time: u64,
    pub(crate) payload: Vec<u8>,
    pub(crate) level_dbov: Option<i8>,
    pub(crate) is_copy: bool,
}

/// Everything, and what was observed.
pub(crate) struct Network {
    pub(crate) now: Mono,
    timebase: Timebase,
    pub(crate) session: Session,
    pub(crate) demux: Demux,
    pub(crate) client: Rtc,
    client_mid: Mid,
    path: Path,
    in_flight: BTreeMap<(Mono, u64), (bool, SocketAddr, Vec<u8>)>,
    packets: u64,
    to_server: u64,
    pub(crate) loss: Loss,
    pub(crate) duplicate: bool,
    pub(crate) cut: bool,
    deframer: Deframer,
    client_frames: u64,
    server_frames: u64,
    pub(crate) client_speaks: bool,
    pub(crate) server_speaks: bool,
    pub(crate) answer: String,
    pub(crate) connected: Vec<Path>,
    pub(crate) closed: Option<CloseReason>,
    pub(crate) heard_by_server: Vec<Heard>,
    pub(crate) heard_by_client: Vec<Vec<u8>>,
}

pub(crate) fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

/// What the `n`th frame carries: a valid Opus TOC (CELT, 20 ms, mono) and bytes that tell it apart.
pub(crate) fn frame(side: u8, n: u64) -> Vec<u8> {
    let mut frame = vec![0xF8, side];
    frame.extend(n.to_be_bytes());
    frame
}

fn client_offer(
    timebase: Timebase,
    path: Path,
    direction: Direction,
    copies: bool,
) -> (Rtc, Mid, String, SdpPendingOffer) {
    let mut rtc = Rtc::builder().clear_codecs().enable_opus(true, copies).build(timebase.instant(Mono(0)));
    let local = address(CLIENT);
    let candidate = match path {
        Path::Udp => Candidate::host(local, "udp"),
        Path::Tcp => Candidate::builder().tcp().host(local).tcptype(TcpType::Active).build(),
    };
    rtc.add_local_candidate(candidate.expect("a host address"));
    let mut changes = rtc.sdp_api();
    let mid = changes.add_media(MediaKind::Audio, direction, None, None, None);
    let (offer, pending) = changes.apply().expect("a new track needs an offer");
    (rtc, mid, offer.to_sdp_string(), pending)
}

impl Network {
    pub(crate) fn new(path: Path, kind: SessionKind, direction: Direction) -> Self {
        Self::of(path, kind, direction, false)
    }

    /// The same with a client that sends each packet once more inside the next.
    pub(crate) fn with_copies(path: Path, kind: SessionKind, direction: Direction) -> Self {
        Self::of(path, kind, direction, true)
    }

    fn of(path: Path, kind: SessionKind, direction: Direction, copies: bool) -> Self {
        let timebase = clock::timebase();
        let now = Mono(1_000_000);
        let (mut client, client_mid, offer, pending) = client_offer(timebase, path, direction, copies);
        let server = [address(SERVER)];
        let (udp, tcp) = match path {
            Path::Udp => (&server[..], &[][..]),
            Path::Tcp => (&[][..], &server[..]),
        };
        let config = SessionConfig { id: SessionId(7), kind, channels: Channels::Mono, udp, tcp };
        let accepted = Session::accept(now, timebase, &Identity::generate(), config, &offer);
        let Accepted { session, answer, ufrag, .. } = accepted.expect("str0m's own offer is accepted");
        let mut demux = Demux::default();
        demux.insert(session.id(), &ufrag);
        let parsed = SdpAnswer::from_sdp_string(&answer).expect("our answer is SDP");
        client.sdp_api().accept_answer(pending, parsed).expect("our answer fits the offer");
        let mut network = Self {
            now,
            timebase,
            session,
            demux,
            client,
            client_mid,
            path,
            in_flight: BTreeMap::new(),
            packets: 0,
            to_server: 0,
            loss: |_| false,
            duplicate: false,
            cut: false,
            deframer: Deframer::default(),
            client_frames: 0,
            server_frames: 0,
            client_speaks: true,
            server_speaks: kind == SessionKind::Stage,
            answer,
            connected: Vec::new(),
            closed: None,
            heard_by_server: Vec::new(),
            heard_by_client: Vec::new(),
        };
        network.drain_client();
        network.drain_server();
        network
    }

    /// Lets this much virtual time pass.
    pub(crate) fn run(&mut self, time: Duration) {
        let end = self.now + time;
        let mut speak_at = self.now;
        loop {
            let client_at = self.drain_client();
            let server_at = self.drain_server();
            let packet_at = self.in_flight.keys().next().map_or(Mono(u64::MAX), |&(at, _)| at);
            let next = client_at.min(server_at).min(packet_at).min(speak_at).max(self.now);
            if next >= end {
                self.now = end;
                return;
            }
            self.now = next;
            if next >= packet_at {
                self.deliver();
            } else if next >= speak_at {
                self.speak();
                speak_at = speak_at + FRAME;
            } else if next >= server_at {
                self.session.handle_timeout(next);
            } else {
                let instant = self.timebase.instant(next);
                let input = self.client.handle_input(Input::Timeout(instant));
                assert!(input.is_ok() || self.cut, "the client lives: {input:?}");
            }
        }
    }

    /// The client wants new ICE credentials; what it would PATCH.
    pub(crate) fn client_restarts(&mut self) -> (String, SdpPendingOffer) {
        let mut changes = self.client.sdp_api();
        let ice = changes.ice_restart(true);
        let (_, pending) = changes.apply().expect("a restart needs an offer");
        (format!("a=ice-ufrag:{}\r\na=ice-pwd:{}\r\n", ice.ufrag, ice.pass), pending)
    }

    /// The client takes our side of the restart, which it knows as the old answer with new credentials.
    pub(crate) fn client_restarted(&mut self, pending: SdpPendingOffer, fragment: &str) {
        let value = |text: &str, name: &str| {
            text.lines().find_map(|line| line.strip_prefix(name)).expect("both are there").to_owned()
        };
        let mut answer = self.answer.clone();
        for name in ["a=ice-ufrag:", "a=ice-pwd:"] {
            answer = answer.replace(&value(&self.answer, name), &value(fragment, name));
        }
        let answer = SdpAnswer::from_sdp_string(&answer).expect("still SDP");
        self.client.sdp_api().accept_answer(pending, answer).expect("the answer fits");
        self.drain_client();
        self.drain_server();
    }

    fn speak(&mut self) {
        if self.client_speaks && self.client.is_connected() {
            let bytes = frame(b'c', self.client_frames);
            let time = RtpTime::new(self.client_frames * 960, str0m::media::Frequency::FORTY_EIGHT_KHZ);
            self.client_frames += 1;
            let wallclock = self.timebase.instant(self.now);
            let writer = self.client.writer(self.client_mid).expect("the track sends");
            let pt = writer.payload_params().find(|p| p.spec().codec == Codec::Opus).expect("Opus").pt();
            writer.audio_level(-20, true).write(pt, wallclock, time, bytes).expect("a frame is taken");
            self.drain_client();
        }
        if self.server_speaks && !self.connected.is_empty() {
            let bytes = frame(b's', self.server_frames);
            self.session.send_audio(self.now, &bytes, MediaTime(self.server_frames * 960));
            self.server_frames += 1;
            self.drain_server();
        }
    }

    fn deliver(&mut self) {
        let (_, (to_server, peer, bytes)) = self.in_flight.pop_first().expect("something is in flight");
        if !to_server {
            let proto = if self.path == Path::Udp { Protocol::Udp } else { Protocol::Tcp };
            let receive =
                Receive::new(proto, address(SERVER), peer, &bytes).expect("we send what can be read");
            let input = Input::Receive(self.timebase.instant(self.now), receive);
            self.client.handle_input(input).expect("the client understands us");
            return;
        }
        match self.path {
            Path::Udp => self.arrive(peer, &bytes),
            Path::Tcp => {
                self.deframer.push(&bytes);
                while let Some(packet) = self.deframer.next_frame().expect("the client frames") {
                    self.arrive(peer, &packet);
                }
            }
        }
    }

    /// As the shell does it: ask the demultiplexer, hand over, tell the demultiplexer.
    pub(crate) fn arrive(&mut self, source: SocketAddr, packet: &[u8]) {
        let Some(id) = self.demux.route(self.path, source, packet) else { return };
        assert_eq!(id, self.session.id());
        let verdict = self.session.handle_packet(self.now, self.path, source, address(SERVER), packet);
        self.demux.learn(id, self.path, source, verdict);
        self.drain_server();
    }

    fn send(&mut self, to_server: bool, peer: SocketAddr, bytes: &[u8]) {
        if self.cut {
            return;
        }
        if to_server {
            self.to_server += 1;
            if (self.loss)(self.to_server - 1) {
                return;
            }
        }
        let mut framed = Vec::new();
        match self.path {
            Path::Tcp if to_server => framing::frame(bytes, &mut framed),
            _ => framed.extend_from_slice(bytes),
        }
        for _ in 0..1 + u8::from(to_server && self.duplicate) {
            self.in_flight.insert((self.now + LATENCY, self.packets), (to_server, peer, framed.clone()));
            self.packets += 1;
        }
    }

    fn drain_client(&mut self) -> Mono {
        loop {
            let output = match self.client.poll_output() {
                // Its handshake may give up before we do.
                Err(_) if self.cut => return Mono(u64::MAX),
                output => output.expect("the client lives"),
            };
            match output {
                str0m::Output::Timeout(at) => return self.timebase.mono(at),
                str0m::Output::Transmit(t) => self.send(true, t.source, &t.contents),
                str0m::Output::Event(Event::MediaData(data)) => self.heard_by_client.push(data.data.to_vec()),
                str0m::Output::Event(_) => {}
            }
        }
    }

    fn drain_server(&mut self) -> Mono {
        loop {
            match self.session.poll_output() {
                Output::Timeout(at) => return at,
                Output::Transmit { path, source, destination, bytes } => {
                    assert_eq!((path, source), (self.path, address(SERVER)));
                    self.send(false, destination, &bytes);
                }
                Output::Audio { seq, rtp_time, payload, arrival, level_dbov, is_copy, .. } => {
                    assert_eq!(arrival, self.now);
                    let payload = payload.to_vec();
                    self.heard_by_server.push(Heard { seq, rtp_time, payload, level_dbov, is_copy });
                }
                Output::Connected { path } => self.connected.push(path),
                Output::PathChanged { path } => panic!("there is only one path, not also {path:?}"),
                Output::Closed(reason) => {
                    assert_eq!(self.closed.replace(reason), None, "a session ends once");
                }
            }
        }
    }
}
