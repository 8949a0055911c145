//! `GET /{show}/status`: rebuilt once a second, the same bytes for everybody.

use std::sync::PoisonError;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::Response;
use bytes::Bytes;
use flate2::Compression;
use http::{HeaderMap, HeaderValue, header};
use serde::Serialize;
use stentor_node::documents::Status;
use stentor_types::RenditionSet;

use super::{Front, show_id};
use crate::gate::BoardView;
use crate::gzip::Coded;
use crate::problem::Problem;
use crate::shell::ShowShell;

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
    let fresh = kept.filter(|(made_at, _)| now.saturating_since(*made_at) < STATUS_AGE_MAX);
    let document = match fresh {
        Some((_, document)) => document,
        None => {
            let document = make(&front, &show)?;
            let mut kept = show.cache.status.lock().unwrap_or_else(PoisonError::into_inner);
            *kept = Some((now, document.clone()));
            document
        }
    };
    let mut response = document.answer(&headers);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=1"));
    Ok(response)
}

fn make(front: &Front, show: &ShowShell) -> Result<Coded, Problem> {
    let renditions = show.tape().map_or(RENDITIONS, |tape| tape.head().filler.set());
    let listeners = show.listeners();
    let own_pages = front.pages.borrow().clone();
    let gate = show.gate.board();
    let body = front.shell.look(|node, now| {
        let mut status = Status::new(now, node.show(&show.id)?, renditions, listeners, &own_pages);
        if gate.as_ref().is_some_and(BoardView::is_awaited) {
            status.poll_often();
        }
        let document = Document { status, gate };
        Ok::<_, Problem>(Bytes::from(serde_json::to_vec(&document).expect("plain data with text keys")))
    })?;
    let hash = &blake3::hash(&body).to_hex()[..16];
    Ok(Coded::new(body, hash, Compression::default()))
}
