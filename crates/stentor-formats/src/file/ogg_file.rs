//! The Ogg Opus file: header pages, then a page for each chunk, 43 bytes or more of it not sound.

use bytes::Bytes;
use stentor_types::{Frames, MediaTime, ShowTitle, Slot, TapeHead};

use crate::file::span::Span;
use crate::ogg::{FLAG_END, HEADER_PAGES, PAGE_FIXED_BYTES, Page, header_pages, put_page, segments_of};

/// The header pages. What the decoder needs to settle is skipped with the codec's delay (RFC 7845 §4.6).
pub(super) fn intro(head: &TapeHead, title: Option<&ShowTitle>, span: &Span, serial: u32) -> Bytes {
    let pre_skip = u16::try_from(span.lead_samples).expect("codec delay and nine frames at most");
    header_pages(head, pre_skip, title, serial).into()
}

/// The length of the page with packets of these lengths: 16 packets have at most 96 segments, so they fit.
pub(super) fn page_bytes(lens: &[u16]) -> u64 {
    let packet_bytes = |&len: &u16| (segments_of(usize::from(len)) + usize::from(len)) as u64;
    PAGE_FIXED_BYTES as u64 + lens.iter().map(packet_bytes).sum::<u64>()
}

/// The page of a chunk. The last one's granule says where the sound ends (RFC 7845 §4.4).
pub(super) fn chunk(span: &Span, slot: Slot, frames: &Frames, serial: u32) -> Bytes {
    let wanted = span.frames_in(slot);
    let packets: Vec<&[u8]> = frames.iter().skip(wanted.start).take(wanted.len()).collect();
    let is_last = slot.next() == span.slots().end;
    let end = if is_last { span.lead_samples + span.shown_samples } else { span.decoded_by_end_of(slot) };
    let page = Page {
        flags: if is_last { FLAG_END } else { 0 },
        granule: MediaTime(end),
        serial,
        page_seq: HEADER_PAGES + (slot.0 - span.slots().start.0) as u32,
    };
    let mut out = Vec::new();
    put_page(&mut out, &page, &packets);
    out.into()
}
