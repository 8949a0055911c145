//! The tape of one show in this process: one thread writes it, everybody reads it.
//!
//! - [`live`]: what all readers share: the newest minute in memory, the way to older sound on disk, and
//!   the framed bytes that many listeners are sent alike.
//! - [`thread`]: the one thread that writes a show's folder.
//! - [`files`]: the system calls of both.

pub mod files;
pub mod live;
pub mod thread;

pub use live::{Live, LiveTape};
pub use thread::{TapeEvents, TapeHandle};
