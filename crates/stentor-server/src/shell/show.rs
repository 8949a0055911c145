//! The threads and shared parts of one show.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use stentor_node::documents::TapeFacts;
use stentor_types::{Reason, ShowId};
use tokio::sync::watch;

use super::Shell;
use super::mixer_place::MixerPlace;
use super::tracks::TracksPlace;
use crate::clock::Clock;
use crate::gate::ShowGate;
use crate::metrics::ShowSample;
use crate::notice::Notice;
use crate::tape::{LiveTape, TapeHandle, files, thread};

/// How long a click waits for the disk.
const SETTLE_TIME_MAX: Duration = Duration::from_secs(2);

/// How long somebody waits who has to know what became of it: browsers and scripts wait for an answer for 30 s or longer,
/// and a disk that has slept is back in 10 s.
pub(super) const DISK_WAIT_MAX: Duration = Duration::from_secs(15);

/// The threads and shared parts of one show.
pub struct ShowShell {
    /// Its name.
    pub id: ShowId,
    pub(super) thread: TapeHandle,
    pub(super) tape: watch::Sender<Option<Arc<LiveTape>>>,
    /// Held while the tape of an ended show is opened; whether that failed for good.
    reopening: Arc<tokio::sync::Mutex<bool>>,
    pub(super) tracks: TracksPlace,
    pub(super) mixer: MixerPlace,
    /// Why the mixer failed last, until that is told.
    pub(super) mixer_failure: Mutex<String>,
    stage_changes: watch::Sender<u64>,
    /// Who gets in.
    pub(crate) gate: Arc<ShowGate>,
    pub(crate) cache: crate::front::ShowCache,
}

impl ShowShell {
    /// A show without sound yet.
    pub(super) fn new(id: ShowId, thread: TapeHandle, clock: Clock) -> Self {
        Self {
            gate: Arc::new(ShowGate::new(id.clone(), clock)),
            id,
            thread,
            tape: watch::Sender::new(None),
            reopening: Arc::default(),
            tracks: TracksPlace::default(),
            mixer: MixerPlace::default(),
            mixer_failure: Mutex::default(),
            stage_changes: watch::Sender::new(0),
            cache: crate::front::ShowCache::default(),
        }
    }

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
    ///
    /// # Errors
    /// There is none that can be read ([`Reason::NotOnTape`]), or not for the moment ([`Reason::Overloaded`]).
    pub async fn tape_or_open(self: &Arc<Self>, shell: &Arc<Shell>) -> Result<Arc<LiveTape>, Reason> {
        // One at a time: a crowd that comes for an old recording reads its tape once, also if the first who came
        // does not wait for it.
        let mut unreadable = Arc::clone(&self.reopening).lock_owned().await;
        if let Some(tape) = self.tape() {
            return Ok(tape);
        }
        if *unreadable {
            return Err(Reason::NotOnTape);
        }
        let (show, shell) = (Arc::clone(self), Arc::clone(shell));
        let opening = tokio::task::spawn_blocking(move || {
            let opened = show.open_again(&shell);
            *unreadable = matches!(opened, Err(Reason::NotOnTape));
            opened
        });
        opening.await.unwrap_or(Err(Reason::Internal))
    }

    /// Opens the tape of a show that is over. Waits for the disk.
    fn open_again(&self, shell: &Shell) -> Result<Arc<LiveTape>, Reason> {
        let folder = thread::tape_folder(&shell.data, &self.id);
        let recovered = match files::recover(&folder) {
            Ok(Some(Ok(recovered))) => recovered,
            Err(error) if files::will_pass(&error) => return Err(Reason::Overloaded),
            Ok(_) | Err(_) => return Err(Reason::NotOnTape),
        };
        if !recovered.damage.is_empty() {
            let report = stentor_tape::Report::new(&recovered).to_string();
            shell.note(Notice::TapeDamaged { show: self.id.clone(), report });
        }
        let tape = Arc::new(LiveTape::new(
            recovered.index,
            folder,
            Arc::clone(&shell.reads),
            Arc::clone(&shell.bells),
        ));
        tape.close();
        self.tape.send_if_modified(|place| {
            let absent = place.is_none();
            place.get_or_insert(tape);
            absent
        });
        self.tape().ok_or(Reason::Internal)
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

    /// Whether there is a folder of this show, and no other's, in which its files belong.
    pub(crate) fn owns_folder(&self) -> bool {
        self.thread.owns_folder()
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
    ///
    /// Not longer than two seconds: what a person clicked has happened, and a disk that stands still does not
    /// make it undone.
    pub async fn settled_soon(&self) {
        let _ = tokio::time::timeout(SETTLE_TIME_MAX, self.settled()).await;
    }

    /// Waits until everything that the show's folder was asked for has been done; whether its document is
    /// on the disk, in time for somebody who waits to be told so.
    pub async fn settled(&self) -> bool {
        tokio::time::timeout(DISK_WAIT_MAX, self.thread.settled()).await.unwrap_or(false)
    }

    pub(super) fn mixer_failed(&self, why: String) {
        *self.mixer_failure.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }

    /// The show's samples for `/metrics`.
    pub(super) fn sample(&self, shell: &Shell) -> ShowSample {
        let (speakers, newest) = shell.look(|node, now| {
            let known = node.show(&self.id).ok();
            let speakers = known.map_or(0, |s| s.stage().people(now).iter().filter(|p| p.connected).count());
            (speakers as u64, known.and_then(stentor_node::Show::newest))
        });
        let tape = self.tape();
        let gate = self.gate.counts().unwrap_or_default();
        let of_tape = |value: fn(&LiveTape) -> u64| tape.as_deref().map_or(0, value);
        ShowSample {
            show: self.id.to_string(),
            listeners: of_tape(|tape| tape.listeners.load(Relaxed)),
            seats: gate.seats.into(),
            inside: gate.inside.into(),
            waiting: gate.waiting.into(),
            speakers,
            chunks: of_tape(|tape| tape.published.load(Relaxed)),
            slot: newest.map_or(0, |position| position.slot.0),
            epoch: newest.map_or(0, |position| u64::from(position.epoch.0)),
            tape_bytes: of_tape(|tape| tape.with_index(stentor_tape::Index::bytes)),
            sent_bytes: of_tape(|tape| tape.sent_bytes.load(Relaxed)),
            mixer_cpu_us: self.mixer.cpu_us(),
            mixer_overrun: self.mixer.overrun(),
            mixer_late_us_max: self.mixer.take_late_us_max(),
            sources: self.mixer.sources(),
        }
    }
}
