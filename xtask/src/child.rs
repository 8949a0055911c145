//! Child processes, of which none is left behind.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, WaitOptions, getpid, kill_process, set_child_subreaper, waitpid};

/// How long one child may take before it is taken for hung: the slowest, a cold build of
/// everything, takes 20 minutes on two cores.
const HUNG_AFTER_S: u32 = 40 * 60;

/// What a child left.
pub(crate) struct Ran {
    /// It ended by itself with status 0.
    pub(crate) ok: bool,
    /// Standard output and standard error, in the order of their writing.
    pub(crate) output: String,
}

/// Runs `program` in `dir` to its end, with its output in `target/xtask/{log}.log`.
///
/// # Errors
/// The program cannot be started, or its log cannot be written or read.
pub(crate) fn run(root: &Path, dir: &Path, log: &str, program: &[&str], env: &[(&str, &str)]) -> Result<Ran> {
    let logs = root.join("target/xtask");
    fs::create_dir_all(&logs)?;
    let path = logs.join(format!("{}.log", log.replace('/', "-")));
    let file = File::create(&path).with_context(|| path.display().to_string())?;
    adopt_orphans()?;
    let limit = HUNG_AFTER_S.to_string();
    let status = Command::new("timeout")
        .args(["--foreground", "--kill-after=10", &limit])
        .args(program)
        .envs(env.iter().copied())
        .env("CARGO_TERM_COLOR", "never")
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .status();
    sweep();
    let status = status.with_context(|| format!("cannot run {}", program.join(" ")))?;
    let bytes = fs::read(&path)?;
    let mut output = String::from_utf8_lossy(&bytes).into_owned();
    if status.code() == Some(124) {
        output.push_str("\nstopped: it did not end by itself\n");
    }
    Ok(Ran { ok: status.success(), output })
}

/// Like [`run`], for a program whose output is data: standard output alone, in memory.
///
/// # Errors
/// The program cannot be started, or fails; the error carries what it said.
pub(crate) fn stdout(dir: &Path, program: &[&str]) -> Result<String> {
    let (name, args) = program.split_first().context("a program has a name")?;
    let out = Command::new(name)
        .args(args)
        .current_dir(dir)
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot run {name}"))?;
    let said = String::from_utf8_lossy(&out.stderr);
    anyhow::ensure!(out.status.success(), "{}: {}", program.join(" "), said.trim());
    String::from_utf8(out.stdout).with_context(|| format!("{name} wrote something that is not text"))
}

/// From here on a grandchild whose parent dies becomes our child, so that [`sweep`] finds it.
fn adopt_orphans() -> Result<()> {
    set_child_subreaper(Some(getpid())).context("cannot adopt orphaned processes")
}

/// Kills whatever the last child left running (a browser, a server), and theirs in turn.
fn sweep() {
    loop {
        let left = children();
        if left.is_empty() {
            return;
        }
        for pid in left {
            // A child that has just ended is as good as killed.
            let _ = kill_process(pid, Signal::KILL);
            let _ = waitpid(Some(pid), WaitOptions::empty());
        }
    }
}

/// Processor time of all children that have ended, and of theirs, in milliseconds (proc(5): `cutime` and `cstime`, fields
/// 16 and 17 of `stat`, in ticks of a hundredth).
///
/// # Errors
/// `/proc` is not as Linux makes it.
pub(crate) fn cpu_ms() -> Result<u64> {
    const TICK_MS: u64 = 10;
    let stat = fs::read_to_string("/proc/self/stat")?;
    let (_, after_name) = stat.rsplit_once(')').context("/proc/self/stat has no name")?;
    // The state is field 3.
    let fields = after_name.split_whitespace().skip(16 - 3).take(2);
    let ticks: Vec<u64> = fields.map(str::parse).collect::<Result<_, _>>()?;
    Ok(ticks.iter().sum::<u64>() * TICK_MS)
}

/// The processes whose parent we are (proc(5): the fourth field of `stat`, after the name in
/// parentheses, which may itself contain anything).
fn children() -> Vec<Pid> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let us = getpid().as_raw_nonzero().get();
    let child = |entry: fs::DirEntry| {
        let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        let (_, after_name) = stat.rsplit_once(')')?;
        let parent: i32 = after_name.split_whitespace().nth(1)?.parse().ok()?;
        (parent == us).then(|| Pid::from_raw(pid)).flatten()
    };
    entries.flatten().filter_map(child).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grandchild_that_outlives_its_parent_is_ended() -> Result<()> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("a parent")?;
        let ran = run(root, root, "orphan", &["sh", "-c", "setsid sleep 1000 & echo $!"], &[])?;
        assert!(ran.ok);
        let orphan = ran.output.trim();
        assert!(!Path::new("/proc").join(orphan).exists(), "{orphan} still runs");
        Ok(())
    }
}
