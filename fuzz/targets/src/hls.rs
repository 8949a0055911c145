//! The query of a low-latency playlist.

use stentor_formats::hls::{Edge, Reload, Turn};

/// What is taken is answered, held or refused, and never held for ever: a playlist that goes far enough answers it.
pub fn reload(bytes: &[u8]) -> bool {
    let Ok(query) = std::str::from_utf8(bytes) else { return false };
    let Ok(reload) = Reload::of_query(query) else { return false };
    assert!(reload.part.is_none() || reload.msn.is_some());
    for complete in [0, 1, 312, u64::from(u32::MAX)] {
        let edge = Edge { complete, last_parts: 6, open_parts: 2, closed: false };
        let turn = edge.turn(reload);
        if turn == Turn::Wait {
            let later = Edge { complete: complete + 4, ..edge };
            assert_eq!(later.turn(reload), Turn::Answer, "{reload:?} at {later:?}");
        }
        assert_eq!(Edge { closed: true, ..edge }.turn(reload), Turn::Answer);
    }
    true
}
