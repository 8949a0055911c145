//! The chores of the project as one command.

mod bench;
mod child;
mod clock;
mod dialect;
mod e2e;
mod install;
mod lanes;
mod program;
mod reference;
mod report;
mod spdx;
mod test;
mod tidy;
mod web;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

const USAGE: &str = "\
usage: cargo xtask CHORE

  test [FILTER…]   install what is missing, run every check, end with `N passed, M failed`;
                   with filters only the steps whose names contain one of them
  install          what the tests need on Debian; only what is missing
  tidy             the rules of the repository: layers, lengths, words, links, licences
  gen [--check]    write docs/reference from the program's own definitions, or say that it is stale
  e2e [FILTER…]    real browsers and players against a real server
  screenshots [FOLDER]
                   pictures of every state of the pages, on phone and desktop, in both languages, light and
                   dark; in target/screenshots if no folder is named
  bench NAME [PART…]
                   measure, and write the result to docs/reference/benchmarks
";

fn main() -> ExitCode {
    match chore() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Does what the arguments say; `false` when a check failed and has been reported.
fn chore() -> Result<bool> {
    let root = root()?;
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (chore, rest) = args.split_first().map_or(("help", &[][..]), |(c, rest)| (c.as_str(), rest));
    match (chore, rest) {
        ("test", filters) => test::run(&root, filters),
        ("install", []) => install::run(&root).map(|()| true),
        ("tidy", []) => tidy::run(&root),
        ("gen", []) => reference::write(&root).map(|()| true),
        ("gen", [flag]) if flag == "--check" => reference::check(&root).map(|()| true),
        ("screenshots", []) => e2e::screenshots(&root, None),
        ("screenshots", [folder]) => e2e::screenshots(&root, Some(folder)),
        ("e2e", filters) => e2e::run(&root, filters),
        (lanes::ONE, [name, dir, command @ ..]) => lanes::one(&root, name, Path::new(dir), command),
        ("bench", [name, parts @ ..]) => bench::run(&root, name, parts),
        ("help" | "--help" | "-h", _) => {
            print!("{USAGE}");
            Ok(true)
        }
        _ => bail!("no such chore: {}\n\n{USAGE}", args.join(" ")),
    }
}

/// The repository: cargo runs this program with the folder of its manifest in the environment.
fn root() -> Result<PathBuf> {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR").context("run this as `cargo xtask …`")?;
    let root = Path::new(&manifest).parent().context("xtask lies in the repository")?;
    Ok(root.to_owned())
}
