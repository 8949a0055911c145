//! A disk without room: the show goes on from memory and says so, and is recorded again when there is room.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use crate::ear::Witness;
use crate::house::{House, config, key_of, until};
use crate::http::Request;
use crate::sessions::Events;

const MIB: u64 = 1024 * 1024;

/// A small disk of the test's own: a tmpfs of its own where one can be mounted, else a folder on `/dev/shm`.
struct SmallDisk {
    folder: tempfile::TempDir,
    mounted: bool,
}

impl SmallDisk {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=64m", "tmpfs"])
            .arg(folder.path())
            .output();
        if mount.is_ok_and(|out| out.status.success()) {
            return Self { folder, mounted: true };
        }
        let folder =
            tempfile::tempdir_in("/dev/shm").expect("/dev/shm is writable where nothing can be mounted");
        Self { folder, mounted: false }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn free_mib(&self) -> u64 {
        let disk = rustix::fs::statvfs(self.path()).expect("it says how much is free");
        disk.f_bavail * disk.f_frsize / MIB
    }

    /// Takes room away for as long as the file is there.
    fn ballast(&self, mib: u64) -> PathBuf {
        let path = self.path().join("ballast");
        let file = std::fs::File::create(&path).expect("it can be made");
        rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, mib * MIB)
            .expect("there is room");
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        if self.mounted {
            let _ = Command::new("umount").args(["-l"]).arg(self.folder.path()).output();
        }
    }
}

async fn readiness(house: &House) -> (u16, serde_json::Value) {
    let answer = Request::new("GET", "/readyz").send(house.at.desk).await;
    (answer.status, answer.json())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_show_goes_on_without_room_and_is_recorded_when_there_is_some() {
    let disk = SmallDisk::new();
    let mut raw = config(&disk.path().join("data"));
    raw.data.reserve_mib = Some(disk.free_mib() - 24);
    let ballast = disk.ballast(40);
    let house = House::start_with(raw);
    let view = house.on_air("one").await;
    let witness = Witness::listen(house.at.front, "one").await;
    let token = house.device_token("one", &key_of(&view, "host"), "Ada").await;
    let mut events = Events::open(&house, "one", &token).await;
    events.until("the stage is warned", |state| state["warnings"] == json!(["disk_full"])).await;
    let (status, why) = readiness(&house).await;
    assert_eq!((status, &why["ready"]), (503, &json!(false)));
    assert!(why["reasons"][0].as_str().is_some_and(|reason| reason.contains("one")), "{why}");
    assert!(house.notices.count("disk_full") >= 1);
    let tape = |view: &serde_json::Value| view["tape"].clone();
    let full = tape(&house.desk("GET", "/shows/one", None).await.json());
    assert_eq!((&full["disk"], &full["chunks"]), (&json!("full"), &json!(0)));

    std::fs::remove_file(ballast).expect("it is there");
    let recorded = until("the tape is recorded again", || async {
        let tape = tape(&house.desk("GET", "/shows/one", None).await.json());
        (tape["disk"] == "ok" && tape["chunks"].as_u64() > Some(3)).then_some(tape)
    })
    .await;
    assert!(recorded["bytes"].as_u64() > Some(0), "{recorded}");
    events.until("the stage hears that it is over", |state| state["warnings"] == json!([])).await;
    assert_eq!(readiness(&house).await.0, 200);
    assert_eq!(house.notices.count("disk_recovered"), 1);
    let status = house.status_when("one", "the status", |_| true).await;
    assert_eq!(status["epoch"], 1, "the mixer did not notice");
    witness.missed_nothing().await;
    house.stop().await;
}
