//! The stage door: where speakers and hosts come in.

mod command;
mod events;
mod session;
mod signal;

pub(crate) use session::refused_body;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch, post};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use stentor_stage::{Admitted, Purpose};
use stentor_types::{Reason, ShowId};

use crate::door::bounded_body;
use crate::pages;
use crate::problem::{Problem, show_id};
use crate::shell::Shell;

/// Bytes of a request's body: an offer has 32 KiB at most, the rest is far smaller.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// What the stage door's handlers share.
#[derive(Clone)]
pub(crate) struct StageDoor {
    shell: Arc<Shell>,
    front_url: Arc<str>,
}

/// The routes of the stage door. `front_url` is where guests are shown the show's own page.
pub fn router(shell: Arc<Shell>, front_url: &str) -> Router {
    Router::new()
        .route("/{show}/studio", get(studio))
        .route("/{show}/session", post(session::exchange))
        .route("/{show}/stage", post(signal::stage))
        .route("/{show}/stage/events", get(events::events))
        .route("/{show}/stage/command", post(command::command))
        .route("/{show}/stage/{session}", patch(signal::patch_stage).delete(signal::delete_stage))
        .route("/{show}/whip", post(signal::whip))
        .route("/{show}/whip/{session}", patch(signal::patch_whip).delete(signal::delete_whip))
        .with_state(StageDoor { shell, front_url: front_url.into() })
        .merge(pages::assets())
        .route("/healthz", get(|| async { "ok\n" }))
        .fallback(|| async { Problem::new(Reason::NotFound) })
        .method_not_allowed_fallback(|| async { Problem::new(Reason::WrongMethod) })
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(from_fn(|request, next| bounded_body(BODY_BYTES_MAX, request, next)))
        .layer(from_fn(with_cors))
        .layer(from_fn(pages::with_security_headers))
}

/// WHIP clients may be pages of others (RFC 9725 §4.2); what they need is a key, which no browser sends by itself.
async fn with_cors(request: Request, next: Next) -> Response {
    let preflight = request.method() == Method::OPTIONS;
    let mut response =
        if preflight { StatusCode::NO_CONTENT.into_response() } else { next.run(request).await };
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    if preflight {
        for (name, value) in [
            (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PATCH, DELETE"),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, "Authorization, Content-Type, If-Match"),
            (header::ACCESS_CONTROL_MAX_AGE, "86400"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        // RFC 9725 §4.2: an OPTIONS answer says what a POST takes.
        headers.insert(
            header::HeaderName::from_static("accept-post"),
            HeaderValue::from_static("application/sdp"),
        );
    } else {
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("Location, ETag, Link, Retry-After"),
        );
    }
    response
}

async fn studio(headers: HeaderMap, State(_): State<StageDoor>) -> Response {
    pages::page(&headers, "studio.html")
}

/// The token of `Authorization: Bearer …` (RFC 6750 §2.1).
pub(crate) fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let value = headers.get(header::AUTHORIZATION).ok_or(Reason::KeyMissing)?;
    let value = value.to_str().map_err(|_| Reason::KeyInvalid)?;
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token.trim()),
        _ => Err(Problem::new(Reason::KeyMissing)),
    }
}

impl StageDoor {
    /// Who a request's Bearer is.
    fn admit(&self, show: &ShowId, headers: &HeaderMap, purpose: Purpose) -> Result<Admitted, Problem> {
        let token = bearer(headers)?;
        let admitted = self.shell.look(|node, now| node.admit(now, show, token, purpose));
        admitted.map_err(Problem::new)
    }
}

/// A path with the show's name only.
type OfShow = Path<String>;

/// A path with the names of show and session.
type OfSession = Path<(String, String)>;
