//! Shows that are deleted: whole, and before another one takes the name.

use futures_util::FutureExt as _;
use serde_json::json;
use stentor_stage::ShowSpec;
use stentor_types::Reason;

use crate::house::{House, until};

/// On one thread, so that nothing of the server happens between two steps of the test.
#[tokio::test]
async fn a_deletion_that_nobody_waits_for_is_finished_before_the_name_is_free() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start(data.path());
    house.create("one").await;
    let (folder, id) = (data.path().join("shows/one"), "one".parse().expect("a name"));
    assert!(folder.join("show.json").is_file());
    // Its first step, as by a request whose connection breaks.
    assert!(house.shell.delete(&id).now_or_never().is_none());
    let early = house.shell.ask(|node, now| node.create(now, ShowSpec::new(id), [1; 32]));
    assert_eq!(early, Err(Reason::ShowExists), "its folder is still there");
    until("its folder is gone", || async { (!folder.exists()).then_some(()) }).await;
    let again = until("its name is free", || async {
        let answer = house.desk("POST", "/shows", Some(json!({ "id": "one" }))).await;
        (answer.status != 409).then_some(answer)
    })
    .await;
    assert_eq!(again.status, 201, "{}", again.text());
    house.stop().await;
    assert!(folder.join("show.json").is_file());
}
