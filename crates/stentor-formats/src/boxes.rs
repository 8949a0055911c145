//! The boxes that live fMP4 and replay files share (ISO/IEC 14496-12, -14; Opus in ISOBMFF).

use mp4_atom::esds::{DecoderConfig, DecoderSpecific, EsDescriptor, SLConfig};
use mp4_atom::{
    AnySampleGroupEntry, Audio, Dinf, Dops, Dref, Encode, Esds, FourCC, Hdlr, Mdhd, Mdia, Minf, Moov, Mp4a,
    Mvhd, Opus, Sgpd, SgpdEntry, Smhd, Stbl, Stsd, Tkhd, Trak, Url,
};
use stentor_types::time::SAMPLE_RATE_HZ;
use stentor_types::{Codec, Rendition, TapeHead};

use crate::FormatError;
use crate::adts::AacConfig;

/// The only track of every file and stream.
pub(crate) const TRACK_ID: u32 = 1;

/// The grouping type of [`roll_description`].
pub(crate) const ROLL: FourCC = FourCC::new(b"roll");

/// Writes a box. Our boxes have no value that their fields cannot hold.
pub(crate) fn put(out: &mut Vec<u8>, atom: &impl Encode) {
    atom.encode(out).expect("every field of our boxes is in range");
}

/// The sample entry with the codec's configuration.
pub(crate) fn sample_description(head: &TapeHead, rendition: Rendition) -> Result<Stsd, FormatError> {
    if !head.has(rendition) {
        return Err(FormatError::NotOnTape(rendition));
    }
    let channels = match rendition.codec() {
        Codec::Opus => head.channels.count() as u8,
        Codec::Aac => AacConfig::of(head)?.channels,
    };
    let audio = Audio {
        data_reference_index: 1,
        channel_count: u16::from(channels),
        sample_size: 16,
        sample_rate: (SAMPLE_RATE_HZ as u16).into(),
    };
    let entry = match rendition.codec() {
        Codec::Opus => opus_entry(head, audio).into(),
        Codec::Aac => aac_entry(head, audio, rendition).into(),
    };
    Ok(Stsd { codecs: vec![entry] })
}

/// Frames before a wanted one that a decoder needs (ISO/IEC 14496-12 §10.1): 80 ms of Opus
/// (RFC 7845 §4.6), one frame of AAC for the overlap.
const fn roll_frames(codec: Codec) -> i16 {
    match codec {
        Codec::Opus => 4,
        Codec::Aac => 1,
    }
}

/// "Decoding may begin anywhere, but what comes out is right only after so many frames." With
/// `for_all`, it holds for every sample without a word in any fragment (version 2's default index).
pub(crate) fn roll_description(codec: Codec, for_all: bool) -> Sgpd {
    let distance = (-roll_frames(codec)).to_be_bytes();
    let entry = AnySampleGroupEntry::UnknownGroupingType(ROLL, distance.to_vec());
    Sgpd {
        grouping_type: ROLL,
        default_length: Some(2),
        default_group_description_index: for_all.then_some(1),
        static_group_description: false,
        static_mapping: false,
        essential: false,
        entries: vec![SgpdEntry { description_length: Some(2), entry }],
    }
}

/// A movie with one track of sound. Movie and track count in samples, so that edits are exact.
/// `media_samples` is the length of the media, `shown_samples` what the edits leave; both 0 for a stream.
pub(crate) fn movie(stbl: Stbl, media_samples: u64, shown_samples: u64) -> Moov {
    let dref = Dref { entries: vec![Url { location: String::new() }.into()] };
    let mdia = Mdia {
        mdhd: Mdhd {
            timescale: SAMPLE_RATE_HZ,
            duration: media_samples,
            language: "und".into(),
            ..Default::default()
        },
        hdlr: Hdlr { handler: b"soun".into(), name: String::new() },
        minf: Minf { smhd: Some(Smhd::default()), dinf: Dinf { dref }, stbl, ..Default::default() },
    };
    let tkhd = Tkhd {
        track_id: TRACK_ID,
        duration: shown_samples,
        enabled: true,
        in_movie: true,
        volume: 1.into(),
        ..Default::default()
    };
    Moov {
        mvhd: Mvhd {
            timescale: SAMPLE_RATE_HZ,
            duration: shown_samples,
            rate: 1.into(),
            volume: 1.into(),
            next_track_id: TRACK_ID + 1,
            ..Default::default()
        },
        trak: vec![Trak { tkhd, mdia, ..Default::default() }],
        ..Default::default()
    }
}

fn opus_entry(head: &TapeHead, audio: Audio) -> Opus {
    let dops = Dops {
        output_channel_count: head.channels.count() as u8,
        pre_skip: head.opus_pre_skip_samples,
        input_sample_rate: SAMPLE_RATE_HZ,
        output_gain: 0,
        channel_mapping: None,
    };
    Opus { audio, dops, btrt: None }
}

fn aac_entry(head: &TapeHead, audio: Audio, rendition: Rendition) -> Mp4a {
    // ISO/IEC 14496-1 §7.2.6.6: MPEG-4 audio, as a stream of sound.
    let dec_config = DecoderConfig {
        object_type_indication: 0x40,
        stream_type: 5,
        max_bitrate: rendition.kbps() * 1000,
        avg_bitrate: rendition.kbps() * 1000,
        dec_specific: Some(DecoderSpecific { raw: head.aac_config.to_vec(), ..Default::default() }),
        ..Default::default()
    };
    let es_desc = EsDescriptor { es_id: 0, dec_config, sl_config: SLConfig {}, ..Default::default() };
    Mp4a { audio, esds: Esds { es_desc }, btrt: None, taic: None }
}
