//! What of a show is its recording, and sound files in answer to a request, made while it is sent: whole or a range of it, never whole in memory.

use std::future::Future;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use bytes::{Bytes, BytesMut};
use futures_util::stream;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use stentor_formats::{FileLayout, FormatError, Piece};
use stentor_stage::Phase;
use stentor_types::{Frames, MediaTime, Reason, ShowId, ShowTitle, Slot};

use crate::front::range::Wanted;
use crate::problem::Problem;
use crate::shell::{Shell, ShowShell};
use crate::tape::LiveTape;

/// When to ask again for a recording that is being made ready.
const RETRY_SOON: Duration = Duration::from_secs(1);

/// Bytes made at a time: a few seconds of sound, so that a seek wastes little and a download needs few
/// steps.
const STEP_BYTES: u64 = 64 * 1024;

/// A show that is over, and what of its tape is the recording.
pub(crate) struct Recording {
    pub(crate) show: Arc<ShowShell>,
    pub(crate) tape: Arc<LiveTape>,
    pub(crate) range: Range<MediaTime>,
    pub(crate) title: ShowTitle,
}

impl Recording {
    /// The recording of a show, or why there is none or not yet.
    pub(crate) async fn of(shell: &Arc<Shell>, id: &ShowId) -> Result<Self, Problem> {
        let show = shell.show(id)?;
        let (phase, recording, is_unrecorded, title) = shell.look(|node, _| {
            node.show(id).map(|show| {
                let stage = show.stage();
                (stage.phase(), show.recording(), show.is_unrecorded(), stage.spec().title.clone())
            })
        })?;
        if phase != Phase::Ended {
            return Err(Problem::new(Reason::NotEnded));
        }
        let Some((start, end)) = recording else {
            let soon = Problem::new(Reason::NotEnded)
                .detail("The show has just ended; its recording is here in a moment.")
                .retry_after(RETRY_SOON);
            let never = Problem::new(Reason::NotOnTape)
                .detail("Nothing of this show can be played: it was not on air, or its tape cannot be read.");
            return Err(if is_unrecorded { never } else { soon });
        };
        let tape = show.tape_or_open(shell).await?;
        Ok(Self { show, tape, range: start..end, title })
    }
}

/// Where the frames of a file come from.
pub(crate) trait Sound: Send + Sync + 'static {
    /// The frames that the layout had the lengths of; `None` if they cannot be read any more.
    fn frames(&self, slot: Slot) -> impl Future<Output = Option<Frames>> + Send;
}

/// The file with this layout, or what of it the request wants.
pub(crate) fn respond(
    method: &Method,
    headers: &HeaderMap,
    cache_control: &'static str,
    layout: Arc<FileLayout>,
    sound: impl Sound,
) -> Response {
    let etag =
        HeaderValue::from_str(&format!("\"{:016x}\"", layout.etag_seed())).expect("hexadecimal digits");
    let len = layout.len();
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known == etag) {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response();
    }
    // A range is of what a GET transfers (RFC 9110 §14.2).
    let wanted = if *method == Method::GET { Wanted::of(headers, &etag, len) } else { Wanted::Whole };
    let (status, range) = match wanted {
        Wanted::Whole => (StatusCode::OK, 0..len),
        Wanted::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
        Wanted::Nothing => return outside(len),
    };
    let kind = layout.kind();
    let body = if *method == Method::HEAD { Body::empty() } else { body(sound, layout, range.clone()) };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind.content_type()));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache_control));
    headers.insert(header::ETAG, etag);
    if status == StatusCode::PARTIAL_CONTENT {
        let content_range = format!("bytes {}-{}/{len}", range.start, range.end - 1);
        headers.insert(header::CONTENT_RANGE, HeaderValue::from_str(&content_range).expect("digits"));
    }
    response
}

fn body(sound: impl Sound, layout: Arc<FileLayout>, range: Range<u64>) -> Body {
    Body::from_stream(stream::unfold((sound, layout, range), |(sound, layout, range)| async move {
        if range.start >= range.end {
            return None;
        }
        let step = range.start..range.end.min(range.start + STEP_BYTES);
        let rest = step.end..range.end;
        let bytes = render(&sound, &layout, step).await;
        Some((bytes, (sound, layout, rest)))
    }))
}

/// The bytes of a part of the file. Should the disk have damaged a chunk meanwhile, the response breaks off:
/// other bytes than promised would be worse.
async fn render(sound: &impl Sound, layout: &FileLayout, range: Range<u64>) -> Result<Bytes, FormatError> {
    let mut bytes = BytesMut::with_capacity(usize::try_from(range.end - range.start).unwrap_or_default());
    let pieces: Vec<_> = layout.pieces(range).collect();
    for piece in pieces {
        match piece {
            Piece::Literal(literal) => bytes.extend_from_slice(&literal),
            Piece::Chunk { slot, within } => {
                let frames = sound.frames(slot).await.ok_or(FormatError::Chunk(slot))?;
                bytes.extend_from_slice(&layout.chunk_bytes(slot, &frames)?[within]);
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
