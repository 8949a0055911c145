//! Steps with names and times, and the one line at the end.

use std::fmt;
use std::io::{self, Write as _};
use std::ops::AddAssign;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::Result;

use crate::child::Ran;
use crate::clock;
use crate::dialect::Dialect;

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
#[derive(Default)]
pub(crate) struct Outcome {
    /// The counts.
    pub(crate) tally: Tally,
    /// The tests that failed, by name, of a step that consists of tests.
    pub(crate) failed: Vec<String>,
    /// Why it failed, for people.
    pub(crate) explanation: String,
    /// Processor time that it took with all that it started, in seconds, if that was measured.
    pub(crate) cpu_s: Option<f64>,
}

impl Outcome {
    /// One check that held, or did not and says why.
    pub(crate) fn check(holds: bool, explanation: impl Into<String>) -> Self {
        let tally = Tally { passed: u64::from(holds), failed: u64::from(!holds) };
        Self { tally, explanation: explanation.into(), ..Self::default() }
    }

    /// A child that counts its tests itself, in this dialect. One that failed without a failed test (it did not
    /// compile, it crashed) or that ran no test is itself a failure.
    pub(crate) fn counted(ran: Ran, dialect: Dialect) -> Self {
        let mut tally = dialect.tally(&ran.output);
        if tally.failed == 0 && (!ran.ok || tally.passed == 0) {
            tally.failed = 1;
        }
        let mut failed = dialect.failed(&ran.output);
        // Somebody who crashed has no name: then none is told, so that nobody takes the names for all of it.
        if !dialect.is_whole(&ran.output)
            || failed.len() as u64 != tally.failed && dialect == Dialect::Libtest
        {
            failed.clear();
        }
        let explanation = dialect.reasons(&ran.output).unwrap_or(ran.output);
        Self { tally, failed, explanation, cpu_s: None }
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
    /// What failed and still does: the step and its tests.
    failed: Vec<String>,
    /// What failed beside others and held alone.
    held_alone: Vec<String>,
}

/// A step that failed beside others.
pub(crate) struct Failed {
    /// Its place in the list of steps.
    pub(crate) step: usize,
    /// What it found.
    pub(crate) outcome: Outcome,
}

impl Report {
    /// A report of the steps whose names contain one of these; of all steps if there are none.
    pub(crate) fn new(filters: &[String]) -> Self {
        Self {
            filters: filters.to_vec(),
            total: Tally::default(),
            failed: Vec::new(),
            held_alone: Vec::new(),
        }
    }

    /// Whether a step of this name is wanted.
    pub(crate) fn wants(&self, name: &str) -> bool {
        self.filters.is_empty() || self.filters.iter().any(|filter| name.contains(filter.as_str()))
    }

    /// Runs the step if it is wanted. An error is a failed check: the steps after it run all the same.
    pub(crate) fn step(&mut self, name: &str, run: impl FnOnce() -> Result<Outcome>) {
        if self.wants(name) {
            let outcome = run_and_show(name, run);
            self.add(name, &outcome);
        }
    }

    /// Runs steps that do not disturb each other, `lanes` at a time, in this order. All of them are wanted. Those that
    /// failed are not counted yet: they come back, for [`Report::add`] or [`Report::held_alone`].
    pub(crate) fn beside<T: Sync>(
        &mut self,
        lanes: usize,
        steps: &[(String, T)],
        run: impl Fn(&str, &T) -> Result<Outcome> + Sync,
    ) -> Vec<Failed> {
        let next = AtomicUsize::new(0);
        let lane = || {
            let mut held = Tally::default();
            let mut failed = Vec::new();
            loop {
                let step = next.fetch_add(1, Ordering::Relaxed);
                let Some((name, about)) = steps.get(step) else { break };
                let outcome = run_and_show(name, || run(name, about));
                match outcome.tally.failed {
                    0 => held += outcome.tally,
                    _ => failed.push(Failed { step, outcome }),
                }
            }
            (held, failed)
        };
        thread::scope(|scope| {
            let lanes: Vec<_> = (0..lanes).map(|_| scope.spawn(lane)).collect();
            let mut failed = Vec::new();
            for lane in lanes {
                match lane.join() {
                    Ok((held, mut of_lane)) => {
                        self.total += held;
                        failed.append(&mut of_lane);
                    }
                    Err(_) => self.add("a lane of steps", &Outcome::check(false, "")),
                }
            }
            failed
        })
    }

    /// Counts what a step found.
    pub(crate) fn add(&mut self, name: &str, outcome: &Outcome) {
        self.total += outcome.tally;
        if outcome.tally.failed > 0 {
            self.failed.push(with_tests(name, outcome));
        }
    }

    /// Counts a step that failed beside others and held when it had the machine for itself. The closing lines name it.
    pub(crate) fn held_alone(&mut self, name: &str, first: &Outcome, alone: Tally) {
        self.total += alone;
        self.held_alone.push(with_tests(name, first));
    }

    /// Prints the closing lines; `true` if something was checked and all of it held.
    pub(crate) fn close(self) -> bool {
        for line in self.held_alone {
            println!("held only alone: {line}");
        }
        for line in self.failed {
            println!("failed: {line}");
        }
        println!("{}", self.total);
        self.total.failed == 0 && self.total.passed > 0
    }
}

fn with_tests(name: &str, outcome: &Outcome) -> String {
    if outcome.failed.is_empty() { name.to_owned() } else { format!("{name}: {}", outcome.failed.join("; ")) }
}

/// Runs a step and prints what it found. An error is a failed check.
pub(crate) fn run_and_show(name: &str, run: impl FnOnce() -> Result<Outcome>) -> Outcome {
    let began = clock::now();
    let outcome = run().unwrap_or_else(|error| Outcome::check(false, format!("{error:#}")));
    let took = clock::now().saturating_duration_since(began).as_secs_f64();
    show(name, &outcome, took);
    outcome
}

/// One line for a step that held; what it says of itself for one that did not.
fn show(name: &str, outcome: &Outcome, took_s: f64) {
    // Whole blocks only, because steps may run beside each other.
    let mut out = io::stdout().lock();
    let _ = out.write_all(block(name, outcome, took_s).as_bytes());
}

fn block(name: &str, outcome: &Outcome, took_s: f64) -> String {
    let Tally { passed, failed } = outcome.tally;
    let cpu = outcome.cpu_s.map_or_else(String::new, |cpu_s| format!(", {cpu_s:.0} s of CPU"));
    if failed == 0 {
        return format!("ok    {name:<32} {passed:>5}          {took_s:>7.1} s{cpu}\n");
    }
    let mut text = format!("FAIL  {name:<32} {passed:>5}, {failed} failed {took_s:>7.1} s{cpu}\n");
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
        let tally =
            |ok, output: &str| Outcome::counted(Ran { ok, output: output.to_owned() }, Dialect::Tap).tally;
        assert_eq!(tally(true, "# pass 3\n"), Tally { passed: 3, failed: 0 });
        assert_eq!(tally(true, ""), Tally { passed: 0, failed: 1 });
        assert_eq!(tally(false, "# pass 3\n"), Tally { passed: 3, failed: 1 });
    }

    #[test]
    fn an_error_is_a_failed_check_and_an_empty_report_is_no_success() {
        let mut report = Report::new(&["wanted".to_owned()]);
        report.step("other", || unreachable!("it is filtered out"));
        report.step("wanted", || anyhow::bail!("no luck"));
        assert_eq!(report.total, Tally { passed: 0, failed: 1 });
        assert_eq!(report.failed, ["wanted"]);
        assert!(!report.close());
        assert!(!Report::new(&[]).close());
    }

    #[test]
    fn steps_beside_each_other_all_run_once_and_those_that_failed_come_back() {
        let mut report = Report::new(&[]);
        let steps: Vec<(String, u64)> = (1..=20).map(|n| (format!("step {n}"), n)).collect();
        let failed = report.beside(3, &steps, |_, n| match n % 5 {
            0 => anyhow::bail!("no luck"),
            _ => Ok(Outcome { tally: Tally { passed: *n, failed: 0 }, ..Outcome::default() }),
        });
        assert_eq!(report.total, Tally { passed: 210 - 50, failed: 0 });
        let mut places: Vec<usize> = failed.iter().map(|failed| failed.step).collect();
        places.sort_unstable();
        assert_eq!(places, [4, 9, 14, 19]);
        for Failed { step, outcome } in failed {
            match step {
                4 => report.held_alone("step 5", &outcome, Tally { passed: 5, failed: 0 }),
                _ => report.add(&steps[step].0, &outcome),
            }
        }
        assert_eq!(report.total, Tally { passed: 210 - 45, failed: 3 });
        assert_eq!((report.held_alone.len(), report.failed.len()), (1, 3));
        assert!(!report.close());
    }
}
