//! What a host is told about a person's sound, so that it can be mended before listeners complain.

use serde::{Deserialize, Serialize};

/// How well a person's sound came over the network during the last five seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// At most 1 % of the sound was missing.
    #[default]
    Good,
    /// At most 5 % was missing, or the sound is noticeably late.
    Fair,
    /// More was missing, nothing comes at all, or the sound is too late for a conversation.
    Poor,
}

/// What is wrong with a person's sound, and what they can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Warning {
    /// The microphone is overdriven: turn its gain down.
    Clipping,
    /// The line is there and the microphone says nothing: it is off, or the wrong one is chosen.
    Silent,
    /// What they are sent comes back through their microphone: wear headphones.
    Echo,
    /// Their sound had to be thrown away because it was no sound at all: reload the page.
    NotANumber,
}
