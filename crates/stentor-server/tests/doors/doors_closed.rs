//! Before the doors open there is no sound, and every way to it says when to come back.

use serde_json::{Value, json};
use stentor_server::clock::Clock;

use crate::house::{House, key_of};
use crate::http::Request;

#[tokio::test(flavor = "multi_thread")]
async fn an_announced_show_says_when_to_come_back() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start(data.path());
    let starts_at = Clock::start().wall().0 + 3_600_000;
    let show = json!({ "id": "later", "title": "Later  tonight", "language": "de", "starts_at": starts_at, "doors_before_s": 60 });
    let view = house.desk("POST", "/shows", Some(show)).await;
    assert_eq!(view.status, 201);
    let view = view.json();
    assert_eq!((&view["phase"], &view["title"]), (&json!("announced"), &json!("Later tonight")));
    for path in [
        "live.mp4",
        "live.ogg",
        "live.aac",
        "hls/index.m3u8",
        "hls/cdn.m3u8",
        "hls/opus-32/live.m3u8",
        "hls/opus-32/ll.m3u8",
    ] {
        let closed = house.front(&format!("/later/{path}")).await;
        closed.refused(503, "doors_closed");
        let retry_s: u64 = closed.header("retry-after").and_then(|s| s.parse().ok()).expect("waiting helps");
        assert!((1..=60).contains(&retry_s), "{path}: {retry_s} s");
    }
    let status = house.status_when("later", "the status", |_| true).await;
    assert_eq!(status["phase"], "announced");
    assert_eq!(status["starts_at"], starts_at);
    assert_eq!(status["doors_at"], starts_at - 60_000);
    assert_eq!(status["slot"], Value::Null);
    assert_eq!(house.front("/later").await.status, 200, "the page is there before the sound");
    // A host may open at once, whatever the schedule says.
    let token = house.device_token("later", &key_of(&view, "host"), "Ada").await;
    let order = json!({ "command": "live" });
    let live =
        Request::new("POST", "/later/stage/command").bearer(&token).json(&order).send(house.at.stage).await;
    assert_eq!((live.status, live.json()), (200, json!({ "phase": "on_air" })));
    house.status_when("later", "there is sound", |status| status["slot"].is_u64()).await;
    house.stop().await;
}
