//! Streams for tests, by other people's writers where there are any. Each is its head and then groups of sound, so that a
//! test can leave one out, repeat it, or cut it.

use mp4_atom::{Encode as _, Mfhd, Moof, Tfdt, Tfhd, Traf, Trun, TrunEntry, TrunSamples};
use ogg::{PacketWriteEndInfo, PacketWriter};

/// Samples of an Opus frame of 20 ms.
pub(crate) const OPUS_SAMPLES: u64 = 960;

/// Configuration 15 of RFC 6716 §3.1: hybrid, 20 ms; one frame in the packet.
const TOC: u8 = 15 << 3;

const PACKET_BYTES: usize = 80;

/// A stream in pieces: what comes first, and groups of sound.
pub(crate) struct Made {
    pub(crate) content_type: &'static str,
    pub(crate) head: Vec<u8>,
    pub(crate) groups: Vec<Vec<u8>>,
}

impl Made {
    pub(crate) fn whole(&self) -> Vec<u8> {
        [&self.head[..], &self.groups.concat()].concat()
    }
}

/// Ogg Opus: a page for each group. Like a live stream's, its granules need not begin at 0.
pub(crate) fn ogg(groups: u64, frames: u64) -> Made {
    let mut writer = PacketWriter::new(Vec::new());
    let id = [&b"OpusHead\x01\x01"[..], &[0x38, 1, 0x80, 0xBB, 0, 0, 0, 0, 0]].concat();
    let tags = [&b"OpusTags"[..], &[4, 0, 0, 0], b"made", &[0, 0, 0, 0]].concat();
    for header in [id, tags] {
        writer.write_packet(header, 7, PacketWriteEndInfo::EndPage, 0).expect("memory");
    }
    let mut ends = vec![writer.inner().len()];
    for group in 1..=groups {
        for frame in 1..=frames {
            let info =
                if frame == frames { PacketWriteEndInfo::EndPage } else { PacketWriteEndInfo::NormalPacket };
            let granule = group * frames * OPUS_SAMPLES;
            writer.write_packet(packet(group), 7, info, granule).expect("memory");
        }
        ends.push(writer.inner().len());
    }
    let bytes = writer.into_inner();
    let groups = ends.windows(2).map(|ends| bytes[ends[0]..ends[1]].to_vec()).collect();
    Made { content_type: "audio/ogg", head: bytes[..ends[0]].to_vec(), groups }
}

fn packet(group: u64) -> Vec<u8> {
    let mut packet = vec![group as u8; PACKET_BYTES];
    packet[0] = TOC;
    packet
}

/// Fragmented MP4 of Opus: a fragment for each group.
pub(crate) fn fmp4(groups: u64, frames: u64) -> Made {
    let fragments = (0..groups).map(|group| fragment(group * frames * OPUS_SAMPLES, frames)).collect();
    Made { content_type: "audio/mp4", head: init(), groups: fragments }
}

fn fragment(start: u64, frames: u64) -> Vec<u8> {
    let entry = TrunEntry { size: Some(PACKET_BYTES as u32), ..TrunEntry::default() };
    let moof = Moof {
        mfhd: Mfhd { sequence_number: 1 },
        traf: vec![Traf {
            tfhd: Tfhd { track_id: 1, default_base_is_moof: true, ..Tfhd::default() },
            tfdt: Some(Tfdt { base_media_decode_time: start }),
            trun: vec![Trun {
                data_offset: Some(0),
                samples: TrunSamples::Explicit(vec![entry; frames as usize]),
            }],
            ..Traf::default()
        }],
    };
    let mut out = Vec::new();
    moof.encode(&mut out).expect("memory");
    out.extend(boxed(b"mdat", &vec![0; PACKET_BYTES * frames as usize]));
    out
}

/// The least that a reader of the media clock needs: a timescale and a default duration.
fn init() -> Vec<u8> {
    let mdhd = [0, 0, 0, 48_000, 0, 0x55C4_0000_u32].map(u32::to_be_bytes).concat();
    let trex = [0, 1, 1, OPUS_SAMPLES as u32, 0, 0].map(u32::to_be_bytes).concat();
    let trak = boxed(b"trak", &boxed(b"mdia", &boxed(b"mdhd", &mdhd)));
    let moov = [trak, boxed(b"mvex", &boxed(b"trex", &trex))].concat();
    [boxed(b"ftyp", b"iso6\0\0\0\0"), boxed(b"moov", &moov)].concat()
}

pub(crate) fn boxed(name: &[u8; 4], payload: &[u8]) -> Vec<u8> {
    let len = 8 + payload.len() as u32;
    [&len.to_be_bytes()[..], name, payload].concat()
}

/// ADTS: AAC-LC at 48 kHz, mono.
pub(crate) fn adts(groups: u64, frames: u64) -> Made {
    let len = 7 + PACKET_BYTES;
    let header = [0xFF, 0xF1, 0x4C, 0x40, (len >> 3) as u8, ((len & 7) << 5) as u8 | 0x1F, 0xFC];
    let frame = [&header[..], &[0; PACKET_BYTES]].concat();
    let group = frame.repeat(frames as usize);
    Made { content_type: "audio/aac", head: Vec::new(), groups: vec![group; groups as usize] }
}
