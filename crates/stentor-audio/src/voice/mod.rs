//! What is noticed about one speaker's sound.

use stentor_types::{Line, Warning};

/// What a host should know about a speaker's sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VoiceReport {
    /// How the network carries it.
    pub(crate) line: Line,
    /// What is wrong with it, sorted.
    pub(crate) warnings: Vec<Warning>,
}
