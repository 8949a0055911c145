//! Fault 62: a recording corrupted in the middle. At most one segment of it is lost, and it is said.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use futures_util::FutureExt as _;
use serde_json::{Value, json};
use stentor_server::tape::files;
use stentor_tape::Report;

use crate::ear::{decode, tenths_at};
use crate::house::{House, key_of, until};
use crate::speaker::Speaker;

const SHOW: &str = "one";
const HZ: f32 = 440.0;

/// Chunks of a segment of the recording, 3.84 s.
const SEGMENT_CHUNKS: u64 = 12;

fn tape_of(data: &Path) -> PathBuf {
    data.join("shows").join(SHOW).join("tape")
}

/// Overwrites bytes in the tape's only file, as a failing disk does: a fifth into it, where somebody speaks. Behind
/// that are the 30 s in which the end could have been undone.
fn corrupt(tape: &Path) {
    let segments = files::segments(tape).expect("it can be read");
    let [(segment, len_bytes)] = segments[..] else { panic!("one file, not {segments:?}") };
    let file =
        OpenOptions::new().write(true).open(tape.join(segment.file_name())).expect("it can be written");
    file.write_all_at(&[0xA5; 300], len_bytes / 5).expect("it can be written");
}

fn report(tape: &Path) -> Report {
    let recovered = files::recover(tape).expect("it can be read").expect("there are files");
    Report::new(&recovered.expect("its head is sound"))
}

async fn vod(house: &House) -> String {
    house.front(&format!("/{SHOW}/hls/opus-32/vod.m3u8")).await.text()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_corrupted_in_the_middle_loses_a_segment_at_most_and_says_so() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start(data.path());
    let key = key_of(&house.on_air(SHOW).await, "speaker");
    let speaker = Speaker::connect(house.at.stage, SHOW, "whip", &key, HZ).await;
    let begun = house.status_when(SHOW, "somebody speaks", |status| status["speaking"][0] == "Guest").await;
    let long_enough =
        |status: &Value| status["live_at_s"].as_f64() > begun["live_at_s"].as_f64().map(|s| s + 16.0);
    house.status_when(SHOW, "four segments", long_enough).await;
    house.command(SHOW, "end").await;
    let ready = |status: &Value| status["recording"]["ready"] == true;
    let before = house.status_when(SHOW, "the recording is there", ready).await;
    speaker.told_off().await;
    let whole = decode(house.front(&format!("/{SHOW}/replay.opus")).await.body).await;
    assert!(!vod(&house).await.contains("#EXT-X-GAP"));
    house.stop().await;
    let tape = tape_of(data.path());
    let sound = report(&tape);
    assert!(sound.is_sound(), "{sound}");

    corrupt(&tape);
    let damaged = report(&tape);
    assert!(!damaged.is_sound() && damaged.to_string().contains("are damaged"), "{damaged}");
    let missing = |report: &Report| report.holes.iter().map(|hole| hole.end.0 - hole.first.0).sum::<u64>();
    let lost = missing(&damaged) - missing(&sound);
    assert!((1..=SEGMENT_CHUNKS).contains(&lost), "{damaged}");

    let house = House::start(data.path());
    // Whoever asks first and does not wait has it opened all the same.
    let show = house.shell.show(&SHOW.parse().expect("a name")).expect("it was taken up");
    drop(show.tape_or_open(&house.shell).now_or_never());
    until("its tape is opened", || async { show.tape() }).await;
    let after = house.status_when(SHOW, "the recording is still there", ready).await;
    assert_eq!(after["recording"]["duration_s"], before["recording"]["duration_s"], "seconds stay seconds");
    for file in ["replay.opus", "replay.m4a"] {
        let answer = house.front(&format!("/{SHOW}/{file}")).await;
        assert_eq!(answer.status, 200, "{file}: {}", answer.text());
        let heard = decode(answer.body).await;
        let (had, has) = (tenths_at(&whole, HZ.into()), tenths_at(&heard, HZ.into()));
        assert!(
            heard.len().abs_diff(whole.len()) < 4_800,
            "{file}: {} of {} samples",
            heard.len(),
            whole.len()
        );
        // One tenth at either end of what is lost has both in it; so have the ends of an AAC frame.
        assert!(
            has < had && has + lost as usize * 4 + 4 >= had,
            "{file}: {has} of {had} tenths, {lost} chunks lost"
        );
    }
    let playlist = vod(&house).await;
    assert!(playlist.contains("#EXT-X-GAP") && playlist.contains("#EXT-X-ENDLIST"), "{playlist}");
    let view = house.desk("GET", &format!("/shows/{SHOW}"), None).await.json();
    assert_eq!(view["tape"]["holes"], json!(damaged.holes.len()));
    assert_eq!(house.notices.count("tape_damaged"), 1, "whoever runs it reads it in the log");
    house.stop().await;
    what_is_not_understood_is_left_alone(data.path()).await;
    what_is_gone_is_not_waited_for(data.path()).await;
}

/// An overlay of a newer version, or one that asks for what this one cannot do.
async fn what_is_not_understood_is_left_alone(data: &Path) {
    let overlay = data.join("shows").join(SHOW).join("overlay.json");
    let sound = fs::read_to_string(&overlay).expect("the show has ended");
    let trims =
        sound.replace("\"trims\": []", "\"trims\": [{ \"from_samples\": 200000, \"to_samples\": 300000 }]");
    assert_ne!(trims, sound);
    for odd in [r#"{ "version": 99, "chapters": [] }"#, &trims] {
        fs::write(&overlay, odd).expect("a writable folder");
        let house = House::start(data);
        assert_eq!(house.notices.count("show_unusable"), 1, "{odd}");
        house.front(&format!("/{SHOW}/status")).await.refused(404, "unknown_show");
        house.stop().await;
        assert_eq!(fs::read_to_string(&overlay).expect("it is there"), odd);
    }
    fs::remove_file(&overlay).expect("a writable folder");
}

/// Without its tape nothing of a show can be played, and nobody is told that it comes in a moment.
async fn what_is_gone_is_not_waited_for(data: &Path) {
    fs::remove_dir_all(tape_of(data)).expect("a writable folder");
    let house = House::start(data);
    house.status_when(SHOW, "there is nothing", |status| status["recording"]["missing"] == true).await;
    house.front(&format!("/{SHOW}/replay.m4a")).await.refused(404, "not_on_tape");
    house.stop().await;
}
