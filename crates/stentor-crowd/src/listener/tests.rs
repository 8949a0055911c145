use super::*;
use crate::made::{self, Made};

/// What a listener makes of bytes that arrive at once, piece by piece.
fn listen_to(pieces: &[&[u8]]) -> (Listener, Step) {
    let target = Target::parse("http://127.0.0.1:1/live", false).expect("a target");
    let mut listener = Listener::new(1_000, Role::Listener, true, &target);
    let (mut gaps, mut kinds) = (Histogram::default(), Kinds::default());
    let bounds = Bounds::default();
    let mut shared = Shared { target: &target, bounds: &bounds, gaps: &mut gaps, kinds: &mut kinds };
    listener.connected(1_500);
    assert!(listener.request(1_500, &target).starts_with("GET /live HTTP/1.1\r\nHost: 127.0.0.1:1\r\n"));
    let mut step = Step::Read;
    for (piece, at) in pieces.iter().zip(1..) {
        step = listener.handle(1_500 + at, piece, &mut shared);
    }
    (listener, step)
}

fn head(made: &Made, more: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nContent-Type: {}\r\n{more}\r\n", made.content_type).into_bytes()
}

fn codes(record: &Record) -> Vec<&'static str> {
    Fault::ALL.iter().filter(|fault| record.faults.has(**fault)).map(|fault| fault.code()).collect()
}

#[test]
fn the_answer_says_what_to_read() {
    for made in [made::ogg(5, 48), made::fmp4(5, 48), made::adts(5, 45)] {
        let head = head(&made, "");
        let (listener, step) = listen_to(&[&head[..10], &head[10..], &made.whole()]);
        assert_eq!(step, Step::Read);
        let record = listener.finish(3, 2_000, &Bounds::default());
        assert_eq!(codes(&record), [""; 0]);
        assert_eq!((record.index, record.status, record.media_us), (3, 200, 4_800_000));
        assert_eq!((record.connected_us, record.first_sound_us), (Some(500), Some(503)));
        assert_eq!(record.body_bytes, made.whole().len() as u64);
    }
}

#[test]
fn an_interim_answer_comes_before() {
    let made = made::ogg(1, 48);
    let all =
        [b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", &head(&made, "")[..], &made.whole()].concat();
    let (listener, _) = listen_to(&[&all]);
    assert_eq!(listener.journal.status, 200);
    assert!(listener.hearing.first_us().is_some());
}

#[test]
fn refusals_and_nonsense_are_told_apart() {
    let made = made::ogg(1, 48);
    let chunked = head(&made, "Transfer-Encoding: chunked\r\n");
    for (answer, code) in [
        (&b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"[..], "status"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>", "not_sound"),
        (b"SSH-2.0-OpenSSH\r\n", "not_http"),
        (&[&chunked[..], b"0\r\n\r\n"].concat(), "ended_early"),
        (&[&chunked[..], b"hello"].concat(), "not_http"),
        (&[&chunked[..], b"28\r\nhello hello hello hello hello hello hello"].concat(), "malformed"),
    ] {
        let (listener, step) = listen_to(&[answer]);
        assert_eq!(step, Step::Over, "{code}");
        assert_eq!(codes(&listener.finish(0, 2_000, &Bounds::default())), [code]);
    }
}

#[test]
fn how_a_connection_ends_is_told_apart() {
    let made = made::ogg(1, 48);
    let until_close = [&head(&made, "")[..], &made.whole()].concat();
    let chunked = [&head(&made, "Transfer-Encoding: chunked\r\n")[..], b"5\r\nOgg"].concat();
    for (answer, end, code) in [
        (&until_close[..], End::Closed, "ended_early"),
        (&chunked, End::Closed, "cut_off"),
        (b"", End::Closed, "cut_off"),
        (&until_close, End::Reset, "reset"),
        (b"", End::NotConnected, "not_connected"),
        (b"", End::Tls, "tls"),
        (b"", End::NotStarted, "not_started"),
    ] {
        let (mut listener, _) = listen_to(&[answer]);
        assert_eq!(listener.ended(9_000, end), Step::Over);
        let record = listener.finish(0, 60_000_000, &Bounds::default());
        assert_eq!(codes(&record), [code]);
        assert_eq!(record.ended_us, Some(8_000));
    }
}

#[test]
fn who_waits_for_an_answer_heard_nothing() {
    let (listener, _) = listen_to(&[]);
    assert_eq!(codes(&listener.finish(0, 2_000, &Bounds::default())), ["no_sound"]);
}
