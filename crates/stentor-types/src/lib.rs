//! The words of Stentor as plain data.
//!
//! Every other crate speaks in these types; this one depends on nothing of ours, does no I/O and
//! takes no decision. One noun, one meaning: the glossary is `docs/concepts/words.md`.
//!
//! - [`time`]: the media clock ([`MediaTime`], [`Slot`], [`Epoch`], [`Position`]) and the two
//!   clocks of the outside world ([`Mono`] for control, [`Wall`] for schedules and display).
//! - [`rendition`]: the five encodings of a programme and the grid on which they meet.
//! - [`chunk`] and [`mark`]: what the tape is made of.
//! - [`treatment`]: what is done with the voice of a person on the stage; [`sound`]: what is wrong with it.
//! - [`id`] and [`text`]: the only ways in which names and words from people enter the program.
//! - [`reason`]: the machine-readable word behind every refusal.
//! - [`limits`]: the bounds that several crates share, with their arithmetic.

pub mod chunk;
pub mod id;
pub mod limits;
pub mod mark;
pub mod reason;
pub mod rendition;
pub mod sound;
pub mod text;
pub mod time;
pub mod treatment;

pub use chunk::{Chunk, Frames, Run, TapeHead, TrackChunk};
pub use id::{LinkId, SessionId, ShowId, SpeakerId};
pub use mark::{Mark, MarkBody, SlateReason};
pub use reason::Reason;
pub use rendition::{Channels, Codec, Rendition, RenditionMap, RenditionSet};
pub use sound::{Line, Warning};
pub use text::{HandNote, Message, PersonName, ShowTitle, Text, TextError};
pub use time::{Epoch, MediaTime, Mono, Now, Position, Slot, Wall};
pub use treatment::{Place, Treatment};
