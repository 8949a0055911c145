//! What a listener may wish for: a place in time, a rendition, a distance from live.

use crate::ear::{CHUNK_SAMPLES, Fragments};
use crate::house::House;
use crate::http::Request;

const CHUNK_S: f64 = 0.32;

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_begins_where_it_is_wished() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start(data.path());
    house.on_air("one").await;
    let on_air = house.status_when("one", "second 0 is known", |status| status["on_air_at_s"].is_f64()).await;
    let on_air_s = on_air["on_air_at_s"].as_f64().expect("seconds");
    let is_long = |live_s: Option<f64>| live_s.is_some_and(|live_s| live_s > on_air_s + 6.5);
    let status =
        house.status_when("one", "six seconds of show", |status| is_long(status["live_at_s"].as_f64())).await;
    let live_s = status["live_at_s"].as_f64().expect("seconds");

    for (wish, wanted_s, chunks, slack_s) in [
        ("from=0&close=1", on_air_s, 1_u32, 0.0),
        ("from=2.5&close=1", on_air_s + 2.5, 1, 0.0),
        ("from=1", on_air_s + 1.0, 3, 0.0),
        // Back from now, which goes on while the test asks.
        ("from=-4&close=1", live_s - 4.0, 1, 30.0),
    ] {
        let mut fragments = Fragments::open(house.at.front, &format!("/one/live.mp4?{wish}")).await;
        let start_s = fragments.stream.seconds("stentor-start-s");
        assert_eq!(fragments.stream.header("stentor-epoch"), Some("1"));
        assert!((fragments.stream.seconds("stentor-on-air-s") - on_air_s).abs() < 1e-4);
        // The group that holds the wanted moment, not a later one.
        let group_s = f64::from(chunks) * CHUNK_S;
        assert!(
            start_s <= wanted_s + slack_s + 1e-4 && start_s > wanted_s - group_s - 1e-4,
            "{wish}: {start_s} for {wanted_s}"
        );
        let first = fragments.next().await.expect("sound");
        assert!(
            (first.tfdt as f64 / 48_000.0 - start_s).abs() < 1e-4,
            "{wish}: the first sample is the one that is said"
        );
        let second = fragments.next().await.expect("more");
        assert_eq!(second.tfdt - first.tfdt, u64::from(chunks) * CHUNK_SAMPLES, "{wish}");
    }
    // What lies before the show's tape or after now is the nearest that there is.
    for wish in ["from=-86400", "from=86400", "from=1e300", "from=-1e300"] {
        let mut fragments = Fragments::open(house.at.front, &format!("/one/live.mp4?{wish}&close=1")).await;
        assert!(fragments.next().await.is_some(), "{wish}");
    }
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kbps_chooses_the_nearest_rendition_below() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start(data.path());
    house.on_air("one").await;
    house.status_when("one", "some sound", |status| status["slot"].as_u64() > Some(4)).await;
    let mut sizes = Vec::new();
    for wish in ["kbps=1", "kbps=16", "kbps=31", "kbps=32", "", "kbps=63", "kbps=64", "kbps=4000000000"] {
        let mut fragments = Fragments::open(house.at.front, &format!("/one/live.mp4?close=1&{wish}")).await;
        // The first one is the same chunk for all only by chance; the bit rate tells them apart.
        let mut bytes = 0;
        for _ in 0..3 {
            bytes += fragments.next().await.expect("sound").sound_bytes;
        }
        sizes.push(bytes);
    }
    let (low, middle, high) = (sizes[1], sizes[3], sizes[6]);
    assert!(low * 13 / 10 < middle && middle * 13 / 10 < high, "{sizes:?}");
    let near = |size: u64, to: u64| size.abs_diff(to) * 4 < to;
    let expected = [low, low, low, middle, middle, middle, high, high];
    assert!(sizes.iter().zip(expected).all(|(&size, to)| near(size, to)), "{sizes:?}");
    for (path, content_type) in
        [("live.mp4", "audio/mp4"), ("live.ogg?close=1", "audio/ogg"), ("live.aac?kbps=16", "audio/aac")]
    {
        let mut stream = Request::new("GET", &format!("/one/{path}")).open(house.at.front).await;
        assert!(stream.header("content-type").is_some_and(|kind| kind.starts_with(content_type)), "{path}");
        assert_eq!(stream.header("x-accel-buffering"), Some("no"));
        assert_eq!(stream.header("access-control-allow-origin"), Some("*"));
        assert!(
            stream
                .header("access-control-expose-headers")
                .is_some_and(|names| names.contains("Stentor-Start-S"))
        );
        assert!(stream.piece().await.is_some(), "{path}");
    }
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_others_may_ask() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start(data.path());
    let ask =
        |at, path: &str| Request::new("OPTIONS", path).header("Origin", "https://elsewhere.example").send(at);
    let front = ask(house.at.front, "/one/live.mp4").await;
    assert_eq!((front.status, front.header("access-control-allow-origin")), (204, Some("*")));
    assert_eq!(front.header("access-control-allow-headers"), Some("Range"));
    let stage = ask(house.at.stage, "/one/whip").await;
    assert_eq!((stage.status, stage.header("accept-post")), (204, Some("application/sdp")));
    assert!(stage.header("access-control-allow-methods").is_some_and(|methods| methods.contains("PATCH")));
    assert!(stage.header("access-control-allow-headers").is_some_and(|names| names.contains("If-Match")));
    let desk = ask(house.at.desk, "/api/v1/shows").await;
    assert_eq!(desk.header("access-control-allow-origin"), None, "the desk is for its own page");
    house.stop().await;
}
