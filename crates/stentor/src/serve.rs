//! `stentor serve`.

use std::fs;
use std::future::Future;
use std::io::IsTerminal as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use stentor_server::clock::Clock;
use stentor_server::config::Config;
use stentor_server::notice::Notices;
use stentor_server::{Reloader, Server};
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cli::ServeArgs;
use crate::say::say;

pub(crate) fn serve(args: ServeArgs) -> anyhow::Result<()> {
    let config = Config::load(args.config.as_deref(), args.flags())?;
    let runtime = runtime()?;
    let served = runtime.block_on(async {
        let stopped = stop_signal()?;
        let hangup = signal(SignalKind::hangup())?;
        let server = open(config)?;
        // A journal is read by more people than a terminal.
        if std::io::stdout().is_terminal() {
            say(format_args!("Operator: {}", server.operator_url()));
        } else {
            let key = server.shell().data().dir().join("operator.key");
            say(format_args!("Operator: {}/operator, with the key in {}", server.desk_url(), key.display()));
        }
        tell_ready(args.ready_file.as_deref(), &server)?;
        let reloader = server.reloader();
        let reloading = tokio::spawn(reload_on_hangup(hangup, args, reloader));
        server.run(stopped).await;
        reloading.abort();
        Ok(())
    });
    // What a disk that stands still holds up is not waited for: whatever could be made safe is.
    runtime.shutdown_background();
    served
}

/// Reads the configuration again whenever SIGHUP comes, with the flags of the start.
async fn reload_on_hangup(mut hangup: Signal, args: ServeArgs, reloader: Reloader) {
    while hangup.recv().await.is_some() {
        let (args, reloader) = (args.clone(), reloader.clone());
        let read = move || reloader.reload(Config::load(args.config.as_deref(), args.flags()));
        // Files may lie on a disk that is slow.
        if let Err(error) = tokio::task::spawn_blocking(read).await {
            eprintln!("stentor: reading the configuration again failed: {error}");
        }
    }
}

pub(crate) fn runtime() -> anyhow::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("the runtime cannot start")
}

/// Opens the server with its log on standard error.
pub(crate) fn open(config: Config) -> anyhow::Result<Server> {
    let clock = Clock::start();
    let notices: Arc<Notices> = Notices::start(config.log.level, config.log.format, std::io::stderr());
    Ok(Server::open(config, clock, notices)?)
}

/// Done when the process is asked to stop: Ctrl-C, or SIGTERM from a supervisor.
pub(crate) fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Writes where the doors are, at once and whole, for whoever waits for the file.
pub(crate) fn tell_ready(file: Option<&Path>, server: &Server) -> anyhow::Result<()> {
    let Some(file) = file else { return Ok(()) };
    let addresses = server.addresses();
    let ready = serde_json::json!({
        "front": addresses.front.to_string(),
        "stage": addresses.stage.to_string(),
        "media": addresses.media.to_string(),
        "desk": addresses.desk.to_string(),
        "operator_key_path": server.shell().data().dir().join("operator.key"),
    });
    let aside = file.with_extension("new");
    fs::write(&aside, ready.to_string())
        .and_then(|()| fs::rename(&aside, file))
        .with_context(|| format!("cannot write {}", file.display()))
}
