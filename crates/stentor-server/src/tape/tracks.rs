//! People's own tracks of a show that is over, as files in time with its recording.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use stentor_formats::FileLayout;
use stentor_tape::Index;
use stentor_types::time::CHUNK_SAMPLES;
use stentor_types::{Frames, MediaTime, Reason, Rendition, ShowTitle, Slot, SpeakerId, TapeHead};

use super::files;

/// A track is laid out as this rendition of the tape: its packets are as long, and the rendition's filler is silence for
/// every Opus decoder with as many channels, whatever the bitrate around it.
const AS_RENDITION: Rendition = Rendition::Opus64;

/// What is in a track.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrackFacts {
    /// Whose it is.
    pub speaker: SpeakerId,
    /// How long it has sound, in seconds, to a chunk of 0.32 s.
    pub sound_s: f64,
    /// Bytes of that sound on the disk.
    pub bytes: u64,
}

/// The own tracks that lie beside a tape.
#[derive(Debug)]
pub struct Tracks {
    folder: PathBuf,
    index: Index,
}

impl Tracks {
    /// Reads through the folder of a show's tracks, without changing it; where there is none there are no tracks.
    /// `head` is the tape's: chunks of another one are left out. Waits for the disk.
    pub fn read(folder: &Path, head: &Arc<TapeHead>) -> io::Result<Self> {
        let index = files::recover_of(folder, head)?;
        Ok(Self { folder: folder.to_path_buf(), index })
    }

    /// What each track has of this range, sorted; those without any sound in it are left out.
    pub fn facts(&self, range: &Range<MediaTime>) -> Vec<TrackFacts> {
        let slots = FileLayout::slots(self.index.head(), AS_RENDITION, range);
        let facts = |speaker| {
            let chunks = self.index.tracks().locations(speaker, slots.clone());
            let bytes = chunks.iter().map(|(_, at)| u64::from(at.len_bytes)).sum();
            let sound = MediaTime(chunks.len() as u64 * u64::from(CHUNK_SAMPLES));
            TrackFacts { speaker, sound_s: sound.as_secs_f64(), bytes }
        };
        self.index.tracks().speakers().map(facts).filter(|facts| facts.bytes > 0).collect()
    }

    /// Lays out somebody's track as an Ogg Opus file that plays exactly `range`, with silence where there is no sound of
    /// theirs. Reads every chunk once: 90 MB for three hours. Waits for the disk.
    ///
    /// # Errors
    /// There is none ([`Reason::NotOnTape`]), or for the moment it cannot be read ([`Reason::Overloaded`]).
    pub fn lay_out(
        &self,
        speaker: SpeakerId,
        title: Option<&ShowTitle>,
        range: Range<MediaTime>,
    ) -> Result<FileLayout, Reason> {
        let mut is_whole = true;
        let layout = FileLayout::new(self.index.head(), AS_RENDITION, title, range, |slot| {
            let frames = self.frames(speaker, slot).inspect_err(|_| is_whole = false);
            frames.ok().flatten().map(|frames| frames.lens_bytes().to_vec())
        });
        if is_whole { layout.map_err(|_| Reason::NotOnTape) } else { Err(Reason::Overloaded) }
    }

    /// What somebody gave in a slot; `None` where they gave nothing or the disk has damaged it. Waits for the disk.
    ///
    /// # Errors
    /// The machine is out of something for a moment ([`files::will_pass`]); the chunk may be sound.
    pub fn frames(&self, speaker: SpeakerId, slot: Slot) -> io::Result<Option<Frames>> {
        let Some(at) = self.index.tracks().location(speaker, slot) else { return Ok(None) };
        match files::read(&self.folder, at) {
            Ok(bytes) => Ok(self.index.track_chunk(at, &bytes).ok().map(|chunk| chunk.frames.clone())),
            Err(error) if files::will_pass(&error) => Err(error),
            Err(_) => Ok(None),
        }
    }
}
