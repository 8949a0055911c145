//! The tape of one show in this process: one thread writes it, everybody reads it.
//!
//! - [`live`]: what all readers share: the newest minute in memory, the way to older sound on disk, and
//!   the framed bytes that many listeners are sent alike.
//! - [`thread`]: the one thread that writes a show's folder.
//! - [`tracks_thread`]: the one thread that writes people's own tracks, and [`tracks`]: what is read of them.
//! - [`files`]: the system calls of all.

pub mod files;
pub mod live;
pub mod thread;
pub mod tracks;
pub mod tracks_thread;

pub use live::{Framed, Live, LiveTape};
pub use thread::{Handed, TapeEvents, TapeHandle};
pub use tracks::Tracks;
pub use tracks_thread::TracksHandle;
