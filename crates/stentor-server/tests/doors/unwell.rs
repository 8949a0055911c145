//! Fault 63: microphones and programs that do not work as they should. It is handled, and the host is told.

use serde_json::{Value, json};

use crate::ear::{newest, tenths_at};
use crate::house::{House, key_of, text_of};
use crate::sessions::Events;
use crate::speaker::{Equipment, Rtp, Speaker, tone};

const SHOW: &str = "one";

/// Hands to an honest host's ears one guest with this equipment; gives what the host's page is told of them, once it
/// is so.
async fn told_of(equipment: Equipment, what: &str, is: impl Fn(&Value) -> bool) {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start(data.path());
    let view = house.on_air(SHOW).await;
    let token = house.device_token(SHOW, &key_of(&view, "host"), "Ada").await;
    let _ada = Speaker::connect(house.at.stage, SHOW, "stage", &token, 440.0).await;
    let guest = house.invite(SHOW, "speaker", "Ben").await;
    let key = text_of(&guest["key"]);
    let _ben = Speaker::connect_with(house.at.stage, SHOW, "whip", &key, equipment).await;
    let mut events = Events::open(&house, SHOW, &token).await;
    let find = |state: &Value, name: &str| {
        state["people"].as_array().expect("a list").iter().find(|person| person["name"] == name).cloned()
    };
    let state = events.until(what, |state| find(state, "Ben").is_some_and(|ben| is(&ben))).await;
    let ada = find(&state, "Ada").expect("she is there");
    assert_eq!((&ada["warnings"], &ada["connected"]), (&json!([]), &json!(true)), "nobody else is warned of");
    house.status_when(SHOW, "the show goes on", |status| status["slate"].is_null()).await;
    house.stop().await;
}

fn is_warned_of(person: &Value, warning: &str) -> bool {
    person["warnings"].as_array().is_some_and(|warnings| warnings.iter().any(|told| told == warning))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_microphone_that_says_nothing_is_told_to_the_host() {
    let mut n = 0_u32;
    // Digital noise far below any room: packets come, and there is nothing in them.
    let microphone = Box::new(move || {
        n = n.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (n >> 16) as f32 * 1e-10
    });
    told_of(Equipment::with(microphone), "Ben is silent", |ben| is_warned_of(ben, "silent")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_overdriven_microphone_is_told_to_the_host() {
    let mut voice = tone(180.0);
    let microphone = Box::new(move || (voice() * 20.0).clamp(-1.0, 1.0));
    told_of(Equipment::with(microphone), "Ben clips", |ben| is_warned_of(ben, "clipping")).await;
}

/// Sound at 44.1 kHz that says it is 48: each packet claims less time than it lasts.
#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_counts_time_at_another_rate_is_told_as_a_poor_line() {
    let mut equipment = Equipment::with(tone(900.0));
    equipment.program = Box::new(|n, packet| vec![Rtp { time: (n * 882) as u32, ..Rtp::honest(n, packet) }]);
    told_of(equipment, "Ben's line is poor", |ben| ben["line"] == "poor").await;
}

/// A program that changes its sampling rate in mid-sentence, as when a headset is plugged in: what it sends is
/// another bandwidth and another length of packets, and is heard at the same pitch.
#[tokio::test(flavor = "multi_thread")]
async fn a_sampling_rate_changed_in_mid_sentence_keeps_the_pitch() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start(data.path());
    let view = house.on_air(SHOW).await;
    let mut narrow =
        opus::Encoder::new(16_000, opus::Channels::Mono, opus::Application::Voip).expect("an encoder");
    let (mut voice, mut shift) = (tone(440.0), 0_u64);
    let mut equipment = Equipment::with(tone(440.0));
    // 3 s at 48 kHz in packets of 20 ms, then 16 kHz in packets of 40 ms: every second one of the program's.
    equipment.program = Box::new(move |n, packet| {
        if n < 150 {
            return vec![Rtp::honest(n, packet)];
        }
        if n % 2 == 1 {
            return Vec::new();
        }
        shift += 1;
        let sound: Vec<f32> = (0..640)
            .map(|_| {
                voice();
                voice();
                voice()
            })
            .collect();
        let payload = narrow.encode_vec_float(&sound, 1_275).expect("a frame of 40 ms");
        vec![Rtp { seq: 149 + shift, ..Rtp::honest(n, payload) }]
    });
    let key = key_of(&view, "speaker");
    let _ben = Speaker::connect_with(house.at.stage, SHOW, "whip", &key, equipment).await;
    let begun = house.status_when(SHOW, "Ben speaks", |status| status["speaking"][0] == "Guest").await;
    let past_the_change =
        |status: &Value| status["live_at_s"].as_f64() > begun["live_at_s"].as_f64().map(|s| s + 7.0);
    house.status_when(SHOW, "the rate has changed", past_the_change).await;
    let heard = newest(house.at.front, SHOW, 2).await;
    assert!(tenths_at(&heard, 440.0) >= 18, "{} tenths of 2 s", tenths_at(&heard, 440.0));
    house.stop().await;
}
