//! Several shows at once: what befalls the mixer of one is that show's.

use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use stentor_audio::{Feedback, MixerConfig, SourceReport};
use stentor_server::clock::Clock;
use stentor_server::mixer_thread::{self, MixerEnd, MixerSink};
use stentor_types::{Channels, Chunk, Epoch, Mark, Position, ShowId, Slot, TrackChunk};

use crate::house::{GIVE_UP, House};

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
        let mixer = mixer_thread::spawn(&show, Epoch(1), config, clock, Sink { panics, said });
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

#[tokio::test(flavor = "multi_thread")]
async fn a_show_whose_mixer_fails_goes_on_in_a_new_epoch_and_the_others_never_notice() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start(data.path());
    for show in ["ill", "well"] {
        house.on_air(show).await;
    }
    let ill: ShowId = "ill".parse().expect("a name");
    let epoch = |status: &serde_json::Value| status["epoch"].as_u64().expect("there is sound");
    let before = epoch(&house.status_when("ill", "it is on air", |_| true).await);
    let well_before = house.status_when("well", "it is on air", |_| true).await;
    // What the shell says to the node when the thread of a mixer has panicked.
    let failed = Epoch(u32::try_from(before).expect("a small number"));
    house.shell.ask(|node, now| node.mixer_failed(now, &ill, failed));
    let sounds_again = |status: &serde_json::Value| status["epoch"].as_u64().is_some_and(|now| now > before);
    let after = house.status_when("ill", "it sounds again", sounds_again).await;
    assert_eq!((after["phase"].as_str(), epoch(&after)), (Some("on_air"), before + 1));
    assert_eq!(house.notices.count("mixer_restarted"), 1);
    let slot = well_before["slot"].as_u64().expect("there is sound");
    let heard = |status: &serde_json::Value| status["slot"].as_u64().is_some_and(|now| now > slot + 12);
    let well = house.status_when("well", "it goes on", heard).await;
    assert_eq!(epoch(&well), epoch(&well_before), "the other show is in the same epoch");
    let view = house.desk("GET", "/shows/well", None).await.json();
    assert_eq!(view["tape"]["holes"], 0, "and its tape has no hole");
    house.stop().await;
}
