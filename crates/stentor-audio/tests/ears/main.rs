//! Sound judged by ear: real Opus through the mixer, then pitches, envelopes and marks.

mod chunks;
mod delay;
mod hostile;
mod mix;
mod network;
mod places;
mod sound;
mod tracks;
mod voice;
