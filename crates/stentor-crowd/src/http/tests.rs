use proptest::prelude::*;

use super::*;

fn head(text: &str) -> Head {
    Head::parse(text.as_bytes()).expect("HTTP").expect("a whole head")
}

/// The body in pieces, and whether it is over.
fn read(mut body: Body, pieces: &[&[u8]]) -> Result<(Vec<u8>, bool), NotHttp> {
    let mut out = Vec::new();
    for piece in pieces {
        let mut input = *piece;
        while let Some(run) = body.next(&mut input)? {
            out.extend_from_slice(run);
        }
    }
    Ok((out, body.is_over()))
}

#[test]
fn heads_of_servers_are_read() {
    let stentor = head(
        "HTTP/1.1 200 OK\r\ncontent-type: audio/mp4\r\ntransfer-encoding: chunked\r\nx-accel-buffering: no\r\n\r\nrest",
    );
    assert_eq!((stentor.status, stentor.kind, stentor.closes), (200, Kind::Mp4, false));
    assert_eq!(stentor.body.framing, SIZE);
    let icecast = head("HTTP/1.0 200 OK\r\nServer: Icecast\r\nContent-Type: application/ogg; x=y\r\n\r\n");
    assert_eq!((icecast.kind, icecast.closes), (Kind::Ogg, true));
    assert_eq!(icecast.body.framing, Framing::UntilClose);
    let nginx = head(
        "HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\nConnection: close\r\nContent-Type: text/html\r\n\r\n",
    );
    assert_eq!((nginx.status, nginx.kind, nginx.closes, nginx.body.left), (404, Kind::Other, true, 3));
}

#[test]
fn a_head_in_pieces_is_waited_for_and_a_long_one_is_not() {
    assert!(matches!(Head::parse(b"HTTP/1.1 200 OK\r\nContent-"), Ok(None)));
    let long = format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(HEAD_BYTES_MAX));
    assert!(Head::parse(long.as_bytes()).is_err());
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: x\r\n".repeat(HEADERS_MAX + 1));
    assert!(Head::parse(many.as_bytes()).is_err());
    for text in [
        "ICY 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    ] {
        assert!(Head::parse(text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn chunks_are_put_together() {
    let text = b"5\r\nhello\r\n1;ext=1\r\n \r\nA \r\n0123456789\r\n0\r\nTrailer: x\r\n\r\nnext";
    assert_eq!(read(Body::chunked(), &[text]), Ok((b"hello 0123456789".to_vec(), true)));
    assert_eq!(read(Body::chunked(), &[b"5\r\nhel"]), Ok((b"hel".to_vec(), false)));
    assert_eq!(read(Body::length(3), &[b"abcdef"]), Ok((b"abc".to_vec(), true)));
    assert_eq!(read(Body::until_close(), &[b"abc", b"def"]), Ok((b"abcdef".to_vec(), false)));
    assert!(Body::until_close().may_close() && !Body::chunked().may_close());
}

#[test]
fn broken_chunks_are_refused() {
    let endless = [b'0'; 100];
    for text in [&b"x\r\n"[..], b"\r\n", b"5\r\nhelloX", b"FFFFFFFFFFFFFFFFF\r\n", b"-1\r\n", &endless] {
        assert!(read(Body::chunked(), &[text]).is_err(), "{}", String::from_utf8_lossy(text));
    }
    let trailers = [&b"0\r\n"[..], &b"X: x\r\n".repeat(1_000)].concat();
    assert!(read(Body::chunked(), &[&trailers]).is_err());
}

proptest! {
    #[test]
    fn it_does_not_matter_how_the_bytes_are_cut(
        chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..300), 0..6),
        cuts in proptest::collection::vec(1_usize..50, 1..40),
    ) {
        let mut framed = Vec::new();
        for chunk in &chunks {
            framed.extend(format!("{:X}\r\n", chunk.len()).into_bytes());
            framed.extend_from_slice(chunk);
            framed.extend_from_slice(b"\r\n");
        }
        framed.extend_from_slice(b"0\r\n\r\n");
        let (mut pieces, mut rest) = (Vec::new(), &framed[..]);
        for cut in cuts.iter().cycle() {
            let (piece, later) = rest.split_at(rest.len().min(*cut));
            pieces.push(piece);
            rest = later;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(read(Body::chunked(), &pieces), Ok((chunks.concat(), true)));
    }

    #[test]
    fn nothing_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Head::parse(&bytes);
        let _ = read(Body::chunked(), &[&bytes]);
    }
}
