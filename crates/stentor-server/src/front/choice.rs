//! What a listener gets: which tape, which rendition, how much at once, and from where on. The same rules, whoever
//! serves them.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use serde::Deserialize;
use stentor_formats::{Container, Framer, Interval};
use stentor_node::Show;
use stentor_stage::Phase;
use stentor_types::time::SAMPLE_RATE_HZ;
use stentor_types::{Codec, Epoch, MediaTime, Reason, Rendition, ShowId, Slot, Wall};

use crate::problem::Problem;
use crate::shell::{Shell, is_live};
use crate::tape::{Live, LiveTape};

/// What a listener is given at once on joining, in groups of the interval. 5 × 0.96 s cover the page's
/// 3 to 4 s behind live and the group in the making; 4 × 0.32 s cover what a page close to live holds.
pub(super) const fn burst_groups(interval: Interval) -> u64 {
    match interval {
        Interval::Close => 4,
        Interval::Steady | Interval::Short | Interval::Segment => 5,
    }
}

/// The default wish in kbps.
const KBPS: u32 = 32;

/// When streams that come too early may ask again, if nobody knows better.
const RETRY_SOON: Duration = Duration::from_secs(1);

/// When streams that come before the doors ask again at the latest: schedules change.
const RETRY_LATEST: Duration = Duration::from_secs(60);

#[derive(Debug, Default, Deserialize)]
pub(super) struct Wish {
    kbps: Option<u32>,
    from: Option<f64>,
    close: Option<String>,
    /// Of the gate.
    pub(super) ticket: Option<String>,
}

impl Wish {
    /// The wish in a query.
    pub(super) fn of(target: &Uri) -> Result<Self, Problem> {
        let wish = axum::extract::Query::try_from_uri(target).map_err(|_| Self::malformed())?;
        Ok(wish.0)
    }

    pub(super) fn malformed() -> Problem {
        Problem::new(Reason::Malformed).detail("kbps is a number, from is a number of seconds, close is 1.")
    }

    /// `usual` is the interval of those who wish for nothing. Whoever runs a machine with a longer one has no processor
    /// to spare for those close to live.
    fn interval(&self, usual: Interval) -> Interval {
        let close = self.close.as_ref().is_some_and(|close| close != "0");
        if close && usual == Interval::Steady { Interval::Close } else { usual }
    }
}

/// What one listener gets.
pub(super) struct Choice {
    pub(super) tape: Arc<LiveTape>,
    pub(super) framer: Framer,
    pub(super) key: (Container, Rendition, Interval),
    /// The first slot of the first group.
    pub(super) first: Slot,
    /// They begin further back than everybody does who joins.
    pub(super) rewound: bool,
    /// Second 0 of the show, once it is on air.
    pub(super) on_air_at: Option<MediaTime>,
    /// That of the newest sound.
    pub(super) epoch: Epoch,
}

/// What a listener gets who wishes for this; `None` if the first sound of the show is about to be made.
///
/// # Errors
/// There is no live sound, or not this: the answer says why and what to do.
pub(super) fn choose(
    shell: &Shell,
    id: &ShowId,
    container: Container,
    wish: &Wish,
) -> Result<Option<Choice>, Problem> {
    if wish.from.is_some_and(|from| !from.is_finite()) {
        return Err(Problem::new(Reason::Malformed).detail("from is a number of seconds."));
    }
    let on_air_at = shell.look(|node, now| {
        let show = node.show(id)?;
        has_live_sound(show, now.wall).map(|()| show.on_air_at())
    })?;
    let Some(tape) = shell.show(id)?.tape() else { return Ok(None) };
    let codec = if container == Container::Adts { Codec::Aac } else { Codec::Opus };
    let rendition = Rendition::nearest_below(codec, wish.kbps.unwrap_or(KBPS));
    let framer =
        tape.framer(container, rendition).map_err(|_| Problem::new(Reason::RenditionMissing))?.clone();
    let interval = wish.interval(shell.interval());
    let live = tape.live();
    let epoch = match live.window.newest() {
        // The phase is about to say why.
        _ if live.closed => return Err(no_sound_yet()),
        Some(newest) => newest.position.epoch,
        None => return Ok(None),
    };
    let wanted = wish.from.and_then(|from| place_of(from, on_air_at, live.end()));
    let joined = joining_slot(&live, interval);
    // Less than what everybody gets on joining is not rewound.
    let rewound = wanted.is_some_and(|slot| slot < joined);
    let first = wanted.filter(|_| rewound).unwrap_or(joined);
    let first = first.max(tape.with_index(stentor_tape::Index::first)).max(Slot(0));
    let first = interval.group(first).start;
    let key = (container, rendition, interval);
    Ok(Some(Choice { tape, framer, key, first, rewound, on_air_at, epoch }))
}

impl Choice {
    /// Bytes of a second of it: 1 kbps are 125, and containers add an eighth at most.
    pub(super) fn bytes_per_s(&self) -> u64 {
        u64::from(self.key.1.kbps()) * 125 * 9 / 8
    }

    /// The headers of a stream that begins with the group of `first`.
    pub(super) fn headers(&self, first: Slot) -> HeaderMap {
        let seconds = |at: MediaTime| {
            HeaderValue::from_str(&format!("{:.5}", at.as_secs_f64())).expect("digits and a dot")
        };
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.key.0.content_type()));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        // nginx would collect the stream otherwise.
        headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
        headers.insert(HeaderName::from_static("stentor-epoch"), HeaderValue::from(self.epoch.0));
        headers.insert(HeaderName::from_static("stentor-start-s"), seconds(first.start()));
        let interval = Slot(self.key.2.slots()).start();
        headers.insert(HeaderName::from_static("stentor-interval-s"), seconds(interval));
        if let Some(on_air_at) = self.on_air_at {
            headers.insert(HeaderName::from_static("stentor-on-air-s"), seconds(on_air_at));
        }
        headers
    }
}

/// The doors are open and the first chunk is in the making.
pub(super) fn no_sound_yet() -> Problem {
    Problem::new(Reason::DoorsClosed)
        .detail("The sound of this show begins within a second or two. Ask again in a moment.")
        .retry_after(RETRY_SOON)
}

/// Whether there is live sound now, and if not, why and what to do.
fn has_live_sound(show: &Show, now: Wall) -> Result<(), Problem> {
    let recording = format!("/{}", show.stage().spec().id);
    match show.stage().phase() {
        phase if is_live(phase) => Ok(()),
        Phase::Ended => Err(Problem::new(Reason::Ended).recording(recording)),
        _ => {
            let doors_at = show.stage().spec().doors_at().unwrap_or(now);
            let wait = doors_at.saturating_since(now).clamp(RETRY_SOON, RETRY_LATEST);
            Err(Problem::new(Reason::DoorsClosed).retry_after(wait).recording(recording))
        }
    }
}

/// Where a listener begins who wants to hear what is live.
pub(super) fn joining_slot(live: &Live, interval: Interval) -> Slot {
    let group = interval.group(live.end()).start;
    let oldest = live.window.oldest().map_or(group, |chunk| chunk.position.slot);
    group.minus(burst_groups(interval) * interval.slots()).max(oldest)
}

/// The slot of `from` seconds: of the show, or back from now if negative. Before the show is on air
/// there are no seconds of it.
fn place_of(from: f64, on_air_at: Option<MediaTime>, end: Slot) -> Option<Slot> {
    // A float beyond u64 saturates, which is the future.
    let samples = (from.abs() * f64::from(SAMPLE_RATE_HZ)) as u64;
    if from < 0.0 {
        return Some(end.start().saturating_since(MediaTime(samples)).slot());
    }
    on_air_at.map(|second_0| second_0.plus_samples(samples).slot())
}
