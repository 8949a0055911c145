//! HLS (RFC 8216, and draft-pantos-hls-rfc8216bis for gaps): what a playlist lists, and the playlists.
//!
//! The list of a live show is a pure function of the tape's runs, and grows only at its end. So
//! media sequence numbers need not be kept anywhere: an entry's number is its place in the list.

mod date;
mod name;
mod playlist;
mod segment;

pub use name::{SegmentName, SegmentNameError};
pub use playlist::{LIVE_WINDOW_SEGMENTS, live_playlist, multivariant, vod_playlist};
pub use segment::{GAP_SLOTS_MAX, Segment, SegmentKind, live_segments, vod_segments};

/// The media type of a playlist (RFC 8216 §4).
pub const PLAYLIST_CONTENT_TYPE: &str = "application/vnd.apple.mpegurl";
