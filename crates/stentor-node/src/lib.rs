//! One machine: routes between the cores of its shows and owns no rule of theirs.
//!
//! A [`Node`] holds the shows of this machine. Doors call it with what people ask for, the media
//! socket with who is connected, mixers and tapes with what has happened; it answers at once and
//! leaves [`Effect`]s for its shell to perform. It is a core: no I/O, no clock, no randomness of its
//! own, so that a whole node runs in virtual time.
//!
//! Sound does not pass through here. Packets go from the media socket to a mixer, chunks from a mixer
//! to readers and disk; the node learns their names only.

pub mod documents;
pub mod effect;
mod node;
mod show;

pub use effect::Effect;
pub use node::{Node, NodeConfig};
pub use show::{DiskState, OpenedTape, Show, missing_marks};
