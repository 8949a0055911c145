//! Files: how long, how large, whether anything uses them, what they are called, and which may read
//! the clock.

use std::collections::BTreeMap;

use super::{TextFile, Tree};

/// A file past this asks to be split.
const LINES_MAX: usize = 600;

/// A clone stays small: what is larger than 1 MiB is made by a script, not kept.
const BYTES_MAX: u64 = 1 << 20;

/// Files that may be larger.
const LARGE: [&str; 0] = [];

/// Names that say nothing about what is inside.
const BANNED_NAMES: [&str; 8] =
    ["common", "commons", "helper", "helpers", "manager", "misc", "util", "utils"];

/// Sources that people write; `web/dist` is compiled from them.
const SOURCES: [&str; 5] = ["rs", "ts", "mjs", "js", "py"];

pub(crate) fn lengths(tree: &Tree) -> Vec<String> {
    let sources = written(tree);
    let lines = sources.map(|file| (file, file.text.lines().count()));
    let long = lines.filter(|(_, lines)| *lines > LINES_MAX);
    long.map(|(file, lines)| format!("{}: {lines} lines; {LINES_MAX} are the limit", file.path)).collect()
}

pub(crate) fn sizes(tree: &Tree) -> Vec<String> {
    let texts = tree.files.iter().map(|file| (file.path.as_str(), file.text.len() as u64));
    let others = tree.others.iter().map(|(path, bytes)| (path.as_str(), *bytes));
    let large = texts.chain(others).filter(|(path, bytes)| *bytes > BYTES_MAX && !LARGE.contains(path));
    large.map(|(path, bytes)| format!("{path}: {bytes} bytes; {BYTES_MAX} are the limit")).collect()
}

/// Rust files that no `mod` line mentions are not compiled, and nobody notices.
pub(crate) fn dead(tree: &Tree) -> Vec<String> {
    let in_src = |file: &&TextFile| file.has_extension(&["rs"]) && file.path.contains("/src/");
    let is_root =
        |file: &TextFile| matches!(file.stem(), "lib" | "main" | "mod") || file.path.contains("/src/bin/");
    let mentioned = |file: &TextFile| {
        let crate_dir = file.path.split("/src/").next().unwrap_or_default();
        let line = format!("mod {};", file.stem());
        let siblings = tree.files.iter().filter(in_src).filter(|other| other.path.starts_with(crate_dir));
        siblings.flat_map(|other| other.text.lines()).any(|l| l.trim().trim_end().ends_with(&line))
    };
    let dead = tree.files.iter().filter(in_src).filter(|file| !is_root(file) && !mentioned(file));
    dead.map(|file| format!("{}: no `mod {};` leads to it", file.path, file.stem())).collect()
}

pub(crate) fn names(tree: &Tree) -> Vec<String> {
    let in_path = |file: &&TextFile| {
        let parts = file.path.split('/').map(|part| part.split('.').next().unwrap_or(part));
        parts.flat_map(|part| part.split(['-', '_'])).any(|word| BANNED_NAMES.contains(&word))
    };
    let broken = written(tree).filter(in_path);
    broken.map(|file| format!("{}: a name that says nothing about what is inside", file.path)).collect()
}

/// The clock is read in `clock.rs`, one in each crate (`tests/clock/mod.rs` for its tests), and by the
/// mixer's `pacing.rs`; nowhere else is the lint lifted.
pub(super) fn clocks(tree: &Tree) -> Vec<String> {
    let lint = concat!("clippy::disallowed", "_methods");
    let mut broken = Vec::new();
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for file in tree.files.iter().filter(|file| file.has_extension(&["rs"]) && file.text.contains(lint)) {
        let part = if file.path.contains("/tests/") { "/tests/" } else { "/src/" };
        let (home, inside) = file.path.split_once(part).unwrap_or_default();
        let name =
            inside.trim_end_matches("/mod.rs").trim_end_matches(".rs").rsplit('/').next().unwrap_or_default();
        if !matches!(name, "clock" | "pacing") {
            broken
                .push(format!("{}: only clock.rs (and the mixer's pacing.rs) may lift the lint", file.path));
        } else if let Some(first) = seen.insert(format!("{home}{part}{name}"), &file.path) {
            broken.push(format!("{}: {first} is this crate's {name} already", file.path));
        }
    }
    broken
}

fn written(tree: &Tree) -> impl Iterator<Item = &TextFile> {
    tree.files.iter().filter(|file| file.has_extension(&SOURCES) && !file.path.starts_with("web/dist/"))
}
