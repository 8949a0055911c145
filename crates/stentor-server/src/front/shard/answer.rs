//! Answers of the shard as bytes.

use axum::response::Response;
use bytes::{BufMut as _, Bytes, BytesMut};
use futures_util::FutureExt as _;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::BodyExt as _;
use stentor_types::Wall;
use time::OffsetDateTime;

use crate::front::add_cors;
use crate::pages::add_security_headers;

/// An answer whose body is there already.
pub(super) fn whole(response: Response, now: Wall, keep_alive: bool) -> Bytes {
    let (parts, body) = response.into_parts();
    let body =
        body.collect().now_or_never().and_then(Result::ok).map(|body| body.to_bytes()).unwrap_or_default();
    let mut headers = parts.headers;
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    let mut bytes = head(parts.status, headers, now, keep_alive);
    bytes.extend_from_slice(&body);
    bytes.freeze()
}

/// The head of an answer, with the headers that every answer of this door has.
pub(super) fn head(status: StatusCode, mut headers: HeaderMap, now: Wall, keep_alive: bool) -> BytesMut {
    headers.insert(header::DATE, date(now));
    if !keep_alive {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    add_cors(&mut headers);
    add_security_headers(&mut headers);
    let mut bytes = BytesMut::with_capacity(1024);
    bytes.extend_from_slice(b"HTTP/1.1 ");
    bytes.extend_from_slice(status.as_str().as_bytes());
    bytes.put_u8(b' ');
    bytes.extend_from_slice(status.canonical_reason().unwrap_or_default().as_bytes());
    bytes.extend_from_slice(b"\r\n");
    for (name, value) in &headers {
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes
}

/// A date of HTTP (RFC 9110 §5.6.7).
fn date(now: Wall) -> HeaderValue {
    let at =
        OffsetDateTime::from_unix_timestamp(now.0.div_euclid(1000)).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (day, month) = (at.weekday().to_string(), at.month().to_string());
    let (hour, minute, second) = at.to_hms();
    let date = format!(
        "{}, {:02} {} {} {hour:02}:{minute:02}:{second:02} GMT",
        &day[..3],
        at.day(),
        &month[..3],
        at.year(),
    );
    HeaderValue::from_str(&date).expect("letters and digits")
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse as _;
    use stentor_types::Reason;

    use super::*;
    use crate::problem::Problem;

    #[test]
    fn a_refusal_is_whole() {
        // The example of RFC 9110 §5.6.7.
        let now = Wall(784_111_777_000);
        let bytes = whole(Problem::new(Reason::DoorsClosed).into_response(), now, false);
        let text = std::str::from_utf8(&bytes).expect("text");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        assert!(head.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{head}");
        for line in [
            "date: Sun, 06 Nov 1994 08:49:37 GMT",
            "connection: close",
            "retry-after: 5",
            "access-control-allow-origin: *",
            "x-content-type-options: nosniff",
            &format!("content-length: {}", body.len()),
        ] {
            assert!(head.split("\r\n").any(|found| found == line), "{line} in {head}");
        }
        assert!(body.contains("\"doors_closed\""), "{body}");
    }
}
