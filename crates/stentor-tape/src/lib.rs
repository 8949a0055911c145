//! The tape: the append-only log of a show's programme, and all readers' view of it.
//!
//! A tape is a folder of segment files full of checksummed records. Nothing written is ever rewritten; only
//! the torn tail of the last file is cut. Everything here decides and asks; the shell does the I/O:
//!
//! - [`Writer`] says what to write where, and when to sync it.
//! - [`Recovery`] reads the files after a start, for [`Writer::resume`] and for the [`Report`] of a verification.
//! - [`TrackIndex`] knows the same of people's own tracks, which lie in another folder in the same kind of files.
//! - [`Index`] knows where each chunk lies; [`Window`] holds the newest ones in memory.
//! - [`Cursor`] is a reader's place, [`Pace`] how fast it may go.
//! - [`Overlay`] says which part of the tape is the recording.
//! - [`record`] is the format on disk.

pub mod cursor;
pub mod index;
mod lost;
pub mod overlay;
pub mod pace;
mod payload;
pub mod record;
pub mod recovery;
mod scan;
pub mod segment;
pub mod tracks;
pub mod verify;
pub mod window;
pub mod writer;

pub use cursor::{Cursor, Step};
pub use index::{EpochStart, Hole, Index};
pub use overlay::{Air, Overlay, OverlayError, Trim};
pub use pace::Pace;
pub use record::{HoleCause, Record, RecordError};
pub use recovery::{Damage, Next, Read, Recovered, Recovery, RecoveryError};
pub use segment::{Location, Place, Segment};
pub use tracks::TrackIndex;
pub use verify::Report;
pub use window::Window;
pub use writer::{Disk, DiskError, Op, Output, Writer};
