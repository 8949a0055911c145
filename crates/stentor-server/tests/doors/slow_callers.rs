//! Callers who say little or nothing, and listeners who do not listen. They cost the door a place for some seconds, and
//! nobody beside them a chunk.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

use crate::ear::{Fragments, Witness};
use crate::house::{House, until, within};
use crate::tls;

/// Connections of each kind.
const CALLERS: usize = 300;

/// Says one byte after the other until the other side closes; gives what that said.
async fn drip(to: SocketAddr, bytes: &'static [u8]) -> Vec<u8> {
    let mut wire = TcpStream::connect(to).await.expect("the door is open");
    let mut said = Vec::new();
    let (mut near, mut far) = wire.split();
    let dripping = async {
        for byte in bytes.iter().cycle() {
            if far.write_all(&[*byte]).await.is_err() {
                return;
            }
            // Being slow is what is tested.
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let listening = async {
        let _ = near.read_to_end(&mut said).await;
    };
    within("the door closes", async {
        tokio::select! { () = dripping => {}, () = listening => {} }
    })
    .await;
    said
}

/// All callers are let go, each with at most a refusal.
async fn all_let_go(callers: JoinSet<Vec<u8>>) {
    for said in callers.join_all().await {
        assert!(said.is_empty() || said.starts_with(b"HTTP/1.1 4"), "{}", String::from_utf8_lossy(&said));
    }
}

async fn only_the_witness_is_left(house: &House) {
    until("only the witness is left", || async {
        (house.metric("stentor_door_connections{door=\"front\"}").await == 1.0).then_some(())
    })
    .await;
}

/// Faults 11 and 13.
#[tokio::test(flavor = "multi_thread")]
async fn who_asks_slowly_or_nothing_is_let_go() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start(data.path());
    house.on_air("one").await;
    let witness = Witness::listen(house.at.front, "one").await;
    let mut callers = JoinSet::new();
    for n in 0..CALLERS {
        let front = house.at.front;
        match n % 3 {
            0 => callers.spawn(drip(front, b"GET /one/live.mp4 HTTP/1.1\r\nHost: x\r\nX-Slow: ")),
            1 => callers.spawn(drip(front, b"\r\n")),
            _ => callers.spawn(async move {
                let mut wire = TcpStream::connect(front).await.expect("the door is open");
                let mut said = Vec::new();
                let _ = within("the door closes", wire.read_to_end(&mut said)).await;
                said
            }),
        };
    }
    // Meanwhile others come in.
    for _ in 0..20 {
        assert!(Fragments::open(house.at.front, "/one/live.mp4").await.next().await.is_some());
    }
    all_let_go(callers).await;
    only_the_witness_is_left(&house).await;
    witness.missed_nothing().await;
    house.stop().await;
}

/// Fault 12.
#[tokio::test(flavor = "multi_thread")]
async fn who_shakes_hands_slowly_is_let_go() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (raw, connector) = tls::trusted(folder.path());
    let house = House::start_with(raw);
    let witness = Witness::hear(tls::on_air(&house, &connector, "one").await);
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        // The head of a record that never is whole.
        callers.spawn(drip(house.at.front, &[0x16, 3, 1, 0x20, 0, 1, 0, 0x1F, 0xFC, 3, 3]));
    }
    for said in callers.join_all().await {
        assert!(!said.starts_with(b"HTTP"), "nothing is said in the clear");
    }
    let failed = house.metric("stentor_door_handshake_failed_total{door=\"front\"}").await;
    assert_eq!(failed, CALLERS as f64);
    only_the_witness_is_left(&house).await;
    witness.missed_nothing().await;
    house.stop().await;
}

/// Faults 15 and 16: who takes nothing is closed, whatever the kernels would hold for them.
#[tokio::test(flavor = "multi_thread")]
async fn who_never_reads_is_let_go() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start(data.path());
    house.on_air("one").await;
    let witness = Witness::listen(house.at.front, "one").await;
    let mut deaf = Vec::new();
    for _ in 0..50 {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(4096).expect("a socket");
        let mut wire = socket.connect(house.at.front).await.expect("the door is open");
        wire.write_all(b"GET /one/live.mp4?kbps=64 HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .expect("the door takes it");
        deaf.push(wire);
    }
    until("all are in", || async {
        (house.metric("stentor_door_connections{door=\"front\"}").await == 51.0).then_some(())
    })
    .await;
    only_the_witness_is_left(&house).await;
    drop(deaf);
    witness.missed_nothing().await;
    house.stop().await;
}
