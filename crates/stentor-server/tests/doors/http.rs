//! HTTP/1.1 as a stranger speaks it: bytes on a connection. Judges the doors without their own stack.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::house::within;

pub(crate) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// A request to be sent.
pub(crate) struct Request {
    head: String,
    body: Vec<u8>,
}

impl Request {
    pub(crate) fn new(method: &str, target: &str) -> Self {
        let head = format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
        Self { head, body: Vec::new() }
    }

    /// One whose connection stays open for the next.
    pub(crate) fn staying(method: &str, target: &str) -> Self {
        Self { head: format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\n"), body: Vec::new() }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.head.push_str(&format!("{name}: {value}\r\n"));
        self
    }

    pub(crate) fn bearer(self, key: &str) -> Self {
        self.header("Authorization", &format!("Bearer {key}"))
    }

    pub(crate) fn body(mut self, content_type: &str, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self.header("Content-Type", content_type)
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string().as_bytes())
    }

    pub(crate) fn sdp(self, offer: &str) -> Self {
        self.body("application/sdp", offer.as_bytes())
    }

    /// Sends it and takes the whole answer.
    pub(crate) async fn send(self, to: SocketAddr) -> Answer {
        let stream = self.open(to).await;
        stream.finish().await
    }

    /// Sends it and takes the head of the answer.
    pub(crate) async fn open(self, to: SocketAddr) -> Stream {
        let wire = TcpStream::connect(to).await.expect("the door is open");
        self.open_on(Box::new(wire)).await
    }

    pub(crate) async fn open_on(self, mut wire: Box<dyn Wire>) -> Stream {
        let length = if self.body.is_empty() {
            String::new()
        } else {
            format!("Content-Length: {}\r\n", self.body.len())
        };
        let mut bytes = format!("{}{length}\r\n", self.head).into_bytes();
        bytes.extend(&self.body);
        // A door that refuses early may stop reading; its answer is what counts.
        let _ = wire.write_all(&bytes).await;
        Stream::of(wire, self.head.starts_with("HEAD")).await
    }
}

/// The head of an answer, and the way to its body.
pub(crate) struct Stream {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    wire: Box<dyn Wire>,
    buffer: Vec<u8>,
    has_body: bool,
}

/// A whole answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Stream {
    async fn of(wire: Box<dyn Wire>, is_head: bool) -> Self {
        let mut stream = Self { status: 0, headers: Vec::new(), wire, buffer: Vec::new(), has_body: false };
        let end = loop {
            if let Some(end) = find(&stream.buffer, b"\r\n\r\n") {
                break end;
            }
            if !stream.more().await {
                // Closed without an answer: status 0.
                return stream;
            }
        };
        let head = String::from_utf8(stream.buffer.drain(..end + 4).collect()).expect("a head is ASCII");
        let mut lines = head.split("\r\n");
        let status =
            lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok());
        stream.status = status.unwrap_or_else(|| panic!("no status line: {head:?}"));
        stream.headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        stream.has_body = !is_head && !matches!(stream.status, 204 | 304);
        stream
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// Seconds in a header of a stream.
    pub(crate) fn seconds(&self, name: &str) -> f64 {
        let value = self.header(name).unwrap_or_else(|| panic!("no {name}"));
        value.parse().expect("seconds")
    }

    /// The next piece of a chunked body; `None` at its end, whether it was announced or not.
    pub(crate) async fn piece(&mut self) -> Option<Vec<u8>> {
        let end = self.buffered(|buffer| find(buffer, b"\r\n")).await?;
        let line: Vec<u8> = self.buffer.drain(..end + 2).collect();
        let size =
            std::str::from_utf8(&line[..end]).ok().and_then(|text| usize::from_str_radix(text, 16).ok());
        let size = size.expect("the size of a chunk");
        self.buffered(|buffer| (buffer.len() >= size + 2).then_some(0)).await?;
        let piece: Vec<u8> = self.buffer.drain(..size + 2).take(size).collect();
        if piece.is_empty() { None } else { Some(piece) }
    }

    /// Everything until the end of the body or of the connection.
    pub(crate) async fn finish(self) -> Answer {
        self.finish_and_stay().await.0
    }

    /// The same, and the connection for another request.
    pub(crate) async fn finish_and_stay(mut self) -> (Answer, Box<dyn Wire>) {
        let mut body = Vec::new();
        if self.header("transfer-encoding") == Some("chunked") {
            while let Some(piece) = self.piece().await {
                body.extend(piece);
            }
        } else if self.has_body {
            let length = self.header("content-length").map(|length| length.parse().expect("a length"));
            while length.is_none_or(|length: usize| self.buffer.len() < length) && self.more().await {}
            body = std::mem::take(&mut self.buffer);
        }
        (Answer { status: self.status, headers: self.headers, body }, self.wire)
    }

    async fn buffered(&mut self, is_there: impl Fn(&[u8]) -> Option<usize>) -> Option<usize> {
        loop {
            if let Some(place) = is_there(&self.buffer) {
                return Some(place);
            }
            if !self.more().await {
                return None;
            }
        }
    }

    async fn more(&mut self) -> bool {
        self.buffer.reserve(16 * 1024);
        let read = within("an answer", self.wire.read_buf(&mut self.buffer)).await.unwrap_or(0);
        read > 0
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.text()))
    }

    /// The reason of a refusal, which has to be a whole problem document.
    pub(crate) fn reason(&self) -> String {
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{} {}",
            self.status,
            self.text()
        );
        let problem = self.json();
        assert_eq!(problem["status"], self.status);
        for field in ["title", "detail"] {
            assert!(problem[field].as_str().is_some_and(|text| !text.is_empty()), "{problem}");
        }
        assert_eq!(
            problem["retry_after_s"].as_u64().map(|s| s.to_string()).as_deref(),
            self.header("retry-after")
        );
        problem["reason"].as_str().expect("a reason").to_owned()
    }

    /// Checks a refusal's status and reason.
    pub(crate) fn refused(&self, status: u16, reason: &str) {
        assert_eq!((self.reason().as_str(), self.status), (reason, status), "{}", self.text());
    }
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let name = name.to_ascii_lowercase();
    headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
