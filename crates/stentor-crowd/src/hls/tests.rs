use proptest::prelude::*;

use super::*;

const MEDIA: &str = "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:41\n\
    #EXT-X-MAP:URI=\"init.mp4\"\n#EXT-X-PROGRAM-DATE-TIME:2026-11-28T20:00:00.000Z\n#EXTINF:1.920,\ns-1-6.m4s\n\
    #EXT-X-GAP\n#EXTINF:1.92,\ns-1-12.m4s\n#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI=\"/other.mp4\"\n\
    #EXT-X-PART:DURATION=0.32,URI=\"p-2-18.m4s\"\n#EXTINF:0.96,title\r\ns-2-18-3.m4s\r\n#EXT-X-ENDLIST\n";

#[test]
fn segments_are_read() {
    let Ok(Playlist::Media(media)) = Playlist::parse(MEDIA) else { panic!("a media playlist") };
    assert_eq!((media.target_ms, media.first, media.ended, media.segments.len()), (2_000, 41, true, 3));
    let (first, last) = (media.segments[0], media.segments[2]);
    assert_eq!((first.uri, first.ms, first.init), ("s-1-6.m4s", 1_920, Some("init.mp4")));
    assert_eq!((first.gap, first.discontinuity), (false, false));
    assert!(media.segments[1].gap);
    assert_eq!((last.uri, last.ms, last.init), ("s-2-18-3.m4s", 960, Some("/other.mp4")));
    assert_eq!((last.gap, last.discontinuity), (false, true));
}

#[test]
fn variants_are_read() {
    let text = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=36000,CODECS=\"opus\"\nopus-32/ll.m3u8\n\n\
        #EXT-X-STREAM-INF:BANDWIDTH=72000\nopus-64/ll.m3u8\n";
    assert_eq!(Playlist::parse(text), Ok(Playlist::Variants(vec!["opus-32/ll.m3u8", "opus-64/ll.m3u8"])));
}

#[test]
fn what_is_no_playlist_is_refused() {
    for text in [
        "",
        "<html>",
        "#EXTM3U\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:0\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:NaN\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:2\nno-duration.m4s\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:-1,\nx.m4s\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:x\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-STREAM-INF:BANDWIDTH=1\nx.m3u8\n",
    ] {
        assert!(Playlist::parse(text).is_err(), "{text}");
    }
}

#[test]
fn addresses_stay_on_the_server() {
    let resolve = |uri| resolve("/show/hls/index.m3u8?x=/y", "127.0.0.1:8080", uri);
    assert_eq!(resolve("opus-32/ll.m3u8").as_deref(), Some("/show/hls/opus-32/ll.m3u8"));
    assert_eq!(resolve("/x?y").as_deref(), Some("/x?y"));
    assert_eq!(resolve("http://127.0.0.1:8080/x").as_deref(), Some("/x"));
    for elsewhere in [
        "http://127.0.0.1:80801/x",
        "https://radio.example/x",
        "//radio.example/x",
        "a b",
        "a\r\nb",
        "http://127.0.0.1:8080/a\rb",
    ] {
        assert_eq!(resolve(elsewhere), None, "{elsewhere}");
    }
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(lines in proptest::collection::vec("(#EXT[A-Z-]{1,20}:?)?[ -~]{0,30}", 0..20)) {
        let _ = Playlist::parse(&format!("#EXTM3U\n{}", lines.join("\n")));
    }
}
