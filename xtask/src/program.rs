//! The program under test.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::child;

/// Builds everything for tests, and with it `stentor`; says where that is. One build serves the unit
/// tests, the reference pages and the browsers: cargo takes a library anew for every other set of packages,
/// because its features may differ.
///
/// # Errors
/// It does not build; the error carries the compiler's words.
pub(crate) fn build(root: &Path) -> Result<String> {
    cargo(root, &["cargo", "build", "--workspace", "--all-targets"])?;
    path(root, "debug")
}

/// Builds `stentor` as it is given to people, for measurements; says where it is.
///
/// # Errors
/// It does not build; the error carries the compiler's words.
pub(crate) fn build_release(root: &Path) -> Result<String> {
    cargo(root, &["cargo", "build", "--package", "stentor", "--release"])?;
    path(root, "release")
}

fn cargo(root: &Path, program: &[&str]) -> Result<()> {
    let ran = child::run(root, root, "build", program, &[])?;
    ensure!(ran.ok, "{}", ran.output.trim_end());
    Ok(())
}

fn path(root: &Path, folder: &str) -> Result<String> {
    let metadata = child::stdout(root, &["cargo", "metadata", "--format-version", "1", "--no-deps"])?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let target = metadata["target_directory"].as_str().context("cargo names its target folder")?;
    Ok(format!("{target}/{folder}/stentor"))
}
