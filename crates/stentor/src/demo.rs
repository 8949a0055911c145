//! `stentor demo`: a show on air within a second, with a conversation that explains itself.

use std::future::Future;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use stentor_publish::{Input, PublishOptions, Repeat};
use stentor_server::Server;
use stentor_server::config::{Config, RawConfig, Tls};
use stentor_stage::{By, NewLink, Role, ShowSpec, StageCommand};
use stentor_types::{Channels, Reason, ShowId};
use tokio::sync::watch;

use crate::cli::ServeArgs;
use crate::say::say;
use crate::serve;

/// The two voices, made by `assets/demo/make`. Equally long, each silent while the other speaks.
const VOICES: [(&str, &[u8]); 2] = [
    ("Ada", include_bytes!("../../../assets/demo/ada.opus")),
    ("Ben", include_bytes!("../../../assets/demo/ben.opus")),
];

pub(crate) fn demo(args: ServeArgs) -> anyhow::Result<()> {
    let folder = tempfile::Builder::new().prefix("stentor-demo-").tempdir().context("no temporary folder")?;
    let mut flags: RawConfig = args.flags();
    let own = folder.path().join("data");
    if let Some(asked) = flags.data.dir.replace(own) {
        say(format_args!(
            "The demo keeps nothing: {} is not used. `stentor serve --data DIR` keeps what it records.",
            asked.display()
        ));
    }
    let config = Config::load(args.config.as_deref(), flags)?;
    if config.tls.as_ref().is_some_and(|tls| tls.acme().is_some()) {
        bail!("the demo takes a certificate from files only; leave out --acme and tls.acme");
    }
    let certificates = config.tls.as_ref().and_then(Tls::files).map(|files| files.cert.clone());
    serve::runtime()?.block_on(async {
        let stopped = serve::stop_signal()?;
        let server = serve::open(config)?;
        let keys = announce(&server)?;
        tell_links(&server, &keys.host_url);
        serve::tell_ready(args.ready_file.as_deref(), &server)?;
        let (stop, stopping) = watch::channel(false);
        let voices = converse(&server, &keys, certificates, &stopping)?;
        server
            .run(async {
                stopped.await;
                stop.send_replace(true);
                voices.await;
            })
            .await;
        Ok(())
    })
}

struct Keys {
    show: ShowId,
    host_url: String,
    voices: Vec<String>,
}

/// Makes the show, a link for each voice, and puts it on air.
fn announce(server: &Server) -> anyhow::Result<Keys> {
    let refused = |reason| anyhow!("the demo was refused: {reason:?}");
    let show: ShowId = "demo".parse().context("the demo's name")?;
    let mut spec = ShowSpec::new(show.clone());
    spec.title = "How Stentor works".parse().context("the demo's title")?;
    let shell = server.shell();
    shell.ask(|node, now| node.create(now, spec, entropy())).map_err(refused)?;
    let mut voices = Vec::new();
    for (name, _) in VOICES {
        let label = name.parse().context("a voice's name")?;
        let new = NewLink { label: Some(label), ..NewLink::new(Role::Speaker) };
        let link = shell.ask(|node, now| node.invite(now, &show, new, entropy())).map_err(refused)?;
        voices.push(link.key);
    }
    shell
        .ask(|node, now| node.command(now, &show, By::Operator, StageCommand::Live {}, entropy()))
        .map_err(refused)?;
    let host_url = shell.look(|node, _| {
        let stage = node.show(&show)?.stage();
        let host = stage.links().into_iter().find(|link| link.role == Role::Host);
        let key = stage.link_key(host.ok_or(Reason::UnknownLink)?.id)?;
        Ok::<_, Reason>(format!("{}/{show}/studio#key={key}", node.urls().stage))
    });
    Ok(Keys { host_url: host_url.map_err(refused)?, show, voices })
}

fn tell_links(server: &Server, studio: &str) {
    let front = server.shell().look(|node, _| node.urls().front.clone());
    say(format_args!("\n  On air. Two voices explain how Stentor works.\n"));
    say(format_args!("  Listen     {front}/demo"));
    say(format_args!("  Studio     {studio}"));
    say(format_args!("  Operator   {}\n", server.operator_url()));
    say(format_args!("  Ctrl-C ends it; nothing is kept.\n"));
}

/// Both voices as speakers over WebRTC, in step, again and again.
fn converse(
    server: &Server,
    keys: &Keys,
    certificates: Option<std::path::PathBuf>,
    stopping: &watch::Receiver<bool>,
) -> anyhow::Result<impl Future<Output = ()> + use<>> {
    let address = server.addresses().stage;
    let scheme = if certificates.is_some() { "https" } else { "http" };
    let host = if address.ip().is_unspecified() { "localhost".to_owned() } else { address.ip().to_string() };
    let to = format!("{scheme}://{host}:{}/{}/whip", address.port(), keys.show);
    let clock = stentor_publish::Clock::start();
    let mut period = Duration::ZERO;
    for (_, bytes) in VOICES {
        period = period.max(stentor_publish::duration(&Input::Bytes(bytes.into()))?);
    }
    let mut voices = tokio::task::JoinSet::new();
    for ((_, bytes), key) in VOICES.into_iter().zip(&keys.voices) {
        let options = PublishOptions {
            input: Input::Bytes(bytes.into()),
            to: to.clone(),
            key: key.clone(),
            channels: Channels::Mono,
            repeat: Repeat::Every(period),
            start_at: Duration::ZERO,
            start: Some(clock.now()),
            prefer_tcp: false,
            certificates: certificates.clone(),
        };
        let mut stopping = stopping.clone();
        voices.spawn(async move {
            let stopped = async move {
                let _ = stopping.wait_for(|stopping| *stopping).await;
            };
            if let Err(error) = stentor_publish::publish(options, clock, |_| (), stopped).await {
                eprintln!("stentor: a voice of the demo fell silent: {error}");
            }
        });
    }
    Ok(async move { while voices.join_next().await.is_some() {} })
}

fn entropy() -> [u8; 32] {
    stentor_server::entropy()
}
