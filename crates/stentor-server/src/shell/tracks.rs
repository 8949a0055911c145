//! A show's own tracks: written while it runs, read when it is over.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use stentor_formats::FileLayout;
use stentor_tape::Disk;
use stentor_types::{MediaTime, Reason, ShowTitle, SpeakerId, TapeHead};

use super::events::OfShow;
use super::{Shell, ShowShell};
use crate::notice::Notice;
use crate::tape::tracks_thread::{self, TracksEvents};
use crate::tape::{Tracks, TracksHandle};

/// Where a show's own tracks are.
#[derive(Default)]
pub(super) struct TracksPlace {
    /// The way to the thread that writes them, once there was one.
    writing: Mutex<Option<TracksHandle>>,
    read: tokio::sync::Mutex<Read>,
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
        self.read_tracks(&mut *self.tracks.read.lock().await, shell, head).await
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
        let mut read = self.tracks.read.lock().await;
        let tracks = self.read_tracks(&mut read, shell, head).await?;
        if let Some(layout) = read.layouts.get(&speaker) {
            return Ok((tracks, Arc::clone(layout)));
        }
        if !tracks.facts(&recording).iter().any(|facts| facts.speaker == speaker) {
            return Err(Reason::UnknownPerson);
        }
        let reading = Arc::clone(&tracks);
        let made =
            tokio::task::spawn_blocking(move || reading.lay_out(speaker, Some(&title), recording)).await;
        let layout = Arc::new(made.map_err(|_| Reason::Internal)?.map_err(|_| Reason::NotOnTape)?);
        read.layouts.insert(speaker, Arc::clone(&layout));
        Ok((tracks, layout))
    }

    async fn read_tracks(
        &self,
        read: &mut Read,
        shell: &Shell,
        head: &Arc<TapeHead>,
    ) -> Result<Arc<Tracks>, Reason> {
        if let Some(tracks) = &read.tracks {
            return Ok(Arc::clone(tracks));
        }
        // What is still on its way to the disk belongs to them.
        self.tracks.stop().await;
        let (folder, head) = (tracks_thread::tracks_folder(&shell.data, &self.id), Arc::clone(head));
        let found = tokio::task::spawn_blocking(move || Tracks::read(&folder, &head)).await;
        let tracks = Arc::new(found.map_err(|_| Reason::Internal)?.map_err(|_| Reason::DiskFailed)?);
        read.tracks = Some(Arc::clone(&tracks));
        Ok(tracks)
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
