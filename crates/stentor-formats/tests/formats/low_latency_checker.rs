//! A strict reader of what low-latency HLS adds to a playlist (draft-pantos-hls-rfc8216bis). It shares no code with
//! what writes it; what is left without the additions has to pass the reader of plain playlists.

use std::collections::BTreeSet;

use crate::hls_checker::{Playlist, attribute_list, check, milliseconds};

/// A low-latency playlist that passed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LowLatency {
    /// Its complete segments.
    pub(crate) plain: Playlist,
    /// For each of them the URIs of its parts, if they are listed.
    pub(crate) parts: Vec<Vec<String>>,
    /// The parts of the segment in the making.
    pub(crate) open: Vec<String>,
    /// The part that comes next.
    pub(crate) hint: Option<String>,
    /// URI, LAST-MSN and LAST-PART of each rendition report.
    pub(crate) reports: Vec<(String, u64, u64)>,
}

/// Reads a whole playlist, no delta update; the error is the first rule that it breaks.
pub(crate) fn check_low_latency(text: &str) -> Result<LowLatency, String> {
    let mut reader = Reader::default();
    let mut plain = String::new();
    for line in text.lines() {
        if !reader.take(line)? {
            plain.push_str(line);
            plain.push('\n');
            if !line.starts_with('#') {
                reader.segment();
                reader.plain_bytes = plain.len();
            } else if line == "#EXT-X-ENDLIST" {
                reader.plain_bytes = plain.len();
            }
        }
    }
    // What stands before the first part of the segment in the making belongs to no segment yet.
    plain.truncate(reader.plain_bytes);
    reader.finish(check(&plain)?)
}

#[derive(Default)]
struct Reader {
    part_target_ms: Option<u64>,
    control: Option<Vec<(String, String)>>,
    version: u64,
    target_s: u64,
    parts: Vec<Vec<Part>>,
    open: Vec<Part>,
    hint: Option<String>,
    reports: Vec<(String, u64, u64)>,
    plain_bytes: usize,
}

struct Part {
    uri: String,
    duration_ms: u64,
}

impl Reader {
    /// Whether the line is one of low-latency HLS.
    fn take(&mut self, line: &str) -> Result<bool, String> {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        if self.hint.is_some() && !matches!(name, "#EXT-X-RENDITION-REPORT") {
            return Err(format!("{line} stands behind the preload hint"));
        }
        let starts_segment =
            matches!(name, "#EXT-X-PROGRAM-DATE-TIME" | "#EXT-X-DISCONTINUITY" | "#EXT-X-MAP");
        if starts_segment && !self.open.is_empty() {
            return Err(format!("{line} stands behind a part of its segment"));
        }
        match name {
            "#EXT-X-VERSION" => self.version = value.parse().map_err(|_| line.to_owned())?,
            "#EXT-X-TARGETDURATION" => self.target_s = value.parse().map_err(|_| line.to_owned())?,
            "#EXT-X-SERVER-CONTROL" => self.control = Some(attribute_list(value)?),
            "#EXT-X-PART-INF" => self.part_target_ms = Some(milliseconds(&take(value, "PART-TARGET")?)?),
            "#EXT-X-PART" => {
                if take(value, "INDEPENDENT")? != "YES" {
                    return Err(format!("{line}: sound is always independent"));
                }
                let duration_ms = milliseconds(&take(value, "DURATION")?)?;
                self.open.push(Part { uri: take(value, "URI")?, duration_ms });
            }
            "#EXT-X-PRELOAD-HINT" => {
                if take(value, "TYPE")? != "PART" || self.hint.replace(take(value, "URI")?).is_some() {
                    return Err(format!("{line}: one hint, of a part"));
                }
            }
            "#EXT-X-RENDITION-REPORT" => {
                let number = |name: &str| take(value, name)?.parse::<u64>().map_err(|_| line.to_owned());
                self.reports.push((take(value, "URI")?, number("LAST-MSN")?, number("LAST-PART")?));
            }
            _ => return Ok(false),
        }
        // The plain reader wants these two as well.
        Ok(!matches!(name, "#EXT-X-VERSION" | "#EXT-X-TARGETDURATION"))
    }

    fn segment(&mut self) {
        self.parts.push(std::mem::take(&mut self.open));
    }

    fn finish(self, plain: Playlist) -> Result<LowLatency, String> {
        let part_target_ms = self.part_target_ms.ok_or("no EXT-X-PART-INF")?;
        if self.version < 9 {
            return Err("delta updates need version 9".into());
        }
        check_control(&self.control.ok_or("no EXT-X-SERVER-CONTROL")?, self.target_s * 1000, part_target_ms)?;
        if plain.ended != self.hint.is_none() || plain.ended && !self.open.is_empty() {
            return Err("what has not ended hints at what comes, and only that".into());
        }
        self.parts.iter().chain([&self.open]).try_for_each(|parts| check_durations(parts, part_target_ms))?;
        let open_ms: u64 = self.open.iter().map(|part| part.duration_ms).sum();
        let mut end_ms = open_ms;
        for (entry, parts) in plain.entries.iter().zip(&self.parts).rev() {
            // §6.2.2: parts stay for three target durations, and go then.
            let near = end_ms < 3000 * self.target_s;
            let listed_ms: u64 = parts.iter().map(|part| part.duration_ms).sum();
            let whole = if near && !entry.gap { entry.duration_ms } else { 0 };
            if listed_ms != whole {
                return Err(format!("{}: {listed_ms} ms of parts, {end_ms} ms from the end", entry.uri));
            }
            end_ms += entry.duration_ms;
        }
        let uris = |parts: &Vec<Part>| parts.iter().map(|part| part.uri.clone()).collect::<Vec<_>>();
        let parts: Vec<_> = self.parts.iter().map(uris).collect();
        let open = uris(&self.open);
        let all: Vec<_> = parts.iter().flatten().chain(&open).chain(&self.hint).collect();
        if all.iter().collect::<BTreeSet<_>>().len() < all.len() {
            return Err("a part stands there twice".into());
        }
        Ok(LowLatency { plain, parts, open, hint: self.hint, reports: self.reports })
    }
}

/// §4.4.3.8.
fn check_control(list: &[(String, String)], target_ms: u64, part_target_ms: u64) -> Result<(), String> {
    let value = |name: &str| list.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    if value("CAN-BLOCK-RELOAD") != Some("YES") {
        return Err("no blocking reload".into());
    }
    let least = [
        ("HOLD-BACK", 3 * target_ms),
        ("PART-HOLD-BACK", 3 * part_target_ms),
        ("CAN-SKIP-UNTIL", 6 * target_ms),
    ];
    for (name, least_ms) in least {
        let ms = milliseconds(value(name).ok_or_else(|| format!("no {name}"))?)?;
        if ms < least_ms {
            return Err(format!("{name} is {ms} ms, and {least_ms} ms at least"));
        }
    }
    Ok(())
}

/// §4.4.4.9: no longer than the target, and 85 % of it at least, but for the last of a segment.
fn check_durations(parts: &[Part], target_ms: u64) -> Result<(), String> {
    for (index, part) in parts.iter().enumerate() {
        let short = part.duration_ms * 100 < target_ms * 85 && index + 1 < parts.len();
        if part.duration_ms > target_ms || short || part.duration_ms == 0 {
            return Err(format!("{} takes {} ms", part.uri, part.duration_ms));
        }
    }
    Ok(())
}

fn take(list: &str, name: &str) -> Result<String, String> {
    let found = attribute_list(list)?.into_iter().find(|(key, _)| key == name);
    found.map(|(_, value)| value).ok_or_else(|| format!("{list} has no {name}"))
}

#[test]
fn the_checker_finds_what_is_wrong() {
    let good = "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:2\n\
        #EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12.0,PART-HOLD-BACK=3.0,HOLD-BACK=6.0\n\
        #EXT-X-PART-INF:PART-TARGET=1.0\n#EXT-X-MEDIA-SEQUENCE:4\n#EXT-X-MAP:URI=\"i\"\n\
        #EXT-X-PROGRAM-DATE-TIME:2026-02-28T23:59:58.000Z\n\
        #EXT-X-PART:DURATION=1.0,INDEPENDENT=YES,URI=\"a0\"\n#EXT-X-PART:DURATION=0.5,INDEPENDENT=YES,URI=\"a1\"\n\
        #EXTINF:1.5,\na\n#EXT-X-PROGRAM-DATE-TIME:2026-02-28T23:59:59.500Z\n\
        #EXT-X-PART:DURATION=1.0,INDEPENDENT=YES,URI=\"b0\"\n#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"b1\"\n\
        #EXT-X-RENDITION-REPORT:URI=\"x\",LAST-MSN=5,LAST-PART=0\n";
    let playlist = check_low_latency(good).expect("a good playlist");
    assert_eq!((playlist.parts[0].len(), playlist.open.len(), playlist.plain.entries.len()), (2, 1, 1));
    assert_eq!(playlist.reports, [("x".to_owned(), 5, 0)]);
    let wrong = [
        ("VERSION:9", "VERSION:8"),
        ("CAN-BLOCK-RELOAD=YES,", ""),
        ("PART-HOLD-BACK=3.0", "PART-HOLD-BACK=2.9"),
        ("HOLD-BACK=6.0", "HOLD-BACK=5.9"),
        ("UNTIL=12.0", "UNTIL=11.9"),
        ("#EXT-X-PART-INF:PART-TARGET=1.0\n", ""),
        ("PART-TARGET=1.0", "PART-TARGET=0.9"),
        ("DURATION=1.0,INDEPENDENT=YES,URI=\"a0\"", "DURATION=0.5,INDEPENDENT=YES,URI=\"a0\""),
        ("URI=\"a1\"", "URI=\"a0\""),
        ("URI=\"b1\"", "URI=\"b0\""),
        ("INDEPENDENT=YES,", ""),
        ("#EXTINF:1.5", "#EXTINF:1.6"),
        ("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"b1\"\n", ""),
        ("TYPE=PART", "TYPE=MAP"),
        ("LAST-PART=0", "LAST-PART=x"),
        ("59.500Z\n#EXT-X-PART:DURATION=1.0,INDEPENDENT=YES,URI=\"b0\"\n", "59.500Z\n#EXT-X-ENDLIST\n"),
    ];
    for (old, new) in wrong {
        let bad = good.replacen(old, new, 1);
        assert_ne!(bad, good);
        assert!(check_low_latency(&bad).is_err(), "{old:?} -> {new:?} passed");
    }
}
