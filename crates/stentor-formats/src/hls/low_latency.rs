//! The low-latency playlist (draft-pantos-hls-rfc8216bis): parts of 0.32 s near the live edge.

use stentor_types::{Position, Rendition, Run, Slot, TapeHead};

use crate::hls::SegmentName;
use crate::hls::playlist::{Edition, put, put_segment, put_start};
use crate::hls::segment::{Newest, Segment, SegmentKind, newest_segments};
use crate::{FormatError, Interval};

/// How many segments a low-latency playlist lists: the newest 10 minutes, 600 s / 1.92 s = 312.5. At about 32
/// bytes an entry that is 10 kB once, and 1 kB an update. Further back go `from` and the plain playlist.
pub const LOW_LATENCY_WINDOW_SEGMENTS: usize = 312;

/// `EXT-X-TARGETDURATION` in seconds: 1.92 rounded (§4.4.3.1).
pub const LOW_LATENCY_TARGET_S: u64 = 2;

/// `EXT-X-SKIP` needs 9 (§8).
const VERSION: u32 = 9;

/// Slots that a delta update leaves in: `CAN-SKIP-UNTIL` is six target durations, the least that is allowed
/// (§4.4.3.8); 12 s / 0.32 s = 37.5.
const SKIP_SLOTS_MIN: u64 = 38;

/// Slots from the end of the playlist within which parts are listed: three target durations (§6.2.2),
/// 6 s / 0.32 s = 18.75.
const PARTS_SLOTS: u64 = 19;

/// What the server does and where players should play (§4.4.3.8), in seconds. `PART-HOLD-BACK` is four parts:
/// three are the least that the draft recommends, the fourth covers what a request over a mobile network takes.
/// `HOLD-BACK`, for players without parts, is three target durations, the least that is allowed.
const SERVER_CONTROL: &str = "CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12.0,PART-HOLD-BACK=1.28,HOLD-BACK=6.0";

/// The low-latency playlist of a rendition of a live show: its newest [`LOW_LATENCY_WINDOW_SEGMENTS`], and the parts
/// near the edge. With `skip` it is a delta update (§6.2.5.1), as far as there is something to skip. When the tape
/// is `closed` it ends, whole, and stays as it is. [`FormatError::Nothing`] until the first segment is complete.
pub fn low_latency_playlist(
    head: &TapeHead,
    rendition: Rendition,
    runs: &[Run],
    closed: bool,
    skip: bool,
) -> Result<String, FormatError> {
    let newest = newest_segments(runs, closed, Interval::Short, LOW_LATENCY_WINDOW_SEGMENTS);
    if newest.complete.is_empty() {
        return Err(FormatError::Nothing);
    }
    let mut out = String::with_capacity(2048 + 32 * newest.complete.len());
    put(&mut out, format_args!("#EXTM3U\n#EXT-X-VERSION:{VERSION}\n"));
    put(&mut out, format_args!("#EXT-X-TARGETDURATION:{LOW_LATENCY_TARGET_S}\n"));
    put(&mut out, format_args!("#EXT-X-SERVER-CONTROL:{SERVER_CONTROL}\n"));
    out.push_str("#EXT-X-PART-INF:PART-TARGET=0.32\n");
    put(&mut out, format_args!("#EXT-X-MEDIA-SEQUENCE:{}\n", newest.gone));
    put(&mut out, format_args!("#EXT-X-DISCONTINUITY-SEQUENCE:{}\n", newest.jumps_gone));
    out.push_str("#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MAP:URI=\"init.mp4\"\n");
    let skipped = if skip && !closed { skippable(&newest.complete) } else { 0 };
    if skipped > 0 {
        put(&mut out, format_args!("#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}\n"));
    }
    let mut slots_after = slots(newest.open.as_slice()) + slots(&newest.complete[skipped..]);
    for (index, segment) in newest.complete[skipped..].iter().enumerate() {
        slots_after -= u64::from(segment.slots);
        put_start(&mut out, head, segment, index == 0);
        if slots_after < PARTS_SLOTS {
            put_parts(&mut out, segment);
        }
        put_segment(&mut out, segment);
    }
    if let Some(open) = &newest.open {
        put_start(&mut out, head, open, false);
        put_parts(&mut out, open);
    }
    if closed {
        out.push_str("#EXT-X-ENDLIST\n");
    } else {
        put_outlook(&mut out, head, rendition, &newest);
    }
    Ok(out)
}

/// How many segments lie farther from the end of the last complete one than the skip boundary (§6.2.5.1).
fn skippable(complete: &[Segment]) -> usize {
    let mut behind = 0;
    let kept = complete.iter().rev().take_while(|segment| {
        let near = behind < SKIP_SLOTS_MIN;
        behind += u64::from(segment.slots);
        near
    });
    complete.len() - kept.count()
}

fn slots(segments: &[Segment]) -> u64 {
    segments.iter().map(|segment| u64::from(segment.slots)).sum()
}

/// The parts of a segment, one a chunk; a gap has none. All are of PART-TARGET exactly.
fn put_parts(out: &mut String, segment: &Segment) {
    if segment.kind == SegmentKind::Gap {
        return;
    }
    for slot in segment.slots_covered().start.0..segment.slots_covered().end.0 {
        let part = SegmentName::part(Position { slot: Slot(slot), ..segment.first });
        put(out, format_args!("#EXT-X-PART:DURATION=0.32,INDEPENDENT=YES,URI=\"{part}.m4s\"\n"));
    }
}

/// What comes next, and how far the other renditions are: all of them come with the same chunk
/// (§4.4.5.3, §4.4.5.4).
fn put_outlook(out: &mut String, head: &TapeHead, rendition: Rendition, newest: &Newest) {
    let last = newest.open.as_ref().or(newest.complete.last()).expect("there is a complete segment");
    let next = SegmentName::part(Position { slot: last.slots_covered().end, ..last.first });
    put(out, format_args!("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"{next}.m4s\"\n"));
    let file = Edition::LowLatency.file_name();
    let (last_msn, last_part) =
        (newest.gone + newest.complete.len() as u64 - u64::from(newest.open.is_none()), last.slots - 1);
    for other in head.filler.set().iter().filter(|other| *other != rendition) {
        put(out, format_args!("#EXT-X-RENDITION-REPORT:URI=\"../{other}/{file}\","));
        put(out, format_args!("LAST-MSN={last_msn},LAST-PART={last_part}\n"));
    }
}
