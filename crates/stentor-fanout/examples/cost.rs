//! What the fan-out costs beside the system call: nanoseconds of CPU time for each listener and flush, poll_output and
//! sent together, without a socket. Run it with `--release`.

use std::time::Duration;

use bytes::Bytes;
use stentor_fanout::{Coding, Fanout, FeedId, FeedSpec, Joining, Limits, Output, Pace, Piece};
use stentor_types::{Mono, Slot};

/// 0.96 s at 32 kbps.
const SLOTS: u64 = 3;
const PIECE_BYTES: usize = 4_000;

/// Within the 30 s after which who takes nothing is moved.
const FLUSHES: u64 = 30;
const INTERVAL: Duration = Duration::from_millis(960);

fn main() {
    println!(
        "CPU time for each listener and flush of {SLOTS} slots, medians of 99 rounds of {FLUSHES} flushes:"
    );
    for listeners in [5_000, 15_000] {
        for (name, feeds, silent) in
            [("one feed", 1, 0), ("eight feeds", 8, 0), ("one feed, a fifteenth of them full", 1, 15)]
        {
            let mut rounds: Vec<f64> =
                (0..99).map(|_| Evening::new(listeners, feeds, silent).nanos()).collect();
            rounds.sort_by(f64::total_cmp);
            println!("{listeners:>6} listeners, {name}: {:.1} ns", rounds[49]);
        }
    }
}

struct Evening {
    fanout: Fanout,
    feeds: Vec<FeedId>,
    now: Mono,
    next: u64,
    listeners: u64,
    /// One in so many takes nothing.
    silent: usize,
}

impl Evening {
    fn new(listeners: usize, feeds: usize, silent: usize) -> Self {
        let mut fanout = Fanout::new(Limits::default());
        let spec =
            FeedSpec { slots: SLOTS, bytes_per_s: 4_200, next: Slot(0), burst_groups: 5, is_over: false };
        let feeds: Vec<FeedId> = (0..feeds).map(|_| fanout.open(spec).expect("there is room")).collect();
        let now = Mono(0);
        let opening = Bytes::from(vec![0; 5 * PIECE_BYTES]);
        for n in 0..listeners {
            let (first, next) = (Slot(0), Slot(0));
            let (coding, pace) = (Coding::Chunked, Pace::Live);
            let joining = Joining { opening: opening.clone(), first, next, coding, pace };
            fanout.join(now, feeds[n % feeds.len()], joining).expect("there is room");
        }
        let mut evening = Self { fanout, feeds, now, next: 0, listeners: listeners as u64, silent: 0 };
        while evening.drain() <= evening.now {}
        evening.silent = silent;
        evening
    }

    fn nanos(mut self) -> f64 {
        let piece = Bytes::from(vec![0; PIECE_BYTES]);
        let mut spent = Duration::ZERO;
        for _ in 0..FLUSHES {
            spent += cpu_time(|| self.flush(&piece));
        }
        spent.as_nanos() as f64 / (FLUSHES * self.listeners) as f64
    }

    /// One interval, as the shell drives it.
    fn flush(&mut self, piece: &Bytes) {
        let start = self.now;
        for &feed in &self.feeds {
            let piece = Piece { group: Slot(self.next), bytes: piece.clone(), bare: 6..PIECE_BYTES - 2 };
            self.fanout.publish(self.now, feed, piece);
        }
        loop {
            let at = self.drain();
            if at >= start + INTERVAL {
                break;
            }
            self.now = self.now.max(at);
        }
        self.now = start + INTERVAL;
        self.next += SLOTS;
    }

    fn drain(&mut self) -> Mono {
        loop {
            match self.fanout.poll_output(self.now) {
                Output::Send { id, bytes } => {
                    let is_silent = self.silent > 0 && id.index() % self.silent == 0;
                    let taken = if is_silent { 0 } else { std::hint::black_box(bytes).len() };
                    self.fanout.sent(self.now, id, taken);
                }
                Output::Timeout(at) => return at,
                other => panic!("{other:?}"),
            }
        }
    }
}

/// Nanoseconds of this thread on the CPU, as the scheduler counts them.
fn cpu_time(work: impl FnOnce()) -> Duration {
    let read = || {
        let schedstat = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
        let nanos = schedstat.split_whitespace().next().and_then(|field| field.parse().ok());
        Duration::from_nanos(nanos.expect("nanoseconds on the CPU come first"))
    };
    let before = read();
    work();
    read() - before
}
