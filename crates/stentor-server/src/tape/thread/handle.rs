//! The way to the thread of a show's folder.

use std::sync::Arc;
use std::sync::atomic::{
    AtomicBool, AtomicU64, AtomicUsize,
    Ordering::{Relaxed, Release},
};
use std::sync::mpsc::Sender;

use stentor_stage::{Life, ShowDoc};
use stentor_tape::Overlay;
use stentor_types::{Channels, Chunk, Mark, Position};
use tokio::sync::oneshot;

/// Chunks on their way to the disk: a minute, as long as the window holds them anyway.
pub(super) const CHUNKS_WAITING_MAX: usize = 188;

/// Chunks on their way from which on the disk counts as standing still: 5 s. One that wakes up, or that another
/// program keeps busy, takes one or two.
const CHUNKS_WAITING_ODD: usize = 16;

/// What the thread is asked for.
pub(super) enum ToTape {
    Save(Box<ShowDoc>),
    Open {
        channels: Channels,
    },
    Epoch {
        first: Position,
    },
    Chunk(Arc<Chunk>),
    Marks(Vec<Mark>),
    Close(Option<Overlay>),
    Finish(Life),
    /// Everything before this has been done.
    Barrier(oneshot::Sender<bool>),
    Stop(oneshot::Sender<()>),
}

/// What becomes of a chunk that is handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handed {
    /// It will be written.
    Taken,
    /// It will be written once the disk moves again, which it has not for 5 s. Said once.
    DiskStandsStill,
    /// It is missing on the disk: a minute of chunks waits.
    Lost,
}

/// The way to a show's tape thread.
#[derive(Clone)]
pub struct TapeHandle {
    pub(super) to_tape: Sender<ToTape>,
    pub(super) chunks_waiting: Arc<AtomicUsize>,
    /// Lost since the last chunk that was taken. What was lost before shows in the slots that the writer gets.
    pub(super) lost_since: Arc<AtomicU64>,
    pub(super) stands_still: Arc<AtomicBool>,
    pub(super) owns_folder: Arc<AtomicBool>,
}

impl TapeHandle {
    /// Writes the show's document.
    pub fn save(&self, doc: Box<ShowDoc>) {
        self.send(ToTape::Save(doc));
    }

    /// Opens the tape, or continues it.
    pub fn open(&self, channels: Channels) {
        self.send(ToTape::Open { channels });
    }

    /// Begins an epoch; [`super::TapeEvents::epoch_open`] follows.
    pub fn epoch(&self, first: Position) {
        self.send(ToTape::Epoch { first });
    }

    /// Hands over a chunk, or drops it when a minute of them waits.
    pub fn chunk(&self, chunk: Arc<Chunk>) -> Handed {
        let waiting = self.chunks_waiting.load(Relaxed);
        if waiting >= CHUNKS_WAITING_MAX {
            self.lost_since.fetch_add(1, Relaxed);
            return Handed::Lost;
        }
        self.chunks_waiting.fetch_add(1, Relaxed);
        self.lost_since.store(0, Release);
        self.send(ToTape::Chunk(chunk));
        if waiting >= CHUNKS_WAITING_ODD && !self.stands_still.swap(true, Relaxed) {
            return Handed::DiskStandsStill;
        }
        Handed::Taken
    }

    /// Puts down marks that no chunk carries.
    pub fn marks(&self, marks: Vec<Mark>) {
        self.send(ToTape::Marks(marks));
    }

    /// Closes the tape and writes down what of it the recording is; [`super::TapeEvents::closed`] follows.
    pub fn close(&self, overlay: Option<Overlay>) {
        self.send(ToTape::Close(overlay));
    }

    /// Finds out what of a tape that nobody closed is the recording; [`super::TapeEvents::closed`] follows.
    pub fn finish(&self, life: Life) {
        self.send(ToTape::Finish(life));
    }

    /// Whether the folder with the show's name is this show's: it was found there, or made for it.
    pub fn owns_folder(&self) -> bool {
        self.owns_folder.load(Relaxed)
    }

    /// Waits until everything that was asked for so far has been done; whether the show's document is on
    /// the disk as it was last saved.
    pub async fn settled(&self) -> bool {
        let (done, settled) = oneshot::channel();
        self.send(ToTape::Barrier(done));
        settled.await.unwrap_or(false)
    }

    /// Makes everything safe and ends the thread.
    pub async fn stop(&self) {
        let (done, stopped) = oneshot::channel();
        self.send(ToTape::Stop(done));
        let _ = stopped.await;
    }

    fn send(&self, message: ToTape) {
        // The thread ends only by `stop`, after which nothing matters to it.
        let _ = self.to_tape.send(message);
    }
}
