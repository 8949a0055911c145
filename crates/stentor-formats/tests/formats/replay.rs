//! Replay files play exactly their range, whatever is asked for and however it is fetched.

use std::ops::Range;

use stentor_formats::{FileKind, FileLayout, FormatError, Piece};
use stentor_types::time::CHUNK_SAMPLES;
use stentor_types::{Frames, MediaTime, Rendition, ShowTitle, Slot};

use crate::ffmpeg::{decode, probe};
use crate::sound::{lateness, likeness, loudness};
use crate::tape::{FIRST, TAPE, Tape};

const TITLE: &str = "Ein „Titel“ & mehr";

/// A part of the tape, in samples from its first.
fn range(samples: Range<u64>) -> Range<MediaTime> {
    FIRST.start().plus_samples(samples.start)..FIRST.start().plus_samples(samples.end)
}

fn layout(
    tape: &Tape,
    rendition: Rendition,
    samples: Range<u64>,
    hole: &[Slot],
) -> Result<FileLayout, FormatError> {
    let on_tape = |slot| if hole.contains(&slot) { None } else { tape.chunk(rendition, slot) };
    let title: ShowTitle = TITLE.parse().expect("a title");
    FileLayout::new(&tape.head, rendition, Some(&title), range(samples), |slot| {
        on_tape(slot).map(Frames::lens_bytes)
    })
}

/// The bytes of the file in this range, as a server would send them.
fn fetch(tape: &Tape, layout: &FileLayout, rendition: Rendition, range: Range<u64>) -> Vec<u8> {
    let mut out = Vec::new();
    for piece in layout.pieces(range) {
        match piece {
            Piece::Literal(bytes) => out.extend_from_slice(&bytes),
            Piece::Chunk { slot, within } => {
                let frames = tape.chunk(rendition, slot).expect("pieces name chunks that are there");
                let bytes = layout.chunk_bytes(slot, frames).expect("the chunk is as it was");
                out.extend_from_slice(&bytes[within]);
            }
        }
    }
    out
}

fn whole(tape: &Tape, rendition: Rendition, samples: Range<u64>, hole: &[Slot]) -> Vec<u8> {
    let layout = layout(tape, rendition, samples, hole).expect("a file");
    let bytes = fetch(tape, &layout, rendition, 0..u64::MAX);
    assert_eq!(bytes.len() as u64, layout.len());
    bytes
}

/// Decodes a file and checks that it ends where it should. The M4A says the end twice, by its edit and by the length
/// of its last frame, but ffmpeg 5 plays that frame to its end: there, what it says counts.
fn hear(name: &str, rendition: Rendition, file: &[u8], samples: u64) -> Vec<i16> {
    let mut heard = decode(name, file);
    if FileKind::of(rendition) == FileKind::M4a {
        assert_eq!(probe(name, file, "stream=duration_ts"), samples.to_string(), "{name}");
        assert!((samples..samples + 1024).contains(&(heard.len() as u64)), "{name}: {}", heard.len());
        heard.truncate(samples as usize);
    }
    assert_eq!(heard.len() as u64, samples, "{name}");
    heard
}

#[test]
fn a_replay_is_exact_to_a_sample_at_both_ends() {
    // libopus begins in its speech mode, whose long-term predictor takes far longer to forget a pure tone than it
    // takes for speech. So ranges begin behind the first second, or where there is nothing to forget.
    let ranges = [48_000..240_001, 50_123..333_333, 76_800..30_720 * 8, 0..150_000];
    for rendition in Rendition::ALL {
        let all = 0..TAPE.said.len() as u64;
        let name = format!("replay-{rendition}-all");
        let unbroken = hear(&name, rendition, &whole(&TAPE, rendition, all.clone(), &[]), all.end);
        for samples in ranges.clone() {
            let name = format!("replay-{rendition}-{}", samples.start);
            let file = whole(&TAPE, rendition, samples.clone(), &[]);
            let heard = hear(&name, rendition, &file, samples.end - samples.start);
            let (late, alike) = lateness(&heard, TAPE.said_from(range(samples.clone()).start));
            assert_eq!(late, 0, "{name}");
            assert!(alike > 0.9, "{name}: {alike}");
            // The first samples are nearly what a decoder gives that has run since the tape began.
            let (first, settled) = (&heard[..960], &unbroken[samples.start as usize..][..960]);
            let alike = likeness(first, settled, 0, 1);
            assert!(alike > 0.98, "{name}: {alike} at its start");
            assert!((loudness(first) - loudness(settled)).abs() < 0.05 * 7071.0, "{name}: loudness");
        }
    }
}

#[test]
fn a_hole_keeps_its_place() {
    let samples = 48_000..48_000 * 10;
    let hole: Vec<Slot> = (10..16).map(|n| FIRST.plus(n)).collect();
    for rendition in [Rendition::Opus32, Rendition::Aac64] {
        let file = whole(&TAPE, rendition, samples.clone(), &hole);
        let heard = hear(&format!("hole-{rendition}"), rendition, &file, samples.end - samples.start);
        let at = |slot: u64| (slot * u64::from(CHUNK_SAMPLES) - samples.start) as usize;
        assert!(loudness(&heard[at(11)..at(15)]) < 100.0, "{rendition}: a hole is quiet");
        let after = FIRST.plus(17);
        let (late, alike) = lateness(&heard[at(17)..], TAPE.said_from(after.start()));
        assert_eq!(late, 0, "{rendition}");
        assert!(alike > 0.9, "{rendition}: {alike}");
    }
}

#[test]
fn the_shortest_recordings_are_files_and_none_is_an_error() {
    let chunk = u64::from(CHUNK_SAMPLES);
    for rendition in [Rendition::Opus64, Rendition::Aac32] {
        for samples in [chunk * 4..chunk * 5, 100_000..102_000, 0..chunk] {
            let file = whole(&TAPE, rendition, samples.clone(), &[]);
            let name = format!("short-{rendition}-{}", samples.start);
            hear(&name, rendition, &file, samples.end - samples.start);
        }
        assert_eq!(layout(&TAPE, rendition, 5..5, &[]).err(), Some(FormatError::Nothing));
        let day = 48_000 * 86_400;
        let error = layout(&TAPE, rendition, 0..day + chunk, &[]).err();
        assert!(matches!(error, Some(FormatError::TooLong { .. })), "{error:?}");
    }
}

#[test]
fn the_end_of_the_tape_is_filled() {
    let end = TAPE.said.len() as u64;
    for rendition in [Rendition::Opus64, Rendition::Aac32] {
        let file = whole(&TAPE, rendition, end - 100_000..end, &[]);
        hear(&format!("tail-{rendition}"), rendition, &file, 100_000);
    }
}

#[test]
fn a_file_says_what_it_is() {
    for rendition in [Rendition::Opus64, Rendition::Aac64] {
        let file = whole(&TAPE, rendition, 48_000..192_000, &[]);
        let name = format!("tags-{rendition}");
        let entry = match FileKind::of(rendition) {
            FileKind::M4a => "format_tags=title",
            FileKind::Opus => "stream_tags=title",
        };
        assert_eq!(probe(&name, &file, entry), TITLE);
        // ffprobe counts in what an Ogg's decoder skips: here 160 ms and a frame or so.
        let duration: f64 = probe(&name, &file, "format=duration").parse().expect("seconds");
        assert!((3.0..3.19).contains(&duration), "{rendition}: {duration}");
    }
}

#[test]
fn a_changed_chunk_is_noticed() {
    let layout = layout(&TAPE, Rendition::Opus32, 48_000..192_000, &[]).expect("a file");
    let slot = FIRST.plus(5);
    let other = TAPE.chunk(Rendition::Opus64, slot).expect("on the tape");
    assert_eq!(layout.chunk_bytes(slot, other), Err(FormatError::Chunk(slot)));
    let outside = FIRST.plus(30);
    let frames = TAPE.chunk(Rendition::Opus32, outside).expect("on the tape");
    assert_eq!(layout.chunk_bytes(outside, frames), Err(FormatError::Chunk(outside)));
    let broken = FileLayout::new(&TAPE.head, Rendition::Opus32, None, range(0..9999), |_| Some([1u16; 15]));
    assert!(matches!(broken, Err(FormatError::Chunk(_))));
}

#[test]
fn three_hours_have_an_index_of_two_megabytes() {
    let hours = range(0..3 * 3600 * 48_000);
    let layout = FileLayout::new(&TAPE.head, Rendition::Aac64, None, hours, |_| Some([171u16; 15]));
    let layout = layout.expect("a file");
    let Some(Piece::Literal(index)) = layout.pieces(0..u64::MAX).next() else { panic!("a file has a head") };
    // 506,250 sizes and 33,750 offsets of 4 bytes, a few of both more for delay and settling.
    assert!((2_160_000..2_161_000).contains(&index.len()), "{}", index.len());
    assert_eq!(layout.duration_samples(), 3 * 3600 * 48_000);
    assert_eq!(layout.pieces(layout.len() - 1..layout.len()).count(), 1);
}

#[test]
fn a_tag_changes_with_the_bytes() {
    let seed = |samples: Range<u64>, hole: &[Slot]| {
        layout(&TAPE, Rendition::Opus32, samples, hole).expect("a file").etag_seed()
    };
    let same = seed(48_000..192_000, &[]);
    assert_eq!(same, seed(48_000..192_000, &[]));
    assert_ne!(same, seed(48_000..192_001, &[]));
    assert_ne!(same, seed(48_000..192_000, &[FIRST.plus(6)]));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn ranges_put_together_are_the_file(
        start in 0u64..300_000,
        samples in 1u64..200_000,
        aac: bool,
        hole in 0u64..40,
        cuts in proptest::collection::vec(0.0f64..1.0, 0..12),
    ) {
        let rendition = if aac { Rendition::Aac32 } else { Rendition::Opus16 };
        let layout = layout(&TAPE, rendition, start..start + samples, &[FIRST.plus(hole)])
            .expect("a file");
        let file = fetch(&TAPE, &layout, rendition, 0..layout.len());
        proptest::prop_assert_eq!(file.len() as u64, layout.len());
        let mut cuts: Vec<u64> = cuts.iter().map(|cut| (cut * layout.len() as f64) as u64).collect();
        cuts.extend([0, layout.len()]);
        cuts.sort_unstable();
        let parts = cuts.windows(2).map(|cut| fetch(&TAPE, &layout, rendition, cut[0]..cut[1]));
        proptest::prop_assert!(parts.collect::<Vec<_>>().concat() == file);
    }
}
