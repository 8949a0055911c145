//! A show from its announcement to its deletion, with everything that can be heard of it on the way.

use serde_json::Value;

use crate::ear::{Fragments, decode, share_at, tenths_at};
use crate::house::{House, key_of, until, within};
use crate::http::{Answer, Request};
use crate::speaker::Speaker;

const SHOW: &str = "evening";
const HZ: f32 = 440.0;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_on_air_is_heard_live_and_in_the_recording() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start(data.path());
    let view = house.create(SHOW).await;
    slate_flows(&house).await;
    house.command(SHOW, "live").await;
    let speaker = Speaker::connect(house.at.stage, SHOW, "whip", &key_of(&view, "speaker"), HZ).await;
    house.status_when(SHOW, "somebody speaks", |status| status["speaking"][0] == "Guest").await;
    tokio::join!(
        heard_in_stream(&house, "live.ogg?kbps=64"),
        heard_in_stream(&house, "live.mp4"),
        heard_in_stream(&house, "live.aac?kbps=32"),
        heard_in_hls(&house, "opus-32"),
        heard_in_hls(&house, "aac-64"),
    );
    end_undo_end(&house).await;

    let listener = Request::new("GET", "/evening/live.ogg").open(house.at.front).await;
    let status = house
        .status_when(SHOW, "the recording is there", |status| status["recording"]["ready"] == true)
        .await;
    speaker.told_off().await;
    let whole = listener.finish().await;
    assert!(!decode(whole.body).await.is_empty(), "the stream ended well");
    assert_eq!((&status["phase"], &status["undo_until"]), (&Value::from("ended"), &Value::Null));
    for path in ["live.mp4", "live.ogg", "live.aac"] {
        let gone = house.front(&format!("/{SHOW}/{path}")).await;
        gone.refused(410, "ended");
        assert_eq!(gone.json()["recording"], "/evening");
    }
    let duration_s = status["recording"]["duration_s"].as_f64().expect("seconds");
    for path in ["/evening/replay.m4a", "/evening/replay.opus"] {
        recording_is_whole(&house, path, duration_s).await;
        ranges_are_honoured(&house, path).await;
    }
    vod_is_whole(&house, duration_s).await;

    house.stop().await;
    let house = House::start(data.path());
    recording_is_whole(&house, "/evening/replay.opus", duration_s).await;
    assert!(data.path().join("shows/evening").exists());
    assert_eq!(house.desk("DELETE", "/shows/evening", None).await.status, 204);
    house.front("/evening/status").await.refused(404, "unknown_show");
    assert!(!data.path().join("shows/evening").exists());
    house.stop().await;
}

/// Before anybody speaks there is sound, and it goes on.
async fn slate_flows(house: &House) {
    let status = house.status_when(SHOW, "there is slate", |status| status["slot"].is_u64()).await;
    assert_eq!((&status["phase"], &status["slate"]), (&Value::from("doors"), &Value::from("not_started")));
    let mut fragments = Fragments::open(house.at.front, "/evening/live.mp4?close=1").await;
    assert_eq!(fragments.stream.header("stentor-on-air-s"), None);
    let first = fragments.next().await.expect("sound");
    assert_eq!(fragments.stream.seconds("stentor-start-s"), first.tfdt as f64 / 48_000.0);
    let second = fragments.next().await.expect("more of it");
    assert_eq!(second.tfdt, first.tfdt + crate::ear::CHUNK_SAMPLES);
}

async fn heard_in_stream(house: &House, path: &str) {
    let mut stream = Request::new("GET", &format!("/{SHOW}/{path}")).open(house.at.front).await;
    assert_eq!(stream.status, 200, "{path}");
    let mut bytes = Vec::new();
    // The burst has sound from before the speaker came; three groups of 0.96 s more have not.
    for _ in 0..4 {
        bytes.extend(stream.piece().await.expect("the stream goes on"));
    }
    let samples = decode(bytes).await;
    let newest = &samples[samples.len() - 2 * 48_000..];
    assert!(tenths_at(newest, HZ.into()) >= 16, "{path}: {}", share_at(newest, HZ.into()));
}

async fn heard_in_hls(house: &House, rendition: &str) {
    for (multivariant, media) in [("index", "ll"), ("cdn", "live")] {
        let list = house.front(&format!("/evening/hls/{multivariant}.m3u8")).await.text();
        assert!(list.contains(&format!("\n{rendition}/{media}.m3u8\n")), "{list}");
    }
    let speaking =
        house.status_when(SHOW, "a place on the tape", |status| status["live_at_s"].is_f64()).await;
    let speaking_s = speaking["live_at_s"].as_f64().expect("seconds");
    let url = until("a segment with the speaker in it", || async {
        let playlist = house.front(&format!("/evening/hls/{rendition}/live.m3u8")).await;
        let text = playlist.text();
        let newest = text.lines().rfind(|line| line.ends_with(".m4s"))?.to_owned();
        let slot: u64 =
            newest.split(['-', '.']).nth(1).and_then(|slot| slot.parse().ok()).expect("epoch-slot");
        (slot as f64 * 0.32 >= speaking_s).then_some(newest)
    })
    .await;
    let samples = segments(house, rendition, &[url]).await;
    assert!(tenths_at(&samples, HZ.into()) >= 32, "{rendition}: {}", share_at(&samples, HZ.into()));
}

/// The sound of segments behind their init segment.
async fn segments(house: &House, rendition: &str, urls: &[String]) -> Vec<f32> {
    let mut bytes = house.front(&format!("/evening/hls/{rendition}/init.mp4")).await.body;
    for url in urls {
        let segment = house.front(&format!("/evening/hls/{rendition}/{url}")).await;
        assert_eq!(segment.status, 200, "{url}");
        assert!(segment.header("cache-control").is_some_and(|cache| cache.contains("immutable")));
        bytes.extend(segment.body);
    }
    decode(bytes).await
}

async fn end_undo_end(house: &House) {
    let ending = house.command(SHOW, "end").await;
    assert_eq!(ending["phase"], "ending");
    assert!(ending["undo_until"].is_i64());
    house.desk("DELETE", "/shows/evening", None).await.refused(409, "wrong_phase");
    house.status_when(SHOW, "the end is heard", |status| status["slate"] == "ended").await;
    let undone = house.command(SHOW, "undo").await;
    assert_eq!((&undone["phase"], &undone["undo_until"]), (&Value::from("on_air"), &Value::Null));
    house.status_when(SHOW, "the stage is heard again", |status| status["slate"].is_null()).await;
    house.desk("POST", "/shows/evening/undo", None).await.refused(409, "wrong_phase");
    house.command(SHOW, "end").await;
}

async fn recording_is_whole(house: &House, path: &str, duration_s: f64) {
    let whole = house.front(path).await;
    assert_eq!(whole.status, 200);
    let samples = decode(whole.body).await;
    let seconds = samples.len() as f64 / 48_000.0;
    assert!((seconds - duration_s).abs() < 0.05, "{path}: {seconds} s of {duration_s} s");
    // The speaker was there from the first second or two on, and at the end.
    let told = tenths_at(&samples, HZ.into()) as f64 / 10.0;
    assert!(told > duration_s * 0.5, "{path}: {told} s of {duration_s} s");
}

async fn ranges_are_honoured(house: &House, path: &str) {
    let get = |headers: &[(&str, &str)], method: &str| {
        let request = Request::new(method, path);
        headers
            .iter()
            .fold(request, |request, (name, value)| request.header(name, value))
            .send(house.at.front)
    };
    let whole = get(&[], "GET").await;
    let (len, etag) = (whole.body.len(), whole.header("etag").expect("an ETag").to_owned());
    let head = get(&[], "HEAD").await;
    assert_eq!((head.status, head.header("content-length")), (200, Some(len.to_string().as_str())));
    assert!(head.body.is_empty());
    let part = |answer: Answer, range: std::ops::Range<usize>| {
        assert_eq!(answer.status, 206);
        let expected = format!("bytes {}-{}/{len}", range.start, range.end - 1);
        assert_eq!(answer.header("content-range"), Some(expected.as_str()));
        assert!(answer.body == whole.body[range], "{expected} of {path} has other bytes");
    };
    part(get(&[("Range", "bytes=0-1")], "GET").await, 0..2);
    part(get(&[("Range", "bytes=1000-70000")], "GET").await, 1000..70_001.min(len));
    part(get(&[("Range", "bytes=-500")], "GET").await, len - 500..len);
    part(get(&[("Range", &format!("bytes={}-", len - 3))], "GET").await, len - 3..len);
    part(get(&[("Range", "bytes=5-9"), ("If-Range", &etag)], "GET").await, 5..10);
    let other = get(&[("Range", "bytes=5-9"), ("If-Range", "\"another\"")], "GET").await;
    assert_eq!((other.status, other.body.len()), (200, len), "a range of another version is no range");
    let outside = get(&[("Range", &format!("bytes={len}-"))], "GET").await;
    assert_eq!(outside.header("content-range"), Some(format!("bytes */{len}").as_str()));
    outside.refused(416, "range_outside");
}

async fn vod_is_whole(house: &House, duration_s: f64) {
    for multivariant in ["index", "cdn"] {
        let list = house.front(&format!("/evening/hls/{multivariant}.m3u8")).await.text();
        assert!(list.contains("opus-32/vod.m3u8") && !list.contains("live.m3u8"), "{list}");
        assert!(!list.contains("ll.m3u8"), "{list}");
    }
    let playlist = within("the playlist", house.front("/evening/hls/opus-32/vod.m3u8")).await.text();
    assert!(playlist.contains("#EXT-X-ENDLIST"), "{playlist}");
    let urls: Vec<_> = playlist.lines().filter(|line| line.ends_with(".m4s")).map(str::to_owned).collect();
    let samples = segments(house, "opus-32", &urls).await;
    let seconds = samples.len() as f64 / 48_000.0;
    // Whole chunks, so up to one more at either end.
    assert!(seconds > duration_s - 0.1 && seconds < duration_s + 0.74, "{seconds} s of {duration_s} s");
    assert!(tenths_at(&samples, HZ.into()) as f64 / 10.0 > duration_s * 0.5);
    for media in ["live.m3u8", "ll.m3u8?_HLS_msn=999999&_HLS_part=0&_HLS_skip=YES"] {
        let live = house.front(&format!("/evening/hls/opus-32/{media}")).await.text();
        assert!(live.ends_with("#EXT-X-ENDLIST\n"), "the live playlist ended: {live}");
        assert!(!live.contains("#EXT-X-SKIP"), "what has ended is given whole: {live}");
    }
}
