//! `stentor check`: what would go wrong tonight, one line each.

use std::process::ExitCode;

use serde_json::json;
use stentor_server::check::{Finding, Verdict, findings, gather};
use stentor_server::clock::Clock;
use stentor_server::config::Config;

use crate::cli::CheckArgs;
use crate::say::say;
use crate::serve;

pub(crate) fn check(args: &CheckArgs) -> ExitCode {
    let found = match look(args) {
        Ok(found) => found,
        Err(error) => {
            eprintln!("stentor: {error:#}");
            return ExitCode::FAILURE;
        }
    };
    let works = found.iter().all(|finding| finding.verdict != Verdict::Fail);
    if args.json {
        say(format_args!("{:#}", json!({ "ok": works, "findings": found })));
    } else {
        for finding in &found {
            say(format_args!("{finding}"));
        }
    }
    if works { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn look(args: &CheckArgs) -> anyhow::Result<Vec<Finding>> {
    let config = match Config::load(args.serve.config.as_deref(), args.serve.flags()) {
        Ok(config) => config,
        Err(error) => return Ok(vec![Finding::of_config(&error)]),
    };
    let clock = Clock::start();
    let facts = serve::runtime()?.block_on(async { gather(&config, &clock) });
    Ok(findings(&facts))
}
