//! The pages: static files, compiled in, the same for everybody.
//!
//! No text of a person is ever written into one: pages get those as JSON and set them as text.

use axum::Router;
use axum::extract::{Path, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use rust_embed::{EmbeddedFile, RustEmbed};
use stentor_types::Reason;

use crate::problem::Problem;

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
struct Dist;

/// Nothing but our own files, no inline script, no frame of anybody else around us. The stage door
/// and the front door may have different origins, but no page ever talks to the other's.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     media-src 'self' blob:; connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'";

/// `/assets/…`: modules, styles, pictures.
pub fn assets<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/assets/{*path}", get(asset))
}

async fn asset(method: Method, headers: HeaderMap, Path(path): Path<String>) -> Response {
    match Dist::get(&path) {
        // Pages are served at their own URLs only, where their headers fit.
        Some(file) if !path.ends_with(".html") => embedded(&method, &headers, &path, &file),
        _ => Problem::new(Reason::NotFound).into_response(),
    }
}

/// The worker that keeps the listener's page for a time without a server, and the page as that worker takes it.
/// Both lie at the root, because a worker reaches no page above its own path, and have names that no show can
/// have.
pub fn shell<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let file = |name: &'static str| {
        get(move |method: Method, headers: HeaderMap| async move { page(&method, &headers, name) })
    };
    Router::new().route("/sw.js", file("sw.js")).route("/listener.html", file("listener.html"))
}

/// The page of this name, such as `listener.html`.
pub fn page(method: &Method, headers: &HeaderMap, name: &str) -> Response {
    match Dist::get(name) {
        Some(file) => embedded(method, headers, name, &file),
        None => Problem::new(Reason::Internal).detail("This build has no pages in it.").into_response(),
    }
}

/// An embedded file with its ETag; 304 where the browser has it already. Browsers ask again each
/// time (`no-cache`), so that a page and its modules are always of one build.
fn embedded(method: &Method, headers: &HeaderMap, path: &str, file: &EmbeddedFile) -> Response {
    let hash = file.metadata.sha256_hash();
    let etag = format!("\"{}\"", hash[..8].iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let mut response = if known.is_some_and(|known| known.split(',').any(|tag| tag.trim() == etag)) {
        StatusCode::NOT_MODIFIED.into_response()
    } else if method == Method::HEAD {
        StatusCode::OK.into_response()
    } else {
        axum::body::Bytes::copy_from_slice(&file.data).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(path)));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::ETAG, HeaderValue::from_str(&etag).expect("hexadecimal digits"));
    response
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "webmanifest") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        _ => "application/octet-stream",
    }
}

/// Adds the headers that every answer of every door carries.
pub async fn with_security_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    add_security_headers(response.headers_mut());
    response
}

/// The same for an answer that is made elsewhere.
pub(crate) fn add_security_headers(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            header::HeaderName::from_static("permissions-policy"),
            "microphone=(self), camera=(), geolocation=()",
        ),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}
