//! What test runners print, read.

use crate::report::Tally;

/// How a runner counts and names its tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Rust's libtest, one or several programs of it: `test a::b ... FAILED`, `test result: ok. 12 passed; 0 failed; …`.
    Libtest,
    /// The Test Anything Protocol as Node's runner prints it, with subtests indented: `not ok 2 - name`, `# pass 12`.
    Tap,
}

impl Dialect {
    /// How many tests passed and failed.
    pub(crate) fn tally(self, output: &str) -> Tally {
        let mut tally = Tally::default();
        for line in output.lines() {
            tally += match self {
                Self::Libtest => {
                    line.strip_prefix("test result: ").map_or_else(Tally::default, |counts| Tally {
                        passed: number_before(counts, " passed"),
                        failed: number_before(counts, " failed"),
                    })
                }
                Self::Tap => {
                    let number = |prefix: &str| line.strip_prefix(prefix).and_then(|n| n.trim().parse().ok());
                    Tally {
                        passed: number("# pass ").unwrap_or(0),
                        failed: number("# fail ").or(number("# cancelled ")).unwrap_or(0),
                    }
                }
            };
        }
        tally
    }

    /// The names of those that failed; of nested ones the innermost.
    pub(crate) fn failed(self, output: &str) -> Vec<String> {
        match self {
            Self::Libtest => output
                .lines()
                .filter_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED"))
                .map(str::to_owned)
                .collect(),
            Self::Tap => {
                let blocks = not_ok(output);
                let holds_others = |block: &str| block.contains("failureType: 'subtestsFailed'");
                blocks
                    .iter()
                    .filter(|block| !holds_others(block))
                    .map(|block| tap_name(block).to_owned())
                    .collect()
            }
        }
    }

    /// Whether every program that began has come to its end.
    pub(crate) fn is_whole(self, output: &str) -> bool {
        let count = |is: fn(&str) -> bool| output.lines().filter(|line| is(line.trim_start())).count();
        match self {
            Self::Libtest => {
                let began = count(|line| line.starts_with("Running ") || line.starts_with("Doc-tests "));
                began == count(|line| line.starts_with("test result: "))
            }
            Self::Tap => true,
        }
    }

    /// The arguments that make the program run only these; none if it runs all of them or none of them.
    pub(crate) fn only(self, names: &[String]) -> Vec<String> {
        match self {
            Self::Libtest if !names.is_empty() => {
                ["--", "--exact"].into_iter().map(str::to_owned).chain(names.iter().cloned()).collect()
            }
            Self::Libtest | Self::Tap => Vec::new(),
        }
    }

    /// What the failed ones say of themselves; none if that cannot be told from the rest.
    pub(crate) fn reasons(self, output: &str) -> Option<String> {
        let said: Vec<String> = match self {
            // Between the first `failures:` of a program and the second, which lists the names.
            Self::Libtest => output
                .split("\nfailures:\n")
                .filter(|part| part.trim_start().starts_with("---- "))
                .map(|part| part.trim().to_owned())
                .collect(),
            Self::Tap => not_ok(output),
        };
        (!said.is_empty()).then(|| said.join("\n"))
    }
}

/// The `not ok` lines with their YAML blocks (TAP 14: indented, between `---` and `...`).
fn not_ok(output: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = output.lines();
    while let Some(line) = lines.next() {
        if !line.trim_start().starts_with("not ok ") {
            continue;
        }
        let mut block = line.to_owned();
        for line in lines.by_ref() {
            block.push('\n');
            block.push_str(line);
            if line.trim() == "..." {
                break;
            }
        }
        blocks.push(block);
    }
    blocks
}

fn tap_name(block: &str) -> &str {
    let first = block.lines().next().unwrap_or_default();
    first.split_once(" - ").map_or(first, |(_, name)| name)
}

fn number_before(line: &str, word: &str) -> u64 {
    let before = line.split(word).next().unwrap_or_default();
    before.rsplit(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARGO: &str = "running 2 tests\n\
        test a::holds ... ok\n\
        test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
        test b::breaks ... FAILED\n\
        \n\
        failures:\n\
        \n\
        ---- b::breaks stdout ----\n\
        left: 1\n\
        \n\
        \n\
        failures:\n    b::breaks\n\
        \n\
        test result: FAILED. 3 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out\n";

    const TAP: &str = "    ok 1 - held\n      ---\n      ...\n    not ok 2 - broke\n      ---\n      error: 'why'\n      ...\n    1..2\n\
        not ok 1 - all\n  ---\n  failureType: 'subtestsFailed'\n  ...\n1..1\n# tests 4\n# pass 2\n# fail 1\n# cancelled 1\n";

    #[test]
    fn summaries_of_several_programs_add_up() {
        assert_eq!(Dialect::Libtest.tally(CARGO), Tally { passed: 5, failed: 1 });
        assert_eq!(Dialect::Tap.tally(TAP), Tally { passed: 2, failed: 2 });
        assert_eq!(Dialect::Libtest.tally("error: could not compile"), Tally::default());
    }

    #[test]
    fn those_that_failed_are_named_and_say_why() {
        assert_eq!(Dialect::Libtest.failed(CARGO), ["b::breaks"]);
        assert_eq!(Dialect::Libtest.reasons(CARGO).as_deref(), Some("---- b::breaks stdout ----\nleft: 1"));
        assert_eq!(Dialect::Tap.failed(TAP), ["broke"]);
        assert!(
            Dialect::Tap
                .reasons(TAP)
                .is_some_and(|said| said.contains("error: 'why'") && !said.contains("held"))
        );
        assert_eq!(Dialect::Libtest.reasons("error: could not compile"), None);
    }

    #[test]
    fn a_program_that_crashed_is_not_whole() {
        let began = "     Running unittests src/lib.rs\n";
        assert!(Dialect::Libtest.is_whole(&format!("{began}test result: ok. 1 passed; 0 failed\n")));
        assert!(!Dialect::Libtest.is_whole(&format!("{began}{began}test result: ok. 1 passed; 0 failed\n")));
    }
}
