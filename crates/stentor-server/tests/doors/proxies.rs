//! Behind a proxy everybody comes from its address. Whom it calls for is taken from it if the operator trusts it: shown by
//! hands, of which a network may raise two.

use std::net::{Ipv4Addr, SocketAddr};

use rustls::pki_types::ServerName;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::hands::direct;
use crate::house::{House, config, key_of};
use crate::http::{Request, Wire};
use crate::tls::trusted;

const SHOW: &str = "town-hall";

/// A PROXY header of version 2 for somebody who calls by TCP over IPv4.
fn announcement(client: Ipv4Addr) -> Vec<u8> {
    let ports = [0x30, 0x39, 0, 80];
    [b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c", &client.octets()[..], &Ipv4Addr::LOCALHOST.octets(), &ports]
        .concat()
}

/// A connection on which this is said first.
async fn wire(at: SocketAddr, first: &[u8]) -> Box<dyn Wire> {
    let mut wire = TcpStream::connect(at).await.expect("the door is open");
    // In two pieces, as a network may deliver it.
    for piece in first.chunks(first.len().div_ceil(2).max(1)) {
        wire.write_all(piece).await.expect("the door reads");
        wire.flush().await.expect("the door reads");
    }
    Box::new(wire)
}

fn hand() -> Request {
    Request::new("POST", &format!("/{SHOW}/hand")).json(&json!({ "name": "Eve" }))
}

async fn with_open_hands(trusted_proxies: &[&str], data: &std::path::Path) -> House {
    let mut raw = config(data);
    raw.front.trusted_proxies = Some(trusted_proxies.iter().map(|&proxy| proxy.to_owned()).collect());
    let house = House::start_with(raw);
    let view = house.on_air(SHOW).await;
    let host = house.device_token(SHOW, &key_of(&view, "host"), "Ada").await;
    let opened = direct(&house, &host, json!({ "command": "hands", "open": true })).await;
    assert_eq!(opened.status, 200, "{}", opened.text());
    house
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_proxy_says_who_calls() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = with_open_hands(&["192.0.2.0/24", "127.0.0.1"], data.path()).await;
    let (at, nobody) = (house.at.front, SocketAddr::from(([0, 0, 0, 0], 0)).ip());
    for (client, status) in
        [("203.0.113.5", 201), ("203.0.113.6", 201), ("203.0.113.7", 429), ("198.51.100.1", 201)]
    {
        let forwarded = hand().header("X-Forwarded-For", &format!("{nobody}, {client}, 192.0.2.1"));
        assert_eq!(forwarded.send(at).await.status, status, "{client} by a header");
    }
    for (client, status) in
        [([100, 64, 1, 1], 201), ([100, 64, 1, 2], 201), ([100, 64, 1, 3], 429), ([100, 64, 2, 1], 201)]
    {
        let wire = wire(at, &announcement(client.into())).await;
        assert_eq!(hand().open_on(wire).await.status, status, "{client:?} by an announcement");
    }
    // Whoever is announced is no proxy, and is not believed.
    let wire = wire(at, &announcement([100, 64, 2, 2].into())).await;
    assert_eq!(hand().header("X-Forwarded-For", "100.64.3.1").open_on(wire).await.status, 201);
    let wire = self::wire(at, &announcement([100, 64, 2, 3].into())).await;
    assert_eq!(hand().header("X-Forwarded-For", "100.64.3.2").open_on(wire).await.status, 429);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_is_believed() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = with_open_hands(&["192.0.2.0/24"], data.path()).await;
    for (client, status) in [("203.0.113.5", 201), ("198.51.100.1", 201), ("100.64.1.1", 429)] {
        assert_eq!(
            hand().header("X-Forwarded-For", client).send(house.at.front).await.status,
            status,
            "{client}"
        );
    }
    let wire = wire(house.at.front, &announcement([203, 0, 113, 5].into())).await;
    assert_eq!(hand().open_on(wire).await.status, 400);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_announcement_stands_before_tls() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (mut raw, connector) = trusted(folder.path());
    raw.front.trusted_proxies = Some(vec!["127.0.0.1".to_owned()]);
    let house = House::start_with(raw);
    for first in [announcement([203, 0, 113, 5].into()), Vec::new()] {
        let name = ServerName::try_from("localhost").expect("a name");
        let wire = connector.connect(name, wire(house.at.front, &first).await).await.expect("a handshake");
        assert_eq!(Request::new("GET", "/healthz").open_on(Box::new(wire)).await.status, 200);
    }
    let mut too_long = announcement([203, 0, 113, 5].into());
    too_long[14] = 0xFF;
    let wire = wire(house.at.front, &too_long).await;
    assert_eq!(Request::new("GET", "/healthz").open_on(wire).await.status, 0, "closed without a word");
    house.stop().await;
}
