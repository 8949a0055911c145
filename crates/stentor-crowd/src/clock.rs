//! The one file that reads the clock.

use std::fs;

use rustix::time::{ClockId, Timespec, clock_gettime};

/// The machine's monotonic clock, in microseconds: all processes of a crowd read the same time.
pub fn now_us() -> u64 {
    microseconds(clock_gettime(ClockId::Monotonic))
}

/// The CPU time that this process has used, in microseconds.
pub(crate) fn cpu_us() -> u64 {
    microseconds(clock_gettime(ClockId::ProcessCPUTime))
}

/// How long this thread was ready to run and had no CPU, in microseconds, as the scheduler counts it; 0 where it does not.
pub(crate) fn waited_us() -> u64 {
    let counts = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let waited_ns = counts.split_whitespace().nth(1).and_then(|waited| waited.parse::<u64>().ok());
    waited_ns.unwrap_or(0) / 1_000
}

fn microseconds(at: Timespec) -> u64 {
    let (secs, nanos) = (u64::try_from(at.tv_sec), u64::try_from(at.tv_nsec));
    secs.unwrap_or(0) * 1_000_000 + nanos.unwrap_or(0) / 1_000
}
