//! Fault 61: disks that refuse, fail to sync or stand still in mid-show. Live goes on, people are told, and recording
//! goes on by itself when the disk does.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::ear::Witness;
use crate::house::{House, config, key_of, until};
use crate::sessions::Events;

const SHOW: &str = "one";

async fn tape(house: &House) -> Value {
    house.desk("GET", &format!("/shows/{SHOW}"), None).await.json()["tape"].clone()
}

/// The host's view of the stage.
async fn stage(house: &House, view: &Value) -> Events {
    let token = house.device_token(SHOW, &key_of(view, "host"), "Ada").await;
    Events::open(house, SHOW, &token).await
}

async fn warned(events: &mut Events, of: &str) {
    events.until(of, |state| state["warnings"] == json!([of])).await;
}

async fn well_again(house: &House, events: &mut Events) {
    events.until("the stage hears that it is over", |state| state["warnings"] == json!([])).await;
    let before = tape(house).await["chunks"].as_u64().expect("a number");
    until("it is recorded again", || async {
        let tape = tape(house).await;
        (tape["disk"] == "ok" && tape["chunks"].as_u64() > Some(before + 3)).then_some(())
    })
    .await;
    let status = house.status_when(SHOW, "the status", |_| true).await;
    assert_eq!(status["epoch"], 1, "the mixer did not notice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_takes_nothing_is_told_and_tried_until_it_does() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start(data.path());
    // The doors open with `live`; before that there is no tape.
    let later = json!({ "id": SHOW, "starts_at": 4_000_000_000_000_i64 });
    let answer = house.desk("POST", "/shows", Some(later)).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let in_the_way = data.path().join("shows").join(SHOW).join("tape");
    std::fs::write(&in_the_way, "no folder").expect("a writable folder");
    house.command(SHOW, "live").await;
    house.status_when(SHOW, "there is sound", |status| status["slot"].is_u64()).await;
    let witness = Witness::listen(house.at.front, SHOW).await;
    let mut events = stage(&house, &answer.json()).await;
    warned(&mut events, "disk_failed").await;
    assert!(house.notices.count("disk_failed") >= 1);
    let ailing = tape(&house).await;
    assert_eq!((&ailing["disk"], &ailing["chunks"]), (&json!("failed"), &json!(0)));

    std::fs::remove_file(&in_the_way).expect("it is there");
    until("it is recorded", || async { (tape(&house).await["chunks"].as_u64() > Some(3)).then_some(()) })
        .await;
    events.until("the stage hears that it is over", |state| state["warnings"] == json!([])).await;
    assert_eq!(house.notices.count("disk_recovered"), 1);
    witness.missed_nothing().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_heard_without_a_disk_gives_its_names_to_nothing_else() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start(data.path());
    // No room for a tape, and enough for the show's document.
    house.shell.data().set_reserve_bytes(u64::MAX);
    house.on_air(SHOW).await;
    let heard = house.status_when(SHOW, "there is sound", |status| status["slot"].is_u64()).await;
    assert_eq!((&heard["epoch"], &tape(&house).await["disk"]), (&json!(1), &json!("full")));
    house.stop().await;

    let house = House::start(data.path());
    let now = house.status_when(SHOW, "there is sound again", |status| status["slot"].is_u64()).await;
    assert_ne!(now["epoch"], heard["epoch"]);
    house.stop().await;
}

/// A file system on a disk of the test's own, which is a file on a small tmpfs: it promises four times what it has.
struct HollowDisk {
    below: tempfile::TempDir,
    mount: tempfile::TempDir,
}

impl HollowDisk {
    /// Only root may mount; on a machine of somebody else there is none, and the tests say so.
    fn new() -> Option<Self> {
        if !rustix::process::geteuid().is_root() || !Path::new("/dev/loop-control").exists() {
            eprintln!("left out: root and loop devices are needed for a disk that fails");
            return None;
        }
        let folder = || tempfile::tempdir().expect("a temporary folder");
        let disk = Self { below: folder(), mount: folder() };
        run(Command::new("mount").args(["-t", "tmpfs", "-o", "size=16m", "tmpfs"]).arg(disk.below.path()));
        let image = disk.below.path().join("image");
        let file = std::fs::File::create(&image).expect("it can be made");
        file.set_len(64 * 1024 * 1024).expect("nothing is written yet");
        run(Command::new("mkfs.ext4").args(["-q", "-O", "^has_journal", "-F"]).arg(&image));
        run(Command::new("mount").args(["-o", "loop"]).arg(&image).arg(disk.mount.path()));
        Some(disk)
    }

    fn data(&self) -> PathBuf {
        self.mount.path().join("data")
    }

    /// Takes all room away below: writes are taken, and cannot be kept.
    fn hollow(&self) -> PathBuf {
        let path = self.below.path().join("ballast");
        let file = std::fs::File::create(&path).expect("it can be made");
        let free = rustix::fs::statvfs(self.below.path()).expect("it says how much is free");
        let free_bytes = free.f_bavail * free.f_frsize;
        rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, free_bytes)
            .expect("there is room");
        path
    }

    /// Lets every write wait, or lets it go on.
    fn freeze(&self, frozen: bool) {
        run(Command::new("fsfreeze").arg(if frozen { "-f" } else { "-u" }).arg(self.mount.path()));
    }
}

impl Drop for HollowDisk {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(self.below.path().join("ballast"));
        let _ = Command::new("fsfreeze").arg("-u").arg(self.mount.path()).output();
        for folder in [&self.mount, &self.below] {
            let _ = Command::new("umount").arg("-l").arg(folder.path()).output();
        }
    }
}

fn run(command: &mut Command) {
    let out = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(out.status.success(), "{command:?}: {}", String::from_utf8_lossy(&out.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_fails_in_mid_show_is_told_and_recording_comes_back() {
    let Some(disk) = HollowDisk::new() else { return };
    let house = House::start_with(config(&disk.data()));
    let view = house.on_air(SHOW).await;
    until("it is recorded", || async { (tape(&house).await["chunks"].as_u64() > Some(6)).then_some(()) })
        .await;
    let witness = Witness::listen(house.at.front, SHOW).await;
    let mut events = stage(&house, &view).await;

    let ballast = disk.hollow();
    warned(&mut events, "disk_full").await;
    assert!(house.notices.count("disk_full") >= 1);
    std::fs::remove_file(ballast).expect("it is there");
    well_again(&house, &mut events).await;
    assert!(house.notices.count("disk_recovered") >= 1);
    witness.missed_nothing().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_stands_still_is_told_and_what_waited_is_recorded() {
    let Some(disk) = HollowDisk::new() else { return };
    let house = House::start_with(config(&disk.data()));
    let view = house.on_air(SHOW).await;
    until("it is recorded", || async { (tape(&house).await["chunks"].as_u64() > Some(6)).then_some(()) })
        .await;
    let witness = Witness::listen(house.at.front, SHOW).await;
    let mut events = stage(&house, &view).await;

    disk.freeze(true);
    warned(&mut events, "disk_slow").await;
    assert_eq!((house.notices.count("disk_slow"), &tape(&house).await["disk"]), (1, &json!("slow")));
    disk.freeze(false);
    well_again(&house, &mut events).await;
    assert_eq!((house.notices.count("chunks_lost"), house.notices.count("disk_recovered")), (0, 1));
    assert_eq!(tape(&house).await["holes"], 0, "nothing is missing");
    witness.missed_nothing().await;
    house.stop().await;
}
