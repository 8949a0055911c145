//! What one listener hears: when the first sound came, the gaps between sounds, holes and repeats of the media clock, and
//! whether the sound keeps up with the wall clock.

use serde::{Deserialize, Serialize};

use crate::fault::{Fault, Faults};
use crate::sound::Sound;

/// What counts as a fault, beyond what always does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    /// The longest time between two sounds.
    pub gap_us: u32,
    /// How long a stream takes to show how far ahead of the wall clock it is; at least some intervals.
    pub settle_us: u32,
    /// How far that may change for longer than so long.
    pub drift_us: u32,
}

impl Default for Bounds {
    /// Two intervals of 0.96 s; five of them, within which the best shows how far ahead the stream is; and a change by less
    /// than a chunk of 0.32 s.
    fn default() -> Self {
        Self { gap_us: 1_920_000, settle_us: 4_800_000, drift_us: 250_000 }
    }
}

/// Containers whose clock is not kept in samples round by a sample or so.
const ROUNDING_S: u64 = 1_000;

/// What comes before the first pause of so long is the opening, the burst with which a stream begins. It is over in any case when
/// a stream has had its time to settle.
const OPENING_PAUSE_US: u64 = 100_000;

/// No time yet.
const NEVER: u64 = u64::MAX;

/// One listener's ear. Times are microseconds since the beginning of the run and never fall.
#[derive(Clone, Debug)]
pub(crate) struct Hearing {
    pub(crate) first_us: u64,
    last_us: u64,
    /// The longest time between two sounds.
    pub(crate) gap_us_max: u64,
    /// How many were beyond the bound.
    pub(crate) gaps_over: u32,
    pub(crate) clock: MediaClock,
    is_opening: bool,
    ahead: Ahead,
}

impl Hearing {
    pub(crate) fn new() -> Self {
        Self {
            first_us: NEVER,
            last_us: NEVER,
            gap_us_max: 0,
            gaps_over: 0,
            clock: MediaClock::default(),
            is_opening: true,
            ahead: Ahead::new(),
        }
    }

    /// The first byte of sound has arrived.
    pub(crate) fn begin(&mut self, now_us: u64) {
        if self.first_us == NEVER {
            self.first_us = now_us;
        }
    }

    pub(crate) fn first_us(&self) -> Option<u64> {
        (self.first_us != NEVER).then_some(self.first_us)
    }

    /// A piece of sound is whole. Gives the time since the last one, if there was one.
    pub(crate) fn hear(&mut self, now_us: u64, sound: Sound, bounds: &Bounds) -> Option<u64> {
        self.begin(now_us);
        let gap_us = (self.last_us != NEVER).then(|| now_us.saturating_sub(self.last_us));
        self.gap(gap_us.unwrap_or(0), bounds);
        // Before the sound is added: what a player that began at once has left. What came in the same read was there too.
        if gap_us.is_some_and(|gap_us| gap_us > 0) {
            self.ahead.least(self.clock.heard_us(), now_us.saturating_sub(self.first_us));
        }
        self.clock.hear(sound);
        let is_unsettled = now_us.saturating_sub(self.first_us) < u64::from(bounds.settle_us);
        self.is_opening &= is_unsettled && gap_us.is_none_or(|gap_us| gap_us < OPENING_PAUSE_US);
        // Whoever comes right after a flush and has a late turn in it is ahead with the opening by more than ever again.
        if !self.is_opening {
            self.ahead.settle(self.clock.heard_us(), now_us.saturating_sub(self.first_us), bounds);
        }
        self.last_us = now_us;
        gap_us
    }

    fn gap(&mut self, gap_us: u64, bounds: &Bounds) {
        self.gap_us_max = self.gap_us_max.max(gap_us);
        self.gaps_over = self.gaps_over.saturating_add(u32::from(gap_us > u64::from(bounds.gap_us)));
    }

    /// The listener is gone, or the run is over: what is wrong with what was heard. Whoever was `cut_off` waits no longer.
    pub(crate) fn finish(&mut self, now_us: u64, cut_off: bool, bounds: &Bounds) -> Faults {
        let mut faults = Faults::default();
        if self.first_us == NEVER {
            faults.add(Fault::NoSound);
            return faults;
        }
        let since_us =
            now_us.saturating_sub(if self.last_us == NEVER { self.first_us } else { self.last_us });
        if !cut_off && since_us > u64::from(bounds.gap_us) {
            faults.add(Fault::Stalled);
            self.gap(since_us, bounds);
        }
        let drift_ms = i32::try_from(bounds.drift_us / 1_000).unwrap_or(i32::MAX);
        faults.add_if(Fault::Gap, self.gaps_over > 0);
        faults.add_if(Fault::Hole, self.clock.holes > 0);
        faults.add_if(Fault::Repeat, self.clock.repeats > 0);
        faults.add_if(Fault::Behind, self.behind_ms() > drift_ms);
        // A clock that runs ahead is one that was told so: a rewound reader catches up. Without one, sound came twice.
        let came_twice = !self.clock.has_time && self.ahead.gained_ms() > drift_ms;
        faults.add_if(Fault::Ahead, came_twice);
        faults
    }

    /// How much later the sound is than it once was.
    pub(crate) fn behind_ms(&self) -> i32 {
        self.ahead.lost_ms()
    }

    /// The least that a player had left that began to play with the first byte; below zero it had to wait.
    pub(crate) fn buffer_ms_min(&self) -> i32 {
        if self.ahead.least_ms == i32::MAX { 0 } else { self.ahead.least_ms }
    }
}

/// The media clock as it arrives.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct MediaClock {
    /// Where the next sound should begin, and the rate in which it counts; without a rate that is not known.
    next: u64,
    rate_hz: u32,
    /// Whether the container tells times.
    pub(crate) has_time: bool,
    pub(crate) holes: u32,
    pub(crate) repeats: u32,
    pub(crate) hole_us: u64,
    pub(crate) repeat_us: u64,
    /// Sound that arrived, and the rest of a microsecond, in millionths of a sample.
    pub(crate) media_us: u64,
    rest: u32,
}

impl MediaClock {
    fn hear(&mut self, sound: Sound) {
        let us = |samples: u64| {
            let us = u128::from(samples) * 1_000_000 / u128::from(sound.rate_hz.max(1));
            u64::try_from(us).unwrap_or(u64::MAX)
        };
        // A frame of AAC is no whole number of microseconds, and a day has four million of them.
        let rate_hz = u128::from(sound.rate_hz.max(1));
        let millionths = u128::from(sound.samples) * 1_000_000 + u128::from(self.rest);
        let whole_us = u64::try_from(millionths / rate_hz).unwrap_or(u64::MAX);
        self.media_us = self.media_us.saturating_add(whole_us);
        self.rest = (millionths % rate_hz) as u32;
        let Some(end) = sound.end else { return };
        let start = end.saturating_sub(sound.samples);
        let slack = u64::from(sound.rate_hz) / ROUNDING_S;
        if !sound.begins && self.rate_hz == sound.rate_hz {
            let (hole, repeat) = (start.saturating_sub(self.next), self.next.saturating_sub(start));
            if hole > slack {
                self.holes = self.holes.saturating_add(1);
                self.hole_us = self.hole_us.saturating_add(us(hole));
            } else if repeat > slack {
                self.repeats = self.repeats.saturating_add(1);
                self.repeat_us = self.repeat_us.saturating_add(us(repeat));
            }
        }
        (self.next, self.rate_hz, self.has_time) = (end, sound.rate_hz, true);
    }

    /// The clock begins anew, as announced.
    pub(crate) fn restart(&mut self) {
        self.rate_hz = 0;
    }

    /// The server says itself that something was left out.
    pub(crate) fn leave_out(&mut self, us: u64) {
        self.restart();
        self.holes = self.holes.saturating_add(1);
        self.hole_us = self.hole_us.saturating_add(us);
    }

    /// How far the clock has moved since the first sound.
    fn heard_us(&self) -> u64 {
        // A hole is time that passed, and what came again is not new.
        self.media_us.saturating_add(self.hole_us).saturating_sub(self.repeat_us)
    }
}

/// How far what was heard is ahead of the wall clock, both counted from the first byte. The opening gives a lead, which a
/// sound stream keeps from then on: the best of every few intervals is the same. In milliseconds, which are exact enough and
/// small.
#[derive(Clone, Copy, Debug)]
struct Ahead {
    best_ms: i32,
    first_ms: i32,
    /// The best of the last whole stretch of time, and of the one that is running.
    stretches_ms: [i32; 2],
    stretch: u32,
    least_ms: i32,
}

impl Ahead {
    const fn new() -> Self {
        Self {
            best_ms: i32::MIN,
            first_ms: i32::MIN,
            stretches_ms: [i32::MIN; 2],
            stretch: 0,
            least_ms: i32::MAX,
        }
    }

    fn least(&mut self, heard_us: u64, wall_us: u64) {
        if heard_us > 0 {
            self.least_ms = self.least_ms.min(difference_ms(heard_us, wall_us));
        }
    }

    fn settle(&mut self, heard_us: u64, wall_us: u64, bounds: &Bounds) {
        let ahead_ms = difference_ms(heard_us, wall_us);
        let stretch = u32::try_from(wall_us / u64::from(bounds.settle_us.max(1))).unwrap_or(u32::MAX);
        if stretch != self.stretch {
            let last =
                if stretch == self.stretch.saturating_add(1) { self.stretches_ms[1] } else { i32::MIN };
            self.stretches_ms = [last, i32::MIN];
            self.stretch = stretch;
        }
        self.stretches_ms[1] = self.stretches_ms[1].max(ahead_ms);
        self.best_ms = self.best_ms.max(ahead_ms);
        if stretch == 0 {
            self.first_ms = self.first_ms.max(ahead_ms);
        }
    }

    fn recent_ms(&self) -> i32 {
        self.stretches_ms[0].max(self.stretches_ms[1])
    }

    fn lost_ms(&self) -> i32 {
        self.best_ms.saturating_sub(self.recent_ms()).max(0)
    }

    fn gained_ms(&self) -> i32 {
        if self.first_ms == i32::MIN { 0 } else { self.recent_ms().saturating_sub(self.first_ms).max(0) }
    }
}

fn difference_ms(heard_us: u64, wall_us: u64) -> i32 {
    let signed = |us: u64| i64::try_from(us / 1_000).unwrap_or(i64::MAX);
    let ms = signed(heard_us) - signed(wall_us);
    ms.clamp(i32::MIN.into(), i32::MAX.into()) as i32
}

#[cfg(test)]
mod tests;
