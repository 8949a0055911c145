//! A connection while the ordinary HTTP stack answers on it.
//!
//! It comes with the request that was read and goes on as any connection would, until the next request is one that
//! the shard answers: then the stack is shown an end of stream, and the connection goes home with what was read.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll, ready};

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper_util::server::graceful::Watcher;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tower::ServiceExt as _;

use super::caller::{Brought, Caller, Home, Moved, Place};
use super::decide;
use super::wire::Wire;
use crate::config::Proxies;
use crate::door::{self, HEAD_TIMEOUT, HttpVersion};
use crate::front::proxies::{self, Origin};

/// Bytes read at once: a request is some hundred, and a body here 64 KiB at most.
const READ_BYTES: usize = 8 * 1024;

/// Connections of HTTP/2 at once: a CDN has some dozens of machines that fetch. Each carries 32 requests and 2 MiB.
const HTTP2_CONNECTIONS_MAX: usize = 64;

/// What the connections share that the ordinary stack has.
pub(super) struct Ordinary {
    /// Whose headers are believed.
    proxies: Proxies,
    http2: Arc<Semaphore>,
}

impl Ordinary {
    pub(super) fn new(proxies: Proxies) -> Self {
        Self { proxies, http2: Arc::new(Semaphore::new(HTTP2_CONNECTIONS_MAX)) }
    }
}

/// Lets the ordinary stack answer, from the request that was read on.
pub(super) async fn serve(moved: Moved, router: Router, ordinary: Arc<Ordinary>, watcher: Watcher) {
    let peer = moved.caller.peer;
    let http2 = moved.caller.wire.speaks_http2();
    let permit = http2.then(|| Arc::clone(&ordinary.http2).try_acquire_owned());
    // Beyond that many a connection is closed: a cache opens another one later, or speaks HTTP/1.1.
    if matches!(permit, Some(Err(_))) {
        return;
    }
    let talk = Arc::new(Talk {
        asked: AtomicBool::new(false),
        answering: AtomicBool::new(true),
        stays: AtomicBool::new(http2),
    });
    let asked = Arc::clone(&talk);
    // It fails when the runtime ends.
    let Ok(connection) = Handed::new(moved, Arc::clone(&talk)) else { return };
    let answers = Arc::clone(&talk);
    let service = router
        .map_request(move |mut request: http::Request<Incoming>| {
            talk.asked.store(true, Relaxed);
            talk.answering.store(true, Relaxed);
            talk.stays.fetch_or(!request.body().is_end_stream(), Relaxed);
            let caller = proxies::caller(&ordinary.proxies, peer.ip(), request.headers());
            request.extensions_mut().insert(Origin(caller));
            request.map(Body::new)
        })
        .map_response(move |response: axum::response::Response| {
            let answer = Answering(Arc::clone(&answers));
            response.map(|body| Body::new(Answer { body, _answering: answer }))
        });
    let version = if http2 { HttpVersion::Http2 } else { HttpVersion::Http1 };
    let speaking = door::speak(connection, service, version, watcher);
    // HTTP/2 has no time of its own for a first request.
    let asks_nothing = async {
        tokio::time::sleep(HEAD_TIMEOUT).await;
        if !http2 || asked.asked.load(Relaxed) {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = speaking => {}
        () = asks_nothing => {}
    }
}

/// How far the stack is with what it was asked on one connection.
struct Talk {
    /// There was a request.
    asked: AtomicBool,
    /// A request is being read or answered.
    answering: AtomicBool,
    /// The connection does not go home: HTTP/2 is spoken on it, or a request had a body, and what is left of one that
    /// nobody read would look like the next request.
    stays: AtomicBool,
}

/// Lives as long as the body of an answer.
struct Answering(Arc<Talk>);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.answering.store(false, Relaxed);
    }
}

/// The body of an answer; the request is answered when it is gone.
struct Answer {
    body: Body,
    _answering: Answering,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A connection as the ordinary stack has it.
struct Handed {
    /// Gone once the connection is on its way home.
    line: Option<Line>,
    talk: Arc<Talk>,
    /// What was read and the stack has not had; or, on the way home, what the shard has not had.
    read: Bytes,
    /// The last bytes that the stack was given.
    tail: [u8; 4],
    /// Everything that the stack wrote has left it.
    flushed: bool,
    /// The stack is shown the end.
    going_home: bool,
}

struct Line {
    socket: TcpStream,
    wire: Wire,
    peer: SocketAddr,
    place: Place,
    home: Arc<Home>,
}

impl Line {
    /// Does something with the wire as soon as it can be done.
    fn poll<T>(
        &mut self,
        cx: &mut Context<'_>,
        ready: fn(&TcpStream, &mut Context<'_>) -> Poll<io::Result<()>>,
        mut act: impl FnMut(&mut Wire, &mut OfRuntime<'_>) -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        loop {
            match act(&mut self.wire, &mut OfRuntime(&self.socket)) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => ready!(ready(&self.socket, cx))?,
                done => return Poll::Ready(done),
            }
        }
    }
}

impl Handed {
    fn new(moved: Moved, talk: Arc<Talk>) -> io::Result<Self> {
        let Moved { caller, read, home } = moved;
        let Caller { socket, wire, peer, place } = caller;
        let line = Line { socket: TcpStream::from_std(socket)?, wire, peer, place, home };
        Ok(Self {
            line: Some(line),
            talk,
            read: read.into(),
            tail: [0; 4],
            flushed: false,
            going_home: false,
        })
    }

    fn line(&mut self) -> io::Result<&mut Line> {
        self.line.as_mut().ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    /// The stack is given these.
    fn give(&mut self, bytes: &[u8]) {
        let last = bytes.len().min(self.tail.len());
        self.tail.rotate_left(last);
        let kept = self.tail.len() - last;
        self.tail[kept..].copy_from_slice(&bytes[bytes.len() - last..]);
    }

    /// Whether what comes next is a request of its own, from its first byte on: everything was answered, and what was read last
    /// is the end of a head. In the middle of one the stack is not answering either.
    fn is_between_requests(&self) -> bool {
        self.tail == *b"\r\n\r\n"
            && self.flushed
            && !self.talk.answering.load(Relaxed)
            && !self.talk.stays.load(Relaxed)
    }

    fn go_home(&mut self) -> io::Result<()> {
        let Some(Line { socket, wire, peer, place, home }) = self.line.take() else { return Ok(()) };
        let caller = Caller { socket: socket.into_std()?, wire, peer, place };
        let read = std::mem::take(&mut self.read).into();
        Arc::clone(&home).bring(Brought::Connection(Moved { caller, read, home }));
        Ok(())
    }
}

impl AsyncRead for Handed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.going_home {
            return Poll::Ready(Ok(()));
        }
        if !self.read.is_empty() {
            let bytes = self.read.len().min(buffer.remaining());
            let bytes = self.read.split_to(bytes);
            self.give(&bytes);
            buffer.put_slice(&bytes);
            return Poll::Ready(Ok(()));
        }
        let space = buffer.initialize_unfilled_to(buffer.remaining().min(READ_BYTES));
        let read = self.line()?.poll(cx, TcpStream::poll_read_ready, |wire, socket| wire.read(socket, space));
        let bytes = ready!(read)?;
        if self.is_between_requests() && decide::begins_like_ours(&space[..bytes]) {
            self.read = Bytes::copy_from_slice(&space[..bytes]);
            self.going_home = true;
        } else {
            self.give(&space[..bytes]);
            buffer.advance(bytes);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Handed {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.flushed = false;
        self.line()?.poll(cx, TcpStream::poll_write_ready, |wire, socket| wire.write(socket, bytes))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = self.line()?.poll(cx, TcpStream::poll_write_ready, |wire, socket| wire.flush(socket));
        ready!(flushed)?;
        self.flushed = true;
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.going_home {
            return Poll::Ready(self.go_home());
        }
        let line = self.line()?;
        ready!(line.poll(cx, TcpStream::poll_write_ready, |wire, socket| wire.goodbye(socket)))?;
        Pin::new(&mut line.socket).poll_shutdown(cx)
    }
}

/// A socket of the runtime's as the wire wants it: what cannot be done now is tried again when the runtime says so.
struct OfRuntime<'a>(&'a TcpStream);

impl Read for OfRuntime<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(into)
    }
}

impl Write for OfRuntime<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn write_vectored(&mut self, pieces: &[io::IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(pieces)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
