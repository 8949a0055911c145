//! A door: one address, its accept loop, TLS if there is any, and HTTP/1.1 behind it.
//!
//! The three doors are apart so that a crowd at one never blocks the others: each has its own
//! listener, its own bound on connections and its own accept loop.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use axum::Router;
use axum::body::HttpBody as _;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt as _, stream};
use http::header;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
use stentor_types::Reason;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tower::ServiceExt as _;

use crate::metrics::DoorGauges;
use crate::notice::Notice;
use crate::problem::{Problem, in_our_words};
use crate::shell::Shell;
use crate::tls::certificates::ACME_ALPN;

/// Connections of the front door, where the process may have more descriptors than that: 100,000 × 32 kbps are 3.2 Gbit/s,
/// and with TLS some 1.4 GB of memory, ours and the kernel's.
const FRONT_CONNECTIONS_MAX: usize = 100_000;

/// Descriptors that the front door leaves to the rest: 1,000 at the stage door, 200 at the desk, 512 and 16
/// on the media port, files and reads.
const DESCRIPTORS_KEPT: u64 = 2_000;

/// How many connections the front door takes in a process with so many descriptors. A crowd there must
/// leave the speakers, the operator and the tapes what they need.
pub fn front_connections_max(descriptors: u64) -> usize {
    let rest = descriptors.saturating_sub(DESCRIPTORS_KEPT).max(descriptors / 4);
    usize::try_from(rest).unwrap_or(usize::MAX).min(FRONT_CONNECTIONS_MAX)
}

/// Connections of the stage door: 8 shows × 16 speakers × (events, signalling, page) = 384, with room.
pub const STAGE_CONNECTIONS_MAX: usize = 1_000;

/// Connections of the desk: a few operators, their scripts and a metrics scraper.
pub const DESK_CONNECTIONS_MAX: usize = 200;

/// A request's head must be here by then, over slow lines as well: it is one or two packets.
pub(crate) const HEAD_TIMEOUT: Duration = Duration::from_secs(5);

/// A TLS handshake must be over by then: two round trips, even on a train.
pub(crate) const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);

/// A request's body must be here by then: 64 KiB over the slowest line that carries speech take 13 s at 40 kbps, offers
/// of 4 kB one.
const BODY_TIMEOUT: Duration = Duration::from_secs(15);

/// Bytes of a request's head: the longest honest ones (cookies of others on the same host, long
/// user agents) stay under 8 KiB.
const HEAD_BYTES_MAX: usize = 16 * 1024;

/// Sent sound that nobody acknowledges for this long means that the listener is gone.
const UNACKNOWLEDGED_MAX: Duration = Duration::from_secs(30);

/// A silent peer is asked after this long whether it still lives (fault 17: reaped within 60 s).
const KEEPALIVE_AFTER: Duration = Duration::from_secs(30);

/// Bytes of a body that is refused for its length which are read all the same: a client that still sends when
/// its connection is closed gets a reset in place of the answer. 1 MiB is ten times what anybody sends by mistake.
const REFUSED_BYTES_MAX: usize = 1024 * 1024;

/// How long such a body is read: 1 MiB at 4 Mbit/s.
const REFUSED_TIMEOUT: Duration = Duration::from_secs(2);

/// Requests at once on a connection of HTTP/2: a cache asks for each file once, five renditions of some shows.
const HTTP2_STREAMS_MAX: u32 = 32;

/// Bytes that wait to be sent for one of them: 32 × 64 KiB are 2 MiB a connection.
const HTTP2_SEND_BYTES: usize = 64 * 1024;

/// Bytes that may be on their way to us: the largest body that is read.
const HTTP2_WINDOW_BYTES: u32 = 64 * 1024;

/// Requests that were begun and taken back and not yet cleared away, before the connection is closed (CVE-2023-44487).
const HTTP2_RESETS_MAX: usize = 16;

/// Connections that wait to be accepted, for an audience that comes at one moment: some 2 kB of the kernel's each. The
/// kernel cuts it to `somaxconn`.
pub(crate) const BACKLOG: i32 = 16_384;

/// How long accepting pauses when the process has no descriptor left.
pub(crate) const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Opens a listening socket, dual stack where the address is an unspecified IPv6 one.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// The first byte of a TLS connection: the content type of a handshake (RFC 8446 §5.1). No method of HTTP has it.
const TLS_HANDSHAKE: u8 = 22;

/// What a door speaks beneath HTTP.
#[derive(Clone)]
pub enum Wire {
    /// TCP alone.
    Plain,
    /// TLS.
    Tls(Arc<ServerConfig>),
    /// Whichever its peer begins with. For a door that only this machine reaches: no certificate of a public
    /// name is for 127.0.0.1, and the operator's commands work all the same.
    Either(Arc<ServerConfig>),
}

/// One door, ready to be opened with [`Door::run`].
pub struct Door {
    listener: TcpListener,
    wire: Wire,
    router: Router,
    places: Arc<Semaphore>,
    gauges: Arc<DoorGauges>,
}

impl Door {
    /// A door on this listener that answers with `router`, for at most `connections_max` at once.
    pub fn new(
        listener: TcpListener,
        wire: Wire,
        router: Router,
        connections_max: usize,
        gauges: Arc<DoorGauges>,
    ) -> Self {
        Self { listener, wire, router, places: Arc::new(Semaphore::new(connections_max)), gauges }
    }

    /// Takes connections until `stop` becomes true, then lets requests in progress finish. The
    /// caller bounds how long it waits; endless streams end by themselves when the server stops.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let graceful = GracefulShutdown::new();
        loop {
            let place = tokio::select! {
                place = Arc::clone(&self.places).acquire_owned() => place.expect("the semaphore is never closed"),
                _ = stop.wait_for(|stop| *stop) => break,
            };
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                _ = stop.wait_for(|stop| *stop) => break,
            };
            match accepted {
                Ok((stream, _)) => self.welcome(stream, place, &graceful),
                Err(error) => self.accept_failed(&error).await,
            }
        }
        drop(self.listener);
        graceful.shutdown().await;
    }

    /// Serves one connection in a task of its own; a panic in it ends that connection only.
    fn welcome(&self, stream: TcpStream, place: OwnedSemaphorePermit, graceful: &GracefulShutdown) {
        self.gauges.accepted();
        if prepare(&SockRef::from(&stream)).is_err() {
            return;
        }
        let router = self.router.clone();
        let gauges = Arc::clone(&self.gauges);
        let watcher = graceful.watcher();
        let wire = self.wire.clone();
        tokio::spawn(async move {
            let _open = gauges.open();
            let _place = place;
            let Some(tls) = wire.tls_of(&stream).await else {
                return serve(stream, router, watcher).await;
            };
            let accepted = TlsAcceptor::from(tls).accept(stream);
            match tokio::time::timeout(HANDSHAKE_TIMEOUT, accepted).await {
                // An authority has seen what it came for; there is nothing to be said (RFC 8737 §3).
                Ok(Ok(stream)) if stream.get_ref().1.alpn_protocol() == Some(ACME_ALPN) => {}
                Ok(Ok(stream)) => {
                    gauges.handshake_done();
                    serve(stream, router, watcher).await;
                }
                Ok(Err(_)) | Err(_) => gauges.handshake_failed(),
            }
        });
    }

    /// Out of descriptors is no reason to spin or to stop: what is live stays live.
    async fn accept_failed(&self, error: &io::Error) {
        self.gauges.accept_failed();
        if !is_of_one_peer(error) {
            tokio::time::sleep(ACCEPT_PAUSE).await;
        }
    }
}

/// Whether accepting failed for who called, and not for all.
pub(crate) fn is_of_one_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted
    )
}

impl Wire {
    /// The TLS that this connection speaks, if it does.
    async fn tls_of(self, stream: &TcpStream) -> Option<Arc<ServerConfig>> {
        match self {
            Self::Plain => None,
            Self::Tls(config) => Some(config),
            Self::Either(config) => {
                let mut first = [0];
                // Of a peer that says nothing, HTTP's own time limit takes care.
                let peeked = tokio::time::timeout(HANDSHAKE_TIMEOUT, stream.peek(&mut first)).await;
                (matches!(peeked, Ok(Ok(1))) && first == [TLS_HANDSHAKE]).then_some(config)
            }
        }
    }
}

/// What every connection of a door gets: small writes leave at once, and the kernel finds the dead.
pub(crate) fn prepare(socket: &Socket) -> io::Result<()> {
    socket.set_tcp_nodelay(true)?;
    socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED_MAX))?;
    socket.set_tcp_keepalive(
        &TcpKeepalive::new().with_time(KEEPALIVE_AFTER).with_interval(Duration::from_secs(10)),
    )
}

/// Puts what a door refused into our words and counts it, by the reason that the answer carries.
pub fn counting_refusals(router: Router, door: &'static str, shell: Arc<Shell>) -> Router {
    router.layer(axum::middleware::map_response(move |response: Response| {
        let response = in_our_words(response);
        if let Some(&reason) = response.extensions().get::<Reason>() {
            shell.note(Notice::RequestRefused { door, reason });
        }
        std::future::ready(response)
    }))
}

/// Refuses a body that announces more than `bytes_max`, in a way that its sender can read, and one that
/// does not come.
pub async fn bounded_body(bytes_max: usize, request: Request, next: Next) -> Response {
    bounded_body_within(BODY_TIMEOUT, bytes_max, request, next).await
}

async fn bounded_body_within(timeout: Duration, bytes_max: usize, request: Request, next: Next) -> Response {
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    let announced = announced.and_then(|length| length.parse::<u64>().ok());
    if announced.is_none_or(|announced| announced <= bytes_max as u64) {
        let is_late = Arc::new(AtomicBool::new(false));
        let answer = next.run(request.map(|body| in_time(body, timeout, Arc::clone(&is_late)))).await;
        return if is_late.load(Relaxed) { Problem::new(Reason::TooSlow).into_response() } else { answer };
    }
    let mut body = request.into_body().into_data_stream();
    let read_on = async {
        let mut read = 0;
        while let Some(Ok(bytes)) = body.next().await {
            read += bytes.len();
            if read >= REFUSED_BYTES_MAX {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(REFUSED_TIMEOUT, read_on).await;
    Problem::new(Reason::TooLarge).into_response()
}

/// A body that breaks off when it takes too long to arrive, and says so. What is done with it may take its time.
fn in_time(body: axum::body::Body, timeout: Duration, is_late: Arc<AtomicBool>) -> axum::body::Body {
    if body.is_end_stream() {
        return body;
    }
    let late = Box::pin(tokio::time::sleep(timeout));
    axum::body::Body::from_stream(stream::unfold(
        (body.into_data_stream(), late, is_late),
        |(mut body, mut late, is_late)| async {
            let bytes = tokio::select! {
                biased;
                bytes = body.next() => bytes?,
                () = &mut late => {
                    is_late.store(true, Relaxed);
                    Err(axum::Error::new(io::Error::from(io::ErrorKind::TimedOut)))
                }
            };
            Some((bytes, (body, late, is_late)))
        },
    ))
}

async fn serve<S>(stream: S, router: Router, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = router
        .map_request(|request: http::Request<hyper::body::Incoming>| request.map(axum::body::Body::new));
    speak(stream, service, HttpVersion::Http1, watcher).await;
}

/// Which HTTP is spoken on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HttpVersion {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2, within bounds that a cache in front never meets.
    Http2,
}

/// Speaks on a connection until it is over.
pub(crate) async fn speak<S, T>(stream: S, service: T, version: HttpVersion, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    T: tower::Service<http::Request<hyper::body::Incoming>, Response = Response, Error = Infallible>
        + Clone
        + Send
        + 'static,
    T::Future: Send,
{
    let (stream, service) = (TokioIo::new(stream), TowerToHyperService::new(service));
    // An error here is a peer that went away or spoke no HTTP; hyper has answered 400 where it could.
    let _ = match version {
        HttpVersion::Http1 => {
            let connection = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_TIMEOUT)
                .max_buf_size(HEAD_BYTES_MAX)
                .serve_connection(stream, service);
            watcher.watch(connection).await
        }
        HttpVersion::Http2 => {
            let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                .timer(TokioTimer::new())
                .max_concurrent_streams(HTTP2_STREAMS_MAX)
                .max_send_buf_size(HTTP2_SEND_BYTES)
                .initial_stream_window_size(HTTP2_WINDOW_BYTES)
                .initial_connection_window_size(HTTP2_WINDOW_BYTES)
                .max_header_list_size(HEAD_BYTES_MAX as u32)
                .max_pending_accept_reset_streams(HTTP2_RESETS_MAX)
                .max_local_error_reset_streams(HTTP2_RESETS_MAX)
                .keep_alive_interval(KEEPALIVE_AFTER)
                .keep_alive_timeout(HEAD_TIMEOUT)
                .serve_connection(stream, service);
            watcher.watch(connection).await
        }
    };
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::middleware::from_fn;
    use axum::routing::post;
    use bytes::Bytes;

    use super::*;

    const SHORT: Duration = Duration::from_millis(50);

    /// The answer to a request with this body, whose handler takes longer than the body may.
    async fn answer(body: Body) -> Response {
        let slow = |_: Bytes| tokio::time::sleep(SHORT * 4);
        let bounded = from_fn(|request, next| bounded_body_within(SHORT, 16, request, next));
        let router = Router::new().route("/", post(slow)).layer(bounded);
        let request = http::Request::post("/").body(body).expect("a plain request");
        router.oneshot(request).await.expect("a router answers")
    }

    #[tokio::test]
    async fn a_body_has_to_come_in_time_and_the_work_with_it_takes_its_own() {
        let come = answer(Body::from("here")).await;
        assert_eq!((come.status(), come.extensions().get()), (http::StatusCode::OK, None::<&Reason>));
        let begun = stream::iter([Ok::<_, io::Error>(Bytes::from("begun"))]).chain(stream::pending());
        let late = answer(Body::from_stream(begun)).await;
        assert_eq!(late.extensions().get(), Some(&Reason::TooSlow));
    }
}
