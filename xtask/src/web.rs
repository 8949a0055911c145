//! The pages: the committed modules are what TypeScript makes of the sources, their own tests pass,
//! and they stay small.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::child;
use crate::report::{Outcome, Report};
use crate::test::count_tap;

/// Which files a page loads and how many bytes they may have, compressed:
/// `{ "listener": { "bytes_max": 20000, "files": ["dist/listener.js", …] } }`.
const BUDGET: &str = "web/budget.json";

/// The steps of the pages.
pub(crate) fn steps(root: &Path, report: &mut Report) {
    report.step("web/dist", || compiled(root).map(|()| Outcome::check(true, "")));
    report.step("web/unit", || node_tests(root, "web", "test"));
    report.step("web/budget", || budget(root));
}

/// The tests of one folder, in Node's own runner.
///
/// # Errors
/// The folder has no tests, or Node cannot be run.
pub(crate) fn node_tests(root: &Path, dir: &str, folder: &str) -> Result<Outcome> {
    let dir_path = root.join(dir);
    let mut program = vec!["node".to_owned(), "--test".to_owned(), "--test-reporter=tap".to_owned()];
    for entry in fs::read_dir(dir_path.join(folder)).with_context(|| format!("{dir}/{folder}"))? {
        let name = entry?.file_name().into_string().unwrap_or_default();
        if name.ends_with(".test.mjs") || name.ends_with(".test.js") {
            program.push(format!("{folder}/{name}"));
        }
    }
    ensure!(program.len() > 3, "{dir}/{folder} has no *.test.mjs");
    program[3..].sort_unstable();
    let program: Vec<&str> = program.iter().map(String::as_str).collect();
    let ran = child::run(root, &dir_path, &format!("{dir}-{folder}"), &program, &[])?;
    Ok(Outcome::counted(ran, count_tap))
}

/// Compiles into a folder of its own and compares with what is committed.
fn compiled(root: &Path) -> Result<()> {
    let fresh = root.join("target/xtask/web-dist");
    if fresh.exists() {
        fs::remove_dir_all(&fresh)?;
    }
    let out = fresh.to_str().context("the repository's path is not UTF-8")?;
    let program = ["node_modules/.bin/tsc", "--project", ".", "--outDir", out];
    let ran = child::run(root, &root.join("web"), "tsc", &program, &[])?;
    ensure!(ran.ok, "{}", ran.output.trim_end());
    let (fresh, committed) = (modules(&fresh)?, modules(&root.join("web/dist"))?);
    let names = fresh.keys().chain(committed.keys());
    let mut stale: Vec<&str> =
        names.filter(|n| fresh.get(*n) != committed.get(*n)).map(String::as_str).collect();
    stale.sort_unstable();
    stale.dedup();
    ensure!(stale.is_empty(), "stale in web/dist: {}; run `npm run build` in web/", stale.join(", "));
    Ok(())
}

/// The compiled modules of a folder and its subfolders, by name.
fn modules(dir: &Path) -> Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "js") {
                let name = path.strip_prefix(dir)?.display().to_string();
                found.insert(name, fs::read_to_string(&path)?);
            }
        }
    }
    Ok(found)
}

/// Each page of the budget against the sum of its files as gzip makes them.
fn budget(root: &Path) -> Result<Outcome> {
    let text = fs::read_to_string(root.join(BUDGET)).context(BUDGET)?;
    let budget: serde_json::Value = serde_json::from_str(&text).context(BUDGET)?;
    let mut broken = Vec::new();
    let pages = budget.as_object().with_context(|| format!("{BUDGET} is an object of pages"))?;
    ensure!(!pages.is_empty(), "{BUDGET} has no pages");
    for (page, limits) in pages {
        let bytes_max =
            limits["bytes_max"].as_u64().with_context(|| format!("{BUDGET}: {page}.bytes_max"))?;
        let files = limits["files"].as_array().with_context(|| format!("{BUDGET}: {page}.files"))?;
        let mut bytes = 0;
        for file in files {
            let file = file.as_str().with_context(|| format!("{BUDGET}: {page}.files are texts"))?;
            bytes += gzip_bytes(&root.join("web"), file)?;
        }
        if bytes > bytes_max {
            broken.push(format!("{page}: {bytes} bytes compressed; {bytes_max} are the budget"));
        }
    }
    Ok(Outcome::check(broken.is_empty(), broken.join("\n")))
}

fn gzip_bytes(dir: &Path, file: &str) -> Result<u64> {
    let count = child::stdout(dir, &["sh", "-c", "gzip -9 -n -c -- \"$1\" | wc -c", "gzip", file])?;
    ensure!(dir.join(file).is_file(), "{file} does not exist");
    count.trim().parse().context("wc counts")
}
