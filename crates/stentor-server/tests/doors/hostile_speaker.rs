//! Somebody with a link and bad intentions: it costs them their own sound, and nobody else's.

use serde_json::Value;
use str0m::media::Direction;
use tokio::task::JoinSet;

use crate::ear::{Witness, newest, tenths_at};
use crate::house::{House, key_of, until};
use crate::http::Request;
use crate::sessions::Events;
use crate::speaker::{self, Equipment, Rtp, Speaker};

const SHOW: &str = "one";
const HZ: f32 = 440.0;

/// The next of a fixed sequence of numbers (xorshift64*).
fn random(state: &mut u64) -> u64 {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 8
}

/// A microphone that is on, with so little before it that whatever is heard of its owner is not what they said.
fn hush() -> Equipment {
    let mut dice = 1;
    Equipment::with(Box::new(move || (random(&mut dice) % 1_000) as f32 * 1e-7))
}

/// A show on air with an honest speaker in it, whom everybody hears, and somebody who misses nothing of it.
struct Evening {
    house: House,
    ada: Speaker,
    witness: Witness,
    /// The key of a link for somebody else.
    key: String,
    token: String,
}

impl Evening {
    async fn begin(data: &std::path::Path) -> Self {
        let house = House::start(data);
        let view = house.on_air(SHOW).await;
        let token = house.device_token(SHOW, &key_of(&view, "host"), "Ada").await;
        let ada = Speaker::connect(house.at.stage, SHOW, "stage", &token, HZ).await;
        house.status_when(SHOW, "Ada speaks", |status| status["speaking"][0] == "Ada").await;
        let witness = Witness::listen(house.at.front, SHOW).await;
        Self { house, ada, witness, key: key_of(&view, "speaker"), token }
    }

    /// A number at the desk's `/metrics`.
    async fn metric(&self, name: &str) -> f64 {
        let page = Request::new("GET", "/metrics").send(self.house.at.desk).await.text();
        let line = page.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("no {name}"));
        line.rsplit(' ').next().and_then(|value| value.parse().ok()).expect("a number")
    }

    /// Waits until the media port has taken so many more packets.
    async fn packets_more(&self, more: f64) {
        let before = self.metric("stentor_media_packets_total").await;
        until("packets come", || async {
            (self.metric("stentor_media_packets_total").await > before + more).then_some(())
        })
        .await;
    }

    /// Ada is heard as if nobody else was there, and her line is as good as before.
    async fn ada_is_unharmed(&self) {
        let heard = newest(self.house.at.front, SHOW, 3).await;
        let tenths = tenths_at(&heard, HZ.into());
        assert!(tenths >= 28, "{tenths} tenths of 3 s are Ada and little else");
        let mut events = Events::open(&self.house, SHOW, &self.token).await;
        let is_of_ada = |person: &&Value| person["name"] == "Ada";
        let line = |state: &Value| {
            state["people"].as_array()?.iter().find(is_of_ada)?["line"].as_str().map(str::to_owned)
        };
        events.until("Ada's line is good", |state| line(state).as_deref() == Some("good")).await;
    }

    async fn end(self) {
        let status = self.house.status_when(SHOW, "the status", |_| true).await;
        assert_eq!(status["epoch"], 1, "the mixer did not notice");
        assert_eq!(self.house.notices.count("panic_contained"), 0);
        self.witness.missed_nothing().await;
        drop(self.ada);
        self.house.stop().await;
    }
}

/// Fault 48: SRTP replays, SSRC collisions, wild sequence numbers and times.
#[tokio::test(flavor = "multi_thread")]
async fn replays_wild_numbers_and_streams_without_end_harm_nobody() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let evening = Evening::begin(data.path()).await;
    let (mut dice, mut seq, mut said) = (7, 0, Vec::new());
    let mut eve = hush();
    eve.program = Box::new(move |n, packet| {
        seq += if n % 50 == 49 { 20_000 } else { 1 + random(&mut dice) % 3 };
        let time = if n % 3 == 0 { random(&mut dice) as u32 } else { Rtp::honest(n, Vec::new()).time };
        // The same few streams over and over, and then ones that nobody has seen.
        let ssrc = match n % 4 {
            0 => None,
            1 => Some(1 + (n % 5) as u32),
            _ => Some(1_000 + n as u32),
        };
        vec![Rtp { seq, time, ssrc, payload: packet }]
    });
    eve.network = Box::new(move |datagram| {
        said.push(datagram.clone());
        if said.len() > 200 {
            said.remove(0);
        }
        let again = said[random(&mut dice) as usize % said.len()].clone();
        vec![datagram.clone(), datagram, again]
    });
    let stage = evening.house.at.stage;
    let eve = Speaker::connect_with(stage, SHOW, "whip", &evening.key, eve).await;
    evening.packets_more(1_500.0).await;
    evening.ada_is_unharmed().await;
    // A browser sends her 50 packets a second, and Eve, who says everything three times, 150.
    let policed = until("streams beyond the limit are not taken", || async {
        Some(evening.metric("stentor_media_policed_total").await).filter(|policed| *policed > 10.0)
    })
    .await;
    assert!(policed > 10.0);
    drop(eve);
    evening.end().await;
}

/// Fault 65: packets at ten times the rate, and then at a hundred times; packets larger than any honest one.
#[tokio::test(flavor = "multi_thread")]
async fn who_sends_too_much_is_policed() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let evening = Evening::begin(data.path()).await;
    let mut eve = hush();
    eve.program = Box::new(|n, packet| {
        let nth = |i: u64| Rtp {
            seq: n * 10 + i,
            time: (n * 960 + i * 96) as u32,
            ssrc: None,
            payload: if i.is_multiple_of(2) { packet.clone() } else { vec![0xFC; 1_150] },
        };
        (0..10).map(nth).collect()
    });
    let mut sent = 0_u32;
    eve.network = Box::new(move |datagram| {
        sent += 1;
        // As from the stream of before, and no such thing; the longest that UDP carries, now and then.
        let junk = |length: usize| [&datagram[..12.min(datagram.len())], &vec![0xA5; length][..]].concat();
        let mut datagrams: Vec<_> = match sent % 100 {
            0 => (0..2_000).map(|_| junk(100)).collect(),
            n if n % 10 == 0 => vec![junk(2_100), junk(60_000)],
            _ => Vec::new(),
        };
        datagrams.push(datagram);
        datagrams
    });
    let eve = Speaker::connect_with(evening.house.at.stage, SHOW, "whip", &evening.key, eve).await;
    evening.packets_more(10_000.0).await;
    assert!(evening.metric("stentor_media_policed_total").await > 1_000.0);
    evening.ada_is_unharmed().await;
    drop(eve);
    evening.end().await;
}

/// Fault 65: a thousand PATCHes, and sessions that replace each other, by one link.
#[tokio::test(flavor = "multi_thread")]
async fn who_negotiates_without_end_is_one_person_still() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let evening = Evening::begin(data.path()).await;
    let stage = evening.house.at.stage;
    let eve = Speaker::connect_with(stage, SHOW, "whip", &evening.key, hush()).await;
    let trickled =
        format!("{}a=end-of-candidates\r\n", "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n".repeat(40));
    let mut tasks = JoinSet::new();
    for task in 0..10 {
        let (path, etag, key) = (eve.location.clone(), eve.etag.clone(), evening.key.clone());
        let (trickled, restarts) = (trickled.clone(), task % 2 == 1);
        let tag = if restarts { "*".to_owned() } else { etag };
        tasks.spawn(async move {
            let mut answers = Vec::new();
            for n in 0..100 {
                // Credentials of before would be no restart.
                let fragment = match restarts {
                    true => {
                        format!("a=ice-ufrag:Eve{task}{n}\r\na=ice-pwd:0123456789012345678{task}{n:04}\r\n")
                    }
                    false => trickled.clone(),
                };
                let request = Request::new("PATCH", &path).bearer(&key).header("If-Match", &tag);
                let answer =
                    request.body("application/trickle-ice-sdpfrag", fragment.as_bytes()).send(stage).await;
                answers.push(answer.status);
            }
            answers
        });
    }
    let answers: Vec<u16> = tasks.join_all().await.into_iter().flatten().collect();
    // A restart makes the tag of before worthless.
    assert!(answers.iter().all(|status| [200, 204, 412].contains(status)), "{answers:?}");
    assert_eq!((answers.len(), answers.iter().filter(|status| **status == 200).count()), (1_000, 500));
    let offer = speaker::offer(Direction::SendOnly).sdp;
    for _ in 0..200 {
        let request = Request::new("POST", &format!("/{SHOW}/whip")).bearer(&evening.key).sdp(&offer);
        assert_eq!(request.send(stage).await.status, 201);
    }
    eve.told_off().await;
    let sessions = until("the sessions of before are gone", || async {
        Some(evening.metric("stentor_media_sessions").await).filter(|sessions| *sessions <= 2.0)
    })
    .await;
    assert!(sessions >= 1.0, "Ada's is there");
    evening.ada_is_unharmed().await;
    evening.end().await;
}
