//! ADTS (ISO/IEC 14496-3 §1.A.3), read as it arrives: how many frames, by their headers.
//!
//! There is no clock in it: a frame that is missing shows only as sound that falls behind the wall clock.

use crate::sound::{Gather, Malformed, Sound, skip};

/// A header without its checksum, which counts as sound here.
const HEADER_BYTES: usize = 7;

/// Samples of one raw data block of AAC-LC.
const BLOCK_SAMPLES: u64 = 1024;

/// Bytes that may go by before two headers agree: who joins in the middle of a frame meets the next one within 8,191
/// bytes, the longest that its 13 bits can tell, and its sound may look like a header once.
const HUNT_BYTES_MAX: u32 = 2 * 8_191;

const RATES_HZ: [u32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];

/// Reads ADTS from any place in a stream. **After an error it must not be fed again.**
#[derive(Clone, Debug)]
pub struct AdtsReader {
    header: Gather<HEADER_BYTES>,
    /// What of a header is the same in each: 28 bits.
    fixed: Option<u32>,
    /// A second header followed where the first one said.
    locked: bool,
    hunted: u32,
    /// The frame whose bytes are going by.
    frame: Option<Frame>,
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    left: u64,
    samples: u64,
    rate_hz: u32,
}

impl Default for AdtsReader {
    fn default() -> Self {
        Self { header: Gather::EMPTY, fixed: None, locked: false, hunted: 0, frame: None }
    }
}

impl AdtsReader {
    /// Whether a byte of sound has arrived.
    pub fn is_sounding(&self) -> bool {
        self.fixed.is_some()
    }

    /// Takes the next bytes and gives each frame that is whole.
    ///
    /// # Errors
    /// If they are no ADTS.
    pub fn read(&mut self, mut input: &[u8], heard: &mut impl FnMut(Sound)) -> Result<(), Malformed> {
        loop {
            if let Some(frame) = &mut self.frame {
                if !skip(&mut input, &mut frame.left) {
                    return Ok(());
                }
                heard(Sound { end: None, samples: frame.samples, rate_hz: frame.rate_hz, begins: false });
                self.frame = None;
            }
            if !self.header.fill(&mut input, HEADER_BYTES) {
                return Ok(());
            }
            self.frame = parse(self.header.bytes()).filter(|_| self.agrees());
            if self.frame.is_some() {
                self.locked |= self.fixed.is_some();
                self.fixed = Some(self.fixed_bits());
                self.header.clear();
            } else {
                self.hunt()?;
            }
        }
    }

    fn agrees(&self) -> bool {
        self.fixed.is_none_or(|fixed| fixed == self.fixed_bits())
    }

    fn fixed_bits(&self) -> u32 {
        self.header.be32(0).unwrap_or_default() >> 4
    }

    /// Moves on by one byte, which is allowed until two headers have agreed.
    fn hunt(&mut self) -> Result<(), Malformed> {
        if self.locked {
            return Err(Malformed("no frame of ADTS begins where the last one ended"));
        }
        self.hunted += 1;
        if self.hunted > HUNT_BYTES_MAX {
            return Err(Malformed("there is no ADTS in it"));
        }
        self.fixed = None;
        let header = self.header;
        self.header.clear();
        let mut rest = &header.bytes()[1..];
        self.header.fill(&mut rest, HEADER_BYTES);
        Ok(())
    }
}

/// The frame behind a header, if it is one: sync word, layer 0, a rate, a length that includes the header.
fn parse(header: &[u8]) -> Option<Frame> {
    let [h0, h1, h2, h3, h4, h5, h6] = *header else { return None };
    if h0 != 0xFF || h1 & 0xF6 != 0xF0 {
        return None;
    }
    let rate_hz = *RATES_HZ.get(usize::from(h2 >> 2 & 15))?;
    let len = u64::from(h3 & 3) << 11 | u64::from(h4) << 3 | u64::from(h5) >> 5;
    let left = len.checked_sub(HEADER_BYTES as u64)?;
    Some(Frame { left, samples: BLOCK_SAMPLES * (u64::from(h6 & 3) + 1), rate_hz })
}

#[cfg(test)]
mod tests;
