//! The front door: everything a listener asks for.

pub mod announcement;
mod choice;
mod hand;
pub mod head;
mod hls;
mod marks;
mod proxies;
pub mod range;
mod replay;
pub(crate) mod shard;
mod status;
mod stream;
mod ticket;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use stentor_fanout::limits::READERS_MAX;
use stentor_formats::FileLayout;
use stentor_node::documents::OwnPages;
use stentor_types::{Mono, Reason, Rendition};
use tokio::sync::Semaphore;
use tokio::sync::watch;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate as _};

use crate::door::bounded_body;
use crate::gzip::Coded;
use crate::pages;
use crate::problem::{Problem, show_id};
use crate::shell::Shell;

/// What the front door's handlers share.
#[derive(Clone)]
pub(crate) struct Front {
    shell: Arc<Shell>,
    pages: watch::Receiver<OwnPages>,
    /// Places for requests that are held until there is more sound.
    held: Arc<Semaphore>,
    /// Places for readers of sound that is older than what is in memory.
    rewound: Arc<Semaphore>,
}

/// Answers of one show that are made once for many.
#[derive(Default)]
pub struct ShowCache {
    /// When it was made.
    status: Mutex<Option<(Mono, Coded)>>,
    /// Playlists and marks, each with what it was made of.
    made: Mutex<BTreeMap<Made, (u64, Bytes)>>,
    layouts: Arc<tokio::sync::Mutex<BTreeMap<Rendition, Arc<FileLayout>>>>,
}

/// An answer that many ask for and that changes at certain moments only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Made {
    Playlist(Playlist, Coding),
    Marks,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Playlist {
    LowLatency { rendition: Rendition, skip: bool },
    Live(Rendition),
    Recording(Rendition),
}

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Coding {
    Plain,
    Gzip,
}

impl ShowCache {
    /// The answer as it was made of `state`, or made now.
    fn made<E>(&self, what: Made, state: u64, make: impl FnOnce() -> Result<Bytes, E>) -> Result<Bytes, E> {
        let kept = self.made.lock().unwrap_or_else(PoisonError::into_inner).get(&what).cloned();
        if let Some((of, bytes)) = kept
            && of == state
        {
            return Ok(bytes);
        }
        let bytes = make()?;
        self.made.lock().unwrap_or_else(PoisonError::into_inner).insert(what, (state, bytes.clone()));
        Ok(bytes)
    }

    /// Forgets what a change of phase makes untrue.
    pub(crate) fn forget(&self) {
        *self.status.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// The routes of the front door.
pub fn router(shell: Arc<Shell>, own_pages: watch::Receiver<OwnPages>) -> Router {
    // Sound is compressed already, and a compressor would hold it back.
    let compressible = DefaultPredicate::new().and(NotForContentType::const_new("audio/"));
    Router::new()
        .route("/", get(shows))
        .route("/{show}", get(page))
        .route("/{show}/", get(without_slash))
        .route("/{show}/status", get(status::status))
        .route("/{show}/marks", get(marks::marks))
        .route("/{show}/live.mp4", get(stream::mp4))
        .route("/{show}/live.ogg", get(stream::ogg))
        .route("/{show}/live.aac", get(stream::aac))
        .route("/{show}/hls/index.m3u8", get(hls::index))
        .route("/{show}/hls/cdn.m3u8", get(hls::cdn))
        .route("/{show}/hls/{rendition}/{file}", get(hls::file))
        .route("/{show}/replay.m4a", get(replay::m4a))
        .route("/{show}/replay.opus", get(replay::opus))
        .merge(sent())
        .with_state(Front {
            shell,
            pages: own_pages,
            held: Arc::new(Semaphore::new(hls::HELD_MAX)),
            rewound: Arc::new(Semaphore::new(READERS_MAX)),
        })
        .merge(pages::assets())
        .merge(pages::shell())
        .route("/healthz", get(|| async { "ok\n" }))
        .fallback(|| async { Problem::new(Reason::NotFound) })
        .method_not_allowed_fallback(|| async { Problem::new(Reason::WrongMethod) })
        .layer(CompressionLayer::new().gzip(true).compress_when(compressible))
        .layer(from_fn(with_cors))
        .layer(from_fn(pages::with_security_headers))
}

/// What listeners send: small, and cut off when it does not come.
fn sent() -> Router<Front> {
    Router::new()
        .route("/{show}/hand", post(hand::raise))
        .route("/{show}/hand/{token}", get(hand::poll).delete(hand::lower))
        .route("/{show}/ticket", post(ticket::take))
        .route("/{show}/claim", post(ticket::claim))
        .layer(DefaultBodyLimit::max(hand::BODY_BYTES_MAX))
        .layer(from_fn(|request, next| bounded_body(hand::BODY_BYTES_MAX, request, next)))
}

/// Secrets of one page are kept by no cache.
fn unshared(body: impl IntoResponse) -> impl IntoResponse {
    ([(header::CACHE_CONTROL, "no-store")], body)
}

/// Everything at the front door is public: players and pages of others may read it.
async fn with_cors(request: Request, next: Next) -> Response {
    let preflight = request.method() == Method::OPTIONS;
    let mut response =
        if preflight { StatusCode::NO_CONTENT.into_response() } else { next.run(request).await };
    let headers = response.headers_mut();
    if preflight {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD"));
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("Range"));
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    } else {
        add_cors(headers);
    }
    response
}

/// What an answer to pages of others says.
fn add_cors(headers: &mut HeaderMap) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static(
            "Stentor-Epoch, Stentor-Start-S, Stentor-Interval-S, Stentor-On-Air-S, Retry-After, ETag, Content-Range",
        ),
    );
}

/// Only the name of a show leads on: a path such as `/%2Fexample.org/` would lead elsewhere.
async fn without_slash(Path(show): Path<String>) -> Result<Redirect, Problem> {
    Ok(Redirect::permanent(&format!("/{}", show_id(&show)?)))
}

async fn shows(State(front): State<Front>, headers: HeaderMap) -> Response {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !accept.contains("application/json") {
        return pages::page(&headers, "shows.html");
    }
    let shows = front.shell.look(|node, _| {
        let shows = node.shows().map(|show| {
            let spec = show.stage().spec();
            serde_json::json!({
                "id": spec.id, "title": spec.title, "phase": show.stage().phase(), "starts_at": spec.starts_at,
            })
        });
        shows.collect::<Vec<_>>()
    });
    axum::Json(serde_json::json!({ "shows": shows })).into_response()
}

/// The listener's page is the same for every show, and says by itself when there is none.
async fn page(State(front): State<Front>, mut headers: HeaderMap, Path(show): Path<String>) -> Response {
    if show_id(&show).is_ok_and(|id| front.shell.show(&id).is_ok()) {
        return pages::page(&headers, "listener.html");
    }
    // Who has the page of a show that is gone is told so, and not that it is as it was.
    headers.remove(header::IF_NONE_MATCH);
    let mut response = pages::page(&headers, "listener.html");
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}
