//! Ogg Opus (RFC 3533, RFC 7845): headers for who joins, pages for all.
//!
//! The granule of a page is the media time of the end of its last packet. A page's granule counts
//! all samples that a decoder has put out by then, the ones to skip included (RFC 7845 §4), so it is the number that
//! a stream which began at slot 0 would have; who joins later sees a first granule above zero, as a
//! capture of a live stream does (§4.5).

use bytes::Bytes;
use stentor_types::time::{FRAME_SAMPLES, SAMPLE_RATE_HZ};
use stentor_types::{Codec, Frames, MediaTime, Rendition, ShowTitle, Slot, TapeHead};

use crate::container::Container;
use crate::{FormatError, Interval};

/// Pages before the sound: `OpusHead` and `OpusTags`.
pub const HEADER_PAGES: u32 = 2;

/// Bytes of a page before its table of segments.
pub(crate) const PAGE_FIXED_BYTES: usize = 27;

/// Segments in one page, since a byte counts them.
const PAGE_SEGMENTS_MAX: usize = 255;

/// This page begins a stream, or ends it (RFC 3533 §6).
const FLAG_BEGIN: u8 = 2;
pub(crate) const FLAG_END: u8 = 4;

/// The two header pages, each with granule 0: what a listener gets before current pages.
pub fn headers(head: &TapeHead, rendition: Rendition, serial: u32) -> Result<Bytes, FormatError> {
    check(head, rendition)?;
    Ok(header_pages(head, head.opus_pre_skip_samples, None, serial).into())
}

/// The pages of neighbouring chunks, the first in slot `first`: one page, or more where the packets do not
/// fit into 255 segments. They are numbered from `page_seq` on.
pub fn pages(serial: u32, page_seq: u32, first: Slot, chunks: &[&Frames]) -> Bytes {
    let packets: Vec<&[u8]> = chunks.iter().flat_map(|frames| frames.iter()).collect();
    let mut out = Vec::with_capacity(PAGE_FIXED_BYTES + packets.iter().map(|p| p.len() + 2).sum::<usize>());
    let mut end = first.start();
    let (mut page_seq, mut rest) = (page_seq, packets.as_slice());
    while !rest.is_empty() {
        let (page, later) = rest.split_at(packets_that_fit(rest));
        end = end.plus_samples(page.len() as u64 * u64::from(FRAME_SAMPLES));
        put_page(&mut out, &Page { flags: 0, granule: end, serial, page_seq }, page);
        (page_seq, rest) = (page_seq.wrapping_add(1), later);
    }
    out.into()
}

/// The number of the page that holds `first`'s group: without a gap from group to group, and the same for
/// every listener. (A listener's first page does not follow its headers: pages were skipped, which
/// RFC 3533 §6 allows for.)
pub fn page_seq(interval: Interval, first: Slot) -> u32 {
    ((first.0 / interval.slots()) as u32).wrapping_add(HEADER_PAGES)
}

/// The serial number of a rendition's stream: fixed for a tape, and different from tape to tape.
pub fn serial(head: &TapeHead, rendition: Rendition) -> u32 {
    let crc = crc32(0, head.show.as_str().as_bytes());
    crc32(crc32(crc, &head.anchor.0.to_be_bytes()), rendition.name().as_bytes())
}

pub(crate) fn check(head: &TapeHead, rendition: Rendition) -> Result<(), FormatError> {
    match rendition.codec() {
        Codec::Aac => Err(FormatError::WrongContainer { container: Container::Ogg, rendition }),
        Codec::Opus if !head.has(rendition) => Err(FormatError::NotOnTape(rendition)),
        Codec::Opus => Ok(()),
    }
}

/// Both header pages. A title has at most 120 characters, so the tags fit into one page.
pub(crate) fn header_pages(
    head: &TapeHead,
    pre_skip: u16,
    title: Option<&ShowTitle>,
    serial: u32,
) -> Vec<u8> {
    let mut id = Vec::from(*b"OpusHead\x01");
    id.push(head.channels.count() as u8);
    id.extend_from_slice(&pre_skip.to_le_bytes());
    id.extend_from_slice(&SAMPLE_RATE_HZ.to_le_bytes());
    id.extend_from_slice(&[0, 0, 0]); // no gain, mapping family 0: mono or stereo

    let mut tags = Vec::from(*b"OpusTags");
    put_text(&mut tags, "Stentor");
    tags.extend_from_slice(&u32::from(title.is_some()).to_le_bytes());
    if let Some(title) = title {
        put_text(&mut tags, &format!("TITLE={title}"));
    }
    let mut out = Vec::new();
    let page = Page { flags: FLAG_BEGIN, granule: MediaTime(0), serial, page_seq: 0 };
    put_page(&mut out, &page, &[&id]);
    put_page(&mut out, &Page { flags: 0, page_seq: 1, ..page }, &[&tags]);
    out
}

/// The head of a page.
#[derive(Clone, Copy)]
pub(crate) struct Page {
    pub(crate) flags: u8,
    pub(crate) granule: MediaTime,
    pub(crate) serial: u32,
    pub(crate) page_seq: u32,
}

/// Writes a page of whole packets, which together have at most 255 segments.
pub(crate) fn put_page(out: &mut Vec<u8>, page: &Page, packets: &[&[u8]]) {
    let segments: usize = packets.iter().map(|packet| segments_of(packet.len())).sum();
    assert!(segments <= PAGE_SEGMENTS_MAX, "a page has at most 255 segments");
    let start = out.len();
    out.extend_from_slice(b"OggS\0");
    out.push(page.flags);
    out.extend_from_slice(&page.granule.0.to_le_bytes());
    out.extend_from_slice(&page.serial.to_le_bytes());
    out.extend_from_slice(&page.page_seq.to_le_bytes());
    out.extend_from_slice(&[0; 4]); // the checksum is that of the page with zeros in its place
    out.push(segments as u8);
    for packet in packets {
        out.extend(std::iter::repeat_n(255, packet.len() / 255));
        out.push((packet.len() % 255) as u8);
    }
    for packet in packets {
        out.extend_from_slice(packet);
    }
    let crc = crc32(0, &out[start..]);
    out[start + 22..start + 26].copy_from_slice(&crc.to_le_bytes());
}

/// Segments of a packet: all but the last have 255 bytes, and the last fewer, even if it has none.
pub(crate) const fn segments_of(packet_bytes: usize) -> usize {
    packet_bytes / 255 + 1
}

/// How many packets fit into one page: at least one.
fn packets_that_fit(packets: &[&[u8]]) -> usize {
    let mut segments = 0;
    let fit = packets.iter().take_while(|packet| {
        segments += segments_of(packet.len());
        segments <= PAGE_SEGMENTS_MAX
    });
    fit.count().max(1)
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    let len = u32::try_from(text.len()).expect("a title is short");
    out.extend_from_slice(&len.to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

/// Ogg's CRC (RFC 3533 §6): polynomial 04c11db7, not reflected, no inversion; `crc` is that of what
/// came before.
fn crc32(crc: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(crc, |crc, &byte| crc << 8 ^ CRC_OF_BYTE[usize::from((crc >> 24) as u8 ^ byte)])
}

const CRC_OF_BYTE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = (byte as u32) << 24;
        let mut bit = 0;
        while bit < 8 {
            crc = crc << 1 ^ if crc >> 31 == 1 { 0x04C1_1DB7 } else { 0 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
};
