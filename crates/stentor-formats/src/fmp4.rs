//! Fragmented MP4 (CMAF, ISO/IEC 23000-19): the stream of `live.mp4` and the segments of HLS.
//!
//! A fragment is one `moof` and one `mdat` for a whole run of chunks: 96 bytes and 4 for each
//! frame, since everything constant stands in the init segment. It has no `styp`, which RFC 8216 §3.3 does
//! not ask for: so an HLS segment and a fragment of the stream are the same bytes.

use bytes::Bytes;
use mp4_atom::{Ftyp, Mfhd, Moof, Mvex, Stbl, Stco, Tfdt, Tfhd, Traf, Trex, Trun, TrunEntry, TrunSamples};
use stentor_types::{Frames, Rendition, Slot, TapeHead};

use crate::FormatError;
use crate::boxes::{TRACK_ID, movie, put, roll_description, sample_description};

/// Bytes of a fragment that are not sound, without its frames' sizes: moof 8 + mfhd 16 + traf 8 + tfhd 16
/// + tfdt 20 + trun 20, and the header of mdat, 8.
pub const FRAGMENT_FIXED_BYTES: usize = 96;

/// Bytes of a fragment that are not sound, for each frame: its size in `trun`.
pub const FRAGMENT_FRAME_BYTES: usize = 4;

/// Each frame stands alone (`sample_depends_on` = 2) and is a sync sample (ISO/IEC 14496-12 §8.8.3.1).
const SAMPLE_FLAGS: u32 = 0x0200_0000;

/// The init segment. It is the same for all Opus renditions of a tape.
pub fn init(head: &TapeHead, rendition: Rendition) -> Result<Bytes, FormatError> {
    let codec = rendition.codec();
    let stbl = Stbl {
        stsd: sample_description(head, rendition)?,
        stco: Some(Stco::default()),
        sgpd: vec![roll_description(codec, true)],
        ..Default::default()
    };
    let mut moov = movie(stbl, 0, 0);
    moov.mvex = Some(Mvex {
        mehd: None,
        trex: vec![Trex {
            track_id: TRACK_ID,
            default_sample_description_index: 1,
            default_sample_duration: codec.frame_samples(),
            default_sample_size: 0,
            default_sample_flags: SAMPLE_FLAGS,
        }],
    });
    let ftyp = Ftyp {
        major_brand: b"iso6".into(),
        minor_version: 0,
        compatible_brands: vec![b"iso6".into(), b"cmfc".into(), b"mp41".into()],
    };
    let mut out = Vec::with_capacity(1024);
    put(&mut out, &ftyp);
    put(&mut out, &moov);
    Ok(out.into())
}

/// The fragment of neighbouring chunks, the first in slot `first`. Its decode time is `first.start()` on the
/// media clock. There must be at least one chunk.
pub fn fragment(first: Slot, chunks: &[&Frames]) -> Bytes {
    assert!(!chunks.is_empty(), "a fragment holds sound");
    let sizes = chunks.iter().flat_map(|frames| frames.lens_bytes());
    let samples: Vec<_> =
        sizes.map(|&size| TrunEntry { size: Some(u32::from(size)), ..Default::default() }).collect();
    let head_bytes = FRAGMENT_FIXED_BYTES + FRAGMENT_FRAME_BYTES * samples.len();
    let sound_bytes: usize = chunks.iter().map(|frames| frames.bytes().len()).sum();
    let moof = Moof {
        // Readers only ask that it rises; slots do, and wrap after 43 years.
        mfhd: Mfhd { sequence_number: (first.0 as u32).wrapping_add(1) },
        traf: vec![Traf {
            tfhd: Tfhd { track_id: TRACK_ID, default_base_is_moof: true, ..Default::default() },
            tfdt: Some(Tfdt { base_media_decode_time: first.start().0 }),
            trun: vec![Trun {
                data_offset: Some(i32::try_from(head_bytes).expect("a few thousand frames at most")),
                samples: TrunSamples::Explicit(samples),
            }],
            ..Default::default()
        }],
    };
    let mut out = Vec::with_capacity(head_bytes + sound_bytes);
    put(&mut out, &moof);
    out.extend_from_slice(&u32::try_from(8 + sound_bytes).expect("a run of chunks is small").to_be_bytes());
    out.extend_from_slice(b"mdat");
    assert_eq!(out.len(), head_bytes, "the boxes have the size that data_offset says");
    for frames in chunks {
        out.extend_from_slice(frames.bytes());
    }
    out.into()
}
