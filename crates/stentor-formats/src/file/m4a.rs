//! The M4A file: `ftyp`, `moov` with the whole index, then one `mdat` of raw AAC frames.

use bytes::Bytes;
use mp4_atom::{
    Any, Edts, Elst, ElstEntry, FourCC, Ftyp, Hdlr, Meta, Moov, Sbgp, SbgpEntry, Stbl, Stco, Stsc, StscEntry,
    Stsz, StszSamples, Stts, SttsEntry, Udta,
};
use stentor_types::{Codec, Frames, Rendition, ShowTitle, Slot, TapeHead};

use crate::FormatError;
use crate::boxes::{ROLL, movie, put, roll_description, sample_description};
use crate::file::Sizes;
use crate::file::span::Span;

/// What stands before the sound besides the sizes and offsets: about 700 bytes of boxes, and a title of at most
/// 120 characters, which are 480 bytes.
const INTRO_BYTES_MAX: usize = 2048;

/// Everything before the first frame, the header of `mdat` included.
pub(super) fn intro(
    head: &TapeHead,
    rendition: Rendition,
    title: Option<&ShowTitle>,
    span: &Span,
    mut sizes: Sizes,
) -> Result<Bytes, FormatError> {
    let ftyp = Ftyp {
        major_brand: b"M4A ".into(),
        minor_version: 0,
        compatible_brands: vec![b"M4A ".into(), b"mp42".into(), b"isom".into()],
    };
    // The index of hours is megabytes: it is built once and written without growing.
    let index_bytes = 4 * (sizes.frames.len() + sizes.chunk_ends.len());
    let mut out = Vec::with_capacity(index_bytes + INTRO_BYTES_MAX);
    let frames = std::mem::take(&mut sizes.frames);
    let mut moov = moov(head, rendition, title, span, frames)?;
    put(&mut out, &ftyp);
    let ftyp_bytes = out.len();
    put(&mut out, &moov);
    // Offsets count from the start of the file, and the index has the same length whatever they are.
    let sound_start = out.len() as u64 + 8;
    let mdat_bytes = 8 + sizes.bytes();
    if sound_start + sizes.bytes() > u64::from(u32::MAX) {
        return Err(FormatError::TooManyBytes { bytes: sizes.bytes() });
    }
    let starts = std::iter::once(0).chain(sizes.chunk_ends.iter().copied());
    let offsets = starts.take(sizes.chunk_ends.len()).map(|start| (sound_start + start) as u32);
    moov.trak[0].mdia.minf.stbl.stco = Some(Stco { entries: offsets.collect() });
    out.truncate(ftyp_bytes);
    put(&mut out, &moov);
    out.extend_from_slice(&(mdat_bytes as u32).to_be_bytes());
    out.extend_from_slice(b"mdat");
    assert_eq!(out.len() as u64, sound_start, "offsets are where the sound is");
    Ok(out.into())
}

/// The frames of a chunk that are part of the file, without a copy.
pub(super) fn chunk(span: &Span, slot: Slot, frames: &Frames) -> Bytes {
    let wanted = span.frames_in(slot);
    let bytes_of = |lens: &[u16]| lens.iter().map(|&len| usize::from(len)).sum::<usize>();
    let lens = frames.lens_bytes();
    frames.bytes().slice(bytes_of(&lens[..wanted.start])..bytes_of(&lens[..wanted.end]))
}

/// The index, with offsets of 0.
fn moov(
    head: &TapeHead,
    rendition: Rendition,
    title: Option<&ShowTitle>,
    span: &Span,
    sizes: Vec<u32>,
) -> Result<Moov, FormatError> {
    let samples = sizes.len() as u32;
    let stbl = Stbl {
        stsd: sample_description(head, rendition)?,
        stts: Stts { entries: durations(span) },
        stsc: Stsc { entries: samples_per_chunk(span) },
        stsz: Stsz { samples: StszSamples::Different { sizes } },
        stco: Some(Stco { entries: vec![0; span.chunks() as usize] }),
        sgpd: vec![roll_description(Codec::Aac, false)],
        sbgp: vec![Sbgp {
            grouping_type: ROLL,
            grouping_type_parameter: None,
            entries: vec![SbgpEntry { sample_count: samples, group_description_index: 1 }],
        }],
        ..Default::default()
    };
    let mut moov = movie(stbl, span.lead_samples + span.shown_samples, span.shown_samples);
    // One edit trims both ends (ISO/IEC 14496-12 §8.6.6): play so long, from there on.
    let edit = ElstEntry {
        segment_duration: span.shown_samples,
        media_time: Some(span.lead_samples),
        media_rate: 1.into(),
    };
    moov.trak[0].edts = Some(Edts { elst: Some(Elst { entries: vec![edit] }) });
    moov.udta = title.map(|title| Udta { meta: Some(title_meta(title)), ..Default::default() });
    Ok(moov)
}

/// All frames last as long as they decode, but the last, which ends where the sound does: players that
/// overlook the end of an edit trim it by that.
fn durations(span: &Span) -> Vec<SttsEntry> {
    let (frames, frame_samples) = (span.frames_count(), u64::from(Codec::Aac.frame_samples()));
    let last = span.lead_samples + span.shown_samples - (frames - 1) * frame_samples;
    let whole = SttsEntry { sample_count: (frames - 1) as u32, sample_delta: frame_samples as u32 };
    let last = SttsEntry { sample_count: 1, sample_delta: last as u32 };
    [whole, last].into_iter().filter(|entry| entry.sample_count > 0).collect()
}

/// Chunks of the file are those of the tape: 15 samples, but fewer in the first and the last.
fn samples_per_chunk(span: &Span) -> Vec<StscEntry> {
    let mut entries: Vec<StscEntry> = Vec::new();
    for (index, slot) in span.slot_numbers().enumerate() {
        let samples_per_chunk = span.frames_in(slot).len() as u32;
        if entries.last().is_none_or(|last| last.samples_per_chunk != samples_per_chunk) {
            let first_chunk = index as u32 + 1;
            entries.push(StscEntry { first_chunk, samples_per_chunk, sample_description_index: 1 });
        }
    }
    entries
}

/// The title where players look for it: an item `©nam` of the iTunes list, UTF-8.
fn title_meta(title: &ShowTitle) -> Meta {
    const UTF_8: u32 = 1;
    let data = boxed(b"data", &[&UTF_8.to_be_bytes()[..], &[0; 4], title.as_str().as_bytes()].concat());
    let item = boxed(b"\xA9nam", &data);
    let handler = Hdlr { handler: b"mdir".into(), name: String::new() };
    Meta { hdlr: handler, items: vec![Any::Unknown(FourCC::new(b"ilst"), item)] }
}

fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let len = u32::try_from(8 + body.len()).expect("a title is short");
    [&len.to_be_bytes()[..], kind, body].concat()
}
