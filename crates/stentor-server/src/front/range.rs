//! Which part of a file a request asks for.

use std::ops::Range;

use http::{HeaderMap, HeaderValue, header};

/// What is sent in answer to a `Range` header (RFC 9110 §14).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// All of the file: nothing else was asked for, or nothing that we honour.
    Whole,
    /// This part of it, never empty and never past its end.
    Part(Range<u64>),
    /// Nothing of it: what was asked for lies outside.
    Nothing,
}

impl Wanted {
    /// One range is honoured; several, or one of another version of the file, get the whole (RFC 9110
    /// §14.2). `etag` and `len_bytes` are the file's.
    pub fn of(headers: &HeaderMap, etag: &HeaderValue, len_bytes: u64) -> Self {
        let Some(range) = headers.get(header::RANGE).and_then(|range| range.to_str().ok()) else {
            return Self::Whole;
        };
        if headers.get(header::IF_RANGE).is_some_and(|known| known != etag) {
            return Self::Whole;
        }
        let Ok(parsed) = http_range_header::parse_range_header(range) else { return Self::Whole };
        match parsed.validate(len_bytes).as_deref() {
            Ok([range]) => Self::Part(*range.start()..*range.end() + 1),
            Ok(_) => Self::Whole,
            Err(_) => Self::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEN_BYTES: u64 = 1_000;

    fn wanted(range: &str, if_range: Option<&str>) -> Wanted {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, HeaderValue::from_str(range).expect("visible characters"));
        if let Some(etag) = if_range {
            headers.insert(header::IF_RANGE, HeaderValue::from_str(etag).expect("visible characters"));
        }
        Wanted::of(&headers, &HeaderValue::from_static("\"now\""), LEN_BYTES)
    }

    #[test]
    fn one_range_is_a_part_and_the_rest_is_whole_or_outside() {
        for (range, expected) in [
            ("bytes=0-99", Wanted::Part(0..100)),
            ("bytes=900-", Wanted::Part(900..1_000)),
            ("bytes=-1", Wanted::Part(999..1_000)),
            ("bytes=990-5000", Wanted::Part(990..1_000)),
            ("bytes=-5000", Wanted::Part(0..1_000)),
            ("bytes=1000-", Wanted::Nothing),
            ("bytes=-0", Wanted::Nothing),
            ("bytes=0-1,5-6", Wanted::Whole),
            ("bytes=9-3", Wanted::Whole),
            ("seconds=0-1", Wanted::Whole),
            ("bytes=", Wanted::Whole),
        ] {
            assert_eq!(wanted(range, None), expected, "{range}");
        }
    }

    #[test]
    fn a_range_of_another_version_gets_the_whole() {
        assert_eq!(wanted("bytes=0-99", Some("\"now\"")), Wanted::Part(0..100));
        assert_eq!(wanted("bytes=0-99", Some("\"before\"")), Wanted::Whole);
    }
}
