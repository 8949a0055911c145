//! The node and its surroundings: asks it, performs what it decides, and tells it what has happened.
//!
//! Effects are performed under the node's lock, so that their order is the node's; each of them only
//! sends a message or starts a thread, and none waits.
//!
//! - this file: everything that the doors and threads share, and the way to the node.
//! - [`effects`]: what follows from the node's decisions.
//! - [`show`]: the threads and shared parts of one show.
//! - [`mixer_place`]: where a show's mixer is.
//! - [`tracks`]: people's own tracks.
//! - [`events`]: what threads tell the node.

mod effects;
mod events;
mod mixer_place;
mod show;
mod tracks;

pub(crate) use events::Connections;
pub use show::ShowShell;

use std::collections::BTreeMap;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

use stentor_formats::Interval;
use stentor_node::Node;
use stentor_stage::Phase;
use stentor_types::{Mono, Now, Reason, ShowId};
use stentor_webrtc::{Identity, Timebase};
use tokio::sync::{Notify, Semaphore, watch};

use self::events::OfShow;
use crate::bell::Bells;
use crate::clock::Clock;
use crate::data_folder::DataFolder;
use crate::essential::Essential;
use crate::media::MediaHandle;
use crate::metrics::{Metrics, ShowSample};
use crate::notice::{Notice, Notices};
use crate::tape::live::READS_MAX;
use crate::tape::thread;

/// Something to tell the node when it has time.
type News = Box<dyn FnOnce(&Arc<Shell>) + Send>;

/// News that may wait: 8 shows × (3 chunks + 5 levels + 5 marks) a second are 104, so ten seconds of them.
const NEWS_MAX: usize = 1024;

/// Everything that the doors and threads of one process share.
pub struct Shell {
    clock: Clock,
    node: Mutex<Node>,
    shows: RwLock<BTreeMap<ShowId, Arc<ShowShell>>>,
    media: OnceLock<MediaHandle>,
    data: Arc<DataFolder>,
    notices: Arc<Notices>,
    metrics: Arc<Metrics>,
    identity: Identity,
    timebase: Timebase,
    reads: Arc<Semaphore>,
    timeout_changed: Notify,
    news: SyncSender<News>,
    stopping: watch::Sender<bool>,
    bells: Arc<Bells>,
    interval: Interval,
    seats: Option<u32>,
}

impl Shell {
    /// The surroundings of a node. `media` is set once the media thread runs.
    pub fn new(
        clock: Clock,
        node: Node,
        data: Arc<DataFolder>,
        notices: Arc<Notices>,
        metrics: Arc<Metrics>,
        interval: Interval,
        seats: Option<u32>,
    ) -> Arc<Self> {
        let (news, inbox) = sync_channel::<News>(NEWS_MAX);
        let shell = Arc::new(Self {
            clock,
            node: Mutex::new(node),
            shows: RwLock::default(),
            media: OnceLock::new(),
            data,
            notices,
            metrics,
            identity: Identity::generate(),
            timebase: Timebase::new(clock.instant(Mono(0))),
            reads: Arc::new(Semaphore::new(READS_MAX)),
            timeout_changed: Notify::new(),
            news,
            stopping: watch::Sender::new(false),
            bells: Arc::default(),
            interval,
            seats,
        });
        let telling = Arc::downgrade(&shell);
        let tell = move || {
            let _essential = Essential;
            while let Ok(news) = inbox.recv() {
                let Some(shell) = telling.upgrade() else { return };
                news(&shell);
            }
        };
        std::thread::Builder::new().name("news".into()).spawn(tell).expect("a thread can be started");
        shell
    }

    /// Tells the node something from a thread that must not wait for it. What does not fit any more is
    /// dropped: levels and names of chunks come again, and a mark is on the tape even so.
    fn tell(&self, news: impl FnOnce(&Arc<Self>) + Send + 'static) {
        let _ = self.news.try_send(Box::new(news));
    }

    /// The clock of this process.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The log and its counters.
    pub fn notices(&self) -> &Arc<Notices> {
        &self.notices
    }

    /// Tells an operational fact.
    pub(crate) fn note(&self, notice: Notice) {
        self.notices.tell(self.clock.now(), &notice);
    }

    /// Our certificate towards speakers.
    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The way between our monotonic time and that of sessions.
    pub(crate) fn timebase(&self) -> Timebase {
        self.timebase
    }

    /// How often listeners get sound who do not ask to be close to live.
    pub(crate) fn interval(&self) -> Interval {
        self.interval
    }

    /// How many may hear at once, of all shows together, if that is bounded.
    pub(crate) fn seats(&self) -> Option<u32> {
        self.seats
    }

    /// The gauges.
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// The data folder.
    pub fn data(&self) -> &DataFolder {
        &self.data
    }

    /// The way to the media thread.
    ///
    /// # Panics
    /// Before the media thread was started; doors open after that.
    pub fn media(&self) -> &MediaHandle {
        self.media.get().expect("the media thread starts before the doors open")
    }

    /// Rung when there is more sound.
    pub(crate) fn bells(&self) -> &Arc<Bells> {
        &self.bells
    }

    /// Places of those who read from disk.
    pub(crate) fn reads(&self) -> &Arc<Semaphore> {
        &self.reads
    }

    pub(crate) fn set_media(&self, media: MediaHandle) {
        let _ = self.media.set(media);
    }

    /// True once the server is stopping; streams end then.
    pub fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }

    pub(crate) fn stop_streams(&self) {
        self.stopping.send_replace(true);
    }

    /// Looks at the node.
    pub fn look<T>(&self, look: impl FnOnce(&Node, Now) -> T) -> T {
        let now = self.clock.now();
        look(&self.lock(), now)
    }

    /// Asks the node for something and performs what follows from it.
    pub fn ask<T>(self: &Arc<Self>, ask: impl FnOnce(&mut Node, Now) -> T) -> T {
        let now = self.clock.now();
        let mut node = self.lock();
        let answer = ask(&mut node, now);
        while let Some((show, effect)) = node.poll_effect() {
            self.perform(&show, effect);
        }
        drop(node);
        self.timeout_changed.notify_one();
        answer
    }

    fn lock(&self) -> MutexGuard<'_, Node> {
        // A panic while the node was locked is a bug of ours; its state may be half changed. The panic's own message is in the log; a restart continues from what is on the disk.
        self.node.lock().unwrap_or_else(|_| std::process::abort())
    }

    /// Calls the node when time is due, for as long as the server runs.
    pub async fn keep_time(self: Arc<Self>) {
        loop {
            let next = self.lock().next_timeout();
            match next {
                None => self.timeout_changed.notified().await,
                Some(at) => tokio::select! {
                    () = tokio::time::sleep_until(self.clock.deadline(at)) => self.ask(|node, now| node.handle_timeout(now)),
                    () = self.timeout_changed.notified() => {}
                },
            }
        }
    }

    /// The threads and shared parts of a show that the node knows.
    pub fn show(&self, id: &ShowId) -> Result<Arc<ShowShell>, Reason> {
        let shows = self.shows.read().unwrap_or_else(PoisonError::into_inner);
        shows.get(id).cloned().ok_or(Reason::UnknownShow)
    }

    /// The same, made if this is the first that is heard of the show.
    pub(crate) fn show_or_new(self: &Arc<Self>, id: &ShowId) -> Arc<ShowShell> {
        self.show(id).unwrap_or_else(|_| self.place(id, false))
    }

    /// Makes room for a show that was found in the data folder, before the node takes it up.
    pub(crate) fn show_found(self: &Arc<Self>, id: &ShowId) {
        self.place(id, true);
    }

    /// Lets go of a show that the node does not know.
    pub(crate) fn forget(&self, id: &ShowId) {
        self.shows.write().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    fn place(self: &Arc<Self>, id: &ShowId, found: bool) -> Arc<ShowShell> {
        let events = OfShow { shell: Arc::clone(self), show: id.clone(), epoch: None };
        let (data, reads) = (Arc::clone(&self.data), Arc::clone(&self.reads));
        let bells = Arc::clone(&self.bells);
        let thread = thread::spawn(id.clone(), found, data, self.clock, reads, bells, events)
            .expect("a thread can be started");
        let show = Arc::new(ShowShell::new(id.clone(), thread, self.clock));
        if let Some(seats) = self.seats.filter(|_| !found) {
            show.gate.begin(seats);
        }
        self.shows.write().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), Arc::clone(&show));
        show
    }

    /// All shows of this process.
    pub(crate) fn shows(&self) -> Vec<Arc<ShowShell>> {
        self.shows.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// The samples of all shows for `/metrics`.
    pub fn samples(&self) -> Vec<ShowSample> {
        self.shows().iter().map(|show| show.sample(self)).collect()
    }
}

/// Whether listeners are served live sound in this phase.
pub(crate) fn is_live(phase: Phase) -> bool {
    matches!(phase, Phase::Doors | Phase::OnAir | Phase::Ending)
}
