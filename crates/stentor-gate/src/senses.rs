//! From what a machine has counted to what a node feels.
//!
//! Once a second a shell reads counters and says nothing of what they mean. Counters only rise: one that is smaller than before
//! belongs to something that began anew, and tells nothing of the second between.

use std::collections::VecDeque;
use std::time::Duration;

use stentor_types::Mono;

use crate::gauges::Gauges;

/// Over how long losses and segments that are sent again are reckoned: sockets are looked at in turns, each once in so long.
pub const LOOK_BACK: Duration = Duration::from_secs(10);

/// Readings that are kept: one a second, and a few for a shell that is in a hurry.
const READINGS_MAX: usize = 16;

/// Full handshakes of TLS that a thread of the front door makes in a second with half of its core: with ECDSA all of it makes 4,000.
pub const HANDSHAKES_PER_THREAD: f32 = 2_000.0;

/// Listeners on bad lines that are nobody's sign: ten people on trains lose as much when all is well here.
pub const BAD_LINES: u32 = 10;

/// Segments that a listener gets within [`LOOK_BACK`], which a bad line may all need twice: three each 0.96 s at 32 kbit/s.
const SEGMENTS_PER_LINE: u64 = 30;

/// Chunks that a listener loses within [`LOOK_BACK`] who is moved to live: 30 s of lag are 94 of 0.32 s.
const CHUNKS_PER_LINE: u64 = 94;

/// What a shell reads of its machine.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Readings {
    /// Time that each thread of the front door was on a core, in µs. A counter each.
    pub threads_us: Vec<u64>,
    /// Time that the whole process was on cores, in µs. A counter.
    pub process_us: u64,
    /// How many cores the process may use, if there is a quota.
    pub quota_cores: Option<f32>,
    /// How late the latest turn of a flush was since the last reading, in intervals.
    pub lateness: f32,
    /// Bytes that were sent to listeners. A counter.
    pub sent_bytes: u64,
    /// Bytes that would have been sent if everybody had the rendition that they asked for. A counter.
    pub wanted_bytes: u64,
    /// What may be sent, in bit/s, if somebody said that.
    pub egress_max_bps: Option<f32>,
    /// Listeners, and those of them whose sockets take no more.
    pub listeners: u32,
    /// See [`Readings::listeners`].
    pub blocked: u32,
    /// Segments that were sent, and those that were sent again, at the sockets that were looked at. Counters.
    pub segments: u64,
    /// See [`Readings::segments`].
    pub resent: u64,
    /// Chunks that listeners were to get, and those that they lost. Counters.
    pub chunks: u64,
    /// See [`Readings::chunks`].
    pub lost: u64,
    /// Handshakes of TLS. A counter.
    pub handshakes: u64,
    /// Descriptors that are in use, of those that there are.
    pub descriptors: f32,
    /// Kernel memory of sockets, of what there is.
    pub memory: f32,
    /// Seats that are taken, who waits for one, and how many there are.
    pub taken: u32,
    /// See [`Readings::taken`].
    pub waiting: u32,
    /// See [`Readings::taken`].
    pub cap: u32,
}

/// The readings of the last seconds.
///
/// **Contract:** call [`Senses::feel`] about once a second, as often as the ladder is stepped.
#[derive(Debug, Default)]
pub struct Senses(VecDeque<(Mono, Readings)>);

impl Senses {
    /// What the node measures, by what was read now. The first time nothing is known that takes two readings.
    pub fn feel(&mut self, now: Mono, readings: Readings) -> Gauges {
        while self.0.get(1).is_some_and(|(at, _)| now.saturating_since(*at) >= LOOK_BACK) {
            self.0.pop_front();
        }
        if self.0.len() == READINGS_MAX {
            self.0.pop_front();
        }
        let (first, last) = (self.0.front(), self.0.back());
        let gauges = gauges(now, first.map(|(_, first)| first), last, &readings);
        self.0.push_back((now, readings));
        gauges
    }
}

fn gauges(now: Mono, first: Option<&Readings>, last: Option<&(Mono, Readings)>, read: &Readings) -> Gauges {
    let since = |counter: fn(&Readings) -> u64| {
        last.map_or(0, |(_, last)| counter(read).saturating_sub(counter(last)))
    };
    let over =
        |counter: fn(&Readings) -> u64| first.map_or(0, |first| counter(read).saturating_sub(counter(first)));
    // Two readings at once would make a rate of nothing.
    let elapsed_s = last.map_or(1.0, |(at, _)| now.saturating_since(*at).as_secs_f32()).max(0.1);
    let per_s = |counter| since(counter) as f32 / elapsed_s;
    let beyond = |bad: u64, per_line: u64, all: u64| {
        share(bad.saturating_sub(u64::from(BAD_LINES) * per_line) as f32, all as f32)
    };
    Gauges {
        processor: processor(elapsed_s, last.map(|(_, last)| last), read),
        lateness: read.lateness,
        egress_bps: per_s(|read| read.sent_bytes) * 8.0,
        egress_wanted_bps: per_s(|read| read.wanted_bytes) * 8.0,
        egress_max_bps: read.egress_max_bps,
        blocked: beyond(read.blocked.into(), 1, read.listeners.into()),
        resent: beyond(over(|read| read.resent), SEGMENTS_PER_LINE, over(|read| read.segments)),
        descriptors: read.descriptors,
        memory: read.memory,
        handshakes: per_s(|read| read.handshakes)
            / (HANDSHAKES_PER_THREAD * read.threads_us.len().max(1) as f32),
        taken: read.taken,
        waiting: read.waiting,
        cap: read.cap,
        lost: beyond(over(|read| read.lost), CHUNKS_PER_LINE, over(|read| read.chunks)),
    }
}

/// The busiest thread of its core, or the process of its quota: a thread that has to wait for the quota is never seen at
/// all of a core.
fn processor(elapsed_s: f32, last: Option<&Readings>, read: &Readings) -> f32 {
    let Some(last) = last else { return 0.0 };
    let cores = |used: u64, before: u64| used.saturating_sub(before) as f32 / 1e6 / elapsed_s;
    let threads = read.threads_us.iter().zip(&last.threads_us).map(|(&used, &before)| cores(used, before));
    let quota = read.quota_cores.map(|quota| share(cores(read.process_us, last.process_us), quota));
    threads.chain(quota).fold(0.0, f32::max)
}

fn share(part: f32, whole: f32) -> f32 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn s(s: u64) -> Mono {
        Mono(s * 1_000_000)
    }

    /// Three seconds of a node that does the same in each, from which the last is told.
    fn felt(each: impl Fn(u64) -> Readings) -> Gauges {
        let mut senses = Senses::default();
        (0..3).map(|n| senses.feel(s(n), each(n))).last().expect("three")
    }

    #[test]
    fn counters_become_rates() {
        let gauges = felt(|n| Readings {
            threads_us: vec![n * 400_000, n * 700_000],
            sent_bytes: n * 1_000_000,
            wanted_bytes: n * 1_500_000,
            handshakes: n * 1_000,
            ..Readings::default()
        });
        assert!((gauges.processor - 0.7).abs() < 1e-4, "the busiest thread counts: {gauges:?}");
        assert!((gauges.egress_bps - 8e6).abs() < 1.0 && (gauges.egress_wanted_bps - 12e6).abs() < 1.0);
        assert!((gauges.handshakes - 0.25).abs() < 1e-4, "of both threads: {gauges:?}");
    }

    #[test]
    fn a_thread_that_waits_for_a_quota_is_full_below_a_whole_core() {
        let used =
            |n| Readings { threads_us: vec![n * 250_000], process_us: n * 290_000, ..Readings::default() };
        assert!(felt(used).processor < 0.3);
        let gauges = felt(|n| Readings { quota_cores: Some(0.3), ..used(n) });
        assert!(gauges.processor > 0.95, "{gauges:?}");
    }

    #[test]
    fn some_bad_lines_are_not_ours() {
        let on_trains = |listeners| {
            felt(|n| Readings {
                listeners,
                blocked: BAD_LINES,
                segments: n * u64::from(listeners) * 3,
                resent: n * u64::from(BAD_LINES) * 3,
                chunks: n * u64::from(listeners) * 3,
                lost: n * 100,
                ..Readings::default()
            })
        };
        for listeners in [BAD_LINES, 1_000] {
            let Gauges { blocked, resent, lost, .. } = on_trains(listeners);
            assert_eq!([blocked, resent, lost], [0.0; 3], "{listeners} listeners");
        }
        let full = felt(|n| Readings {
            listeners: 1_000,
            blocked: 200,
            segments: n * 3_000,
            resent: n * 900,
            ..Readings::default()
        });
        assert!(full.blocked > 0.15 && full.resent > 0.2, "{full:?}");
    }

    #[test]
    fn what_was_lost_is_remembered_for_ten_seconds() {
        let mut senses = Senses::default();
        let mut lost = Vec::new();
        for n in 0..40 {
            let bad = if n < 10 { n * 1_000 } else { 10_000 };
            let read = Readings { chunks: n * 30_000, lost: bad, ..Readings::default() };
            lost.push(senses.feel(s(n), read).lost);
        }
        assert!(lost[11] > 0.02 && lost[25] <= 0.0, "{lost:?}");
    }

    proptest! {
        /// Whatever is read, in whatever order: shares are numbers, none is negative, and little is remembered.
        #[test]
        fn every_reading_is_borne(reads in prop::collection::vec((0..30u64, any::<[u64; 8]>(), any::<[u32; 3]>()), 1..80)) {
            let mut senses = Senses::default();
            let mut at = 0;
            for (later, counters, counts) in reads {
                at += later;
                let [first, second, process_us, sent_bytes, segments, resent, chunks, lost] = counters;
                let [listeners, blocked, cap] = counts;
                let gauges = senses.feel(Mono(at * 100_000), Readings {
                    threads_us: vec![first, second],
                    process_us,
                    quota_cores: Some(0.0),
                    sent_bytes,
                    listeners,
                    blocked,
                    segments,
                    resent,
                    chunks,
                    lost,
                    cap,
                    ..Readings::default()
                });
                let shares = [gauges.processor, gauges.egress_bps, gauges.blocked, gauges.resent, gauges.lost];
                prop_assert!(shares.iter().all(|share| share.is_finite() && *share >= 0.0), "{:?}", gauges);
                prop_assert!(senses.0.len() <= READINGS_MAX);
            }
        }
    }
}
