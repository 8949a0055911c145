//! The result of a run, as one JSON document.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::LATE_US;
use crate::fault::Fault;
use crate::histogram::{Bin, Histogram};
use crate::listener::{Kinds, Role};
use crate::tally::{Account, Outcome, Record};

/// Listeners with a fault that are told one by one.
const EXAMPLES_MAX: usize = 8;

/// A process that uses more of its time than this for itself was at its own limit.
const BUSY_SHARE: f64 = 0.9;

/// A process that was ready and had no CPU for more than this share of its time saw much of what came late.
const WAITED_SHARE: f64 = 0.1;

/// What a run has shown. Milliseconds, seconds and microseconds are said in the names.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Version of this document.
    pub version: u32,
    /// What was asked for.
    pub url: String,
    /// No listener met a fault, all came, and the crowd was fast enough to say so.
    pub ok: bool,
    /// Kinds of sound that the server answered with.
    pub kinds: Kinds,
    /// Who reads everything: those who count.
    pub listeners: Group,
    /// Slow readers, if there were any.
    pub slow: Option<Group>,
    /// Silent ones, if there were any.
    pub silent: Option<Group>,
    /// Listeners whose time to come was after the end.
    pub not_come: u32,
    /// All times between two sounds.
    pub gaps_ms: Vec<Bin>,
    /// The crowd itself.
    pub crowd: Crowd,
    /// Some of those who met a fault.
    pub examples: Vec<Example>,
}

/// Listeners of one kind together.
#[derive(Clone, Debug, Serialize)]
pub struct Group {
    /// Who called connect().
    pub came: u32,
    /// Whose connection stood.
    pub connected: u32,
    /// Who heard sound.
    pub heard: u32,
    /// Whose connection stood until the end.
    pub stayed: u32,
    /// How many met each fault, by its code.
    pub faults: BTreeMap<&'static str, u32>,
    /// How many had each status for an answer.
    pub statuses: BTreeMap<String, u32>,
    /// Bytes of bodies.
    pub body_bytes: u64,
    /// Seconds of sound that came.
    pub media_s: f64,
    /// Seconds between first sound and end, of all together.
    pub listener_s: f64,
    /// From connect() until the connection stood.
    pub connected_ms: Quantiles,
    /// From connect() to the first byte of sound.
    pub first_sound_ms: Quantiles,
    /// The same by powers of two.
    pub first_sound_bins: Vec<Bin>,
    /// Each listener's longest time between two sounds.
    pub gap_max_ms: Quantiles,
    /// Times between two sounds beyond the bound.
    pub gaps_over: u64,
    /// Places where the media clock left something out, and how much in all.
    pub holes: u64,
    /// Seconds.
    pub hole_s: f64,
    /// Places where the media clock went back, and how much in all.
    pub repeats: u64,
    /// Seconds.
    pub repeat_s: f64,
    /// How much later each one's sound was at the end than at its best.
    pub behind_ms: Quantiles,
    /// The least that each one's player would have had left.
    pub buffer_min_ms: Quantiles,
    /// From connect() to the connection's end, of those whose ended before the run.
    pub ended_ms: Quantiles,
}

/// Of exact values, sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Quantiles {
    /// How many values.
    pub count: usize,
    /// The least.
    pub min: f64,
    /// The one in the middle.
    pub p50: f64,
    /// Nine of ten are not above.
    pub p90: f64,
    /// 99 of 100.
    pub p99: f64,
    /// 999 of 1,000.
    pub p999: f64,
    /// The most.
    pub max: f64,
}

/// What the crowd cost, and whether it was the bottleneck itself.
#[derive(Clone, Debug, Serialize)]
pub struct Crowd {
    /// How many processes.
    pub processes: usize,
    /// Seconds that the longest ran.
    pub ran_s: f64,
    /// CPU seconds of all.
    pub cpu_s: f64,
    /// CPU for each listener and second of listening.
    pub cpu_us_per_listener_s: f64,
    /// The largest share of a CPU that one used.
    pub busy_share_max: f64,
    /// Seconds that all together were ready and had no CPU: somebody else had it.
    pub waited_s: f64,
    /// The longest turn of a loop: what came may have lain there for so long before it was seen.
    pub turn_ms_max: f64,
    /// Turns that were longer than 100 ms.
    pub turns_late: u32,
    /// How much later than planned a listener came, at most.
    pub arrival_late_ms_max: f64,
    /// Why the figures may be the crowd's own and not the server's; empty if nothing speaks for it.
    pub limited_by: Vec<&'static str>,
}

/// A listener that met a fault.
#[derive(Clone, Debug, Serialize)]
pub struct Example {
    /// Its place in the crowd.
    pub index: u32,
    /// How it read.
    pub role: Role,
    /// What it met.
    pub faults: Vec<&'static str>,
    /// The status of its answer; 0 without one.
    pub status: u16,
    /// In words, where there are any.
    pub why: String,
    /// When it came, in seconds after the beginning.
    pub came_s: f64,
    /// After how many seconds its connection ended, if it did.
    pub ended_s: Option<f64>,
}

impl Report {
    /// Adds everything up.
    pub fn new(url: &str, mut outcome: Outcome) -> Self {
        outcome.records.sort_unstable_by_key(|record| record.index);
        let group = |role| Group::of(outcome.records.iter().filter(|record| record.role == role).collect());
        let listeners = group(Role::Listener).unwrap_or_else(|| Group::sum(&[]));
        let heard_us = outcome.records.iter().map(|record| record.heard_for_us).sum();
        let crowd = Crowd::of(&outcome.engines, heard_us);
        let ok = listeners.faults.is_empty() && outcome.not_come == 0 && crowd.limited_by.is_empty();
        let faulty = outcome.records.iter().filter(|record| !record.faults.is_empty());
        // Those who count come first.
        let (counts, others): (Vec<&Record>, Vec<&Record>) =
            faulty.partition(|record| record.role == Role::Listener);
        let examples = counts.into_iter().chain(others).take(EXAMPLES_MAX).map(Example::of).collect();
        Self {
            version: 1,
            url: url.to_owned(),
            ok,
            kinds: outcome.kinds,
            slow: group(Role::Slow),
            silent: group(Role::Silent),
            listeners,
            not_come: outcome.not_come,
            gaps_ms: outcome.gaps.bins(),
            crowd,
            examples,
        }
    }
}

impl Group {
    fn of(records: Vec<&Record>) -> Option<Self> {
        (!records.is_empty()).then(|| Self::sum(&records))
    }

    fn sum(records: &[&Record]) -> Self {
        let count = |has: &dyn Fn(&Record) -> bool| records.iter().filter(|r| has(r)).count() as u32;
        let quantiles = |of: &dyn Fn(&Record) -> Option<i64>| {
            Quantiles::of_us(records.iter().filter_map(|record| of(record)).collect())
        };
        let total = |of: &dyn Fn(&Record) -> u64| records.iter().map(|record| of(record)).sum::<u64>();
        let heard = |of: i64, record: &Record| record.first_sound_us.map(|_| of);
        let counted = |fault: &Fault| (fault.code(), count(&|record| record.faults.has(*fault)));
        let mut statuses = BTreeMap::new();
        let mut bins = Histogram::default();
        for record in records {
            if record.status != 0 {
                *statuses.entry(record.status.to_string()).or_default() += 1;
            }
            record.first_sound_us.iter().for_each(|us| bins.add(*us));
        }
        Self {
            came: records.len() as u32,
            connected: count(&|record| record.connected_us.is_some()),
            heard: count(&|record| record.first_sound_us.is_some()),
            stayed: count(&|record| record.connected_us.is_some() && record.ended_us.is_none()),
            faults: Fault::ALL.iter().map(counted).filter(|(_, count)| *count > 0).collect(),
            statuses,
            body_bytes: total(&|record| record.body_bytes),
            media_s: seconds(total(&|record| record.media_us)),
            listener_s: seconds(total(&|record| record.heard_for_us)),
            connected_ms: quantiles(&|record| record.connected_us.map(signed)),
            first_sound_ms: quantiles(&|record| record.first_sound_us.map(signed)),
            first_sound_bins: bins.bins(),
            gap_max_ms: quantiles(&|record| heard(signed(record.gap_us_max), record)),
            gaps_over: total(&|record| record.gaps_over.into()),
            holes: total(&|record| record.holes.into()),
            hole_s: seconds(total(&|record| record.hole_us)),
            repeats: total(&|record| record.repeats.into()),
            repeat_s: seconds(total(&|record| record.repeat_us)),
            behind_ms: quantiles(&|record| heard(i64::from(record.behind_ms) * 1_000, record)),
            buffer_min_ms: quantiles(&|record| heard(i64::from(record.buffer_ms_min) * 1_000, record)),
            ended_ms: quantiles(&|record| record.ended_us.map(signed)),
        }
    }
}

impl Quantiles {
    fn of_us(mut values: Vec<i64>) -> Self {
        values.sort_unstable();
        let count = values.len();
        // The least value that so many thousandths are not above (nearest rank).
        let at = |thousandths: usize| {
            let rank = (count * thousandths).div_ceil(1_000).max(1);
            values.get(rank - 1).map_or(0.0, |&us| us as f64 / 1_000.0)
        };
        Self { count, min: at(0), p50: at(500), p90: at(900), p99: at(990), p999: at(999), max: at(1_000) }
    }
}

impl Crowd {
    fn of(engines: &[Account], heard_us: u64) -> Self {
        let max = |of: fn(&Account) -> u64| engines.iter().map(of).max().unwrap_or(0);
        let cpu_us: u64 = engines.iter().map(|engine| engine.cpu_us).sum();
        let busy = engines.iter().map(|engine| engine.cpu_us as f64 / engine.ran_us.max(1) as f64);
        let busy_share_max = busy.fold(0.0, f64::max);
        let (turn_us_max, late_us_max) = (max(|e| e.turn_us_max), max(|e| e.arrival_late_us_max));
        let waited =
            engines.iter().any(|engine| engine.waited_us as f64 > WAITED_SHARE * engine.ran_us as f64);
        let limits = [
            ("busy", busy_share_max > BUSY_SHARE),
            ("waited", waited),
            ("late_turns", turn_us_max > LATE_US),
            ("late_arrivals", late_us_max > LATE_US),
        ];
        Self {
            processes: engines.len(),
            ran_s: seconds(max(|engine| engine.ran_us)),
            cpu_s: seconds(cpu_us),
            cpu_us_per_listener_s: if heard_us == 0 { 0.0 } else { cpu_us as f64 * 1e6 / heard_us as f64 },
            busy_share_max,
            waited_s: seconds(engines.iter().map(|engine| engine.waited_us).sum()),
            turn_ms_max: turn_us_max as f64 / 1_000.0,
            turns_late: engines.iter().map(|engine| engine.turns_late).sum(),
            arrival_late_ms_max: late_us_max as f64 / 1_000.0,
            limited_by: limits.into_iter().filter(|(_, is_so)| *is_so).map(|(why, _)| why).collect(),
        }
    }
}

impl Example {
    fn of(record: &Record) -> Self {
        let faults = Fault::ALL.iter().filter(|fault| record.faults.has(**fault));
        Self {
            index: record.index,
            role: record.role,
            faults: faults.map(|fault| fault.code()).collect(),
            status: record.status,
            why: record.why.clone(),
            came_s: seconds(record.came_us),
            ended_s: record.ended_us.map(seconds),
        }
    }
}

fn seconds(us: u64) -> f64 {
    us as f64 / 1e6
}

fn signed(us: u64) -> i64 {
    i64::try_from(us).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_occurred() {
        let quantiles = Quantiles::of_us((1..=1_000).rev().map(|ms| ms * 1_000).collect());
        assert_eq!(
            quantiles,
            Quantiles {
                count: 1_000,
                min: 1.0,
                p50: 500.0,
                p90: 900.0,
                p99: 990.0,
                p999: 999.0,
                max: 1_000.0
            }
        );
        assert_eq!(Quantiles::of_us(vec![]), Quantiles::default());
        assert_eq!(Quantiles::of_us(vec![7_000]).p99, 7.0);
    }
}
