//! The thread that writes people's own tracks beside the tape.
//!
//! It is apart from the tape's own so that no write of a track is ever before one of the programme, and it gives up
//! earlier when room gets short. What it does not take is silence in a track, and nothing else happens.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use stentor_tape::{Disk, DiskError, Op, Output, Segment, Writer};
use stentor_types::{Mono, ShowId, TapeHead, TrackChunk};
use tokio::sync::oneshot;

use super::files::{self, Folder, disk_error};
use crate::clock::Clock;
use crate::data_folder::DataFolder;

/// Chunks on their way to the disk: 16 people × 60 s / 0.32 s = 3,000 × 2.6 kB = 7.8 MB, in stereo 15.6 MB.
const CHUNKS_WAITING_MAX: usize = 3_000;

/// How long the thread sleeps when nothing is due.
const IDLE: Duration = Duration::from_secs(60);

/// How often the free space is looked at: a second of 16 tracks is 128 kB, in stereo 256 kB.
const ROOM_CHECK_EVERY: Duration = Duration::from_secs(1);

/// So many times the reserve stays free of tracks: what lies between is the programme's.
const RESERVES_FREE: u64 = 2;

/// What the thread tells. It is called on the thread and returns at once.
pub trait TracksEvents: Send + 'static {
    /// The disk has begun or ceased to take tracks; so many chunks are missing from them by now.
    fn tracks_disk(&self, disk: Disk, chunks_lost: u64);
}

enum ToTracks {
    Chunk(Arc<TrackChunk>),
    Stop(oneshot::Sender<()>),
}

/// The way to the thread of a show's own tracks. When the last one is dropped, the thread ends.
#[derive(Clone)]
pub struct TracksHandle {
    to_tracks: Sender<ToTracks>,
    chunks_waiting: Arc<AtomicUsize>,
}

impl TracksHandle {
    /// Hands over a chunk, or drops it and says false when too many wait: the disk stands still.
    pub fn chunk(&self, chunk: Arc<TrackChunk>) -> bool {
        let room = self.chunks_waiting.load(Relaxed) < CHUNKS_WAITING_MAX;
        if room {
            self.chunks_waiting.fetch_add(1, Relaxed);
            self.send(ToTracks::Chunk(chunk));
        }
        room
    }

    /// Tells the thread to make everything safe and to end; whoever wants to wait for that awaits the answer, which
    /// comes as an error if the thread had ended before.
    pub fn stop(&self) -> oneshot::Receiver<()> {
        let (done, stopped) = oneshot::channel();
        self.send(ToTracks::Stop(done));
        stopped
    }

    fn send(&self, message: ToTracks) {
        // After its end nothing matters to the thread.
        let _ = self.to_tracks.send(message);
    }
}

/// Where a show's own tracks lie.
pub fn tracks_folder(data: &DataFolder, show: &ShowId) -> PathBuf {
    data.show_dir(show).join(TRACKS_FOLDER)
}

/// The folder of own tracks in a show's folder.
pub const TRACKS_FOLDER: &str = "tracks";

/// Starts the thread that writes tracks beside the tape with this head.
pub fn spawn(
    show: &ShowId,
    data: Arc<DataFolder>,
    clock: Clock,
    head: Arc<TapeHead>,
    events: impl TracksEvents,
) -> std::io::Result<TracksHandle> {
    let path = tracks_folder(&data, show);
    let (to_tracks, inbox) = channel();
    let chunks_waiting = Arc::new(AtomicUsize::new(0));
    let handle = TracksHandle { to_tracks, chunks_waiting: Arc::clone(&chunks_waiting) };
    std::thread::Builder::new().name(format!("tracks {show}")).spawn(move || {
        // What is there already stays as it is: it is read when somebody wants it, and a show that starts again
        // after a crash does not wait for that.
        let next = files::segments(&path).ok().and_then(|files| files.last().map(|(last, _)| last.next()));
        let writer = Writer::create(head, next.unwrap_or(Segment::FIRST));
        let room = Room { checked_at: None, short: false };
        let mut thread =
            TracksThread { path, data, clock, events, chunks_waiting, inbox, writer, folder: None, room };
        thread.run();
    })?;
    Ok(handle)
}

struct TracksThread<E> {
    path: PathBuf,
    data: Arc<DataFolder>,
    clock: Clock,
    events: E,
    chunks_waiting: Arc<AtomicUsize>,
    inbox: Receiver<ToTracks>,
    writer: Writer,
    /// `None` until there is something to write.
    folder: Option<Folder>,
    room: Room,
}

impl<E: TracksEvents> TracksThread<E> {
    fn run(&mut self) {
        loop {
            let due = self.writer.poll_timeout();
            let wait = due.map_or(IDLE, |at| at.saturating_since(self.clock.mono()).min(IDLE));
            match self.inbox.recv_timeout(wait) {
                Ok(ToTracks::Chunk(chunk)) => {
                    self.chunks_waiting.fetch_sub(1, Relaxed);
                    self.writer.push_track(self.clock.mono(), chunk);
                }
                Ok(ToTracks::Stop(done)) => {
                    self.drain(true);
                    let _ = done.send(());
                    return;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return self.drain(true),
            }
            self.drain(false);
        }
    }

    /// Performs what the writer wants. At the end of the thread, what is not safe yet is made safe now.
    fn drain(&mut self, last: bool) {
        let mut now = self.clock.mono();
        if last {
            now = now + stentor_tape::writer::SYNC_EVERY;
        }
        self.writer.tick(now);
        while let Some(output) = self.writer.poll_output() {
            match output {
                Output::Do(op) => {
                    let done = self.perform(&op);
                    let now = now.max(self.clock.mono());
                    match done {
                        Ok(()) => self.writer.done(now),
                        Err(error) => self.writer.failed(now, error),
                    }
                }
                Output::Disk { disk, chunks_lost } => self.events.tracks_disk(disk, chunks_lost),
                _ => {}
            }
        }
    }

    fn perform(&mut self, op: &Op) -> Result<(), DiskError> {
        let takes_room = matches!(op, Op::Create { .. } | Op::Append { .. });
        if takes_room && self.room.is_short(&self.data, self.clock.mono()) {
            return Err(DiskError::Full);
        }
        if self.folder.is_none() {
            self.folder = Folder::open(self.path.clone()).ok();
        }
        let folder = self.folder.as_mut().ok_or(DiskError::Failed)?;
        folder.perform(op).map_err(|error| disk_error(&error))
    }
}

/// Whether there is room for tracks besides the programme.
struct Room {
    checked_at: Option<Mono>,
    short: bool,
}

impl Room {
    fn is_short(&mut self, data: &DataFolder, now: Mono) -> bool {
        if self.checked_at.is_none_or(|at| now.saturating_since(at) >= ROOM_CHECK_EVERY) {
            self.checked_at = Some(now);
            let kept_free = data.reserve_bytes().saturating_mul(RESERVES_FREE);
            // A file system that does not say how much is free is not full until a write says so.
            self.short = data.free_bytes().is_ok_and(|free| free < kept_free);
        }
        self.short
    }
}
