//! The one command for a person and for CI: every check, each with its time, one line at the end.

use std::path::Path;

use anyhow::Result;

use crate::lanes::{self, TestProgram};
use crate::report::{Outcome, Report, Tally};
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
        count: count_cargo,
    };
    [
        cargo("unit", "--workspace"),
        // What is made of the sound before it is encoded does not know of AAC.
        cargo("without-aac/unit", "--package stentor-audio --no-default-features --test ears chunks::"),
    ]
}

/// Adds up libtest's summaries: `test result: ok. 12 passed; 0 failed; …`, one for each test program.
fn count_cargo(output: &str) -> Tally {
    let mut tally = Tally::default();
    for line in output.lines().filter_map(|line| line.strip_prefix("test result: ")) {
        tally += Tally { passed: number_before(line, " passed"), failed: number_before(line, " failed") };
    }
    tally
}

/// Adds up the summaries of Node's test runner: `# pass 12`, `# fail 0`, `# cancelled 0`.
pub(crate) fn count_tap(output: &str) -> Tally {
    let mut tally = Tally::default();
    for line in output.lines() {
        let number = |prefix: &str| line.strip_prefix(prefix).and_then(|n| n.trim().parse().ok());
        tally.passed += number("# pass ").unwrap_or(0);
        tally.failed += number("# fail ").or(number("# cancelled ")).unwrap_or(0);
    }
    tally
}

fn number_before(line: &str, word: &str) -> u64 {
    let before = line.split(word).next().unwrap_or_default();
    before.rsplit(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_of_several_programs_add_up() {
        let cargo = "running 2 tests\n\
            test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
            test result: FAILED. 3 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out\n";
        assert_eq!(count_cargo(cargo), Tally { passed: 5, failed: 1 });
        let tap = "ok 1 - a\n# tests 4\n# pass 2\n# fail 1\n# cancelled 1\n";
        assert_eq!(count_tap(tap), Tally { passed: 2, failed: 2 });
        assert_eq!(count_cargo("error: could not compile"), Tally::default());
    }
}
