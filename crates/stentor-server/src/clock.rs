//! The only file of this crate that reads a clock.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use stentor_types::{Mono, Now, Wall};

/// Where the monotonic clock of a core begins. Not at zero, so that a core may subtract a few
/// minutes from its first time.
const BEFORE_ORIGIN: Duration = Duration::from_secs(3600);

/// Both clocks, counted from the moment this was made. Copies agree with each other.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: Instant,
}

impl Clock {
    /// A clock that begins now.
    #[expect(clippy::disallowed_methods, reason = "this is the file that may")]
    pub fn start() -> Self {
        Self { origin: Instant::now() }
    }

    /// Both clocks, read together.
    pub fn now(&self) -> Now {
        Now { mono: self.mono(), wall: self.wall() }
    }

    /// The monotonic clock.
    #[expect(clippy::disallowed_methods, reason = "this is the file that may")]
    pub fn mono(&self) -> Mono {
        self.mono_of(Instant::now())
    }

    /// The wall clock. Before 1970 counts as 1970.
    #[expect(clippy::disallowed_methods, reason = "this is the file that may")]
    pub fn wall(&self) -> Wall {
        Wall(0).plus(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
    }

    /// The core's name for an instant of the system.
    pub fn mono_of(&self, instant: Instant) -> Mono {
        Mono(0) + BEFORE_ORIGIN + instant.saturating_duration_since(self.origin)
    }

    /// The instant at which a timer has to fire for a core's time; for times before the clock
    /// began, its beginning.
    pub fn instant(&self, at: Mono) -> Instant {
        self.origin + at.saturating_since(Mono(0) + BEFORE_ORIGIN)
    }

    /// The same for timers of the runtime.
    pub fn deadline(&self, at: Mono) -> tokio::time::Instant {
        tokio::time::Instant::from_std(self.instant(at))
    }

    /// CPU time that the calling thread has used, in microseconds.
    pub fn thread_cpu_us(&self) -> u64 {
        let used = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        let (secs, nanos) = (u64::try_from(used.tv_sec), u64::try_from(used.tv_nsec));
        secs.unwrap_or(0) * 1_000_000 + nanos.unwrap_or(0) / 1000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_and_core_times_name_the_same_moments() {
        let clock = Clock::start();
        let later = clock.mono() + Duration::from_secs(5);
        assert_eq!(clock.mono_of(clock.instant(later)), later);
        assert_eq!(clock.deadline(later).into_std(), clock.instant(later));
        assert_eq!(clock.instant(Mono(0)), clock.instant(Mono(0) + BEFORE_ORIGIN));
    }

    #[test]
    fn neither_clock_nor_cpu_time_goes_back() {
        let clock = Clock::start();
        let (before, cpu_before) = (clock.now(), clock.thread_cpu_us());
        assert!(before.wall > Wall(1_700_000_000_000), "a machine of our time");
        assert!(clock.mono() >= before.mono && clock.thread_cpu_us() >= cpu_before);
    }
}
