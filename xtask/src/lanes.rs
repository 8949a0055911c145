//! Test programs that run beside each other, because most of their time is real sound to be waited for.

use std::cmp::Reverse;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::child::{self, Ran};
use crate::clock;
use crate::report::{Outcome, Report, Tally};

/// The chore that runs one test program: each in a process of its own, which sweeps up after it.
pub(crate) const ONE: &str = "one";

/// Test programs at a time. One with three browsers and a server keeps two thirds of a core busy: with a fourth, browsers on two
/// cores begin to stutter, and tests that listen begin to fail.
const LANES: usize = 3;

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
    /// Reads from its output how many tests passed and failed.
    pub(crate) count: fn(&str) -> Tally,
}

/// Runs those that are wanted, each as a step; those that took longest the last time first, so that none of them is
/// waited for in the end.
pub(crate) fn run(root: &Path, report: &mut Report, mut programs: Vec<TestProgram>) {
    programs.retain(|program| report.wants(&program.name));
    // One that never ran here may be a long one.
    programs.sort_by_key(|program| Reverse(milliseconds(root, &program.name).unwrap_or(u64::MAX)));
    let steps: Vec<_> = programs.into_iter().map(|program| (program.name.clone(), program)).collect();
    report.beside(LANES, &steps, |_, program| in_own_process(root, program));
}

/// Runs one test program, prints what it says, and says whether all of it held.
///
/// # Errors
/// It cannot be started, or its log cannot be written.
pub(crate) fn one(root: &Path, name: &str, dir: &Path, command: &[String]) -> Result<bool> {
    let command: Vec<&str> = command.iter().map(String::as_str).collect();
    let ran = child::run(root, dir, name, &command, &[])?;
    print!("{}", ran.output);
    Ok(ran.ok)
}

fn in_own_process(root: &Path, program: &TestProgram) -> Result<Outcome> {
    let began = clock::now();
    let out = Command::new(OURSELVES)
        .args([ONE, &program.name])
        .arg(&program.dir)
        .args(&program.command)
        .envs(program.env.iter().map(|(key, value)| (key, value)))
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot run {}", program.name))?;
    let took_ms = clock::now().saturating_duration_since(began).as_millis();
    fs::write(record(root, &program.name), took_ms.to_string())?;
    let output = String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned();
    Ok(Outcome::counted(Ran { ok: out.status.success(), output }, program.count))
}

/// How long it took the last time, if it ran here.
fn milliseconds(root: &Path, name: &str) -> Option<u64> {
    fs::read_to_string(record(root, name)).ok()?.parse().ok()
}

fn record(root: &Path, name: &str) -> PathBuf {
    root.join("target/xtask").join(format!("{}.ms", name.replace('/', "-")))
}
