//! A show's own tracks: written while it runs, read when it is over.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use stentor_formats::FileLayout;
use stentor_tape::Disk;
use stentor_types::{MediaTime, Reason, ShowTitle, SpeakerId, TapeHead};
use tokio::sync::OwnedMutexGuard;

use super::events::OfShow;
use super::{Shell, ShowShell};
use crate::notice::Notice;
use crate::tape::tracks_thread::{self, TracksEvents};
use crate::tape::{Tracks, TracksHandle, files};

/// Where a show's own tracks are.
#[derive(Default)]
pub(super) struct TracksPlace {
    /// The way to the thread that writes them, once there was one.
    writing: Mutex<Option<TracksHandle>>,
    read: Arc<tokio::sync::Mutex<Read>>,
}

/// What was read of them since they were complete.
#[derive(Default)]
struct Read {
    tracks: Option<Arc<Tracks>>,
    /// 0.3 MB each for three hours, see [`stentor_formats::file::FILE_CHUNKS_MAX`].
    layouts: BTreeMap<SpeakerId, Arc<FileLayout>>,
}

impl TracksPlace {
    pub(super) fn handle(&self) -> Option<TracksHandle> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets the thread make everything safe and end, without waiting for it.
    pub(super) fn finish(&self) {
        if let Some(handle) = self.handle() {
            drop(handle.stop());
        }
    }

    /// The same, and waits until it has.
    pub(super) async fn stop(&self) {
        if let Some(handle) = self.handle() {
            let _ = handle.stop().await;
        }
    }
}

impl ShowShell {
    /// Begins to write own tracks beside the tape with this head.
    pub(super) fn begin_tracks(&self, shell: &Arc<Shell>, head: &Arc<TapeHead>) {
        let events = OfShow { shell: Arc::clone(shell), show: self.id.clone(), epoch: None };
        let begun =
            tracks_thread::spawn(&self.id, Arc::clone(&shell.data), shell.clock, Arc::clone(head), events);
        match begun {
            Ok(handle) => {
                *self.tracks.writing.lock().unwrap_or_else(PoisonError::into_inner) = Some(handle);
            }
            Err(error) => {
                let error = format!("their thread could not be started ({error})");
                shell.note(Notice::TracksFailed { show: self.id.clone(), error });
            }
        }
    }

    /// The own tracks of a show that is over.
    pub(crate) async fn own_tracks(
        &self,
        shell: &Shell,
        head: &Arc<TapeHead>,
    ) -> Result<Arc<Tracks>, Reason> {
        let mut read = self.complete_tracks().await;
        let (folder, head) = (tracks_thread::tracks_folder(&shell.data, &self.id), Arc::clone(head));
        let reading = tokio::task::spawn_blocking(move || read.tracks(&folder, &head));
        reading.await.map_err(|_| Reason::Internal)?
    }

    /// The same, and the file of somebody's track, in time with the recording.
    pub(crate) async fn own_track(
        &self,
        shell: &Shell,
        head: &Arc<TapeHead>,
        speaker: SpeakerId,
        title: ShowTitle,
        recording: Range<MediaTime>,
    ) -> Result<(Arc<Tracks>, Arc<FileLayout>), Reason> {
        let mut read = self.complete_tracks().await;
        let (folder, head) = (tracks_thread::tracks_folder(&shell.data, &self.id), Arc::clone(head));
        let reading = tokio::task::spawn_blocking(move || {
            let tracks = read.tracks(&folder, &head)?;
            let layout = read.layout(&tracks, speaker, &title, recording)?;
            Ok((tracks, layout))
        });
        reading.await.map_err(|_| Reason::Internal)?
    }

    /// What was read of the tracks, once nothing of them is on its way to the disk any more. Whoever holds it reads,
    /// and ends with it even if nobody waits any more: the next one who asks finds what was read.
    async fn complete_tracks(&self) -> OwnedMutexGuard<Read> {
        let read = Arc::clone(&self.tracks.read).lock_owned().await;
        if read.tracks.is_none() {
            self.tracks.stop().await;
        }
        read
    }
}

impl Read {
    /// Waits for the disk.
    fn tracks(&mut self, folder: &Path, head: &Arc<TapeHead>) -> Result<Arc<Tracks>, Reason> {
        if let Some(tracks) = &self.tracks {
            return Ok(Arc::clone(tracks));
        }
        let tracks = Tracks::read(folder, head).map_err(|error| match files::will_pass(&error) {
            true => Reason::Overloaded,
            false => Reason::DiskFailed,
        })?;
        Ok(Arc::clone(self.tracks.insert(Arc::new(tracks))))
    }

    /// Waits for the disk.
    fn layout(
        &mut self,
        tracks: &Tracks,
        speaker: SpeakerId,
        title: &ShowTitle,
        recording: Range<MediaTime>,
    ) -> Result<Arc<FileLayout>, Reason> {
        if let Some(layout) = self.layouts.get(&speaker) {
            return Ok(Arc::clone(layout));
        }
        if !tracks.facts(&recording).iter().any(|facts| facts.speaker == speaker) {
            return Err(Reason::UnknownPerson);
        }
        let layout = Arc::new(tracks.lay_out(speaker, Some(title), recording)?);
        self.layouts.insert(speaker, Arc::clone(&layout));
        Ok(layout)
    }
}

impl TracksEvents for OfShow {
    fn tracks_disk(&self, disk: Disk, chunks_lost: u64) {
        let show = self.show.clone();
        let failed = |error: &str| Notice::TracksFailed { show: self.show.clone(), error: error.into() };
        self.shell.note(match disk {
            Disk::Ok => Notice::TracksRecovered { show, lost_chunks: chunks_lost },
            Disk::Full => failed("what room there is is kept for the programme"),
            Disk::Failed => failed("an operation on it failed"),
        });
    }
}
