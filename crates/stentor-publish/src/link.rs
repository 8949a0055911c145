//! One connection to the server: WebRTC on a UDP socket or a TCP connection.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use stentor_types::time::FRAME_SAMPLES;
use stentor_webrtc::framing::{self, Deframer};
use stentor_webrtc::{Path, Timebase};
use str0m::change::SdpAnswer;
use str0m::media::{Direction, MediaKind, Mid};
use str0m::net::{Protocol, Receive, TcpType, Transmit};
use str0m::rtp::{ExtensionValues, RtpWrite};
use str0m::{Candidate, CandidateKind, Event, IceConnectionState, Input, Output, Rtc};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};

use crate::clock::Clock;
use crate::error::PublishError;
use crate::play::{Frame, Playhead};
use crate::whip::{Failure, Granted, Whip, local_ip_towards};

/// From the server's answer to the first sound.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(15);

/// Unanswered checks until a path counts as dead: 0.25, 0.5, 1, 2 and 3 s apart, some 7 s.
const CHECKS_MAX: usize = 5;

/// The largest datagram str0m reads.
const PACKET_BYTES_MAX: usize = 2_000;

/// A connection that sound can be sent over.
pub(crate) struct Link {
    clock: Clock,
    rtc: Rtc,
    mid: Mid,
    wire: Wire,
    local: SocketAddr,
    sent: u64,
    connected: bool,
    lost: Option<String>,
    granted: Granted,
}

enum Wire {
    Udp(UdpSocket),
    Tcp { stream: TcpStream, remote: SocketAddr, deframer: Deframer },
}

/// Why sending stopped.
pub(crate) enum Stopped {
    /// The sound is over.
    Played,
    /// The connection broke, for this reason.
    Lost(String),
}

impl Link {
    /// Asks the server for a session and connects.
    pub(crate) async fn connect(clock: Clock, whip: &Whip, prefer_tcp: bool) -> Result<Self, Failure> {
        let mut config = Rtc::builder().set_rtp_mode(true).clear_codecs().enable_opus(true, false);
        config.set_max_stun_retransmits(CHECKS_MAX);
        let mut rtc = config.build(clock.timebase().instant(clock.now()));
        let mut changes = rtc.sdp_api();
        let mid = changes.add_media(MediaKind::Audio, Direction::SendOnly, None, None, None);
        let (offer, pending) = changes.apply().expect("a new track needs an offer");
        let granted = whip.post(&offer.to_sdp_string()).await?;
        let wire = Wire::open(&granted, prefer_tcp).await;
        let link = async {
            let (wire, local) = wire?;
            let not_whip = |why: String| Failure::Final(PublishError::NotWhip { why });
            let candidate = wire.candidate(local).map_err(|why| not_whip(why.to_string()))?;
            rtc.add_local_candidate(candidate);
            let answer =
                SdpAnswer::from_sdp_string(&granted.answer).map_err(|why| not_whip(why.to_string()))?;
            rtc.sdp_api().accept_answer(pending, answer).map_err(|why| not_whip(why.to_string()))?;
            Ok((rtc, wire, local))
        };
        match link.await {
            Ok((rtc, wire, local)) => {
                let mut link =
                    Self { clock, rtc, mid, wire, local, sent: 0, connected: false, lost: None, granted };
                match link.establish().await {
                    Ok(()) => Ok(link),
                    Err(why) => {
                        link.close(whip).await;
                        Err(Failure::Passing { why, retry_after: None })
                    }
                }
            }
            Err(failure) => {
                if let Some(location) = &granted.location {
                    whip.delete(location).await;
                }
                Err(failure)
            }
        }
    }

    /// The transport in use.
    pub(crate) fn path(&self) -> Path {
        match self.wire {
            Wire::Udp(_) => Path::Udp,
            Wire::Tcp { .. } => Path::Tcp,
        }
    }

    /// Frames sent so far.
    pub(crate) fn sent(&self) -> u64 {
        self.sent
    }

    /// Sends the sound until it ends or the connection breaks. May be cancelled at any time.
    pub(crate) async fn drive(&mut self, play: &mut Playhead) -> Result<Stopped, PublishError> {
        loop {
            let wake = self.flush().await;
            if let Some(why) = self.lost.take() {
                return Ok(Stopped::Lost(why));
            }
            let mut buffer = [0; PACKET_BYTES_MAX];
            tokio::select! {
                frame = play.next() => match frame? {
                    Some((number, frame)) => self.write(number, frame),
                    None => return Ok(Stopped::Played),
                },
                received = self.wire.receive(&mut buffer) => self.received(received, &buffer),
                () = self.clock.sleep_until(wake) => self.timeout(),
            }
        }
    }

    /// Says goodbye on both ways.
    pub(crate) async fn close(&mut self, whip: &Whip) {
        if self.rtc.close().is_ok() {
            self.flush().await;
        }
        if let Some(location) = &self.granted.location {
            whip.delete(location).await;
        }
    }

    async fn establish(&mut self) -> Result<(), String> {
        let until = self.clock.now() + CONNECT_TIME_MAX;
        loop {
            let wake = self.flush().await;
            match self.lost.take() {
                Some(why) => return Err(why),
                None if self.connected => return Ok(()),
                None if self.clock.now() >= until => {
                    return Err("the server answered, but its media port cannot be reached".into());
                }
                None => {}
            }
            let mut buffer = [0; PACKET_BYTES_MAX];
            tokio::select! {
                received = self.wire.receive(&mut buffer) => self.received(received, &buffer),
                () = self.clock.sleep_until(wake.min(until)) => self.timeout(),
            }
        }
    }

    fn write(&mut self, number: u64, frame: Frame) {
        let now = self.clock.timebase().instant(self.clock.now());
        let media = self.rtc.media(self.mid).map(|media| media.remote_pts().first().copied());
        let Some(pt) = media.flatten() else {
            return self.lose("the server took no Opus");
        };
        let mut direct = self.rtc.direct_api();
        let Some(stream) = direct.stream_tx_by_mid(self.mid, None) else {
            return self.lose("the server does not want to hear us");
        };
        // RTP time wraps (RFC 3550 §5.1), so its upper bits are dropped.
        let rtp_time = (number * u64::from(FRAME_SAMPLES)) as u32;
        let levels = ExtensionValues {
            audio_level: Some(frame.level_dbov),
            voice_activity: Some(frame.level_dbov > -60),
            ..ExtensionValues::default()
        };
        let marker = self.sent == 0;
        let packet = RtpWrite::new(pt, self.sent.into(), rtp_time, now, frame.opus).marker(marker);
        stream.write_rtp(packet.ext_vals(levels));
        self.sent += 1;
        self.timeout();
    }

    fn timeout(&mut self) {
        let now = self.timebase().instant(self.clock.now());
        if let Err(error) = self.rtc.handle_input(Input::Timeout(now)) {
            self.lose(error);
        }
    }

    fn received(&mut self, received: std::io::Result<Option<(SocketAddr, usize)>>, buffer: &[u8]) {
        let (source, packet) = match received {
            Ok(Some((source, length))) => (source, &buffer[..length]),
            Ok(None) => return,
            Err(error) => return self.lose(error),
        };
        let proto = if self.path() == Path::Udp { Protocol::Udp } else { Protocol::Tcp };
        // What is no packet of ours is ignored, as is what comes from anybody else.
        let Ok(receive) = Receive::new(proto, source, self.local, packet) else { return };
        let input = Input::Receive(self.timebase().instant(self.clock.now()), receive);
        if self.rtc.accepts(&input)
            && let Err(error) = self.rtc.handle_input(input)
        {
            self.lose(error);
        }
    }

    /// Sends what str0m has to send; returns when it wants to be woken.
    async fn flush(&mut self) -> stentor_types::Mono {
        loop {
            match self.rtc.poll_output() {
                Ok(Output::Timeout(at)) => return self.timebase().mono(at),
                Ok(Output::Transmit(transmit)) => {
                    if let Err(error) = self.wire.send(&transmit).await {
                        self.lose(error);
                    }
                }
                Ok(Output::Event(Event::Connected)) => self.connected = true,
                Ok(Output::Event(Event::Closed)) => self.lose("the server ended the session"),
                Ok(Output::Event(Event::IceConnectionStateChange(IceConnectionState::Disconnected))) => {
                    self.lose("the server does not answer any more");
                }
                Ok(Output::Event(_)) => {}
                Err(error) => {
                    self.lose(error);
                    return self.clock.now();
                }
            }
        }
    }

    fn lose(&mut self, why: impl std::fmt::Display) {
        // The first reason is the cause, what follows its effect.
        self.lost.get_or_insert_with(|| why.to_string());
    }

    fn timebase(&self) -> Timebase {
        self.clock.timebase()
    }
}

impl Wire {
    /// A socket towards the best of the server's candidates.
    async fn open(granted: &Granted, prefer_tcp: bool) -> Result<(Self, SocketAddr), Failure> {
        let (udp, tcp) = candidates(&granted.answer, granted.server);
        let passing = |why: String| Failure::Passing { why, retry_after: None };
        if let (Some(&remote), false) = (udp.first(), prefer_tcp && !tcp.is_empty()) {
            let ip = local_ip_towards(remote)
                .ok_or_else(|| passing(format!("no way from here to {}", remote.ip())))?;
            let any: IpAddr = if ip.is_ipv4() { [0, 0, 0, 0].into() } else { [0u16; 8].into() };
            let socket = UdpSocket::bind((any, 0)).await.map_err(|error| passing(error.to_string()))?;
            let port = socket.local_addr().map_err(|error| passing(error.to_string()))?.port();
            return Ok((Self::Udp(socket), (ip, port).into()));
        }
        let Some(&remote) = tcp.first() else {
            let why = "it has no address for media".to_owned();
            return Err(Failure::Final(PublishError::NotWhip { why }));
        };
        let connecting = tokio::time::timeout(CONNECT_TIME_MAX, TcpStream::connect(remote)).await;
        let stream = connecting
            .unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()))
            .map_err(|error| passing(format!("cannot reach the media port {remote} by TCP: {error}")))?;
        // Each frame is to leave when it is due.
        stream.set_nodelay(true).map_err(|error| passing(error.to_string()))?;
        let local = stream.local_addr().map_err(|error| passing(error.to_string()))?;
        Ok((Self::Tcp { stream, remote, deframer: Deframer::default() }, local))
    }

    fn candidate(&self, local: SocketAddr) -> Result<Candidate, str0m::error::IceError> {
        match self {
            Self::Udp(_) => Candidate::host(local, "udp"),
            Self::Tcp { .. } => Candidate::builder().tcp().host(local).tcptype(TcpType::Active).build(),
        }
    }

    async fn send(&mut self, transmit: &Transmit) -> std::io::Result<()> {
        match self {
            // A datagram that cannot be sent is a datagram lost.
            Self::Udp(socket) => drop(socket.send_to(&transmit.contents, transmit.destination).await),
            Self::Tcp { stream, remote, .. } if transmit.destination == *remote => {
                let mut framed = Vec::with_capacity(transmit.contents.len() + 2);
                framing::frame(&transmit.contents, &mut framed);
                stream.write_all(&framed).await?;
            }
            Self::Tcp { .. } => {}
        }
        Ok(())
    }

    /// The next packet, its sender and length; `None` if only a part of one came. May be cancelled.
    async fn receive(
        &mut self,
        buffer: &mut [u8; PACKET_BYTES_MAX],
    ) -> std::io::Result<Option<(SocketAddr, usize)>> {
        let (stream, remote, deframer) = match self {
            Self::Udp(socket) => {
                let (length, source) = socket.recv_from(buffer).await?;
                return Ok(Some((source, length)));
            }
            Self::Tcp { stream, remote, deframer } => (stream, *remote, deframer),
        };
        let mut next = |deframer: &mut Deframer| {
            let packet = deframer.next_frame().map_err(std::io::Error::other)?;
            Ok::<_, std::io::Error>(packet.map(|packet| {
                buffer[..packet.len()].copy_from_slice(&packet);
                (remote, packet.len())
            }))
        };
        if let Some(packet) = next(deframer)? {
            return Ok(Some(packet));
        }
        let mut bytes = [0; PACKET_BYTES_MAX];
        let room = deframer.room().min(bytes.len());
        match stream.read(&mut bytes[..room]).await? {
            0 => Err(std::io::Error::other("the server closed the connection")),
            length => {
                deframer.push(&bytes[..length]);
                next(deframer)
            }
        }
    }
}

/// The server's addresses for UDP and for TCP, the likeliest first: the one that HTTP went to, then
/// those as near or far as it.
fn candidates(answer: &str, server: IpAddr) -> (Vec<SocketAddr>, Vec<SocketAddr>) {
    let (mut udp, mut tcp) = (Vec::new(), Vec::new());
    for line in answer.lines().filter_map(|line| line.strip_prefix("a=")) {
        let Ok(candidate) = Candidate::from_sdp_string(line) else { continue };
        match (candidate.kind(), candidate.proto(), candidate.tcptype()) {
            (CandidateKind::Host, Protocol::Udp, _) => udp.push(candidate.addr()),
            (CandidateKind::Host, Protocol::Tcp, Some(TcpType::Passive)) => tcp.push(candidate.addr()),
            _ => {}
        }
    }
    let distance = |address: &SocketAddr| {
        let ip = address.ip();
        (ip != server, ip.is_loopback() != server.is_loopback(), ip.is_ipv4() != server.is_ipv4())
    };
    udp.sort_by_key(distance);
    tcp.sort_by_key(distance);
    (udp, tcp)
}
