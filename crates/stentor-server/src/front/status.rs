//! `GET /{show}/status`: rebuilt once a second, the same bytes for everybody.

use std::sync::PoisonError;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use stentor_node::documents::Status;
use stentor_types::RenditionSet;

use super::{Front, show_id};
use crate::gate::BoardView;
use crate::problem::Problem;

/// How old a status may be.
const STATUS_AGE_MAX: Duration = Duration::from_secs(1);

/// What a tape of this build holds.
const RENDITIONS: RenditionSet = if cfg!(feature = "aac") { RenditionSet::ALL } else { RenditionSet::OPUS };

/// The document: what the node knows of a show, and what its gate does.
#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    status: Status<'a>,
    gate: Option<BoardView>,
}

pub(super) async fn status(
    State(front): State<Front>,
    Path(show): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = show_id(&show)?;
    let show = front.shell.show(&id)?;
    let now = front.shell.clock().mono();
    let kept = show.cache.status.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let fresh = kept.filter(|(made_at, ..)| now.saturating_since(*made_at) < STATUS_AGE_MAX);
    let (body, etag) = match fresh {
        Some((_, body, etag)) => (body, etag),
        None => {
            let renditions = show.tape().map_or(RENDITIONS, |tape| tape.head().filler.set());
            let listeners = show.listeners();
            let own_pages = front.pages.borrow().clone();
            let gate = show.gate.board();
            let body = front.shell.look(|node, now| {
                let mut status = Status::new(now, node.show(&id)?, renditions, listeners, &own_pages);
                if gate.as_ref().is_some_and(BoardView::is_awaited) {
                    status.poll_often();
                }
                let document = Document { status, gate };
                Ok::<_, Problem>(Bytes::from(
                    serde_json::to_vec(&document).expect("plain data with text keys"),
                ))
            })?;
            let etag = HeaderValue::from_str(&format!("\"{}\"", &blake3::hash(&body).to_hex()[..16]))
                .expect("hexadecimal digits");
            let mut kept = show.cache.status.lock().unwrap_or_else(PoisonError::into_inner);
            *kept = Some((now, body.clone(), etag.clone()));
            (body, etag)
        }
    };
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known == etag);
    let mut response = if known { StatusCode::NOT_MODIFIED.into_response() } else { body.into_response() };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=1"));
    headers.insert(header::ETAG, etag);
    Ok(response)
}
