//! Dated remarks on the tape.

use serde::{Deserialize, Serialize};

use crate::text::{PersonName, ShowTitle};
use crate::time::MediaTime;

/// A dated remark on the tape. Its time is exact to a sample and lies at or before the chunk that
/// carries it, because some things are known late.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// When it is true from.
    pub at: MediaTime,
    /// What is remarked.
    #[serde(flatten)]
    pub body: MarkBody,
}

/// What a mark says. Readers ignore kinds they do not know, so that a newer tape stays readable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum MarkBody {
    /// The show went on air: second 0.
    OnAir,
    /// The host or the operator ended the show; it can be undone for 30 s.
    End,
    /// The end was taken back.
    EndUndone,
    /// Who is speaking from here on; empty when nobody is.
    Speaking {
        /// Names as they were shown on the stage.
        names: Vec<PersonName>,
    },
    /// From here on the programme is slate.
    Slate {
        /// Why.
        reason: SlateReason,
    },
    /// From here on the programme is the stage again.
    SlateOver,
    /// The title from here on.
    Title {
        /// The new title.
        title: ShowTitle,
    },
    /// The disk did not take chunks for a while; they were on air but are missing from the recording.
    DiskLost {
        /// How many.
        chunks: u64,
    },
}

/// Why listeners hear slate instead of the stage. Pages have a sentence for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlateReason {
    /// The doors are open, the show has not begun.
    NotStarted,
    /// The show is on air, and nobody on the stage is connected.
    NobodyConnected,
    /// The show has just ended.
    Ended,
    /// The host took back what had been said and was not heard yet (broadcast delay).
    Dumped,
    /// The machine began anew; the broadcast delay fills again.
    Interrupted,
}
