//! Documents of shows, and the keys that people bring.

use stentor_stage::{Purpose, ShowDoc, Stage};

use crate::fixed::{NOW, OPERATOR_KEY, key, spec};

/// A document that is taken comes back as it was, and a stage lives on from it.
pub fn show_doc(bytes: &[u8]) -> bool {
    let Ok(doc) = ShowDoc::from_json(bytes) else { return false };
    let again = ShowDoc::from_json(&doc.to_json()).expect("what we write we can read");
    assert_eq!(again, doc);
    let Ok(mut stage) = Stage::resume(NOW, key(), doc) else { return false };
    stage.handle_timeout(NOW);
    while stage.poll_event().is_some() {}
    stage.people(NOW);
    let kept = ShowDoc::from_json(&stage.doc().to_json()).expect("what we write we can read");
    assert!(Stage::resume(NOW, key(), kept).is_ok(), "a stage can go on from its own document");
    true
}

/// Nobody comes in but with a key that was given out.
pub fn token(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let stage = Stage::create(NOW, key(), spec(), [1; 32]).expect("a sensible show");
    let keys: Vec<String> = stage.links().iter().filter_map(|link| stage.link_key(link.id).ok()).collect();
    let by_link = stage.admit(NOW, text, Purpose::Link).is_ok();
    assert_eq!(by_link, keys.iter().any(|key| key == text));
    assert!(stage.admit(NOW, text, Purpose::Device).is_err(), "no device has a token");
    let (desk, _) = key().desk_token(NOW.wall, OPERATOR_KEY, 1);
    let at_desk = key().admit_desk(NOW.wall, OPERATOR_KEY, text).is_ok();
    assert_eq!(at_desk, text == desk);
    by_link || at_desk
}
