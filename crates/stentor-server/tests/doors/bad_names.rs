//! Paths that name nothing: every door says so in its own words, and nothing outside its files is served.

use std::net::SocketAddr;

use crate::house::House;
use crate::http::Request;

#[tokio::test(flavor = "multi_thread")]
async fn odd_paths_find_nothing() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start(data.path());
    house.create("one").await;
    let long = format!("/{}", "a".repeat(8_000));
    let odd = [
        "/..%2f",
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/%00",
        "/one%00",
        "/%ff%fe",
        "/%",
        "/%zz",
        "//",
        "/one/../two",
        "/%F0%9F%8E%99",
        "/ONE",
        "/-one",
        "/one.",
        "/api",
        "/assets/",
        "/assets/../Cargo.toml",
        "/assets/..%2f..%2fCargo.toml",
        "/assets/listener.html",
        "/operator/",
        &long,
    ];
    let doors: [(SocketAddr, &[&str]); 3] = [
        (
            house.at.front,
            &["", "/status", "/live.mp4", "/marks", "/hls/index.m3u8", "/replay.m4a", "/hls/opus-32/1-0.m4s"],
        ),
        (house.at.stage, &["", "/session", "/stage", "/stage/events", "/whip", "/whip/0000000000000000"]),
        (house.at.desk, &["", "/live"]),
    ];
    for (at, rests) in doors {
        for path in odd.iter().flat_map(|odd| rests.iter().map(move |rest| format!("{odd}{rest}"))) {
            for prefix in if at == house.at.desk { ["", "/api/v1/shows"] } else { ["", ""] } {
                let path = format!("{prefix}{path}");
                refused(at, "GET", &path, &house.operator_key).await;
            }
        }
    }
    house.stop().await;
}

/// Refused in words, or with the listener's own page that says that there is no such show.
async fn refused(at: SocketAddr, method: &str, path: &str, key: &str) {
    let answer = Request::new(method, path).bearer(key).send(at).await;
    assert!((400..500).contains(&answer.status), "{path:.60}: {} {:.200}", answer.status, answer.text());
    if answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html")) {
        assert_eq!(answer.status, 404, "{path:.60}");
    } else {
        answer.reason();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_methods_and_parameters_are_named() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start(data.path());
    house.on_air("one").await;
    let front = house.at.front;
    for (at, method, path) in [
        (front, "POST", "/one/status"),
        (front, "DELETE", "/one/live.mp4"),
        (house.at.stage, "GET", "/one/session"),
        (house.at.stage, "PUT", "/one/whip"),
        (house.at.desk, "PUT", "/api/v1/shows"),
    ] {
        let answer = Request::new(method, path).send(at).await;
        assert!(answer.header("allow").is_some_and(|allow| !allow.is_empty()), "{method} {path}");
        answer.refused(405, "wrong_method");
    }
    for wish in ["kbps=many", "kbps=-1", "kbps=99999999999", "from=x", "from=NaN", "from=inf", "from=-inf"] {
        house.front(&format!("/one/live.mp4?{wish}")).await.refused(400, "malformed");
    }
    for (path, reason) in [
        ("/one/hls/opus-33/live.m3u8", "not_found"),
        ("/one/hls/opus-32/01-0.m4s", "not_found"),
        ("/one/hls/opus-32/9-0.m4s", "not_on_tape"),
        ("/one/hls/opus-32/1-99999999.m4s", "not_on_tape"),
        ("/one/hls/opus-32/etc", "not_found"),
        ("/nobody/status", "unknown_show"),
        ("/nobody/live.mp4", "unknown_show"),
    ] {
        house.front(path).await.refused(404, reason);
    }
    house.front("/one/replay.m4a").await.refused(409, "not_ended");
    house.front("/one/hls/opus-32/vod.m3u8").await.refused(409, "not_ended");
    house.stop().await;
}
