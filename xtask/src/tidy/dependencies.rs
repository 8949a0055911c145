//! Every library has its reason: the workspace's dependencies, the lines of
//! docs/decisions/dependencies.md and what the crates use are the same set.

use std::collections::BTreeSet;

use super::{Tree, text_of};

const REASONS: &str = "docs/decisions/dependencies.md";

pub(crate) fn check(tree: &Tree) -> Vec<String> {
    let declared = declared(tree.text("Cargo.toml").unwrap_or_default());
    let explained = explained(tree.text(REASONS).unwrap_or_default());
    let members = tree.members();
    let all = members.iter().flat_map(|package| package["dependencies"].as_array().into_iter().flatten());
    let used: BTreeSet<&str> = all.map(|dependency| text_of(&dependency["name"])).collect();
    let mut broken = Vec::new();
    for name in &declared {
        if !explained.contains(name) {
            broken.push(format!("{name} has no line in {REASONS}"));
        }
        if !used.contains(name) {
            broken.push(format!("{name} is in the workspace's dependencies, but no crate uses it"));
        }
    }
    for name in explained.difference(&declared) {
        broken.push(format!("{REASONS} explains {name}, which is not in the workspace's dependencies"));
    }
    broken
}

/// The keys of `[workspace.dependencies]` that are not crates of ours.
fn declared(manifest: &str) -> BTreeSet<&str> {
    let lines = manifest.lines().skip_while(|line| *line != "[workspace.dependencies]").skip(1);
    let keys = lines.take_while(|line| !line.starts_with('[')).filter_map(|line| line.split_once(" = "));
    keys.filter(|(_, value)| !value.contains("path =")).map(|(key, _)| key).collect()
}

/// The names of the rows `` | `name` | what for | why this one | ``.
fn explained(reasons: &str) -> BTreeSet<&str> {
    let names = reasons.lines().filter_map(|line| Some(line.strip_prefix("| `")?.split_once('`')?.0));
    names.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_libraries_of_others_are_declared() {
        let manifest = "[workspace.dependencies]\nours = { path = \"x\" }\n\n# why\nserde = \"1\"\n\n[profile.dev]\nx = 1\n";
        assert_eq!(declared(manifest), BTreeSet::from(["serde"]));
        assert_eq!(explained("| crate | for |\n| `serde` | documents |\n"), BTreeSet::from(["serde"]));
    }
}
