//! Files published over real sockets to real sessions, judged by what is heard at the other end.

mod server;
mod sounds;

use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use server::{Heard, Server, Turn};
use sounds::{power, share_at, tones};
use stentor_publish::{Clock, Input, Notice, PublishError, PublishOptions, Repeat, Summary, publish};
use stentor_types::Channels;
use stentor_webrtc::Path;

/// 440 Hz for 1.5 s, then 1000 Hz for 1.5 s, at a rate that needs resampling.
const TONES: [(f64, f64); 2] = [(440.0, 1.5), (1000.0, 1.5)];

fn options(input: PathBuf, server: &Server) -> PublishOptions {
    PublishOptions {
        input: Input::File(input),
        to: server.url.clone(),
        key: "the-key".into(),
        channels: Channels::Mono,
        repeat: Repeat::Once,
        start_at: Duration::ZERO,
        start: None,
        prefer_tcp: false,
        certificates: None,
    }
}

async fn publish_to_the_end(options: PublishOptions) -> Result<Summary, PublishError> {
    publish(options, Clock::start(), |_| {}, std::future::pending()).await
}

/// Every stretch of ten frames that came without a gap has the pitch of its place in the file. Five more before
/// it have come as well, because a decoder carries the trace of a gap on.
fn assert_pitch_fits_place(heard: &Heard, file_at: impl Fn(u64) -> u64) -> usize {
    let places: Vec<u64> = heard.keys().copied().collect();
    let mut judged = 0;
    for fifteen in places.windows(15).step_by(10) {
        let ten = &fifteen[5..];
        let place = file_at(ten[0]);
        // The first frames carry the decoder's start, those around the change both tones.
        if ten[9] - fifteen[0] != 14 || place < 10 || (60..76).contains(&place) || place > 139 {
            continue;
        }
        let samples: Vec<f32> = ten.iter().flat_map(|n| heard[n].iter().copied()).collect();
        let hz = if place < 70 { 440.0 } else { 1000.0 };
        let share = share_at(&samples, hz);
        assert!(share > 0.9 && power(&samples) > 0.01, "{share} at {hz} Hz in frame {place}");
        judged += 1;
    }
    judged
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_heard_over_udp_and_tcp() {
    for (prefer_tcp, path) in [(false, Path::Udp), (true, Path::Tcp)] {
        let server = Server::start(&[]).await;
        let file = tones(&format!("published-{prefer_tcp}.wav"), &TONES, &["-ar", "44100"]);
        let options = PublishOptions { prefer_tcp, ..options(file, &server) };
        let notices = Mutex::new(Vec::new());
        let notify = |notice| notices.lock().expect("one thread").push(notice);
        let summary =
            publish(options, Clock::start(), notify, std::future::pending()).await.expect("it plays");
        assert_eq!(summary.connections, 1);
        assert_eq!(summary.frames_sent + summary.frames_missed, 150, "{summary:?}");
        assert_eq!(*notices.lock().expect("one thread"), [Notice::Connected { path }]);
        let heard = server.heard();
        assert!(heard[0].len() as u64 * 10 >= summary.frames_sent * 9, "{} of {summary:?}", heard[0].len());
        assert!(assert_pitch_fits_place(&heard[0], |n| n) >= 5);
        assert_eq!(server.deleted(), (1, vec!["Bearer the-key".to_owned(); 2]));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_comes_back_where_the_sound_then_is() {
    let turns = [Turn::Refuse(503), Turn::Accept { frames_max: 30 }, Turn::Refuse(500)];
    let server = Server::start(&turns).await;
    let file = tones("comes-back.flac", &TONES, &["-ar", "48000"]);
    let options = PublishOptions { repeat: Repeat::Every(Duration::from_secs(3)), ..options(file, &server) };
    let enough = server.heard_when(|heard| heard.get(1).is_some_and(|heard| heard.len() >= 150));
    let summary = publish(options, Clock::start(), |_| {}, enough).await.expect("it plays");
    assert_eq!(summary.connections, 2);
    let heard = server.heard();
    let (last, first) = (heard[0].keys().next_back().expect("sound"), heard[1].keys().next().expect("sound"));
    assert!(first > last, "the sound went on while it was away");
    assert!(assert_pitch_fits_place(&heard[1], |n| n % 150) >= 5);
    assert!(summary.frames_missed >= first - last - 1 - 30, "{summary:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_files_with_one_period_stay_in_step() {
    let (one, two) = (Server::start(&[]).await, Server::start(&[]).await);
    let long = tones("long.wav", &[(440.0, 1.2)], &[]);
    let short = tones("short.wav", &[(1000.0, 0.6)], &[]);
    let clock = Clock::start();
    let period = Duration::from_millis(1_200);
    let start = clock.now() + Duration::from_millis(500);
    let in_step = |file, server| {
        let options = options(file, server);
        PublishOptions { repeat: Repeat::Every(period), start: Some(start), ..options }
    };
    let stop = || async { clock_reaches(start + Duration::from_millis(4_000), clock).await };
    let (a, b) = tokio::join!(
        publish(in_step(long, &one), clock, |_| {}, stop()),
        publish(in_step(short, &two), clock, |_| {}, stop()),
    );
    assert!(a.is_ok() && b.is_ok(), "{a:?} {b:?}");
    let (long, short) = (&one.heard()[0], &two.heard()[0]);
    let mut judged = [0, 0];
    for (&place, samples) in short {
        let inside = place % 60;
        if long.contains_key(&place) && (5..25).contains(&inside) {
            assert!(power(samples) > 0.01 && power(&long[&place]) > 0.01, "both sound at {place}");
            judged[0] += 1;
        } else if (35..58).contains(&inside) {
            assert!(power(samples) < 1e-4, "the short one is silent at {place}");
            judged[1] += 1;
        }
    }
    assert!(judged[0] >= 20 && judged[1] >= 20, "{judged:?}");
}

/// The end that whoever publishes has chosen: files are played by the clock, and nothing else says that it is reached.
async fn clock_reaches(at: stentor_types::Mono, clock: Clock) {
    tokio::time::sleep(at.saturating_since(clock.now())).await;
}

#[tokio::test]
async fn a_refusal_is_passed_on_in_the_servers_words() {
    let server = Server::start(&[Turn::Refuse(403)]).await;
    let file = tones("refused.wav", &TONES, &[]);
    let error = publish_to_the_end(options(file.clone(), &server)).await.expect_err("it is refused");
    let PublishError::Refused { status: 403, reason: Some(reason), text } = &error else { panic!("{error}") };
    assert_eq!((reason.as_str(), text.as_str()), ("key_revoked", "The key was revoked: Ask for another."));

    for url in ["ftp://x/", "/show/whip", "not an address", "https:///whip"] {
        let options = PublishOptions { to: url.into(), ..options(file.clone(), &server) };
        let error = publish_to_the_end(options).await.expect_err(url);
        assert!(matches!(error, PublishError::BadUrl { .. }), "{url}: {error}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_waited_for_until_the_sound_is_over() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/show/whip", closed.local_addr().expect("an address"));
    drop(closed);
    let server = Server::start(&[]).await;
    let file = tones("nobody.wav", &[(440.0, 1.0)], &[]);
    let options = PublishOptions { to: url, ..options(file, &server) };
    let notices = Mutex::new(Vec::new());
    let notify = |notice| notices.lock().expect("one thread").push(notice);
    let summary = publish(options, Clock::start(), notify, std::future::pending()).await.expect("it ends");
    assert_eq!(summary, Summary { frames_sent: 0, frames_missed: 50, connections: 0 });
    let waiting =
        |notice: &Notice| matches!(notice, Notice::Waiting { why, .. } if why.contains("cannot reach"));
    assert!(notices.lock().expect("one thread").iter().any(waiting));
}
