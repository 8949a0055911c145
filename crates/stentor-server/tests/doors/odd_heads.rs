//! Heads that two readers could read differently, that are larger than any honest one, or that ask a stream for what no
//! stream gives.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::ear::Witness;
use crate::house::{House, within};
use crate::http::Request;

/// Sends a head and waits until the door closes.
async fn told(house: &House, head: &[u8]) -> Vec<u8> {
    let mut wire = TcpStream::connect(house.at.front).await.expect("the door is open");
    let _ = wire.write_all(head).await;
    let mut said = Vec::new();
    let _ = within("the door closes", wire.read_to_end(&mut said)).await;
    said
}

/// Fault 21.
#[tokio::test(flavor = "multi_thread")]
async fn what_two_readers_could_read_differently_is_refused_and_closed() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start(data.path());
    house.on_air("one").await;
    let witness = Witness::listen(house.at.front, "one").await;
    for head in [
        &b"GET /one/live.mp4 HTTP/1.1\nHost: x\n\n"[..],
        b"GET /one/live.mp4 HTTP/1.1\r\nHost: x\n\r\n",
        b"GET /one/live.mp4 HTTP/1.1\r\nHost: x\0y\r\n\r\n",
        b"GET /one/live.mp4 HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /one/hand HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    ] {
        let said = String::from_utf8_lossy(&told(&house, head).await).into_owned();
        assert!(said.starts_with("HTTP/1.1 400 "), "{:?}: {said}", String::from_utf8_lossy(head));
        assert!(said.contains("connection: close\r\n") && said.contains("\"malformed\""), "{said}");
        assert_eq!(said.matches("HTTP/1.1 400").count(), 1, "one answer: {said}");
    }
    // What is larger may be closed before the answer is read.
    for bomb in [
        format!("GET /one/live.mp4 HTTP/1.1\r\n{}\r\n", "X-Y: z\r\n".repeat(5_000)),
        format!("GET /one/live.mp4?{} HTTP/1.1\r\n\r\n", "a".repeat(1_000_000)),
    ] {
        let said = told(&house, bomb.as_bytes()).await;
        assert!(said.is_empty() || said.starts_with(b"HTTP/1.1 4"), "{}", String::from_utf8_lossy(&said));
    }
    witness.missed_nothing().await;
    house.stop().await;
}

/// Fault 22.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_a_stream_whatever_else_is_asked_of_it() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start(data.path());
    house.on_air("one").await;
    let witness = Witness::listen(house.at.front, "one").await;
    for (name, value) in [
        ("Range", "bytes=0-1"),
        ("Range", "bytes=99999999999999999999-,0-0,5-1"),
        ("Accept-Encoding", "gzip, br, zstd"),
        ("Icy-MetaData", "1"),
        ("If-Range", "\"x\""),
        ("If-None-Match", "*"),
    ] {
        let asked = Request::new("GET", "/one/live.ogg").header(name, value);
        let mut stream = asked.open(house.at.front).await;
        assert_eq!(stream.status, 200, "{name}: {value}");
        for header in ["content-range", "content-encoding", "icy-metaint", "content-length"] {
            assert_eq!(stream.header(header), None, "{name}: {value}");
        }
        assert!(stream.piece().await.is_some_and(|piece| piece.starts_with(b"OggS")), "{name}: {value}");
    }
    witness.missed_nothing().await;
    house.stop().await;
}
