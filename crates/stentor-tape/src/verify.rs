//! What `stentor tape verify` says.

use std::fmt;

use serde::Serialize;
use stentor_types::{ShowId, Wall};

use crate::index::{EpochStart, Hole};
use crate::recovery::{Damage, Recovered};

/// The state of a tape, for people (`Display`) and programs (`Serialize`).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The show.
    pub show: ShowId,
    /// Wall time of slot 0.
    pub anchor: Wall,
    /// Segment files.
    pub segments: u64,
    /// Sound records.
    pub records: u64,
    /// Bytes of all sound records.
    pub bytes: u64,
    /// Chunks.
    pub chunks: u64,
    /// From the first slot to the last, holes included, in seconds.
    pub duration_s: f64,
    /// The writers' runs.
    pub epochs: Vec<EpochStart>,
    /// Slots without a chunk.
    pub holes: Vec<Hole>,
    /// Marks.
    pub marks: usize,
    /// Whether the tape says that it is complete.
    pub closed: bool,
    /// What is not as it should be.
    pub damage: Vec<Damage>,
    /// Remarks on damage that did not fit.
    pub damage_dropped: u64,
}

impl Report {
    /// The report on what a recovery found.
    pub fn new(recovered: &Recovered) -> Self {
        let index = &recovered.index;
        let duration = index.end().start().saturating_since(index.first().start());
        Self {
            show: index.head().show.clone(),
            anchor: index.head().anchor,
            segments: recovered.segments,
            records: recovered.records,
            bytes: index.bytes(),
            chunks: index.chunks(),
            duration_s: duration.as_secs_f64(),
            epochs: index.epochs().to_vec(),
            holes: index.holes(),
            marks: index.marks().len(),
            closed: index.closed().is_some(),
            damage: recovered.damage.clone(),
            damage_dropped: recovered.damage_dropped,
        }
    }

    /// Whether everything is as it was written.
    pub fn is_sound(&self) -> bool {
        self.damage.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "show      {}", self.show)?;
        let complete = if self.closed { "complete" } else { "not closed" };
        writeln!(f, "duration  {:.2} s, {complete}", self.duration_s)?;
        writeln!(f, "chunks    {} in {} epochs", self.chunks, self.epochs.len())?;
        writeln!(f, "records   {} in {} files, {} bytes", self.records, self.segments, self.bytes)?;
        writeln!(f, "marks     {}", self.marks)?;
        for hole in &self.holes {
            let (from, to) = (hole.first.start().as_secs_f64(), hole.end.start().as_secs_f64());
            writeln!(f, "hole      {from:.2} s to {to:.2} s: {}", cause_text(hole))?;
        }
        for damage in &self.damage {
            writeln!(f, "damage    {damage}")?;
        }
        if self.damage_dropped > 0 {
            writeln!(f, "damage    and {} more", self.damage_dropped)?;
        }
        f.write_str(if self.is_sound() {
            "the tape is sound"
        } else {
            "the tape is damaged; the rest of it can be played"
        })
    }
}

fn cause_text(hole: &Hole) -> &'static str {
    use crate::record::HoleCause;
    match hole.cause {
        HoleCause::Restart => "the program was not running",
        HoleCause::NewMixer => "the mixer was replaced",
        HoleCause::DiskLost => "the disk did not take it",
        HoleCause::Damage => "damaged or gone",
    }
}
