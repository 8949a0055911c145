//! A WHIP server on loopback, made of the sessions that the real one is made of.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use http::{Method, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use stentor_publish::Clock;
use stentor_types::{Channels, SessionId};
use stentor_webrtc::framing::{self, Deframer};
use stentor_webrtc::{Demux, Identity, Output, Path, Session, SessionConfig, SessionKind, Timebase};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::Notify;

/// What one session heard: samples at 48 kHz by their place in the sound, in frames of 20 ms.
pub(crate) type Heard = BTreeMap<u64, Vec<f32>>;

/// What the server does to the next POST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Accepts it, and ends the session after so many frames.
    Accept { frames_max: usize },
    /// Refuses it with this status.
    Refuse(u16),
}

#[derive(Default)]
struct State {
    turns: Vec<Turn>,
    heard: Vec<Heard>,
    deleted: usize,
    keys: Vec<String>,
    /// Told of each frame.
    arrived: Arc<Notify>,
}

impl State {
    fn hear(&mut self, session: usize, place: u64, samples: Vec<f32>) {
        self.heard[session].insert(place, samples);
        self.arrived.notify_one();
    }
}

/// The server; it serves until the test ends.
pub(crate) struct Server {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
}

struct Media {
    clock: Clock,
    timebase: Timebase,
    identity: Identity,
    udp: UdpSocket,
    tcp: TcpListener,
    state: Arc<Mutex<State>>,
}

impl Server {
    /// Starts to listen. POSTs are answered by `turns`, one after the other; then accepted.
    pub(crate) async fn start(turns: &[Turn]) -> Self {
        let http = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/show/whip", http.local_addr().expect("an address"));
        let mut state = State::default();
        state.turns.extend(turns.iter().rev());
        let state = Arc::new(Mutex::new(state));
        let clock = Clock::start();
        let media = Arc::new(Media {
            timebase: clock.timebase(),
            clock,
            identity: Identity::generate(),
            udp: UdpSocket::bind("127.0.0.1:0").await.expect("a port"),
            tcp: TcpListener::bind("127.0.0.1:0").await.expect("a port"),
            state: Arc::clone(&state),
        });
        tokio::spawn(async move {
            loop {
                let (stream, _) = http.accept().await.expect("a connection");
                let media = Arc::clone(&media);
                tokio::spawn(async move {
                    let service =
                        hyper::service::service_fn(move |request| answer(Arc::clone(&media), request));
                    let server = hyper::server::conn::http1::Builder::new();
                    let _ = server.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Self { url, state }
    }

    /// What each session heard.
    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.state.lock().expect("nobody panicked").heard.clone()
    }

    /// Waits until what was heard is this.
    pub(crate) async fn heard_when(&self, enough: impl Fn(&[Heard]) -> bool) {
        let arrived = Arc::clone(&self.state.lock().expect("nobody panicked").arrived);
        loop {
            let next = arrived.notified();
            if enough(&self.state.lock().expect("nobody panicked").heard) {
                return;
            }
            next.await;
        }
    }

    /// How many sessions were given back, and the keys that were sent.
    pub(crate) fn deleted(&self) -> (usize, Vec<String>) {
        let state = self.state.lock().expect("nobody panicked");
        (state.deleted, state.keys.clone())
    }
}

async fn answer(
    media: Arc<Media>,
    request: Request<hyper::body::Incoming>,
) -> Result<Response<Full<bytes::Bytes>>, std::convert::Infallible> {
    let key = request.headers()["authorization"].to_str().expect("text").to_owned();
    let method = request.method().clone();
    let offer = request.into_body().collect().await.expect("a body").to_bytes();
    let respond = |status: u16, body: String| {
        let response = Response::builder().status(status).header("location", "/show/whip/1");
        Ok(response.body(Full::new(body.into())).expect("a response"))
    };
    let (turn, index) = {
        let mut state = media.state.lock().expect("nobody panicked");
        state.keys.push(key);
        if method == Method::DELETE {
            state.deleted += 1;
            return respond(200, String::new());
        }
        let turn = state.turns.pop().unwrap_or(Turn::Accept { frames_max: usize::MAX });
        if matches!(turn, Turn::Accept { .. }) {
            state.heard.push(Heard::new());
        }
        (turn, state.heard.len().wrapping_sub(1))
    };
    let frames_max = match turn {
        Turn::Accept { frames_max } => frames_max,
        Turn::Refuse(status) => {
            let problem =
                r#"{"reason":"key_revoked","title":"The key was revoked","detail":"Ask for another."}"#;
            return respond(status, problem.to_owned());
        }
    };
    let udp = [media.udp.local_addr().expect("an address")];
    let tcp = [media.tcp.local_addr().expect("an address")];
    let (id, kind) = (SessionId(index as u64), SessionKind::Whip);
    let config = SessionConfig { id, kind, channels: Channels::Mono, udp: &udp, tcp: &tcp };
    let offer = std::str::from_utf8(&offer).expect("text");
    let accepted = Session::accept(media.clock.now(), media.timebase, &media.identity, config, offer);
    let accepted = accepted.expect("the offer is good");
    let mut demux = Demux::default();
    demux.insert(id, &accepted.ufrag);
    tokio::spawn(serve(media, accepted.session, demux, index, frames_max));
    respond(201, accepted.answer)
}

/// One session's media, by UDP or by the first TCP connection that comes.
async fn serve(media: Arc<Media>, mut session: Session, mut demux: Demux, index: usize, frames_max: usize) {
    let mut decoder = opus::Decoder::new(48_000, opus::Channels::Mono).expect("a decoder");
    let mut tcp: Option<(TcpStream, SocketAddr, Deframer)> = None;
    let (udp_here, tcp_here) = (media.udp.local_addr().expect("one"), media.tcp.local_addr().expect("one"));
    let mut frames = 0;
    let (mut datagram, mut bytes) = ([0; 2_000], [0; 2_000]);
    loop {
        let wake = loop {
            match session.poll_output() {
                Output::Timeout(at) => break at,
                Output::Transmit { path: Path::Udp, destination, bytes, .. } => {
                    media.udp.send_to(&bytes, destination).await.expect("loopback takes it");
                }
                Output::Transmit { bytes, .. } => {
                    let mut framed = Vec::new();
                    framing::frame(&bytes, &mut framed);
                    if let Some((stream, ..)) = &mut tcp {
                        let _ = stream.write_all(&framed).await;
                    }
                }
                Output::Audio { rtp_time, payload, level_dbov, .. } => {
                    assert!(level_dbov.is_some(), "the level is sent along");
                    let mut samples = vec![0.0; 960];
                    let decoded = decoder.decode_float(&payload, &mut samples, false);
                    assert_eq!(decoded.expect("it is Opus"), 960);
                    let place = (rtp_time & 0xFFFF_FFFF) / 960;
                    media.state.lock().expect("nobody panicked").hear(index, place, samples);
                    frames += 1;
                }
                Output::Closed(_) => return,
                _ => {}
            }
        };
        if frames >= frames_max {
            session.close(media.clock.now());
            frames = 0;
            continue;
        }
        let wait = wake.saturating_since(media.clock.now());
        let mut arrive = |path, source, here, packet: &[u8]| {
            if demux.route(path, source, packet).is_some() {
                let verdict = session.handle_packet(media.clock.now(), path, source, here, packet);
                demux.learn(session.id(), path, source, verdict);
            }
        };
        tokio::select! {
            received = media.udp.recv_from(&mut datagram) => {
                let (length, source) = received.expect("loopback works");
                arrive(Path::Udp, source, udp_here, &datagram[..length]);
            }
            accepted = media.tcp.accept(), if tcp.is_none() => {
                let (stream, source) = accepted.expect("a connection");
                tcp = Some((stream, source, Deframer::default()));
            }
            received = async { tcp.as_mut().expect("guarded").0.read(&mut bytes).await }, if tcp.is_some() => {
                let (_, source, deframer) = tcp.as_mut().expect("guarded");
                match received {
                    Ok(length) if length > 0 => {
                        deframer.push(&bytes[..length]);
                        while let Some(packet) = deframer.next_frame().expect("it frames") {
                            arrive(Path::Tcp, *source, tcp_here, &packet);
                        }
                    }
                    _ => tcp = None,
                }
            }
            // Not a wait for a test: the session's own next deadline.
            () = tokio::time::sleep(wait) => session.handle_timeout(media.clock.now()),
        }
    }
}
