//! Playlists of HLS (RFC 8216), as far as a plain listener needs them: which segments there are, how long each is, and
//! where.

/// The largest playlist that is read: three hours of 1.92 s with parts are 0.5 MB.
pub const PLAYLIST_BYTES_MAX: usize = 2 << 20;

/// The longest segment: 10 minutes.
const SEGMENT_MS_MAX: f64 = 600_000.0;

/// The text is no playlist. The server's fault; a reload may bring a better one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotPlaylist(
    /// What is wrong, for a person.
    pub &'static str,
);

/// A playlist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Playlist<'a> {
    /// One that names others; only their addresses, in their order.
    Variants(Vec<&'a str>),
    /// One that names segments.
    Media(Media<'a>),
}

/// A media playlist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media<'a> {
    /// The target duration.
    pub target_ms: u32,
    /// No segments will be added.
    pub ended: bool,
    /// The number of the first segment (`EXT-X-MEDIA-SEQUENCE`).
    pub first: u64,
    /// Its segments; each is numbered one higher than the last.
    pub segments: Vec<Segment<'a>>,
}

/// A segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment<'a> {
    /// Its address, relative to the playlist's.
    pub uri: &'a str,
    /// How long it says it is.
    pub ms: u32,
    /// The address of its init segment, if it needs one.
    pub init: Option<&'a str>,
    /// There is no sound behind it (`EXT-X-GAP`).
    pub gap: bool,
    /// The media clock is another from here on.
    pub discontinuity: bool,
}

impl<'a> Playlist<'a> {
    /// Reads a playlist.
    ///
    /// # Errors
    /// If it is none, or beyond the limits.
    pub fn parse(text: &'a str) -> Result<Self, NotPlaylist> {
        if text.len() > PLAYLIST_BYTES_MAX {
            return Err(NotPlaylist("the playlist is too long"));
        }
        let mut lines = text.lines().map(str::trim_end);
        if lines.next() != Some("#EXTM3U") {
            return Err(NotPlaylist("the playlist does not begin with #EXTM3U"));
        }
        let mut reading = Reading::default();
        for line in lines {
            reading.line(line)?;
        }
        reading.finish()
    }
}

/// What has been read, and what it says about the next address.
#[derive(Default)]
struct Reading<'a> {
    variants: Vec<&'a str>,
    segments: Vec<Segment<'a>>,
    target_ms: Option<u32>,
    first: u64,
    ended: bool,
    is_variant: bool,
    ms: Option<u32>,
    init: Option<&'a str>,
    gap: bool,
    discontinuity: bool,
}

impl<'a> Reading<'a> {
    fn line(&mut self, line: &'a str) -> Result<(), NotPlaylist> {
        let Some(tag) = line.strip_prefix("#EXT") else {
            if !line.is_empty() && !line.starts_with('#') {
                self.address(line)?;
            }
            return Ok(());
        };
        let (name, value) = tag.split_once(':').unwrap_or((tag, ""));
        match name {
            "INF" => self.ms = Some(milliseconds(value.split(',').next().unwrap_or_default())?),
            "-X-TARGETDURATION" => self.target_ms = Some(milliseconds(value)?),
            "-X-MEDIA-SEQUENCE" => {
                self.first = value.parse().map_err(|_| NotPlaylist("the media sequence is no number"))?;
            }
            "-X-STREAM-INF" => self.is_variant = true,
            "-X-MAP" if value.contains("BYTERANGE=") => return Err(NotPlaylist("byte ranges are not read")),
            "-X-BYTERANGE" => return Err(NotPlaylist("byte ranges are not read")),
            "-X-MAP" => self.init = Some(quoted(value, "URI=\"").ok_or(NotPlaylist("a map has no URI"))?),
            "-X-GAP" => self.gap = true,
            "-X-DISCONTINUITY" => self.discontinuity = true,
            "-X-ENDLIST" => self.ended = true,
            _ => {}
        }
        Ok(())
    }

    fn address(&mut self, uri: &'a str) -> Result<(), NotPlaylist> {
        if std::mem::take(&mut self.is_variant) {
            self.variants.push(uri);
            return Ok(());
        }
        let ms = self.ms.take().ok_or(NotPlaylist("an address has neither EXTINF nor EXT-X-STREAM-INF"))?;
        self.segments.push(Segment {
            uri,
            ms,
            init: self.init,
            gap: std::mem::take(&mut self.gap),
            discontinuity: std::mem::take(&mut self.discontinuity),
        });
        Ok(())
    }

    fn finish(self) -> Result<Playlist<'a>, NotPlaylist> {
        match (self.variants.is_empty(), self.target_ms) {
            (false, None) if self.segments.is_empty() => Ok(Playlist::Variants(self.variants)),
            (true, Some(target_ms)) if target_ms > 0 => Ok(Playlist::Media(Media {
                target_ms,
                ended: self.ended,
                first: self.first,
                segments: self.segments,
            })),
            (true, None) => Err(NotPlaylist("the playlist has no target duration")),
            (true, Some(_)) => Err(NotPlaylist("the target duration is zero")),
            (false, _) => Err(NotPlaylist("the playlist names both variants and segments")),
        }
    }
}

fn milliseconds(seconds: &str) -> Result<u32, NotPlaylist> {
    let ms = seconds.trim().parse::<f64>().map_or(f64::NAN, |seconds| (seconds * 1000.0).round());
    // Not a number is in no range.
    if (0.0..=SEGMENT_MS_MAX).contains(&ms) {
        Ok(ms as u32)
    } else {
        Err(NotPlaylist("a duration is no number"))
    }
}

fn quoted<'a>(attributes: &'a str, name: &str) -> Option<&'a str> {
    Some(attributes.split_once(name)?.1.split_once('"')?.0)
}

/// The path of `uri` as it stands in the playlist at `base`, on the same server; `None` if it is on another one.
pub fn resolve(base: &str, authority: &str, uri: &str) -> Option<String> {
    // A request is a line, and an address that ends it early would smuggle another.
    if uri.contains(|c: char| c.is_ascii_control() || c == ' ') {
        return None;
    }
    let absolute = uri.strip_prefix("http://").or_else(|| uri.strip_prefix("https://"));
    if let Some(rest) = absolute {
        let path = rest.strip_prefix(authority)?;
        return path.starts_with('/').then(|| path.to_owned());
    }
    if uri.starts_with('/') {
        return (!uri.starts_with("//")).then(|| uri.to_owned());
    }
    let folder = base.split('?').next().unwrap_or_default();
    let folder = folder.rsplit_once('/').map_or("", |(folder, _)| folder);
    Some(format!("{folder}/{uri}"))
}

#[cfg(test)]
mod tests;
