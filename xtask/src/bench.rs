//! Measurements, written down with the machine and the date.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{child, program};

/// Runs `bench/{name}.mjs` against the release build and writes what it says to
/// `docs/reference/benchmarks/{name}.md`; `true` if every promise was kept. The script's contract is in
/// `bench/README.md`.
///
/// # Errors
/// There is no such script, it fails, or its last line is not a result.
pub(crate) fn run(root: &Path, name: &str) -> Result<bool> {
    let script = root.join("bench").join(name).with_extension("mjs");
    ensure!(
        script.is_file(),
        "bench/{name}.mjs does not exist; the benchmarks are: {}",
        names(root)?.join(", ")
    );
    let binary = program::build_release(root)?;
    let script = script.to_str().context("the repository's path is not UTF-8")?;
    let log = format!("bench-{name}");
    let ran = child::run(root, &root.join("bench"), &log, &["node", script], &[("STENTOR_BIN", &binary)])?;
    ensure!(ran.ok, "bench/{name}.mjs failed:\n{}", ran.output.trim_end());
    let last = ran.output.trim_end().lines().next_back().unwrap_or_default();
    let result: Value =
        serde_json::from_str(last).context("the last line of a benchmark is its result as JSON")?;
    let page = page(name, &result, &machine(root)?)?;
    print!("{page}");
    let home = root.join("docs/reference/benchmarks");
    fs::create_dir_all(&home)?;
    fs::write(home.join(format!("{name}.md")), page)?;
    Ok(rows(&result)?.iter().all(|row| row["kept"] != Value::Bool(false)))
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

fn rows(result: &Value) -> Result<&Vec<Value>> {
    result["rows"].as_array().filter(|rows| !rows.is_empty()).context("a result has rows")
}

fn page(name: &str, result: &Value, machine: &str) -> Result<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut page = format!("# {}\n\n", result["title"].as_str().context("a result has a title")?);
    writeln!(page, "Written by `cargo xtask bench {name}`. {machine}\n")?;
    page.push_str("| what | measured | promised | kept |\n|---|---|---|---|\n");
    for row in rows(result)? {
        let kept = row["kept"].as_bool().map_or("", |kept| if kept { "yes" } else { "**no**" });
        let promised = if row["promised"].is_null() { String::new() } else { text(&row["promised"]) };
        writeln!(page, "| {} | {} | {promised} | {kept} |", text(&row["what"]), text(&row["measured"]))?;
    }
    if let Some(notes) = result["notes"].as_str() {
        writeln!(page, "\n{notes}")?;
    }
    Ok(page)
}

/// One line about where and when: processor, cores, memory, kernel, commit, date.
fn machine(root: &Path) -> Result<String> {
    let of = |program: &[&str]| child::stdout(root, program).map(|text| text.trim().to_owned());
    let cpu = fs::read_to_string("/proc/cpuinfo").context("/proc/cpuinfo")?;
    let model = cpu.lines().find_map(|line| Some(line.strip_prefix("model name")?.split_once(": ")?.1));
    let memory = fs::read_to_string("/proc/meminfo").context("/proc/meminfo")?;
    let kib = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:")?.trim().split(' ').next()?.parse().ok());
    let gib = kib.map_or(0.0, |kib: f64| kib / f64::from(1 << 20));
    Ok(format!(
        "{} at {}, on {} cores of {} with {gib:.0} GiB, Linux {}.",
        of(&["date", "-u", "+%Y-%m-%d"])?,
        of(&["git", "describe", "--always", "--dirty"])?,
        of(&["nproc"])?,
        model.unwrap_or("an unnamed processor"),
        of(&["uname", "-r"])?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_becomes_a_page() -> Result<()> {
        let result = serde_json::json!({
            "title": "The spine",
            "rows": [
                { "what": "mouth to ear, p50", "measured": "0.7 s", "promised": "≤ 0.9 s", "kept": true },
                { "what": "processor", "measured": "0.4 cores", "promised": "≤ 0.3 cores", "kept": false },
                { "what": "chunks", "measured": 12 },
            ],
        });
        let page = page("spine", &result, "Yesterday.")?;
        assert!(page.contains("| mouth to ear, p50 | 0.7 s | ≤ 0.9 s | yes |\n"), "{page}");
        assert!(page.contains("| processor | 0.4 cores | ≤ 0.3 cores | **no** |\n"), "{page}");
        assert!(page.contains("| chunks | 12 |  |  |\n"), "{page}");
        assert!(super::page("spine", &serde_json::json!({ "title": "x", "rows": [] }), "").is_err());
        Ok(())
    }
}
