//! Steps with names and times, and the one line at the end.

use std::fmt;
use std::io::{self, Write as _};
use std::ops::AddAssign;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::Result;

use crate::child::Ran;
use crate::clock;

/// Lines of a failed step that are shown; its log has all of them.
const SHOWN_LINES_MAX: usize = 120;

/// How many checks held and how many did not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Held.
    pub(crate) passed: u64,
    /// Did not hold.
    pub(crate) failed: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// What a step found: its counts, and what to show if something failed.
pub(crate) struct Outcome {
    /// The counts.
    pub(crate) tally: Tally,
    /// Why it failed, for people.
    pub(crate) explanation: String,
}

impl Outcome {
    /// One check that held, or did not and says why.
    pub(crate) fn check(holds: bool, explanation: impl Into<String>) -> Self {
        let tally = Tally { passed: u64::from(holds), failed: u64::from(!holds) };
        Self { tally, explanation: explanation.into() }
    }

    /// A child that counts its tests itself, `count` reading them from its output. One that failed
    /// without a failed test (it did not compile, it crashed) or that ran no test is itself a failure.
    pub(crate) fn counted(ran: Ran, count: impl Fn(&str) -> Tally) -> Self {
        let mut tally = count(&ran.output);
        if tally.failed == 0 && (!ran.ok || tally.passed == 0) {
            tally.failed = 1;
        }
        Self { tally, explanation: ran.output }
    }
}

impl From<Ran> for Outcome {
    fn from(ran: Ran) -> Self {
        Self::check(ran.ok, ran.output)
    }
}

/// Runs steps and adds them up.
pub(crate) struct Report {
    filters: Vec<String>,
    total: Tally,
}

impl Report {
    /// A report of the steps whose names contain one of these; of all steps if there are none.
    pub(crate) fn new(filters: &[String]) -> Self {
        Self { filters: filters.to_vec(), total: Tally::default() }
    }

    /// Whether a step of this name is wanted.
    pub(crate) fn wants(&self, name: &str) -> bool {
        self.filters.is_empty() || self.filters.iter().any(|filter| name.contains(filter.as_str()))
    }

    /// Runs the step if it is wanted. An error is a failed check: the steps after it run all the same.
    pub(crate) fn step(&mut self, name: &str, run: impl FnOnce() -> Result<Outcome>) {
        if !self.wants(name) {
            return;
        }
        self.total += run_and_show(name, run);
    }

    /// Runs steps that do not disturb each other, `lanes` at a time, in this order. All of them are wanted.
    pub(crate) fn beside<T: Sync>(
        &mut self,
        lanes: usize,
        steps: &[(String, T)],
        run: impl Fn(&str, &T) -> Result<Outcome> + Sync,
    ) {
        let next = AtomicUsize::new(0);
        let lane = || {
            let mut tally = Tally::default();
            while let Some((name, about)) = steps.get(next.fetch_add(1, Ordering::Relaxed)) {
                tally += run_and_show(name, || run(name, about));
            }
            tally
        };
        thread::scope(|scope| {
            let lanes: Vec<_> = (0..lanes).map(|_| scope.spawn(lane)).collect();
            for lane in lanes {
                let died = Tally { passed: 0, failed: 1 };
                self.total += lane.join().unwrap_or(died);
            }
        });
    }

    /// Prints the closing line; `true` if something was checked and all of it held.
    pub(crate) fn close(self) -> bool {
        println!("{}", self.total);
        self.total.failed == 0 && self.total.passed > 0
    }
}

fn run_and_show(name: &str, run: impl FnOnce() -> Result<Outcome>) -> Tally {
    let began = clock::now();
    let outcome = run().unwrap_or_else(|error| Outcome::check(false, format!("{error:#}")));
    let took = clock::now().saturating_duration_since(began).as_secs_f64();
    show(name, &outcome, took);
    outcome.tally
}

/// One line for a step that held; what it says of itself for one that did not.
fn show(name: &str, outcome: &Outcome, took_s: f64) {
    // Whole blocks only, because steps may run beside each other.
    let mut out = io::stdout().lock();
    let _ = out.write_all(block(name, outcome, took_s).as_bytes());
}

fn block(name: &str, outcome: &Outcome, took_s: f64) -> String {
    let Tally { passed, failed } = outcome.tally;
    if failed == 0 {
        return format!("ok    {name:<32} {passed:>5}          {took_s:>7.1} s\n");
    }
    let mut text = format!("FAIL  {name:<32} {passed:>5}, {failed} failed {took_s:>7.1} s\n");
    let lines: Vec<&str> = outcome.explanation.trim_end().lines().collect();
    let hidden = lines.len().saturating_sub(SHOWN_LINES_MAX);
    if hidden > 0 {
        text += &format!("      … {hidden} lines before these are in target/xtask/\n");
    }
    for line in &lines[hidden..] {
        text += &format!("      {line}\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_that_counts_nothing_has_failed() {
        let ran = |ok| Ran { ok, output: String::new() };
        let count = |passed| move |_: &str| Tally { passed, failed: 0 };
        assert_eq!(Outcome::counted(ran(true), count(3)).tally, Tally { passed: 3, failed: 0 });
        assert_eq!(Outcome::counted(ran(true), count(0)).tally, Tally { passed: 0, failed: 1 });
        assert_eq!(Outcome::counted(ran(false), count(3)).tally, Tally { passed: 3, failed: 1 });
    }

    #[test]
    fn an_error_is_a_failed_check_and_an_empty_report_is_no_success() {
        let mut report = Report::new(&["wanted".to_owned()]);
        report.step("other", || unreachable!("it is filtered out"));
        report.step("wanted", || anyhow::bail!("no luck"));
        assert_eq!(report.total, Tally { passed: 0, failed: 1 });
        assert!(!report.close());
        assert!(!Report::new(&[]).close());
    }

    #[test]
    fn steps_beside_each_other_all_run_once_and_are_all_counted() {
        let mut report = Report::new(&[]);
        let steps: Vec<(String, u64)> = (1..=20).map(|n| (format!("step {n}"), n)).collect();
        report.beside(3, &steps, |_, n| match n % 5 {
            0 => anyhow::bail!("no luck"),
            _ => Ok(Outcome { tally: Tally { passed: *n, failed: 0 }, explanation: String::new() }),
        });
        assert_eq!(report.total, Tally { passed: 210 - 50, failed: 4 });
    }
}
