//! Numbers that can be believed: what each of them proves, and a log in which nobody changes them afterwards.
//!
//! - [`listeners`]: connected, written, delivered: each an upper bound of the next.
//! - [`playing`]: how many hear, estimated from a sample of pages, with its error.
//! - [`log`]: lines that are chained by their hashes, so that one published hash vouches for all before it.

pub mod listeners;
pub mod log;
pub mod playing;

pub use listeners::Listeners;
pub use log::{Broken, Hash, Head, Log};
pub use playing::{Estimate, Sample};
