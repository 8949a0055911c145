//! The `Range` header of a request for a file.

use http::{HeaderMap, HeaderValue, header};
use stentor_server::front::range::Wanted;

/// A part lies inside the file and is not empty. Taken is what asks for a part.
pub fn range(bytes: &[u8]) -> bool {
    let Ok(value) = HeaderValue::from_bytes(bytes) else { return false };
    let headers = HeaderMap::from_iter([(header::RANGE, value)]);
    let etag = HeaderValue::from_static("\"1\"");
    let mut taken = false;
    for len_bytes in [0, 1, 1_000, u64::from(u32::MAX) + 1, i64::MAX as u64] {
        if let Wanted::Part(part) = Wanted::of(&headers, &etag, len_bytes) {
            assert!(part.start < part.end && part.end <= len_bytes, "{part:?} of {len_bytes}");
            taken = true;
        }
    }
    taken
}
