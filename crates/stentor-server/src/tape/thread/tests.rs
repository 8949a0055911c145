//! The thread on folders that are not as they should be, and behind a disk that stands still.

use std::fs;
use std::sync::mpsc::SyncSender;

use rustix::fs::{CWD, RenameFlags};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use stentor_stage::{ShowSpec, Stage, TokenKey};
use stentor_types::{Chunk, Mark, MarkBody, RenditionMap};
use tempfile::TempDir;

use super::handle::CHUNKS_WAITING_MAX;
use super::*;

/// When a test gives up on what the thread has to tell.
const GIVE_UP: Duration = Duration::from_secs(90);

#[derive(Debug)]
enum Told {
    Opened(OpenedTape),
    EpochOpen,
    Disk(DiskState, u64),
    Damaged(String),
    Unsaved,
    Closed(bool),
}

/// Hands over what is told. The thread goes on once it is taken, as behind a disk that has to do something first.
struct Teller(SyncSender<Told>);

impl Teller {
    fn tell(&self, told: Told) {
        let _ = self.0.send(told);
    }
}

impl TapeEvents for Teller {
    fn opened(&self, _: Arc<LiveTape>, opened: OpenedTape) {
        self.tell(Told::Opened(opened));
    }
    fn epoch_open(&self, _: Epoch) {
        self.tell(Told::EpochOpen);
    }
    fn disk(&self, disk: DiskState, chunks_lost: u64, _: &str) {
        self.tell(Told::Disk(disk, chunks_lost));
    }
    fn damaged(&self, report: String) {
        self.tell(Told::Damaged(report));
    }
    fn save_failed(&self, _: String) {
        self.tell(Told::Unsaved);
    }
    fn closed(&self, recording: Option<(MediaTime, MediaTime)>) {
        self.tell(Told::Closed(recording.is_some()));
    }
}

/// A data folder, and the thread of one show in it.
struct Evening {
    dir: TempDir,
    data: Arc<DataFolder>,
    show: ShowId,
}

impl Evening {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let data = Arc::new(DataFolder::open(dir.path()).expect("a new folder"));
        Self { dir, data, show: "one".parse().expect("a name") }
    }

    fn doc() -> Box<ShowDoc> {
        let spec = ShowSpec::new("one".parse().expect("a name"));
        let key = TokenKey::from_secret(&[0; 32]);
        let stage = Stage::create(Clock::start().now(), key, spec, [0; 32]);
        Box::new(stage.expect("a show that can be").doc())
    }

    /// The folder of the show's tape with these files, of a show that an earlier process had.
    fn with_files(files: &[(&str, &[u8])]) -> Self {
        let evening = Self::new();
        evening.data.create_show(&evening.show, &Self::doc().to_json()).expect("a writable folder");
        for (name, content) in files {
            evening.put(name, content);
        }
        evening
    }

    fn tape(&self) -> PathBuf {
        tape_folder(&self.data, &self.show)
    }

    fn put(&self, name: &str, content: &[u8]) {
        fs::create_dir_all(self.tape()).expect("a writable folder");
        fs::write(self.tape().join(name), content).expect("a writable folder");
    }

    /// The thread, with as many things told ahead.
    fn start(&self, found: bool, ahead: usize) -> (TapeHandle, Receiver<Told>) {
        let (teller, told) = std::sync::mpsc::sync_channel(ahead);
        let (data, reads) = (Arc::clone(&self.data), Arc::new(Semaphore::new(1)));
        let handle =
            spawn(self.show.clone(), found, data, Clock::start(), reads, Arc::default(), Teller(teller));
        (handle.expect("a thread can be started"), told)
    }

    /// All files of the show with their contents.
    fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        let mut folders = vec![self.dir.path().join("shows")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("it can be listed") {
                let path = entry.expect("it can be listed").path();
                match fs::read(&path) {
                    Ok(content) => files.push((path, content)),
                    Err(_) => folders.push(path),
                }
            }
        }
        files.sort();
        files
    }
}

/// The next thing of this kind that is told.
fn wait_for<T>(told: &Receiver<Told>, is: impl Fn(Told) -> Option<T>) -> T {
    loop {
        let next = told.recv_timeout(GIVE_UP).expect("the thread tells it");
        if let Some(found) = is(next) {
            return found;
        }
    }
}

fn opened(told: &Receiver<Told>) -> Position {
    wait_for(told, |told| if let Told::Opened(opened) = told { Some(opened.next) } else { None })
}

fn damaged(told: &Receiver<Told>) -> String {
    wait_for(told, |told| if let Told::Damaged(report) = told { Some(report) } else { None })
}

fn disk(told: &Receiver<Told>) -> (DiskState, u64) {
    wait_for(told, |told| if let Told::Disk(disk, lost) = told { Some((disk, lost)) } else { None })
}

fn epoch_open(told: &Receiver<Told>) {
    wait_for(told, |told| matches!(told, Told::EpochOpen).then_some(()));
}

fn chunk(first: Position, nth: u64) -> Arc<Chunk> {
    let position = Position { epoch: first.epoch, slot: first.slot.plus(nth) };
    Arc::new(Chunk { position, frames: RenditionMap::default(), marks: Vec::new() })
}

/// Counting from 1 would take years to get there.
fn is_unused(epoch: Epoch) -> bool {
    epoch > Epoch(1_000_000_000)
}

#[test]
fn what_was_lost_behind_a_disk_that_stood_still_is_counted_when_it_moves() {
    let evening = Evening::new();
    // Nothing is told ahead: until the epoch's beginning is heard, the thread stands still.
    let (handle, told) = evening.start(false, 0);
    handle.save(Evening::doc());
    handle.open(Channels::Mono);
    let first = opened(&told);
    assert_eq!(first, Position { epoch: Epoch(1), slot: Slot(0) });
    handle.epoch(first);
    // The first chunk is taken from the queue only after that.
    let handed: Vec<_> =
        (0..CHUNKS_WAITING_MAX as u64 + 3).map(|nth| handle.chunk(chunk(first, nth))).collect();
    assert_eq!(handed.iter().filter(|handed| **handed == Handed::Lost).count(), 3);
    assert_eq!(handed.iter().filter(|handed| **handed == Handed::DiskStandsStill).count(), 1);
    epoch_open(&told);
    assert_eq!(disk(&told), (DiskState::Ok, 3));
}

/// A show is announced, its doors open, and the first chunk is handed over.
fn record_one(handle: &TapeHandle, told: &Receiver<Told>) {
    handle.save(Evening::doc());
    handle.open(Channels::Mono);
    let first = opened(told);
    handle.epoch(first);
    epoch_open(told);
    handle.chunk(chunk(first, 0));
}

#[tokio::test]
async fn a_new_show_leaves_a_folder_alone_that_lies_in_its_place() {
    let evening = Evening::with_files(&[("00000001.tape", b"sound of another show")]);
    fs::write(evening.data.show_dir(&evening.show).join("show.json"), "{ torn").expect("a writable folder");
    let before = evening.files();
    let (handle, told) = evening.start(false, 100);
    record_one(&handle, &told);
    assert!(!handle.settled().await && !handle.owns_folder());
    handle.stop().await;
    assert_eq!(evening.files(), before);
}

#[test]
fn a_tape_that_is_not_on_the_disk_may_have_been_heard_under_every_name() {
    let first_of = |evening: &Evening, found| {
        let (handle, told) = evening.start(found, 100);
        if !found {
            handle.save(Evening::doc());
        }
        handle.open(Channels::Mono);
        opened(&told).epoch
    };
    assert_eq!(first_of(&Evening::new(), false), Epoch(1));
    assert!(is_unused(first_of(&Evening::with_files(&[]), true)));
    // A disk that was full when it was begun.
    assert!(is_unused(first_of(&Evening::with_files(&[("00000001.tape", b"")]), true)));
}

#[tokio::test]
async fn a_newer_tape_is_left_as_it_is_and_said() {
    // A head of version 2, with the check over it that belongs to byte 0 of segment 1.
    let mut newer = b"\xD5StT\x02\x01\0\0\x10\0\0\0".to_vec();
    let mut hasher = blake3::Hasher::new();
    hasher.update(&1u32.to_le_bytes()).update(&0u64.to_le_bytes()).update(&newer);
    newer.extend_from_slice(&hasher.finalize().as_bytes()[..4]);
    newer.extend_from_slice(&[7; 64]);
    let evening = Evening::with_files(&[("00000001.tape", &newer)]);
    let before = evening.files();
    let (handle, told) = evening.start(true, 100);
    handle.open(Channels::Mono);
    let report = damaged(&told);
    assert!(report.contains("version 2") && report.contains("unrecorded"), "{report}");
    let first = opened(&told);
    handle.epoch(first);
    epoch_open(&told);
    handle.close(Overlay::from_marks(&[Mark { at: MediaTime(0), body: MarkBody::OnAir }]));
    handle.stop().await;
    assert!(!wait_for(&told, |told| if let Told::Closed(recorded) = told { Some(recorded) } else { None }));
    assert_eq!(evening.files(), before);
}

#[test]
fn a_folder_that_cannot_be_read_for_a_while_is_gone_on_in_behind_its_last_file() {
    let evening = Evening::with_files(&[]);
    fs::write(evening.tape(), "no folder").expect("a writable folder");
    let (handle, told) = evening.start(true, 100);
    handle.open(Channels::Mono);
    damaged(&told);
    let first = opened(&told);
    handle.epoch(first);
    handle.chunk(chunk(first, 0));
    assert_eq!(disk(&told), (DiskState::Failed, 0));
    // With a try for each of these, and pauses of up to 30 s, it would take half an hour.
    let folder = evening.dir.path().join("prepared");
    fs::create_dir(&folder).expect("a writable folder");
    for segment in 1..=60 {
        fs::write(folder.join(Segment(segment).file_name()), "sound").expect("a writable folder");
    }
    rustix::fs::renameat_with(CWD, &folder, CWD, evening.tape(), RenameFlags::EXCHANGE)
        .expect("both are there");
    assert_eq!(disk(&told), (DiskState::Ok, 0));
    let last = files::segments(&evening.tape()).expect("a folder").last().map(|(last, _)| *last);
    assert!(last <= Some(Segment(63)), "{last:?}");
}

/// In a process of its own, which can do without descriptors for a moment. That is the one way in which the ignored test below
/// is run, and it is run each time.
#[test]
fn a_show_waits_for_a_tape_that_cannot_be_opened_for_the_moment() {
    let test = "tape::thread::tests::without_descriptors";
    let mut alone = std::process::Command::new(std::env::current_exe().expect("a program"));
    let out = alone.args(["--exact", test, "--ignored"]).output().expect("it can be started");
    let said = String::from_utf8_lossy(&out.stdout);
    assert!(out.status.success() && said.contains("1 passed"), "{said}");
}

#[tokio::test]
#[ignore = "run by the test above: it takes the descriptors away from everything else in its process"]
async fn without_descriptors() {
    let evening = Evening::new();
    let (handle, told) = evening.start(false, 100);
    record_one(&handle, &told);
    handle.stop().await;

    let enough = getrlimit(Resource::Nofile);
    let none = Rlimit { current: Some(3), ..enough };
    setrlimit(Resource::Nofile, none).expect("less is always granted");
    let (handle, told) = evening.start(true, 100);
    handle.open(Channels::Mono);
    // It has been tried once by then.
    handle.settled().await;
    assert!(fs::read_dir(evening.tape()).is_err(), "nothing can be opened");
    setrlimit(Resource::Nofile, enough).expect("the hard limit stands");
    let next = opened(&told);
    assert_eq!(next.epoch, Epoch(2), "it is the tape from before");
    assert!(next.slot > Slot(0));
}
