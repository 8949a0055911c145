//! What all readers of a show's tape share.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use bytes::{Bytes, BytesMut};
use stentor_formats::{Container, FormatError, Framer, Interval};
use stentor_tape::{Index, Record, Window};
use stentor_types::{Chunk, Frames, Position, Rendition, Run, Slot, TapeHead};
use tokio::sync::{Semaphore, watch};

use super::files;
use crate::bell::Bells;
use stentor_tape::Location;

/// Reads from disk under way at once in the process. Each takes 8.5 kB and some 50 µs from the page
/// cache, 10 ms from a slow disk: 16 feed thousands of rewound listeners without a thread for each.
pub const READS_MAX: usize = 16;

/// Framed groups kept a show: 60 s in the four intervals (188 + 63 + 32 + 16), for the at most ten pairs of
/// container and rendition in use, bounded at the bytes of 60 s × 10 × 8 kB/s × 4 = 19 MB.
const FRAMED_MAX: usize = 3_000;

/// The newest part of a tape as it was at one moment.
#[derive(Clone, Debug, Default)]
pub struct Live {
    /// The newest chunks.
    pub window: Window,
    /// All runs of chunks that listeners could hear, whatever the disk took of them.
    pub runs: Arc<[Run]>,
    /// Nothing more will come.
    pub closed: bool,
}

impl Live {
    /// The slot after the newest chunk that listeners could hear.
    pub fn end(&self) -> Slot {
        self.runs.last().map_or(Slot(0), |run| run.end)
    }

    fn push(&self, chunk: Arc<Chunk>) -> Self {
        let Position { epoch, slot } = chunk.position;
        let mut runs = self.runs.to_vec();
        match runs.last_mut() {
            Some(run) if run.epoch == epoch && run.end == slot => run.end = slot.next(),
            _ => runs.push(Run { epoch, first: slot, end: slot.next() }),
        }
        Self { window: self.window.push(chunk), runs: runs.into(), closed: false }
    }
}

/// A framed group, with HTTP's chunked coding around it (RFC 9112 §7.1): what goes over most wires as it is.
#[derive(Clone, Debug)]
pub struct Framed {
    /// The group as one chunk.
    pub chunk: Bytes,
    /// Where the sound is in `chunk`.
    pub sound: Range<usize>,
}

impl Framed {
    /// Puts the coding around what was framed.
    pub fn new(sound: &[u8]) -> Self {
        let size = format!("{:x}\r\n", sound.len());
        let mut chunk = BytesMut::with_capacity(size.len() + sound.len() + 2);
        chunk.extend_from_slice(size.as_bytes());
        chunk.extend_from_slice(sound);
        chunk.extend_from_slice(b"\r\n");
        Self { chunk: chunk.freeze(), sound: size.len()..size.len() + sound.len() }
    }

    /// The sound alone.
    pub fn sound(&self) -> Bytes {
        self.chunk.slice(self.sound.clone())
    }
}

type FramedKey = (Slot, Container, Rendition, Interval);

/// A show's tape as its readers see it. Written by the mixer's thread ([`Self::publish`]) and the tape's
/// ([`Self::written`]); read by all.
pub struct LiveTape {
    head: Arc<TapeHead>,
    folder: PathBuf,
    live: watch::Sender<Live>,
    bells: Arc<Bells>,
    index: RwLock<Index>,
    reads: Arc<Semaphore>,
    framers: BTreeMap<(Container, Rendition), Framer>,
    framed: Mutex<BTreeMap<FramedKey, Framed>>,
    /// Open progressive streams.
    pub listeners: AtomicU64,
    /// Bytes of sound handed to listeners' connections.
    pub sent_bytes: AtomicU64,
    /// Chunks published by this process.
    pub published: AtomicU64,
}

impl LiveTape {
    /// A tape with this table of contents in this folder. `reads` bounds reads from disk for all shows together;
    /// `bells` are rung when there is more to hear.
    pub fn new(index: Index, folder: PathBuf, reads: Arc<Semaphore>, bells: Arc<Bells>) -> Self {
        let head = Arc::clone(index.head());
        let mut framers = BTreeMap::new();
        for container in Container::ALL {
            for rendition in Rendition::ALL {
                if let Ok(framer) = Framer::new(container, &head, rendition) {
                    framers.insert((container, rendition), framer);
                }
            }
        }
        let live = Live {
            window: Window::default(),
            runs: index.runs().collect(),
            closed: index.closed().is_some(),
        };
        Self {
            head,
            folder,
            live: watch::Sender::new(live),
            bells,
            index: RwLock::new(index),
            reads,
            framers,
            framed: Mutex::default(),
            listeners: AtomicU64::new(0),
            sent_bytes: AtomicU64::new(0),
            published: AtomicU64::new(0),
        }
    }

    /// What is fixed for the tape.
    pub fn head(&self) -> &Arc<TapeHead> {
        &self.head
    }

    /// The newest part, to look at or to wait for.
    pub fn subscribe(&self) -> watch::Receiver<Live> {
        self.live.subscribe()
    }

    /// The newest part as it is now.
    pub fn live(&self) -> Live {
        self.live.borrow().clone()
    }

    /// Looks something up in the table of contents; `look` must be quick.
    pub fn with_index<T>(&self, look: impl FnOnce(&Index) -> T) -> T {
        look(&self.index.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// A new chunk is there: readers get it at once, before the disk does.
    pub fn publish(&self, chunk: Arc<Chunk>) {
        self.published.fetch_add(1, Relaxed);
        // A mixer's last chunk may come when the tape is over already.
        self.live.send_if_modified(|live| {
            if !live.closed {
                *live = live.push(chunk);
            }
            !live.closed
        });
        self.bells.ring();
    }

    /// Nothing more will come; waiting readers end.
    pub fn close(&self) {
        self.live.send_modify(|live| live.closed = true);
        self.bells.ring();
    }

    /// A record lies on the disk.
    pub(super) fn written(&self, record: &Record, at: Location) {
        self.index.write().unwrap_or_else(PoisonError::into_inner).add(record, at);
    }

    /// The chunk of a slot from memory or disk; `None` for a hole, and for what the disk has damaged.
    pub async fn chunk(&self, slot: Slot) -> Option<Arc<Chunk>> {
        if let Some(chunk) = self.live.borrow().window.chunk(slot) {
            return Some(Arc::clone(chunk));
        }
        let at = self.with_index(|index| index.location(slot))?;
        self.read(at).await
    }

    /// The chunk at a place on the disk; `None` if the disk has damaged it.
    pub async fn read(&self, at: Location) -> Option<Arc<Chunk>> {
        let _place = self.reads.acquire().await.expect("the semaphore is never closed");
        let folder = self.folder.clone();
        let bytes = tokio::task::spawn_blocking(move || files::read(&folder, at)).await.ok()?.ok()?;
        self.with_index(|index| index.chunk(at, &bytes)).ok()
    }

    /// The same for a thread that may wait for the disk.
    ///
    /// # Errors
    /// The machine is out of something for a moment ([`files::will_pass`]); the chunk may be sound.
    pub fn chunk_blocking(&self, slot: Slot) -> io::Result<Option<Arc<Chunk>>> {
        if let Some(chunk) = self.live.borrow().window.chunk(slot) {
            return Ok(Some(Arc::clone(chunk)));
        }
        let Some(at) = self.with_index(|index| index.location(slot)) else { return Ok(None) };
        match files::read(&self.folder, at) {
            Ok(bytes) => Ok(self.with_index(|index| index.chunk(at, &bytes)).ok()),
            Err(error) if files::will_pass(&error) => Err(error),
            Err(_) => Ok(None),
        }
    }

    /// The framer of a rendition in a container, or why there is none.
    pub fn framer(&self, container: Container, rendition: Rendition) -> Result<&Framer, FormatError> {
        self.framers.get(&(container, rendition)).ok_or_else(|| {
            Framer::new(container, &self.head, rendition).err().unwrap_or(FormatError::NotOnTape(rendition))
        })
    }

    /// The bytes of a group of chunks, framed once for all listeners of a kind while it is new.
    /// `shared` says that the group is as others will ask for it: whole, from the window, without filler.
    pub fn framed(
        &self,
        framer: &Framer,
        key: (Container, Rendition, Interval),
        first: Slot,
        chunks: &[&Frames],
        shared: bool,
    ) -> Framed {
        let (container, rendition, interval) = key;
        if !shared {
            return Framed::new(&framer.frame(interval, first, chunks));
        }
        let key = (first, container, rendition, interval);
        let oldest = self.live.borrow().window.oldest().map_or(Slot(0), |chunk| chunk.position.slot);
        let mut framed = self.framed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = framed.get(&key) {
            return known.clone();
        }
        let new = Framed::new(&framer.frame(interval, first, chunks));
        framed.insert(key, new.clone());
        // Readers tidy up, since the mixer must not wait for a lock of theirs.
        while let Some((&key, _)) = framed.first_key_value() {
            if key.0 >= oldest && framed.len() <= FRAMED_MAX {
                break;
            }
            framed.pop_first();
        }
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stentor_types::{Channels, Epoch, RenditionMap, Wall};

    fn chunk(epoch: u32, slot: u64) -> Arc<Chunk> {
        let position = Position { epoch: Epoch(epoch), slot: Slot(slot) };
        Arc::new(Chunk { position, frames: RenditionMap::default(), marks: Vec::new() })
    }

    #[test]
    fn runs_grow_with_what_is_published_and_break_at_holes_and_epochs() {
        let head = TapeHead {
            show: "demo".parse().expect("a name"),
            anchor: Wall(0),
            channels: Channels::Mono,
            opus_pre_skip_samples: 312,
            aac_delay_samples: 0,
            aac_config: Bytes::new(),
            filler: RenditionMap::default(),
        };
        let tape = LiveTape::new(
            Index::new(Arc::new(head)),
            PathBuf::new(),
            Arc::new(Semaphore::new(1)),
            Arc::default(),
        );
        for (epoch, slot) in [(1, 0), (1, 1), (1, 3), (2, 4), (2, 5)] {
            tape.publish(chunk(epoch, slot));
        }
        let runs: Vec<_> = tape.live().runs.iter().map(|run| (run.epoch.0, run.first.0, run.end.0)).collect();
        assert_eq!(runs, [(1, 0, 2), (1, 3, 4), (2, 4, 6)]);
        assert_eq!(tape.live().end(), Slot(6));
    }
}
