//! HLS with segments of 3.84 s: for iPhones, for reach, for any cache.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderValue, header};
use stentor_formats::hls::{self, PLAYLIST_CONTENT_TYPE, SegmentName};
use stentor_formats::{Container, FormatError, Interval};
use stentor_stage::Phase;
use stentor_types::{Frames, Reason, Rendition, Run, ShowId, Slot};

use super::{Front, Made, show_id};
use crate::problem::Problem;
use crate::tape::LiveTape;

/// Half a segment, rounded down (protocols: half a target duration at most).
const LIVE_PLAYLIST_CACHE: &str = "public, max-age=1";
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// The multivariant playlist changes once, when the recording is there.
const MULTIVARIANT_CACHE: &str = "public, max-age=5";

pub(super) async fn multivariant(
    State(front): State<Front>,
    Path(show): Path<String>,
) -> Result<Response, Problem> {
    let id = show_id(&show)?;
    let tape = tape(&front, &id).await?;
    let ended = recording_slots(&front, &id)?.is_some();
    Ok(answer(PLAYLIST_CONTENT_TYPE, MULTIVARIANT_CACHE, hls::multivariant(tape.head(), ended)))
}

pub(super) async fn file(
    State(front): State<Front>,
    Path((show, rendition, file)): Path<(String, String, String)>,
) -> Result<Response, Problem> {
    let id = show_id(&show)?;
    let (show, tape) = (front.shell.show(&id)?, tape(&front, &id).await?);
    let rendition: Rendition = rendition.parse().map_err(|_| Problem::new(Reason::NotFound))?;
    if !tape.head().has(rendition) {
        return Err(Problem::new(Reason::RenditionMissing));
    }
    match file.as_str() {
        "live.m3u8" => {
            let live = tape.live();
            // A playlist changes with the group that was decided last.
            let state = 2 * Interval::Segment.group(live.end()).start.0 + u64::from(live.closed);
            let playlist = show.cache.made(Made::LivePlaylist(rendition), state, || {
                hls::live_playlist(tape.head(), &live.runs, live.closed).map(Bytes::from).map_err(problem)
            })?;
            let cache = if live.closed { MULTIVARIANT_CACHE } else { LIVE_PLAYLIST_CACHE };
            Ok(answer(PLAYLIST_CONTENT_TYPE, cache, playlist))
        }
        "vod.m3u8" => {
            let slots = recording_slots(&front, &id)?.ok_or(Reason::NotEnded)?;
            let playlist = show.cache.made(Made::VodPlaylist(rendition), slots.end.0, || {
                // What the disk has, not what was heard: the difference is a hole.
                let runs: Vec<Run> = tape.with_index(|index| index.runs().collect());
                hls::vod_playlist(tape.head(), &runs, slots).map(Bytes::from).map_err(problem)
            })?;
            Ok(answer(PLAYLIST_CONTENT_TYPE, MULTIVARIANT_CACHE, playlist))
        }
        "init.mp4" => {
            let framer = tape.framer(Container::Fmp4, rendition).map_err(problem)?;
            Ok(answer("audio/mp4", FOR_EVER, framer.intro().clone()))
        }
        _ => {
            let name = file.strip_suffix(".m4s").and_then(|name| name.parse().ok());
            let name: SegmentName = name.ok_or(Reason::NotFound)?;
            let segment = segment(&tape, rendition, name).await.ok_or(Reason::NotOnTape)?;
            Ok(answer("audio/mp4", FOR_EVER, segment))
        }
    }
}

/// The tape of a show that has one; a show before its doors has none.
async fn tape(front: &Front, id: &ShowId) -> Result<Arc<LiveTape>, Problem> {
    let phase = front.shell.look(|node, _| node.show(id).map(|show| show.stage().phase()))?;
    let show = front.shell.show(id)?;
    if phase == Phase::Ended {
        return show.tape_or_open(&front.shell).await.ok_or_else(|| Problem::new(Reason::NotOnTape));
    }
    show.tape().ok_or_else(|| Problem::new(Reason::DoorsClosed))
}

/// The slots of the recording once the end is final.
fn recording_slots(front: &Front, id: &ShowId) -> Result<Option<std::ops::Range<Slot>>, Problem> {
    let recording = front.shell.look(|node, _| node.show(id).map(stentor_node::Show::recording))?;
    Ok(recording.map(|(start, end)| {
        let last = end.slot();
        start.slot()..if last.start() == end { last } else { last.next() }
    }))
}

/// A whole segment, or `None` if it is not on the tape or not complete yet. The name alone decides what is
/// in it, so it may be cached for ever.
async fn segment(tape: &LiveTape, rendition: Rendition, name: SegmentName) -> Option<Bytes> {
    let live = tape.live();
    let first = name.first;
    let holds = |run: &&Run| run.epoch == first.epoch && run.first <= first.slot && first.slot < run.end;
    let run = *live.runs.iter().rev().find(holds)?;
    let end = name.end_max();
    if run.end < end {
        return None;
    }
    let mut chunks = Vec::with_capacity(Interval::Segment.slots() as usize);
    let mut slot = first.slot;
    while slot < end {
        let chunk = tape.chunk(slot).await.filter(|chunk| chunk.position.epoch == first.epoch)?;
        chunks.push(chunk);
        slot = slot.next();
    }
    let frames: Option<Vec<&Frames>> = chunks.iter().map(|chunk| chunk.frames.get(rendition)).collect();
    let framer = tape.framer(Container::Fmp4, rendition).ok()?;
    let key = (Container::Fmp4, rendition, Interval::Segment);
    let shared = name.slots.is_none() && live.window.chunk(first.slot).is_some();
    Some(tape.framed(framer, key, first.slot, &frames?, shared))
}

fn problem(error: FormatError) -> Problem {
    match error {
        FormatError::Nothing => Problem::new(Reason::DoorsClosed)
            .detail("The first segment of 3.84 s is not complete yet. Ask again in a moment.")
            .retry_after(std::time::Duration::from_secs(2)),
        _ => Problem::new(Reason::RenditionMissing),
    }
}

fn answer(content_type: &'static str, cache: &'static str, body: impl IntoResponse) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    response
}
