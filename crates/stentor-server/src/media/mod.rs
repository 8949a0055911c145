//! The media socket: one port number, by UDP and by passive TCP, for the speakers of all shows.
//!
//! One thread with an event loop of its own, so that a crowd at the front door delays no packet. It
//! owns every [`Session`]; others reach it by messages.

mod sockets;
mod task;
mod tcp;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use stentor_audio::Feedback;
use stentor_types::{SessionId, ShowId, SpeakerId};
use stentor_webrtc::{PatchError, Patched, Path, Session};
use tokio::sync::{mpsc, oneshot};

pub use sockets::MediaSockets;

use crate::clock::Clock;
use crate::essential::Essential;
use crate::metrics::MediaGauges;
use crate::mixer_thread::MixerHandle;

/// Frames of mix-minus that may wait for the media thread: one every 20 ms for 8 shows × 16 speakers is 6,400
/// a second, so this is a third of a second of them.
const FRAMES_WAITING_MAX: usize = 2048;

/// What others ask of the media thread. Each comes from a request that a door has admitted or from an effect
/// of the node, some a second at most; so they wait in a channel without a bound, and nobody waits for them.
pub(crate) enum ToMedia {
    /// A session was accepted; its packets may come.
    Open(Box<Opening>),
    /// End a session.
    Close(SessionId),
    /// End all sessions of a show that is gone.
    CloseShow(ShowId),
    /// A PATCH on the session's URL.
    Patch {
        session: SessionId,
        if_match: Option<String>,
        fragment: String,
        reply: oneshot::Sender<Result<Patched, PatchError>>,
    },
    /// The mixer of a show, as it is from now on.
    Mixer(ShowId, Option<MixerHandle>),
    /// Close everything and end.
    Stop,
}

/// A session on its way to the media thread.
pub(crate) struct Opening {
    pub(crate) show: ShowId,
    pub(crate) speaker: SpeakerId,
    pub(crate) session: Session,
    pub(crate) ufrag: String,
}

/// What the media thread tells: who is connected.
pub trait MediaEvents: Send + 'static {
    /// Packets of a session arrive, or arrive on another path.
    fn connected(&self, show: &ShowId, session: SessionId, path: Path);
    /// A session is over.
    fn left(&self, show: &ShowId, session: SessionId, why: stentor_webrtc::CloseReason);
    /// A session panicked and was ended; nobody else was disturbed.
    fn panicked(&self, message: &str);
}

/// A frame of a mix-minus on its way to its speakers.
pub(crate) type Frame = (ShowId, Feedback);

/// The way to the media thread.
#[derive(Clone)]
pub struct MediaHandle {
    to_media: mpsc::UnboundedSender<ToMedia>,
    frames: mpsc::Sender<Frame>,
    candidates: Arc<[SocketAddr]>,
}

impl MediaHandle {
    /// The addresses that answers name, for UDP and for TCP alike.
    pub fn candidates(&self) -> &[SocketAddr] {
        &self.candidates
    }

    /// Asks something of the thread; returns at once.
    pub(crate) fn send(&self, message: ToMedia) {
        // The thread outlives the doors; if it is gone, the process is ending.
        let _ = self.to_media.send(message);
    }

    /// Hands over a frame of a mix-minus, or drops it when the thread is behind: late sound is no sound.
    pub fn feedback(&self, show: &ShowId, frame: Feedback) {
        let _ = self.frames.try_send((show.clone(), frame));
    }

    /// Ends the thread after it has said goodbye to everybody.
    pub async fn stop(&self) {
        self.send(ToMedia::Stop);
        self.to_media.closed().await;
    }
}

/// Starts the media thread on its sockets.
pub fn spawn(
    sockets: MediaSockets,
    clock: Clock,
    gauges: Arc<MediaGauges>,
    events: impl MediaEvents,
) -> io::Result<MediaHandle> {
    let (to_media, messages) = mpsc::unbounded_channel();
    let (frames, waiting) = mpsc::channel(FRAMES_WAITING_MAX);
    let candidates = sockets.candidates().into();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("media".into()).spawn(move || {
        let _essential = Essential;
        crate::essential::hurry();
        let local = tokio::task::LocalSet::new();
        local.block_on(&runtime, task::run(sockets, clock, gauges, events, messages, waiting));
    })?;
    Ok(MediaHandle { to_media, frames, candidates })
}
