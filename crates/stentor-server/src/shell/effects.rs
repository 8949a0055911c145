//! What follows from the node's decisions.

use std::sync::{Arc, PoisonError};

use stentor_node::Effect;
use stentor_stage::Phase;
use stentor_types::{Epoch, Reason, ShowId};

use super::events::{OfShow, Output};
use super::show::DISK_WAIT_MAX;
use super::{Shell, ShowShell, is_live};
use crate::media::ToMedia;
use crate::mixer_thread;
use crate::notice::Notice;

impl Shell {
    /// Performs one effect; returns at once.
    pub(super) fn perform(self: &Arc<Self>, id: &ShowId, effect: Effect) {
        let show = self.show_or_new(id);
        match effect {
            Effect::Save(doc) => show.thread.save(doc),
            Effect::OpenTape { channels } => show.thread.open(channels),
            Effect::StartMixer { config, orders } => {
                show.mixer.prepare(config, orders, |first| show.thread.epoch(first));
            }
            Effect::Mixer(command) => show.mixer.order(command),
            Effect::StopMixer => self.stop_mixer(&show),
            Effect::LateMarks(marks) => show.thread.marks(marks),
            Effect::CloseTape { overlay } => show.thread.close(overlay),
            Effect::FinishTape { life } => show.thread.finish(life),
            Effect::CloseSession { session, .. } => self.media().send(ToMedia::Close(session)),
            Effect::PhaseChanged(phase) => {
                show.cache.forget();
                if is_live(phase) {
                    show.gate.open_doors();
                } else if phase == Phase::Ended {
                    show.gate.end();
                }
                let phase = phase.to_string();
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
        show.mixer.stop();
        self.media().send(ToMedia::Mixer(show.id.clone(), None));
    }

    /// The epoch is on the disk: its mixer may make sound that has a name.
    pub(super) fn start_mixer(self: &Arc<Self>, id: &ShowId, epoch: Epoch) {
        let Ok(show) = self.show(id) else { return };
        let spawn = |config, orders| {
            let sink = OfShow { shell: Arc::clone(self), show: id.clone(), epoch: Some(epoch) };
            let sink = Output {
                tape: show.tape(),
                thread: show.thread.clone(),
                tracks: show.tracks.handle(),
                events: sink,
            };
            let config = mixer_thread::not_in_the_past(config, self.clock.mono());
            mixer_thread::spawn(id, config, orders, self.clock, sink)
        };
        let started = show.mixer.start(epoch, spawn, |handle| {
            self.media().send(ToMedia::Mixer(id.clone(), Some(handle)));
            self.note(Notice::MixerStarted { show: id.clone(), epoch: epoch.0 });
        });
        if let Err(error) = started {
            show.mixer_failed(format!("its thread could not be started: {error}"));
            self.ask(|node, now| node.mixer_failed(now, id, epoch));
        }
    }

    /// Forgets a show and removes its folder. What has begun is finished, whether or not anybody waits for it: half of
    /// it would bring the show back with the next start.
    pub async fn delete(self: &Arc<Self>, id: &ShowId) -> Result<(), Reason> {
        self.ask(|node, _| node.delete(id))?;
        let (shell, id) = (Arc::clone(self), id.clone());
        let deletion = tokio::spawn(async move {
            let removed = shell.remove(&id).await;
            shell.ask(|node, _| node.deleted(&id));
            removed
        });
        let waited = tokio::time::timeout(DISK_WAIT_MAX, deletion).await;
        waited.map_or(Err(Reason::DiskFailed), |done| done.unwrap_or(Err(Reason::Internal)))
    }

    async fn remove(&self, id: &ShowId) -> Result<(), Reason> {
        let show = self.show(id)?;
        self.forget(id);
        show.gate.end();
        self.stop_mixer(&show);
        self.media().send(ToMedia::CloseShow(id.clone()));
        show.stage_changed();
        if let Some(tape) = show.tape() {
            tape.close();
        }
        show.thread.stop().await;
        show.tracks.stop().await;
        show.gate.settled().await;
        if !show.thread.owns_folder() {
            return Ok(());
        }
        let (data, id) = (Arc::clone(&self.data), id.clone());
        let deleted = tokio::task::spawn_blocking(move || data.delete_show(&id)).await;
        match deleted {
            Ok(Ok(())) => Ok(()),
            _ => Err(Reason::DiskFailed),
        }
    }

    /// Makes everything on disk safe and ends the threads of all shows.
    pub(crate) async fn stop_shows(&self) {
        let shows = self.shows();
        for show in &shows {
            self.stop_mixer(show);
        }
        for show in &shows {
            show.thread.stop().await;
            show.tracks.stop().await;
        }
    }
}
