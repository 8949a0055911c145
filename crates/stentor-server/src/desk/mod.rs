//! The desk: the operator's door.

mod key;
mod openapi;
mod shows;
mod tracks;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use http::{HeaderMap, StatusCode, header};
use stentor_node::DiskState;
use stentor_stage::TokenKey;
use stentor_types::Reason;

use crate::door::bounded_body;
use crate::memory::Memory;
use crate::pages;
use crate::problem::Problem;
use crate::shell::Shell;

pub use openapi::openapi;

/// Bytes of a request's body: a show's announcement is a few hundred.
const BODY_BYTES_MAX: usize = 16 * 1024;

/// What the desk's handlers share.
#[derive(Clone)]
pub(crate) struct Desk {
    shell: Arc<Shell>,
    key: TokenKey,
}

/// The routes of the desk.
pub fn router(shell: Arc<Shell>, key: TokenKey) -> Router {
    let api = Router::new()
        .route("/session", post(key::exchange))
        .route("/shows", get(shows::list).post(shows::create))
        .route("/shows/{show}", get(shows::one).delete(shows::delete))
        .route("/shows/{show}/live", post(shows::live))
        .route("/shows/{show}/end", post(shows::end))
        .route("/shows/{show}/undo", post(shows::undo))
        .route("/shows/{show}/command", post(shows::direct))
        .route("/shows/{show}/links", post(shows::invite))
        .route("/shows/{show}/links/{link}", delete(shows::revoke))
        .route("/shows/{show}/tracks", get(tracks::list))
        .route("/shows/{show}/tracks/{file}", get(tracks::file))
        .route("/openapi.json", get(|| async { axum::Json(openapi()) }));
    Router::new()
        .nest("/api/v1", api)
        .route("/metrics", get(metrics))
        .route("/readyz", get(ready))
        .with_state(Desk { shell, key })
        .merge(pages::assets())
        .route("/operator", get(|headers: HeaderMap| async move { pages::page(&headers, "operator.html") }))
        .route("/healthz", get(|| async { "ok\n" }))
        .fallback(|| async { Problem::new(Reason::NotFound) })
        .method_not_allowed_fallback(|| async { Problem::new(Reason::WrongMethod) })
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(from_fn(|request, next| bounded_body(BODY_BYTES_MAX, request, next)))
        .layer(from_fn(pages::with_security_headers))
}

/// Numbers only, and no names of people: a scraper on the same machine needs no key.
async fn metrics(State(desk): State<Desk>) -> Response {
    let mut page = desk.shell.metrics().render(&desk.shell.samples(), Memory::look());
    page.push_str(&desk.shell.notices().metrics());
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], page).into_response()
}

/// Ready to take a show on air: every open tape's disk does what it should.
async fn ready(State(desk): State<Desk>) -> Response {
    let stopping = *desk.shell.stopping().borrow();
    let ailing = desk.shell.look(|node, _| {
        let ailing =
            node.shows().filter(|show| show.stage().life().has_open_tape() && show.disk() != DiskState::Ok);
        ailing
            .map(|show| format!("the disk fails the tape of {}", show.stage().spec().id))
            .collect::<Vec<_>>()
    });
    let reasons: Vec<_> =
        stopping.then(|| "the server is stopping".to_owned()).into_iter().chain(ailing).collect();
    let status = if reasons.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, axum::Json(serde_json::json!({ "ready": reasons.is_empty(), "reasons": reasons })))
        .into_response()
}
