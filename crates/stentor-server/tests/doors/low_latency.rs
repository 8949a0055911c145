//! Low-latency HLS at the front door: requests that are held until there is more, and what may be cached how long.

use std::io::Read as _;

use flate2::read::GzDecoder;

use crate::ear::CHUNK_SAMPLES;
use crate::house::{House, until};
use crate::http::Request;

const RENDITION: &str = "/one/hls/opus-32";

/// Where a playlist ends: the segment in the making and how many parts it has by now, and the hint at the next.
#[derive(Debug)]
struct End {
    msn: u64,
    parts: u64,
    hint: String,
}

impl End {
    fn of(playlist: &str) -> Self {
        let value = |tag: &str| {
            let line = playlist.lines().find_map(|line| line.strip_prefix(tag));
            line.unwrap_or_else(|| panic!("no {tag} in {playlist}")).to_owned()
        };
        let first: u64 = value("#EXT-X-MEDIA-SEQUENCE:").parse().expect("a number");
        let skipped = playlist.lines().find_map(|line| line.strip_prefix("#EXT-X-SKIP:SKIPPED-SEGMENTS="));
        let skipped: u64 = skipped.map_or(0, |count| count.parse().expect("a number"));
        let listed = playlist.lines().filter(|line| line.ends_with(".m4s")).count() as u64;
        let open = playlist.rsplit_once("\ns-").map_or(playlist, |(_, open)| open);
        let parts = open.lines().filter(|line| line.starts_with("#EXT-X-PART:")).count() as u64;
        let hint = value("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"").trim_end_matches('"').to_owned();
        Self { msn: first + skipped + listed, parts, hint }
    }

    /// The query for what comes next.
    fn next(&self) -> String {
        format!("_HLS_msn={}&_HLS_part={}", self.msn, self.parts)
    }

    fn is_behind(&self, other: &Self) -> bool {
        (self.msn, self.parts) < (other.msn, other.parts)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn playlists_and_parts_are_held_until_there_is_more() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start(data.path());
    house.on_air("one").await;
    // A player that comes before the first segment is complete is not turned away.
    let first = house.front(&format!("{RENDITION}/ll.m3u8")).await;
    assert_eq!(first.status, 200, "{}", first.text());
    assert_eq!(first.header("cache-control"), Some("public, max-age=1"));
    assert_eq!(first.header("content-type"), Some("application/vnd.apple.mpegurl"));
    assert_eq!(first.header("access-control-allow-origin"), Some("*"));

    let mut end = End::of(&first.text());
    for _ in 0..8 {
        let (hinted, next) =
            (format!("{RENDITION}/{}", end.hint), format!("{RENDITION}/ll.m3u8?{}", end.next()));
        let (part, playlist) = tokio::join!(house.front(&hinted), house.front(&next));
        assert_eq!((part.status, playlist.status), (200, 200), "{} {}", part.text(), playlist.text());
        assert_eq!(part.header("cache-control"), Some("public, max-age=31536000, immutable"));
        assert_eq!(playlist.header("cache-control"), Some("public, max-age=12"));
        let text = playlist.text();
        assert!(
            text.contains(&format!("#EXT-X-PART:DURATION=0.32,INDEPENDENT=YES,URI=\"{}\"", end.hint)),
            "{text}"
        );
        assert_eq!(decode_time(&part.body), slot_of(&end.hint) * CHUNK_SAMPLES);
        assert_eq!(house.front(&hinted).await.body, part.body, "a name never means two sounds");
        let later = End::of(&text);
        assert!(end.is_behind(&later), "{end:?} {later:?}");
        end = later;
    }
    // A whole segment, waited for without its parts, and the live stream's own fragment as one of them.
    let whole = house.front(&format!("{RENDITION}/ll.m3u8?_HLS_msn={}", end.msn)).await;
    assert!(End::of(&whole.text()).msn > end.msn);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_followed_is_refused_at_once_and_old_places_are_answered_at_once() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start(data.path());
    house.on_air("one").await;
    let end = End::of(&house.front(&format!("{RENDITION}/ll.m3u8")).await.text());
    let far = [format!("_HLS_msn={}", end.msn + 9), format!("_HLS_msn={}&_HLS_part=40", end.msn)];
    for query in ["_HLS_part=1", "_HLS_msn=x", "_HLS_msn=1&_HLS_msn=1", &far[0], &far[1]] {
        house.front(&format!("{RENDITION}/ll.m3u8?{query}")).await.refused(400, "malformed");
    }
    for (query, cache) in [
        ("_HLS_msn=0&_HLS_part=0", "public, max-age=12"),
        ("utm_source=x&_HLS_push=1", "public, max-age=1"),
        ("_HLS_skip=YES", "public, max-age=1"),
    ] {
        let answer = house.front(&format!("{RENDITION}/ll.m3u8?{query}")).await;
        assert_eq!((answer.status, answer.header("cache-control")), (200, Some(cache)), "{query}");
    }
    for missing in ["p-1-99999999", "s-1-99999996", "p-9-0", "s-9-0", "p-1-0-1", "s-1-5-1"] {
        let answer = house.front(&format!("{RENDITION}/{missing}.m4s")).await;
        assert_eq!(
            (answer.status, answer.header("cache-control")),
            (404, Some("public, max-age=1")),
            "{missing}"
        );
    }
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn updates_are_small_and_compressed_for_those_who_ask() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let house = House::start(data.path());
    house.on_air("one").await;
    let mut end = End::of(&house.front(&format!("{RENDITION}/ll.m3u8")).await.text());
    // Nine segments are 17 s; the newest 12 s are never skipped.
    while end.msn < 9 {
        end = End::of(&house.front(&format!("{RENDITION}/ll.m3u8?_HLS_msn={}", end.msn)).await.text());
    }
    let next = format!("{RENDITION}/ll.m3u8?{}", end.next());
    let skipping = format!("{next}&_HLS_skip=YES");
    // All three of one moment: a chunk may come in between.
    let (full, delta, compressed) = until("the same playlist in three forms", || async {
        let gzip = Request::new("GET", &skipping).header("Accept-Encoding", "br, gzip").send(house.at.front);
        let (full, compressed, delta) = tokio::join!(house.front(&next), gzip, house.front(&skipping));
        let later = house.front(&next).await;
        (full.body == later.body).then_some((full.text(), delta, compressed))
    })
    .await;
    let delta_text = delta.text();
    assert!(delta_text.contains("\n#EXT-X-SKIP:SKIPPED-SEGMENTS="), "{delta_text}");
    assert!(!full.contains("#EXT-X-SKIP") && delta_text.len() < full.len(), "{full}");
    assert_eq!(End::of(&full).next(), End::of(&delta_text).next());
    assert_eq!(
        (delta.header("content-encoding"), compressed.header("content-encoding")),
        (None, Some("gzip"))
    );
    for answer in [&delta, &compressed] {
        assert_eq!(answer.header("vary"), Some("accept-encoding"), "a cache keeps both");
    }
    let mut text = String::new();
    GzDecoder::new(compressed.body.as_slice()).read_to_string(&mut text).expect("gzip of text");
    assert_eq!(text, delta_text);
    house.stop().await;
}

/// `p-epoch-slot.m4s`.
fn slot_of(part: &str) -> u64 {
    let name = part.strip_suffix(".m4s").expect("a part");
    name.rsplit('-').next().and_then(|slot| slot.parse().ok()).expect("a slot")
}

/// `tfdt` of the one fragment (ISO/IEC 14496-12 §8.8.12): the box's type, version and flags, then 64 bits.
fn decode_time(fragment: &[u8]) -> u64 {
    let at = fragment.windows(4).position(|four| four == b"tfdt").expect("a decode time");
    let bytes = fragment[at + 8..at + 16].try_into().expect("eight bytes");
    u64::from_be_bytes(bytes)
}
