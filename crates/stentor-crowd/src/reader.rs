//! A reader for whatever the server answers with.

use crate::adts::AdtsReader;
use crate::fmp4::Fmp4Reader;
use crate::http::Kind;
use crate::ogg::OggReader;
use crate::sound::{Malformed, Sound};

/// A stream of one container, read as it arrives.
#[derive(Debug)]
pub(crate) enum Reader {
    Ogg(OggReader),
    Fmp4(Fmp4Reader),
    Adts(AdtsReader),
}

impl Reader {
    /// The one for a media type; `None` if there is none.
    pub(crate) fn new(kind: Kind, checked: bool) -> Option<Self> {
        match kind {
            Kind::Ogg => Some(Self::Ogg(OggReader::new(checked))),
            Kind::Mp4 => Some(Self::Fmp4(Fmp4Reader::default())),
            Kind::Adts => Some(Self::Adts(AdtsReader::default())),
            Kind::Playlist | Kind::Ts | Kind::Other => None,
        }
    }

    pub(crate) fn read(&mut self, bytes: &[u8], heard: &mut impl FnMut(Sound)) -> Result<(), Malformed> {
        match self {
            Self::Ogg(reader) => reader.read(bytes, heard),
            Self::Fmp4(reader) => reader.read(bytes, heard),
            Self::Adts(reader) => reader.read(bytes, heard),
        }
    }

    pub(crate) fn is_sounding(&self) -> bool {
        match self {
            Self::Ogg(reader) => reader.is_sounding(),
            Self::Fmp4(reader) => reader.is_sounding(),
            Self::Adts(reader) => reader.is_sounding(),
        }
    }
}
