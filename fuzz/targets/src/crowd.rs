//! What a server that is measured sends to the crowd.

use stentor_crowd::adts::AdtsReader;
use stentor_crowd::fmp4::Fmp4Reader;
use stentor_crowd::hls::{self, Playlist};
use stentor_crowd::http::{Body, HEAD_BYTES_MAX, Head};
use stentor_crowd::ogg::OggReader;
use stentor_crowd::{Malformed, Sound};

/// The sounds that were heard, and whether it ended in an error.
type Heard = (Vec<Sound>, bool);

/// However Ogg is cut, the same is heard. Taken is at least one page of sound.
pub fn ogg(bytes: &[u8]) -> bool {
    however_cut(bytes, |pieces| {
        let mut reader = OggReader::new(true);
        listen(pieces, |piece, sounds| reader.read(piece, &mut |sound| sounds.push(sound)))
    })
}

/// However MP4 is cut, the same is heard. Taken is at least one fragment.
pub fn fmp4(bytes: &[u8]) -> bool {
    however_cut(bytes, |pieces| {
        let mut reader = Fmp4Reader::default();
        listen(pieces, |piece, sounds| reader.read(piece, &mut |sound| sounds.push(sound)))
    })
}

/// However ADTS is cut, the same is heard. Taken are at least two frames: one alone may be anything.
pub fn adts(bytes: &[u8]) -> bool {
    let mut frames = 0;
    let taken = however_cut(bytes, |pieces| {
        let mut reader = AdtsReader::default();
        let heard = listen(pieces, |piece, sounds| reader.read(piece, &mut |sound| sounds.push(sound)));
        frames = heard.0.len();
        heard
    });
    taken && frames > 1
}

/// Hears what stands behind the first byte whole and in pieces, of which that byte says the length.
fn however_cut(bytes: &[u8], mut hear: impl FnMut(&mut dyn Iterator<Item = &[u8]>) -> Heard) -> bool {
    let Some((&cut, stream)) = bytes.split_first() else { return false };
    let whole = hear(&mut std::iter::once(stream));
    assert_eq!(hear(&mut stream.chunks(usize::from(cut) + 1)), whole);
    !whole.0.is_empty() && !whole.1
}

fn listen(
    pieces: &mut dyn Iterator<Item = &[u8]>,
    mut read: impl FnMut(&[u8], &mut Vec<Sound>) -> Result<(), Malformed>,
) -> Heard {
    let mut sounds = Vec::new();
    for piece in pieces {
        if read(piece, &mut sounds).is_err() {
            return (sounds, true);
        }
    }
    (sounds, false)
}

/// A playlist is read or refused, and what it names is asked of the same server in one line.
pub fn playlist(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let uris = match Playlist::parse(text) {
        Ok(Playlist::Variants(variants)) => variants,
        Ok(Playlist::Media(media)) => {
            assert!(media.target_ms > 0);
            media.segments.iter().flat_map(|segment| [Some(segment.uri), segment.init]).flatten().collect()
        }
        Err(_) => return false,
    };
    for path in uris.into_iter().filter_map(|uri| hls::resolve("/show/hls/live.m3u8", "localhost", uri)) {
        assert!(path.starts_with('/') && !path.contains(['\r', '\n', ' ']), "{path:?}");
    }
    true
}

/// However the body behind a head is cut, it is the same. Taken is a whole head and a body without an error.
pub fn response(bytes: &[u8]) -> bool {
    let Some((&cut, bytes)) = bytes.split_first() else { return false };
    let Ok(Some(head)) = Head::parse(bytes) else { return false };
    assert!(head.bytes <= bytes.len());
    let early = &bytes[..(head.bytes - 1).min(HEAD_BYTES_MAX - 1)];
    assert!(!matches!(Head::parse(early), Ok(Some(_))), "a head is whole with its last byte");
    let rest = &bytes[head.bytes..];
    let whole = body(head.body, &mut std::iter::once(rest));
    assert_eq!(body(head.body, &mut rest.chunks(usize::from(cut) + 1)), whole);
    !whole.1
}

/// What is in a body, and whether it ended in an error.
fn body(mut body: Body, pieces: &mut dyn Iterator<Item = &[u8]>) -> (Vec<u8>, bool) {
    let mut out = Vec::new();
    for mut input in pieces {
        loop {
            match body.next(&mut input) {
                Ok(Some(run)) => out.extend_from_slice(run),
                Ok(None) => break,
                Err(_) => return (out, true),
            }
        }
    }
    (out, false)
}
