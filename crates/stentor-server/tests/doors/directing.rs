//! What a host directs is what listeners hear: backstage is not heard, and neither is what was muted or dumped.

use serde_json::{Value, json};

use crate::house::{House, key_of};
use crate::speaker::Speaker;

const SHOW: &str = "directed";
const HZ: f32 = 440.0;

async fn order(house: &House, command: Value) {
    let answer = house.desk("POST", &format!("/shows/{SHOW}/command"), Some(command.clone())).await;
    assert_eq!(answer.status, 200, "{command}: {}", answer.text());
}

/// The number on the stage of the person whose link has this role.
fn person(view: &Value, role: &str) -> Value {
    let links = view["links"].as_array().expect("a show has links");
    links.iter().find(|link| link["role"] == role).expect("a link for the role")["person"].clone()
}

async fn heard(house: &House, is: bool) {
    let what = if is { "the guest is heard" } else { "the guest is not heard" };
    house.status_when(SHOW, what, |status| (status["speaking"] == json!(["Guest"])) == is).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn backstage_is_off_the_programme_and_back_again() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start(data.path());
    let view = house.on_air(SHOW).await;
    let guest = person(&view, "speaker");
    let speaker = Speaker::connect(house.at.stage, SHOW, "whip", &key_of(&view, "speaker"), HZ).await;
    heard(&house, true).await;

    order(&house, json!({ "command": "place", "person": guest, "place": "backstage" })).await;
    heard(&house, false).await;
    let status = house.status_when(SHOW, "slate", |status| status["slate"] == "nobody_connected").await;
    assert_eq!(status["people"], json!([]), "nobody outside is told who is backstage");
    order(&house, json!({ "command": "place", "person": guest, "place": "on_air" })).await;
    heard(&house, true).await;
    order(&house, json!({ "command": "mute", "person": guest, "muted": true })).await;
    heard(&house, false).await;
    order(&house, json!({ "command": "mute", "person": guest, "muted": false })).await;
    heard(&house, true).await;

    order(&house, json!({ "command": "remove", "person": guest })).await;
    speaker.told_off().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_dumped_in_a_delayed_show_is_slate() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start(data.path());
    let view = house.desk("POST", "/shows", Some(json!({ "id": SHOW, "delay_s": 7 }))).await.json();
    house.command(SHOW, "live").await;
    let speaker = Speaker::connect(house.at.stage, SHOW, "whip", &key_of(&view, "speaker"), HZ).await;
    // Second 0 of the show is when listeners hear it.
    let status = house.status_when(SHOW, "on air", |status| status["on_air_at_s"].is_number()).await;
    let on_air_at_s = status["on_air_at_s"].as_f64().expect("seconds");
    assert!(on_air_at_s >= 7.0, "on air at {on_air_at_s} s, before the delay has passed");
    heard(&house, true).await;

    order(&house, json!({ "command": "dump" })).await;
    house.status_when(SHOW, "slate", |status| status["slate"] == "dumped").await;
    house.status_when(SHOW, "the stage again", |status| status["slate"] == Value::Null).await;
    heard(&house, true).await;
    let marks = house.front(&format!("/{SHOW}/marks")).await.json();
    let marks = marks["marks"].as_array().expect("marks").clone();
    let at =
        |is: &dyn Fn(&Value) -> bool| marks.iter().find(|mark| is(mark)).expect("the mark")["at_s"].clone();
    let dumped = at(&|mark| mark["reason"] == "dumped").as_f64().expect("seconds");
    let over = marks.iter().find(|mark| mark["kind"] == "slate_over" && mark["at_s"].as_f64() > Some(dumped));
    let slate_s = over.expect("slate ends")["at_s"].as_f64().expect("seconds") - dumped;
    assert!((slate_s - 7.0).abs() < 0.05, "{slate_s} s of slate stand for 7 s of delay");
    house.command(SHOW, "end").await;
    drop(speaker);
    house.stop().await;
}
