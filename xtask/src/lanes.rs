//! Test programs that run beside each other, because most of their time is real sound to be waited for.

use std::cmp::Reverse;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::child::{self, Ran};
use crate::clock;
use crate::dialect::Dialect;
use crate::report::{self, Failed, Outcome, Report};

/// The chore that runs one test program: each in a process of its own, which sweeps up after it.
pub(crate) const ONE: &str = "one";

/// Test programs at a time. One with three browsers and a server keeps two thirds of a core busy: with a fourth, browsers on two
/// cores begin to stutter, and tests that listen begin to fail.
const LANES: usize = 3;

/// Programs that failed beside others and get the machine for themselves. Each listens to real sound in real time, and a
/// processor that others held for too long says nothing about the product. More of them at once do.
const ALONE_MAX: usize = 3;

/// This very program, even when a build has put another one in its place (proc(5)).
const OURSELVES: &str = "/proc/self/exe";

/// A program that tests something.
pub(crate) struct TestProgram {
    /// Name of its step.
    pub(crate) name: String,
    /// Where it runs.
    pub(crate) dir: PathBuf,
    /// The program and its arguments.
    pub(crate) command: Vec<String>,
    /// What else is in its environment.
    pub(crate) env: Vec<(String, String)>,
    /// How its output names and counts its tests.
    pub(crate) dialect: Dialect,
}

/// Runs those that are wanted, each as a step; those that took longest the last time first, so that none of them is
/// waited for in the end. The few that fail are run again, alone; the closing lines name them even if they hold then.
pub(crate) fn run(root: &Path, report: &mut Report, mut programs: Vec<TestProgram>) {
    programs.retain(|program| report.wants(&program.name));
    // One that never ran here may be a long one.
    programs.sort_by_key(|program| Reverse(milliseconds(root, &program.name, "ms").unwrap_or(u64::MAX)));
    let steps: Vec<_> = programs.into_iter().map(|program| (program.name.clone(), program)).collect();
    let failed = report.beside(LANES, &steps, |_, program| in_own_process(root, program, &[]));
    let alone = failed.len() <= ALONE_MAX;
    for Failed { step, outcome } in failed {
        let (name, program) = &steps[step];
        if !alone {
            report.add(name, &outcome);
            continue;
        }
        let only = program.dialect.only(&outcome.failed);
        let mut again =
            report::run_and_show(&format!("{name}, alone"), || in_own_process(root, program, &only));
        if !only.is_empty() {
            again.tally.passed += outcome.tally.passed;
        }
        match again.tally.failed {
            0 => report.held_alone(name, &outcome, again.tally),
            _ => report.add(name, &again),
        }
    }
}

/// Runs one test program, prints what it says, and says whether all of it held.
///
/// # Errors
/// It cannot be started, or its log cannot be written.
pub(crate) fn one(root: &Path, name: &str, dir: &Path, command: &[String]) -> Result<bool> {
    let command: Vec<&str> = command.iter().map(String::as_str).collect();
    let ran = child::run(root, dir, name, &command, &[])?;
    print!("{}", ran.output);
    fs::write(record(root, name, "cpu"), child::cpu_ms()?.to_string())?;
    Ok(ran.ok)
}

/// Runs the program with these arguments besides its own.
fn in_own_process(root: &Path, program: &TestProgram, more: &[String]) -> Result<Outcome> {
    let began = clock::now();
    let out = Command::new(OURSELVES)
        .args([ONE, &program.name])
        .arg(&program.dir)
        .args(&program.command)
        .args(more)
        .envs(program.env.iter().map(|(key, value)| (key, value)))
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot run {}", program.name))?;
    let took_ms = clock::now().saturating_duration_since(began).as_millis();
    let output = String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned();
    let mut outcome = Outcome::counted(Ran { ok: out.status.success(), output }, program.dialect);
    outcome.cpu_s = milliseconds(root, &program.name, "cpu").map(|ms| ms as f64 / 1000.0);
    if more.is_empty() {
        fs::write(record(root, &program.name, "ms"), took_ms.to_string())?;
    }
    Ok(outcome)
}

/// What was written down of it the last time, if it ran here: how long it took (`ms`), how much processor time (`cpu`).
fn milliseconds(root: &Path, name: &str, of: &str) -> Option<u64> {
    fs::read_to_string(record(root, name, of)).ok()?.parse().ok()
}

fn record(root: &Path, name: &str, of: &str) -> PathBuf {
    root.join("target/xtask").join(format!("{}.{of}", name.replace('/', "-")))
}
