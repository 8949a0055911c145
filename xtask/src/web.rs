//! The pages: what is committed is what the build makes of the sources, and their own tests pass, among
//! them the one that holds the listener's page to `web/budget.json`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::child;
use crate::dialect::Dialect;
use crate::report::{Outcome, Report};

/// What the pages are built from.
const SOURCES: [&str; 5] = ["build.mjs", "package.json", "tsconfig.json", "src", "static"];

/// The steps of the pages.
pub(crate) fn steps(root: &Path, report: &mut Report) {
    report.step("web/dist", || built(root).map(|()| Outcome::check(true, "")));
    report.step("web/unit", || node_tests(root, "web", "test"));
}

/// The tests of one folder, in Node's own runner.
///
/// # Errors
/// The folder has no tests, or Node cannot be run.
pub(crate) fn node_tests(root: &Path, dir: &str, folder: &str) -> Result<Outcome> {
    let dir_path = root.join(dir);
    // What a page has set its alarm for is not waited for.
    let flags = ["node", "--test", "--test-force-exit", "--test-reporter=tap"];
    let mut program = flags.map(str::to_owned).to_vec();
    for entry in fs::read_dir(dir_path.join(folder)).with_context(|| format!("{dir}/{folder}"))? {
        let name = entry?.file_name().into_string().unwrap_or_default();
        if name.ends_with(".test.mjs") || name.ends_with(".test.js") {
            program.push(format!("{folder}/{name}"));
        }
    }
    ensure!(program.len() > flags.len(), "{dir}/{folder} has no *.test.mjs");
    program[flags.len()..].sort_unstable();
    let program: Vec<&str> = program.iter().map(String::as_str).collect();
    let ran = child::run(root, &dir_path, &format!("{dir}-{folder}"), &program, &[])?;
    Ok(Outcome::counted(ran, Dialect::Tap))
}

/// Builds in a folder of its own and compares everything with what is committed.
fn built(root: &Path) -> Result<()> {
    let (web, copy) = (root.join("web"), root.join("target/xtask/web"));
    if copy.exists() {
        fs::remove_dir_all(&copy)?;
    }
    fs::create_dir_all(&copy)?;
    for name in SOURCES {
        let (from, to) = (web.join(name), copy.join(name));
        let ran = child::run(root, root, "web-copy", &["cp", "-R", path_text(&from)?, path_text(&to)?], &[])?;
        ensure!(ran.ok, "{}", ran.output.trim_end());
    }
    std::os::unix::fs::symlink(web.join("node_modules"), copy.join("node_modules"))?;
    let ran = child::run(root, &copy, "web-build", &["node", "build.mjs"], &[])?;
    ensure!(ran.ok, "{}", ran.output.trim_end());
    let (fresh, committed) = (files(&copy.join("dist"))?, files(&web.join("dist"))?);
    let names: BTreeSet<&String> = fresh.keys().chain(committed.keys()).collect();
    let stale: Vec<&str> = names
        .into_iter()
        .filter(|name| fresh.get(*name) != committed.get(*name))
        .map(String::as_str)
        .collect();
    ensure!(stale.is_empty(), "stale in web/dist: {}; run `npm run build` in web/", stale.join(", "));
    Ok(())
}

/// The files of a folder and its subfolders, by name.
fn files(dir: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(dir)?.display().to_string(), fs::read(&path)?);
            }
        }
    }
    Ok(found)
}

fn path_text(path: &Path) -> Result<&str> {
    path.to_str().context("the repository's path is not UTF-8")
}
