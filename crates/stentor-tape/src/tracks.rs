//! Where the chunks of people's own tracks lie.

use std::collections::BTreeMap;
use std::ops::Range;

use stentor_types::{Slot, SpeakerId, TrackChunk};

use crate::segment::Location;

/// The table of contents of a file of own tracks.
///
/// A chunk costs 24 bytes: three hours in which one person gave something all the time are 33,750 of them or 810 kB.
#[derive(Clone, Debug, Default)]
pub struct TrackIndex {
    /// Of each person; slots rise.
    tracks: BTreeMap<SpeakerId, Vec<(Slot, Location)>>,
}

impl TrackIndex {
    /// Takes note of a chunk that lies at `at`. The order does not matter; if it comes again, the later place counts.
    pub(crate) fn add(&mut self, chunk: &TrackChunk, at: Location) {
        let track = self.tracks.entry(chunk.speaker).or_default();
        let slot = chunk.position.slot;
        match track.binary_search_by_key(&slot, |(slot, _)| *slot) {
            Ok(known) => track[known].1 = at,
            Err(next) => track.insert(next, (slot, at)),
        }
    }

    /// Everybody who has a track.
    pub fn speakers(&self) -> impl Iterator<Item = SpeakerId> {
        self.tracks.keys().copied()
    }

    /// Where the chunk lies that somebody gave in this slot, if they gave one.
    pub fn location(&self, speaker: SpeakerId, slot: Slot) -> Option<Location> {
        let track = self.tracks.get(&speaker)?;
        let place = track.binary_search_by_key(&slot, |(slot, _)| *slot).ok()?;
        Some(track[place].1)
    }

    /// Where the chunks lie that somebody gave in these slots; slots rise.
    pub fn locations(&self, speaker: SpeakerId, slots: Range<Slot>) -> &[(Slot, Location)] {
        let Some(track) = self.tracks.get(&speaker) else { return &[] };
        let place = |end: Slot| track.partition_point(|(slot, _)| *slot < end);
        let (start, end) = (place(slots.start), place(slots.end));
        track.get(start..end).unwrap_or_default()
    }
}
