//! Ogg Opus (RFC 3533, RFC 7845), read as it arrives: the granule of each page against what is in it.
//!
//! How long a page is follows from its packets (the first byte or two of each, RFC 6716 §3.1), where it ends from its
//! granule. A page that was left out is so told from one that is short, and a listener who joins in the middle needs no
//! first granule of zero.

use crate::sound::{Gather, Malformed, Sound};

/// Ogg Opus counts at 48 kHz, whatever was recorded (RFC 7845 §4).
const RATE_HZ: u32 = 48_000;

/// Bytes of a page before its table of segments.
const FIXED_BYTES: usize = 27;

/// The longest head of a page: with a table of 255 segments.
const HEAD_BYTES_MAX: usize = FIXED_BYTES + 255;

/// Bytes of a packet that are looked at: `OpusHead` and `OpusTags` have eight, sound at most two.
const OPENING_BYTES: usize = 8;

const FLAG_CONTINUED: u8 = 1;
const FLAG_BEGIN: u8 = 2;
const FLAG_END: u8 = 4;

/// A page on which no packet ends has no granule (RFC 3533 §6).
const NO_GRANULE: u64 = u64::MAX;

/// Packets before the sound: `OpusHead` and `OpusTags`.
const HEADER_PACKETS: u8 = 2;

/// Reads one Ogg Opus stream, or several chained. **After an error it must not be fed again.**
#[derive(Clone, Debug)]
pub struct OggReader {
    head: Gather<HEAD_BYTES_MAX>,
    /// The stream that is read; pages of others are passed over.
    serial: Option<u32>,
    /// Whole packets since the stream began, up to the first of sound.
    packets: u8,
    sounding: bool,
    /// No page of sound has come since the stream began.
    begins: bool,
    page: Page,
    packet: Packet,
    checksum: Option<u32>,
}

/// The page whose body is being read.
#[derive(Clone, Copy, Debug, Default)]
struct Page {
    /// The next entry of the table of segments.
    segment: u8,
    /// Samples in packets that ended on it.
    samples: u64,
    /// It belongs to another stream.
    foreign: bool,
    in_body: bool,
}

/// The packet that is being read. One that goes on on the next page keeps what is known of it.
#[derive(Clone, Copy, Debug)]
struct Packet {
    opening: Gather<OPENING_BYTES>,
    /// Bytes left of it on this page.
    left: u32,
    begun: bool,
    ends_here: bool,
    /// Its beginning was not seen.
    unknown: bool,
}

const NO_PACKET: Packet =
    Packet { opening: Gather::EMPTY, left: 0, begun: false, ends_here: false, unknown: false };

impl OggReader {
    /// A reader at the beginning of a stream. `checked`: whether pages' checksums are verified, which costs more than
    /// all the rest.
    pub fn new(checked: bool) -> Self {
        Self {
            head: Gather::EMPTY,
            serial: None,
            packets: 0,
            sounding: false,
            begins: true,
            page: Page::default(),
            packet: NO_PACKET,
            checksum: checked.then_some(0),
        }
    }

    /// Whether a byte of sound has arrived, be it part of a page that is not whole yet.
    pub fn is_sounding(&self) -> bool {
        self.sounding
    }

    /// Takes the next bytes and gives each page of sound that is whole.
    ///
    /// # Errors
    /// If they are no Ogg Opus.
    pub fn read(&mut self, mut input: &[u8], heard: &mut impl FnMut(Sound)) -> Result<(), Malformed> {
        while !input.is_empty() {
            if !self.page.in_body {
                if !self.read_head(&mut input)? {
                    return Ok(());
                }
                self.begin_page()?;
            }
            if self.read_body(&mut input)? {
                self.end_page(heard)?;
            }
        }
        Ok(())
    }

    /// The head of a page and its table; whether they are whole.
    fn read_head(&mut self, input: &mut &[u8]) -> Result<bool, Malformed> {
        if !self.head.fill(input, FIXED_BYTES) {
            return Ok(false);
        }
        let head = self.head.bytes();
        if !head.starts_with(b"OggS\0") {
            return Err(Malformed("no page of Ogg begins where the last one ended"));
        }
        let segments = usize::from(head[26]);
        Ok(self.head.fill(input, FIXED_BYTES + segments))
    }

    fn begin_page(&mut self) -> Result<(), Malformed> {
        let head = self.head.bytes();
        let flags = head[5];
        let serial = self.le32(14);
        if let Some(crc) = &mut self.checksum {
            // The checksum is that of the page with zeros in its place.
            *crc = crc32(crc32(crc32(0, &head[..22]), &[0; 4]), &head[26..]);
        }
        self.page = Page { in_body: true, ..Page::default() };
        if flags & FLAG_BEGIN != 0 {
            (self.serial, self.packets, self.packet) = (Some(serial), 0, NO_PACKET);
            self.begins = true;
        } else if self.serial.is_none() {
            return Err(Malformed("the first page does not begin a stream"));
        }
        self.page.foreign = self.serial != Some(serial);
        if self.page.foreign {
            return Ok(());
        }
        if flags & FLAG_CONTINUED == 0 {
            // What was open stays so for ever: the page that had its end was left out.
            self.packet = NO_PACKET;
        } else if !self.packet.begun {
            self.packet = Packet { begun: true, unknown: true, ..NO_PACKET };
        }
        Ok(())
    }

    /// The packets of a page; whether the page is whole.
    fn read_body(&mut self, input: &mut &[u8]) -> Result<bool, Malformed> {
        loop {
            if self.packet.left == 0 && !self.next_run() {
                return Ok(true);
            }
            let take = (self.packet.left as usize).min(input.len());
            let (mut taken, rest) = input.split_at(take);
            *input = rest;
            if let Some(crc) = &mut self.checksum {
                *crc = crc32(*crc, taken);
            }
            self.packet.left -= take as u32;
            if !self.page.foreign {
                if !self.packet.unknown {
                    self.packet.opening.fill(&mut taken, OPENING_BYTES);
                }
                self.sounding |= take > 0 && self.packets >= HEADER_PACKETS;
            }
            if self.packet.left > 0 {
                return Ok(false);
            }
            if self.packet.ends_here && !self.page.foreign {
                self.end_packet()?;
            }
        }
    }

    /// Finds the bytes on this page of the packet that goes on or begins; `false` at the end of the table.
    fn next_run(&mut self) -> bool {
        let table = &self.head.bytes()[FIXED_BYTES..];
        let rest = &table[usize::from(self.page.segment)..];
        if rest.is_empty() {
            return false;
        }
        let whole = rest.iter().take_while(|&&bytes| bytes == 255).count();
        let last = rest.get(whole);
        self.page.segment += (whole + usize::from(last.is_some())) as u8;
        self.packet.left = whole as u32 * 255 + u32::from(last.copied().unwrap_or(0));
        self.packet.ends_here = last.is_some();
        self.packet.begun = true;
        true
    }

    fn end_packet(&mut self) -> Result<(), Malformed> {
        let opening = self.packet.opening.bytes();
        match self.packets {
            0 if opening != b"OpusHead" => return Err(Malformed("the stream is Ogg, but not Opus")),
            1 if opening != b"OpusTags" => return Err(Malformed("OpusTags do not follow OpusHead")),
            0 | 1 => self.packets += 1,
            _ => self.page.samples += samples(opening),
        }
        self.packet = NO_PACKET;
        Ok(())
    }

    fn end_page(&mut self, heard: &mut impl FnMut(Sound)) -> Result<(), Malformed> {
        if self.checksum.is_some_and(|crc| crc != self.le32(22)) {
            return Err(Malformed("a page's checksum is wrong"));
        }
        let granule = u64::from(self.le32(6)) | u64::from(self.le32(10)) << 32;
        if !self.page.foreign && self.page.samples > 0 && granule != NO_GRANULE {
            let begins = std::mem::take(&mut self.begins);
            // The last page's granule may cut off the end of its last packet (RFC 7845 §4.4).
            let is_last = self.head.bytes()[5] & FLAG_END != 0;
            let end = (!is_last).then_some(granule);
            heard(Sound { end, samples: self.page.samples, rate_hz: RATE_HZ, begins });
        }
        self.page.in_body = false;
        self.head.clear();
        Ok(())
    }

    /// A number in the head, which is whole.
    fn le32(&self, at: usize) -> u32 {
        self.head.be32(at).map_or(0, u32::swap_bytes)
    }
}

/// How long a packet is, by its first two bytes (RFC 6716 §3.1, §3.2). One of no bytes is no sound.
fn samples(opening: &[u8]) -> u64 {
    let Some(&toc) = opening.first() else { return 0 };
    let config = usize::from(toc >> 3);
    let frame = match config {
        0..12 => [480, 960, 1920, 2880][config % 4],
        12..16 => [480, 960][config % 2],
        _ => [120, 240, 480, 960][config % 4],
    };
    let frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u64::from(opening.get(1).map_or(0, |count| count & 63)),
    };
    frame * frames
}

/// Ogg's CRC (RFC 3533 §6): polynomial 04c11db7, neither reflected nor inverted; `crc` is that of what came before.
fn crc32(crc: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(crc, |crc, &byte| (crc << 8) ^ CRC_OF_BYTE[usize::from((crc >> 24) as u8 ^ byte)])
}

const CRC_OF_BYTE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = (byte as u32) << 24;
        let mut bits = 8;
        while bits > 0 {
            crc = if crc & 1 << 31 != 0 { crc << 1 ^ 0x04C1_1DB7 } else { crc << 1 };
            bits -= 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests;
