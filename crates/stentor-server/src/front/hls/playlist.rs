//! Media playlists, each made once for all who ask, plain and compressed.

use axum::response::Response;
use bytes::Bytes;
use flate2::Compression;
use http::{HeaderValue, header};
use stentor_formats::hls::{self, Edge, PLAYLIST_CONTENT_TYPE, Reload, Turn};
use stentor_formats::{FormatError, Interval};
use stentor_types::{Reason, Run};

use super::{Front, SETTLED_CACHE, Wanted, answer, held, problem, recording_slots};
use crate::front::{Coding, Made, Playlist};
use crate::gzip::gzip;
use crate::problem::Problem;
use crate::tape::Live;

/// Half a target duration at most, of either live playlist (rfc8216bis §6.2.5): 2 s / 2.
const LIVE_CACHE: &str = "public, max-age=1";

/// A playlist that was waited for contains what its URL names, so it may be kept: six target durations (rfc8216bis
/// appendix B).
const AWAITED_CACHE: &str = "public, max-age=12";

/// The lines of a playlist repeat each other: the fastest level leaves a tenth.
const GZIP_LEVEL: Compression = Compression::fast();

/// `ll.m3u8`, when it contains what is asked for.
pub(super) async fn low_latency(front: &Front, wanted: &Wanted) -> Result<Response, Problem> {
    let (reload, tape) = (reload(wanted)?, &wanted.tape);
    let mut live = tape.live();
    if !is_there(&live, reload)? {
        let is_there = |live: &Live| is_there(live, reload) == Ok(true);
        live = held(&front.held, front.shell.stopping(), tape, is_there).await?;
    }
    list_parts(wanted, reload, &live)
}

/// The same if that is so now.
pub(super) fn low_latency_now(wanted: &Wanted) -> Result<Option<Response>, Problem> {
    let (reload, live) = (reload(wanted)?, wanted.tape.live());
    if is_there(&live, reload)? { list_parts(wanted, reload, &live).map(Some) } else { Ok(None) }
}

fn reload(wanted: &Wanted) -> Result<Reload, Problem> {
    Reload::of_query(wanted.query.as_deref().unwrap_or_default())
        .map_err(|error| Problem::new(Reason::Malformed).detail(format!("{error}.")))
}

/// Whether the playlist contains what is asked for; what it will not list next is refused.
fn is_there(live: &Live, reload: Reload) -> Result<bool, Problem> {
    match Edge::of(&live.runs, live.closed).turn(reload) {
        Turn::Answer => Ok(true),
        Turn::Wait => Ok(false),
        Turn::TooFar => Err(Problem::new(Reason::Malformed)
            .detail("_HLS_msn and _HLS_part are too far ahead. Ask for what the playlist will list next.")),
    }
}

fn list_parts(wanted: &Wanted, reload: Reload, live: &Live) -> Result<Response, Problem> {
    let Wanted { tape, rendition, .. } = wanted;
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
    let compressed = wanted.gzip;
    let body = if compressed {
        shared.made(Made::Playlist(what, Coding::Gzip), state, || plain().map(|text| gzip(&text, GZIP_LEVEL)))
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
