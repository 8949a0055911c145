//! The pages: static files, compiled in, the same for everybody.
//!
//! No text of a person is ever written into one: pages get those as JSON and set them as text. They are compressed
//! once, and not for each of a crowd.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::Router;
use axum::extract::{Path, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use bytes::Bytes;
use flate2::Compression;
use http::{HeaderMap, HeaderValue, header};
use rust_embed::RustEmbed;
use stentor_types::Reason;

use crate::gzip::Coded;
use crate::problem::Problem;

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
struct Dist;

/// A file as it is sent.
struct Page {
    content_type: &'static str,
    document: Coded,
}

static PAGES: LazyLock<BTreeMap<String, Page>> = LazyLock::new(|| {
    Dist::iter().filter_map(|path| Page::of(&path).map(|page| (path.into_owned(), page))).collect()
});

impl Page {
    fn of(path: &str) -> Option<Self> {
        let file = Dist::get(path)?;
        let hash: String =
            file.metadata.sha256_hash()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        let document = Coded::new(Bytes::from(file.data.into_owned()), &hash, Compression::best());
        Some(Self { content_type: content_type(path), document })
    }

    /// Browsers ask again each time (`no-cache`), so that a page and its modules are always of one build.
    fn answer(&self, asked: &HeaderMap) -> Response {
        let mut response = self.document.answer(asked);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        response
    }
}

/// Nothing but our own files, no inline script, no frame of anybody else around us. The stage door
/// and the front door may have different origins, but no page ever talks to the other's.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     media-src 'self' blob:; connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'";

/// `/assets/…`: modules, styles, pictures.
pub fn assets<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/assets/{*path}", get(asset))
}

async fn asset(headers: HeaderMap, Path(path): Path<String>) -> Response {
    match PAGES.get(&path) {
        // Pages are served at their own URLs only, where their headers fit.
        Some(file) if !path.ends_with(".html") => file.answer(&headers),
        _ => Problem::new(Reason::NotFound).into_response(),
    }
}

/// The worker that keeps the listener's page for a time without a server, and the page as that worker takes it.
/// Both lie at the root, because a worker reaches no page above its own path, and have names that no show can
/// have.
pub fn shell<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let file = |name: &'static str| get(move |headers: HeaderMap| async move { page(&headers, name) });
    Router::new().route("/sw.js", file("sw.js")).route("/listener.html", file("listener.html"))
}

/// The page of this name, such as `listener.html`.
pub fn page(headers: &HeaderMap, name: &str) -> Response {
    match PAGES.get(name) {
        Some(file) => file.answer(headers),
        None => Problem::new(Reason::Internal).detail("This build has no pages in it.").into_response(),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_whole_in_either_coding() {
        for (path, Page { document, .. }) in PAGES.iter() {
            assert!(document.is_whole(), "{path}");
        }
    }

    #[test]
    fn every_page_is_there_and_says_what_it_is() {
        for (path, content_type) in [("listener.html", "text/html"), ("player/mse.js", "text/javascript")] {
            let answer = page(&HeaderMap::new(), path);
            assert_eq!(answer.status(), 200, "{path}");
            let said = answer.headers()[header::CONTENT_TYPE].to_str().expect("text");
            assert!(said.starts_with(content_type), "{path}: {said}");
        }
        assert_eq!(page(&HeaderMap::new(), "nothing.html").status(), 500);
    }
}
