//! The life of a session on the stage: PATCH, DELETE, who replaces whom, and what the others see of it.

use serde_json::{Value, json};

use crate::house::{House, key_of, text_of, within};
use crate::http::{Request, Stream};
use crate::speaker::Speaker;

/// The state of a stage, event by event.
pub(crate) struct Events {
    stream: Stream,
    text: String,
}

impl Events {
    pub(crate) async fn open(house: &House, show: &str, token: &str) -> Self {
        let request = Request::new("GET", &format!("/{show}/stage/events")).bearer(token);
        let stream = request.open(house.at.stage).await;
        assert_eq!((stream.status, stream.header("content-type")), (200, Some("text/event-stream")));
        Self { stream, text: String::new() }
    }

    /// The next state; `None` when the door has closed the stream.
    async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let data = event.strip_prefix("data: ").map(|data| serde_json::from_str(data).expect("JSON"));
                self.text = rest.to_owned();
                match data {
                    Some(state) => return Some(state),
                    None => continue,
                }
            }
            self.text.push_str(&String::from_utf8(self.stream.piece().await?).expect("text"));
        }
    }

    pub(crate) async fn until(&mut self, what: &str, is: impl Fn(&Value) -> bool) -> Value {
        within(what, async {
            loop {
                let state = self.next().await.unwrap_or_else(|| panic!("closed before {what}"));
                if is(&state) {
                    return state;
                }
            }
        })
        .await
    }

    async fn closed(&mut self) {
        within("the events end", async { while self.next().await.is_some() {} }).await;
    }
}

fn session_of(location: &str) -> &str {
    location.rsplit('/').next().expect("a path")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_patched_and_deleted_by_its_own_person() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start(data.path());
    let view = house.on_air("one").await;
    let (host, guest) = (key_of(&view, "host"), key_of(&view, "speaker"));
    let token = house.device_token("one", &host, "Ada").await;
    let speaker = Speaker::connect(house.at.stage, "one", "stage", &token, 500.0).await;
    assert!(speaker.location.starts_with("/one/stage/"), "{}", speaker.location);

    let fragment = "a=end-of-candidates\r\n";
    let patch = |key: &str, headers: &[(&str, &str)], content_type: &str| {
        let request = Request::new("PATCH", &speaker.location).bearer(key);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        request.body(content_type, fragment.as_bytes()).send(house.at.stage)
    };
    let kind = "application/trickle-ice-sdpfrag";
    assert_eq!(patch(&token, &[("If-Match", &speaker.etag)], kind).await.status, 204);
    patch(&token, &[], kind).await.refused(428, "precondition_missing");
    patch(&token, &[("If-Match", "\"old\"")], kind).await.refused(412, "precondition_failed");
    patch(&token, &[("If-Match", &speaker.etag)], "text/plain").await.refused(415, "wrong_type");
    patch("x", &[("If-Match", &speaker.etag)], kind).await.refused(401, "key_invalid");

    let stranger = house.device_token("one", &guest, "Eve").await;
    patch(&stranger, &[("If-Match", &speaker.etag)], kind).await.refused(404, "unknown_session");
    let delete = |path: String, key: String| Request::new("DELETE", &path).bearer(&key).send(house.at.stage);
    delete(speaker.location.clone(), stranger).await.refused(404, "unknown_session");
    delete("/one/stage/0000000000000000".to_owned(), token.clone()).await.refused(404, "unknown_session");
    delete("/one/stage/nonsense".to_owned(), token.clone()).await.refused(404, "unknown_session");

    house.status_when("one", "she is here", |status| status["people"] == json!(["Ada"])).await;
    assert_eq!(delete(speaker.location.clone(), token.clone()).await.status, 200);
    house.status_when("one", "she has left", |status| status["people"] == json!([])).await;
    delete(speaker.location.clone(), token).await.refused(404, "unknown_session");
    speaker.told_off().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_session_of_a_link_replaces_the_older_and_all_see_it() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start(data.path());
    let view = house.on_air("one").await;
    let token = house.device_token("one", &key_of(&view, "host"), "Ada").await;
    let mut events = Events::open(&house, "one", &token).await;
    let alone = events.next().await.expect("the stage as it is");
    assert_eq!((&alone["phase"], &alone["session"]), (&json!("on_air"), &Value::Null));

    let first = Speaker::connect(house.at.stage, "one", "stage", &token, 500.0).await;
    let state = events.until("she speaks", |state| state["people"][0]["speaking"] == true).await;
    let person = &state["people"][0];
    assert_eq!(
        (&person["name"], &person["role"], &person["path"]),
        (&json!("Ada"), &json!("host"), &json!("udp"))
    );
    assert_eq!((&state["you"], &state["slate"]), (&person["id"], &Value::Null));
    assert_eq!(state["session"], session_of(&first.location));
    // The tone comes with a mean power of 0.3² / 2 or −13.5 dBFS, and is brought towards what every voice has.
    let is_loud = |level: &Value| level.as_f64().is_some_and(|level| (-25.0..-12.0).contains(&level));
    events.until("her level is a voice's", |state| is_loud(&state["people"][0]["level_dbfs"])).await;

    let other_device = house.device_token("one", &key_of(&view, "host"), "Ada").await;
    let second = Speaker::connect(house.at.stage, "one", "stage", &other_device, 500.0).await;
    first.told_off().await;
    let newer = session_of(&second.location).to_owned();
    let state = events.until("the newer session counts", |state| state["session"] == newer.as_str()).await;
    assert_eq!(state["people"].as_array().map(Vec::len), Some(1), "{state}");

    // A guest by plain WHIP is seen as well, and a revoked link ends session and events at once.
    let guest = house.invite("one", "speaker", "Ben").await;
    let ben = Speaker::connect(house.at.stage, "one", "whip", &text_of(&guest["key"]), 900.0).await;
    events.until("both are here", |state| state["people"][1]["connected"] == true).await;
    let path = format!("/shows/one/links/{}", text_of(&guest["id"]));
    assert_eq!(house.desk("DELETE", &path, None).await.status, 204);
    ben.told_off().await;
    events.until("she is alone again", |state| state["people"].as_array().map(Vec::len) == Some(1)).await;
    let host =
        view["links"].as_array().expect("links").iter().find(|link| link["role"] == "host").expect("a host");
    let path = format!("/shows/one/links/{}", text_of(&host["id"]));
    assert_eq!(house.desk("DELETE", &path, None).await.status, 204);
    second.told_off().await;
    events.closed().await;
    house.status_when("one", "slate", |status| status["slate"] == "nobody_connected").await;
    house.stop().await;
}
