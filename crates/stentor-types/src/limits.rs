//! Bounds that more than one crate must agree on, each with its arithmetic.

use std::time::Duration;

/// Shows that run at once unless the configuration says otherwise: each has a mixer thread of
/// about 0.1 core, so eight leave most of a two-core machine to listeners.
pub const SHOWS_MAX: usize = 8;

/// People connected to one stage at once. 16 decoders, 16 encoders and 16 jitter buffers of 1 s
/// stay under half a core and 16 × (192 kB + codec state of 100 kB) < 5 MB.
pub const SPEAKERS_PER_SHOW_MAX: usize = 16;

/// Links of one show, used or not: the show's document stays under 64 × 300 B = 19 kB.
pub const LINKS_PER_SHOW_MAX: usize = 64;

/// Links of one use in one show, used or not, besides: those of hands that were said yes to. A caller every half minute
/// for four hours; 512 × 300 B = 154 kB of the show's document.
pub const ONE_USE_LINKS_PER_SHOW_MAX: usize = 512;

/// Characters of a show's name: fits a DNS label, so that a show may get a host name of its own.
pub const SHOW_ID_CHARS_MAX: usize = 63;

/// Characters of a person's name: one line on a phone.
pub const PERSON_NAME_CHARS_MAX: usize = 40;

/// Characters of a show's title: two lines on a phone.
pub const SHOW_TITLE_CHARS_MAX: usize = 120;

/// Characters of a message that a host shows: three lines on a phone.
pub const MESSAGE_CHARS_MAX: usize = 200;

/// Characters of what a listener writes beside a raised hand: the host reads it while talking.
pub const HAND_NOTE_CHARS_MAX: usize = 140;

/// How long the tape's window in memory reaches back: 60 s / 0.32 s = 187.5 chunks. At about
/// 8.5 kB of codec bytes a chunk that is 1.6 MB a show, and the framed copies about as much again
/// for every container and interval in use.
pub const WINDOW_CHUNKS: usize = 188;

/// How long an end can be taken back.
pub const END_UNDO: Duration = Duration::from_secs(30);

/// Doors open this long before the start unless the show says otherwise.
pub const DOORS_BEFORE_START: Duration = Duration::from_secs(30 * 60);

/// Marks carried by one chunk at most; more wait for the next one. Speaking marks come at most
/// five a second, so 0.32 s see two and 16 leave room for everything by hand.
pub const MARKS_PER_CHUNK_MAX: usize = 16;
