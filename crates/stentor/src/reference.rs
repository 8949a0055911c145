//! The reference pages, written by the program about itself.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::Context as _;
use clap::{Command, CommandFactory as _};
use stentor_server::{config, desk, metrics, notice};

use crate::cli::Cli;

/// Writes all pages into a folder.
pub(crate) fn write(dir: &Path) -> anyhow::Result<()> {
    let openapi = format!("{:#}\n", desk::openapi());
    for (name, text) in [
        ("cli.md", cli()),
        ("configuration.md", config::reference_markdown()),
        ("stentor.example.toml", config::Config::example()),
        ("metrics.md", metrics_page()),
        ("openapi.json", openapi),
    ] {
        fs::write(dir.join(name), text).with_context(|| format!("cannot write {name}"))?;
    }
    Ok(())
}

fn cli() -> String {
    let mut page = String::from("# The command line\n\n<!-- Made by `cargo xtask gen`. -->\n");
    let mut root = Cli::command();
    root.build();
    for command in root.get_subcommands_mut() {
        describe(&mut page, command);
    }
    page
}

fn describe(page: &mut String, command: &mut Command) {
    if command.is_hide_set() || command.get_name() == "help" {
        return;
    }
    let help = command.render_help().to_string();
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name()).to_owned();
    let _ = write!(page, "\n## {name}\n\n```text\n{}\n```\n", help.trim_end());
    for inner in command.get_subcommands_mut() {
        describe(page, inner);
    }
}

fn metrics_page() -> String {
    let mut page = String::from(
        "# Metrics and notices\n\n<!-- Made by `cargo xtask gen`. -->\n\n\
         `GET /metrics` at the desk, in Prometheus' text format.\n\n| metric | kind | labels | meaning |\n|---|---|---|---|\n",
    );
    for family in metrics::FAMILIES {
        let kind = match family.kind {
            metrics::Kind::Counter => "counter",
            metrics::Kind::Gauge => "gauge",
        };
        let labels = family.labels.join(", ");
        let _ = writeln!(page, "| `{}` | {kind} | {labels} | {} |", family.name, family.help);
    }
    page.push_str(
        "| `stentor_notices_total` | counter | notice | Operational facts, by kind. |\n\
         | `stentor_refusals_total` | counter | reason | Requests that a door refused, by reason. |\n\
         | `stentor_log_lines_dropped_total` | counter |  | Log lines dropped because the log was slow. |\n\n\
         ## Notices\n\nEach is a line of the log and a count in `stentor_notices_total`.\n\n",
    );
    page.push_str(&notice::reference_markdown());
    page
}
