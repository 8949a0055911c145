//! HLS (RFC 8216) and low-latency HLS (draft-pantos-hls-rfc8216bis): what a playlist lists, the playlists, and
//! what a player may ask of one.
//!
//! The list of a live show is a pure function of the tape's runs, and grows only at its end. So
//! media sequence numbers need not be kept anywhere: an entry's number is its place in the list.

mod date;
mod low_latency;
mod name;
mod playlist;
mod reload;
mod segment;

pub use low_latency::{LOW_LATENCY_TARGET_S, LOW_LATENCY_WINDOW_SEGMENTS, low_latency_playlist};
pub use name::{SegmentName, SegmentNameError};
pub use playlist::{Edition, LIVE_WINDOW_SEGMENTS, live_playlist, multivariant, vod_playlist};
pub use reload::{Edge, Reload, ReloadError, Turn};
pub use segment::{
    GAP_SLOTS_MAX, Newest, Segment, SegmentKind, live_segments, newest_segments, vod_segments,
};

/// The media type of a playlist (RFC 8216 §4).
pub const PLAYLIST_CONTENT_TYPE: &str = "application/vnd.apple.mpegurl";
