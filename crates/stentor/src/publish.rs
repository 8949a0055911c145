//! `stentor publish`.

use std::time::Duration;

use anyhow::Context as _;
use stentor_publish::{Clock, Input, Notice, PublishOptions, Repeat};
use stentor_types::Channels;

use crate::cli::PublishArgs;
use crate::serve;

pub(crate) fn publish(args: PublishArgs) -> anyhow::Result<()> {
    let start_at = Duration::try_from_secs_f64(args.start_at).context("--start-at is a number of seconds")?;
    let options = PublishOptions {
        input: Input::File(args.file),
        to: args.to,
        key: args.key,
        channels: if args.stereo { Channels::Stereo } else { Channels::Mono },
        repeat: if args.repeat { Repeat::Endless } else { Repeat::Once },
        start_at,
        start: None,
        prefer_tcp: args.tcp,
        certificates: args.ca,
    };
    let notify = |notice| match notice {
        Notice::Connected { path } => eprintln!("connected by {path:?}"),
        Notice::Waiting { why, wait } => eprintln!("{why}; trying again in {:.1} s", wait.as_secs_f64()),
        _ => {}
    };
    let summary = serve::runtime()?.block_on(async {
        let stopped = serve::stop_signal()?;
        Ok::<_, anyhow::Error>(stentor_publish::publish(options, Clock::start(), notify, stopped).await?)
    })?;
    let sent_s = Duration::from_millis(20 * summary.frames_sent).as_secs_f64();
    eprintln!("sent {sent_s:.1} s over {} connections", summary.connections);
    Ok(())
}
