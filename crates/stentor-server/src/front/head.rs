//! The head of a request: bounded, strict, and read once.

use http::Uri;

use crate::gzip::names_gzip;

/// Bytes of a head: the longest honest ones (cookies of others on the same host, long user agents) stay under 8 KiB.
pub const HEAD_BYTES_MAX: usize = 16 * 1024;

/// Headers of a request: browsers send some 20.
const HEADERS_MAX: usize = 64;

/// What has come of a head so far.
#[derive(Debug, PartialEq, Eq)]
pub enum Head {
    /// Not all of it.
    Partial,
    /// It is none, and the answer is 400 (RFC 9112 §2.2, §5.2, §6.3). Two readers could take it for two
    /// different requests, or it is larger than any honest one.
    Malformed,
    /// All of it.
    Whole(Asked),
}

/// What a request asks for, as far as the door looks at it.
#[derive(Debug, PartialEq, Eq)]
pub struct Asked {
    /// Bytes of the head; what follows is of the body or of the next request.
    pub bytes: usize,
    /// How it asks.
    pub method: Method,
    /// Path and query. `None` for what is none of ours: `*`, or the name of another host.
    pub target: Option<Uri>,
    /// HTTP/1.0 knows no chunks (RFC 9112 §7.1).
    pub is_1_0: bool,
    /// Whether the connection is to stay open after the answer (RFC 9112 §9.3).
    pub keep_alive: bool,
    /// The asker reads gzip.
    pub gzip: bool,
    /// No body follows, and nothing is to happen that is no ordinary answer.
    pub is_plain: bool,
}

/// The methods that the door looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// For the whole.
    Get,
    /// For the head alone.
    Head,
    /// Whatever else, which is for the ordinary HTTP stack.
    Other,
}

/// Looks at a head. The first `seen` bytes were looked at before, and there was no end in them.
pub fn read(bytes: &[u8], seen: usize) -> Head {
    // RFC 9112 §2.2: an empty line before a request means nothing.
    let blank = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let (head, seen) = (&bytes[blank..], seen.saturating_sub(blank));
    // The end may have begun in what was seen.
    let from = seen.saturating_sub(3);
    let end = head.get(from..).and_then(|rest| rest.windows(4).position(|four| four == b"\r\n\r\n"));
    let end = end.map(|end| from + end + 4);
    // What lies behind the head is a body, and may be anything.
    let lines = &head[..end.unwrap_or(head.len())];
    let blank_is_whole = head.is_empty() || !bytes[..blank].ends_with(b"\r");
    if is_ambiguous(&bytes[..blank], 0) || !blank_is_whole || is_ambiguous(lines, seen) {
        return Head::Malformed;
    }
    match end {
        _ if blank > HEAD_BYTES_MAX => Head::Malformed,
        Some(end) if end <= HEAD_BYTES_MAX => whole(head, blank),
        None if head.len() < HEAD_BYTES_MAX => Head::Partial,
        _ => Head::Malformed,
    }
}

/// Whether there is a byte that readers take for different things: a line feed without its carriage return, a NUL, a
/// line that goes on with the one before (RFC 9112 §5.2).
fn is_ambiguous(lines: &[u8], seen: usize) -> bool {
    (seen..lines.len()).any(|at| {
        let before = at.checked_sub(1).map(|before| lines[before]);
        match lines[at] {
            0 => true,
            b'\n' => before != Some(b'\r'),
            b' ' | b'\t' => matches!(before, Some(b'\n' | b'\r')),
            _ => before == Some(b'\r'),
        }
    })
}

fn whole(head: &[u8], blank: usize) -> Head {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut request = httparse::Request::new(&mut headers);
    let Ok(httparse::Status::Complete(bytes)) = request.parse(head) else { return Head::Malformed };
    let (Some(method), Some(target), Some(version)) = (request.method, request.path, request.version) else {
        return Head::Malformed;
    };
    let method = match method {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        _ => Method::Other,
    };
    let is_1_0 = version == 0;
    let (mut lengths, mut is_coded, mut is_special, mut keep_alive) = (0, false, false, !is_1_0);
    let mut gzip = false;
    for header in request.headers.iter() {
        let is = |name: &str| header.name.eq_ignore_ascii_case(name);
        if is("content-length") {
            lengths += 1;
        } else if is("transfer-encoding") {
            is_coded = true;
        } else if is("upgrade") || is("expect") {
            is_special = true;
        } else if is("accept-encoding") {
            gzip |= std::str::from_utf8(header.value).is_ok_and(names_gzip);
        } else if is("connection") {
            let has = |option: &[u8]| {
                header
                    .value
                    .split(|byte| *byte == b',')
                    .any(|one| one.trim_ascii().eq_ignore_ascii_case(option))
            };
            keep_alive = (keep_alive || has(b"keep-alive")) && !has(b"close");
        }
    }
    if (is_coded && lengths > 0) || lengths > 1 {
        return Head::Malformed;
    }
    let target = target.starts_with('/').then(|| target.parse().ok()).flatten();
    let is_plain = !is_special && !is_coded && lengths == 0;
    Head::Whole(Asked { bytes: blank + bytes, method, target, is_1_0, keep_alive, gzip, is_plain })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(head: &str) -> Asked {
        match read(head.as_bytes(), 0) {
            Head::Whole(asked) => asked,
            other => panic!("{head:?} is {other:?}"),
        }
    }

    #[test]
    fn an_honest_head_is_read_wherever_it_is_cut() {
        let head = "GET /one/live.mp4?close=1 HTTP/1.1\r\nHost: x\r\nRange: bytes=0-1\r\n\r\n";
        let whole = asked(head);
        assert_eq!(whole.target.as_ref().map(Uri::path), Some("/one/live.mp4"));
        assert!(whole.is_plain && whole.keep_alive && !whole.is_1_0 && whole.bytes == head.len());
        for cut in 0..head.len() {
            assert_eq!(read(&head.as_bytes()[..cut], 0), Head::Partial, "{cut}");
            assert_eq!(read(head.as_bytes(), cut), Head::Whole(asked(head)), "{cut}");
        }
        assert_eq!(asked(&format!("\r\n{head}more")).bytes, head.len() + 2);
        let old = asked("GET / HTTP/1.0\r\n\r\n");
        assert!(old.is_1_0 && !old.keep_alive);
        assert!(asked("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").keep_alive);
        assert!(!asked("GET / HTTP/1.1\r\nConnection: x, Close\r\n\r\n").keep_alive);
    }

    #[test]
    fn what_is_no_plain_question_is_for_others() {
        let post = asked("POST /one/hand HTTP/1.1\r\nContent-Length: 3\r\n\r\n\n\0\n");
        assert!(post.method == Method::Other && !post.is_plain);
        assert!(!asked("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n").is_plain);
        assert!(!asked("GET / HTTP/1.1\r\nUpgrade: h2c\r\n\r\n").is_plain);
        assert_eq!(asked("OPTIONS * HTTP/1.1\r\n\r\n").target, None);
        assert_eq!(asked("GET http://elsewhere/one/live.mp4 HTTP/1.1\r\n\r\n").target, None);
    }

    /// Fault 21.
    #[test]
    fn what_two_readers_could_read_differently_is_refused() {
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(HEADERS_MAX + 1));
        for head in [
            "GET / HTTP/1.1\nHost: x\n\n",
            "GET / HTTP/1.1\r\nHost: x\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\0\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\n\tfolded\r\n\r\n",
            "GET / HTTP/1.1\r\nX: a\rb\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc",
            "POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
            "GET / HTTP/1.1\r\nno colon\r\n\r\n",
            "GET / HTTP/9.9\r\n\r\n",
            "\n\n\n",
            &many,
        ] {
            assert_eq!(read(head.as_bytes(), 0), Head::Malformed, "{head:?}");
        }
        let long = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(HEAD_BYTES_MAX));
        assert_eq!(read(long.as_bytes(), 0), Head::Malformed);
        assert_eq!(read(&long.as_bytes()[..HEAD_BYTES_MAX], 0), Head::Malformed, "there is no end in sight");
        assert_eq!(read(&[b'\r', b'\n'].repeat(HEAD_BYTES_MAX), 0), Head::Malformed);
    }
}
