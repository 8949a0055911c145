//! Endless streams, entered in the middle, sound as what was said.

use stentor_formats::{Container, FormatError, Framer, Interval, fmp4, ogg};
use stentor_types::time::CHUNK_SAMPLES;
use stentor_types::{Codec, Rendition, RenditionMap};

use crate::ffmpeg::{decode, probe};
use crate::sound::{heard_pitch_hz, lateness, pitch_hz};
use crate::tape::{FIRST, TAPE};

/// Where the listener joins, and how many chunks are heard.
const JOIN: u64 = 6;
const HEARD: u64 = 24;

/// Every stream that there is: container and rendition.
fn streams() -> impl Iterator<Item = (Container, Rendition)> {
    let pairs = Container::ALL.into_iter().flat_map(|c| Rendition::ALL.map(|r| (c, r)));
    pairs.filter(|(container, rendition)| container.carries(rendition.codec()))
}

/// What a listener who joins at [`JOIN`] gets.
fn stream(container: Container, rendition: Rendition, interval: Interval) -> Vec<u8> {
    let framer = Framer::new(container, &TAPE.head, rendition).expect("a stream");
    let mut out = framer.intro().to_vec();
    let mut at = JOIN;
    while at < JOIN + HEARD {
        let group_end = interval.group_end(FIRST.plus(at)).0 - FIRST.0;
        let count = group_end.min(JOIN + HEARD) - at;
        let chunks = TAPE.chunks(rendition, at, count);
        out.extend_from_slice(&framer.frame(interval, FIRST.plus(at), &chunks));
        at += count;
    }
    out
}

#[test]
fn every_stream_is_heard_as_it_was_said() {
    for (container, rendition) in streams() {
        for interval in Interval::ALL {
            let name = format!("live-{container}-{rendition}-{interval:?}");
            let heard = decode(&name, &stream(container, rendition, interval));
            let samples = HEARD * u64::from(CHUNK_SAMPLES);
            // Players skip what Opus's headers tell them to, at the start only; nothing else is lost.
            let skipped = samples - heard.len() as u64;
            let pre_skip = u64::from(TAPE.head.opus_pre_skip_samples);
            assert_eq!(skipped, if rendition.codec() == Codec::Opus { pre_skip } else { 0 }, "{name}");

            let start = FIRST.plus(JOIN).start();
            let (late, alike) = lateness(&heard, TAPE.said_from(start));
            let codec_delay = match rendition.codec() {
                Codec::Opus => pre_skip,
                Codec::Aac => u64::from(TAPE.head.aac_delay_samples),
            };
            assert_eq!(late, (codec_delay - skipped) as i64, "{name}");
            assert!(alike > 0.9, "{name}: {alike}");

            for at in [20_000, 60_000, 100_000] {
                let said_at = JOIN * u64::from(CHUNK_SAMPLES) + at + 480 - late as u64;
                let (heard, said) = (heard_pitch_hz(&heard[at as usize..][..960]), pitch_hz(said_at));
                assert!((heard - said).abs() < 60.0, "{name}: {heard} Hz for {said} Hz");
            }
        }
    }
}

#[test]
fn players_see_the_media_clock() {
    let start = FIRST.plus(JOIN).start().0;
    let fmp4 = stream(Container::Fmp4, Rendition::Opus32, Interval::Steady);
    assert_eq!(probe("live.mp4", &fmp4, "stream=start_pts"), start.to_string());
    // ffprobe counts Ogg's time in playable samples, in 1/48000 s: the first is that of the slot.
    let ogg = stream(Container::Ogg, Rendition::Opus32, Interval::Steady);
    assert_eq!(probe("live.ogg", &ogg, "stream=start_pts"), start.to_string());
}

#[test]
fn a_stream_costs_little_more_than_its_sound() {
    // 0.96 s of 32 kbps; 4 bytes a frame and 96 in MP4, 1 a frame and 27 in Ogg.
    for (container, most) in [(Container::Ogg, 1.04), (Container::Fmp4, 1.10)] {
        let framer = Framer::new(container, &TAPE.head, Rendition::Opus32).expect("a stream");
        let chunks = TAPE.chunks(Rendition::Opus32, JOIN, 3);
        let framed = framer.frame(Interval::Steady, FIRST.plus(JOIN), &chunks).len() as f64;
        let sound: usize = chunks.iter().map(|frames| frames.bytes().len()).sum();
        let ratio = framed / sound as f64;
        assert!(ratio <= most, "{container}: {ratio}");
        println!("{container}: {ratio:.4} bytes for a byte of sound ({sound} in 0.96 s)");
    }
    let chunks = TAPE.chunks(Rendition::Aac64, 0, 12);
    let sound: usize = chunks.iter().map(|frames| frames.bytes().len()).sum();
    assert_eq!(fmp4::fragment(FIRST, &chunks).len(), sound + 96 + 4 * 180);
}

#[test]
fn all_opus_renditions_share_one_init_segment() {
    let init = |rendition| fmp4::init(&TAPE.head, rendition).expect("an init segment");
    assert_eq!(init(Rendition::Opus64), init(Rendition::Opus16));
    assert_eq!(init(Rendition::Opus64), init(Rendition::Opus32));
}

#[test]
fn what_cannot_be_framed_is_refused() {
    let refused = |container, rendition| Framer::new(container, &TAPE.head, rendition).err();
    for (container, rendition) in [(Container::Ogg, Rendition::Aac64), (Container::Adts, Rendition::Opus16)] {
        assert_eq!(refused(container, rendition), Some(FormatError::WrongContainer { container, rendition }));
    }
    let mut no_aac = TAPE.head.clone();
    no_aac.filler = RenditionMap::default();
    let error = Framer::new(Container::Adts, &no_aac, Rendition::Aac32).err();
    assert_eq!(error, Some(FormatError::NotOnTape(Rendition::Aac32)));
    let mut he_aac = TAPE.head.clone();
    he_aac.aac_config = bytes::Bytes::from_static(&[0x2B, 0x09, 0x88, 0]);
    assert_eq!(fmp4::init(&he_aac, Rendition::Aac32), Err(FormatError::AacConfig));
    assert!(ogg::headers(&TAPE.head, Rendition::Aac32, 1).is_err());
}
