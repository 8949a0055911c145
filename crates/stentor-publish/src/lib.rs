//! A WHIP speaker that plays a file: for music, tests, rehearsals and the demo.
//!
//! A shell. Four parts, each in its file, hand sound from one to the next:
//!
//! - [`Sound`] (`decode`) opens a file and decodes it piece by piece into frames of 20 ms at 48 kHz;
//! - `play` encodes them on a thread of its own, a second ahead at most, and gives each out when its
//!   time has come;
//! - `whip` asks the server for a session over HTTP (RFC 9725);
//! - `link` sends the frames over that session, by UDP or over one TCP connection.
//!
//! [`publish`] holds them together and comes back when the server goes away. Sound keeps time with
//! the clock: what could not be sent is not sent late, so two files begun at one instant stay in step.

mod clock;
mod decode;
mod error;
mod link;
mod play;
mod publish;
mod resample;
mod whip;

pub use clock::Clock;
pub use decode::{DURATION_MAX, FILE_BYTES_MAX, Input, Sound, duration};
pub use error::PublishError;
pub use publish::{Notice, PublishOptions, Repeat, Summary, publish};
