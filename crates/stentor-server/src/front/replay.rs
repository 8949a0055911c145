//! The recording as one file, made from the tape while it is sent.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use bytes::{Bytes, BytesMut};
use futures_util::stream;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use stentor_formats::{FileLayout, FormatError, Piece};
use stentor_stage::Phase;
use stentor_types::{MediaTime, Reason, Rendition, ShowId, ShowTitle};

use super::range::Wanted;
use super::{Front, show_id};
use crate::problem::Problem;
use crate::tape::LiveTape;

/// When to ask again for a recording that is being made ready.
const RETRY_SOON: Duration = Duration::from_secs(1);

/// Bytes made at a time: a few seconds of sound, so that a seek wastes little and a download needs few
/// steps.
const STEP_BYTES: u64 = 64 * 1024;

pub(super) async fn m4a(
    State(front): State<Front>,
    method: Method,
    headers: HeaderMap,
    Path(show): Path<String>,
) -> Result<Response, Problem> {
    serve(&front, &method, &headers, &show, Rendition::Aac64).await
}

pub(super) async fn opus(
    State(front): State<Front>,
    method: Method,
    headers: HeaderMap,
    Path(show): Path<String>,
) -> Result<Response, Problem> {
    serve(&front, &method, &headers, &show, Rendition::Opus64).await
}

async fn serve(
    front: &Front,
    method: &Method,
    headers: &HeaderMap,
    show: &str,
    rendition: Rendition,
) -> Result<Response, Problem> {
    let id = show_id(show)?;
    let (tape, layout) = layout(front, &id, rendition).await?;
    let etag =
        HeaderValue::from_str(&format!("\"{:016x}\"", layout.etag_seed())).expect("hexadecimal digits");
    let len = layout.len();
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known == etag) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response());
    }
    // A range is of what a GET transfers (RFC 9110 §14.2).
    let wanted = if *method == Method::GET { Wanted::of(headers, &etag, len) } else { Wanted::Whole };
    let (status, range) = match wanted {
        Wanted::Whole => (StatusCode::OK, 0..len),
        Wanted::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
        Wanted::Nothing => return Ok(outside(len)),
    };
    let kind = layout.kind();
    let body = if *method == Method::HEAD { Body::empty() } else { body(tape, layout, range.clone()) };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind.content_type()));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    headers.insert(header::ETAG, etag);
    if status == StatusCode::PARTIAL_CONTENT {
        let content_range = format!("bytes {}-{}/{len}", range.start, range.end - 1);
        headers.insert(header::CONTENT_RANGE, HeaderValue::from_str(&content_range).expect("digits"));
    }
    Ok(response)
}

/// The layout of the file: made once, on the first request after the end.
async fn layout(
    front: &Front,
    id: &ShowId,
    rendition: Rendition,
) -> Result<(Arc<LiveTape>, Arc<FileLayout>), Problem> {
    let show = front.shell.show(id)?;
    let (phase, recording, was_on_air, title) = front.shell.look(|node, _| {
        node.show(id).map(|show| {
            let stage = show.stage();
            (stage.phase(), show.recording(), stage.life().on_air_at().is_some(), stage.spec().title.clone())
        })
    })?;
    if phase != Phase::Ended {
        return Err(Problem::new(Reason::NotEnded));
    }
    let Some((start, end)) = recording else {
        let soon = Problem::new(Reason::NotEnded)
            .detail("The show has just ended; its recording is here in a moment.")
            .retry_after(RETRY_SOON);
        return Err(if was_on_air { soon } else { Problem::new(Reason::NotOnTape) });
    };
    let tape = show.tape_or_open(&front.shell).await.ok_or(Reason::NotOnTape)?;
    // Held while the layout is made, so that a crowd at the end makes it once.
    let mut layouts = show.cache.layouts.lock().await;
    if let Some(layout) = layouts.get(&rendition) {
        return Ok((tape, Arc::clone(layout)));
    }
    let reading = Arc::clone(&tape);
    let made = tokio::task::spawn_blocking(move || lay_out(&reading, rendition, &title, start..end)).await;
    let layout = made.map_err(|_| Reason::Internal)?.map_err(|error| match error {
        FormatError::NotOnTape(_) => Problem::new(Reason::RenditionMissing),
        error => {
            Problem::new(Reason::NotOnTape).detail(format!("The recording cannot be one file: {error}."))
        }
    })?;
    let layout = Arc::new(layout);
    layouts.insert(rendition, Arc::clone(&layout));
    Ok((tape, layout))
}

/// Reads the frame lengths of every chunk once: 280 MB for three hours, most of it from the page cache.
fn lay_out(
    tape: &LiveTape,
    rendition: Rendition,
    title: &ShowTitle,
    range: Range<MediaTime>,
) -> Result<FileLayout, FormatError> {
    FileLayout::new(tape.head(), rendition, Some(title), range, |slot| {
        let chunk = tape.chunk_blocking(slot)?;
        chunk.frames.get(rendition).map(|frames| frames.lens_bytes().to_vec())
    })
}

fn body(tape: Arc<LiveTape>, layout: Arc<FileLayout>, range: Range<u64>) -> Body {
    Body::from_stream(stream::unfold((tape, layout, range), |(tape, layout, range)| async move {
        if range.start >= range.end {
            return None;
        }
        let step = range.start..range.end.min(range.start + STEP_BYTES);
        let rest = step.end..range.end;
        let bytes = render(&tape, &layout, step).await;
        Some((bytes, (tape, layout, rest)))
    }))
}

/// The bytes of a part of the file. Should the disk have damaged a chunk meanwhile, the response breaks off:
/// other bytes than promised would be worse.
async fn render(tape: &LiveTape, layout: &FileLayout, range: Range<u64>) -> Result<Bytes, FormatError> {
    let mut bytes = BytesMut::with_capacity(usize::try_from(range.end - range.start).unwrap_or_default());
    let pieces: Vec<_> = layout.pieces(range).collect();
    for piece in pieces {
        match piece {
            Piece::Literal(literal) => bytes.extend_from_slice(&literal),
            Piece::Chunk { slot, within } => {
                let chunk = tape.chunk(slot).await;
                let frames = chunk.as_ref().and_then(|chunk| chunk.frames.get(layout.rendition()));
                let frames = frames.ok_or(FormatError::Chunk(slot))?;
                bytes.extend_from_slice(&layout.chunk_bytes(slot, frames)?[within]);
            }
        }
    }
    Ok(bytes.freeze())
}

fn outside(len: u64) -> Response {
    let mut response = Problem::new(Reason::RangeOutside).into_response();
    let content_range = HeaderValue::from_str(&format!("bytes */{len}")).expect("digits");
    response.headers_mut().insert(header::CONTENT_RANGE, content_range);
    response
}
