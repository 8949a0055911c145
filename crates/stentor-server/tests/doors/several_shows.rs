//! Several shows at once: what befalls the mixer of one is that show's.

use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use stentor_audio::{Feedback, MixerConfig, SourceReport};
use stentor_server::clock::Clock;
use stentor_server::mixer_thread::{self, MixerEnd, MixerSink};
use stentor_types::{Channels, Chunk, Epoch, Mark, Position, ShowId, Slot, TrackChunk};

use crate::ear::{Witness, newest, tenths_at};
use crate::house::{GIVE_UP, House, key_of};
use crate::speaker::Speaker;

/// What a mixer's thread says: its next slot, or its end.
type Said = Result<Slot, MixerEnd>;

/// Takes a mixer's outputs, and panics at the chunk after the first if it is told to.
struct Sink {
    panics: bool,
    said: Sender<Said>,
}

impl MixerSink for Sink {
    fn chunk(&mut self, chunk: Arc<Chunk>) {
        let slot = chunk.position.slot;
        assert!(!self.panics || slot == Slot(0), "the second chunk is one too many");
        let _ = self.said.send(Ok(slot));
    }
    fn track(&mut self, _: Arc<TrackChunk>) {}
    fn feedback(&mut self, _: Feedback) {}
    fn marked(&mut self, _: Mark) {}
    fn reports(&mut self, _: Vec<SourceReport>) {}
    fn over(&mut self, end: MixerEnd) {
        let _ = self.said.send(Err(end));
    }
}

#[test]
fn a_panic_in_the_thread_of_one_mixer_is_reported_and_leaves_the_other_alone() {
    let clock = Clock::start();
    let run = |show: &str, panics| {
        let show: ShowId = show.parse().expect("a name");
        let first = Position { epoch: Epoch(1), slot: Slot(0) };
        let (channels, start) = (Channels::Mono, clock.mono());
        let config = MixerConfig { channels, first, start, delay: Duration::ZERO, own_tracks: false };
        let (said, saying) = channel();
        let mixer = mixer_thread::spawn(&show, config, Vec::new(), clock, Sink { panics, said });
        (mixer.expect("a thread"), saying)
    };
    let ((_ill, ill_says), (well, well_says)) = (run("ill", true), run("well", false));
    assert_eq!(ill_says.recv_timeout(GIVE_UP), Ok(Ok(Slot(0))));
    let end = ill_says.recv_timeout(GIVE_UP).expect("it says how it ended");
    assert!(matches!(&end, Err(MixerEnd::Failed(why)) if why.contains("one too many")), "{end:?}");
    assert!(ill_says.recv_timeout(GIVE_UP).is_err(), "and nothing after it");
    for slot in 0..6 {
        assert_eq!(well_says.recv_timeout(GIVE_UP), Ok(Ok(Slot(slot))), "the other misses nothing");
    }
    well.stop();
}

/// Makes the mixer of a show panic as a bug of ours would make it: something else has taken its next slot, and
/// slots only rise.
async fn break_the_mixer_of(house: &House, show: &ShowId) {
    let tape = house.shell.show(show).expect("it is there").tape().expect("it is on air");
    let mut live = tape.subscribe();
    // Right after a chunk, so that the next one is 0.32 s away.
    live.mark_unchanged();
    live.changed().await.expect("the tape goes on");
    let newest = live.borrow_and_update().window.newest().cloned().expect("the chunk that just came");
    let mut stray = (*newest).clone();
    stray.position.slot = newest.position.slot.next();
    tape.publish(Arc::new(stray));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_show_whose_mixer_panics_goes_on_in_a_new_epoch_and_the_others_never_notice() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start(data.path());
    let view = house.on_air("ill").await;
    house.on_air("well").await;
    let key = key_of(&view, "speaker");
    let _speaker = Speaker::connect(house.at.stage, "ill", "whip", &key, 500.0).await;
    house.status_when("ill", "somebody speaks", |status| status["speaking"][0] == "Guest").await;
    let witness = Witness::listen(house.at.front, "well").await;
    let ill: ShowId = "ill".parse().expect("a name");
    let epoch = |status: &serde_json::Value| status["epoch"].as_u64().expect("there is sound");
    let before = epoch(&house.status_when("ill", "it is on air", |_| true).await);
    let well_before = epoch(&house.status_when("well", "it is on air", |_| true).await);

    break_the_mixer_of(&house, &ill).await;
    house.notices_when("mixer_restarted", 1).await;
    let sounds_again = |status: &serde_json::Value| {
        status["epoch"].as_u64().is_some_and(|now| now > before) && status["speaking"][0] == "Guest"
    };
    let after = house.status_when("ill", "the same session is heard again", sounds_again).await;
    assert_eq!((after["phase"].as_str(), epoch(&after)), (Some("on_air"), before + 1));
    assert_eq!(house.notices.count("mixer_restarted"), 1);
    assert_eq!(house.notices.count("session_joined"), 1, "nobody had to come again");
    let heard = newest(house.at.front, "ill", 2).await;
    assert!(tenths_at(&heard, 500.0) >= 16, "{} tenths of 2 s", tenths_at(&heard, 500.0));

    witness.missed_nothing().await;
    let well = house.status_when("well", "it goes on", |_| true).await;
    assert_eq!(epoch(&well), well_before, "the other show is in the same epoch");
    let view = house.desk("GET", "/shows/well", None).await.json();
    assert_eq!(view["tape"]["holes"], 0, "and its tape has no hole");
    house.stop().await;
}
