//! Bodies that are too large, of the wrong type or not what they say: refused without being read to the end.

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::house::{House, key_of, within};
use crate::http::Request;

/// Where bodies are taken, and what has to be in front of them.
struct Place {
    at: std::net::SocketAddr,
    path: &'static str,
    key: String,
    content_type: &'static str,
}

async fn places(house: &House) -> Vec<Place> {
    let view = house.create("one").await;
    let key = key_of(&view, "host");
    let token = house.device_token("one", &key, "Ada").await;
    let (stage, desk) = (house.at.stage, house.at.desk);
    let place = |at, path, key: &str, content_type| Place { at, path, key: key.to_owned(), content_type };
    vec![
        place(stage, "/one/session", &key, "application/json"),
        place(stage, "/one/stage", &token, "application/sdp"),
        place(stage, "/one/whip", &key, "application/sdp"),
        place(stage, "/one/stage/command", &token, "application/json"),
        place(desk, "/api/v1/shows", &house.operator_key, "application/json"),
        place(desk, "/api/v1/shows/one/links", &house.operator_key, "application/json"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_too_large_is_refused_unread() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start(data.path());
    let mut refusals = JoinSet::new();
    for place in places(&house).await {
        refusals.spawn(refused_unread(place));
    }
    while let Some(refusal) = refusals.join_next().await {
        refusal.expect("it is refused");
    }
    house.stop().await;
}

/// A gigabyte is announced, and a little more than the limit is sent.
async fn refused_unread(Place { at, path, key, content_type }: Place) {
    let mut wire = TcpStream::connect(at).await.expect("the door is open");
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Type: {content_type}\r\n\
         Content-Length: 1000000000\r\n\r\n"
    );
    let _ = wire.write_all(head.as_bytes()).await;
    let _ = wire.write_all(&[b' '; 80 * 1024]).await;
    let mut answer = Vec::new();
    // The connection cannot be used for anything else, so the door closes it.
    let _ = within("the door closes", wire.read_to_end(&mut answer)).await;
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 413 "), "{path}: {answer}");
    assert!(
        answer.contains("application/problem+json") && answer.contains("\"too_large\""),
        "{path}: {answer}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_not_what_it_should_be_is_refused() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start(data.path());
    for Place { at, path, key, content_type } in places(&house).await {
        if content_type != "application/json" {
            continue;
        }
        let post = |content_type: &str, body: &str| {
            Request::new("POST", path).bearer(&key).body(content_type, body.as_bytes()).send(at)
        };
        post("text/plain", "{}").await.refused(415, "wrong_type");
        for body in ["", "{", "[]", "null", "{}", "{\"unknown\": 1}", "\u{0}", &"[".repeat(5_000)] {
            let answer = post(content_type, body).await;
            assert_eq!((answer.status, answer.reason().as_str()), (400, "malformed"), "{path} {body:.20}");
        }
    }
    let odd = [
        json!({ "id": "UPPER" }),
        json!({ "id": "status" }),
        json!({ "id": "x", "title": "" }),
        json!({ "id": "x", "title": "a\u{202e}b" }),
        json!({ "id": "x", "language": "klingon-and-more" }),
        json!({ "id": "x", "starts_at": -1 }),
        json!({ "id": "x", "doors_before_s": 1_000_000 }),
        json!({ "id": "x", "channels": "quadro" }),
    ];
    for show in odd {
        let answer = house.desk("POST", "/shows", Some(show.clone())).await;
        assert_eq!((answer.status, answer.reason().as_str()), (400, "malformed"), "{show}");
    }
    house.desk("POST", "/shows", Some(json!({ "id": "one" }))).await.refused(409, "show_exists");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_consent_nobody_gets_a_token() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start(data.path());
    let key = key_of(&house.create("one").await, "speaker");
    for body in [json!({ "name": "Ada" }), json!({ "name": "Ada", "consent": "2020-01" })] {
        let answer = Request::new("POST", "/one/session").bearer(&key).json(&body).send(house.at.stage).await;
        assert_eq!(answer.json()["consent"], stentor_stage::CONSENT_NOTICE_VERSION);
        answer.refused(403, "consent_missing");
    }
    house.stop().await;
}
