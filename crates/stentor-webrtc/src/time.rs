//! The way between our monotonic time and the one str0m wants.

use std::time::{Duration, Instant};

use stentor_types::Mono;

/// The [`Instant`] at which the shell's [`Mono`] was zero. Only the shell can make one, since it
/// takes a look at the clock; with it, both times convert into each other without another look.
#[derive(Clone, Copy, Debug)]
pub struct Timebase {
    origin: Instant,
}

impl Timebase {
    /// The timebase whose zero is `origin`.
    pub const fn new(origin: Instant) -> Self {
        Self { origin }
    }

    /// The instant of `at`. A time that no `Instant` can hold, some 500,000 years on, is our own bug.
    pub fn instant(self, at: Mono) -> Instant {
        self.origin.checked_add(Duration::from_micros(at.0)).expect("a Mono lies within the clock's reach")
    }

    /// The monotonic time of `at`, rounded up to a microsecond so that a deadline is never woken for
    /// too early; zero if `at` lies before the origin.
    pub fn mono(self, at: Instant) -> Mono {
        let since = at.saturating_duration_since(self.origin).as_nanos().div_ceil(1000);
        Mono(u64::try_from(since).unwrap_or(u64::MAX))
    }
}
