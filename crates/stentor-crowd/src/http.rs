//! HTTP/1.1 as far as a listener needs it (RFC 9112): the head of a response, and its body as it arrives.

use crate::sound::skip;

/// The longest head that is read; servers send some hundred bytes.
pub const HEAD_BYTES_MAX: usize = 16 * 1024;

/// Lines of a head: twice what the chattiest server sends.
const HEADERS_MAX: usize = 64;

/// The longest line before a chunk: 16 digits and a short extension.
const SIZE_LINE_BYTES_MAX: u8 = 64;

/// Bytes of trailers that are passed over.
const TRAILER_BYTES_MAX: u16 = 4 * 1024;

/// The response is not HTTP. The server's fault; nothing more can be read from the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotHttp(
    /// What is wrong, for a person.
    pub &'static str,
);

/// The head of a response, as far as it matters to a listener.
#[derive(Clone, Copy, Debug)]
pub struct Head {
    /// The status code.
    pub status: u16,
    /// What the body is.
    pub kind: Kind,
    /// How the body is framed.
    pub body: Body,
    /// The server closes the connection after the body.
    pub closes: bool,
    /// How many bytes the head has.
    pub bytes: usize,
}

/// Media types that a listener knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Ogg.
    Ogg,
    /// MP4.
    Mp4,
    /// AAC in ADTS.
    Adts,
    /// A playlist of HLS.
    Playlist,
    /// An MPEG transport stream.
    Ts,
    /// None of these.
    Other,
}

impl Head {
    /// Reads the head of a response to GET; `None` if it is not whole.
    ///
    /// # Errors
    /// If it is no HTTP, or beyond the limits.
    pub fn parse(bytes: &[u8]) -> Result<Option<Self>, NotHttp> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut response = httparse::Response::new(&mut headers);
        let parsed = response.parse(bytes).map_err(|_| NotHttp("the answer has no head of HTTP"))?;
        let httparse::Status::Complete(len) = parsed else {
            let full = bytes.len() >= HEAD_BYTES_MAX;
            return if full { Err(NotHttp("the head of the answer is too long")) } else { Ok(None) };
        };
        let (version, status) = (response.version.unwrap_or(0), response.code.unwrap_or(0));
        let header = |name: &str| {
            let found = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
            found.map(|header| String::from_utf8_lossy(header.value).trim().to_ascii_lowercase())
        };
        let has_none = matches!(status, 100..200 | 204 | 304);
        let body = match (header("transfer-encoding"), header("content-length")) {
            _ if has_none => Body::length(0),
            (Some(coding), _) if coding == "chunked" => Body::chunked(),
            (Some(_), _) => return Err(NotHttp("the transfer coding is not chunked alone")),
            (None, Some(length)) => {
                Body::length(length.parse().map_err(|_| NotHttp("Content-Length is no number"))?)
            }
            (None, None) => Body::until_close(),
        };
        let connection = header("connection").unwrap_or_default();
        let closes = connection.contains("close")
            || version == 0 && !connection.contains("keep-alive")
            || body.framing == Framing::UntilClose;
        let kind = header("content-type").map_or(Kind::Other, |kind| Kind::of(&kind));
        Ok(Some(Self { status, kind, body, closes, bytes: len }))
    }
}

impl Kind {
    fn of(content_type: &str) -> Self {
        match content_type.split(';').next().unwrap_or_default().trim() {
            "audio/ogg" | "application/ogg" => Self::Ogg,
            "audio/mp4" | "video/mp4" | "video/iso.segment" | "audio/iso.segment" | "audio/x-m4a" => {
                Self::Mp4
            }
            "audio/aac" | "audio/aacp" | "audio/x-aac" => Self::Adts,
            "application/vnd.apple.mpegurl"
            | "application/x-mpegurl"
            | "audio/mpegurl"
            | "audio/x-mpegurl" => Self::Playlist,
            "video/mp2t" => Self::Ts,
            _ => Self::Other,
        }
    }
}

/// A body whose framing is taken off as it arrives.
#[derive(Clone, Copy, Debug)]
pub struct Body {
    framing: Framing,
    left: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    Length,
    UntilClose,
    /// The line before a chunk: its bytes so far, whether a digit was there, and whether digits may still come.
    Size {
        bytes: u8,
        digits: bool,
        over: bool,
    },
    Chunk,
    /// The line's end behind a chunk: bytes of it so far.
    ChunkEnd(u8),
    /// The lines after the last chunk: bytes in all, and in the line.
    Trailer {
        bytes: u16,
        line: u16,
    },
    Over,
}

const SIZE: Framing = Framing::Size { bytes: 0, digits: false, over: false };

impl Body {
    /// A body of so many bytes.
    pub const fn length(bytes: u64) -> Self {
        Self { framing: if bytes == 0 { Framing::Over } else { Framing::Length }, left: bytes }
    }

    /// A body in chunks (RFC 9112 §7.1).
    pub const fn chunked() -> Self {
        Self { framing: SIZE, left: 0 }
    }

    /// A body that ends with the connection.
    pub const fn until_close() -> Self {
        Self { framing: Framing::UntilClose, left: 0 }
    }

    /// Whether all of it has arrived.
    pub fn is_over(&self) -> bool {
        self.framing == Framing::Over
    }

    /// Whether the connection's end is the body's end, or the body was over before.
    pub fn may_close(&self) -> bool {
        matches!(self.framing, Framing::Over | Framing::UntilClose)
    }

    /// Takes the next run of the body from the front of `input`; `None` when there is no more of it, because the
    /// input is used up or the body is over.
    ///
    /// # Errors
    /// If the framing is broken.
    pub fn next<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<&'a [u8]>, NotHttp> {
        loop {
            if input.is_empty() || self.is_over() {
                return Ok(None);
            }
            match self.framing {
                Framing::UntilClose => return Ok(Some(std::mem::take(input))),
                Framing::Length | Framing::Chunk => {
                    let whole = *input;
                    if skip(input, &mut self.left) {
                        let end = self.framing == Framing::Length;
                        self.framing = if end { Framing::Over } else { Framing::ChunkEnd(0) };
                    }
                    return Ok(Some(&whole[..whole.len() - input.len()]));
                }
                _ => {
                    let (byte, rest) = input.split_at(1);
                    *input = rest;
                    self.framing = self.between(byte[0])?;
                }
            }
        }
    }

    /// A byte between two chunks.
    fn between(&mut self, byte: u8) -> Result<Framing, NotHttp> {
        match self.framing {
            Framing::Size { bytes, digits, over } => self.size_byte(byte, bytes, digits, over),
            Framing::ChunkEnd(0) if byte == b'\r' => Ok(Framing::ChunkEnd(1)),
            Framing::ChunkEnd(1) if byte == b'\n' => {
                self.left = 0;
                Ok(SIZE)
            }
            Framing::Trailer { bytes, .. } if bytes >= TRAILER_BYTES_MAX => {
                Err(NotHttp("the trailers are too long"))
            }
            Framing::Trailer { line: 0, .. } if byte == b'\n' => Ok(Framing::Over),
            Framing::Trailer { bytes, .. } if byte == b'\n' => {
                Ok(Framing::Trailer { bytes: bytes + 1, line: 0 })
            }
            Framing::Trailer { bytes, line } => {
                Ok(Framing::Trailer { bytes: bytes + 1, line: line + u16::from(byte != b'\r') })
            }
            _ => Err(NotHttp("a chunk is not followed by the end of its line")),
        }
    }

    fn size_byte(&mut self, byte: u8, bytes: u8, digits: bool, over: bool) -> Result<Framing, NotHttp> {
        if bytes >= SIZE_LINE_BYTES_MAX {
            return Err(NotHttp("the line before a chunk is too long"));
        }
        let bytes = bytes + 1;
        match (byte, char::from(byte).to_digit(16)) {
            (b'\n', _) if digits && self.left == 0 => Ok(Framing::Trailer { bytes: 0, line: 0 }),
            (b'\n', _) if digits => Ok(Framing::Chunk),
            (_, Some(digit)) if !over => {
                let sixteen = self.left.checked_mul(16).ok_or(NotHttp("a chunk is too long"))?;
                self.left = sixteen + u64::from(digit);
                Ok(Framing::Size { bytes, digits: true, over })
            }
            (b'\r' | b';' | b' ' | b'\t', _) if digits => Ok(Framing::Size { bytes, digits, over: true }),
            _ if over && byte != b'\n' => Ok(Framing::Size { bytes, digits, over }),
            _ => Err(NotHttp("the line before a chunk is no number")),
        }
    }
}

#[cfg(test)]
mod tests;
