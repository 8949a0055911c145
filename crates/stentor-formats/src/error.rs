//! Why sound cannot be framed.

use stentor_types::{Rendition, Slot};

use crate::container::Container;

/// Why sound cannot be framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The tape does not hold the rendition. The asker's choice; asking again does not help.
    #[error("this show has no {0}")]
    NotOnTape(Rendition),
    /// The container cannot carry the rendition's codec. The asker's choice; asking again does not help.
    #[error("{container} cannot carry {rendition}")]
    WrongContainer {
        /// The container.
        container: Container,
        /// The rendition.
        rendition: Rendition,
    },
    /// The tape's AudioSpecificConfig is not AAC-LC at 48 kHz. The tape was written by a newer or a
    /// broken Stentor; its AAC cannot be framed, its Opus can.
    #[error("the tape's AAC is not AAC-LC at 48 kHz")]
    AacConfig,
    /// There is no sound in what was asked for, yet. Before the first segment of a show is complete,
    /// asking again later helps.
    #[error("there is no sound in this range")]
    Nothing,
    /// The replay is longer than a file may be. Nobody's fault; HLS has no such limit.
    #[error("the replay has {chunks} chunks; a file holds {chunks_max}")]
    TooLong {
        /// Chunks in the replay.
        chunks: u64,
        /// Chunks that fit.
        chunks_max: u64,
    },
    /// The replay has more bytes than a file with 32-bit offsets. Nobody's fault; take a rendition of
    /// fewer bits.
    #[error("the replay has {bytes} bytes; a file holds 4 GiB")]
    TooManyBytes {
        /// Bytes of sound in the replay.
        bytes: u64,
    },
    /// The chunk does not hold one chunk's frames of the rendition, or not those that the layout was
    /// made of. The tape changed or is damaged; a new layout with this slot as a hole can be served.
    #[error("the chunk of slot {} does not fit", .0.0)]
    Chunk(Slot),
}
