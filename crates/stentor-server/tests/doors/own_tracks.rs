//! Own tracks: each voice as a file of its own, in time with the recording, through a restart; and none for shows
//! that did not ask for them.

use serde_json::{Value, json};

use crate::ear::{decode, share_at, tenths_at};
use crate::house::{House, config, key_of, text_of, until};
use crate::http::Request;
use crate::speaker::Speaker;

const ADA_HZ: f32 = 700.0;
const BEN_HZ: f32 = 1_100.0;

async fn create(house: &House, show: &str) -> Value {
    let answer = house.desk("POST", "/shows", Some(json!({ "id": show, "own_tracks": true }))).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(answer.json()["own_tracks"], true);
    answer.json()
}

/// Lets the show go on for some chunks.
async fn go_on(house: &House, show: &str, chunks: u64) {
    let slot = |status: &Value| status["slot"].as_u64();
    let now = slot(&house.status_when(show, "there is sound", |status| status["slot"].is_u64()).await);
    house.status_when(show, "it goes on", |status| slot(status) >= now.map(|now| now + chunks)).await;
}

fn speaks(status: &Value, names: &[&str]) -> bool {
    status["speaking"]
        .as_array()
        .is_some_and(|speaking| names.iter().all(|name| speaking.contains(&json!(name))))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_voice_is_a_file_in_time_with_the_recording() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start(data.path());
    let view = create(&house, "one").await;
    let plain = house.create("plain").await;
    let ada = key_of(&view, "speaker");
    let ben = text_of(&house.invite("one", "speaker", "Ben").await["key"]);
    for show in ["one", "plain"] {
        house.command(show, "live").await;
        house.status_when(show, "there is sound", |status| status["slot"].is_u64()).await;
    }
    let stage = house.at.stage;
    let first = Speaker::connect(stage, "one", "whip", &ada, ADA_HZ).await;
    let second = Speaker::connect(stage, "one", "whip", &ben, BEN_HZ).await;
    let third = Speaker::connect(stage, "plain", "whip", &key_of(&plain, "speaker"), ADA_HZ).await;
    house.status_when("one", "both speak", |status| speaks(status, &["Guest", "Ben"])).await;
    house.status_when("plain", "somebody speaks", |status| speaks(status, &["Guest"])).await;
    go_on(&house, "one", 10).await;
    house.desk("GET", "/shows/one/tracks", None).await.refused(409, "not_ended");
    house.stop().await;
    for speaker in [first, second, third] {
        speaker.told_off().await;
    }

    // After the restart only Ben comes back.
    let house = House::start(data.path());
    let _ben = Speaker::connect(house.at.stage, "one", "whip", &ben, BEN_HZ).await;
    house.status_when("one", "Ben speaks", |status| speaks(status, &["Ben"])).await;
    go_on(&house, "one", 12).await;
    for show in ["one", "plain"] {
        house.command(show, "end").await;
    }
    for show in ["one", "plain"] {
        let is_ready = |status: &Value| status["recording"]["ready"] == true;
        house.status_when(show, "the recording is there", is_ready).await;
    }
    let people = tracks_are_listed(&house, &view).await;
    let tracks = tracks_are_in_time(&house, &people).await;
    a_track_is_served_like_any_file(&house, &people[1], &tracks).await;

    assert!(!data.path().join("shows/plain/tracks").exists(), "nobody asked for them");
    assert_eq!(house.desk("GET", "/shows/plain/tracks", None).await.json(), json!({ "tracks": [] }));
    house.desk("GET", "/shows/plain/tracks/1.opus", None).await.refused(404, "unknown_person");
    assert!(data.path().join("shows/one/tracks").exists());
    assert_eq!(house.desk("DELETE", "/shows/one", None).await.status, 204);
    assert!(!data.path().join("shows/one").exists());
    house.stop().await;
}

/// Both, by number, name and the file's path.
async fn tracks_are_listed(house: &House, view: &Value) -> [String; 2] {
    let list = house.desk("GET", "/shows/one/tracks", None).await.json();
    let tracks = list["tracks"].as_array().expect("a list");
    let names: Vec<_> = tracks.iter().map(|track| &track["name"]).collect();
    assert_eq!(names, ["Guest", "Ben"], "{list}");
    let guest = view["links"].as_array().expect("links").iter().find(|link| link["role"] == "speaker");
    assert_eq!(Some(&tracks[0]["person"]), guest.map(|guest| &guest["person"]));
    let sound_s = |track: &Value| track["sound_s"].as_f64().expect("seconds");
    assert!(sound_s(&tracks[0]) > 3.0 && sound_s(&tracks[1]) > sound_s(&tracks[0]), "{list}");
    assert!(tracks.iter().all(|track| track["bytes"].as_u64() > Some(10_000)), "{list}");
    [0, 1]
        .map(|n: usize| text_of(&tracks[n]["file"]).strip_prefix("/api/v1").expect("of the desk").to_owned())
}

async fn tracks_are_in_time(house: &House, people: &[String; 2]) -> [Vec<u8>; 2] {
    let replay = decode(house.front("/one/replay.opus").await.body).await;
    let mut files = [Vec::new(), Vec::new()];
    for (n, (own, other)) in [(ADA_HZ, BEN_HZ), (BEN_HZ, ADA_HZ)].into_iter().enumerate() {
        let answer = house.desk("GET", &people[n], None).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("audio/ogg")));
        assert_eq!(answer.header("cache-control"), Some("private, no-store"));
        let heard = decode(answer.body.clone()).await;
        files[n] = answer.body;
        assert_eq!(heard.len(), replay.len(), "as long as the recording");
        assert!(tenths_at(&heard, own.into()) >= 25, "{} tenths", tenths_at(&heard, own.into()));
        assert_eq!(tenths_at(&heard, other.into()), 0, "nobody else is in it");
        if n == 0 {
            assert_eq!(tenths_at(&heard[heard.len() - 2 * 48_000..], own.into()), 0, "Ada did not come back");
            continue;
        }
        // Where Ben alone speaks, track and recording are the same wave. The last 20 ms may be the passage to slate.
        let alone = last_tenths_at(&replay, own.into());
        let (programme, track) = (&replay[alone.clone()], &heard[alone]);
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(a * b)).sum::<f64>();
        let alike = dot(programme, track) / (dot(programme, programme) * dot(track, track)).sqrt();
        assert!(alike > 0.98, "track and recording are alike by {alike}");
    }
    files
}

/// The last second that sounds with this pitch and little else.
fn last_tenths_at(sound: &[f32], hz: f64) -> std::ops::Range<usize> {
    let seconds = (0..sound.len() / 4_800 - 10).map(|tenth| tenth * 4_800..tenth * 4_800 + 48_000);
    let alone = |second: &std::ops::Range<usize>| {
        let sound = &sound[second.clone()];
        share_at(sound, hz) > 0.9 && tenths_at(sound, hz) == 10
    };
    seconds.rev().find(alone).expect("a second in which only one speaks")
}

async fn a_track_is_served_like_any_file(house: &House, path: &str, tracks: &[Vec<u8>; 2]) {
    let whole = &tracks[1];
    let request = |method: &str| {
        Request::new(method, &format!("/api/v1{path}"))
            .bearer(&house.operator_key)
            .header("Range", "bytes=100-70000")
    };
    let part = request("GET").send(house.at.desk).await;
    assert_eq!((part.status, &part.body[..]), (206, &whole[100..70_001.min(whole.len())]));
    let head = request("HEAD").send(house.at.desk).await;
    assert_eq!((head.status, head.header("content-length")), (200, Some(whole.len().to_string().as_str())));
    assert!(head.body.is_empty() && head.header("content-disposition").is_some());
    for (path, reason) in [("99.opus", "unknown_person"), ("x.opus", "not_found"), ("1", "not_found")] {
        house.desk("GET", &format!("/shows/one/tracks/{path}"), None).await.refused(404, reason);
    }
    house.desk("GET", "/shows/none/tracks", None).await.refused(404, "unknown_show");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_kept_apart_who_has_not_agreed_to_that() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start(data.path());
    let key = key_of(&create(&house, "one").await, "host");
    let agree = |notice: &str| {
        let body = json!({ "name": "Ada", "consent": notice });
        Request::new("POST", "/one/session").bearer(&key).json(&body).send(house.at.stage)
    };
    let refused = agree(stentor_stage::CONSENT_NOTICE_VERSION).await;
    refused.refused(403, "consent_missing");
    assert_eq!(refused.json()["consent"], stentor_stage::CONSENT_NOTICE_OWN_TRACKS);
    assert_eq!(agree(stentor_stage::CONSENT_NOTICE_OWN_TRACKS).await.status, 201);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_room_gets_short_tracks_stop_before_the_tape_does() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let disk = rustix::fs::statvfs(data.path()).expect("it says how much is free");
    let free_mib = disk.f_bavail * disk.f_frsize / (1024 * 1024);
    let mut raw = config(data.path());
    // More than the reserve is free, less than twice the reserve.
    raw.data.reserve_mib = Some(free_mib * 3 / 4);
    let house = House::start_with(raw);
    let view = create(&house, "one").await;
    house.command("one", "live").await;
    let _speaker = Speaker::connect(house.at.stage, "one", "whip", &key_of(&view, "speaker"), ADA_HZ).await;
    house.notices_when("tracks_failed", 1).await;
    go_on(&house, "one", 4).await;
    let tape = house.desk("GET", "/shows/one", None).await.json()["tape"].clone();
    assert_eq!(tape["disk"], "ok", "{tape}");
    assert!(tape["chunks"].as_u64() > Some(3), "{tape}");
    let folder = data.path().join("shows/one/tracks");
    let written = || std::fs::read_dir(&folder).map_or(0, Iterator::count);
    assert_eq!(written(), 0);

    house.shell.data().set_reserve_bytes(0);
    house.notices_when("tracks_recovered", 1).await;
    until("tracks are written", || async { (written() > 0).then_some(()) }).await;
    house.stop().await;
}
