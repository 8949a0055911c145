//! The one file of this crate that reads the clock.

use std::time::Instant;

use stentor_webrtc::Timebase;

/// The origin of virtual time: an [`Instant`] cannot be made up.
#[expect(clippy::disallowed_methods, reason = "the one origin of virtual time")]
pub(crate) fn timebase() -> Timebase {
    Timebase::new(Instant::now())
}
