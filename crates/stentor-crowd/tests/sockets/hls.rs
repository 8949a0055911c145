//! Listeners of HLS on real sockets.

use std::io;

use stentor_crowd::Group;

use crate::made::fmp4;
use crate::server::{Connection, Serve, start};
use crate::{codes, milliseconds, options, report};

/// A show of 20 segments that stays as it is.
const PLAYLIST: &str =
    "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:7\n#EXT-X-MAP:URI=\"init.mp4\"\n";

fn listen(serve: Serve) -> Group {
    report(&options(&format!("http://{}/hls/live.m3u8", start(serve)), true)).listeners
}

fn answer(listener: &mut Connection, more: &str) -> io::Result<()> {
    let made = fmp4(20, 48);
    let playlist: String = (0..20).map(|number| format!("#EXTINF:0.96,\n{number}.m4s\n")).collect();
    let (kind, body) = match listener.path() {
        "/hls/live.m3u8" => ("application/vnd.apple.mpegurl", [PLAYLIST, &playlist].concat().into_bytes()),
        "/hls/init.mp4" => ("audio/mp4", made.head),
        segment => {
            let number = segment.trim_start_matches("/hls/").trim_end_matches(".m4s");
            ("audio/mp4", made.groups[number.parse::<usize>().map_err(io::Error::other)?].clone())
        }
    };
    let length = body.len();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{more}\r\n");
    listener.say(&[head.as_bytes(), &body].concat())
}

#[test]
fn a_listener_of_hls_hears_the_end_of_the_playlist() {
    let group = listen(|listener| answer(listener, ""));
    assert_eq!(codes(&group), [""; 0]);
    assert_eq!((group.heard, group.stayed), (3, 3));
    assert_eq!(milliseconds(group.media_s), 3 * 3 * 960, "three segments each");
}

#[test]
fn a_connection_for_each_request_will_do() {
    let group = listen(|listener| {
        answer(listener, "Connection: close\r\n")?;
        listener.close()
    });
    assert_eq!(codes(&group), [""; 0]);
    assert_eq!(milliseconds(group.media_s), 3 * 3 * 960);
}

#[test]
fn a_segment_that_is_missing_is_found() {
    let group = listen(|listener| match listener.path() {
        "/hls/18.m4s" => listener.say(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
        _ => answer(listener, ""),
    });
    assert_eq!(group.faults.get("status"), Some(&3));
    assert_eq!(group.statuses.get("404"), Some(&3));
}
