use std::collections::BTreeMap;

use super::*;
use crate::fault::Faults;
use crate::histogram::Histogram;
use crate::listener::{End, Kinds, Listener, Role};
use crate::made;
use crate::target::Target;

/// A server in virtual time whose answers take none: segments of 1.92 s, of which a playlist lists the newest six.
struct Server {
    segments: Vec<Vec<u8>>,
    init: Vec<u8>,
    /// What it answers instead, by path.
    instead: BTreeMap<String, String>,
    /// Segments that playlists leave out.
    missing: Vec<usize>,
    /// It closes the connection after each answer.
    closes: bool,
}

const SEGMENT_US: u64 = 1_920_000;
const LISTED: u64 = 6;

impl Server {
    fn new() -> Self {
        let made = made::fmp4(60, 96);
        Self {
            segments: made.groups,
            init: made.head,
            instead: BTreeMap::new(),
            missing: Vec::new(),
            closes: false,
        }
    }

    fn answer(&self, now_us: u64, path: &str) -> Vec<u8> {
        if let Some(instead) = self.instead.get(path) {
            return instead.clone().into_bytes();
        }
        let (kind, body) = match path {
            "/hls/index.m3u8" => {
                let text = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=36000\nopus/live.m3u8\n";
                ("application/vnd.apple.mpegurl", text.as_bytes().to_vec())
            }
            "/hls/opus/live.m3u8" => ("application/vnd.apple.mpegurl", self.playlist(now_us).into_bytes()),
            "/hls/opus/init.mp4" => ("audio/mp4", self.init.clone()),
            segment => {
                let number = segment.trim_start_matches("/hls/opus/").trim_end_matches(".m4s");
                ("audio/mp4", self.segments[number.parse::<usize>().expect("a number")].clone())
            }
        };
        let closes = if self.closes { "Connection: close\r\n" } else { "" };
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n{closes}Content-Length: {}\r\n\r\n",
            body.len()
        );
        [head.as_bytes(), &body].concat()
    }

    fn playlist(&self, now_us: u64) -> String {
        let end = 8 + now_us / SEGMENT_US;
        let first = end - LISTED;
        let mut text = format!(
            "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:{first}\n#EXT-X-MAP:URI=\"init.mp4\"\n"
        );
        for number in first..end {
            let gap = if self.missing.contains(&(number as usize)) { "#EXT-X-GAP\n" } else { "" };
            text += &format!("{gap}#EXTINF:1.920,\n{number}.m4s\n");
        }
        text
    }
}

/// Runs a listener against it for 30 s: its faults, the paths it asked for, and the media time it heard.
fn run(server: &Server) -> (Faults, Vec<String>, u64) {
    let target = Target::parse("http://127.0.0.1:1/hls/index.m3u8", true).expect("a target");
    let mut listener = Listener::new(0, Role::Listener, false, &target);
    let (mut gaps, mut kinds) = (Histogram::default(), Kinds::default());
    let bounds = Bounds::default();
    let mut shared = Shared { target: &target, bounds: &bounds, gaps: &mut gaps, kinds: &mut kinds };
    let (mut now_us, mut asked, mut step) = (0, Vec::new(), Step::Ask);
    listener.connected(0);
    while now_us < 30_000_000 {
        step = match step {
            Step::Ask | Step::Reconnect => {
                let request = listener.request(now_us, &target);
                let path = request.split(' ').nth(1).expect("a path").to_owned();
                let answer = server.answer(now_us, &path);
                asked.push(path);
                let step = listener.handle(now_us, &answer, &mut shared);
                if server.closes && matches!(step, Step::Sleep(_)) {
                    assert_eq!(listener.ended(now_us, End::Closed), Step::Read);
                }
                step
            }
            Step::Sleep(until_us) => {
                now_us = until_us;
                listener.wake()
            }
            Step::Read => panic!("an answer is whole"),
            Step::Over => break,
        };
    }
    let record = listener.finish(0, now_us, &bounds);
    (record.faults, asked, record.media_us)
}

#[test]
fn a_listener_begins_three_targets_before_the_end_and_follows() {
    for closes in [false, true] {
        let (faults, asked, media_us) = run(&Server { closes, ..Server::new() });
        assert!(faults.is_empty(), "{faults:?}");
        assert_eq!(
            asked[..5],
            [
                "/hls/index.m3u8",
                "/hls/opus/live.m3u8",
                "/hls/opus/init.mp4",
                "/hls/opus/5.m4s",
                "/hls/opus/6.m4s"
            ]
        );
        assert_eq!(asked.iter().filter(|path| path.ends_with("init.mp4")).count(), 1);
        // Three segments at the beginning, and one in each 1.92 s of 30 s.
        assert!((17..=19).contains(&(media_us / SEGMENT_US)), "{media_us}");
        let playlists = asked.iter().filter(|path| path.ends_with("live.m3u8")).count();
        assert!((15..=24).contains(&playlists), "{playlists} reloads");
    }
}

#[test]
fn a_listed_gap_is_no_segment() {
    let (faults, asked, _) = run(&Server { missing: vec![12], ..Server::new() });
    assert!(!asked.contains(&"/hls/opus/12.m4s".to_owned()));
    // The next segment's clock shows that sound is missing, but the server said so.
    assert!(!faults.has(Fault::Hole));
}

#[test]
fn a_segment_with_other_sound_is_found() {
    let mut server = Server::new();
    server.segments[14] = server.segments[13].clone();
    let (faults, _, _) = run(&server);
    assert!(faults.has(Fault::Repeat) && faults.has(Fault::Hole));
}

#[test]
fn refusals_and_nonsense_are_found() {
    for (path, answer, fault) in [
        ("/hls/opus/12.m4s", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", Fault::Status),
        ("/hls/index.m3u8", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", Fault::Playlist),
        (
            "/hls/index.m3u8",
            "HTTP/1.1 200 OK\r\nContent-Length: 59\r\n\r\n#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nhttp://192.0.2.1/x.m3u8",
            Fault::Playlist,
        ),
        ("/hls/opus/init.mp4", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Fault::Malformed),
    ] {
        let mut server = Server::new();
        server.instead.insert(path.to_owned(), answer.to_owned());
        let (faults, asked, _) = run(&server);
        assert!(faults.has(fault), "{path}: {faults:?} after {asked:?}");
    }
}

#[test]
fn a_show_that_ends_ends_the_listener() {
    let mut server = Server::new();
    let text = format!("{}#EXT-X-ENDLIST\n", server.playlist(0));
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{text}", text.len());
    server.instead.insert("/hls/opus/live.m3u8".to_owned(), answer);
    let (faults, asked, media_us) = run(&server);
    assert!(faults.has(Fault::EndedEarly));
    assert_eq!((asked.len(), media_us), (6, 3 * SEGMENT_US));
}
