//! What a request is: the shard's own, or for the ordinary stack.

use http::Uri;
use stentor_formats::Container;
use stentor_types::ShowId;

use crate::front::choice::Wish;
use crate::front::head::{Asked, Method};
use crate::front::hls::Names;
use crate::problem::Problem;

/// Whose a request is.
#[derive(Debug)]
pub(super) enum Decision {
    /// Somebody wants to listen.
    Listen(Listen),
    /// Somebody wants a file of HLS.
    File(Names),
    /// It is the shard's, and wrong.
    Refuse(Problem),
    /// Anything else.
    HandOver,
}

/// What somebody wants to listen to.
#[derive(Debug)]
pub(super) struct Listen {
    pub(super) show: ShowId,
    pub(super) container: Container,
    pub(super) wish: Wish,
}

/// Whose this request is.
pub(super) fn decide(asked: &Asked) -> Decision {
    let Some(target) = asked.target.as_ref().filter(|_| asked.method == Method::Get && asked.is_plain) else {
        return Decision::HandOver;
    };
    if let Some((show, rendition, file)) = file_of(target.path()) {
        let (Ok(show), Ok(rendition)) = (show.parse(), rendition.parse()) else { return Decision::HandOver };
        let query = target.query().map(str::to_owned);
        return Decision::File(Names { show, rendition, file: file.to_owned(), query, gzip: asked.gzip });
    }
    let Some((show, container)) = stream_of(target.path()) else { return Decision::HandOver };
    // What is no name of a show is refused elsewhere.
    let Ok(show) = show.parse() else { return Decision::HandOver };
    match wish(target) {
        Ok(wish) => Decision::Listen(Listen { show, container, wish }),
        Err(problem) => Decision::Refuse(problem),
    }
}

/// Whether a request begins like one that the shard answers. It need not be one: whoever is wrong here costs a
/// connection two moves.
pub(super) fn begins_like_ours(bytes: &[u8]) -> bool {
    let target =
        bytes.strip_prefix(b"GET ").and_then(|rest| rest.split(|byte| matches!(byte, b' ' | b'?')).next());
    let path = target.and_then(|path| std::str::from_utf8(path).ok());
    path.is_some_and(|path| stream_of(path).is_some() || file_of(path).is_some())
}

/// `/{show}/live.{container}`.
fn stream_of(path: &str) -> Option<(&str, Container)> {
    let (show, file) = path.strip_prefix('/')?.split_once('/')?;
    let container = match file {
        "live.mp4" => Container::Fmp4,
        "live.ogg" => Container::Ogg,
        "live.aac" => Container::Adts,
        _ => return None,
    };
    Some((show, container))
}

/// `/{show}/hls/{rendition}/{file}`, but for the recording's playlist.
fn file_of(path: &str) -> Option<(&str, &str, &str)> {
    let mut parts = path.strip_prefix('/')?.split('/');
    match [parts.next(), parts.next(), parts.next(), parts.next(), parts.next()] {
        [Some(show), Some("hls"), Some(rendition), Some(file), None] if file != "vod.m3u8" => {
            Some((show, rendition, file))
        }
        _ => None,
    }
}

fn wish(target: &Uri) -> Result<Wish, Problem> {
    if target.query().is_none() { Ok(Wish::default()) } else { Wish::of(target) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::front::head::{Head, read};

    fn decided(head: &str) -> Decision {
        match read(head.as_bytes(), 0) {
            Head::Whole(asked) => decide(&asked),
            other => panic!("{head:?} is {other:?}"),
        }
    }

    #[test]
    fn files_of_hls_are_the_shards() {
        let head = "GET /one/hls/aac-32/ll.m3u8?_HLS_msn=4 HTTP/1.1\r\nAccept-Encoding: br, gzip\r\n\r\n";
        let Decision::File(names) = decided(head) else { panic!("it is a file") };
        assert_eq!((names.show.as_str(), names.rendition.name(), &*names.file), ("one", "aac-32", "ll.m3u8"));
        assert_eq!((names.query.as_deref(), names.gzip), (Some("_HLS_msn=4"), true));
        assert!(begins_like_ours(head.as_bytes()));
    }

    #[test]
    fn streams_are_the_shards_and_nothing_else_is() {
        for (path, is_ours) in [
            ("/one/live.mp4", true),
            ("/one/live.ogg?close=1", true),
            ("/one/live.aac?kbps=32&from=-4", true),
            ("/one/live.wav", false),
            ("/one/hls/opus-32/vod.m3u8", false),
            ("/one/hls/opus-33/ll.m3u8", false),
            ("/one/hls/index.m3u8", false),
            ("/one/status", false),
            ("/one/live.mp4/", false),
            ("//live.mp4", false),
            ("/o%6Ee/live.mp4", false),
            ("/", false),
        ] {
            let head = format!("GET {path} HTTP/1.1\r\nHost: x\r\nRange: bytes=0-1\r\n\r\n");
            assert_eq!(matches!(decided(&head), Decision::Listen(_)), is_ours, "{path}");
            assert!(!is_ours || begins_like_ours(head.as_bytes()), "{path}");
        }
        let other =
            |method: &str, more: &str| decided(&format!("{method} /one/live.mp4 HTTP/1.1\r\n{more}\r\n"));
        assert!(matches!(other("HEAD", ""), Decision::HandOver));
        assert!(matches!(other("POST", ""), Decision::HandOver));
        assert!(matches!(other("GET", "Content-Length: 1\r\n"), Decision::HandOver));
        let wrong = decided("GET /one/live.mp4?kbps=many HTTP/1.1\r\n\r\n");
        assert!(matches!(wrong, Decision::Refuse(_)), "{wrong:?}");
        assert!(!begins_like_ours(b"GET /one/live.mp"));
    }
}
