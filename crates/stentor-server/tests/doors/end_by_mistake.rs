//! Fault 67: "End" pressed by mistake. There are 30 s to take it back, and nothing is missing then.

use serde_json::{Value, json};

use crate::ear::{Witness, decode, newest, tenths_at};
use crate::house::{House, key_of};
use crate::http::{Answer, Request};
use crate::sessions::Events;
use crate::speaker::Speaker;

const SHOW: &str = "one";
const HZ: f32 = 440.0;

async fn order(house: &House, token: &str, command: &str) -> Answer {
    let request = Request::new("POST", &format!("/{SHOW}/stage/command")).bearer(token);
    request.json(&json!({ "command": command })).send(house.at.stage).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_by_mistake_is_taken_back_and_listeners_and_tape_go_on() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start(data.path());
    let view = house.on_air(SHOW).await;
    let token = house.device_token(SHOW, &key_of(&view, "host"), "Ada").await;
    let ada = Speaker::connect(house.at.stage, SHOW, "stage", &token, HZ).await;
    house.status_when(SHOW, "Ada speaks", |status| status["speaking"] == json!(["Ada"])).await;
    let witness = Witness::listen(house.at.front, SHOW).await;
    let listener = Request::new("GET", &format!("/{SHOW}/live.ogg")).open(house.at.front).await;
    let mut events = Events::open(&house, SHOW, &token).await;

    assert_eq!(order(&house, &token, "end").await.json()["phase"], "ending");
    let state = events.until("there is time to undo", |state| state["undo_until"].is_i64()).await;
    let left_ms = state["undo_until"].as_i64().zip(state["now"].as_i64()).map(|(until, now)| until - now);
    assert!(left_ms.is_some_and(|left| left > 0 && left <= 30_000), "{left_ms:?}");
    house.status_when(SHOW, "the end is heard", |status| status["slate"] == "ended").await;
    assert_eq!(order(&house, &token, "undo").await.json()["phase"], "on_air");
    house.status_when(SHOW, "Ada is heard again", |status| status["speaking"] == json!(["Ada"])).await;
    let heard = newest(house.at.front, SHOW, 2).await;
    assert!(tenths_at(&heard, HZ.into()) >= 16, "{} tenths of 2 s are Ada", tenths_at(&heard, HZ.into()));
    events.until("nothing is left to undo", |state| state["undo_until"].is_null()).await;
    order(&house, &token, "undo").await.refused(409, "wrong_phase");
    witness.missed_nothing().await;

    // Later the show ends for good.
    assert_eq!(order(&house, &token, "end").await.json()["phase"], "ending");
    let ready = |status: &Value| status["recording"]["ready"] == true;
    let status = house.status_when(SHOW, "the recording is there", ready).await;
    ada.told_off().await;
    let tape = house.desk("GET", &format!("/shows/{SHOW}"), None).await.json()["tape"].clone();
    assert_eq!(tape["holes"], 0, "the tape has no seam");
    // Who listened all the time heard Ada before and after, with slate between.
    let samples = decode(listener.finish().await.body).await;
    let (half, tenths) = (samples.len() / 2, |part: &[f32]| tenths_at(part, HZ.into()));
    let (before, after) = (tenths(&samples[..half]), tenths(&samples[half..]));
    assert!(before + after >= 30, "{before} and {after} tenths of a second");
    let recording = decode(house.front(&format!("/{SHOW}/replay.opus")).await.body).await;
    let seconds = recording.len() as f64 / 48_000.0;
    let whole =
        status["ended_at_s"].as_f64().zip(status["on_air_at_s"].as_f64()).map(|(end, begin)| end - begin);
    assert!(whole.is_some_and(|whole| (seconds - whole).abs() < 0.05), "{seconds} s of {whole:?} s");
    assert!(tenths(&recording) >= before + after - 10, "what was said before the undo and after it is there");
    house.stop().await;
}
