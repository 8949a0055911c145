//! What `stentor check` sees of a real machine: ports that are free, taken, or those of a running server.

use std::net::TcpListener;

use stentor_server::check::facts::{DataState, Facts, PortState};
use stentor_server::check::{Verdict, findings, gather};
use stentor_server::clock::Clock;
use stentor_server::config::{Config, RawConfig};

use crate::house::{House, config};

async fn look(raw: RawConfig) -> Facts {
    let config = Config::load(None, raw).expect("a configuration that can be used");
    let looked = tokio::task::spawn_blocking(move || gather(&config, &Clock::start()));
    looked.await.expect("it comes to its end")
}

fn state<'a>(facts: &'a Facts, door: &str) -> &'a PortState {
    &facts.ports.iter().find(|port| port.door == door).expect("every door is looked at").state
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_before_the_start_changes_nothing_and_one_beside_the_server_finds_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().join("data");
    let facts = look(config(&data)).await;
    for door in ["front", "stage", "media", "desk"] {
        assert_eq!(state(&facts, door), &PortState::Free, "{door}");
    }
    assert_eq!(facts.data, DataState::New(data.clone()));
    assert!(facts.disk.sync.is_ok() && facts.disk.free_bytes.as_ref().is_ok_and(|&free| free > 0));
    assert_eq!(std::fs::read_dir(folder.path()).expect("readable").count(), 0, "nothing is left behind");

    let house = House::start(&data);
    house.create("evening").await;
    let mut beside = config(&data);
    beside.front.listen = Some(house.at.front.to_string());
    beside.stage.listen = Some(house.at.stage.to_string());
    beside.desk.listen = Some(house.at.desk.to_string());
    beside.media.listen = Some(house.at.media.to_string());
    let facts = look(beside).await;
    for door in ["front", "stage", "desk"] {
        assert_eq!(state(&facts, door), &PortState::Serving, "{door}");
    }
    assert!(matches!(facts.data, DataState::InUse(..)), "{:?}", facts.data);
    assert_eq!(facts.shows.iter().map(|(show, _)| show.to_string()).collect::<Vec<_>>(), ["evening"]);
    assert!(!findings(&facts).iter().any(|found| found.topic == "ports" && found.verdict == Verdict::Fail));
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_a_stranger_has_fails_with_the_option_that_mends_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let mut raw = config(&folder.path().join("data"));
    raw.stage.listen = Some(taken.local_addr().expect("bound").to_string());
    let accepting = std::thread::spawn(move || drop(taken.accept()));
    let found = findings(&look(raw).await);
    let line = found.iter().find(|found| found.topic == "ports" && found.verdict == Verdict::Fail);
    let line = line.expect("the port is taken").to_string();
    assert!(line.contains("the port is in use") && line.contains("stage.listen"), "{line}");
    accepting.join().expect("the stranger was asked and hung up");
}
