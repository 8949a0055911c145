//! Starts that cannot be: one sentence that says what is wrong and what to do. And shows that cannot be read,
//! which take nobody with them.

use std::net::TcpListener;

use serde_json::json;
use stentor_server::config::{Config, RawConfig};

use crate::house::{House, config, open, text_of};

fn why_not(raw: RawConfig) -> String {
    let error = open(raw).err().expect("it cannot be opened");
    let sentence = error.to_string();
    assert!(!sentence.contains('\n') && sentence.len() < 400, "{sentence}");
    sentence
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_names_the_option_that_mends_it() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("bound").to_string();
    for door in ["front", "stage", "media", "desk"] {
        let mut raw = config(data.path());
        let listen = Some(address.clone());
        match door {
            "front" => raw.front.listen = listen,
            "stage" => raw.stage.listen = listen,
            "media" => raw.media.listen = listen,
            _ => raw.desk.listen = listen,
        }
        let sentence = why_not(raw);
        for part in [&address, "the port is in use", &format!("--{door}"), &format!("{door}.listen")] {
            assert!(sentence.contains(part), "{part:?} is not in {sentence:?}");
        }
    }
    // None of them left anything behind that keeps the next one from starting.
    House::start(data.path()).stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn data_of_another_kind_is_left_alone() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let newer = folder.path().join("newer");
    House::start(&newer).stop().await;
    std::fs::write(newer.join("VERSION"), "2\n").expect("it can be written");
    let sentence = why_not(config(&newer));
    assert!(
        sentence.contains("written by a newer Stentor (version 2") && sentence.contains("--data"),
        "{sentence}"
    );
    assert_eq!(std::fs::read_to_string(newer.join("VERSION")).expect("it is still there"), "2\n");

    let foreign = folder.path().join("foreign");
    std::fs::create_dir(&foreign).expect("it can be made");
    std::fs::write(foreign.join("letters.txt"), "dear").expect("it can be written");
    let sentence = why_not(config(&foreign));
    assert!(sentence.contains("no data folder of Stentor") && sentence.contains("--data"), "{sentence}");

    let file = folder.path().join("file");
    std::fs::write(&file, "").expect("it can be written");
    assert!(why_not(config(&file)).contains(file.to_str().expect("a plain path")));

    let short = folder.path().join("short");
    House::start(&short).stop().await;
    std::fs::write(short.join("operator.key"), "1234\n").expect("it can be written");
    assert!(why_not(config(&short)).contains("operator.key is damaged"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_has_one_server() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start(data.path());
    house.on_air("one").await;
    let sentence = why_not(config(data.path()));
    assert!(sentence.contains("is used by") && sentence.contains("--data"), "{sentence}");
    assert!(sentence.contains(&std::process::id().to_string()), "it says who: {sentence}");
    let status = house.status_when("one", "the first one is on air", |_| true).await;
    assert_eq!(status["phase"], "on_air");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_show_that_cannot_be_read_takes_nobody_with_it() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start(data.path());
    for show in ["torn", "newer", "renamed"] {
        house.create(show).await;
    }
    house.on_air("good").await;
    house.stop().await;
    let shows = data.path().join("shows");
    std::fs::write(shows.join("torn/show.json"), "{ \"version\": 1, ").expect("it can be written");
    std::fs::write(shows.join("newer/show.json"), "{ \"version\": 2 }").expect("it can be written");
    std::fs::rename(shows.join("renamed"), shows.join("other")).expect("it can be renamed");
    std::fs::create_dir(shows.join("UPPER")).expect("it can be made");
    let house = House::start(data.path());
    assert_eq!(house.notices.count("show_unusable"), 4);
    house
        .status_when("good", "it goes on", |status| status["epoch"] == 2 && status["phase"] == "on_air")
        .await;
    for show in ["torn", "newer", "renamed", "other"] {
        house.front(&format!("/{show}/status")).await.refused(404, "unknown_show");
    }
    // Nor does a new show of that name, which is told where the old one lies.
    for show in ["torn", "newer", "other"] {
        let refusal = house.desk("POST", "/shows", Some(json!({ "id": show }))).await;
        let detail = text_of(&refusal.json()["detail"]);
        let folder = shows.join(show).display().to_string();
        assert!(detail.contains(&folder) && detail.contains("Move it away"), "{detail}");
        refusal.refused(409, "show_exists");
    }
    assert_eq!(std::fs::read(shows.join("torn/show.json")).expect("it is left alone"), b"{ \"version\": 1, ");
    std::fs::rename(shows.join("torn"), data.path().join("torn")).expect("it can be moved away");
    house.create("torn").await;
    house.stop().await;
}

#[test]
fn a_wrong_configuration_is_one_sentence_with_the_fix() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("stentor.toml");
    for (text, parts) in [
        ("[front]\nlisen = \"[::]:8080\"\n", ["stentor.toml:2", "`lisen`", "did you mean `listen`"]),
        ("[fornt]\nlisten = \"[::]:8080\"\n", ["stentor.toml:1", "[fornt]", "did you mean `front`"]),
        ("[front]\nlisten = 8080\n", ["stentor.toml:2", "string", "8080"]),
        ("[front\n", ["stentor.toml:1", "", ""]),
        ("[front]\nlisten = \"8080\"\n", ["front.listen", "--front", "8080"]),
        ("[data]\nreserve_mib = 99999999999\n", ["data.reserve_mib", "MiB", "99999999999"]),
        (
            "[stage]\nlisten = \"127.0.0.1:8080\"\n[front]\nlisten = \"0.0.0.0:8080\"\n",
            ["front.listen", "stage.listen", "8080"],
        ),
    ] {
        std::fs::write(&file, text).expect("it can be written");
        let sentence = Config::load(Some(&file), RawConfig::default()).expect_err(text).to_string();
        assert!(!sentence.contains('\n'), "{sentence}");
        for part in parts {
            assert!(sentence.contains(part), "{part:?} is not in {sentence:?}");
        }
    }
    let missing = Config::load(Some(&folder.path().join("none.toml")), RawConfig::default());
    assert!(missing.expect_err("there is none").to_string().contains("--config"));
}
