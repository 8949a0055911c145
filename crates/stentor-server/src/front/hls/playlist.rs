//! Media playlists, each made once for all who ask, plain and compressed.

use std::io::Write as _;

use axum::response::Response;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderValue, header};
use stentor_formats::hls::{self, Edge, PLAYLIST_CONTENT_TYPE, Reload, Turn};
use stentor_formats::{FormatError, Interval};
use stentor_types::{Reason, Run};

use super::{Front, SETTLED_CACHE, Wanted, answer, held, problem, recording_slots};
use crate::front::{Coding, Made, Playlist};
use crate::problem::Problem;
use crate::tape::Live;

/// Half a target duration at most, of either live playlist (rfc8216bis §6.2.5): 2 s / 2.
const LIVE_CACHE: &str = "public, max-age=1";

/// A playlist that was waited for contains what its URL names, so it may be kept: six target durations (rfc8216bis
/// appendix B).
const AWAITED_CACHE: &str = "public, max-age=12";

/// `ll.m3u8`, when it contains what is asked for.
pub(super) async fn low_latency(front: &Front, wanted: &Wanted) -> Result<Response, Problem> {
    let Wanted { tape, rendition, query, .. } = wanted;
    let reload = Reload::of_query(query.as_deref().unwrap_or_default())
        .map_err(|error| Problem::new(Reason::Malformed).detail(format!("{error}.")))?;
    let turn = |live: &Live| Edge::of(&live.runs, live.closed).turn(reload);
    let mut live = tape.live();
    match turn(&live) {
        Turn::Answer => {}
        Turn::Wait => {
            live = held(&front.held, front.shell.stopping(), tape, |live| turn(live) == Turn::Answer).await?
        }
        Turn::TooFar => {
            return Err(Problem::new(Reason::Malformed).detail(
                "_HLS_msn and _HLS_part are too far ahead. Ask for what the playlist will list next.",
            ));
        }
    }
    let what = Playlist::LowLatency { rendition: *rendition, skip: reload.skip };
    // It changes with every chunk.
    let state = 2 * live.end().0 + u64::from(live.closed);
    let cache = match reload.msn {
        _ if live.closed => SETTLED_CACHE,
        Some(_) => AWAITED_CACHE,
        None => LIVE_CACHE,
    };
    respond(wanted, what, state, cache, || {
        hls::low_latency_playlist(tape.head(), *rendition, &live.runs, live.closed, reload.skip)
    })
}

/// `live.m3u8`, as it is now.
pub(super) fn live(wanted: &Wanted) -> Result<Response, Problem> {
    let Wanted { tape, rendition, .. } = wanted;
    let live = tape.live();
    // It changes with the group that was decided last.
    let state = 2 * Interval::Segment.group(live.end()).start.0 + u64::from(live.closed);
    let cache = if live.closed { SETTLED_CACHE } else { LIVE_CACHE };
    respond(wanted, Playlist::Live(*rendition), state, cache, || {
        hls::live_playlist(tape.head(), &live.runs, live.closed)
    })
}

/// `vod.m3u8`, once the end is final.
pub(super) fn recording(front: &Front, wanted: &Wanted) -> Result<Response, Problem> {
    let Wanted { id, tape, rendition, .. } = wanted;
    let slots = recording_slots(front, id)?.ok_or(Reason::NotEnded)?;
    respond(wanted, Playlist::Recording(*rendition), slots.end.0, SETTLED_CACHE, || {
        // What the disk has, not what was heard: the difference is a hole.
        let runs: Vec<Run> = tape.with_index(|index| index.runs().collect());
        hls::vod_playlist(tape.head(), &runs, slots)
    })
}

/// The playlist as it was made of `state`, in a form that the asker can read.
fn respond(
    wanted: &Wanted,
    what: Playlist,
    state: u64,
    cache: &'static str,
    make: impl FnOnce() -> Result<String, FormatError>,
) -> Result<Response, Problem> {
    let shared = &wanted.show.cache;
    let plain = || shared.made(Made::Playlist(what, Coding::Plain), state, || make().map(Bytes::from));
    let compressed = accepts_gzip(&wanted.headers);
    let body = if compressed {
        shared.made(Made::Playlist(what, Coding::Gzip), state, || plain().map(|text| gzip(&text)))
    } else {
        plain()
    };
    let mut response = answer(PLAYLIST_CONTENT_TYPE, cache, body.map_err(problem)?);
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if compressed {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok(response)
}

/// Whether `gzip` is among the codings, and not with weight 0 (RFC 9110 §12.5.3).
fn accepts_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let weight = weight.trim().strip_prefix("q=").map_or(Ok(1.0), str::parse::<f32>);
        name.trim().eq_ignore_ascii_case("gzip") && weight.is_ok_and(|weight| weight > 0.0)
    })
}

/// The lines of a playlist repeat each other: the fastest level leaves a tenth.
fn gzip(text: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(text.len() / 8), Compression::fast());
    encoder.write_all(text).and_then(|()| encoder.finish()).expect("writing to memory does not fail").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_for_those_who_say_that_they_read_it() {
        let says = |text: &'static str| {
            accepts_gzip(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(text))]))
        };
        assert!(["gzip", "br, GZIP;q=0.5", "deflate, gzip"].into_iter().all(says));
        assert!(!["", "br", "gzip;q=0", "gzip; q=0.0", "xgzip", "gzip;q=much"].into_iter().any(says));
        assert!(!accepts_gzip(&HeaderMap::new()));
    }
}
