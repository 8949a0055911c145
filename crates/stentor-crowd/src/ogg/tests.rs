use proptest::prelude::*;

use super::*;
use crate::made::{self, OPUS_SAMPLES};

fn read(checked: bool, pieces: &[&[u8]]) -> Result<Vec<Sound>, Malformed> {
    let mut reader = OggReader::new(checked);
    let mut sounds = Vec::new();
    for piece in pieces {
        reader.read(piece, &mut |sound| sounds.push(sound))?;
    }
    Ok(sounds)
}

#[test]
fn each_page_ends_where_its_granule_says() {
    let made = made::ogg(5, 48);
    let sounds = read(true, &[&made.whole()]).expect("a sound stream");
    assert_eq!(sounds.len(), 5);
    for (sound, group) in sounds.iter().zip(1..) {
        let (samples, begins) = (48 * OPUS_SAMPLES, group == 1);
        assert_eq!(*sound, Sound { end: Some(group * samples), samples, rate_hz: 48_000, begins });
    }
}

#[test]
fn ffmpegs_stream_is_read() {
    let sounds = read(true, &[include_bytes!("../../tests/files/ffmpeg.ogg")]).expect("Ogg Opus");
    let ends: Vec<_> = sounds.iter().map(|sound| sound.end).collect();
    assert_eq!(ends, [Some(9_600), Some(19_200), Some(28_800), Some(38_400), Some(48_000), None]);
    assert_eq!(sounds.iter().map(|sound| sound.samples).sum::<u64>(), 51 * 960);
}

#[test]
fn a_page_that_is_left_out_shows_in_the_next() {
    let made = made::ogg(5, 48);
    let sounds = read(true, &[&made.head, &made.groups[0], &made.groups[3]]).expect("a sound stream");
    assert_eq!(sounds[0].end, Some(48 * OPUS_SAMPLES));
    assert_eq!(sounds[1].end.map(|end| end - sounds[1].samples), Some(3 * 48 * OPUS_SAMPLES));
}

#[test]
fn sound_begins_with_its_first_byte() {
    let made = made::ogg(1, 48);
    let mut reader = OggReader::new(false);
    let table = FIXED_BYTES + 48;
    reader.read(&made.head, &mut |_| ()).expect("headers");
    reader.read(&made.groups[0][..table], &mut |_| ()).expect("a page's head");
    assert!(!reader.is_sounding());
    reader.read(&made.groups[0][table..=table], &mut |_| ()).expect("a byte");
    assert!(reader.is_sounding());
}

#[test]
fn a_packet_counts_where_it_ends() {
    // 70,000 bytes need 275 segments: two pages, the first without a granule.
    let mut writer = ogg::PacketWriter::new(Vec::new());
    let mut put = |packet: Vec<u8>, granule| {
        writer.write_packet(packet, 7, ogg::PacketWriteEndInfo::EndPage, granule).expect("memory");
    };
    put(b"OpusHead rest".to_vec(), 0);
    put(b"OpusTags rest".to_vec(), 0);
    put(vec![15 << 3; 70_000], 960);
    put(vec![15 << 3; 10], 1_920);
    let sounds = read(true, &[&writer.into_inner()]).expect("a sound stream");
    let ends: Vec<_> = sounds.iter().map(|sound| (sound.end, sound.samples)).collect();
    assert_eq!(ends, [(Some(960), 960), (Some(1_920), 960)]);
}

#[test]
fn a_chained_stream_begins_anew() {
    let stream = made::ogg(2, 48).whole();
    let sounds = read(true, &[&stream, &stream]).expect("two streams");
    let begins: Vec<bool> = sounds.iter().map(|sound| sound.begins).collect();
    assert_eq!(begins, [true, false, true, false]);
}

#[test]
fn durations_follow_from_the_first_bytes() {
    for (opening, ms) in [
        (&[3 << 3][..], 60),
        (&[16 << 3 | 1][..], 5),
        (&[31 << 3][..], 20),
        (&[31 << 3 | 2][..], 40),
        (&[19 << 3 | 3, 0x80 | 6][..], 120),
        (&[19 << 3 | 3][..], 0),
        (&[][..], 0),
    ] {
        assert_eq!(samples(opening), ms * 48, "{opening:?}");
    }
}

#[test]
fn what_is_no_ogg_opus_is_refused() {
    let made = made::ogg(3, 48);
    let whole = made.whole();
    let spoilt = |at: usize| {
        let mut spoilt = whole.clone();
        spoilt[at] ^= 0x10;
        spoilt
    };
    assert!(read(false, &[b"HTTP is not Ogg, however long"]).is_err());
    assert!(read(false, &[&made.groups[0]]).is_err(), "no beginning");
    assert!(read(false, &[&spoilt(28)]).is_err(), "not OpusHead");
    assert!(read(false, &[&spoilt(made.head.len() + 1)]).is_err(), "no OggS");
    let last = whole.len() - 1;
    assert!(read(false, &[&spoilt(last)]).is_ok());
    assert!(read(true, &[&spoilt(last)]).is_err(), "a checksum");
}

proptest! {
    #[test]
    fn it_does_not_matter_how_the_bytes_are_cut(
        frames in 1_u64..60,
        cuts in proptest::collection::vec(1_usize..700, 1..40),
    ) {
        let whole = made::ogg(6, frames).whole();
        let mut reader = OggReader::new(true);
        let (mut sounds, mut rest) = (Vec::new(), &whole[..]);
        for cut in cuts.iter().cycle() {
            let (piece, later) = rest.split_at(rest.len().min(*cut));
            prop_assert!(reader.read(piece, &mut |sound| sounds.push(sound)).is_ok());
            rest = later;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(sounds, read(true, &[&whole]).expect("a sound stream"));
    }

    #[test]
    fn nothing_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600), at in 0_usize..5_000) {
        let mut whole = made::ogg(2, 20).whole();
        let at = at.min(whole.len());
        whole.splice(at..at, bytes);
        let _ = read(false, &[&whole]);
    }
}
