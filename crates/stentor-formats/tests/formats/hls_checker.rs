//! A strict reader of HLS playlists of sound (RFC 8216, rfc8216bis for gaps). It shares no code with what writes
//! them and depends on nothing, so other test suites may include the file.

use std::collections::BTreeSet;

/// A media playlist that passed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Playlist {
    pub(crate) media_sequence: u64,
    pub(crate) discontinuity_sequence: u64,
    pub(crate) ended: bool,
    pub(crate) vod: bool,
    pub(crate) map: String,
    pub(crate) entries: Vec<Entry>,
}

/// A segment of a playlist, with what follows from its place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) uri: String,
    pub(crate) duration_ms: u64,
    pub(crate) gap: bool,
    pub(crate) discontinuity: bool,
    /// Said by the playlist or counted on from the last time it was said.
    pub(crate) starts_at_ms: i64,
}

/// A line of a multivariant playlist that passed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Variant {
    pub(crate) uri: String,
    pub(crate) bandwidth: u64,
    pub(crate) codecs: String,
}

/// Reads a media playlist; the error is the first rule that it breaks.
pub(crate) fn check(text: &str) -> Result<Playlist, String> {
    let mut lines = lines(text)?;
    let mut tags = Tags::default();
    let mut entries: Vec<Entry> = Vec::new();
    let mut next = Next::default();
    let mut clock_ms = None;
    for line in &mut lines {
        if tags.ended {
            return Err(format!("{line:?} stands behind EXT-X-ENDLIST"));
        }
        if line.starts_with('#') {
            if !next.take(line)? {
                tags.take(line, entries.is_empty() && next == Next::default())?;
            }
            continue;
        }
        let map = tags.map.as_ref().ok_or("EXT-X-MAP does not stand before the first segment")?;
        if map == line {
            return Err(format!("{line} is init segment and segment"));
        }
        let entry = std::mem::take(&mut next).entry(line, &mut clock_ms)?;
        entries.push(entry);
    }
    if next != Next::default() {
        return Err("tags of a segment without a segment".into());
    }
    finish(tags, entries)
}

/// Whether `after` may follow `before` at the same URL (RFC 8216 §6.2.1): it grew at its end, lost at its front,
/// and kept the rest as it was.
pub(crate) fn check_successor(before: &Playlist, after: &Playlist) -> Result<(), String> {
    let lost = after.media_sequence.checked_sub(before.media_sequence).ok_or("EXT-X-MEDIA-SEQUENCE fell")?;
    let lost = usize::try_from(lost).map_err(|e| e.to_string())?;
    if before.ended && before != after {
        return Err("a playlist changed behind its end".into());
    }
    if before.map != after.map {
        return Err("the init segment changed".into());
    }
    // Who asks too seldom finds nothing of what there was.
    let kept = before.entries.get(lost..).unwrap_or(&[]);
    if after.entries.len() < kept.len() {
        return Err("segments went at the end".into());
    }
    if let Some((old, new)) = kept.iter().zip(&after.entries).find(|(old, new)| old != new) {
        return Err(format!("a segment changed: {old:?} became {new:?}"));
    }
    let gone = before.entries.iter().take(lost);
    let counted = before.discontinuity_sequence + gone.filter(|entry| entry.discontinuity).count() as u64;
    let unseen = lost > before.entries.len();
    if after.discontinuity_sequence < counted || after.discontinuity_sequence > counted && !unseen {
        return Err("EXT-X-DISCONTINUITY-SEQUENCE does not count what went".into());
    }
    Ok(())
}

/// Reads a multivariant playlist.
pub(crate) fn check_multivariant(text: &str) -> Result<Vec<Variant>, String> {
    let mut variants: Vec<Variant> = Vec::new();
    let mut attributes: Option<Vec<(String, String)>> = None;
    for line in lines(text)? {
        if let Some(list) = line.strip_prefix("#EXT-X-STREAM-INF:") {
            let list = attribute_list(list)?;
            if attributes.replace(list).is_some() {
                return Err("EXT-X-STREAM-INF without a URI".into());
            }
        } else if !line.starts_with('#') {
            let list = attributes.take().ok_or_else(|| format!("{line} without EXT-X-STREAM-INF"))?;
            let value = |name: &str| {
                let found = list.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
                found.ok_or_else(|| format!("{line} has no {name}"))
            };
            let number = |name: &str| value(name)?.parse::<u64>().map_err(|_| format!("{name} of {line}"));
            let (bandwidth, average) = (number("BANDWIDTH")?, number("AVERAGE-BANDWIDTH")?);
            if average > bandwidth {
                return Err(format!("{line} is more on average than at most"));
            }
            variants.push(Variant { uri: line.into(), bandwidth, codecs: value("CODECS")? });
        } else if !matches!(line, "#EXT-X-INDEPENDENT-SEGMENTS") && !line.starts_with("#EXT-X-VERSION:") {
            return Err(format!("{line} does not belong here"));
        }
    }
    if attributes.is_some() || variants.is_empty() {
        return Err("no variant, or one without a URI".into());
    }
    let uris: BTreeSet<_> = variants.iter().map(|variant| &variant.uri).collect();
    if uris.len() == variants.len() { Ok(variants) } else { Err("a URI stands there twice".into()) }
}

/// Tags that are said once.
#[derive(Default)]
struct Tags {
    seen: BTreeSet<String>,
    target_duration_s: Option<u64>,
    version: Option<u64>,
    media_sequence: u64,
    discontinuity_sequence: u64,
    map: Option<String>,
    vod: bool,
    ended: bool,
}

impl Tags {
    fn take(&mut self, line: &str, before_segments: bool) -> Result<(), String> {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let number = || value.parse::<u64>().map_err(|_| format!("{line} is no number"));
        match name {
            "#EXT-X-VERSION" => self.version = Some(number()?),
            "#EXT-X-TARGETDURATION" => self.target_duration_s = Some(number()?),
            "#EXT-X-MEDIA-SEQUENCE" => self.media_sequence = number()?,
            "#EXT-X-DISCONTINUITY-SEQUENCE" => self.discontinuity_sequence = number()?,
            "#EXT-X-PLAYLIST-TYPE" if value == "VOD" => self.vod = true,
            "#EXT-X-INDEPENDENT-SEGMENTS" if value.is_empty() => {}
            "#EXT-X-MAP" => {
                let uri = attribute_list(value)?.into_iter().find(|(key, _)| key == "URI");
                self.map = Some(uri.ok_or("EXT-X-MAP without a URI")?.1);
            }
            "#EXT-X-ENDLIST" if value.is_empty() => self.ended = true,
            _ => return Err(format!("{line} is not known, or not so")),
        }
        if !before_segments && name != "#EXT-X-ENDLIST" {
            return Err(format!("{line} stands behind a segment or its tags"));
        }
        if self.seen.insert(name.into()) { Ok(()) } else { Err(format!("{name} stands there twice")) }
    }
}

/// Tags that belong to the next segment.
#[derive(Default, PartialEq)]
struct Next {
    duration_ms: Option<u64>,
    gap: bool,
    discontinuity: bool,
    date_ms: Option<i64>,
}

impl Next {
    /// Whether the line is such a tag.
    fn take(&mut self, line: &str) -> Result<bool, String> {
        if let Some(duration) = line.strip_prefix("#EXTINF:") {
            let duration = duration.strip_suffix(',').ok_or("EXTINF has no comma at its end")?;
            if self.duration_ms.replace(milliseconds(duration)?).is_some() {
                return Err("EXTINF stands there twice".into());
            }
        } else if let Some(date) = line.strip_prefix("#EXT-X-PROGRAM-DATE-TIME:") {
            self.date_ms = Some(unix_ms(date).ok_or_else(|| format!("{date} is no time"))?);
        } else if line == "#EXT-X-GAP" {
            self.gap = true;
        } else if line == "#EXT-X-DISCONTINUITY" {
            self.discontinuity = true;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    fn entry(self, uri: &str, clock_ms: &mut Option<i64>) -> Result<Entry, String> {
        let duration_ms = self.duration_ms.ok_or_else(|| format!("{uri} has no EXTINF"))?;
        if duration_ms == 0 {
            return Err(format!("{uri} takes no time"));
        }
        let counted = clock_ms.filter(|_| !self.discontinuity);
        let starts_at_ms = match (self.date_ms, counted) {
            (Some(said), Some(counted)) if said != counted => {
                return Err(format!("{uri} begins at {said}, but at {counted} by its predecessors"));
            }
            (said, counted) => said.or(counted).ok_or_else(|| format!("nobody knows when {uri} begins"))?,
        };
        *clock_ms = Some(starts_at_ms + duration_ms as i64);
        let (gap, discontinuity) = (self.gap, self.discontinuity);
        Ok(Entry { uri: uri.into(), duration_ms, gap, discontinuity, starts_at_ms })
    }
}

fn finish(tags: Tags, entries: Vec<Entry>) -> Result<Playlist, String> {
    let target_ms = 1000 * tags.target_duration_s.ok_or("no EXT-X-TARGETDURATION")?;
    // RFC 8216 §4.3.3.1: rounded to the nearest second, no segment is longer.
    if let Some(long) = entries.iter().find(|entry| (entry.duration_ms + 500) / 1000 * 1000 > target_ms) {
        return Err(format!("{} is longer than the target duration", long.uri));
    }
    if tags.version.is_none_or(|version| version < 6) {
        return Err("EXT-X-MAP needs version 6".into());
    }
    if tags.vod && !tags.ended {
        return Err("a VOD playlist has no end".into());
    }
    let uris: BTreeSet<_> = entries.iter().map(|entry| &entry.uri).collect();
    if uris.len() < entries.len() {
        return Err("a URI stands there twice".into());
    }
    if entries.windows(2).any(|pair| pair[1].starts_at_ms < pair[0].starts_at_ms + pair[0].duration_ms as i64)
    {
        return Err("time runs backwards".into());
    }
    Ok(Playlist {
        media_sequence: tags.media_sequence,
        discontinuity_sequence: tags.discontinuity_sequence,
        ended: tags.ended,
        vod: tags.vod,
        map: tags.map.ok_or("no EXT-X-MAP")?,
        entries,
    })
}

/// The lines behind `#EXTM3U`, without empty ones and comments.
fn lines(text: &str) -> Result<impl Iterator<Item = &str>, String> {
    if text.contains('\r') || text.starts_with('\u{FEFF}') || !text.ends_with('\n') {
        return Err("a line does not end as lines end here".into());
    }
    let mut lines = text.lines();
    if lines.next() != Some("#EXTM3U") {
        return Err("the first line is not #EXTM3U".into());
    }
    Ok(lines.filter(|line| !line.is_empty() && (!line.starts_with('#') || line.starts_with("#EXT"))))
}

/// `KEY=value,KEY="text, text"`.
pub(crate) fn attribute_list(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut rest = text;
    let mut out: Vec<(String, String)> = Vec::new();
    while !rest.is_empty() {
        let (key, value) = rest.split_once('=').ok_or_else(|| format!("{rest} is no attribute"))?;
        let (value, later) = match value.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').ok_or("a quote is open")?,
            None => value.split_at(value.find(',').unwrap_or(value.len())),
        };
        if out.iter().any(|(known, _)| known == key) {
            return Err(format!("{key} stands there twice"));
        }
        out.push((key.into(), value.into()));
        rest = match later.strip_prefix(',') {
            Some("") => return Err("a comma too many".into()),
            Some(later) => later,
            None if later.is_empty() => later,
            None => return Err(format!("{later} follows a value")),
        };
    }
    Ok(out)
}

/// `3.84` in milliseconds; at most three digits behind the point.
pub(crate) fn milliseconds(text: &str) -> Result<u64, String> {
    let error = || format!("{text} is no duration");
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    if part.is_empty() || part.len() > 3 {
        return Err(error());
    }
    let part: u64 = format!("{part:0<3}").parse().map_err(|_| error())?;
    Ok(whole.parse::<u64>().map_err(|_| error())? * 1000 + part)
}

/// `2026-11-22T20:15:00.320Z` in milliseconds since 1970, counted day by day.
fn unix_ms(text: &str) -> Option<i64> {
    let field = |range: std::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
    let at = |index: usize, byte: u8| text.as_bytes().get(index) == Some(&byte);
    let marks = at(4, b'-') && at(7, b'-') && at(10, b'T') && at(13, b':') && at(16, b':') && at(19, b'.');
    if text.len() != 24 || !marks || !at(23, b'Z') {
        return None;
    }
    let (year, month, day) = (field(0..4)?, field(5..7)?, field(8..10)?);
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let month_days = |month: i64| match month {
        2 => 28 + i64::from(leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if year < 1970 || !(1..=12).contains(&month) || !(1..=month_days(month)).contains(&day) {
        return None;
    }
    let years: i64 = (1970..year).map(|year| 365 + i64::from(leap(year))).sum();
    let days = years + (1..month).map(month_days).sum::<i64>() + day - 1;
    let (hour, minute, second) = (field(11..13)?, field(14..16)?, field(17..19)?);
    let valid = (0..24).contains(&hour) && (0..60).contains(&minute) && (0..60).contains(&second);
    valid.then_some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + field(20..23)?)
}

#[test]
fn the_checker_finds_what_is_wrong() {
    let good = "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:4\n#EXT-X-MAP:URI=\"i\"\n\
                #EXT-X-PROGRAM-DATE-TIME:2026-02-28T23:59:58.000Z\n#EXTINF:3.84,\na\n\
                #EXT-X-PROGRAM-DATE-TIME:2026-03-01T00:00:01.840Z\n#EXT-X-GAP\n#EXTINF:3.84,\nb\n";
    let playlist = check(good).expect("a good playlist");
    assert_eq!((playlist.entries.len(), playlist.entries[1].gap), (2, true));
    let wrong = [
        ("#EXTM3U\n", ""),
        ("#EXT-X-MAP:URI=\"i\"\n", ""),
        ("URI=\"i\"", "URI=\"a\""),
        ("VERSION:6", "VERSION:5"),
        ("#EXT-X-TARGETDURATION:4\n", ""),
        ("DURATION:4", "DURATION:3"),
        ("01.840Z", "01.841Z"),
        ("02-28T", "02-29T"),
        ("#EXTINF:3.84,\na", "a"),
        ("\nb\n", "\na\n"),
        ("\nb\n", "\n"),
        ("#EXT-X-GAP", "#EXT-X-VERSION:6"),
        ("#EXT-X-GAP", "#EXT-X-ENDLIST"),
        ("3.84,\na", "3.84\na"),
        ("#EXT-X-VERSION:6\n", "#EXT-X-VERSION:6\n#EXT-X-PLAYLIST-TYPE:VOD\n"),
    ];
    for (old, new) in wrong {
        let bad = good.replacen(old, new, 1);
        assert_ne!(bad, good);
        assert!(check(&bad).is_err(), "{old:?} -> {new:?} passed");
    }
    let mut later = playlist.clone();
    later.entries.remove(0);
    assert!(check_successor(&playlist, &later).is_err());
    later.media_sequence += 1;
    assert_eq!(check_successor(&playlist, &later), Ok(()));
    assert!(check_successor(&later, &playlist).is_err());
}
