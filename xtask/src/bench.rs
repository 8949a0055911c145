//! Measurements, written down with the machine and the date.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::program;

/// Runs `bench/{name}.mjs` with `parts` (all of them if there are none) against the release build, or against
/// the program that `STENTOR_BIN` names, and renders everything under `bench/results` that is of this name to
/// `docs/reference/benchmarks/{name}.md`; `true` if no promise was broken. The script's contract is in
/// `bench/README.md`.
///
/// # Errors
/// There is no such script, it fails, or a result is not one.
pub(crate) fn run(root: &Path, name: &str, parts: &[String]) -> Result<bool> {
    let script = root.join("bench").join(name).with_extension("mjs");
    ensure!(
        script.is_file(),
        "bench/{name}.mjs does not exist; the benchmarks are: {}",
        names(root)?.join(", ")
    );
    let binary = std::env::var("STENTOR_BIN").or_else(|_| program::build_release(root))?;
    // Its progress is for whoever waits: a part takes up to an hour.
    let ran =
        Command::new("node").arg(&script).args(parts).env("STENTOR_BIN", binary).current_dir(root).status();
    let ran = ran.context("cannot run node")?;
    let results = results(root, name)?;
    let home = root.join("docs/reference/benchmarks");
    fs::create_dir_all(&home)?;
    fs::write(home.join(format!("{name}.md")), page(root, name, &results)?)?;
    ensure!(ran.success(), "bench/{name}.mjs failed: what it said is above");
    Ok(results.iter().all(|(_, result)| rows(result).iter().all(|row| row["kept"] != Value::Bool(false))))
}

fn names(root: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root.join("bench")).context("bench")? {
        let name = entry?.file_name().into_string().unwrap_or_default();
        names.extend(name.strip_suffix(".mjs").map(str::to_owned));
    }
    names.sort_unstable();
    Ok(names)
}

/// The parts of a benchmark that were ever measured, by name.
fn results(root: &Path, name: &str) -> Result<Vec<(String, Value)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root.join("bench/results")).context("bench/results")? {
        let path = entry?.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let Some(part) = stem.strip_prefix(name).and_then(|rest| rest.strip_prefix('-')) else { continue };
        let result: Value = serde_json::from_str(&fs::read_to_string(&path)?)
            .with_context(|| format!("{} is not a result", path.display()))?;
        ensure!(!rows(&result).is_empty(), "{} has no rows", path.display());
        found.push((part.to_owned(), result));
    }
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(found)
}

fn rows(result: &Value) -> &[Value] {
    result["rows"].as_array().map_or(&[], Vec::as_slice)
}

/// The numbers, then where they come from, then what `bench/{name}.md` says about them.
fn page(root: &Path, name: &str, results: &[(String, Value)]) -> Result<String> {
    let mut page = format!(
        "# Benchmark: {name}\n\nWritten by `cargo xtask bench {name}` from `bench/results/{name}-*.json`, \
         which have every single value.\n\n| part | what | measured | promised | kept |\n|---|---|---|---|---|\n"
    );
    for (part, result) in results {
        for row in rows(result) {
            let kept = row["kept"].as_bool().map_or("", |kept| if kept { "yes" } else { "**no**" });
            let text = |field: &str| row[field].as_str().unwrap_or_default().to_owned();
            let (what, measured, promised) = (text("what"), text("measured"), text("promised"));
            writeln!(page, "| {part} | {what} | {measured} | {promised} | {kept} |")?;
        }
    }
    page.push_str("\n## Where and when\n\n| part | begun (UTC) | commit | machine | load before and after |\n|---|---|---|---|---|\n");
    for (part, result) in results {
        let (machine, versions) = (&result["machine"], &result["versions"]);
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        writeln!(
            page,
            "| {part} | {} | {} | {} cores of {}, {} GiB, Linux {} | {}, {} |",
            text(&result["date"]).get(..16).unwrap_or_default().replace('T', " "),
            text(&versions["commit"]),
            machine["cores"],
            text(&machine["processor"]),
            machine["memory_gib"],
            text(&machine["kernel"]),
            machine["load_before"],
            result["load_after"],
        )?;
    }
    let notes = root.join("bench").join(name).join("notes.md");
    if notes.is_file() {
        write!(page, "\n{}", fs::read_to_string(notes)?)?;
    }
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_become_a_page() -> Result<()> {
        let result = serde_json::json!({
            "date": "2026-11-22T23:38:45.827Z", "load_after": 0.5,
            "machine": { "processor": "Abacus", "cores": 2, "memory_gib": 24, "kernel": "6.18", "load_before": 0.25 },
            "versions": { "commit": "abc1234" },
            "rows": [
                { "what": "mouth to ear, p50", "measured": "0.7 s", "promised": "≤ 0.9 s", "kept": true },
                { "what": "processor", "measured": "0.4 cores", "promised": "≤ 0.3 cores", "kept": false },
                { "what": "rounds", "measured": "12", "promised": "100" },
            ],
        });
        let page = page(Path::new("/nowhere"), "spine", &[("cost".to_owned(), result)])?;
        assert!(page.contains("| cost | mouth to ear, p50 | 0.7 s | ≤ 0.9 s | yes |\n"), "{page}");
        assert!(page.contains("| cost | processor | 0.4 cores | ≤ 0.3 cores | **no** |\n"), "{page}");
        assert!(page.contains("| cost | rounds | 12 | 100 |  |\n"), "{page}");
        let stamp =
            "| cost | 2026-11-22 23:38 | abc1234 | 2 cores of Abacus, 24 GiB, Linux 6.18 | 0.25, 0.5 |\n";
        assert!(page.contains(stamp), "{page}");
        Ok(())
    }
}
