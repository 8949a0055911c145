//! Playlists keep the rules while a show goes on, breaks and ends.

use std::ops::Range;

use m3u8_rs::{MediaPlaylistType, parse_master_playlist_res, parse_media_playlist_res};
use proptest::prelude::*;
use stentor_formats::hls::{
    Edition, LIVE_WINDOW_SEGMENTS, Segment, SegmentKind, SegmentName, live_playlist, live_segments,
    multivariant, vod_playlist, vod_segments,
};
use stentor_formats::{FormatError, fmp4};
use stentor_types::{Codec, Epoch, Rendition, RenditionMap, Run, Slot};

use crate::ffmpeg::decode;
use crate::hls_checker::{check, check_multivariant, check_successor};
use crate::sound::lateness;
use crate::tape::{FIRST, TAPE};

pub(crate) fn run(epoch: u32, slots: Range<u64>) -> Run {
    Run { epoch: Epoch(epoch), first: Slot(slots.start), end: Slot(slots.end) }
}

/// What happens to a tape.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    Chunks(u64),
    /// A new writer, or chunks that the disk did not take.
    Hole {
        slots: u64,
        same_epoch: bool,
        chunks: u64,
    },
}

pub(crate) fn event() -> impl Strategy<Value = Event> {
    let chunks = prop_oneof![8 => 1u64..40, 1 => 1000u64..8000];
    let slots = prop_oneof![4 => 0u64..30, 1 => 150u64..250, 1 => 1000u64..2000];
    prop_oneof![
        3 => chunks.prop_map(Event::Chunks),
        1 => (slots, any::<bool>(), 1u64..40)
            .prop_map(|(slots, same_epoch, chunks)| Event::Hole { slots, same_epoch, chunks }),
    ]
}

pub(crate) fn happen(runs: &mut Vec<Run>, event: &Event) {
    let last = runs.last_mut().expect("a tape has begun");
    match *event {
        Event::Chunks(chunks) => last.end = last.end.plus(chunks),
        Event::Hole { slots, same_epoch, chunks } => {
            let epoch = if same_epoch { last.epoch } else { last.epoch.next() };
            let first = last.end.plus(slots.max(u64::from(same_epoch)));
            runs.push(Run { epoch, first, end: first.plus(chunks) });
        }
    }
}

/// Every chunk of the runs inside `slots` is in exactly one segment, in order.
fn covers(segments: &[Segment], runs: &[Run], slots: Range<Slot>) -> bool {
    let sound = segments.iter().filter(|segment| segment.kind != SegmentKind::Gap);
    let listed = sound.flat_map(|segment| {
        (segment.slots_covered().start.0..segment.slots_covered().end.0)
            .map(|slot| (segment.first.epoch, slot))
    });
    let on_tape = runs.iter().flat_map(|run| (run.first.0..run.end.0).map(|slot| (run.epoch, slot)));
    listed.eq(on_tape.filter(|(_, slot)| (slots.start.0..slots.end.0).contains(slot)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_live_list_only_grows_at_its_end(first in 0u64..30, events in prop::collection::vec(event(), 1..40)) {
        let mut runs = vec![run(1, first..first + 1)];
        let mut listed = live_segments(&runs, false);
        let mut playlist = None;
        for (index, event) in events.iter().enumerate() {
            happen(&mut runs, event);
            let closed = index + 1 == events.len();
            let now = live_segments(&runs, closed);
            prop_assert!(now.starts_with(&listed));
            let end = runs.last().map_or(Slot(0), |run| run.end);
            let decided = if closed { end } else { Slot(end.0 / 12 * 12) };
            prop_assert!(covers(&now, &runs, Slot(0)..decided));
            listed = now;
            match live_playlist(&TAPE.head, &runs, closed) {
                Err(error) => prop_assert!(error == FormatError::Nothing && listed.is_empty()),
                Ok(text) => {
                    let now = check(&text).map_err(TestCaseError::fail)?;
                    prop_assert_eq!(now.entries.len(), listed.len().min(LIVE_WINDOW_SEGMENTS));
                    prop_assert_eq!(now.ended, closed);
                    if let Some(before) = &playlist {
                        check_successor(before, &now).map_err(TestCaseError::fail)?;
                    }
                    playlist = Some(now);
                }
            }
        }
    }

    #[test]
    fn a_recording_is_listed_whole_and_shares_names_only_with_the_same_sound(
        events in prop::collection::vec(event(), 1..12),
        start in 0u64..400,
        length in 1u64..3000,
    ) {
        let mut runs = vec![run(1, 3..4)];
        events.iter().for_each(|event| happen(&mut runs, event));
        let slots = Slot(start)..Slot(start + length);
        let vod = vod_segments(&runs, slots.clone());
        prop_assert!(covers(&vod, &runs, slots.clone()));
        for segment in &vod {
            let name: SegmentName = segment.name().to_string().parse().expect("a name can be read");
            prop_assert_eq!(name, segment.name());
            if segment.kind == SegmentKind::Gap {
                continue;
            }
            // What a server finds under the name: from the first chunk as far as name and run go.
            let (epoch, first) = (name.first.epoch, name.first.slot);
            let of_name = runs.iter().find(|run| run.epoch == epoch && (run.first..run.end).contains(&first));
            let end = of_name.map(|run| run.end.min(name.end_max()));
            prop_assert_eq!(end, Some(segment.slots_covered().end));
        }
        if !vod.is_empty() {
            let text = vod_playlist(&TAPE.head, &runs, slots).expect("a playlist");
            let playlist = check(&text).map_err(TestCaseError::fail)?;
            prop_assert!(playlist.vod && playlist.ended && playlist.media_sequence == 0);
        }
    }
}

#[test]
fn another_parser_reads_the_same() {
    let runs = [run(1, 0..30), run(2, 40..60), run(3, 400..424)];
    let text = live_playlist(&TAPE.head, &runs, true).expect("a playlist");
    let playlist = parse_media_playlist_res(text.as_bytes()).expect("m3u8-rs reads it");
    assert_eq!((playlist.version, playlist.target_duration, playlist.end_list), (Some(6), 4, true));
    let uris: Vec<_> = playlist.segments.iter().map(|segment| segment.uri.as_str()).collect();
    let expected = ["1-0", "1-12", "1-24-6", "1-30", "1-36", "2-40", "2-48", "3-400", "3-408", "3-420-4"];
    assert_eq!(uris, expected.map(|name| format!("{name}.m4s")));
    assert!(playlist.segments[7].discontinuity && playlist.segments[7].program_date_time.is_some());
    let seconds: Vec<_> = playlist.segments.iter().map(|segment| segment.duration).collect();
    assert_eq!(seconds, [3.84, 3.84, 1.92, 1.92, 1.28, 2.56, 3.84, 2.56, 3.84, 1.28]);
    let map = playlist.segments[0].map.as_ref().map(|map| map.uri.as_str());
    assert_eq!(map, Some("init.mp4"));

    let vod = vod_playlist(&TAPE.head, &runs, Slot(13)..Slot(50)).expect("a playlist");
    let vod = parse_media_playlist_res(vod.as_bytes()).expect("m3u8-rs reads it");
    assert_eq!(vod.playlist_type, Some(MediaPlaylistType::Vod));
    assert_eq!(vod.segments.last().map(|segment| segment.uri.as_str()), Some("2-48-2.m4s"));
}

#[test]
fn every_rendition_of_the_tape_is_offered_aac_first() {
    let text = multivariant(&TAPE.head, Edition::Plain);
    assert_eq!(parse_master_playlist_res(text.as_bytes()).expect("m3u8-rs reads it").variants.len(), 5);
    let variants = check_multivariant(&text).expect("a good playlist");
    let uris: Vec<_> = variants.iter().map(|variant| variant.uri.as_str()).collect();
    let expected = ["aac-64", "aac-32", "opus-64", "opus-32", "opus-16"];
    assert_eq!(uris, expected.map(|name| format!("{name}/live.m3u8")));
    assert_eq!((variants[0].codecs.as_str(), variants[2].codecs.as_str()), ("mp4a.40.2", "opus"));
    let ended = check_multivariant(&multivariant(&TAPE.head, Edition::Recording)).expect("a good playlist");
    assert!(ended.iter().all(|variant| variant.uri.ends_with("/vod.m3u8")));

    let mut opus_only = TAPE.head.clone();
    opus_only.filler = RenditionMap::default();
    opus_only
        .filler
        .insert(Rendition::Opus16, TAPE.head.filler.get(Rendition::Opus16).expect("it is there").clone());
    assert_eq!(
        check_multivariant(&multivariant(&opus_only, Edition::LowLatency)).expect("a good playlist").len(),
        1
    );
}

#[test]
fn no_segment_is_above_the_bandwidth_that_is_said() {
    let variants = check_multivariant(&multivariant(&TAPE.head, Edition::Plain)).expect("a good playlist");
    for rendition in Rendition::ALL {
        let said = variants.iter().find(|v| v.uri.starts_with(rendition.name())).expect("offered").bandwidth;
        for at in [0, 12, 24] {
            let bytes = fmp4::fragment(FIRST.plus(at), &TAPE.chunks(rendition, at, 12)).len();
            let bps = bytes as f64 * 8.0 / 3.84;
            assert!(bps <= said as f64, "{rendition}: {bps} bit/s");
        }
    }
}

#[test]
fn segments_play_as_they_are_listed() {
    let runs = [Run { epoch: Epoch(1), first: FIRST, end: FIRST.plus(36) }];
    for rendition in [Rendition::Aac64, Rendition::Opus32] {
        let mut stream = fmp4::init(&TAPE.head, rendition).expect("an init segment").to_vec();
        for segment in live_segments(&runs, false) {
            let from = segment.first.slot.0 - FIRST.0;
            let chunks = TAPE.chunks(rendition, from, u64::from(segment.slots));
            stream.extend_from_slice(&fmp4::fragment(segment.first.slot, &chunks));
        }
        let heard = decode(&format!("hls-{rendition}"), &stream);
        // Players skip the look-ahead of Opus, and AAC is late by its delay.
        let (skipped, delay) = match rendition.codec() {
            Codec::Opus => (usize::from(TAPE.head.opus_pre_skip_samples), 0),
            Codec::Aac => (0, i64::from(TAPE.head.aac_delay_samples)),
        };
        assert_eq!(heard.len(), 36 * 15_360 - skipped);
        let (late, alike) = lateness(&heard[200_000..], &TAPE.said[200_000..]);
        assert_eq!(late, delay, "{rendition}");
        assert!(alike > 0.9, "{rendition}: {alike}");
    }
}
