//! `stentor crowd`: listeners that measure a server on this machine.

use std::io::{self, BufRead as _, BufReader, IsTerminal as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;

use anyhow::{Context as _, bail};
use serde_json::Value;
use stentor_crowd::{Arrivals, Bounds, Options, Outcome, Progress, Report, Share, Target, Trust};

use crate::cli::{ArrivalsArg, CrowdArgs};
use crate::say::say;

/// How long before the first arrival the processes are started: each is there within some 20 ms, and all begin at one moment.
const HEAD_START_US: u64 = 500_000;

/// The status of a part of a crowd that nobody listens to any more. Nobody sees it.
const ORPHANED: i32 = 1;

pub(crate) fn crowd(args: &CrowdArgs) -> anyhow::Result<()> {
    let options = options(args)?;
    options.check()?;
    if let Some(process) = args.process {
        return part(&options, process, args.begin_us);
    }
    let mut shown = Shown::new(&options);
    let outcome = if options.processes == 1 {
        let share = Share { process: 0, begin_us: stentor_crowd::now_us() };
        stentor_crowd::run(&options, share, &mut |progress| shown.show(progress))?
    } else {
        several(&options, &mut shown)?
    };
    shown.end();
    let report = Report::new(&args.url, outcome);
    say(format_args!("{}", serde_json::to_string_pretty(&report)?));
    Ok(())
}

fn options(args: &CrowdArgs) -> anyhow::Result<Options> {
    let over_us = args.ramp.saturating_mul(1_000_000);
    let trust = match &args.tls_root {
        Some(file) => Trust::Root(file.clone()),
        None if args.tls_unverified => Trust::Anybody,
        None => Trust::Nobody,
    };
    Ok(Options {
        target: Target::parse(&args.url, args.hls)?,
        trust,
        listeners: args.listeners,
        slow: args.slow,
        slow_bytes_per_second: args.slow_bytes_per_second,
        silent: args.silent,
        arrivals: match args.arrivals {
            ArrivalsArg::AtOnce => Arrivals::AtOnce,
            ArrivalsArg::Ramp => Arrivals::Ramp { over_us },
            ArrivalsArg::Steady => Arrivals::Steady { over_us },
        },
        seconds: args.seconds,
        bounds: match args.gap_ms {
            Some(ms) => Bounds { gap_us: ms.saturating_mul(1_000), ..Bounds::default() },
            None => Bounds::default(),
        },
        processes: args.processes,
    })
}

/// One of several processes: tells its progress and its outcome to the one that started it, a line of JSON each.
fn part(options: &Options, process: u32, begin_us: u64) -> anyhow::Result<()> {
    let share = Share { process, begin_us };
    let mut out = io::stdout();
    let outcome = stentor_crowd::run(options, share, &mut |progress| {
        let line = serde_json::json!({ "progress": progress });
        if writeln!(out, "{line}").is_err() {
            // Whoever started this process is gone, however that was: its listeners go as well.
            std::process::exit(ORPHANED);
        }
    })?;
    say(format_args!("{}", serde_json::json!({ "outcome": outcome })));
    Ok(())
}

/// The processes of a crowd. They end when this one drops them.
struct Processes(Vec<Child>);

impl Drop for Processes {
    fn drop(&mut self) {
        for child in &mut self.0 {
            // One that is over already cannot be ended, and needs not to be.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Runs the crowd in several processes, each with the same command line and its number.
fn several(options: &Options, shown: &mut Shown) -> anyhow::Result<Outcome> {
    let program = std::env::current_exe().context("where this program is")?;
    let begin_us = stentor_crowd::now_us() + HEAD_START_US;
    let (lines, news) = mpsc::channel();
    let mut processes = Processes(Vec::new());
    for process in 0..options.processes {
        let mut child = Command::new(&program)
            .args(std::env::args_os().skip(1))
            .args(["--process", &process.to_string(), "--begin-us", &begin_us.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start a process of the crowd")?;
        let stdout = child.stdout.take();
        processes.0.push(child);
        let lines = lines.clone();
        thread::spawn(move || {
            let all = stdout.into_iter().flat_map(|stdout| BufReader::new(stdout).lines());
            // A line that cannot be read is the last.
            for line in all.map_while(Result::ok) {
                if lines.send((process, line)).is_err() {
                    return;
                }
            }
        });
    }
    drop(lines);
    let mut outcome = Outcome::default();
    let mut progress = vec![Progress::default(); options.processes as usize];
    for (process, line) in news {
        let mut news: Value = serde_json::from_str(&line).context("what a process of the crowd tells")?;
        if let Some(told) = news.get_mut("outcome") {
            outcome.merge(serde_json::from_value(told.take())?);
        } else if let Some(told) = news.get_mut("progress") {
            progress[process as usize] = serde_json::from_value(told.take())?;
            let mut all = Progress::default();
            progress.iter().for_each(|one| all.merge(one));
            shown.show(&all);
        }
    }
    if outcome.engines.len() != options.processes as usize {
        bail!("a process of the crowd ended without a word; its message stands above");
    }
    Ok(outcome)
}

/// One line on a terminal that says how it is going.
struct Shown {
    is_terminal: bool,
    total: u32,
    seconds: u64,
}

impl Shown {
    fn new(options: &Options) -> Self {
        Self {
            is_terminal: io::stderr().is_terminal(),
            total: options.listeners + options.slow + options.silent,
            seconds: options.seconds,
        }
    }

    fn show(&mut self, progress: &Progress) {
        if self.is_terminal {
            let Progress { at_s, came, hearing, ended, body_bytes } = progress;
            let (total, seconds, mb) = (self.total, self.seconds, body_bytes / 1_000_000);
            eprint!(
                "\r{at_s} of {seconds} s: {came} of {total} came, {hearing} hear, {ended} ended, {mb} MB  "
            );
        }
    }

    fn end(&self) {
        if self.is_terminal {
            eprintln!();
        }
    }
}
