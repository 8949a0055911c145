//! A listener raises a hand, the host says yes, and the listener comes in by a link that works once.

use serde_json::{Value, json};

use crate::house::{House, key_of, text_of};
use crate::http::{Answer, Request};

const SHOW: &str = "town-hall";

async fn raise(house: &House, body: Value) -> Answer {
    Request::new("POST", &format!("/{SHOW}/hand")).json(&body).send(house.at.front).await
}

async fn poll(house: &House, token: &str) -> Answer {
    house.front(&format!("/{SHOW}/hand/{token}")).await
}

pub(crate) async fn direct(house: &House, token: &str, command: Value) -> Answer {
    let request = Request::new("POST", &format!("/{SHOW}/stage/command")).bearer(token).json(&command);
    request.send(house.at.stage).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hand_becomes_a_person_backstage() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start(data.path());
    let view = house.on_air(SHOW).await;
    let host = house.device_token(SHOW, &key_of(&view, "host"), "Ada").await;
    raise(&house, json!({ "name": "Eve" })).await.refused(403, "hands_closed");

    let opened = direct(&house, &host, json!({ "command": "hands", "open": true })).await;
    assert_eq!(opened.status, 200, "{}", opened.text());
    house.status_when(SHOW, "hands are open", |status| status["hands_open"] == true).await;
    let raised = raise(&house, json!({ "name": "Eve", "note": "I was there" })).await;
    assert_eq!((raised.status, &raised.json()["place"]), (201, &json!(1)), "{}", raised.text());
    assert_eq!(raised.header("cache-control"), Some("no-store"));
    let token = text_of(&raised.json()["token"]);
    assert_eq!(poll(&house, &token).await.json(), json!({ "state": "waiting", "place": 1 }));

    // A second of this network fits, a third does not, and what is no hand is none.
    assert_eq!(raise(&house, json!({ "name": "Eva" })).await.status, 201);
    raise(&house, json!({ "name": "Evi" })).await.refused(429, "too_many_hands");
    raise(&house, json!({ "name": "" })).await.refused(400, "malformed");
    raise(&house, json!({ "name": "Evi", "note": "x".repeat(141) })).await.refused(400, "malformed");
    raise(&house, json!({ "name": "x".repeat(5_000) })).await.refused(413, "too_large");
    for odd in ["0", "00000000000000000000000000000000", "%00", "..%2f"] {
        poll(&house, odd).await.refused(404, "unknown_hand");
    }

    let hand = json!({ "command": "hand", "hand": 1, "answer": "yes" });
    let answered = direct(&house, &host, hand.clone()).await;
    assert_eq!(answered.status, 200, "{}", answered.text());
    direct(&house, &host, hand).await.refused(404, "unknown_hand");
    let accepted = poll(&house, &token).await.json();
    assert_eq!(accepted["state"], "accepted");
    let url = text_of(&accepted["studio_url"]);
    let key = url.split_once("/studio#key=").expect("the key is in the fragment").1.to_owned();
    let guest = house.device_token(SHOW, &key, "Eve").await;
    poll(&house, &token).await.refused(404, "unknown_hand");
    let again = json!({ "name": "Mallory", "consent": stentor_stage::CONSENT_NOTICE_VERSION });
    let again = Request::new("POST", &format!("/{SHOW}/session")).bearer(&key).json(&again);
    again.send(house.at.stage).await.refused(409, "link_used");
    direct(&house, &guest, json!({ "command": "hands", "open": false })).await.refused(403, "role_forbids");

    let events = Request::new("GET", &format!("/{SHOW}/stage/events")).bearer(&host);
    let mut events = events.open(house.at.stage).await;
    let first = String::from_utf8(events.piece().await.expect("the state comes at once")).expect("text");
    let state: Value =
        serde_json::from_str(first.trim().strip_prefix("data: ").expect("an event")).expect("JSON");
    let eve = state["people"].as_array().expect("people").iter().find(|person| person["name"] == "Eve");
    assert_eq!(eve.expect("Eve has come in")["place"], "backstage");
    assert_eq!(state["hands"][0]["name"], "Eva");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hand_can_be_taken_down_and_a_line_reaches_everyone() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start(data.path());
    house.on_air(SHOW).await;
    let path = format!("/shows/{SHOW}/command");
    let order = |command: Value| house.desk("POST", &path, Some(command));
    assert_eq!(order(json!({ "command": "hands", "open": true })).await.status, 200);
    let raised = raise(&house, json!({ "name": "Eve" })).await.json();
    let hand = format!("/{SHOW}/hand/{}", text_of(&raised["token"]));
    assert_eq!(Request::new("DELETE", &hand).send(house.at.front).await.status, 204);
    house.front(&hand).await.refused(404, "unknown_hand");

    let say = json!({ "command": "say", "to": "everyone", "text": " Back\nat nine " });
    assert_eq!(order(say).await.status, 200);
    house.status_when(SHOW, "the line", |status| status["message"] == "Back at nine").await;
    order(json!({ "command": "say", "to": "everyone", "text": "x".repeat(201) }))
        .await
        .refused(400, "malformed");
    order(json!({ "command": "dump" })).await.refused(409, "no_delay");
    order(json!({ "command": "mute", "person": 99, "muted": true })).await.refused(404, "unknown_person");
    house.stop().await;
}
