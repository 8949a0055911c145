//! The reference pages, which the program writes about itself.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use crate::{child, program};

/// What `stentor reference DIR` writes into `DIR`: nothing else, nothing less.
const PAGES: [&str; 5] = ["cli.md", "configuration.md", "metrics.md", "openapi.json", "stentor.example.toml"];

const HOME: &str = "docs/reference";

/// Writes the pages.
///
/// # Errors
/// The program does not build, or does not write exactly [`PAGES`].
pub(crate) fn write(root: &Path) -> Result<()> {
    let home = root.join(HOME);
    for (page, text) in generate(root)? {
        fs::write(home.join(page), text).with_context(|| format!("{HOME}/{page}"))?;
    }
    Ok(())
}

/// Compares the pages with what the program would write now.
///
/// # Errors
/// A page is missing or stale, or the program does not write them.
pub(crate) fn check(root: &Path) -> Result<()> {
    let pages = generate(root)?;
    let is_stale = |(page, text): &(&&str, &String)| {
        fs::read_to_string(root.join(HOME).join(page)).ok().as_ref() != Some(*text)
    };
    let stale: Vec<&str> = pages.iter().filter(is_stale).map(|(page, _)| *page).collect();
    ensure!(stale.is_empty(), "stale in {HOME}: {}; run `cargo xtask gen`", stale.join(", "));
    Ok(())
}

fn generate(root: &Path) -> Result<BTreeMap<&'static str, String>> {
    let dir = root.join("target/xtask/reference");
    if dir.exists() {
        fs::remove_dir_all(&dir)?;
    }
    fs::create_dir_all(&dir)?;
    let target = dir.to_str().context("the repository's path is not UTF-8")?;
    let stentor = program::build(root)?;
    let ran = child::run(root, root, "reference", &[&stentor, "reference", target], &[])?;
    ensure!(ran.ok, "`stentor reference` failed:\n{}", ran.output.trim_end());
    let mut pages = BTreeMap::new();
    for page in PAGES {
        let text = fs::read_to_string(dir.join(page));
        pages.insert(page, text.with_context(|| format!("`stentor reference` wrote no {page}"))?);
    }
    for entry in fs::read_dir(&dir)? {
        let name = entry?.file_name();
        if !PAGES.iter().any(|page| name == *page) {
            bail!("`stentor reference` wrote {}, which the chore `gen` does not know", name.display());
        }
    }
    Ok(pages)
}
