//! What threads tell the node.

use std::sync::Arc;

use stentor_audio::{Feedback, SourceReport};
use stentor_node::{DiskState, OpenedTape};
use stentor_types::{Chunk, Epoch, Mark, MediaTime, SessionId, ShowId, TrackChunk};
use stentor_webrtc::Path;

use super::Shell;
use crate::media::MediaEvents;
use crate::mixer_thread::{MixerEnd, MixerSink};
use crate::notice::Notice;
use crate::tape::{Handed, LiveTape, TapeEvents, TapeHandle, TracksHandle};

/// Tells the node what happens to one show.
pub(super) struct OfShow {
    pub(super) shell: Arc<Shell>,
    pub(super) show: ShowId,
    /// The epoch of the mixer that tells, if it is one.
    pub(super) epoch: Option<Epoch>,
}

/// Where a mixer's sound goes.
pub(super) struct Output {
    pub(super) tape: Option<Arc<LiveTape>>,
    pub(super) thread: TapeHandle,
    pub(super) tracks: Option<TracksHandle>,
    pub(super) events: OfShow,
}

impl MixerSink for Output {
    fn chunk(&mut self, chunk: Arc<Chunk>) {
        let position = chunk.position;
        if let Some(tape) = &self.tape {
            tape.publish(Arc::clone(&chunk));
        }
        let show = self.events.show.clone();
        match self.thread.chunk(chunk) {
            Handed::Taken => {}
            Handed::DiskStandsStill => {
                self.events.shell.note(Notice::DiskSlow { show: show.clone() });
                let show = show.clone();
                self.events
                    .shell
                    .tell(move |shell| shell.ask(|node, _| node.disk_changed(&show, DiskState::Slow)));
            }
            Handed::Lost => self.events.shell.note(Notice::ChunksLost { show: show.clone(), chunks: 1 }),
        }
        self.events.shell.tell(move |shell| shell.ask(|node, _| node.published(&show, position)));
    }

    fn track(&mut self, chunk: Arc<TrackChunk>) {
        if self.tracks.as_ref().is_some_and(|tracks| !tracks.chunk(chunk)) {
            let show = self.events.show.clone();
            self.events.shell.note(Notice::TrackChunksLost { show, chunks: 1 });
        }
    }

    fn feedback(&mut self, frame: Feedback) {
        self.events.shell.media().feedback(&self.events.show, frame);
    }

    fn marked(&mut self, mark: Mark) {
        let Some(epoch) = self.events.epoch else { return };
        let show = self.events.show.clone();
        self.events.shell.tell(move |shell| shell.ask(|node, _| node.marked(&show, epoch, mark)));
    }

    fn reports(&mut self, reports: Vec<SourceReport>) {
        let Some(epoch) = self.events.epoch else { return };
        let show = self.events.show.clone();
        self.events.shell.tell(move |shell| shell.ask(|node, _| node.reports(&show, epoch, reports)));
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
        let own_tracks =
            self.shell.look(|node, _| node.show(&show.id).map(|it| it.stage().spec().own_tracks));
        if own_tracks == Ok(true) {
            show.begin_tracks(&self.shell, tape.head());
        }
        show.tape.send_replace(Some(tape));
        self.shell.ask(|node, now| node.tape_opened(now, &self.show, opened));
    }

    fn epoch_open(&self, epoch: Epoch) {
        self.shell.start_mixer(&self.show, epoch);
    }

    fn disk(&self, disk: DiskState, chunks_lost: u64, system_says: &str) {
        let show = self.show.clone();
        let mib = |bytes: u64| bytes / (1024 * 1024);
        self.shell.note(match disk {
            DiskState::Ok => Notice::DiskRecovered { show, lost_chunks: chunks_lost },
            DiskState::Slow => Notice::DiskSlow { show },
            DiskState::Failed => Notice::DiskFailed { show, error: system_says.to_owned() },
            DiskState::Full => Notice::DiskFull {
                free_mib: mib(self.shell.data.free_bytes().unwrap_or(0)),
                reserve_mib: mib(self.shell.data.reserve_bytes()),
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
            show.tracks.finish();
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
        self.0.note(Notice::SessionLeft { show: show.clone(), session, why: why.to_string() });
        self.0.ask(|node, _| node.session_left(show, session));
    }

    fn panicked(&self, message: &str) {
        self.0.note(Notice::PanicContained { place: format!("a session of the media socket ({message})") });
    }
}
