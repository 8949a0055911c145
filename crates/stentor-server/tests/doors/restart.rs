//! A server that is stopped in the middle of a show and started again: the show is on air at once, in a new
//! epoch, and no name means two sounds.

use crate::ear::{Fragments, decode};
use crate::house::{House, key_of};
use crate::http::Request;
use crate::speaker::Speaker;

#[tokio::test(flavor = "multi_thread")]
async fn a_show_goes_on_after_a_restart_in_a_new_epoch() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start(data.path());
    let key = key_of(&house.on_air("one").await, "speaker");
    let speaker = Speaker::connect(house.at.stage, "one", "whip", &key, 700.0).await;
    house.status_when("one", "somebody speaks", |status| status["speaking"][0] == "Guest").await;
    let before = house.status_when("one", "some sound", |status| status["slot"].as_u64() > Some(6)).await;
    let listener = Request::new("GET", "/one/live.ogg").open(house.at.front).await;
    let mut fragments = Fragments::open(house.at.front, "/one/live.mp4?close=1").await;
    let first = fragments.next().await.expect("sound");

    house.stop().await;
    speaker.told_off().await;
    assert!(decode(listener.finish().await.body).await.len() >= 960, "the stream ended well");
    let mut last = first;
    while let Some(fragment) = fragments.next().await {
        assert!(fragment.tfdt > last.tfdt);
        last = fragment;
    }

    let house = House::start(data.path());
    let after = house.status_when("one", "there is sound", |status| status["slot"].is_u64()).await;
    assert_eq!(
        (&after["phase"], &after["epoch"], &before["epoch"]),
        (&"on_air".into(), &2.into(), &1.into())
    );
    assert_eq!((&after["anchor"], &after["on_air_at_s"]), (&before["anchor"], &before["on_air_at_s"]));
    assert_eq!(after["slate"], "nobody_connected");
    let slot = after["slot"].as_u64().expect("a slot");
    assert!(slot > last.tfdt / crate::ear::CHUNK_SAMPLES, "slots only rise");
    // The hole is heard as time, not as a jump.
    let mut fragments = Fragments::open(house.at.front, "/one/live.mp4?close=1&from=0").await;
    let mut at = fragments.next().await.expect("sound").tfdt;
    while at < slot * crate::ear::CHUNK_SAMPLES {
        let next = fragments.next().await.expect("more sound").tfdt;
        assert_eq!(next - at, crate::ear::CHUNK_SAMPLES);
        at = next;
    }
    // The link is as good as before.
    let _speaker = Speaker::connect(house.at.stage, "one", "whip", &key, 700.0).await;
    house.status_when("one", "somebody speaks again", |status| status["speaking"][0] == "Guest").await;
    house.stop().await;
}
