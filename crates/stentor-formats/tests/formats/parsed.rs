//! What other people's parsers find in the containers is what went in.

use std::io::Cursor;

use stentor_formats::{FileLayout, Interval, fmp4, ogg};
use stentor_types::{Channels, Frames, Rendition};

use crate::tape::{FIRST, TAPE};

#[test]
fn fragments_hold_the_frames() {
    for rendition in Rendition::ALL {
        let mut stream = fmp4::init(&TAPE.head, rendition).expect("an init segment").to_vec();
        for at in [3, 6] {
            stream.extend_from_slice(&fmp4::fragment(FIRST.plus(at), &TAPE.chunks(rendition, at, 3)));
        }
        let mp4 = re_mp4::Mp4::read_bytes(&stream).expect("MP4");
        let track = mp4.tracks().values().next().expect("a track");
        assert_eq!(track.timescale, 48_000);
        let said: Vec<&[u8]> = TAPE.chunks(rendition, 3, 6).into_iter().flat_map(Frames::iter).collect();
        let found: Vec<&[u8]> = track.samples.iter().map(|sample| &stream[sample.byte_range()]).collect();
        assert!(said == found, "{rendition}");
        let duration = u64::from(rendition.codec().frame_samples());
        assert!(track.samples.iter().all(|sample| sample.duration == duration && sample.is_sync));
        let decode_times: Vec<_> = mp4
            .moofs
            .iter()
            .map(|moof| moof.trafs[0].tfdt.as_ref().map(|tfdt| tfdt.base_media_decode_time))
            .collect();
        assert_eq!(decode_times, [Some(FIRST.plus(3).start().0), Some(FIRST.plus(6).start().0)]);
    }
}

#[test]
fn an_m4a_points_at_its_frames() {
    let head = &TAPE.head;
    let range = FIRST.plus(2).start().plus_samples(777)..FIRST.plus(20).start().plus_samples(99);
    let on_tape = |slot| TAPE.chunk(Rendition::Aac64, slot).expect("on the tape");
    let layout =
        FileLayout::new(head, Rendition::Aac64, None, range.clone(), |slot| Some(on_tape(slot).lens_bytes()))
            .expect("a file");
    let slots = FileLayout::slots(head, Rendition::Aac64, &range);
    let mut file = Vec::new();
    for piece in layout.pieces(0..layout.len()) {
        match piece {
            stentor_formats::Piece::Literal(bytes) => file.extend_from_slice(&bytes),
            stentor_formats::Piece::Chunk { slot, within } => {
                file.extend_from_slice(&layout.chunk_bytes(slot, on_tape(slot)).expect("a chunk")[within]);
            }
        }
    }
    let mp4 = re_mp4::Mp4::read_bytes(&file).expect("MP4");
    let track = mp4.tracks().values().next().expect("a track");
    let found: Vec<&[u8]> = track.samples.iter().map(|sample| &file[sample.byte_range()]).collect();
    let all: Vec<&[u8]> = TAPE
        .chunks(Rendition::Aac64, slots.start.0 - FIRST.0, slots.end.0 - slots.start.0)
        .into_iter()
        .flat_map(Frames::iter)
        .collect();
    // Whole frames are left out at both ends; what is there stands in one piece.
    let first = all.iter().position(|frame| Some(frame) == found.first()).expect("the first frame");
    assert!(first < 15 && all.len() - first - found.len() < 15);
    assert!(all[first..first + found.len()] == found);
    assert_eq!(found.iter().map(|frame| frame.len()).sum::<usize>(), file.len() - found_start(track));
}

fn found_start(track: &re_mp4::Track) -> usize {
    track.samples.first().map_or(0, |sample| sample.byte_range().start)
}

#[test]
fn pages_hold_the_packets_and_the_media_clock() {
    let (serial, interval) = (ogg::serial(&TAPE.head, Rendition::Opus64), Interval::Steady);
    let mut stream = ogg::headers(&TAPE.head, Rendition::Opus64, serial).expect("headers").to_vec();
    for at in [3, 6] {
        let first = FIRST.plus(at);
        let chunks = TAPE.chunks(Rendition::Opus64, at, 3);
        stream.extend_from_slice(&ogg::pages(serial, ogg::page_seq(interval, first), first, &chunks));
    }
    let packets = packets(&stream);
    assert_eq!(packets.len(), 2 + 6 * 16);
    assert!(packets.iter().all(|packet| packet.stream_serial() == serial));
    assert_eq!((packets[0].absgp_page(), packets[1].absgp_page()), (0, 0));
    assert!(packets[0].first_in_stream() && packets[0].last_in_page() && packets[1].last_in_page());
    assert_eq!(&packets[0].data[..10], b"OpusHead\x01\x01");
    assert_eq!(&packets[1].data[..8], b"OpusTags");
    let said: Vec<&[u8]> = TAPE.chunks(Rendition::Opus64, 3, 6).into_iter().flat_map(Frames::iter).collect();
    assert!(packets[2..].iter().map(|packet| packet.data.as_slice()).eq(said));
    assert_eq!(packets[2].absgp_page(), FIRST.plus(6).start().0);
    assert_eq!(packets[2 + 48].absgp_page(), FIRST.plus(9).start().0);
    // Neighbouring groups have neighbouring page numbers.
    let numbers: Vec<u32> = [3, 6].map(|at| ogg::page_seq(interval, FIRST.plus(at))).into();
    assert_eq!(numbers[1], numbers[0] + 1);
}

#[test]
fn packets_beyond_a_page_get_another() {
    // 48 of the longest packets that Opus has: 6 segments each, 42 to a page.
    let longest = vec![7u8; 1275];
    let chunk = Frames::from_slices(std::iter::repeat_n(longest.as_slice(), 16));
    let mut stream = ogg::headers(&TAPE.head, Rendition::Opus64, 9).expect("headers").to_vec();
    stream.extend_from_slice(&ogg::pages(9, 2, FIRST, &[&chunk, &chunk, &chunk]));
    let packets = packets(&stream);
    assert!(packets[2..].iter().all(|packet| packet.data == longest));
    assert_eq!(packets.len(), 2 + 48);
    assert_eq!(packets[2].absgp_page(), FIRST.start().0 + 42 * 960);
    assert_eq!(packets[49].absgp_page(), FIRST.plus(3).start().0);
}

#[test]
fn stereo_is_said_to_be_stereo() {
    let mut head = TAPE.head.clone();
    head.channels = Channels::Stereo;
    head.aac_config = bytes::Bytes::from_static(&[0x11, 0x90]);
    let headers = ogg::headers(&head, Rendition::Opus64, 1).expect("headers");
    assert_eq!(packets(&headers)[0].data[9], 2);
    let init = fmp4::init(&head, Rendition::Opus64).expect("an init segment");
    let dops = init.windows(4).position(|kind| kind == b"dOps").expect("it is there");
    // Version, channels, and in network order pre-skip and rate, gain, family (Opus in ISOBMFF §4.3.2).
    let pre_skip = head.opus_pre_skip_samples.to_be_bytes();
    assert_eq!(init[dops + 4..dops + 15], [0, 2, pre_skip[0], pre_skip[1], 0, 0, 0xBB, 0x80, 0, 0, 0]);
    let adts = stentor_formats::adts::frames(&head, &TAPE.chunks(Rendition::Aac64, 0, 1)).expect("frames");
    assert_eq!((adts[2] & 1) << 2 | adts[3] >> 6, 2);
}

/// All packets; the reader checks every page's checksum.
fn packets(stream: &[u8]) -> Vec<::ogg::Packet> {
    let mut reader = ::ogg::PacketReader::new(Cursor::new(stream));
    std::iter::from_fn(|| reader.read_packet().expect("Ogg")).collect()
}
