//! What the fuzz targets do with bytes from outside.
//!
//! Each target is a function that hands bytes to a parser of ours and asserts what must hold of the
//! result. It says whether the parser took them: a corpus in which nothing is taken, or nothing refused,
//! has gone stale. libfuzzer (`fuzz_targets/`) and the replay of the corpora (`tests/corpus.rs`) run the
//! same functions.

mod clock;
mod configuration;
mod counts;
mod crowd;
pub mod fixed;
mod front;
mod gate;
mod hls;
mod media;
mod names;
mod range;
mod signalling;
mod sound;
mod stage;
mod tape;

pub use configuration::configuration;
pub use counts::counts;
pub use crowd::{adts, fmp4, ogg, playlist, response};
pub use front::{announcement, head};
pub use gate::{journal, ticket};
pub use hls::reload;
pub use media::{copies, deframer, packet};
pub use names::names;
pub use range::range;
pub use signalling::{offer, sdpfrag};
pub use sound::opus;
pub use stage::{show_doc, token};
pub use tape::{overlay, payload, record, recovery};

/// Whether a target's parser took these bytes.
pub type Target = fn(&[u8]) -> bool;

/// Every target by its name, which is that of its corpus and of its file in `fuzz_targets/`.
pub const TARGETS: [(&str, Target); 26] = [
    ("adts", adts),
    ("announcement", announcement),
    ("configuration", configuration),
    ("copies", copies),
    ("counts", counts),
    ("deframer", deframer),
    ("fmp4", fmp4),
    ("head", head),
    ("journal", journal),
    ("names", names),
    ("offer", offer),
    ("ogg", ogg),
    ("opus", opus),
    ("overlay", overlay),
    ("packet", packet),
    ("payload", payload),
    ("playlist", playlist),
    ("range", range),
    ("record", record),
    ("recovery", recovery),
    ("reload", reload),
    ("response", response),
    ("sdpfrag", sdpfrag),
    ("show_doc", show_doc),
    ("ticket", ticket),
    ("token", token),
];
