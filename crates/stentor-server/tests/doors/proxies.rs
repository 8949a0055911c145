//! Behind a proxy everybody comes from its address. Whom it calls for is taken from it if the operator trusts it: shown by
//! hands, of which a network may raise two.

use std::net::{Ipv4Addr, SocketAddr};

use rustls::pki_types::ServerName;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpSocket, TcpStream};

use crate::hands::direct;
use crate::house::{House, config, key_of};
use crate::http::Request;
use crate::tls::trusted;

const SHOW: &str = "town-hall";

/// A PROXY header of version 2 for somebody who calls by TCP over IPv4.
fn announcement(client: Ipv4Addr) -> Vec<u8> {
    let ports = [0x30, 0x39, 0, 80];
    [b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c", &client.octets()[..], &Ipv4Addr::LOCALHOST.octets(), &ports]
        .concat()
}

/// Where the proxy of these tests calls from.
const PROXY: &str = "127.0.0.2";

/// A connection of the proxy, on which this is said first.
async fn wire(at: SocketAddr, first: &[u8]) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(SocketAddr::new(PROXY.parse().expect("an address"), 0)).expect("all of 127.0.0.0/8 is ours");
    let mut wire = socket.connect(at).await.expect("the door is open");
    // In two pieces, as a network may deliver it.
    for piece in first.chunks(first.len().div_ceil(2).max(1)) {
        wire.write_all(piece).await.expect("the door reads");
        wire.flush().await.expect("the door reads");
    }
    wire
}

fn hand() -> Request {
    Request::new("POST", &format!("/{SHOW}/hand")).json(&json!({ "name": "Eve" }))
}

async fn with_open_hands(trusted_proxies: &[&str], proxy_protocol: bool, data: &std::path::Path) -> House {
    let mut raw = config(data);
    raw.front.trusted_proxies = Some(trusted_proxies.iter().map(|&proxy| proxy.to_owned()).collect());
    raw.front.proxy_protocol = Some(proxy_protocol);
    let house = House::start_with(raw);
    let view = house.on_air(SHOW).await;
    let host = house.device_token(SHOW, &key_of(&view, "host"), "Ada").await;
    let opened = direct(&house, &host, json!({ "command": "hands", "open": true })).await;
    assert_eq!(opened.status, 200, "{}", opened.text());
    house
}

async fn status_of(request: Request, wire: TcpStream) -> u16 {
    request.open_on(Box::new(wire)).await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_proxys_headers_say_who_calls() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = with_open_hands(&["192.0.2.0/24", PROXY], false, data.path()).await;
    let at = house.at.front;
    for (client, status) in
        [("203.0.113.5", 201), ("203.0.113.6", 201), ("203.0.113.7", 429), ("198.51.100.1", 201)]
    {
        // Whoever called the first proxy had claimed something.
        let forwarded = hand().header("X-Forwarded-For", &format!("10.9.8.7, {client}, 192.0.2.1"));
        assert_eq!(status_of(forwarded, wire(at, b"").await).await, status, "{client}");
    }
    // It is not set that they announce.
    let announced = wire(at, &announcement([203, 0, 113, 5].into())).await;
    assert_eq!(status_of(hand(), announced).await, 400);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_proxy_announces_who_calls() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = with_open_hands(&[PROXY], true, data.path()).await;
    let at = house.at.front;
    for (client, status) in
        [([100, 64, 1, 1], 201), ([100, 64, 1, 2], 201), ([100, 64, 1, 3], 429), ([100, 64, 2, 1], 201)]
    {
        // What the caller says in a header is nobody's word.
        let claims = hand().header("X-Forwarded-For", "192.0.2.77");
        let announced = wire(at, &announcement(client.into())).await;
        assert_eq!(status_of(claims, announced).await, status, "{client:?}");
    }
    assert_eq!(status_of(hand(), wire(at, b"").await).await, 0, "a proxy that announces nobody is let go");
    assert_eq!(hand().send(at).await.status, 201, "from elsewhere nothing is announced");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_is_believed() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = with_open_hands(&["192.0.2.0/24"], false, data.path()).await;
    for (client, status) in [("203.0.113.5", 201), ("198.51.100.1", 201), ("100.64.1.1", 429)] {
        let claims = hand().header("X-Forwarded-For", client);
        assert_eq!(claims.send(house.at.front).await.status, status, "{client}");
    }
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_announcement_stands_before_tls() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (mut raw, connector) = trusted(folder.path());
    (raw.front.trusted_proxies, raw.front.proxy_protocol) = (Some(vec![PROXY.to_owned()]), Some(true));
    let house = House::start_with(raw);
    let client = announcement([203, 0, 113, 5].into());
    let mut too_long = client.clone();
    too_long[14] = 0xFF;
    for (first, is_heard) in [(client, true), (too_long, false), (Vec::new(), false)] {
        let name = ServerName::try_from("localhost").expect("a name");
        match connector.connect(name, wire(house.at.front, &first).await).await {
            Ok(wire) => {
                assert!(is_heard, "{first:?}");
                assert_eq!(Request::new("GET", "/healthz").open_on(Box::new(wire)).await.status, 200);
            }
            Err(error) => assert!(!is_heard, "{error}"),
        }
    }
    house.stop().await;
}
