//! A speaker of str0m's making over WebRTC, by UDP: one tone, or whatever else a microphone and a program can do wrong.

use std::f32::consts::TAU;
use std::net::SocketAddr;
use std::time::Duration;

use stentor_server::clock::Clock;
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::media::{Direction, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::RtpWrite;
use str0m::{Candidate, Event, Input, Output, Rtc};
use tokio::net::UdpSocket;
use tokio::sync::{oneshot, watch};

use crate::house::within;
use crate::http::{Answer, Request};

const FRAME: Duration = Duration::from_millis(20);
const FRAME_SAMPLES: usize = 960;

/// What a microphone picks up, sample by sample.
pub(crate) type Microphone = Box<dyn FnMut() -> f32 + Send>;

/// How a program sends what it has encoded: what becomes of the `n`th packet of 20 ms.
pub(crate) type Program = Box<dyn FnMut(u64, Vec<u8>) -> Vec<Rtp> + Send>;

/// What a network makes of each datagram on its way to the server.
pub(crate) type Network = Box<dyn FnMut(Vec<u8>) -> Vec<Vec<u8>> + Send>;

/// A packet with the numbers that it is to have.
pub(crate) struct Rtp {
    pub(crate) seq: u64,
    pub(crate) time: u32,
    /// Another stream than the one that was negotiated.
    pub(crate) ssrc: Option<u32>,
    pub(crate) payload: Vec<u8>,
}

impl Rtp {
    /// The packet as it should be.
    pub(crate) fn honest(n: u64, payload: Vec<u8>) -> Self {
        // 32 bits are on the wire; they wrap.
        Self { seq: n, time: (n * FRAME_SAMPLES as u64) as u32, ssrc: None, payload }
    }
}

/// A speaker's end of the line.
pub(crate) struct Equipment {
    pub(crate) microphone: Microphone,
    pub(crate) program: Program,
    pub(crate) network: Network,
}

impl Equipment {
    /// Everything works, and this is heard.
    pub(crate) fn with(microphone: Microphone) -> Self {
        Self {
            microphone,
            program: Box::new(|n, packet| vec![Rtp::honest(n, packet)]),
            network: Box::new(|datagram| vec![datagram]),
        }
    }
}

/// A microphone before a loudspeaker with one tone.
pub(crate) fn tone(hz: f32) -> Microphone {
    let mut phase = 0.0_f32;
    Box::new(move || {
        phase = (phase + TAU * hz / 48_000.0) % TAU;
        0.3 * phase.sin()
    })
}

/// A speaker who talks until dropped, as if the network was gone, or told off.
pub(crate) struct Speaker {
    pub(crate) location: String,
    pub(crate) etag: String,
    over: watch::Receiver<bool>,
    _stop: oneshot::Sender<()>,
}

/// An offer as a browser would make it, and what is needed to go on from its answer.
pub(crate) struct Offered {
    pub(crate) sdp: String,
    rtc: Box<Rtc>,
    mid: Mid,
    pending: SdpPendingOffer,
    clock: Clock,
}

pub(crate) fn offer(direction: Direction) -> Offered {
    let clock = Clock::start();
    let builder = Rtc::builder().set_rtp_mode(true).clear_codecs().enable_opus(true, false);
    let mut rtc = Box::new(builder.build(clock.instant(clock.mono())));
    let mut changes = rtc.sdp_api();
    let mid = changes.add_media(MediaKind::Audio, direction, None, None, None);
    let (offer, pending) = changes.apply().expect("a new track needs an offer");
    Offered { sdp: offer.to_sdp_string(), rtc, mid, pending, clock }
}

impl Speaker {
    /// Connects by `way`, which is `whip` with a link's key or `stage` with a device token, and talks.
    pub(crate) async fn connect(stage: SocketAddr, show: &str, way: &str, key: &str, hz: f32) -> Self {
        Self::connect_with(stage, show, way, key, Equipment::with(tone(hz))).await
    }

    /// The same with other equipment.
    pub(crate) async fn connect_with(
        stage: SocketAddr,
        show: &str,
        way: &str,
        key: &str,
        equipment: Equipment,
    ) -> Self {
        let direction = if way == "stage" { Direction::SendRecv } else { Direction::SendOnly };
        let offered = offer(direction);
        let request = Request::new("POST", &format!("/{show}/{way}")).bearer(key).sdp(&offered.sdp);
        let answer = request.send(stage).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        Self::talk(offered, &answer, equipment).await
    }

    async fn talk(offered: Offered, answer: &Answer, equipment: Equipment) -> Self {
        let Offered { mut rtc, mid, pending, clock, .. } = offered;
        let header = |name| answer.header(name).unwrap_or_else(|| panic!("no {name}")).to_owned();
        let (location, etag) = (header("location"), header("etag"));
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        let local = socket.local_addr().expect("bound");
        rtc.add_local_candidate(Candidate::host(local, "udp").expect("a host address"));
        let parsed = SdpAnswer::from_sdp_string(&answer.text()).expect("the answer is SDP");
        rtc.sdp_api().accept_answer(pending, parsed).expect("the answer fits the offer");
        let (stop, stopped) = oneshot::channel();
        let (connected, mut is_connected) = watch::channel(false);
        let (ending, over) = watch::channel(false);
        let mouth = Mouth {
            rtc,
            mid,
            clock,
            socket,
            local,
            connected,
            sent: 0,
            voice: Voice::new(equipment.microphone),
            program: equipment.program,
            network: equipment.network,
        };
        tokio::spawn(async move {
            tokio::select! {
                () = mouth.run() => {}
                _ = stopped => {}
            }
            let _ = ending.send(true);
        });
        within("the speaker is connected", is_connected.wait_for(|connected| *connected))
            .await
            .expect("it is alive");
        Self { location, etag, over, _stop: stop }
    }

    /// Waits until the server has ended the session.
    pub(crate) async fn told_off(mut self) {
        within("the server ends the session", self.over.wait_for(|over| *over)).await.expect("it ran");
    }
}

struct Mouth {
    rtc: Box<Rtc>,
    mid: Mid,
    clock: Clock,
    socket: UdpSocket,
    local: SocketAddr,
    connected: watch::Sender<bool>,
    sent: u64,
    voice: Voice,
    program: Program,
    network: Network,
}

impl Mouth {
    async fn run(mut self) {
        let mut next_frame = self.clock.mono();
        let mut buffer = [0; 2_000];
        while let Some(wake) = self.flush().await {
            tokio::select! {
                received = self.socket.recv_from(&mut buffer) => {
                    let Ok((length, source)) = received else { continue };
                    let now = self.clock.instant(self.clock.mono());
                    let Ok(receive) = Receive::new(Protocol::Udp, source, self.local, &buffer[..length]) else { continue };
                    let _ = self.rtc.handle_input(Input::Receive(now, receive));
                }
                () = tokio::time::sleep_until(self.clock.deadline(next_frame)) => {
                    next_frame = next_frame + FRAME;
                    self.say();
                }
                () = tokio::time::sleep_until(wake) => {}
            }
            let now = self.clock.instant(self.clock.mono());
            let _ = self.rtc.handle_input(Input::Timeout(now));
        }
    }

    /// Sends what there is to send; `None` when the session is over.
    async fn flush(&mut self) -> Option<tokio::time::Instant> {
        loop {
            match self.rtc.poll_output().ok()? {
                Output::Timeout(at) => return Some(tokio::time::Instant::from_std(at)),
                Output::Transmit(transmit) => {
                    for datagram in (self.network)(transmit.contents.to_vec()) {
                        let _ = self.socket.send_to(&datagram, transmit.destination).await;
                    }
                }
                Output::Event(Event::Connected) => drop(self.connected.send(true)),
                Output::Event(Event::Closed) => return None,
                Output::Event(_) => {}
            }
        }
    }

    fn say(&mut self) {
        let packet = self.voice.packet();
        if !*self.connected.borrow() {
            return;
        }
        let Some(pt) = self.rtc.media(self.mid).and_then(|media| media.remote_pts().first().copied()) else {
            return;
        };
        let now = self.clock.instant(self.clock.mono());
        let mut direct = self.rtc.direct_api();
        for Rtp { seq, time, ssrc, payload } in (self.program)(self.sent, packet) {
            let stream = match ssrc {
                Some(ssrc) => Some(direct.declare_stream_tx(ssrc.into(), None, self.mid, None)),
                None => direct.stream_tx_by_mid(self.mid, None),
            };
            let Some(stream) = stream else { return };
            stream.write_rtp(RtpWrite::new(pt, seq.into(), time, now, payload));
        }
        self.sent += 1;
    }
}

struct Voice {
    encoder: opus::Encoder,
    microphone: Microphone,
}

impl Voice {
    fn new(microphone: Microphone) -> Self {
        let encoder = opus::Encoder::new(48_000, opus::Channels::Mono, opus::Application::Audio);
        Self { encoder: encoder.expect("an encoder"), microphone }
    }

    fn packet(&mut self) -> Vec<u8> {
        let frame: Vec<f32> = (0..FRAME_SAMPLES).map(|_| (self.microphone)()).collect();
        self.encoder.encode_vec_float(&frame, 1_275).expect("a frame of 20 ms")
    }
}
