//! A crowd of listeners that measures a streaming audio server from outside.
//!
//! It depends on no crate of this workspace and reads Ogg, MP4, ADTS and playlists by readers of its own: the judge must not
//! use the writer's pen.
//!
//! A shell around small cores. [`run`] is the shell: one thread holds some 19,000 connections by epoll, with one read into
//! one shared buffer for each that is ready. The cores get bytes and times:
//!
//! - `arrivals` and `options` plan who comes when, which nothing that happens changes;
//! - `listener` (one endless response) and `hls_listener` (playlists and segments) say what to ask next, by `response`
//!   and [`http`];
//! - [`ogg`], [`fmp4`] and [`adts`] read the media clock out of what arrives and keep no sound;
//! - `hearing` makes of it: first sound, gaps, holes, repeats, sound that falls behind;
//! - `tally` is what a process has to tell, `report` what all together say.
//!
//! Several processes share a crowd by [`Options::processes`] and [`Share`]; who starts them merges their [`Outcome`]s.

pub mod adts;
mod arrivals;
mod clock;
mod connect;
mod engine;
mod error;
mod fault;
pub mod fmp4;
mod hearing;
mod histogram;
pub mod hls;
mod hls_listener;
pub mod http;
mod listener;
#[cfg(test)]
mod made;
pub mod ogg;
mod options;
mod reader;
mod report;
mod response;
mod seat;
mod sound;
mod tally;
mod target;
mod tls;

pub use arrivals::Arrivals;
pub use clock::now_us;
pub use connect::PROCESSES_MAX;
pub use engine::{LATE_US, run};
pub use error::CrowdError;
pub use fault::{Fault, Faults};
pub use hearing::Bounds;
pub use histogram::{Bin, Histogram};
pub use listener::{Kinds, Role};
pub use options::{CROWD_MAX, Options, SECONDS_MAX, Share};
pub use report::{Crowd, Example, Group, Quantiles, Report};
pub use sound::{Malformed, Sound};
pub use tally::{Account, Outcome, Progress, Record};
pub use target::Target;
pub use tls::Trust;
