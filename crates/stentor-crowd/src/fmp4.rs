//! Fragmented MP4 (ISO/IEC 14496-12 §8.8, CMAF), read as it arrives: `tfdt` and the durations in `trun` against what
//! `mdat` holds.
//!
//! One track of sound. Boxes are walked flat: a container's header is stepped over, and only the end of the outermost
//! box is kept, within which all others must end.

use crate::sound::{Gather, Malformed, Sound, skip};

/// The largest `moov`, `moof` or other box besides `mdat`: 64 KiB are a fragment of 4,000 samples with four numbers each.
const BOX_BYTES_MAX: u64 = 1 << 20;

/// The largest `mdat`: 30 s of 4 Mbit/s.
const SOUND_BYTES_MAX: u64 = 16 << 20;

/// What is looked at of a box that is not walked: `tfhd` with all its fields (§8.8.7) has 28 bytes.
const FIELDS_BYTES: usize = 32;

/// Reads the boxes of one stream: the init segment and the fragments after it. **After an error it must not be fed again.**
#[derive(Clone, Debug)]
pub struct Fmp4Reader {
    state: State,
    header: Gather<16>,
    fields: Gather<FIELDS_BYTES>,
    /// Bytes so far.
    at: u64,
    /// Where the outermost box ends.
    outer_end: u64,
    outer: [u8; 4],
    track: Track,
    fragment: Fragment,
    sounding: bool,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Header,
    /// A box whose fields are gathered: its name and the bytes left of it.
    Fields([u8; 4], u64),
    /// The samples of a `trun`.
    Samples(Samples),
    Sound(u64),
    Skip(u64),
}

/// The rest of a `trun` behind its first fields.
#[derive(Clone, Copy, Debug)]
struct Samples {
    /// Bytes of the box that are left.
    box_left: u64,
    /// Fields of the run that are passed over.
    before: u64,
    count: u32,
    entry: Entry,
}

/// What each sample says of itself (§8.8.8): 4 bytes each.
#[derive(Clone, Copy, Debug)]
struct Entry {
    has_duration: bool,
    has_size: bool,
    bytes: u8,
}

#[derive(Clone, Copy, Debug, Default)]
struct Track {
    rate_hz: u32,
    sample_duration: u32,
    sample_size: u32,
    /// A `moov` was there.
    known: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Fragment {
    start: Option<u64>,
    duration: u64,
    bytes: u64,
    sample_duration: u32,
    sample_size: u32,
    runs: u8,
}

impl Default for Fmp4Reader {
    fn default() -> Self {
        Self {
            state: State::Header,
            header: Gather::EMPTY,
            fields: Gather::EMPTY,
            at: 0,
            outer_end: 0,
            outer: *b"none",
            track: Track::default(),
            fragment: Fragment::default(),
            sounding: false,
        }
    }
}

impl Fmp4Reader {
    /// Whether a byte of sound has arrived, be it part of a fragment that is not whole yet.
    pub fn is_sounding(&self) -> bool {
        self.sounding
    }

    /// Takes the next bytes and gives each fragment that is whole.
    ///
    /// # Errors
    /// If they are no fragmented MP4.
    pub fn read(&mut self, mut input: &[u8], heard: &mut impl FnMut(Sound)) -> Result<(), Malformed> {
        while !input.is_empty() {
            let before = input.len();
            self.step(&mut input, heard)?;
            self.at += (before - input.len()) as u64;
        }
        Ok(())
    }

    /// Goes as far as the next border between two parts of a box.
    fn step(&mut self, input: &mut &[u8], heard: &mut impl FnMut(Sound)) -> Result<(), Malformed> {
        match &mut self.state {
            State::Header => {
                let began = self.at - self.header.bytes().len() as u64;
                let wanted = if self.header.be32(0) == Some(1) { 16 } else { 8 };
                if self.header.fill(input, wanted) && (wanted == 16 || self.header.be32(0) != Some(1)) {
                    self.begin_box(began)?;
                    self.header.clear();
                }
            }
            State::Fields(name, left) => {
                let (name, before) = (*name, input.len());
                let wanted = if &name == b"trun" { 8 } else { FIELDS_BYTES };
                let wanted = wanted.min(self.fields.bytes().len() + *left as usize);
                let whole = self.fields.fill(input, wanted);
                *left -= (before - input.len()) as u64;
                let left = *left;
                if whole {
                    self.state = State::Skip(left);
                    self.end_fields(name, left)?;
                    self.fields.clear();
                }
            }
            State::Samples(samples) => {
                let before = input.len();
                let whole = samples.read(input, &mut self.fields, &mut self.fragment);
                samples.box_left -= (before - input.len()) as u64;
                if whole {
                    self.state = State::Skip(samples.box_left);
                    self.fields.clear();
                }
            }
            State::Sound(left) => {
                self.sounding = true;
                if skip(input, left) {
                    self.state = State::Header;
                    self.end_sound(heard);
                }
            }
            State::Skip(left) => {
                if skip(input, left) {
                    self.state = State::Header;
                }
            }
        }
        // What has no bytes is over at once.
        if matches!(self.state, State::Skip(0)) {
            self.state = State::Header;
        }
        Ok(())
    }

    /// The header of a box is whole, which began at `began`.
    fn begin_box(&mut self, began: u64) -> Result<(), Malformed> {
        let header = self.header.bytes();
        let (header_bytes, name) = (header.len() as u64, [header[4], header[5], header[6], header[7]]);
        let bytes = match self.header.be32(0) {
            Some(1) => self.header.be64(8).unwrap_or_default(),
            short => u64::from(short.unwrap_or_default()),
        };
        let Some(payload) = bytes.checked_sub(header_bytes) else {
            return Err(Malformed("a box is shorter than its own header, or has no end"));
        };
        let limit = if &name == b"mdat" { SOUND_BYTES_MAX } else { BOX_BYTES_MAX };
        if payload > limit {
            return Err(Malformed("a box is longer than any that is needed for live sound"));
        }
        if began >= self.outer_end {
            (self.outer, self.outer_end) = (name, began + bytes);
            self.begin_outer(&name, payload)?;
        } else if began + bytes > self.outer_end {
            return Err(Malformed("a box is longer than the one around it"));
        }
        self.state = match &name {
            b"moov" | b"trak" | b"mdia" | b"mvex" | b"moof" | b"traf" => State::Header,
            b"mdhd" | b"trex" | b"tfhd" | b"tfdt" | b"trun" if payload > 0 => State::Fields(name, payload),
            b"mdat" if payload > 0 => State::Sound(payload),
            _ => State::Skip(payload),
        };
        Ok(())
    }

    fn begin_outer(&mut self, name: &[u8; 4], payload: u64) -> Result<(), Malformed> {
        match name {
            b"moov" => self.track = Track { known: true, ..Track::default() },
            b"moof" if !self.track.known => return Err(Malformed("a fragment comes before the movie box")),
            b"moof" if self.fragment.runs > 0 => return Err(Malformed("a fragment has no sound behind it")),
            b"moof" => {
                self.fragment = Fragment {
                    sample_duration: self.track.sample_duration,
                    sample_size: self.track.sample_size,
                    ..Fragment::default()
                }
            }
            b"mdat" if self.fragment.runs > 0 && self.fragment.bytes != payload => {
                return Err(Malformed("the sound of a fragment is not as long as its samples together"));
            }
            // ISO/IEC 14496-12 §4.3: every file begins so; a player would not know what else it is.
            b"ftyp" | b"styp" | b"sidx" | b"emsg" | b"prft" | b"free" | b"skip" | b"mdat" | b"uuid"
            | b"mfra" => {}
            _ => return Err(Malformed("no box of MP4 begins where the last one ended")),
        }
        Ok(())
    }

    /// The fields of a box that are looked at have been gathered; `left` bytes of it are not.
    fn end_fields(&mut self, name: [u8; 4], left: u64) -> Result<(), Malformed> {
        let fields = &self.fields;
        let short = Malformed("a box is shorter than its fields");
        let version_and_flags = fields.be32(0).ok_or(short)?;
        let (version, flags) = (version_and_flags >> 24, version_and_flags & 0xFF_FFFF);
        match &name {
            b"mdhd" => {
                let rate_hz = fields.be32(if version == 1 { 20 } else { 12 }).ok_or(short)?;
                if rate_hz == 0 {
                    return Err(Malformed("the timescale is zero"));
                }
                self.track.rate_hz = rate_hz;
            }
            b"trex" => {
                self.track.sample_duration = fields.be32(12).ok_or(short)?;
                self.track.sample_size = fields.be32(16).ok_or(short)?;
            }
            b"tfhd" => {
                // base-data-offset (8 bytes) and sample-description-index stand before.
                let at = 8 + if flags & 1 != 0 { 8 } else { 0 } + if flags & 2 != 0 { 4 } else { 0 };
                if flags & 8 != 0 {
                    self.fragment.sample_duration = fields.be32(at).ok_or(short)?;
                }
                if flags & 0x10 != 0 {
                    let at = at + if flags & 8 != 0 { 4 } else { 0 };
                    self.fragment.sample_size = fields.be32(at).ok_or(short)?;
                }
            }
            b"tfdt" => {
                let start = if version == 1 { fields.be64(4) } else { fields.be32(4).map(u64::from) };
                self.fragment.start = Some(start.ok_or(short)?);
            }
            _ => self.begin_samples(flags, left)?,
        }
        Ok(())
    }

    fn begin_samples(&mut self, flags: u32, box_left: u64) -> Result<(), Malformed> {
        let count = self.fields.be32(4).ok_or(Malformed("a box is shorter than its fields"))?;
        let has = |flag: u32| flags & flag != 0;
        let entry = Entry {
            has_duration: has(0x100),
            has_size: has(0x200),
            bytes: [0x100, 0x200, 0x400, 0x800].into_iter().map(|flag| 4 * u8::from(has(flag))).sum(),
        };
        let before = 4 * (u64::from(has(1)) + u64::from(has(4)));
        if before + u64::from(count) * u64::from(entry.bytes) != box_left {
            return Err(Malformed("a run of samples is not as long as its count says"));
        }
        let fragment = &mut self.fragment;
        fragment.runs = fragment.runs.saturating_add(1);
        if !entry.has_duration {
            fragment.duration =
                fragment.duration.saturating_add(u64::from(count) * u64::from(fragment.sample_duration));
        }
        if !entry.has_size {
            fragment.bytes =
                fragment.bytes.saturating_add(u64::from(count) * u64::from(fragment.sample_size));
        }
        if entry.has_duration || entry.has_size {
            self.state = State::Samples(Samples { box_left, before, count, entry });
        }
        Ok(())
    }

    fn end_sound(&mut self, heard: &mut impl FnMut(Sound)) {
        let Fragment { start, duration, runs, .. } = std::mem::take(&mut self.fragment);
        if runs > 0 && self.track.rate_hz > 0 {
            let end = start.map(|start| start.saturating_add(duration));
            heard(Sound { end, samples: duration, rate_hz: self.track.rate_hz, begins: false });
        }
    }
}

impl Samples {
    /// Adds up the samples; whether that was all of them.
    fn read(
        &mut self,
        input: &mut &[u8],
        fields: &mut Gather<FIELDS_BYTES>,
        fragment: &mut Fragment,
    ) -> bool {
        if self.before > 0 {
            fields.clear();
            if !skip(input, &mut self.before) {
                return false;
            }
        }
        while self.count > 0 {
            if !fields.fill(input, usize::from(self.entry.bytes)) {
                return false;
            }
            if self.entry.has_duration {
                let duration = u64::from(fields.be32(0).unwrap_or_default());
                fragment.duration = fragment.duration.saturating_add(duration);
            }
            if self.entry.has_size {
                let at = if self.entry.has_duration { 4 } else { 0 };
                let bytes = u64::from(fields.be32(at).unwrap_or_default());
                fragment.bytes = fragment.bytes.saturating_add(bytes);
            }
            fields.clear();
            self.count -= 1;
        }
        true
    }
}

#[cfg(test)]
mod tests;
