//! Bytes that mean nothing, on every port: they cost their sender the connection, and nobody else a chunk.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::task::JoinSet;

use crate::ear::Witness;
use crate::house::{House, key_of, tcp_ports, within};
use crate::http::Request;
use crate::speaker::Speaker;

/// Bytes without a pattern, the same each time.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..length).map(|_| next()).collect()
}

/// Sends bytes and waits until the other side has closed; gives what it said.
async fn send_and_wait(at: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut wire = TcpStream::connect(at).await.expect("the door is open");
    let _ = wire.write_all(bytes).await;
    let mut said = Vec::new();
    let _ = within("the connection is closed", wire.read_to_end(&mut said)).await;
    said
}

/// Said nothing, or that the request was wrong.
fn is_refusal(said: &[u8]) -> bool {
    said.is_empty() || said.starts_with(b"HTTP/1.1 4")
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_on_every_port_disturbs_nobody() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start(data.path());
    let view = house.on_air("one").await;
    let _speaker = Speaker::connect(house.at.stage, "one", "whip", &key_of(&view, "speaker"), 600.0).await;
    house.status_when("one", "the speaker is there", |status| status["people"][0] == "Guest").await;
    let witness = Witness::listen(house.at.front, "one").await;
    tokio::join!(on_tcp(&house), silence(&house), bombs(&house), on_udp(&house));
    let status = house.status_when("one", "the status", |_| true).await;
    assert_eq!((&status["epoch"], &status["people"][0]), (&1.into(), &"Guest".into()), "nobody fell over");
    for (door, at) in tcp_ports(house.at) {
        if door != "media" {
            let healthy = Request::new("GET", "/healthz").send(at).await;
            assert_eq!((healthy.status, healthy.text().as_str()), (200, "ok\n"), "{door}");
        }
    }
    witness.missed_nothing().await;
    house.stop().await;
}

async fn on_tcp(house: &House) {
    let tls_hello = [&[0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3][..], &noise(7, 500)].concat();
    let mut garbage: Vec<Vec<u8>> = (1..=4).map(|seed| noise(seed, 70_000)).collect();
    garbage.extend([tls_hello, vec![0; 4096]]);
    let requests: [&[u8]; 4] = [
        b"\r\n\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET \xff\xfe HTTP/1.1\r\n\r\n",
    ];
    garbage.extend(requests.map(<[u8]>::to_vec));
    // At once, because the media port takes what could be the beginning of a frame for silence.
    let mut knocks = JoinSet::new();
    for (door, at) in tcp_ports(house.at) {
        for bytes in garbage.clone() {
            knocks.spawn(async move { (door, send_and_wait(at, &bytes).await) });
        }
    }
    while let Some(knock) = knocks.join_next().await {
        let (door, said) = knock.expect("it was waited for");
        assert!(is_refusal(&said), "{door}: {:?}", String::from_utf8_lossy(&said));
    }
}

/// Half a request and then nothing: a door waits for 5 s, for a body for 15 s, not for ever.
async fn silence(house: &House) {
    let [front, stage, desk, media] = tcp_ports(house.at).map(|(_, at)| at);
    let half = b"GET /one/status HTTP/1.1\r\nHost: x\r\nX-Slow";
    let said = tokio::join!(
        send_and_wait(front, half),
        send_and_wait(stage, half),
        send_and_wait(desk, half),
        send_and_wait(media, &[0, 100, 1, 2, 3]),
        send_and_wait(front, b""),
        send_and_wait(media, b""),
        send_and_wait(stage, b"POST /one/whip HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\nv=0\r\n"),
    );
    for said in [said.0, said.1, said.2, said.3, said.4, said.5, said.6] {
        assert!(is_refusal(&said), "{:?}", String::from_utf8_lossy(&said));
    }
}

/// Heads that are larger than any honest one.
async fn bombs(house: &House) {
    let [front, stage, desk, _] = tcp_ports(house.at).map(|(_, at)| at);
    let many = format!("GET /one/status HTTP/1.1\r\n{}\r\n", "X-Y: z\r\n".repeat(5_000));
    let long = format!("GET /one/status HTTP/1.1\r\nX-Long: {}\r\n\r\n", "y".repeat(200_000));
    let target = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(200_000));
    for at in [front, stage, desk] {
        for bomb in [&many, &long, &target] {
            let said = send_and_wait(at, bomb.as_bytes()).await;
            assert!(is_refusal(&said), "{:?}", String::from_utf8_lossy(&said));
        }
    }
}

async fn on_udp(house: &House) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
    // STUN's first bits and cookie, DTLS, RTP, and nothing at all.
    let heads: [&[u8]; 5] =
        [&[0, 1, 0, 8, 0x21, 0x12, 0xA4, 0x42], &[22, 254, 253], &[0x80, 111], &[], &[0xFF]];
    for seed in 0..200 {
        for head in heads {
            let length = usize::try_from(seed).expect("small") * 7 % 1_400;
            let _ = socket.send_to(&[head, &noise(seed + 1, length)].concat(), house.at.media).await;
        }
        tokio::task::yield_now().await;
    }
}
