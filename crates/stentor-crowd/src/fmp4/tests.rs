use proptest::prelude::*;

use super::*;
use crate::made::{self, OPUS_SAMPLES, boxed};

fn read(pieces: &[&[u8]]) -> Result<Vec<Sound>, Malformed> {
    let mut reader = Fmp4Reader::default();
    let mut sounds = Vec::new();
    for piece in pieces {
        reader.read(piece, &mut |sound| sounds.push(sound))?;
    }
    Ok(sounds)
}

#[test]
fn each_fragment_ends_where_its_clock_and_durations_say() {
    let sounds = read(&[&made::fmp4(5, 48).whole()]).expect("a sound stream");
    assert_eq!(sounds.len(), 5);
    for (sound, group) in sounds.iter().zip(1..) {
        let samples = 48 * OPUS_SAMPLES;
        assert_eq!(*sound, Sound { end: Some(group * samples), samples, rate_hz: 48_000, begins: false });
    }
}

#[test]
fn ffmpegs_stream_is_read() {
    let sounds = read(&[include_bytes!("../../tests/files/ffmpeg.mp4")]).expect("fragmented MP4");
    let mut next = 0;
    for sound in &sounds {
        assert_eq!(sound.end.map(|end| end - sound.samples), Some(next));
        next += sound.samples;
    }
    assert_eq!((sounds.len(), sounds[0].samples, sounds[0].rate_hz), (5, 10_240, 48_000));
}

#[test]
fn durations_and_sizes_may_stand_in_each_place() {
    let number = |numbers: &[u32]| numbers.iter().flat_map(|n| n.to_be_bytes()).collect::<Vec<u8>>();
    // tfhd: default duration and size; trun: data offset, first flags, and a composition offset for each sample.
    let tfhd = boxed(b"tfhd", &number(&[0x02_0018, 1, 1_000, 10]));
    let tfdt = boxed(b"tfdt", &number(&[0, 7_000]));
    let by_default = boxed(b"trun", &number(&[0x805, 2, 0, 0, 0, 0]));
    let by_sample = boxed(b"trun", &number(&[0x301, 2, 0, 500, 3, 700, 4]));
    for (trun, bytes, end) in [(by_default, 20, 9_000), (by_sample, 7, 8_200)] {
        let moof = boxed(b"moof", &boxed(b"traf", &[&tfhd[..], &tfdt, &trun].concat()));
        let stream = [made::fmp4(0, 1).head, moof, boxed(b"mdat", &vec![0; bytes])].concat();
        let sounds = read(&[&stream]).expect("a fragment");
        assert_eq!(sounds[0].end, Some(end));
    }
}

#[test]
fn sound_begins_with_its_first_byte() {
    let made = made::fmp4(1, 2);
    let head = made.groups[0].len() - 2 * 80;
    let mut reader = Fmp4Reader::default();
    reader.read(&[&made.head[..], &made.groups[0][..head]].concat(), &mut |_| ()).expect("heads");
    assert!(!reader.is_sounding());
    reader.read(&made.groups[0][head..=head], &mut |_| ()).expect("a byte");
    assert!(reader.is_sounding());
}

#[test]
fn what_is_no_fragmented_mp4_is_refused() {
    let made = made::fmp4(2, 48);
    let moof_end = made.groups[0].len() - 48 * 80 - 8;
    let other_mdat = [&made.head[..], &made.groups[0][..moof_end], &boxed(b"mdat", &[0; 5])].concat();
    let no_mdat = [&made.head[..], &made.groups[0][..moof_end], &made.groups[1]].concat();
    let sticks_out = [&made.head[..], &boxed(b"moof", &[0, 0, 0, 40, b't', b'r', b'a', b'f'])].concat();
    let too_long = [&made.head[..], &[0xFF; 4], b"mdat"].concat();
    for (what, stream) in [
        ("no box", &b"OggS is not MP4, however long"[..]),
        ("no moov", &made.groups[0]),
        ("a box without an end", b"\0\0\0\0ftyp"),
        ("a length that is not that of the samples", &other_mdat),
        ("a fragment without sound", &no_mdat),
        ("a box longer than its parent", &sticks_out),
        ("a box of 4 GB", &too_long),
    ] {
        assert!(read(&[stream]).is_err(), "{what}");
    }
}

proptest! {
    #[test]
    fn it_does_not_matter_how_the_bytes_are_cut(
        frames in 1_u64..60,
        cuts in proptest::collection::vec(1_usize..700, 1..40),
    ) {
        let whole = made::fmp4(6, frames).whole();
        let mut reader = Fmp4Reader::default();
        let (mut sounds, mut rest) = (Vec::new(), &whole[..]);
        for cut in cuts.iter().cycle() {
            let (piece, later) = rest.split_at(rest.len().min(*cut));
            prop_assert!(reader.read(piece, &mut |sound| sounds.push(sound)).is_ok());
            rest = later;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(sounds, read(&[&whole]).expect("a sound stream"));
    }

    #[test]
    fn nothing_makes_it_panic(spoils in proptest::collection::vec((0_usize..900, any::<u8>()), 0..20)) {
        let mut whole = made::fmp4(2, 4).whole();
        for (at, byte) in spoils {
            let at = at % whole.len();
            whole[at] = byte;
        }
        let _ = read(&[&whole]);
    }
}
