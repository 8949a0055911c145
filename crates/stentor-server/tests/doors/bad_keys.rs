//! Keys that open nothing: each door says which kind of wrong they are, and lets nobody in.

use std::net::SocketAddr;

use serde_json::json;

use crate::ear::Witness;
use crate::house::{House, key_of, text_of};
use crate::http::{Answer, Request};
use crate::speaker;

/// What wants a key at the stage door: path, and what is sent there.
const STAGE_DOORS: [(&str, &str); 5] = [
    ("POST", "session"),
    ("POST", "stage"),
    ("POST", "whip"),
    ("POST", "stage/command"),
    ("GET", "stage/events"),
];

async fn knock(at: SocketAddr, show: &str, (method, path): (&str, &str), key: Option<&str>) -> Answer {
    let mut request = Request::new(method, &format!("/{show}/{path}"));
    if let Some(key) = key {
        request = request.header("Authorization", key);
    }
    let offer = speaker::offer(str0m::media::Direction::SendRecv).sdp;
    let request = match path {
        "session" => {
            request.json(&json!({ "name": "Ada", "consent": stentor_stage::CONSENT_NOTICE_VERSION }))
        }
        "stage/command" => request.json(&json!({ "command": "end" })),
        "stage/events" => request,
        _ => request.sdp(&offer),
    };
    request.send(at).await
}

fn bearer(key: &str) -> String {
    format!("Bearer {key}")
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_keys_open_nothing() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start(data.path());
    let view = house.on_air("one").await;
    let witness = Witness::listen(house.at.front, "one").await;
    let other = house.create("two").await;
    let (key, foreign) = (key_of(&view, "speaker"), key_of(&other, "host"));
    let foreign_token = house.device_token("two", &foreign, "Eve").await;
    let token = house.device_token("one", &key, "Ada").await;
    let expired = json!({ "role": "host", "expires_at": 1_600_000_000_000_i64 });
    let expired = house.desk("POST", "/shows/one/links", Some(expired)).await.json();
    let expired = text_of(&expired["key"]);
    let revoked = house.invite("one", "host", "Gone").await;
    let revoked_token = house.device_token("one", &text_of(&revoked["key"]), "Gone").await;
    let path = format!("/shows/one/links/{}", text_of(&revoked["id"]));
    assert_eq!(house.desk("DELETE", &path, None).await.status, 204);
    let revoked = text_of(&revoked["key"]);

    for door in STAGE_DOORS {
        let takes_link = matches!(door.1, "session" | "whip");
        let of_kind = |link: &str, device: &str| bearer(if takes_link { link } else { device });
        let wrong = [
            (None, 401, "key_missing"),
            (Some("Basic c29ycnk6bm8=".to_owned()), 401, "key_missing"),
            (Some("Bearer ".to_owned()), 401, "key_missing"),
            (Some(bearer("x")), 401, "key_invalid"),
            (Some(bearer(&key.replace(&key[..1], "Z"))), 401, "key_invalid"),
            (Some(bearer(&house.operator_key)), 401, "key_invalid"),
            // A key of the other kind, which is valid elsewhere.
            (Some(of_kind(&token, &key)), 401, "key_invalid"),
            (Some(of_kind(&foreign, &foreign_token)), 403, "key_foreign"),
            (Some(of_kind(&revoked, &revoked_token)), 401, "key_revoked"),
        ];
        for (key, status, reason) in wrong {
            let answer = knock(house.at.stage, "one", door, key.as_deref()).await;
            assert_eq!(answer.header("www-authenticate").is_some(), status == 401);
            answer.refused(status, reason);
        }
        let answer = knock(house.at.stage, "nobody", door, Some(&bearer(&key))).await;
        answer.refused(404, "unknown_show");
    }
    for door in [("POST", "session"), ("POST", "whip")] {
        knock(house.at.stage, "one", door, Some(&bearer(&expired))).await.refused(401, "key_expired");
    }
    // A speaker's token is good, and too little.
    let answer = knock(house.at.stage, "one", ("POST", "stage/command"), Some(&bearer(&token))).await;
    answer.refused(403, "role_forbids");

    let status = house.status_when("one", "the status", |_| true).await;
    assert_eq!((&status["phase"], &status["people"]), (&json!("on_air"), &json!([])));
    witness.missed_nothing().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_desk_is_the_operators() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start(data.path());
    let key = key_of(&house.create("one").await, "host");
    let token = house.device_token("one", &key, "Ada").await;
    let calls = [
        ("GET", "/shows"),
        ("POST", "/shows"),
        ("GET", "/shows/one"),
        ("DELETE", "/shows/one"),
        ("POST", "/shows/one/live"),
        ("GET", "/shows/one/tracks"),
        ("GET", "/shows/one/tracks/1.opus"),
        ("POST", "/shows/one/links"),
        ("DELETE", "/shows/one/links/0000000000000000"),
        ("POST", "/session"),
    ];
    for (method, path) in calls {
        let call = |key: &str| {
            let request = Request::new(method, &format!("/api/v1{path}")).bearer(key);
            request.json(&json!({ "id": "three", "role": "host" })).send(house.at.desk)
        };
        let foreign = if path == "/session" { (401, "key_invalid") } else { (403, "key_foreign") };
        call(&key).await.refused(foreign.0, foreign.1);
        call(&token).await.refused(foreign.0, foreign.1);
        call("guess").await.refused(401, "key_invalid");
        call("").await.refused(401, "key_missing");
        let without = Request::new(method, &format!("/api/v1{path}")).send(house.at.desk).await;
        without.refused(401, "key_missing");
    }
    let session =
        Request::new("POST", "/api/v1/session").bearer(&house.operator_key).send(house.at.desk).await;
    assert_eq!(session.status, 201);
    let token = text_of(&session.json()["token"]);
    let shows = Request::new("GET", "/api/v1/shows").bearer(&token).send(house.at.desk).await;
    let ids: Vec<_> =
        shows.json()["shows"].as_array().expect("a list").iter().map(|show| show["id"].clone()).collect();
    assert_eq!(ids, ["one"], "nothing was made or deleted");
    house.stop().await;
}
