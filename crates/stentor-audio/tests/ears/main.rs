//! Sound judged by ear: real Opus through the mixer, then pitches, envelopes and marks.

mod chunks;
mod hostile;
mod mix;
mod network;
mod sound;
