//! The node and its surroundings: performs what the node decides, and tells it what has happened.
//!
//! Effects are performed under the node's lock, so that their order is the node's; each of them only
//! sends a message or starts a thread, and none waits.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

use stentor_audio::{Feedback, MixerCommand, MixerConfig};
use stentor_node::documents::TapeFacts;
use stentor_node::{DiskState, Effect, Node, OpenedTape};
use stentor_stage::Phase;
use stentor_types::{Chunk, Epoch, Mark, MediaTime, Mono, Now, Reason, SessionId, ShowId, SpeakerId};
use stentor_webrtc::{Identity, Path, Timebase};
use tokio::sync::{Notify, Semaphore, watch};

use crate::clock::Clock;
use crate::data_folder::DataFolder;
use crate::essential::Essential;
use crate::media::{MediaEvents, MediaHandle, ToMedia};
use crate::metrics::{Metrics, ShowSample};
use crate::mixer_thread::{self, MixerEnd, MixerHandle, MixerSink};
use crate::notice::{Notice, Notices};
use crate::tape::live::READS_MAX;
use crate::tape::{LiveTape, TapeEvents, TapeHandle, thread};

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
    reserve_bytes: u64,
    timeout_changed: Notify,
    news: SyncSender<News>,
    stopping: watch::Sender<bool>,
}

/// The threads and shared parts of one show.
pub struct ShowShell {
    /// Its name.
    pub id: ShowId,
    thread: TapeHandle,
    tape: watch::Sender<Option<Arc<LiveTape>>>,
    mixer: Mutex<MixerSlot>,
    mixer_cpu_before_us: AtomicU64,
    /// Why the mixer failed last, until that is told.
    mixer_failure: Mutex<String>,
    stage_changes: watch::Sender<u64>,
    pub(crate) cache: crate::front::ShowCache,
}

/// Where the show's mixer is.
enum MixerSlot {
    None,
    /// Its epoch is being made safe on the disk.
    Starting {
        config: MixerConfig,
        orders: Vec<MixerCommand>,
    },
    Running(MixerHandle),
}

impl Shell {
    /// The surroundings of a node. `media` is set once the media thread runs.
    pub fn new(
        clock: Clock,
        node: Node,
        data: Arc<DataFolder>,
        notices: Arc<Notices>,
        metrics: Arc<Metrics>,
        reserve_bytes: u64,
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
            reserve_bytes,
            timeout_changed: Notify::new(),
            news,
            stopping: watch::Sender::new(false),
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
    /// dropped: levels and names of chunks come again.
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
        if let Ok(show) = self.show(id) {
            return show;
        }
        let events = OfShow { shell: Arc::clone(self), show: id.clone(), epoch: None };
        let (data, reads) = (Arc::clone(&self.data), Arc::clone(&self.reads));
        let thread = thread::spawn(id.clone(), data, self.reserve_bytes, self.clock, reads, events)
            .expect("a thread can be started");
        let show = Arc::new(ShowShell {
            id: id.clone(),
            thread,
            tape: watch::Sender::new(None),
            mixer: Mutex::new(MixerSlot::None),
            mixer_cpu_before_us: AtomicU64::new(0),
            mixer_failure: Mutex::default(),
            stage_changes: watch::Sender::new(0),
            cache: crate::front::ShowCache::default(),
        });
        self.shows.write().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), Arc::clone(&show));
        show
    }

    fn perform(self: &Arc<Self>, id: &ShowId, effect: Effect) {
        let show = self.show_or_new(id);
        match effect {
            Effect::Save(doc) => show.thread.save(doc),
            Effect::OpenTape { channels } => show.thread.open(channels),
            Effect::StartMixer { config, orders } => {
                show.thread.epoch(config.first);
                *show.mixer() = MixerSlot::Starting { config, orders };
            }
            Effect::Mixer(command) => show.order(command),
            Effect::StopMixer => self.stop_mixer(&show),
            Effect::LateMarks(marks) => show.thread.marks(marks),
            Effect::CloseTape { overlay } => show.thread.close(overlay),
            Effect::FinishTape { life } => show.thread.finish(life),
            Effect::CloseSession { session, .. } => self.media().send(ToMedia::Close(session)),
            Effect::PhaseChanged(phase) => {
                show.cache.forget();
                let phase = format!("{phase:?}");
                self.note(Notice::PhaseChanged { show: id.clone(), phase });
            }
            Effect::StageChanged => show.stage_changed(),
            Effect::MixerRestarted { at } => {
                let why =
                    std::mem::take(&mut *show.mixer_failure.lock().unwrap_or_else(PoisonError::into_inner));
                self.note(Notice::MixerRestarted { show: id.clone(), epoch: at.epoch.0, why });
            }
            // A node that can say more than its shell understands is not released.
            _ => {}
        }
    }

    fn stop_mixer(&self, show: &ShowShell) {
        let slot = std::mem::replace(&mut *show.mixer(), MixerSlot::None);
        if let MixerSlot::Running(handle) = slot {
            show.mixer_cpu_before_us.fetch_add(handle.gauges().cpu_us.load(Relaxed), Relaxed);
            handle.stop();
        }
        self.media().send(ToMedia::Mixer(show.id.clone(), None));
    }

    /// The epoch is on the disk: its mixer may make sound that has a name.
    fn start_mixer(self: &Arc<Self>, id: &ShowId, epoch: Epoch) {
        let Ok(show) = self.show(id) else { return };
        let mut slot = show.mixer();
        let MixerSlot::Starting { config, .. } = &*slot else { return };
        if config.first.epoch != epoch {
            return;
        }
        let MixerSlot::Starting { config, orders } = std::mem::replace(&mut *slot, MixerSlot::None) else {
            return;
        };
        let config = mixer_thread::not_in_the_past(config, self.clock.mono());
        let sink = OfShow { shell: Arc::clone(self), show: id.clone(), epoch: Some(epoch) };
        let sink = Output { tape: show.tape(), thread: show.thread.clone(), events: sink };
        match mixer_thread::spawn(id, epoch, config, self.clock, sink) {
            Ok(handle) => {
                orders.into_iter().for_each(|order| handle.command(order));
                self.media().send(ToMedia::Mixer(id.clone(), Some(handle.clone())));
                *slot = MixerSlot::Running(handle);
                self.note(Notice::MixerStarted { show: id.clone(), epoch: epoch.0 });
            }
            Err(error) => {
                drop(slot);
                show.mixer_failed(format!("its thread could not be started: {error}"));
                self.ask(|node, now| node.mixer_failed(now, id, epoch));
            }
        }
    }

    /// Forgets a show and removes its folder.
    pub async fn delete(self: &Arc<Self>, id: &ShowId) -> Result<(), Reason> {
        self.ask(|node, _| node.delete(id))?;
        let show = self.show(id)?;
        self.shows.write().unwrap_or_else(PoisonError::into_inner).remove(id);
        self.stop_mixer(&show);
        self.media().send(ToMedia::CloseShow(id.clone()));
        if let Some(tape) = show.tape() {
            tape.close();
        }
        show.thread.stop().await;
        let (data, id) = (Arc::clone(&self.data), id.clone());
        let deleted = tokio::task::spawn_blocking(move || data.delete_show(&id)).await;
        match deleted {
            Ok(Ok(())) => Ok(()),
            _ => Err(Reason::DiskFailed),
        }
    }

    /// Makes everything on disk safe and ends the threads of all shows.
    pub(crate) async fn stop_shows(&self) {
        let shows: Vec<_> =
            self.shows.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        for show in &shows {
            self.stop_mixer(show);
        }
        for show in &shows {
            show.thread.stop().await;
        }
    }

    /// The samples of all shows for `/metrics`.
    pub fn samples(&self) -> Vec<ShowSample> {
        let shows: Vec<_> =
            self.shows.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        shows.iter().map(|show| self.sample(show)).collect()
    }

    fn sample(&self, show: &ShowShell) -> ShowSample {
        let (speakers, newest) = self.look(|node, now| {
            let known = node.show(&show.id).ok();
            let speakers = known.map_or(0, |s| s.stage().people(now).iter().filter(|p| p.connected).count());
            (speakers as u64, known.and_then(stentor_node::Show::newest))
        });
        let tape = show.tape();
        let of_tape = |value: fn(&LiveTape) -> u64| tape.as_deref().map_or(0, value);
        let mut sample = ShowSample {
            show: show.id.to_string(),
            listeners: of_tape(|tape| tape.listeners.load(Relaxed)),
            speakers,
            chunks: of_tape(|tape| tape.published.load(Relaxed)),
            slot: newest.map_or(0, |position| position.slot.0),
            epoch: newest.map_or(0, |position| u64::from(position.epoch.0)),
            tape_bytes: of_tape(|tape| tape.with_index(stentor_tape::Index::bytes)),
            sent_bytes: of_tape(|tape| tape.sent_bytes.load(Relaxed)),
            mixer_cpu_us: show.mixer_cpu_before_us.load(Relaxed),
            mixer_late_us_max: 0,
        };
        if let MixerSlot::Running(handle) = &*show.mixer() {
            sample.mixer_cpu_us += handle.gauges().cpu_us.load(Relaxed);
            sample.mixer_late_us_max = handle.gauges().late_us_max.swap(0, Relaxed);
        }
        sample
    }
}

impl ShowShell {
    /// The show's tape, once there is one in memory.
    pub fn tape(&self) -> Option<Arc<LiveTape>> {
        self.tape.borrow().clone()
    }

    /// The show's tape, as soon as there is one in memory.
    pub async fn tape_soon(&self) -> Arc<LiveTape> {
        let mut tape = self.tape.subscribe();
        let tape =
            tape.wait_for(Option::is_some).await.expect("the show, which holds the sender, is borrowed");
        Arc::clone(tape.as_ref().expect("it was waited for"))
    }

    /// The show's tape; that of a show which ended before the server started is opened now.
    pub async fn tape_or_open(&self, shell: &Shell) -> Option<Arc<LiveTape>> {
        if let Some(tape) = self.tape() {
            return Some(tape);
        }
        let folder = thread::tape_folder(&shell.data, &self.id);
        let opening = folder.clone();
        let found = tokio::task::spawn_blocking(move || crate::tape::files::recover(&opening)).await;
        let Ok(Ok(Some(Ok(recovered)))) = found else { return None };
        let tape = Arc::new(LiveTape::new(recovered.index, folder, Arc::clone(&shell.reads)));
        tape.close();
        self.tape.send_if_modified(|place| {
            let absent = place.is_none();
            place.get_or_insert(tape);
            absent
        });
        self.tape()
    }

    /// What the operator is told about the tape.
    pub fn tape_facts(&self) -> TapeFacts {
        let Some(tape) = self.tape() else { return TapeFacts::default() };
        tape.with_index(|index| TapeFacts {
            chunks: index.chunks(),
            holes: index.holes().len() as u64,
            bytes: index.bytes(),
            ..TapeFacts::default()
        })
    }

    /// Open progressive streams.
    pub fn listeners(&self) -> u64 {
        self.tape().map_or(0, |tape| tape.listeners.load(Relaxed))
    }

    /// Changes whenever something that the stage's people see does.
    pub fn stage_changes(&self) -> watch::Receiver<u64> {
        self.stage_changes.subscribe()
    }

    pub(crate) fn stage_changed(&self) {
        self.stage_changes.send_modify(|version| *version = version.wrapping_add(1));
    }

    /// Waits until everything that the show's folder was asked for has been done; whether its document is
    /// on the disk.
    pub async fn settled(&self) -> bool {
        self.thread.settled().await
    }

    fn mixer(&self) -> MutexGuard<'_, MixerSlot> {
        self.mixer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn mixer_failed(&self, why: String) {
        *self.mixer_failure.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }

    fn order(&self, command: MixerCommand) {
        match &mut *self.mixer() {
            MixerSlot::None => {}
            MixerSlot::Starting { orders, .. } => orders.push(command),
            MixerSlot::Running(handle) => handle.command(command),
        }
    }
}

/// Tells the node what happens to one show.
struct OfShow {
    shell: Arc<Shell>,
    show: ShowId,
    epoch: Option<Epoch>,
}

/// Where a mixer's sound goes.
struct Output {
    tape: Option<Arc<LiveTape>>,
    thread: TapeHandle,
    events: OfShow,
}

impl MixerSink for Output {
    fn chunk(&mut self, chunk: Arc<Chunk>) {
        let position = chunk.position;
        if let Some(tape) = &self.tape {
            tape.publish(Arc::clone(&chunk));
        }
        let show = self.events.show.clone();
        if !self.thread.chunk(chunk) {
            self.events.shell.note(Notice::ChunksLost { show: show.clone(), chunks: 1 });
        }
        self.events.shell.tell(move |shell| shell.ask(|node, _| node.published(&show, position)));
    }

    fn feedback(&mut self, frame: Feedback) {
        self.events.shell.media().feedback(&self.events.show, frame);
    }

    fn marked(&mut self, mark: Mark) {
        let Some(epoch) = self.events.epoch else { return };
        let show = self.events.show.clone();
        self.events.shell.tell(move |shell| shell.ask(|node, _| node.marked(&show, epoch, mark)));
    }

    fn levels(&mut self, levels: Vec<(SpeakerId, f32)>) {
        let Some(epoch) = self.events.epoch else { return };
        let show = self.events.show.clone();
        self.events.shell.tell(move |shell| shell.ask(|node, _| node.levels(&show, epoch, levels)));
    }

    fn over(&mut self, end: MixerEnd) {
        let (Some(epoch), show) = (self.events.epoch, &self.events.show) else { return };
        let shell = &self.events.shell;
        let why = match end {
            MixerEnd::Stopped => return,
            MixerEnd::Stalled(stalled) => {
                let stalled_ms = u64::try_from(stalled.as_millis()).unwrap_or(u64::MAX);
                shell.note(Notice::MixerStalled { show: show.clone(), stalled_ms });
                "it stood still".to_owned()
            }
            MixerEnd::Failed(why) => why,
        };
        if let Ok(show) = shell.show(show) {
            show.mixer_failed(why);
        }
        shell.ask(|node, now| node.mixer_failed(now, show, epoch));
    }
}

impl TapeEvents for OfShow {
    fn opened(&self, tape: Arc<LiveTape>, opened: OpenedTape) {
        let Ok(show) = self.shell.show(&self.show) else { return };
        show.tape.send_replace(Some(tape));
        self.shell.ask(|node, now| node.tape_opened(now, &self.show, opened));
    }

    fn epoch_open(&self, epoch: Epoch) {
        self.shell.start_mixer(&self.show, epoch);
    }

    fn disk(&self, disk: DiskState, chunks_lost: u64) {
        let show = self.show.clone();
        let mib = |bytes: u64| bytes / (1024 * 1024);
        self.shell.note(match disk {
            DiskState::Ok => Notice::DiskRecovered { show, lost_chunks: chunks_lost },
            DiskState::Failed => Notice::DiskFailed { show, error: "an operation on it failed".into() },
            DiskState::Full => Notice::DiskFull {
                free_mib: mib(self.shell.data.free_bytes().unwrap_or(0)),
                reserve_mib: mib(self.shell.reserve_bytes),
            },
        });
        self.shell.ask(|node, _| node.disk_changed(&self.show, disk));
    }

    fn damaged(&self, report: String) {
        let show = self.show.clone();
        self.shell.note(Notice::TapeDamaged { show, report });
    }

    fn save_failed(&self, error: String) {
        let show = self.show.clone();
        self.shell.note(Notice::DocumentUnsaved { show, error });
    }

    fn closed(&self, recording: Option<(MediaTime, MediaTime)>) {
        if let Ok(show) = self.shell.show(&self.show) {
            show.cache.forget();
        }
        self.shell.ask(|node, _| node.tape_closed(&self.show, recording));
    }
}

/// Tells the node who is connected.
pub(crate) struct Connections(pub(crate) Arc<Shell>);

impl MediaEvents for Connections {
    fn connected(&self, show: &ShowId, session: SessionId, path: Path) {
        let (path, word) = match path {
            Path::Udp => (stentor_stage::Path::Udp, "udp"),
            Path::Tcp => (stentor_stage::Path::Tcp, "tcp"),
        };
        self.0.note(Notice::SessionConnected { show: show.clone(), session, path: word });
        self.0.ask(|node, _| node.session_connected(show, session, path));
    }

    fn left(&self, show: &ShowId, session: SessionId, why: stentor_webrtc::CloseReason) {
        self.0.note(Notice::SessionLeft { show: show.clone(), session, why: format!("{why:?}") });
        self.0.ask(|node, _| node.session_left(show, session));
    }

    fn panicked(&self, message: &str) {
        self.0.note(Notice::PanicContained { place: format!("a session of the media socket ({message})") });
    }
}

/// Whether listeners are served live sound in this phase.
pub(crate) fn is_live(phase: Phase) -> bool {
    matches!(phase, Phase::Doors | Phase::OnAir | Phase::Ending)
}
