//! The command line of Stentor.

mod check;
mod cli;
mod crowd;
mod demo;
mod publish;
mod reference;
mod say;
mod serve;
mod show;
mod tape;

use std::process::ExitCode;

use clap::Parser as _;
use stentor_crowd::CrowdError;
use stentor_server::cert;
use stentor_server::clock::Clock;
use stentor_server::config::ConfigError;

use crate::cli::{Cli, Command};
use crate::say::say;

/// A configuration or flags that cannot be used (EX_USAGE of sysexits.h), so that a supervisor does not retry.
const EXIT_USAGE: u8 = 64;

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Check(args) => return check::check(&args),
        Command::Serve(args) => serve::serve(args),
        Command::Demo(args) => demo::demo(args),
        Command::Show(args) => show::show(args),
        Command::Publish(args) => publish::publish(args),
        Command::Crowd(args) => crowd::crowd(&args),
        Command::Tape(command) => tape::tape(command),
        Command::Cert(args) => make_cert(&args),
        Command::Reference { dir } => reference::write(&dir),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("stentor: {error:#}");
            let is_usage = error.downcast_ref::<ConfigError>().is_some()
                || error.downcast_ref::<CrowdError>().is_some_and(CrowdError::is_usage);
            if is_usage { ExitCode::from(EXIT_USAGE) } else { ExitCode::FAILURE }
        }
    }
}

fn make_cert(args: &cli::CertArgs) -> anyhow::Result<()> {
    let names = if args.names.is_empty() { cert::own_names() } else { args.names.clone() };
    let made = cert::make(&names, &args.dir, Clock::start().wall())?;
    say(format_args!("{made}"));
    Ok(())
}
