//! Real browsers and real players against a real server: each file of `e2e/tests` is a test program
//! of its own, with its own server on free ports and its own data folder.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::report::{Outcome, Report};
use crate::test::count_tap;
use crate::web::node_tests;
use crate::{child, program};

/// Builds the program and runs the tests whose names contain one of `filters`, or all.
///
/// # Errors
/// None so far: what goes wrong is a failed check.
pub(crate) fn run(root: &Path, filters: &[String]) -> Result<bool> {
    let mut report = Report::new(filters);
    steps(root, &mut report);
    Ok(report.close())
}

/// Each test program as a step, after the tests of what they judge with.
pub(crate) fn steps(root: &Path, report: &mut Report) {
    for folder in ["sound", "formats"] {
        report.step(&format!("e2e/{folder}"), || node_tests(root, "e2e", folder));
    }
    let tests = match tests(root) {
        Ok(tests) => tests,
        Err(error) => return report.step("e2e", || Err(error)),
    };
    let wanted: Vec<&(String, PathBuf)> = tests.iter().filter(|(name, _)| report.wants(name)).collect();
    if wanted.is_empty() {
        return;
    }
    let binary = program::build(root);
    for (name, path) in wanted {
        report.step(name, || match &binary {
            Ok(binary) => one(root, name, path, binary),
            Err(error) => Ok(Outcome::check(false, format!("{error:#}"))),
        });
    }
}

fn one(root: &Path, name: &str, path: &Path, binary: &str) -> Result<Outcome> {
    let path = path.to_str().context("the repository's path is not UTF-8")?;
    let program = ["node", "--test-reporter=tap", path];
    let ran = child::run(root, &root.join("e2e"), name, &program, &[("STENTOR_BIN", binary)])?;
    Ok(Outcome::counted(ran, count_tap))
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
