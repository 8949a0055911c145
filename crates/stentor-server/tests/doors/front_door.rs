//! The front door's own threads and the ordinary stack behind them: one connection may need both, and nobody can tell.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::ear::{CHUNK_SAMPLES, Fragments};
use crate::house::{House, until, within};
use crate::http::{Request, Wire};
use crate::tls;

/// Listeners in the table of the door's own threads.
const LISTENERS: &str = "stentor_front_listeners{container=\"mp4\",rendition=\"opus-32\"}";

/// Asks for this and that of the ordinary stack, then for a stream, on one connection.
async fn both_on_one(house: &House, mut wire: Box<dyn Wire>) {
    for (path, status) in
        [("/healthz", 200), ("/one/nothing", 404), ("/one/status", 200), ("/nobody/live.mp4", 404)]
    {
        let answer;
        (answer, wire) = Request::staying("GET", path).open_on(wire).await.finish_and_stay().await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        assert_eq!(answer.header("connection"), None, "{path}");
        assert!(answer.header("content-security-policy").is_some(), "{path}");
    }
    nobody_listens(house).await;
    let stream = Request::staying("GET", "/one/live.mp4?close=1").open_on(wire).await;
    let mut fragments = Fragments::of(stream);
    let mut last = fragments.next().await.expect("sound").tfdt;
    for _ in 0..6 {
        let next = fragments.next().await.expect("more").tfdt;
        assert_eq!(next - last, CHUNK_SAMPLES);
        last = next;
    }
    assert_eq!(house.metric(LISTENERS).await, 1.0, "the stream is the door's own");
    drop(fragments);
    nobody_listens(house).await;
}

async fn nobody_listens(house: &House) {
    until("nobody listens", || async { (house.metric(LISTENERS).await == 0.0).then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_goes_to_the_ordinary_stack_and_comes_back() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start(data.path());
    house.on_air("one").await;
    let wire = TcpStream::connect(house.at.front).await.expect("the door is open");
    both_on_one(&house, Box::new(wire)).await;
    until("the connections are closed", || async {
        (house.metric("stentor_door_connections{door=\"front\"}").await == 0.0).then_some(())
    })
    .await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn so_does_one_with_tls() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (mut raw, connector) = tls::trusted(folder.path());
    // One thread has to be enough.
    raw.front.threads = Some(1);
    let house = House::start_with(raw);
    tls::on_air(&house, &connector, "one").await;
    both_on_one(&house, tls::wire(&connector, house.at.front).await).await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_too_early_or_as_a_body_is_no_request_of_its_own() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start(data.path());
    house.on_air("one").await;
    // Two at once: the second was read with the first.
    let mut wire = TcpStream::connect(house.at.front).await.expect("the door is open");
    let both =
        "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /one/live.mp4?close=1 HTTP/1.1\r\nHost: x\r\n\r\n";
    wire.write_all(both.as_bytes()).await.expect("the door takes it");
    let mut said = Vec::new();
    while !said.windows(4).any(|four| four == b"moof") {
        assert!(within("sound", wire.read_buf(&mut said)).await.expect("the stream goes on") > 0);
    }
    assert_eq!(said.windows(15).filter(|line| line == b"HTTP/1.1 200 OK").count(), 2);
    // A body that nobody reads.
    let hidden = "GET /one/live.mp4 HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut wire = TcpStream::connect(house.at.front).await.expect("the door is open");
    let head = format!("POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", hidden.len());
    wire.write_all(head.as_bytes()).await.expect("the door takes it");
    let mut said = vec![0; 4096];
    let bytes = within("an answer", wire.read(&mut said)).await.expect("an answer");
    assert!(said[..bytes].starts_with(b"HTTP/1.1 405"), "{}", String::from_utf8_lossy(&said[..bytes]));
    let _ = wire.write_all(hidden.as_bytes()).await;
    let mut rest = Vec::new();
    let _ = within("the connection is closed", wire.read_to_end(&mut rest)).await;
    assert!(!rest.windows(8).any(|eight| eight == b"HTTP/1.1"), "{}", String::from_utf8_lossy(&rest));
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_players_get_sound_without_chunks() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start(data.path());
    house.on_air("one").await;
    house.status_when("one", "some sound", |status| status["slot"].as_u64() > Some(4)).await;
    let mut wire = TcpStream::connect(house.at.front).await.expect("the door is open");
    wire.write_all(b"GET /one/live.ogg HTTP/1.0\r\n\r\n").await.expect("the door takes it");
    let mut said = Vec::new();
    while said.windows(4).filter(|four| four == b"OggS").count() < 5 {
        let read = within("sound", wire.read_buf(&mut said)).await.expect("the stream goes on");
        assert!(read > 0, "the stream goes on");
    }
    let end = said.windows(4).position(|four| four == b"\r\n\r\n").expect("a head") + 4;
    let head = String::from_utf8_lossy(&said[..end]).to_lowercase();
    assert!(head.contains("connection: close\r\n") && !head.contains("transfer-encoding"), "{head}");
    assert!(said[end..].starts_with(b"OggS"), "the sound begins at once");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_come_to_their_end_when_the_server_stops() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start(data.path());
    house.on_air("one").await;
    let mut wire = TcpStream::connect(house.at.front).await.expect("the door is open");
    wire.write_all(b"GET /one/live.mp4 HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("the door takes it");
    let mut said = vec![0; 64];
    wire.read_exact(&mut said).await.expect("an answer");
    house.stop().await;
    within("the end", wire.read_to_end(&mut said)).await.expect("no reset");
    assert!(said.ends_with(b"\r\n0\r\n\r\n"), "the last chunk was sent");
}
