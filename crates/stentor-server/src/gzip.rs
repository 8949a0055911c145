//! Gzip for those who read it. What a crowd asks for at once is compressed once, and not for each of them.

use std::io::Write as _;

use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderValue, StatusCode, header};

/// Whether `gzip` is among the codings, and not with weight 0 (RFC 9110 §12.5.3).
pub(crate) fn accepts_gzip(headers: &HeaderMap) -> bool {
    values(headers, header::ACCEPT_ENCODING).any(names_gzip)
}

/// The same for one value of the header.
pub(crate) fn names_gzip(value: &str) -> bool {
    value.split(',').any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let (parameter, weight) = weight.split_once('=').unwrap_or((weight, "1"));
        let is_weight = ["", "q"].iter().any(|name| parameter.trim().eq_ignore_ascii_case(name));
        let is_wanted = weight.trim().parse::<f32>().is_ok_and(|weight| weight > 0.0);
        name.trim().eq_ignore_ascii_case("gzip") && is_weight && is_wanted
    })
}

/// `bytes`, compressed as far as `level` goes.
pub(crate) fn gzip(bytes: &[u8], level: Compression) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), level);
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("writing to memory does not fail").into()
}

/// A document as it is and compressed, each with a tag of its own (RFC 9110 §8.8.3.3).
#[derive(Clone)]
pub(crate) struct Coded {
    plain: Sent,
    gzip: Sent,
}

#[derive(Clone)]
struct Sent {
    body: Bytes,
    etag: HeaderValue,
}

impl Coded {
    /// A document that `hash`, in letters and digits, tells from every other.
    pub(crate) fn new(body: Bytes, hash: &str, level: Compression) -> Self {
        let sent = |body: Bytes, coding: &str| {
            let etag = HeaderValue::from_str(&format!("\"{hash}{coding}\"")).expect("letters and digits");
            Sent { body, etag }
        };
        Self { gzip: sent(gzip(&body, level), "-gzip"), plain: sent(body, "") }
    }

    /// It in the coding that was asked for, with its tag; 304 for those who have it already.
    pub(crate) fn answer(&self, asked: &HeaderMap) -> Response {
        let compressed = accepts_gzip(asked);
        let Sent { body, etag } = if compressed { &self.gzip } else { &self.plain };
        let mut response = if values(asked, header::IF_NONE_MATCH).any(|tags| names_tag(tags, etag)) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            body.clone().into_response()
        };
        let headers = response.headers_mut();
        headers.insert(header::ETAG, etag.clone());
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if compressed {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        response
    }
}

/// Whether a tag is among these, or any will do; a cache may have made it a weak one (RFC 9110 §13.1.2).
fn names_tag(tags: &str, etag: &HeaderValue) -> bool {
    tags.split(',').map(str::trim).any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

/// The values of a header that are text.
fn values(headers: &HeaderMap, name: header::HeaderName) -> impl Iterator<Item = &str> {
    headers.get_all(name).iter().filter_map(|value| value.to_str().ok())
}

#[cfg(test)]
impl Coded {
    /// Whether both codings are the same document, under tags of their own.
    pub(crate) fn is_whole(&self) -> bool {
        let mut whole = Vec::new();
        let read =
            std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&self.gzip.body[..]), &mut whole);
        read.is_ok() && whole == self.plain.body && self.plain.etag != self.gzip.etag
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_for_those_who_say_that_they_read_it() {
        let says = |text: &'static str| {
            accepts_gzip(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(text))]))
        };
        assert!(["gzip", "br, GZIP;q=0.5", "deflate, gzip", "gzip; Q=1"].into_iter().all(says));
        let not = ["", "br", "gzip;q=0", "gzip;Q=0", "gzip; q=0.0", "xgzip", "gzip;q=much"];
        assert!(!not.into_iter().any(says));
        assert!(!accepts_gzip(&HeaderMap::new()));
    }

    #[test]
    fn both_codings_are_the_same_document() {
        let document = Coded::new(Bytes::from("hear, ".repeat(99)), "a1", Compression::best());
        assert!(document.is_whole() && document.gzip.body.len() < document.plain.body.len() / 4);
    }

    #[test]
    fn the_coding_is_one_that_was_asked_for_and_what_is_known_is_not_sent_again() {
        let document = Coded::new(Bytes::from_static(b"hear"), "a1", Compression::best());
        let asked = |pairs: &[(header::HeaderName, &'static str)]| {
            let pair = |(name, value): &(header::HeaderName, &'static str)| {
                (name.clone(), HeaderValue::from_static(value))
            };
            document.answer(&pairs.iter().map(pair).collect())
        };
        let reads_gzip = (header::ACCEPT_ENCODING, "gzip, br");
        let (plain, compressed) = (asked(&[]), asked(std::slice::from_ref(&reads_gzip)));
        assert_eq!((plain.headers().get(header::CONTENT_ENCODING), plain.status()), (None, StatusCode::OK));
        assert_eq!(plain.headers()[header::ETAG], "\"a1\"");
        assert_eq!(compressed.headers()[header::CONTENT_ENCODING], "gzip");
        assert_eq!(compressed.headers()[header::ETAG], "\"a1-gzip\"");
        let again = |tag, codings: &[_]| asked(&[&[(header::IF_NONE_MATCH, tag)], codings].concat()).status();
        for tag in ["\"a1\"", "W/\"a1\"", "\"b2\", \"a1\"", "*"] {
            assert_eq!(again(tag, &[]), 304, "{tag}");
        }
        assert_eq!(again("\"a1-gzip\"", &[reads_gzip]), 304);
        for tag in ["\"a1-gzip\"", "\"a\"", "a1", ""] {
            assert_eq!(again(tag, &[]), 200, "{tag}");
        }
    }
}
