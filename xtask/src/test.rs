//! The one command for a person and for CI: every check, each with its time, one line at the end.

use std::path::Path;

use anyhow::Result;

use crate::dialect::Dialect;
use crate::lanes::{self, TestProgram};
use crate::report::{Outcome, Report};
use crate::{child, e2e, install, program, reference, tidy, web};

/// Tests at a time in one test program. The longest wait for shows that run in real time, so there are more of them than
/// processors; with twice as many the mixers of some would begin to be late.
const TEST_THREADS: &str = "4";

/// Runs the steps whose names contain one of `filters`, or all; `true` if all of them passed.
///
/// # Errors
/// None so far: what goes wrong inside a step is that step's failure.
pub(crate) fn run(root: &Path, filters: &[String]) -> Result<bool> {
    let mut report = Report::new(filters);
    let cargo = |name: &str, args: &[&str]| {
        let program: Vec<&str> = ["cargo"].iter().chain(args).copied().collect();
        child::run(root, root, name, &program, &[])
    };
    report.step("install", || install::run(root).map(|()| Outcome::check(true, "")));
    report.step("fmt", || cargo("fmt", &["fmt", "--all", "--check"]).map(Outcome::from));
    for (name, features) in [("clippy", None), ("without-aac/clippy", Some("--no-default-features"))] {
        report.step(name, || {
            let args = ["clippy", "--workspace", "--all-targets"].into_iter().chain(features);
            let args: Vec<&str> = args.chain(["--", "-D", "warnings"]).collect();
            cargo(name, &args).map(Outcome::from)
        });
    }
    report.step("build", || program::build(root).map(|_| Outcome::check(true, "")));
    // Beside the others it should only run.
    report.step("without-aac/build", || {
        cargo(
            "without-aac-build",
            &["test", "--no-run", "--package", "stentor-audio", "--no-default-features"],
        )
        .map(Outcome::from)
    });
    tidy::steps(root, &mut report);
    report.step("reference", || reference::check(root).map(|()| Outcome::check(true, "")));
    web::steps(root, &mut report);
    e2e::judges(root, &mut report);
    let programs = unit(root).into_iter().chain(match e2e::programs(root, &report, &[]) {
        Ok(programs) => programs,
        Err(error) => {
            report.step("e2e", || Err(error));
            Vec::new()
        }
    });
    lanes::run(root, &mut report, programs.collect());
    Ok(report.close())
}

/// The tests in Rust.
fn unit(root: &Path) -> [TestProgram; 2] {
    let cargo = |name: &str, args: &str| TestProgram {
        name: name.to_owned(),
        dir: root.to_owned(),
        command: ["cargo", "test", "--no-fail-fast"]
            .into_iter()
            .chain(args.split(' '))
            .map(str::to_owned)
            .collect(),
        env: vec![("RUST_TEST_THREADS".to_owned(), TEST_THREADS.to_owned())],
        dialect: Dialect::Libtest,
    };
    [
        cargo("unit", "--workspace"),
        // What is made of the sound before it is encoded does not know of AAC.
        cargo("without-aac/unit", "--package stentor-audio --no-default-features --test ears chunks::"),
    ]
}
