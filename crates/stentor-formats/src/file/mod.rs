//! The replay as a virtual file: known to its last byte before any sound is read, and made from the tape
//! while it is sent. AAC becomes an M4A, Opus an Ogg Opus file.
//!
//! A file covers a range of the media clock exact to a sample: the codec's delay is trimmed at the start,
//! and the rest of the last frame at the end. It begins a few frames early, which a decoder needs to
//! settle and does not play. A hole is filled with the tape's filler, so that a second of the show
//! stays a second of the file.
//!
//! **Drive it so:** ask [`FileLayout::slots`] which chunks are needed, give their frame lengths to
//! [`FileLayout::new`], then for each request walk [`FileLayout::pieces`] and turn each [`Piece::Chunk`] into
//! bytes with [`FileLayout::chunk_bytes`].

mod m4a;
mod ogg_file;
mod span;

use std::ops::Range;

use bytes::Bytes;
use stentor_types::{Codec, Frames, MediaTime, Rendition, ShowTitle, Slot, TapeHead};

use crate::FormatError;
use span::Span;

/// The longest recording that a file holds, 24 h: 86,400 s / 0.32 s.
///
/// A layout keeps 9 bytes a chunk, and for M4A the head of the file with 4 bytes a frame and 4 a chunk.
/// 3 h are 33,750 chunks and 506,250 AAC frames: 0.3 MB for Ogg, 2.5 MB for M4A (5 MB while it is made).
/// 24 h are 8 times as much. So a server keeps the layout of a recording and does not make one for each request.
pub const FILE_CHUNKS_MAX: u64 = 270_000;

/// What kind of file a rendition becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// MP4 with AAC, index first, so that players start at once.
    M4a,
    /// Ogg Opus, a page for each chunk.
    Opus,
}

impl FileKind {
    /// The file that carries the rendition.
    pub const fn of(rendition: Rendition) -> Self {
        match rendition.codec() {
            Codec::Aac => Self::M4a,
            Codec::Opus => Self::Opus,
        }
    }

    /// The file's media type.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::M4a => "audio/mp4",
            Self::Opus => "audio/ogg",
        }
    }
}

/// A part of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// These bytes.
    Literal(Bytes),
    /// The bytes `within` what [`FileLayout::chunk_bytes`] gives for the chunk of `slot`.
    Chunk {
        /// The chunk's slot.
        slot: Slot,
        /// Never empty.
        within: Range<usize>,
    },
}

/// Where every byte of a replay file comes from.
#[derive(Clone, Debug)]
pub struct FileLayout {
    rendition: Rendition,
    span: Span,
    serial: u32,
    /// What comes before the sound.
    intro: Bytes,
    /// Where in the file each chunk ends.
    ends: Box<[u64]>,
    /// Which chunks are holes.
    holes: Box<[bool]>,
    filler: Frames,
    etag_seed: u64,
}

impl FileLayout {
    /// The slots whose chunks are needed for a file of `range`. They reach a little beyond it, since decoders
    /// need some frames before, and codecs are late.
    pub fn slots(head: &TapeHead, rendition: Rendition, range: &Range<MediaTime>) -> Range<Slot> {
        Span::new(head, rendition.codec(), range).slots()
    }

    /// Lays out the file of `rendition` that plays exactly `range`. `lens_of` gives the frame lengths of a
    /// chunk, or `None` for a hole; it is called once for each of [`Self::slots`], in order.
    pub fn new<L: AsRef<[u16]>>(
        head: &TapeHead,
        rendition: Rendition,
        title: Option<&ShowTitle>,
        range: Range<MediaTime>,
        mut lens_of: impl FnMut(Slot) -> Option<L>,
    ) -> Result<Self, FormatError> {
        let filler = head.filler.get(rendition).ok_or(FormatError::NotOnTape(rendition))?.clone();
        if range.start >= range.end {
            return Err(FormatError::Nothing);
        }
        let span = Span::new(head, rendition.codec(), &range);
        let chunks = span.chunks();
        if chunks > FILE_CHUNKS_MAX {
            return Err(FormatError::TooLong { chunks, chunks_max: FILE_CHUNKS_MAX });
        }
        let mut sizes = Sizes::for_chunks(chunks as usize);
        let mut holes = Vec::with_capacity(chunks as usize);
        let mut seed = Fnv::new();
        seed.add(head.show.as_str().as_bytes());
        seed.add(&head.anchor.0.to_be_bytes());
        seed.add(rendition.name().as_bytes());
        seed.add(title.map_or("", ShowTitle::as_str).as_bytes());
        seed.add(&range.start.0.to_be_bytes());
        seed.add(&range.end.0.to_be_bytes());
        for slot in span.slot_numbers() {
            let lens = lens_of(slot);
            holes.push(lens.is_none());
            let lens = lens.as_ref().map_or(filler.lens_bytes(), AsRef::as_ref);
            check(rendition.codec(), slot, lens)?;
            let lens = &lens[span.frames_in(slot)];
            seed.add(&[u8::from(holes.last() == Some(&true))]);
            lens.iter().for_each(|len| seed.add(&len.to_be_bytes()));
            sizes.add(rendition.codec(), lens);
        }
        let serial = crate::ogg::serial(head, rendition);
        let mut ends = sizes.chunk_ends.clone();
        let intro = match FileKind::of(rendition) {
            FileKind::M4a => m4a::intro(head, rendition, title, &span, sizes)?,
            FileKind::Opus => ogg_file::intro(head, title, &span, serial),
        };
        ends.iter_mut().for_each(|end| *end += intro.len() as u64);
        let ends = ends.into();
        let (holes, etag_seed) = (holes.into(), seed.0);
        Ok(Self { rendition, span, serial, intro, ends, holes, filler, etag_seed })
    }

    /// Whose frames it is made of.
    pub const fn rendition(&self) -> Rendition {
        self.rendition
    }

    /// What kind of file it is.
    pub const fn kind(&self) -> FileKind {
        FileKind::of(self.rendition)
    }

    /// Bytes of the whole file.
    #[expect(clippy::len_without_is_empty, reason = "a file always has a head")]
    pub fn len(&self) -> u64 {
        self.ends.last().copied().unwrap_or(self.intro.len() as u64)
    }

    /// How long the file plays, in samples: exactly the range it was made for.
    pub const fn duration_samples(&self) -> u64 {
        self.span.shown_samples
    }

    /// A number for the `ETag`: it differs where show, rendition, title, range, holes or frame lengths do.
    pub const fn etag_seed(&self) -> u64 {
        self.etag_seed
    }

    /// The parts that make up the bytes `range` of the file, in order; what lies beyond its end is left out.
    /// Takes O(log n) to begin, and O(1) for each piece.
    pub fn pieces(&self, range: Range<u64>) -> impl Iterator<Item = Piece> {
        let range = range.start..range.end.min(self.len());
        let intro_bytes = self.intro.len() as u64;
        let intro = cut(&range, 0..intro_bytes).map(|within| Piece::Literal(self.intro.slice(within)));
        let first = self.ends.partition_point(|&end| end <= range.start);
        let chunks = (first..self.ends.len()).map_while(move |index| {
            let start = index.checked_sub(1).map_or(intro_bytes, |before| self.ends[before]);
            (start < range.end).then(|| (index, cut(&range, start..self.ends[index])))
        });
        let chunks = chunks.filter_map(|(index, within)| Some(self.chunk_piece(index, within?)));
        intro.into_iter().chain(chunks)
    }

    /// The bytes of a chunk as they stand in the file: raw frames in M4A, a page in Ogg.
    /// [`FormatError::Chunk`] if `frames` are not those whose lengths the layout was made of, or the slot is
    /// not part of the file.
    pub fn chunk_bytes(&self, slot: Slot, frames: &Frames) -> Result<Bytes, FormatError> {
        let index = self.span.index_of(slot).ok_or(FormatError::Chunk(slot))?;
        check(self.rendition.codec(), slot, frames.lens_bytes())?;
        let bytes = self.render(index, frames);
        let start = index.checked_sub(1).map_or(self.intro.len() as u64, |before| self.ends[before]);
        let same = start + bytes.len() as u64 == self.ends[index];
        if same { Ok(bytes) } else { Err(FormatError::Chunk(slot)) }
    }

    fn chunk_piece(&self, index: usize, within: Range<usize>) -> Piece {
        if self.holes[index] {
            Piece::Literal(self.render(index, &self.filler).slice(within))
        } else {
            Piece::Chunk { slot: self.span.slot_at(index), within }
        }
    }

    fn render(&self, index: usize, frames: &Frames) -> Bytes {
        let slot = self.span.slot_at(index);
        match self.kind() {
            FileKind::M4a => m4a::chunk(&self.span, slot, frames),
            FileKind::Opus => ogg_file::chunk(&self.span, slot, frames, self.serial),
        }
    }
}

/// The sizes that the layout of a file is made of.
struct Sizes {
    /// Each frame's length; kept for M4A's index only.
    frames: Vec<u32>,
    /// Where each chunk ends, counted from the first.
    chunk_ends: Vec<u64>,
}

impl Sizes {
    fn for_chunks(chunks: usize) -> Self {
        Self { frames: Vec::new(), chunk_ends: Vec::with_capacity(chunks) }
    }

    fn add(&mut self, codec: Codec, lens: &[u16]) {
        let bytes = match codec {
            Codec::Opus => ogg_file::page_bytes(lens),
            Codec::Aac => {
                self.frames.extend(lens.iter().map(|&len| u32::from(len)));
                lens.iter().map(|&len| u64::from(len)).sum()
            }
        };
        self.chunk_ends.push(self.bytes() + bytes);
    }

    fn bytes(&self) -> u64 {
        self.chunk_ends.last().copied().unwrap_or(0)
    }
}

/// Whether these are one chunk's frames, of lengths that the codec can have: 1,275 bytes (RFC 6716 §3.2.1) or
/// 768 a channel (ISO/IEC 14496-3 §4.5.1.1).
fn check(codec: Codec, slot: Slot, lens: &[u16]) -> Result<(), FormatError> {
    let max = match codec {
        Codec::Opus => 1275,
        Codec::Aac => 1536,
    };
    let fits = lens.len() == codec.frames_per_chunk() && lens.iter().all(|&len| len <= max);
    if fits { Ok(()) } else { Err(FormatError::Chunk(slot)) }
}

/// What both ranges share, counted from the start of `part`; `None` if that is nothing.
fn cut(range: &Range<u64>, part: Range<u64>) -> Option<Range<usize>> {
    let (start, end) = (range.start.max(part.start), range.end.min(part.end));
    (start < end).then(|| (start - part.start) as usize..(end - part.start) as usize)
}

/// FNV-1a with 64 bits: tells versions of a file apart, and defends against nobody.
struct Fnv(u64);

impl Fnv {
    fn new() -> Self {
        Self(0xCBF2_9CE4_8422_2325)
    }

    fn add(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
        }
    }
}
