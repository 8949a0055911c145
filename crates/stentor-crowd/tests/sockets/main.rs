//! The whole engine against tiny servers on real sockets: a sound one is found sound, and each fault by its code.

mod hls;
#[path = "../../src/made.rs"]
mod made;
mod server;
mod streams;
mod tls;

use stentor_crowd::{Arrivals, Bounds, Group, Options, Report, Share, Target, Trust, now_us, run};

/// A short run in which nothing is late unless it never comes.
fn options(url: &str, hls: bool) -> Options {
    Options {
        target: Target::parse(url, hls).expect("a target"),
        trust: Trust::Nobody,
        listeners: 3,
        slow: 0,
        slow_bytes_per_second: 4_000,
        silent: 0,
        arrivals: Arrivals::AtOnce,
        seconds: 2,
        bounds: Bounds { gap_us: 60_000_000, settle_us: 60_000_000, drift_us: 60_000_000 },
        processes: 1,
    }
}

fn report(options: &Options) -> Report {
    options.check().expect("options that make sense");
    let share = Share { process: 0, begin_us: now_us() };
    Report::new("the test's", run(options, share, &mut |_| ()).expect("a run"))
}

/// The codes of what was found, which all three listeners met.
fn codes(group: &Group) -> Vec<&'static str> {
    assert_eq!(group.came, 3);
    assert!(group.faults.values().all(|count| *count == 3), "{:?}", group.faults);
    group.faults.keys().copied().collect()
}

fn milliseconds(seconds: f64) -> u64 {
    (seconds * 1_000.0).round() as u64
}
