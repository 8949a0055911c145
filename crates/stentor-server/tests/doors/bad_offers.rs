//! Offers that cannot be answered: each is refused with its reason, and the stage stays as it was.

use serde_json::json;
use str0m::media::Direction;

use crate::ear::Witness;
use crate::house::{House, key_of};
use crate::http::Request;
use crate::speaker::{self, Speaker};

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_that_cannot_be_answered_says_why() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start(data.path());
    let view = house.on_air("one").await;
    let witness = Witness::listen(house.at.front, "one").await;
    let key = key_of(&view, "speaker");
    let token = house.device_token("one", &key, "Ada").await;
    let good = speaker::offer(Direction::SendOnly).sdp;
    let without = |line: &str| -> String {
        let lines = good.split_inclusive("\r\n").filter(|kept| !kept.starts_with(line));
        lines.collect()
    };
    let only_header = good.split("m=audio").next().expect("a session part").to_owned();
    let bomb = format!("{good}{}", "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n".repeat(900));
    let cases = [
        (String::new(), 400, "offer_malformed"),
        ("garbage".to_owned(), 400, "offer_malformed"),
        ("v=0\r\n".repeat(500), 400, "offer_without_audio"),
        (only_header, 400, "offer_without_audio"),
        (good.replace("m=audio", "m=video"), 400, "offer_without_audio"),
        (good.replace("a=sendonly", "a=recvonly"), 400, "offer_without_audio"),
        (good.replace("opus/48000/2", "PCMU/8000"), 406, "offer_without_opus"),
        (without("a=ice-ufrag"), 400, "offer_malformed"),
        (without("a=ice-pwd"), 400, "offer_malformed"),
        (without("a=fingerprint"), 400, "offer_malformed"),
        (without("a=mid"), 400, "offer_malformed"),
        (without("a=rtcp-mux"), 400, "offer_malformed"),
        (good.replace("a=setup:", "a=setup:nonsense"), 400, "offer_malformed"),
        (good.replace("UDP/TLS/RTP/SAVPF", "RTP/AVP"), 400, "offer_malformed"),
        (good.replace("m=audio 9", "m=audio 99999999"), 400, "offer_malformed"),
        (bomb, 413, "too_large"),
    ];
    for (way, key) in [("whip", &key), ("stage", &token)] {
        let post = || Request::new("POST", &format!("/one/{way}")).bearer(key);
        for (offer, status, reason) in &cases {
            let answer = post().sdp(offer).send(house.at.stage).await;
            assert_eq!((answer.status, answer.reason().as_str()), (*status, *reason), "{way}: {offer:.200}");
        }
        let odd = post().body("application/sdp", b"v=0\r\n\xff\xfe\x00\r\n").send(house.at.stage).await;
        odd.refused(400, "offer_malformed");
        for content_type in ["text/plain", "application/json", "application/sdp2", ""] {
            let answer = post().body(content_type, good.as_bytes()).send(house.at.stage).await;
            answer.refused(415, "wrong_type");
        }
    }
    let status = house.status_when("one", "the status", |_| true).await;
    assert_eq!(status["people"], json!([]), "nobody came in");
    // The same key with a good offer is let in.
    let _speaker = Speaker::connect(house.at.stage, "one", "whip", &key, 500.0).await;
    witness.missed_nothing().await;
    house.stop().await;
}
