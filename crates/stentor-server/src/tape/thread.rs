//! The one thread that writes a show's folder: its document, its tape, its overlay.
//!
//! Whatever the disk does happens here. Chunks that it does not take in time are dropped before they
//! reach this thread, and the writer puts a hole in their place.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{
    AtomicBool, AtomicU64, AtomicUsize,
    Ordering::{Acquire, Relaxed},
};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use stentor_node::{DiskState, OpenedTape};
use stentor_stage::{Life, ShowDoc};
use stentor_tape::{Disk, Index, Op, Output, Overlay, Recovered, RecoveryError, Segment, Writer};
use stentor_types::{Channels, Epoch, MediaTime, Mono, Now, Position, ShowId, Slot, TapeHead, Wall};
use tokio::sync::Semaphore;

mod handle;

use self::handle::ToTape;
pub use self::handle::{Handed, TapeHandle};
use super::files::{self, Folder, disk_error};
use super::live::LiveTape;
use crate::bell::Bells;
use crate::clock::Clock;
use crate::data_folder::{self, DataFolder};
use crate::essential::Essential;

/// How long the thread sleeps when nothing is due.
const IDLE: Duration = Duration::from_secs(60);

/// How soon a document that the disk refused is tried again, or a folder that could not be read for the moment.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// How long such a folder keeps a show from going on. After that its tape begins anew, and what is recorded then does not
/// belong to what was before: a few seconds of silence are the smaller loss.
const OPEN_TRIED_MAX: Duration = Duration::from_secs(10);

/// How long the end of a tape is tried on a disk that does not take it: as long as the writer keeps chunks
/// for it.
const CLOSE_TRIED_MAX: Duration = Duration::from_secs(60);

/// How often the free space is compared with the reserve: a second of five renditions is 26 kB.
const RESERVE_CHECK_EVERY: Duration = Duration::from_secs(1);

/// The document beside the tape that says what of it the recording is.
pub const OVERLAY_FILE: &str = "overlay.json";

/// What the thread tells. It is called on the thread and returns at once.
pub trait TapeEvents: Send + 'static {
    /// The tape is open; readers may have it.
    fn opened(&self, tape: Arc<LiveTape>, opened: OpenedTape);
    /// Chunks of this epoch may be heard.
    fn epoch_open(&self, epoch: Epoch);
    /// The disk is in another state.
    fn disk(&self, disk: DiskState, chunks_lost: u64, system_says: &str);
    /// The tape could not be read; the text is for the operator.
    fn damaged(&self, report: String);
    /// The document could not be written; the text is for the operator.
    fn save_failed(&self, error: String);
    /// The tape is closed; the range is the recording's.
    fn closed(&self, recording: Option<(MediaTime, MediaTime)>);
}

/// Starts the thread of a show's folder, which is there already if the show was `found` in it. A new show gets a new
/// one with its first document, and whatever lies in its place is left alone.
pub fn spawn(
    show: ShowId,
    found: bool,
    data: Arc<DataFolder>,
    clock: Clock,
    reads: Arc<Semaphore>,
    bells: Arc<Bells>,
    events: impl TapeEvents,
) -> io::Result<TapeHandle> {
    let (to_tape, inbox) = channel();
    let chunks_waiting = Arc::new(AtomicUsize::new(0));
    let lost_since = Arc::new(AtomicU64::new(0));
    let stands_still = Arc::new(AtomicBool::new(false));
    let owns_folder = Arc::new(AtomicBool::new(found));
    let handle = TapeHandle {
        to_tape,
        chunks_waiting: Arc::clone(&chunks_waiting),
        lost_since: Arc::clone(&lost_since),
        stands_still: Arc::clone(&stands_still),
        owns_folder: Arc::clone(&owns_folder),
    };
    std::thread::Builder::new().name(format!("tape {show}")).spawn(move || {
        let _essential = Essential;
        let reserve = Reserve { checked_at: None, reached: false };
        let mut thread = TapeThread {
            show,
            found,
            data,
            unsaved: None,
            reserve,
            clock,
            reads,
            bells,
            events,
            chunks_waiting,
            lost_since,
            stands_still,
            system_says: String::new(),
            owns_folder,
            inbox,
            postponed: None,
            postponed_until: None,
            writing: None,
        };
        thread.run();
    })?;
    Ok(handle)
}

struct TapeThread<E> {
    show: ShowId,
    /// An earlier process had the show, and listeners may have heard it, whatever of that is on the disk.
    found: bool,
    data: Arc<DataFolder>,
    /// The show's document, while the disk does not have it.
    unsaved: Option<Box<ShowDoc>>,
    reserve: Reserve,
    clock: Clock,
    reads: Arc<Semaphore>,
    bells: Arc<Bells>,
    events: E,
    chunks_waiting: Arc<AtomicUsize>,
    lost_since: Arc<AtomicU64>,
    /// It was told that the disk does not move.
    stands_still: Arc<AtomicBool>,
    /// What the system said to the last operation that failed.
    system_says: String,
    /// Nothing is read or written where somebody else's folder may be.
    owns_folder: Arc<AtomicBool>,
    inbox: Receiver<ToTape>,
    /// What is begun once the folder can be read again.
    postponed: Option<ToTape>,
    /// Until when a tape that is to be opened is postponed.
    postponed_until: Option<Mono>,
    writing: Option<Writing>,
}

/// A tape that is open for writing.
struct Writing {
    writer: Writer,
    /// The folder holds a tape of a newer program, which is to find it as it was.
    untouchable: bool,
    /// `None` until there is something to do in it, and while it cannot be made.
    folder: Option<Folder>,
    tape: Arc<LiveTape>,
    /// The epoch that chunks have to be of.
    epoch: Option<Position>,
    /// The show is over, and this is its recording.
    closing: Option<Option<Overlay>>,
    /// Until when that is tried.
    close_until: Mono,
    /// The recording was made known before the disk had all of it.
    told: bool,
}

impl<E: TapeEvents> TapeThread<E> {
    fn run(&mut self) {
        loop {
            let wait = self.writing.as_ref().and_then(|writing| writing.writer.poll_timeout());
            let hurries = self.unsaved.is_some() || self.postponed.is_some();
            let idle = if hurries { RETRY_AFTER } else { IDLE };
            let wait = wait.map_or(idle, |at| at.saturating_since(self.clock.mono()).min(idle));
            match self.inbox.recv_timeout(wait) {
                Ok(ToTape::Stop(done)) => {
                    self.drain(true);
                    let _ = done.send(());
                    return;
                }
                Ok(message) => self.take(message),
                Err(RecvTimeoutError::Timeout) => {
                    self.save();
                    if let Some(message) = self.postponed.take() {
                        self.take(message);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => {
                    self.drain(true);
                    return;
                }
            }
            self.drain(false);
            self.tell_that_it_moves();
        }
    }

    /// Once everything that waited for a disk which stood still is written, says how it is now.
    fn tell_that_it_moves(&self) {
        // In this order: a chunk that is taken between the two waits.
        let lost_since = self.lost_since.load(Acquire);
        if self.chunks_waiting.load(Relaxed) == 0 && self.stands_still.swap(false, Relaxed) {
            let writer = self.writing.as_ref().map(|writing| &writing.writer);
            let disk = writer.map_or(Disk::Ok, Writer::disk);
            let lost = writer.map_or(0, Writer::chunks_lost) + lost_since;
            self.events.disk(disk_state(disk), lost, &self.system_says);
        }
    }

    fn take(&mut self, message: ToTape) {
        let now = self.clock.now();
        match message {
            ToTape::Save(doc) => {
                self.unsaved = Some(doc);
                self.save();
            }
            ToTape::Open { channels } => self.open(now, channels),
            ToTape::Epoch { first } => {
                if let Some(writing) = &mut self.writing {
                    writing.epoch = Some(first);
                    writing.writer.open_epoch(now.mono, first.epoch, first.slot, now.wall);
                }
            }
            ToTape::Chunk(chunk) => {
                self.chunks_waiting.fetch_sub(1, Relaxed);
                if let Some(writing) = &mut self.writing
                    && writing.epoch.is_some_and(|first| first.epoch == chunk.position.epoch)
                    && writing.closing.is_none()
                {
                    writing.writer.push_chunk(now.mono, chunk);
                }
            }
            ToTape::Marks(marks) => {
                if let Some(writing) = &mut self.writing {
                    writing.writer.push_marks(now.mono, &marks);
                }
            }
            ToTape::Close(overlay) => {
                if let Some(writing) = &mut self.writing {
                    writing.tape.close();
                    writing.closing = Some(overlay.filter(|_| !writing.untouchable));
                    writing.close_until = now.mono + CLOSE_TRIED_MAX;
                    let begun = writing.epoch.map_or(Slot(0), |first| first.slot);
                    let written = writing.tape.with_index(Index::end);
                    writing.writer.close(now.mono, writing.tape.live().end().max(begun).max(written));
                }
            }
            ToTape::Finish(life) => self.finish(life),
            ToTape::Barrier(done) => {
                self.drain(false);
                self.save();
                let _ = done.send(self.unsaved.is_none());
            }
            ToTape::Stop(_) => unreachable!("the loop ends with it"),
        }
    }

    /// Writes the show's document if it is not on the disk as it stands. What fails is tried again.
    fn save(&mut self) {
        let Some(doc) = &self.unsaved else { return };
        let json = doc.to_json();
        let exists = self.data.show_dir(&self.show).exists();
        let saved = if exists && self.owns_folder.load(Relaxed) {
            self.data.write_show(&self.show, &json)
        } else {
            self.data.create_show(&self.show, &json)
        };
        match saved {
            Ok(()) => {
                self.unsaved = None;
                self.owns_folder.store(true, Relaxed);
            }
            Err(error) => self.events.save_failed(error.to_string()),
        }
    }

    /// Finds out what is in the folder and goes on from there. The show comes on air whatever the disk
    /// says: without a disk its tape is in memory only.
    fn open(&mut self, now: Now, channels: Channels) {
        let path = tape_folder(&self.data, &self.show);
        let mut untouchable = false;
        let found = if self.owns_folder.load(Relaxed) { files::recover(&path) } else { Ok(None) };
        let until = *self.postponed_until.get_or_insert(now.mono + OPEN_TRIED_MAX);
        if found.as_ref().is_err_and(files::will_pass) && now.mono < until {
            self.postponed = Some(ToTape::Open { channels });
            return;
        }
        let (writer, index, next) = match found {
            Ok(Some(Ok(recovered))) => self.continued(now, &recovered),
            Ok(None) if self.found => self.begun(now, channels, Segment::FIRST, unused_epoch(now.wall)),
            Ok(None) => self.begun(now, channels, Segment::FIRST, Epoch(1)),
            Ok(Some(Err(RecoveryError::Empty { segment_next, .. }))) => {
                self.begun(now, channels, segment_next, unused_epoch(now.wall))
            }
            Ok(Some(Err(error))) => {
                let report = format!("{error}. Nothing is written to it: the show goes on air unrecorded.");
                self.events.damaged(report);
                untouchable = true;
                self.begun(now, channels, Segment::FIRST, unused_epoch(now.wall))
            }
            Err(error) => {
                self.events.damaged(format!("{}: {error}", path.display()));
                let segment = after_all(&path).unwrap_or(Segment::FIRST);
                self.begun(now, channels, segment, unused_epoch(now.wall))
            }
        };
        let opened = OpenedTape { anchor: index.head().anchor, next, marks: index.marks().to_vec() };
        let tape = Arc::new(LiveTape::new(index, path, Arc::clone(&self.reads), Arc::clone(&self.bells)));
        self.writing = Some(Writing {
            writer,
            untouchable,
            folder: None,
            tape: Arc::clone(&tape),
            epoch: None,
            closing: None,
            close_until: Mono(0),
            told: false,
        });
        self.events.opened(tape, opened);
    }

    fn continued(&mut self, now: Now, recovered: &Recovered) -> (Writer, Index, Position) {
        if !recovered.damage.is_empty() {
            self.events.damaged(stentor_tape::Report::new(recovered).to_string());
        }
        match Writer::resume(recovered) {
            Ok(writer) => {
                let next = recovered.next(now.wall);
                let next = Position { epoch: next.epoch, slot: next.first };
                (writer, recovered.index.clone(), next)
            }
            // The show is not over, so whoever closed this tape was not us: it stays as it is.
            Err(closed) => {
                self.events.damaged(closed.to_string());
                let channels = recovered.index.head().channels;
                self.begun(now, channels, recovered.segment_next, unused_epoch(now.wall))
            }
        }
    }

    fn begun(
        &self,
        now: Now,
        channels: Channels,
        segment: Segment,
        epoch: Epoch,
    ) -> (Writer, Index, Position) {
        let head = Arc::new(head(&self.show, now.wall, channels));
        let writer = Writer::create(Arc::clone(&head), segment);
        (writer, Index::new(head), Position { epoch, slot: Slot(0) })
    }

    /// Performs what the writer wants. At the end of the thread, what is not safe yet is made safe now.
    fn drain(&mut self, last: bool) {
        let Some(writing) = &mut self.writing else { return };
        let mut now = self.clock.mono();
        if last {
            now = now + stentor_tape::writer::SYNC_EVERY;
        }
        writing.writer.tick(now);
        let mut closed = false;
        while let Some(output) = writing.writer.poll_output() {
            match output {
                Output::Do(op) => {
                    let done = if self.owns_folder.load(Relaxed) && !writing.untouchable {
                        let folder = &mut writing.folder;
                        perform(folder, &mut self.reserve, &self.data, &self.show, &self.clock, &op)
                    } else {
                        Err(io::Error::other(
                            "what lies in its folder is not of this show or not of this version",
                        ))
                    };
                    let now = now.max(self.clock.mono());
                    match done {
                        Ok(()) => writing.writer.done(now),
                        Err(error) => {
                            writing.writer.failed(now, disk_error(&error));
                            self.system_says = error.to_string();
                            // A folder that could not be listed before may have files that nobody knew of.
                            if let Some(segment) = after_all(&tape_folder(&self.data, &self.show)) {
                                writing.writer.go_on_in(segment);
                            }
                        }
                    }
                }
                Output::Written { record, at } => writing.tape.written(&record, at),
                Output::EpochOpen { epoch, .. } => self.events.epoch_open(epoch),
                Output::Disk { disk, chunks_lost } => {
                    self.events.disk(disk_state(disk), chunks_lost, &self.system_says);
                }
                Output::Closed => closed = true,
                _ => {}
            }
        }
        let ailing = writing.closing.is_some() && writing.writer.disk() != Disk::Ok;
        if closed || (ailing && (last || now >= writing.close_until)) {
            self.close();
        } else if ailing && !writing.told {
            // A disk that fails at the end keeps nobody from hearing what it took before.
            writing.told = true;
            let (overlay, end) = (writing.closing.clone().flatten(), writing.tape.live().end());
            self.conclude(overlay, end);
        }
    }

    /// The tape is as safe as it can be: writes down what of it the recording is.
    fn close(&mut self) {
        let Some(writing) = self.writing.take() else { return };
        self.conclude(writing.closing.flatten(), writing.tape.live().end());
    }

    /// The end was final before this process began: what is on the disk is all there will be.
    fn finish(&mut self, life: Life) {
        let recovered = match files::recover(&tape_folder(&self.data, &self.show)) {
            Ok(Some(Ok(recovered))) => recovered,
            Err(error) if files::will_pass(&error) => {
                self.postponed = Some(ToTape::Finish(life));
                return;
            }
            _ => return self.events.closed(None),
        };
        let index = &recovered.index;
        let mut marks = index.marks().to_vec();
        marks.extend(stentor_node::missing_marks(life, index.head().anchor, &marks, &[]));
        marks.sort_by_key(|mark| mark.at);
        self.conclude(Overlay::from_marks(&marks), index.end());
    }

    /// Writes down what of the tape the recording is, and tells.
    fn conclude(&mut self, overlay: Option<Overlay>, tape_end: Slot) {
        let Some(overlay) = overlay else { return self.events.closed(None) };
        let path = self.data.show_dir(&self.show).join(OVERLAY_FILE);
        if let Err(error) = data_folder::write_atomically(&path, &overlay.to_json(), 0o600) {
            self.events.save_failed(error.to_string());
        }
        let end = overlay.end_samples.unwrap_or(tape_end.start());
        self.events.closed(Some((overlay.start_samples, end)));
    }
}

fn perform(
    folder: &mut Option<Folder>,
    reserve: &mut Reserve,
    data: &DataFolder,
    show: &ShowId,
    clock: &Clock,
    op: &Op,
) -> io::Result<()> {
    if matches!(op, Op::Create { .. } | Op::Append { .. }) && reserve.is_reached(data, clock) {
        return Err(io::ErrorKind::StorageFull.into());
    }
    let open = match folder {
        Some(open) => open,
        None => folder.insert(Folder::open(tape_folder(data, show))?),
    };
    open.perform(op)
}

/// Where a show's tape lies.
pub fn tape_folder(data: &DataFolder, show: &ShowId) -> PathBuf {
    data.show_dir(show).join("tape")
}

/// The segment after all that are in a folder.
fn after_all(folder: &Path) -> Option<Segment> {
    files::segments(folder).ok()?.last().map(|(last, _)| last.next())
}

/// Space that stays free for everything else on the machine.
struct Reserve {
    checked_at: Option<Mono>,
    reached: bool,
}

impl Reserve {
    fn is_reached(&mut self, data: &DataFolder, clock: &Clock) -> bool {
        let now = clock.mono();
        if self.checked_at.is_none_or(|at| now.saturating_since(at) >= RESERVE_CHECK_EVERY) {
            self.checked_at = Some(now);
            self.reached = data.reserve_is_reached();
        }
        self.reached
    }
}

/// What is fixed for a new tape. The encoders say their delays; that they cannot be made is a lack of memory
/// with which nothing can start.
fn head(show: &ShowId, anchor: Wall, channels: Channels) -> TapeHead {
    let constants = stentor_audio::constants(channels).expect("encoders can be made");
    TapeHead {
        show: show.clone(),
        anchor,
        channels,
        opus_pre_skip_samples: constants.opus_pre_skip_samples,
        aac_delay_samples: constants.aac_delay_samples,
        aac_config: constants.aac_config,
        filler: constants.filler,
    }
}

/// An epoch for a tape whose past is not on the disk, be it that it cannot be read or that a disk which failed never took
/// it: seconds of wall time lie above every epoch that counting from 1 has reached.
fn unused_epoch(now: Wall) -> Epoch {
    Epoch(u32::try_from(now.0 / 1000).unwrap_or(1))
}

fn disk_state(disk: Disk) -> DiskState {
    match disk {
        Disk::Ok => DiskState::Ok,
        Disk::Full => DiskState::Full,
        Disk::Failed => DiskState::Failed,
    }
}

#[cfg(test)]
mod tests;
