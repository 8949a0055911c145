//! The rules of the repository that no compiler checks.

mod dependencies;
mod faults;
mod files;
mod layers;
mod licences;
mod links;
mod words;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::child;
use crate::report::{Outcome, Report};

/// What the rules look at.
struct Tree {
    root: PathBuf,
    files: Vec<TextFile>,
    /// Files that are not text, and their sizes in bytes.
    others: Vec<(String, u64)>,
    /// The answer of `cargo metadata`.
    metadata: Value,
}

/// A file of the repository.
struct TextFile {
    /// Relative to the root, with `/`.
    path: String,
    text: String,
}

/// A rule gives one line for each place that breaks it.
type Rule = fn(&Tree) -> Vec<String>;

const RULES: [(&str, Rule); 12] = [
    ("tidy/layers", layers::check),
    ("tidy/dependencies", dependencies::check),
    ("tidy/licences", licences::check),
    ("tidy/lengths", files::lengths),
    ("tidy/sizes", files::sizes),
    ("tidy/dead-files", files::dead),
    ("tidy/names", files::names),
    ("tidy/clocks", files::clocks),
    ("tidy/leftovers", words::leftovers),
    ("tidy/machine-paths", words::machine_paths),
    ("tidy/links", links::check),
    ("tidy/faults", faults::check),
];

/// Checks every rule and reports; `true` if all hold.
///
/// # Errors
/// None so far: a tree that cannot be read is a failed check.
pub(crate) fn run(root: &Path) -> Result<bool> {
    let mut report = Report::new(&[]);
    steps(root, &mut report);
    Ok(report.close())
}

/// Each rule as a step.
pub(crate) fn steps(root: &Path, report: &mut Report) {
    if !RULES.iter().any(|(name, _)| report.wants(name)) {
        return;
    }
    let tree = match Tree::read(root) {
        Ok(tree) => tree,
        Err(error) => return report.step("tidy/read", || Err(error)),
    };
    for (name, rule) in RULES {
        report.step(name, || {
            let broken = rule(&tree);
            Ok(Outcome::check(broken.is_empty(), broken.join("\n")))
        });
    }
}

impl Tree {
    /// Everything that git tracks or would track.
    fn read(root: &Path) -> Result<Self> {
        let list =
            child::stdout(root, &["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"])?;
        let mut tree = Self {
            root: root.to_owned(),
            files: Vec::new(),
            others: Vec::new(),
            metadata: cargo_metadata(root)?,
        };
        let mut paths: Vec<&str> = list.split('\0').filter(|path| !path.is_empty()).collect();
        paths.sort_unstable();
        paths.dedup();
        for path in paths {
            // A tracked file may have been deleted a moment ago.
            let Ok(bytes) = fs::read(root.join(path)) else { continue };
            match String::from_utf8(bytes) {
                Ok(text) => tree.files.push(TextFile { path: path.to_owned(), text }),
                Err(error) => tree.others.push((path.to_owned(), error.as_bytes().len() as u64)),
            }
        }
        Ok(tree)
    }

    fn text(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|file| file.path == path).map(|file| file.text.as_str())
    }

    /// The packages of the workspace.
    fn members(&self) -> Vec<&Value> {
        let ids: Vec<&Value> = self.metadata["workspace_members"].as_array().into_iter().flatten().collect();
        self.packages().filter(|package| ids.contains(&&package["id"])).collect()
    }

    /// All packages, the registry's too.
    fn packages(&self) -> impl Iterator<Item = &Value> {
        self.metadata["packages"].as_array().into_iter().flatten()
    }
}

impl TextFile {
    fn has_extension(&self, extensions: &[&str]) -> bool {
        Path::new(&self.path).extension().and_then(|e| e.to_str()).is_some_and(|e| extensions.contains(&e))
    }

    /// The last part of the path without its extension.
    fn stem(&self) -> &str {
        Path::new(&self.path).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default()
    }

    /// Lines with their numbers from 1.
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(i, line)| (i + 1, line))
    }
}

fn cargo_metadata(root: &Path) -> Result<Value> {
    let text = child::stdout(root, &["cargo", "metadata", "--format-version", "1", "--quiet"])?;
    serde_json::from_str(&text).context("cargo metadata is not JSON")
}

/// A JSON text, or nothing.
fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
