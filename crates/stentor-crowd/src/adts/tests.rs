use proptest::prelude::*;

use super::*;
use crate::made;

const AAC_SAMPLES: u64 = 1024;

fn read(pieces: &[&[u8]]) -> Result<u64, Malformed> {
    let mut reader = AdtsReader::default();
    let mut samples = 0;
    for piece in pieces {
        reader.read(piece, &mut |sound| {
            assert_eq!((sound.end, sound.rate_hz), (None, 48_000));
            samples += sound.samples;
        })?;
    }
    Ok(samples)
}

#[test]
fn frames_are_counted() {
    assert_eq!(read(&[&made::adts(3, 45).whole()]), Ok(3 * 45 * AAC_SAMPLES));
}

#[test]
fn ffmpegs_stream_is_read() {
    assert_eq!(read(&[include_bytes!("../../tests/files/ffmpeg.aac")]), Ok(48 * AAC_SAMPLES));
}

#[test]
fn who_joins_in_the_middle_of_a_frame_finds_the_next() {
    let whole = made::adts(1, 45).whole();
    for from in [1, 6, 40, 86] {
        assert_eq!(read(&[&whole[from..]]), Ok(44 * AAC_SAMPLES), "from {from}");
    }
}

#[test]
fn sound_begins_with_its_first_header() {
    let whole = made::adts(1, 1).whole();
    let mut reader = AdtsReader::default();
    reader.read(&whole[..6], &mut |_| ()).expect("half a header");
    assert!(!reader.is_sounding());
    reader.read(&whole[6..7], &mut |_| ()).expect("a header");
    assert!(reader.is_sounding());
}

#[test]
fn what_is_no_adts_is_refused() {
    assert!(read(&[&[0; 40_000]]).is_err());
    let mut whole = made::adts(1, 45).whole();
    whole[87 * 3] = 0;
    assert!(read(&[&whole]).is_err(), "a header in the middle");
}

proptest! {
    #[test]
    fn it_does_not_matter_how_the_bytes_are_cut(
        from in 0_usize..300,
        cuts in proptest::collection::vec(1_usize..400, 1..40),
    ) {
        let whole = made::adts(4, 15).whole();
        let whole = &whole[from..];
        let mut reader = AdtsReader::default();
        let (mut samples, mut rest) = (0, whole);
        for cut in cuts.iter().cycle() {
            let (piece, later) = rest.split_at(rest.len().min(*cut));
            prop_assert!(reader.read(piece, &mut |sound| samples += sound.samples).is_ok());
            rest = later;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(Ok(samples), read(&[whole]));
    }

    #[test]
    fn nothing_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        let _ = AdtsReader::default().read(&bytes, &mut |_| ());
    }
}
