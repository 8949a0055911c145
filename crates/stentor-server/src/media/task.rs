//! The event loop of the media thread: sockets and messages in, sessions and mixers out.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use bytes::Bytes;
use stentor_audio::{Feedback, SourcePacket};
use stentor_types::{Mono, SessionId, ShowId, SpeakerId};
use stentor_webrtc::{CloseReason, Demux, Output, PatchError, Patched, Path, Session, Verdict};
use tokio::net::UdpSocket;
use tokio::sync::{Notify, mpsc};

use super::{Frame, MediaEvents, MediaSockets, Opening, ToMedia, sockets, tcp};
use crate::clock::Clock;
use crate::metrics::MediaGauges;
use crate::mixer_thread::{MixerHandle, panic_text};

/// The longest datagram that is looked at; nothing in WebRTC comes near an Ethernet frame's 1,500.
const DATAGRAM_BYTES_MAX: usize = 2048;

/// Datagrams taken from one socket before the others get their turn.
const DATAGRAMS_PER_TURN: usize = 64;

/// Everything that the tasks of the media thread share. They run on one thread and never hold a
/// borrow over an await.
pub(super) struct Media<E> {
    clock: Clock,
    gauges: Arc<MediaGauges>,
    events: E,
    udp: Vec<(SocketAddr, Rc<UdpSocket>)>,
    tcp: BTreeMap<SocketAddr, mpsc::Sender<Bytes>>,
    demux: Demux,
    sessions: BTreeMap<SessionId, OnStage>,
    by_speaker: BTreeMap<(ShowId, SpeakerId), SessionId>,
    mixers: BTreeMap<ShowId, MixerHandle>,
    /// When each session wants to be woken: the first is the next.
    wakes: BTreeSet<(Mono, SessionId)>,
    wake_changed: Rc<Notify>,
}

struct OnStage {
    show: ShowId,
    speaker: SpeakerId,
    session: Session,
    wake_at: Mono,
}

pub(super) async fn run<E: MediaEvents>(
    sockets: MediaSockets,
    clock: Clock,
    gauges: Arc<MediaGauges>,
    events: E,
    mut messages: mpsc::UnboundedReceiver<ToMedia>,
    mut frames: mpsc::Receiver<Frame>,
) {
    let register = |(local, socket)| Some((local, Rc::new(sockets::register(socket).ok()?)));
    let udp: Vec<_> = sockets.udp.into_iter().filter_map(register).collect();
    let wake_changed = Rc::new(Notify::new());
    let media = Rc::new(RefCell::new(Media {
        clock,
        gauges,
        events,
        udp: udp.clone(),
        tcp: BTreeMap::new(),
        demux: Demux::default(),
        sessions: BTreeMap::new(),
        by_speaker: BTreeMap::new(),
        mixers: BTreeMap::new(),
        wakes: BTreeSet::new(),
        wake_changed: Rc::clone(&wake_changed),
    }));
    for (local, socket) in udp {
        tokio::task::spawn_local(receive(socket, local, Rc::clone(&media)));
    }
    tokio::task::spawn_local(tcp::accept(sockets.tcp, Rc::clone(&media)));
    tokio::task::spawn_local(keep_time(clock, wake_changed, Rc::clone(&media)));
    loop {
        tokio::select! {
            message = messages.recv() => match message {
                None | Some(ToMedia::Stop) => break,
                Some(message) => media.borrow_mut().take(message),
            },
            Some((show, frame)) = frames.recv() => media.borrow_mut().feedback(&show, &frame),
        }
    }
    media.borrow_mut().close_where(|_| true);
}

/// Reads one UDP socket for as long as the thread runs.
async fn receive<E: MediaEvents>(socket: Rc<UdpSocket>, local: SocketAddr, media: Rc<RefCell<Media<E>>>) {
    let mut buffer = [0; DATAGRAM_BYTES_MAX];
    loop {
        if socket.readable().await.is_err() {
            return;
        }
        for _ in 0..DATAGRAMS_PER_TURN {
            match socket.try_recv_from(&mut buffer) {
                Ok((length, peer)) => {
                    media.borrow_mut().packet(Path::Udp, peer, local, &buffer[..length]);
                }
                // WouldBlock ends the turn. An ICMP answer to an earlier packet surfaces here as well and
                // says nothing about this socket.
                Err(_) => break,
            }
        }
        tokio::task::yield_now().await;
    }
}

/// Wakes the session that is due next.
async fn keep_time<E: MediaEvents>(clock: Clock, changed: Rc<Notify>, media: Rc<RefCell<Media<E>>>) {
    loop {
        let next = media.borrow().wakes.first().map(|&(at, _)| at);
        match next {
            None => changed.notified().await,
            Some(at) if at <= clock.mono() => media.borrow_mut().wake_due(),
            Some(at) => {
                tokio::select! {
                    () = tokio::time::sleep_until(clock.deadline(at)) => {}
                    () = changed.notified() => {}
                }
            }
        }
    }
}

impl<E: MediaEvents> Media<E> {
    fn take(&mut self, message: ToMedia) {
        match message {
            ToMedia::Open(opening) => self.open(*opening),
            ToMedia::Close(id) => {
                let now = self.clock.mono();
                self.with_session(id, |on_stage| on_stage.session.close(now));
            }
            ToMedia::Patch { session, if_match, fragment, reply } => {
                let _ = reply.send(self.patch(session, if_match.as_deref(), &fragment));
            }
            ToMedia::Mixer(show, Some(mixer)) => {
                self.mixers.insert(show, mixer);
            }
            ToMedia::Mixer(show, None) => {
                self.mixers.remove(&show);
            }
            ToMedia::CloseShow(show) => {
                self.mixers.remove(&show);
                self.close_where(|on_stage| on_stage.show == show);
            }
            ToMedia::Stop => self.close_where(|_| true),
        }
    }

    fn open(&mut self, opening: Opening) {
        let id = opening.session.id();
        self.demux.insert(id, &opening.ufrag);
        self.by_speaker.insert((opening.show.clone(), opening.speaker), id);
        let on_stage = OnStage {
            show: opening.show,
            speaker: opening.speaker,
            session: opening.session,
            wake_at: Mono(u64::MAX),
        };
        self.sessions.insert(id, on_stage);
        self.gauges.sessions.store(self.sessions.len() as u64, Relaxed);
        self.with_session(id, |_| ());
    }

    fn patch(
        &mut self,
        id: SessionId,
        if_match: Option<&str>,
        fragment: &str,
    ) -> Result<Patched, PatchError> {
        let now = self.clock.mono();
        let answer = self.with_session(id, |on_stage| on_stage.session.patch(now, if_match, fragment));
        let patched = answer.unwrap_or(Err(PatchError::Closed))?;
        if let Patched::Restarted { ufrag, .. } = &patched {
            self.demux.insert(id, ufrag);
        }
        Ok(patched)
    }

    /// Gives a packet to whom it is for, and says what that one thought of it; nothing if that is nobody
    /// we know.
    pub(super) fn packet(
        &mut self,
        path: Path,
        peer: SocketAddr,
        local: SocketAddr,
        bytes: &[u8],
    ) -> Option<Verdict> {
        let Some(id) = self.demux.route(path, peer, bytes) else {
            self.gauges.dropped.fetch_add(1, Relaxed);
            return None;
        };
        self.gauges.packets.fetch_add(1, Relaxed);
        let now = self.clock.mono();
        let verdict =
            self.with_session(id, |on_stage| on_stage.session.handle_packet(now, path, peer, local, bytes));
        if let Some(verdict) = verdict {
            self.gauges.policed.fetch_add(u64::from(verdict == Verdict::TooMuch), Relaxed);
            self.demux.learn(id, path, peer, verdict);
        }
        verdict
    }

    /// The runtime's instant after this much time.
    pub(super) fn deadline(&self, wait: Duration) -> tokio::time::Instant {
        self.clock.deadline(self.clock.mono() + wait)
    }

    pub(super) fn tcp_opened(&mut self, peer: SocketAddr, outbox: mpsc::Sender<Bytes>) {
        self.tcp.insert(peer, outbox);
    }

    /// Forgets a connection, unless its address belongs to a newer one already.
    pub(super) fn tcp_closed(&mut self, peer: SocketAddr, outbox: &mpsc::Sender<Bytes>) {
        if self.tcp.get(&peer).is_some_and(|current| current.same_channel(outbox)) {
            self.tcp.remove(&peer);
            self.demux.forget(Path::Tcp, peer);
        }
    }

    fn feedback(&mut self, show: &ShowId, frame: &Feedback) {
        let now = self.clock.mono();
        for &speaker in frame.to.iter() {
            if let Some(&id) = self.by_speaker.get(&(show.clone(), speaker)) {
                self.with_session(id, |on_stage| on_stage.session.send_audio(now, &frame.frame, frame.at));
            }
        }
    }

    fn wake_due(&mut self) {
        let now = self.clock.mono();
        while let Some(&(at, id)) = self.wakes.first() {
            if at > now {
                break;
            }
            self.wakes.pop_first();
            self.with_session(id, |on_stage| on_stage.session.handle_timeout(now));
        }
    }

    fn close_where(&mut self, which: impl Fn(&OnStage) -> bool) {
        let now = self.clock.mono();
        let chosen = self.sessions.iter().filter(|(_, on_stage)| which(on_stage));
        let ids: Vec<_> = chosen.map(|(id, _)| *id).collect();
        for id in ids {
            self.with_session(id, |on_stage| on_stage.session.close(now));
        }
    }

    /// Does something to a session and then everything that it wants done. A panic in it ends this session
    /// only.
    fn with_session<T>(&mut self, id: SessionId, act: impl FnOnce(&mut OnStage) -> T) -> Option<T> {
        // Taken out for the time being, because its outputs need the rest of `self`.
        let mut on_stage = self.sessions.remove(&id)?;
        let driven = catch_unwind(AssertUnwindSafe(|| {
            let answer = act(&mut on_stage);
            (answer, self.drain(id, &mut on_stage))
        }));
        match driven {
            Ok((answer, None)) => {
                self.sessions.insert(id, on_stage);
                Some(answer)
            }
            Ok((answer, Some(why))) => {
                self.forget(id, on_stage, why);
                Some(answer)
            }
            Err(panic) => {
                self.events.panicked(&panic_text(panic.as_ref()));
                self.forget(id, on_stage, CloseReason::ProtocolBroken);
                None
            }
        }
    }

    /// Takes everything out of a session; why it is over, if it is.
    fn drain(&mut self, id: SessionId, on_stage: &mut OnStage) -> Option<CloseReason> {
        let mut closed = None;
        loop {
            match on_stage.session.poll_output() {
                Output::Transmit { path, source, destination, bytes } => {
                    self.transmit(path, source, destination, bytes);
                }
                Output::Audio { seq, rtp_time, payload, arrival, is_copy, .. } => {
                    let speaker = on_stage.speaker;
                    if let Some(mixer) = self.mixers.get(&on_stage.show) {
                        mixer.packet(SourcePacket { speaker, seq, rtp_time, payload, arrival, is_copy });
                    }
                }
                Output::Connected { path } | Output::PathChanged { path } => {
                    self.events.connected(&on_stage.show, id, path);
                }
                Output::Closed(why) => closed = Some(why),
                Output::Timeout(at) => {
                    self.reschedule(id, on_stage, at);
                    return closed;
                }
            }
        }
    }

    fn reschedule(&mut self, id: SessionId, on_stage: &mut OnStage, at: Mono) {
        if at != on_stage.wake_at {
            self.wakes.remove(&(on_stage.wake_at, id));
        }
        let was_next = self.wakes.first().map(|&(at, _)| at);
        on_stage.wake_at = at;
        self.wakes.insert((at, id));
        if was_next.is_none_or(|next| at < next) {
            self.wake_changed.notify_one();
        }
    }

    fn forget(&mut self, id: SessionId, on_stage: OnStage, why: CloseReason) {
        self.wakes.remove(&(on_stage.wake_at, id));
        self.demux.remove(id);
        let place = (on_stage.show.clone(), on_stage.speaker);
        // The speaker may be here already by a newer session.
        if self.by_speaker.get(&place) == Some(&id) {
            self.by_speaker.remove(&place);
        }
        self.gauges.sessions.store(self.sessions.len() as u64, Relaxed);
        self.events.left(&on_stage.show, id, why);
    }

    /// Sends at once or not at all: a packet that waits for room in a socket is too late for speech.
    fn transmit(&mut self, path: Path, source: SocketAddr, destination: SocketAddr, bytes: Bytes) {
        match path {
            Path::Udp => {
                let socket = self.udp.iter().find(|(local, _)| *local == source).or_else(|| {
                    // An advertised address is not a local one; the family decides which socket can reach out.
                    self.udp.iter().find(|(local, _)| local.is_ipv4() == destination.is_ipv4())
                });
                if let Some((_, socket)) = socket {
                    let _ = socket.try_send_to(&bytes, destination);
                }
            }
            Path::Tcp => {
                if let Some(outbox) = self.tcp.get(&destination) {
                    let _ = outbox.try_send(bytes);
                }
            }
        }
    }
}
