//! The playlists.

use std::fmt::Write;
use std::ops::Range;
use std::time::Duration;

use stentor_types::time::{CHUNK_SAMPLES, SAMPLE_RATE_HZ};
use stentor_types::{Codec, Rendition, Run, Slot, TapeHead};

use crate::hls::date::iso_8601;
use crate::hls::segment::{Segment, SegmentKind, live_segments, vod_segments};
use crate::{FormatError, Interval, fmp4};

/// How many segments a live playlist lists: the newest 30 minutes, 1800 s / 3.84 s = 468.75. At about
/// 32 bytes an entry that is 15 kB, 2 kB compressed, fetched every 3.84 s. Further back goes `from`.
pub const LIVE_WINDOW_SEGMENTS: usize = 468;

/// `EXT-X-TARGETDURATION` in seconds: 3.84 rounded (RFC 8216 §4.3.3.1).
const TARGET_DURATION_S: u64 = 4;

/// `EXT-X-MAP` outside I-frame playlists needs 6 (RFC 8216 §7).
const VERSION: u32 = 6;

/// A chunk in hundredths of a second, exactly: 15,360 / 48,000 s.
const CHUNK_CENTISECONDS: u64 = CHUNK_SAMPLES as u64 * 100 / SAMPLE_RATE_HZ as u64;

/// How far a segment's bitrate may lie above its codec's nominal one: our encoders vary theirs by a tenth
/// or so over 3.84 s, and a BANDWIDTH that is too low makes players stall (RFC 8216 §4.3.4.2).
const PEAK_PERCENT: u64 = 125;

/// Which media playlists a multivariant one lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edition {
    /// `ll.m3u8`: 1.92 s and parts of 0.32 s, close to live.
    LowLatency,
    /// `live.m3u8`: 3.84 s and no parts, an order of magnitude fewer requests for caches to answer.
    Plain,
    /// `vod.m3u8`: the recording, once the end is final.
    Recording,
}

impl Edition {
    /// The file name of its media playlists.
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::LowLatency => "ll.m3u8",
            Self::Plain => "live.m3u8",
            Self::Recording => "vod.m3u8",
        }
    }

    /// What is fetched at once at the most often: every fragment costs the same bytes of framing.
    const fn fetched(self) -> Interval {
        match self {
            Self::LowLatency => Interval::Close,
            Self::Plain | Self::Recording => Interval::Segment,
        }
    }
}

/// The playlist of renditions: AAC first, since every iPhone plays it, then Opus.
pub fn multivariant(head: &TapeHead, edition: Edition) -> String {
    let (file, fetched) = (edition.file_name(), edition.fetched());
    let mut out = format!("#EXTM3U\n#EXT-X-VERSION:{VERSION}\n#EXT-X-INDEPENDENT-SEGMENTS\n");
    for (codec, codec_text) in [(Codec::Aac, "mp4a.40.2"), (Codec::Opus, "opus")] {
        for rendition in head.filler.set().iter().filter(|rendition| rendition.codec() == codec) {
            let (average, peak) =
                (average_bps(rendition, fetched), average_bps(rendition, fetched) * PEAK_PERCENT / 100);
            put(&mut out, format_args!("#EXT-X-STREAM-INF:BANDWIDTH={peak},AVERAGE-BANDWIDTH={average},"));
            put(&mut out, format_args!("CODECS=\"{codec_text}\"\n{rendition}/{file}\n"));
        }
    }
    out
}

/// The playlist of a live show: its newest [`LIVE_WINDOW_SEGMENTS`]. When the tape is `closed` it ends, and stays as
/// it is. [`FormatError::Nothing`] until the first segment is complete.
pub fn live_playlist(head: &TapeHead, runs: &[Run], closed: bool) -> Result<String, FormatError> {
    let all = live_segments(runs, closed);
    let (gone, listed) = all.split_at(all.len().saturating_sub(LIVE_WINDOW_SEGMENTS));
    write(head, gone, listed, None, closed)
}

/// The playlist of the recording, which covers `slots`: from the chunk of *on air* to behind the chunk of the end.
/// [`FormatError::Nothing`] if the tape has no chunk of them.
pub fn vod_playlist(head: &TapeHead, runs: &[Run], slots: Range<Slot>) -> Result<String, FormatError> {
    write(head, &[], &vod_segments(runs, slots), Some("VOD"), true)
}

/// The segment's own tags and its name (RFC 8216 §4.3.2.1).
pub(super) fn put_segment(out: &mut String, segment: &Segment) {
    if segment.kind == SegmentKind::Gap {
        out.push_str("#EXT-X-GAP\n");
    }
    let length = u64::from(segment.slots) * CHUNK_CENTISECONDS;
    put(out, format_args!("#EXTINF:{}.{:02},\n", length / 100, length % 100));
    put(out, format_args!("{}.m4s\n", segment.name()));
}

/// What stands before a segment's tags and before its first part (rfc8216bis §4.4.4.9).
pub(super) fn put_start(out: &mut String, head: &TapeHead, segment: &Segment, dated: bool) {
    if segment.discontinuity {
        out.push_str("#EXT-X-DISCONTINUITY\n");
    }
    if dated || segment.discontinuity {
        let start_ms = segment.first.slot.start().as_millis();
        let start = head.anchor.plus(Duration::from_millis(start_ms));
        put(out, format_args!("#EXT-X-PROGRAM-DATE-TIME:{}\n", iso_8601(start)));
    }
}

fn write(
    head: &TapeHead,
    gone: &[Segment],
    listed: &[Segment],
    playlist_type: Option<&str>,
    ended: bool,
) -> Result<String, FormatError> {
    if listed.is_empty() {
        return Err(FormatError::Nothing);
    }
    let jumps_gone = gone.iter().filter(|segment| segment.discontinuity).count();
    let mut out = String::with_capacity(256 + 48 * listed.len());
    put(&mut out, format_args!("#EXTM3U\n#EXT-X-VERSION:{VERSION}\n"));
    put(&mut out, format_args!("#EXT-X-TARGETDURATION:{TARGET_DURATION_S}\n"));
    put(&mut out, format_args!("#EXT-X-MEDIA-SEQUENCE:{}\n", gone.len()));
    put(&mut out, format_args!("#EXT-X-DISCONTINUITY-SEQUENCE:{jumps_gone}\n"));
    if let Some(playlist_type) = playlist_type {
        put(&mut out, format_args!("#EXT-X-PLAYLIST-TYPE:{playlist_type}\n"));
    }
    out.push_str("#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MAP:URI=\"init.mp4\"\n");
    for (index, segment) in listed.iter().enumerate() {
        put_start(&mut out, head, segment, index == 0);
        put_segment(&mut out, segment);
    }
    if ended {
        out.push_str("#EXT-X-ENDLIST\n");
    }
    Ok(out)
}

/// Bits per second of a rendition at its nominal bitrate, with its container, one fragment an interval.
fn average_bps(rendition: Rendition, fetched: Interval) -> u64 {
    let frames = rendition.codec().frames_per_chunk() as u64 * fetched.slots();
    let overhead_bytes = fmp4::FRAGMENT_FIXED_BYTES as u64 + fmp4::FRAGMENT_FRAME_BYTES as u64 * frames;
    let fetched_centiseconds = fetched.slots() * CHUNK_CENTISECONDS;
    u64::from(rendition.kbps()) * 1000 + (overhead_bytes * 8 * 100).div_ceil(fetched_centiseconds)
}

pub(super) fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("writing to a string does not fail");
}
