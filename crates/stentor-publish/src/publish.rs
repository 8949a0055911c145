//! A file as a speaker, from its first frame to its last, over as many connections as it takes.

use std::path::PathBuf;
use std::time::Duration;

use stentor_types::{Channels, Mono};
use stentor_webrtc::Path;

use crate::clock::Clock;
use crate::decode::Input;
use crate::error::PublishError;
use crate::link::{Link, Stopped};
use crate::play::{FRAME, Plan, Playhead};
use crate::whip::{Failure, Whip};

/// The first wait before another attempt; it doubles with each.
const WAIT_FIRST: Duration = Duration::from_millis(500);

/// The longest wait: a server that restarts is back within seconds.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// A connection that held so long was a good one: the next wait is the first again.
const HELD_MIN: Duration = Duration::from_secs(10);

/// What becomes of the sound at its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Repeat {
    /// The publication ends with it.
    #[default]
    Once,
    /// It begins anew at once.
    Endless,
    /// It begins anew every so often, rounded up to 20 ms, with silence in between. Files that are to
    /// stay in step have the same period: the [`crate::duration`] of the longest.
    Every(Duration),
}

/// What to publish, and where.
#[derive(Clone, Debug)]
pub struct PublishOptions {
    /// The sound.
    pub input: Input,
    /// The WHIP endpoint: http or https.
    pub to: String,
    /// The key of a speaker's link, sent as Bearer.
    pub key: String,
    /// Mono, as a voice is, or stereo.
    pub channels: Channels,
    /// What becomes of the sound at its end.
    pub repeat: Repeat,
    /// How much of the sound's beginning is left out. It is decoded all the same.
    pub start_at: Duration,
    /// When the first frame is due; `None` for at once. Publishers with one [`Clock`] and one `start`
    /// play in step.
    pub start: Option<Mono>,
    /// Send over TCP if the server offers it.
    pub prefer_tcp: bool,
    /// A file of PEM certificates to trust besides the system's.
    pub certificates: Option<PathBuf>,
}

/// What happens meanwhile, for a person to read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// Sound flows.
    Connected {
        /// The transport.
        path: Path,
    },
    /// It does not, and there will be another attempt.
    Waiting {
        /// Why.
        why: String,
        /// The time until the attempt.
        wait: Duration,
    },
}

/// What came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Frames of 20 ms that were sent.
    pub frames_sent: u64,
    /// Frames whose time passed while there was no connection or the machine was too busy.
    pub frames_missed: u64,
    /// Connections made.
    pub connections: u32,
}

/// Plays a file to a WHIP endpoint until it ends, `shutdown` does, or the server refuses for good.
///
/// When the server goes away, the sound plays on unheard and is heard again, at the place where it
/// then is, as soon as the server is back. Runs inside a tokio runtime.
pub async fn publish(
    options: PublishOptions,
    clock: Clock,
    notify: impl Fn(Notice),
    shutdown: impl Future<Output = ()>,
) -> Result<Summary, PublishError> {
    let whip = Whip::new(&options.to, &options.key, options.certificates.as_deref())?;
    let start = options.start.unwrap_or_else(|| clock.now());
    let frames =
        |time: Duration| u64::try_from(time.as_nanos().div_ceil(FRAME.as_nanos())).unwrap_or(u64::MAX);
    let (repeat, period_frames) = match options.repeat {
        Repeat::Once => (false, 0),
        Repeat::Endless => (true, 0),
        Repeat::Every(period) => (true, frames(period).max(1)),
    };
    let skip_frames = frames(options.start_at);
    let plan = Plan { input: options.input, channels: options.channels, skip_frames, repeat, period_frames };
    let mut publication = Publication {
        clock,
        whip,
        prefer_tcp: options.prefer_tcp,
        play: Playhead::start(clock, start, plan)?,
        link: None,
        summary: Summary::default(),
    };
    tokio::pin!(shutdown);
    let result = tokio::select! {
        biased;
        () = &mut shutdown => Ok(()),
        result = Box::pin(publication.run(&notify)) => result,
    };
    Box::pin(publication.hang_up()).await;
    publication.summary.frames_missed = publication.play.late;
    result.map(|()| publication.summary)
}

struct Publication {
    clock: Clock,
    whip: Whip,
    prefer_tcp: bool,
    play: Playhead,
    link: Option<Box<Link>>,
    summary: Summary,
}

impl Publication {
    async fn run(&mut self, notify: &impl Fn(Notice)) -> Result<(), PublishError> {
        let mut wait = WAIT_FIRST;
        loop {
            let connecting = Box::pin(Link::connect(self.clock, &self.whip, self.prefer_tcp));
            let link = tokio::select! {
                link = connecting => link,
                played = self.play.pass() => return played,
            };
            let (why, retry_after) = match link {
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::Passing { why, retry_after }) => (why, retry_after),
                Ok(link) => {
                    self.summary.connections += 1;
                    notify(Notice::Connected { path: link.path() });
                    let since = self.clock.now();
                    let stopped = self.link.insert(Box::new(link)).drive(&mut self.play).await;
                    match stopped? {
                        Stopped::Played => return Ok(()),
                        Stopped::Lost(why) => {
                            Box::pin(self.hang_up()).await;
                            if self.clock.now() >= since + HELD_MIN {
                                wait = WAIT_FIRST;
                            }
                            (why, None)
                        }
                    }
                }
            };
            let until = self.clock.now() + retry_after.unwrap_or(wait);
            notify(Notice::Waiting { why, wait: retry_after.unwrap_or(wait) });
            wait = (wait * 2).min(WAIT_MAX);
            tokio::select! {
                () = self.clock.sleep_until(until) => {}
                played = self.play.pass() => return played,
            }
        }
    }

    async fn hang_up(&mut self) {
        if let Some(mut link) = self.link.take() {
            self.summary.frames_sent += link.sent();
            link.close(&self.whip).await;
        }
    }
}
