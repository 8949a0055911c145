//! The pages: static files, compiled in, the same for everybody.
//!
//! No text of a person is ever written into one: pages get those as JSON and set them as text. They are compressed
//! once, and not for each of a crowd.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::Router;
use axum::extract::{Path, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use flate2::Compression;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use rust_embed::RustEmbed;
use stentor_types::Reason;

use crate::gzip::{accepts_gzip, gzip};
use crate::problem::Problem;

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
struct Dist;

/// A file as it is sent. Codings of one file have tags of their own (RFC 9110 §8.8.3.3).
struct Page {
    content_type: &'static str,
    plain: Sent,
    gzip: Sent,
}

struct Sent {
    body: Bytes,
    etag: HeaderValue,
}

static PAGES: LazyLock<BTreeMap<String, Page>> = LazyLock::new(|| {
    Dist::iter().filter_map(|path| Page::of(&path).map(|page| (path.into_owned(), page))).collect()
});

impl Page {
    fn of(path: &str) -> Option<Self> {
        let file = Dist::get(path)?;
        let hash: String =
            file.metadata.sha256_hash()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        let sent = |body: Bytes, coding: &str| {
            let etag =
                HeaderValue::from_str(&format!("\"{hash}{coding}\"")).expect("ASCII letters and digits");
            Sent { body, etag }
        };
        let gzip = sent(gzip(&file.data, Compression::best()), "-gzip");
        let plain = sent(Bytes::from(file.data.into_owned()), "");
        Some(Self { content_type: content_type(path), plain, gzip })
    }

    /// It with its ETag; 304 where the browser has it already. Browsers ask again each time (`no-cache`), so that a page and its
    /// modules are always of one build.
    fn answer(&self, method: &Method, asked: &HeaderMap) -> Response {
        let compressed = accepts_gzip(asked);
        let Sent { body, etag } = if compressed { &self.gzip } else { &self.plain };
        let known = asked.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
        let mut response = if known.is_some_and(|known| known.split(',').any(|tag| tag.trim() == etag)) {
            StatusCode::NOT_MODIFIED.into_response()
        } else if method == Method::HEAD {
            StatusCode::OK.into_response()
        } else {
            body.clone().into_response()
        };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(header::ETAG, etag.clone());
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if compressed {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
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

async fn asset(method: Method, headers: HeaderMap, Path(path): Path<String>) -> Response {
    match PAGES.get(&path) {
        // Pages are served at their own URLs only, where their headers fit.
        Some(file) if !path.ends_with(".html") => file.answer(&method, &headers),
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
    match PAGES.get(name) {
        Some(file) => file.answer(method, headers),
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
    use std::io::Read as _;

    use flate2::read::GzDecoder;

    use super::*;

    #[test]
    fn every_page_is_whole_in_either_coding() {
        assert!(PAGES.contains_key("listener.html") && PAGES.contains_key("player/mse.js"));
        for (path, Page { plain, gzip, .. }) in PAGES.iter() {
            let mut whole = Vec::new();
            GzDecoder::new(&gzip.body[..]).read_to_end(&mut whole).expect("gzip");
            assert_eq!(whole, plain.body, "{path}");
            assert_ne!(gzip.etag, plain.etag, "{path}");
        }
    }

    #[test]
    fn the_coding_is_one_that_was_asked_for_and_what_is_known_is_not_sent_again() {
        let asked = |pairs: &[(header::HeaderName, &HeaderValue)]| {
            let headers = pairs.iter().map(|(name, value)| (name.clone(), (*value).clone())).collect();
            page(&Method::GET, &headers, "listener.html")
        };
        let codings = HeaderValue::from_static("gzip, br");
        let (plain, compressed) = (asked(&[]), asked(&[(header::ACCEPT_ENCODING, &codings)]));
        assert_eq!(plain.headers().get(header::CONTENT_ENCODING), None);
        assert_eq!(compressed.headers()[header::CONTENT_ENCODING], "gzip");
        let (plain, compressed) = (&plain.headers()[header::ETAG], &compressed.headers()[header::ETAG]);
        let again = |tag, codings: &[_]| asked(&[&[(header::IF_NONE_MATCH, tag)], codings].concat()).status();
        let reads_gzip = [(header::ACCEPT_ENCODING, &codings)];
        assert_eq!(again(plain, &[]), 304);
        assert_eq!(again(compressed, &reads_gzip), 304);
        assert_eq!(again(compressed, &[]), 200);
    }
}
