//! Real browsers and real players against a real server: each file of `e2e/tests` is a test program
//! of its own, with its own server on free ports and its own data folder.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::dialect::Dialect;
use crate::lanes::{self, TestProgram};
use crate::program;
use crate::report::Report;
use crate::web::node_tests;

/// Builds the program and runs the tests whose names contain one of `filters`, or all.
///
/// # Errors
/// None so far: what goes wrong is a failed check.
pub(crate) fn run(root: &Path, filters: &[String]) -> Result<bool> {
    let mut report = Report::new(filters);
    judges(root, &mut report);
    beside(root, &mut report, &[]);
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
    beside(root, &mut report, &[("STENTOR_SHOTS", folder)]);
    println!("the pictures are in {folder}");
    Ok(report.close())
}

fn beside(root: &Path, report: &mut Report, env: &[(&str, &str)]) {
    match programs(root, report, env) {
        Ok(programs) => lanes::run(root, report, programs),
        Err(error) => report.step("e2e", || Err(error)),
    }
}

/// The tests of what the test programs judge with.
pub(crate) fn judges(root: &Path, report: &mut Report) {
    for folder in ["sound", "formats"] {
        report.step(&format!("e2e/{folder}"), || node_tests(root, "e2e", folder));
    }
}

/// The test programs, with this in their environment as well. They need the program: it is built first, if any of them
/// is wanted.
///
/// # Errors
/// It does not build, or there are no test programs.
pub(crate) fn programs(root: &Path, report: &Report, env: &[(&str, &str)]) -> Result<Vec<TestProgram>> {
    let mut tests = tests(root)?;
    tests.retain(|(name, _)| report.wants(name));
    if tests.is_empty() {
        return Ok(Vec::new());
    }
    let binary = program::build(root)?;
    let env = [&[("STENTOR_BIN", binary.as_str())], env].concat();
    let own = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    let program = |(name, path): (String, String)| TestProgram {
        name,
        dir: root.join("e2e"),
        command: vec!["node".to_owned(), "--test-reporter=tap".to_owned(), path],
        env: env.iter().map(own).collect(),
        dialect: Dialect::Tap,
    };
    Ok(tests.into_iter().map(program).collect())
}

/// `e2e/{name}` and the path of each test program, by name.
fn tests(root: &Path) -> Result<Vec<(String, String)>> {
    let folder = root.join("e2e/tests");
    let mut tests = Vec::new();
    for entry in fs::read_dir(&folder).context("e2e/tests")? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if let Some(name) = name.strip_suffix(".test.mjs") {
            let path = path.to_str().context("the repository's path is not UTF-8")?;
            tests.push((format!("e2e/{name}"), path.to_owned()));
        }
    }
    ensure!(!tests.is_empty(), "e2e/tests has no *.test.mjs");
    tests.sort_unstable();
    Ok(tests)
}
