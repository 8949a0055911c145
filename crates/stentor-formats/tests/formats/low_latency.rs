//! Low-latency playlists keep the rules while a show goes on, breaks and ends.

use m3u8_rs::parse_media_playlist_res;
use proptest::prelude::*;
use stentor_formats::hls::{Edge, LOW_LATENCY_WINDOW_SEGMENTS, SegmentName, low_latency_playlist};
use stentor_formats::{FormatError, Interval, fmp4};
use stentor_types::{Rendition, Run, Slot};

use crate::ffmpeg::decode;
use crate::hls::{Event, event, happen, run};
use crate::hls_checker::{check, check_successor};
use crate::low_latency_checker::{LowLatency, check_low_latency};
use crate::tape::{FIRST, TAPE};

const RENDITION: Rendition = Rendition::Opus32;

fn text(runs: &[Run], closed: bool, skip: bool) -> Result<String, FormatError> {
    low_latency_playlist(&TAPE.head, RENDITION, runs, closed, skip)
}

/// The playlist after these runs, with all that must hold of it alone; `None` before its first segment.
fn checked(runs: &[Run], closed: bool) -> Result<Option<LowLatency>, String> {
    let edge = Edge::of(runs, closed);
    let text = match text(runs, closed, false) {
        Err(error) if error == FormatError::Nothing && edge.complete == 0 => return Ok(None),
        text => text.map_err(|error| error.to_string())?,
    };
    let playlist = check_low_latency(&text)?;
    let entries = &playlist.plain.entries;
    let last_ms = entries.last().map_or(0, |entry| entry.duration_ms);
    let seen = Edge {
        complete: playlist.plain.media_sequence + entries.len() as u64,
        last_parts: last_ms / 320,
        open_parts: playlist.open.len() as u64,
        closed: playlist.plain.ended,
    };
    if seen != edge {
        return Err(format!("the playlist goes to {seen:?}, the server thinks {edge:?}"));
    }
    if entries.len() as u64 != edge.complete.min(LOW_LATENCY_WINDOW_SEGMENTS as u64) {
        return Err(format!("{} segments of {}", entries.len(), edge.complete));
    }
    let (msn, part) = match edge.open_parts {
        0 => (edge.complete - 1, edge.last_parts - 1),
        parts => (edge.complete, parts - 1),
    };
    let reports =
        ["opus-64", "opus-16", "aac-64", "aac-32"].map(|name| (format!("../{name}/ll.m3u8"), msn, part));
    if !closed && playlist.reports != reports {
        return Err(format!("{:?}, not {reports:?}", playlist.reports));
    }
    check_delta(&text, &self::text(runs, closed, true).map_err(|error| error.to_string())?, closed)?;
    Ok(Some(playlist))
}

/// Skipped and listed are together what a whole playlist has (§6.2.5.1).
fn check_delta(full: &str, delta: &str, closed: bool) -> Result<(), String> {
    let Some((head, rest)) = delta.split_once("#EXT-X-SKIP:SKIPPED-SEGMENTS=") else {
        return if full == delta { Ok(()) } else { Err("no delta update, and not the whole".into()) };
    };
    if closed {
        return Err("what has ended is always given whole".into());
    }
    let (skipped, tail) = rest.split_once('\n').ok_or("a line without an end")?;
    let skipped: usize = skipped.parse().map_err(|_| skipped.to_owned())?;
    let segments = full.strip_prefix(head).ok_or("another head")?;
    let (at, end) = segments.match_indices(".m4s\n").take(skipped).last().ok_or("nothing is skipped")?;
    let (gone, kept) = segments.split_at(at + end.len());
    // The first segment that is listed says when it is, so that it stands alone.
    let dated = tail.split_inclusive('\n').next().filter(|line| line.starts_with("#EXT-X-PROGRAM-DATE-TIME"));
    let date = dated.filter(|_| !kept.starts_with("#EXT-X-PROGRAM-DATE-TIME")).unwrap_or_default();
    if tail.strip_prefix(date) != Some(kept) {
        return Err("what is not skipped differs".into());
    }
    let dated = check_low_latency(&format!("{head}{gone}{date}{kept}"))?;
    let after_ms: u64 = dated.plain.entries[skipped..].iter().map(|entry| entry.duration_ms).sum();
    let last_kept_ms = dated.plain.entries[skipped].duration_ms;
    if after_ms < 12_000 || after_ms - last_kept_ms >= 12_160 {
        return Err(format!("{after_ms} ms are left behind what is skipped"));
    }
    Ok(())
}

/// Whether `after` may follow `before`.
fn check_next(before: &LowLatency, after: &LowLatency) -> Result<(), String> {
    check_successor(&before.plain, &after.plain)?;
    let (old, new) = (before.plain.media_sequence, after.plain.media_sequence);
    let place = (old + before.parts.len() as u64).checked_sub(new).and_then(|at| usize::try_from(at).ok());
    // A part that was listed stays what it was, in its segment, as long as it is listed.
    let now =
        place.and_then(|at| if at == after.parts.len() { Some(&after.open) } else { after.parts.get(at) });
    match now {
        Some(now) if !now.is_empty() && !now.starts_with(&before.open) => {
            Err(format!("{:?} became {now:?}", before.open))
        }
        _ => Ok(()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_low_latency_list_keeps_the_rules(first in 0u64..30, events in prop::collection::vec(event(), 1..16)) {
        let mut runs = vec![run(1, first..first + 1)];
        let mut before = checked(&runs, false).map_err(TestCaseError::fail)?;
        for (index, event) in events.iter().enumerate() {
            // What happens, and then chunk by chunk through a segment.
            let singly = std::iter::repeat_n(&Event::Chunks(1), 7);
            for (step, event) in std::iter::once(event).chain(singly).enumerate() {
                happen(&mut runs, event);
                let now = checked(&runs, false).map_err(TestCaseError::fail)?;
                if let (Some(before), Some(now)) = (&before, &now) {
                    check_next(before, now).map_err(TestCaseError::fail)?;
                    let newest = now.open.last().or_else(|| now.parts.last().and_then(|parts| parts.last()));
                    prop_assert!(step == 0 || newest == before.hint.as_ref(), "{newest:?} was hinted {:?}", before.hint);
                }
                before = now;
            }
            if index + 1 == events.len() {
                let ended = checked(&runs, true).map_err(TestCaseError::fail)?.expect("a segment at least");
                check_next(before.as_ref().expect("8 chunks at least"), &ended).map_err(TestCaseError::fail)?;
            }
        }
    }
}

#[test]
fn another_parser_reads_the_same() {
    let runs = [run(1, 0..14), run(2, 20..33)];
    let text = text(&runs, false, false).expect("a playlist");
    let playlist = parse_media_playlist_res(text.as_bytes()).expect("m3u8-rs reads it");
    assert_eq!((playlist.version, playlist.target_duration, playlist.end_list), (Some(9), 2, false));
    let uris: Vec<_> = playlist.segments.iter().map(|segment| segment.uri.as_str()).collect();
    assert_eq!(
        uris,
        ["s-1-0", "s-1-6", "s-1-12-2", "s-1-14", "s-1-18", "s-2-20", "s-2-24"]
            .map(|name| format!("{name}.m4s"))
    );
    let last = text.lines().filter(|line| line.contains("p-2-3")).collect::<Vec<_>>();
    assert_eq!(
        last[..2],
        [
            "#EXT-X-PART:DURATION=0.32,INDEPENDENT=YES,URI=\"p-2-30.m4s\"",
            "#EXT-X-PART:DURATION=0.32,INDEPENDENT=YES,URI=\"p-2-31.m4s\""
        ]
    );
    assert_eq!(last[3], "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"p-2-33.m4s\"");
    assert_eq!(
        text.lines().last(),
        Some("#EXT-X-RENDITION-REPORT:URI=\"../aac-32/ll.m3u8\",LAST-MSN=7,LAST-PART=2")
    );
}

#[test]
fn ten_minutes_are_a_small_update() {
    let runs = [run(1, 0..100_003)];
    let full = text(&runs, false, false).expect("a playlist");
    let listed = check_low_latency(&full).expect("a good playlist").plain;
    assert_eq!((listed.entries.len(), listed.media_sequence), (312, 100_003 / 6 - 312));
    let delta = text(&runs, false, true).expect("a playlist");
    assert!(
        check(&delta).is_err() && delta.len() < 3_500 && full.len() < 16_000,
        "{} of {}",
        delta.len(),
        full.len()
    );
}

#[test]
fn parts_sound_like_their_segments() {
    for rendition in [Rendition::Aac64, Rendition::Opus32] {
        let init = fmp4::init(&TAPE.head, rendition).expect("an init segment");
        let sound = |interval: Interval| {
            let mut stream = init.to_vec();
            for from in (0..36).step_by(interval.slots() as usize) {
                let chunks = TAPE.chunks(rendition, from, interval.slots());
                stream.extend_from_slice(&fmp4::fragment(FIRST.plus(from), &chunks));
            }
            decode(&format!("ll-{rendition}-{}", interval.slots()), &stream)
        };
        assert!(sound(Interval::Close) == sound(Interval::Short), "{rendition}: the same samples");
    }
}

#[test]
fn a_name_tells_its_interval() {
    let end = |name: &str| name.parse::<SegmentName>().map(SegmentName::end_max);
    assert_eq!([end("p-1-48"), end("s-1-48"), end("1-48")], [Ok(Slot(49)), Ok(Slot(54)), Ok(Slot(60))]);
}
