//! Fault 64: the host's network drops. The show stays up, with slate or with a co-host, and the host comes back in.

use serde_json::{Value, json};

use crate::ear::{Witness, newest, tenths_at};
use crate::house::{House, key_of, text_of};
use crate::http::Request;
use crate::sessions::Events;
use crate::speaker::Speaker;

const SHOW: &str = "one";

fn connected(state: &Value, name: &str) -> bool {
    let people = state["people"].as_array().expect("a list");
    people.iter().any(|person| person["name"] == name && person["connected"] == true)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_show_outlives_the_hosts_network_and_the_host_comes_back_in() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start(data.path());
    let view = house.on_air(SHOW).await;
    let token = house.device_token(SHOW, &key_of(&view, "host"), "Ada").await;
    let ada = Speaker::connect(house.at.stage, SHOW, "stage", &token, 500.0).await;
    house.status_when(SHOW, "Ada speaks", |status| status["speaking"] == json!(["Ada"])).await;
    let witness = Witness::listen(house.at.front, SHOW).await;

    // Not a word of goodbye.
    drop(ada);
    let alone = |status: &Value| status["slate"] == "nobody_connected" && status["phase"] == "on_air";
    house.status_when(SHOW, "slate in place of Ada", alone).await;
    let invited = house.invite(SHOW, "co_host", "Ben").await;
    let ben_token = house.device_token(SHOW, &text_of(&invited["key"]), "Ben").await;
    let ben = Speaker::connect(house.at.stage, SHOW, "stage", &ben_token, 900.0).await;
    house.status_when(SHOW, "Ben carries on", |status| status["speaking"] == json!(["Ben"])).await;
    let heard = newest(house.at.front, SHOW, 2).await;
    assert!(tenths_at(&heard, 900.0) >= 16, "{} tenths of a second are Ben", tenths_at(&heard, 900.0));
    let mut events = Events::open(&house, SHOW, &ben_token).await;
    events.until("Ben sees that Ada is gone", |state| !connected(state, "Ada")).await;
    // Meanwhile the show is Ben's to run.
    let say = json!({ "command": "say", "to": "everyone", "text": "Ada is back in a minute" });
    let said = Request::new("POST", &format!("/{SHOW}/stage/command")).bearer(&ben_token).json(&say);
    assert_eq!(said.send(house.at.stage).await.status, 200);

    let ada = Speaker::connect(house.at.stage, SHOW, "stage", &token, 500.0).await;
    events.until("Ben sees Ada again", |state| connected(state, "Ada")).await;
    let both = |status: &Value| status["speaking"].as_array().is_some_and(|names| names.len() == 2);
    let status = house.status_when(SHOW, "both speak", both).await;
    assert_eq!((&status["epoch"], &status["phase"]), (&json!(1), &json!("on_air")));
    // Nobody else is left, and the show is still there.
    drop(ben);
    house.status_when(SHOW, "Ada speaks", |status| status["speaking"] == json!(["Ada"])).await;
    witness.missed_nothing().await;
    drop(ada);
    house.stop().await;
}
