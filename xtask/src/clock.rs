//! The only place of this program that reads the clock.

use std::time::Instant;

/// The monotonic clock, to say how long a step took.
#[expect(clippy::disallowed_methods, reason = "the one place where this program reads the clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
