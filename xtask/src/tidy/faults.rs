//! What the table of faults names exists.

use super::Tree;

/// Each row: number, fault, tests as `` `path` `` followed by `` `name` `` of one or more, and what is shown.
const TABLE: &str = "docs/reference/faults.md";

pub(crate) fn check(tree: &Tree) -> Vec<String> {
    let Some(table) = tree.text(TABLE) else { return vec![format!("{TABLE} is missing")] };
    let mut broken = Vec::new();
    for (number, line) in table.lines().enumerate().filter(|(_, line)| is_row(line)) {
        let text = |path: &str| tree.text(path);
        broken.extend(faults_of(line, text).map(|fault| format!("{TABLE}:{}: {fault}", number + 1)));
    }
    broken
}

/// Rows begin with the fault's number.
fn is_row(line: &str) -> bool {
    line.strip_prefix("| ").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// What a row names and is not there. Everything in backticks in its third column is a file or a test in the file
/// named before it.
fn faults_of<'a>(
    row: &'a str,
    text: impl Fn(&str) -> Option<&'a str> + 'a,
) -> impl Iterator<Item = String> + 'a {
    let tests = row.split('|').nth(3).unwrap_or_default();
    let mut file: Option<(&str, Option<&str>)> = None;
    let mut named = 0;
    let mut said: Vec<String> = Vec::new();
    for name in tests.split('`').skip(1).step_by(2) {
        if name.contains('/') {
            file = Some((name, text(name)));
            if file.is_some_and(|(_, text)| text.is_none()) {
                said.push(format!("{name} does not exist"));
            }
            continue;
        }
        named += 1;
        match file {
            None => said.push(format!("`{name}` comes before any file")),
            Some((path, Some(text))) if !has_test(text, name) => {
                said.push(format!("{path} has no test `{name}`"))
            }
            Some(_) => {}
        }
    }
    if named == 0 {
        said.push("no test is named".to_owned());
    }
    said.into_iter()
}

/// A function of Rust or a title of node's test runner.
fn has_test(text: &str, name: &str) -> bool {
    text.contains(&format!("fn {name}(")) || text.contains(&format!("test('{name}'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_names_files_and_the_tests_in_them() {
        let text = |path: &str| match path {
            "a/b.rs" => Some("#[test]\nfn one_thing() {}\nasync fn another() {}"),
            "e2e/c.test.mjs" => Some("test('a sentence', async (t) => {"),
            _ => None,
        };
        let said = |row| faults_of(row, text).collect::<Vec<_>>();
        let none: [&str; 0] = [];
        assert_eq!(
            said("| 7 | Fire | `a/b.rs` `one_thing`, `another`; `e2e/c.test.mjs` `a sentence` | it is |"),
            none
        );
        assert_eq!(said("| 7 | Fire | `a/b.rs` `gone` | it |"), ["a/b.rs has no test `gone`"]);
        assert_eq!(said("| 7 | Fire | `a/x.rs` `one_thing` | it |"), ["a/x.rs does not exist"]);
        assert_eq!(said("| 7 | Fire | `a/b.rs` | it |"), ["no test is named"]);
        assert!(is_row("| 28 | x |") && !is_row("| fault | x |") && !is_row("|---|"));
    }
}
