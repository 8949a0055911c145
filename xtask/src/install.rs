//! What the tests need on a Debian machine. Only what is missing is installed.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::child;

/// A program that the tests run, and the Debian package that brings it.
const PROGRAMS: [(&str, &str); 14] = [
    ("chromium", "chromium"),
    ("cmake", "cmake"),
    ("espeak-ng", "espeak-ng"),
    ("ffmpeg", "ffmpeg"),
    ("firefox-esr", "firefox-esr"),
    ("ip", "iproute2"),
    ("mpv", "mpv"),
    ("nft", "nftables"),
    ("node", "nodejs"),
    ("npm", "npm"),
    ("pulseaudio", "pulseaudio"),
    ("python3", "python3"),
    // With its headers: `pesq` is compiled when it is installed.
    ("python3-config", "python3-dev"),
    ("vlc", "vlc-bin"),
];

/// VLC alone plays nothing: its codecs and outputs are a package that brings no program.
const VLC_PLUGINS: &str = "vlc-plugin-base";

/// The Python module without which `python3 -m venv` makes an environment without pip.
const VENV: (&str, &str) = ("ensurepip", "python3-venv");

/// Older ones have no test runner that can be told how to report.
const NODE_MAJOR_MIN: u32 = 20;

/// Installs what is missing.
///
/// # Errors
/// One sentence that says what is missing and how to get it.
pub(crate) fn run(root: &Path) -> Result<()> {
    packages(root)?;
    node_is_new_enough(root)?;
    for dir in ["web", "e2e"] {
        node_modules(root, dir)?;
    }
    python_venv(root)
}

fn packages(root: &Path) -> Result<()> {
    let absent = PROGRAMS.iter().filter(|(program, _)| which(program).is_none());
    let mut missing: Vec<&str> = absent.map(|(_, package)| *package).collect();
    if missing.contains(&"vlc-bin") {
        missing.push(VLC_PLUGINS);
    }
    let import = format!("import {}", VENV.0);
    if which("python3").is_some() && child::stdout(root, &["python3", "-c", &import]).is_err() {
        missing.push(VENV.1);
    }
    if missing.is_empty() {
        return Ok(());
    }
    let how = format!("apt-get install {}", missing.join(" "));
    if which("apt-get").is_none() {
        bail!("the tests need {}: install them with your system's packages", missing.join(", "));
    }
    if !rustix::process::geteuid().is_root() {
        bail!("the tests need {}: run `sudo {how}`", missing.join(", "));
    }
    let env = [("DEBIAN_FRONTEND", "noninteractive")];
    let install: Vec<&str> =
        ["apt-get", "install", "--yes", "--no-install-recommends"].into_iter().chain(missing).collect();
    for (log, program) in [("apt-update", &["apt-get", "update"][..]), ("apt-install", &install)] {
        let ran = child::run(root, root, log, program, &env)?;
        ensure!(ran.ok, "`{how}` failed:\n{}", ran.output.trim_end());
    }
    Ok(())
}

fn node_is_new_enough(root: &Path) -> Result<()> {
    let version = child::stdout(root, &["node", "--version"])?;
    let major = version.trim().trim_start_matches('v').split('.').next().and_then(|n| n.parse::<u32>().ok());
    ensure!(
        major.is_some_and(|major| major >= NODE_MAJOR_MIN),
        "the tests need Node {NODE_MAJOR_MIN} or newer, and this is {}: take it from https://nodejs.org/",
        version.trim()
    );
    Ok(())
}

/// `npm ci`, unless what is there came from the same lock file.
fn node_modules(root: &Path, dir: &str) -> Result<()> {
    let dir = root.join(dir);
    let lock = fs::read_to_string(dir.join("package-lock.json"));
    let lock = lock.with_context(|| format!("{}/package-lock.json", dir.display()))?;
    let stamp = dir.join("node_modules/.installed-from");
    if fs::read_to_string(&stamp).is_ok_and(|from| from == lock) {
        return Ok(());
    }
    let program = ["npm", "ci", "--no-audit", "--no-fund"];
    let ran = child::run(root, &dir, "npm", &program, &[])?;
    ensure!(ran.ok, "`npm ci` in {} failed:\n{}", dir.display(), ran.output.trim_end());
    fs::create_dir_all(dir.join("node_modules"))?;
    fs::write(stamp, lock).context("cannot note what was installed")
}

/// `.venv` with exactly what `e2e/requirements.txt` pins, unless it is there.
fn python_venv(root: &Path) -> Result<()> {
    let wanted = fs::read_to_string(root.join("e2e/requirements.txt")).context("e2e/requirements.txt")?;
    let stamp = root.join(".venv/installed-from");
    if fs::read_to_string(&stamp).is_ok_and(|from| from == wanted) {
        return Ok(());
    }
    let pip = ["pip", "install", "--quiet", "--disable-pip-version-check", "-r", "e2e/requirements.txt"];
    let install: Vec<&str> = [".venv/bin/python", "-m"].into_iter().chain(pip).collect();
    for program in [&["python3", "-m", "venv", "--clear", ".venv"][..], &install] {
        let ran = child::run(root, root, "venv", program, &[])?;
        ensure!(ran.ok, "`{}` failed:\n{}", program.join(" "), ran.output.trim_end());
    }
    fs::write(stamp, wanted).context("cannot note what was installed")
}

/// The program's path, if the shell would find one.
fn which(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    // nft lives where only root looks, but everybody may look there.
    let dirs = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    dirs.map(|dir| dir.join(program)).find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_as_a_shell_finds_them() {
        assert!(which("sh").is_some());
        assert_eq!(which("no-such-program-anywhere"), None);
    }
}
