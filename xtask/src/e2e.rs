//! Real browsers and real players against a real server: each file of `e2e/tests` is a test program
//! of its own, with its own server on free ports and its own data folder. Several run beside each other,
//! because most of their time is real sound to be waited for.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::child::Ran;
use crate::report::{Outcome, Report};
use crate::test::count_tap;
use crate::web::node_tests;
use crate::{child, program};

/// The chore that runs one test program: each in a process of its own, which sweeps up after it.
pub(crate) const ONE: &str = "e2e-one";

/// Test programs at a time. One keeps three browsers and a server busy for two thirds of a core.
const LANES: usize = 2;

/// This very program, even when a build has put another one in its place (proc(5)).
const OURSELVES: &str = "/proc/self/exe";

/// Builds the program and runs the tests whose names contain one of `filters`, or all.
///
/// # Errors
/// None so far: what goes wrong is a failed check.
pub(crate) fn run(root: &Path, filters: &[String]) -> Result<bool> {
    let mut report = Report::new(filters);
    steps(root, &mut report);
    Ok(report.close())
}

/// Pictures every state of the pages into `folder`, or `target/screenshots`: what the tests of this ending walk
/// through, with their judgement.
///
/// # Errors
/// The folder cannot be made.
pub(crate) fn screenshots(root: &Path, folder: Option<&str>) -> Result<bool> {
    let folder = folder.map_or_else(|| root.join("target/screenshots"), |folder| root.join(folder));
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let folder = folder.to_str().context("the folder's path is not UTF-8")?;
    let mut report = Report::new(&["_accessible".to_owned()]);
    programs(root, &mut report, &[("STENTOR_SHOTS", folder)]);
    println!("the pictures are in {folder}");
    Ok(report.close())
}

/// Each test program as a step, after the tests of what they judge with.
pub(crate) fn steps(root: &Path, report: &mut Report) {
    for folder in ["sound", "formats"] {
        report.step(&format!("e2e/{folder}"), || node_tests(root, "e2e", folder));
    }
    programs(root, report, &[]);
}

/// The test programs themselves, with this in their environment as well.
fn programs(root: &Path, report: &mut Report, env: &[(&str, &str)]) {
    let tests = match tests(root) {
        Ok(tests) => tests,
        Err(error) => return report.step("e2e", || Err(error)),
    };
    let wanted: Vec<_> = tests.into_iter().filter(|(name, _)| report.wants(name)).collect();
    if wanted.is_empty() {
        return;
    }
    let binary = program::build(root);
    match binary {
        Ok(binary) => report.beside(LANES, &wanted, |name, path| {
            let program = [("STENTOR_BIN", binary.as_str())];
            in_own_process(name, path, &[&program, env].concat())
        }),
        Err(error) => report.step("e2e/program", || Err(error)),
    }
}

/// Runs one test program, prints what it says, and says whether all of it held.
///
/// # Errors
/// It cannot be started, or its log cannot be written.
pub(crate) fn one(root: &Path, name: &str, path: &Path) -> Result<bool> {
    let path = path.to_str().context("the repository's path is not UTF-8")?;
    let program = ["node", "--test-reporter=tap", path];
    let ran = child::run(root, &root.join("e2e"), name, &program, &[])?;
    print!("{}", ran.output);
    Ok(ran.ok)
}

fn in_own_process(name: &str, path: &Path, env: &[(&str, &str)]) -> Result<Outcome> {
    let out = Command::new(OURSELVES)
        .args([ONE, name])
        .arg(path)
        .envs(env.iter().copied())
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot run {name}"))?;
    let output = String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned();
    Ok(Outcome::counted(Ran { ok: out.status.success(), output }, count_tap))
}

/// `e2e/{name}` and the path of each test program, by name.
fn tests(root: &Path) -> Result<Vec<(String, PathBuf)>> {
    let folder = root.join("e2e/tests");
    let mut tests = Vec::new();
    for entry in fs::read_dir(&folder).context("e2e/tests")? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if let Some(name) = name.strip_suffix(".test.mjs") {
            tests.push((format!("e2e/{name}"), path.clone()));
        }
    }
    ensure!(!tests.is_empty(), "e2e/tests has no *.test.mjs");
    tests.sort_unstable();
    Ok(tests)
}
