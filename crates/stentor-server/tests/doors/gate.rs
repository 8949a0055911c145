//! The gate through the front door: room for everybody, then tickets and places, also over a restart.

use serde_json::Value;
use stentor_server::config::RawConfig;

use crate::house::{House, config, text_of, until};
use crate::http::{Request, Stream};

const SEATS: u64 = 2;

fn small(data: &std::path::Path) -> RawConfig {
    let mut raw = config(data);
    raw.front.seats = Some(SEATS);
    raw
}

async fn stream(house: &House, query: &str) -> Stream {
    Request::new("GET", &format!("/one/live.ogg?{query}")).open(house.at.front).await
}

async fn ticket(house: &House) -> String {
    let answer = Request::new("POST", "/one/ticket").send(house.at.front).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    text_of(&answer.json()["ticket"])
}

async fn claim(house: &House, ticket: &str) -> Value {
    let answer = Request::new("POST", "/one/claim").bearer(ticket).send(house.at.front).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

async fn called(house: &House, ticket: &str) {
    until("its turn comes", || async { (claim(house, ticket).await["state"] == "called").then_some(()) })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_when_it_is_full_waits_in_line_and_gets_the_next_seat() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start_with(small(data.path()));
    house.on_air("one").await;
    let [mut first, second] = [stream(&house, "").await, stream(&house, "").await];
    assert_eq!((first.status, second.status), (200, 200), "there is room");
    assert!(first.piece().await.is_some());
    let refused = stream(&house, "").await;
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("30")));
    assert_eq!(refused.finish().await.json()["reason"], "full");
    let playlist = house.front("/one/hls/index.m3u8").await;
    assert_eq!(playlist.status, 503, "{}", playlist.text());

    // Two who come within a tick would be in one cohort, in which the draw decides.
    let first_ticket = ticket(&house).await;
    until("the first is told apart", || async {
        claim(&house, &first_ticket).await["beside"].is_null().then_some(())
    })
    .await;
    let tickets = [first_ticket, ticket(&house).await];
    let status = house.status_when("one", "two wait", |status| status["gate"]["waiting"] == 2).await;
    assert_eq!((&status["gate"]["open"], &status["gate"]["seats"]), (&false.into(), &SEATS.into()));
    assert_eq!(claim(&house, &tickets[0]).await["state"], "waiting");
    let early = stream(&house, &format!("ticket={}", tickets[0])).await;
    assert_eq!((early.status, early.finish().await.json()["reason"].clone()), (503, "not_your_turn".into()));
    assert_eq!(stream(&house, "ticket=none").await.status, 403);
    let head = Request::new("HEAD", "/one/live.ogg").send(house.at.front).await;
    assert_eq!(head.status, 503, "who only looks is told the same");

    // Who leaves makes room for who is next, and for nobody else.
    drop(second);
    called(&house, &tickets[0]).await;
    assert_eq!(claim(&house, &tickets[1]).await["state"], "waiting");
    assert_eq!(stream(&house, "").await.status, 503);
    let mut third = stream(&house, &format!("ticket={}", tickets[0])).await;
    assert_eq!(third.status, 200);
    assert!(third.piece().await.is_some());
    // One ticket is one stream: the newest.
    let mut again = stream(&house, &format!("ticket={}", tickets[0])).await;
    assert_eq!(again.status, 200);
    assert!(again.piece().await.is_some());
    while third.piece().await.is_some() {}
    assert!(first.piece().await.is_some(), "nobody else is disturbed");
    let head =
        Request::new("HEAD", &format!("/one/live.ogg?ticket={}", tickets[0])).send(house.at.front).await;
    assert_eq!((head.status, head.header("content-length")), (200, None), "a stream has no length");
    assert!(
        again.piece().await.is_some() && again.piece().await.is_some(),
        "who only looks ends nobody's stream"
    );
    assert_eq!(house.metric("stentor_show_inside{show=\"one\"} ").await, SEATS as f64);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn places_are_kept_over_a_restart() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start_with(small(data.path()));
    house.on_air("one").await;
    let inside = [stream(&house, "").await, stream(&house, "").await];
    let tickets = [ticket(&house).await, ticket(&house).await];
    // They are told apart by the draw once their cohort is closed.
    let turns = |claims: [Value; 2]| claims.map(|claim| claim["turn"].clone());
    let before = until("both have a turn", || async {
        let claims = [claim(&house, &tickets[0]).await, claim(&house, &tickets[1]).await];
        claims.iter().all(|claim| claim["beside"].is_null()).then(|| turns(claims))
    })
    .await;
    house.stop().await;
    drop(inside);

    let house = House::start_with(small(data.path()));
    let status = house.status_when("one", "there is sound", |status| status["slot"].is_u64()).await;
    assert_eq!(status["gate"]["open"], false, "nobody is told to come in before those who wait");
    let after = turns([claim(&house, &tickets[0]).await, claim(&house, &tickets[1]).await]);
    assert_eq!(before, after);
    // The seats of those who were inside are kept for them.
    let back = [stream(&house, "").await, stream(&house, "").await];
    assert_eq!(back.map(|stream| stream.status), [200, 200]);
    house.stop().await;
}
