//! Endless streams: one long response, and behind it a cursor.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use futures_util::stream;
use http::{HeaderName, HeaderValue, header};
use serde::Deserialize;
use stentor_formats::{Container, Framer, Interval};
use stentor_node::Show;
use stentor_stage::Phase;
use stentor_tape::{Cursor, Pace, Step};
use stentor_types::time::SAMPLE_RATE_HZ;
use stentor_types::{Chunk, Codec, Frames, MediaTime, Mono, Reason, Rendition, Slot};
use tokio::sync::watch;

use super::{Front, show_id};
use crate::clock::Clock;
use crate::metrics::Counted;
use crate::problem::Problem;
use crate::shell::{ShowShell, is_live};
use crate::tape::{Live, LiveTape};

/// What a listener is given at once on joining, in groups of the interval. 5 × 0.96 s cover the page's
/// 3 to 4 s behind live and the group in the making; 4 × 0.32 s cover what a page close to live holds.
const fn burst_groups(interval: Interval) -> u64 {
    match interval {
        Interval::Close => 4,
        Interval::Steady | Interval::Short | Interval::Segment => 5,
    }
}

/// A listener whose connection takes nothing for longer than this is moved to live once, then let go:
/// 30 s / 0.32 s.
const LAG_SLOTS_MAX: u64 = 94;

/// Groups sent as one piece on joining: the burst and one that came meanwhile, or of a rewound reader's
/// 10 s as much. 12 × 0.96 s at 64 kbps are 92 kB.
const OPENING_GROUPS_MAX: usize = 12;

/// The default wish in kbps.
const KBPS: u32 = 32;

/// A show that is live without a sound is about to make one: its tape is being opened and its first chunk
/// takes 0.32 s. Whoever comes then waits, since players give up for good where they are turned away. 5 s
/// cover a tape of hours on a slow disk.
const FIRST_SOUND_WAIT: Duration = Duration::from_secs(5);

/// When streams that come too early may ask again, if nobody knows better.
const RETRY_SOON: Duration = Duration::from_secs(1);

/// When streams that come before the doors ask again at the latest: schedules change.
const RETRY_LATEST: Duration = Duration::from_secs(60);

#[derive(Debug, Default, Deserialize)]
pub(super) struct Wish {
    kbps: Option<u32>,
    from: Option<f64>,
    close: Option<String>,
}

pub(super) async fn mp4(
    State(front): State<Front>,
    Path(show): Path<String>,
    wish: Result<Query<Wish>, QueryRejection>,
) -> Result<Response, Problem> {
    serve(&front, &show, Container::Fmp4, wish).await
}

pub(super) async fn ogg(
    State(front): State<Front>,
    Path(show): Path<String>,
    wish: Result<Query<Wish>, QueryRejection>,
) -> Result<Response, Problem> {
    serve(&front, &show, Container::Ogg, wish).await
}

pub(super) async fn aac(
    State(front): State<Front>,
    Path(show): Path<String>,
    wish: Result<Query<Wish>, QueryRejection>,
) -> Result<Response, Problem> {
    serve(&front, &show, Container::Adts, wish).await
}

async fn serve(
    front: &Front,
    show: &str,
    container: Container,
    wish: Result<Query<Wish>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(wish) = wish.map_err(|_| {
        Problem::new(Reason::Malformed).detail("kbps is a number, from is a number of seconds, close is 1.")
    })?;
    if wish.from.is_some_and(|from| !from.is_finite()) {
        return Err(Problem::new(Reason::Malformed).detail("from is a number of seconds."));
    }
    let id = show_id(show)?;
    front.shell.look(|node, now| has_live_sound(node.show(&id)?, now.wall))?;
    let show = front.shell.show(&id)?;
    let tape = tokio::time::timeout(FIRST_SOUND_WAIT, sounding_tape(&show));
    let tape = tape.await.map_err(|_| Problem::new(Reason::DoorsClosed).retry_after(RETRY_SOON))?;
    let on_air_at = front.shell.look(|node, _| node.show(&id).map(Show::on_air_at))?;
    let codec = if container == Container::Adts { Codec::Aac } else { Codec::Opus };
    let rendition = Rendition::nearest_below(codec, wish.kbps.unwrap_or(KBPS));
    let framer =
        tape.framer(container, rendition).map_err(|_| Problem::new(Reason::RenditionMissing))?.clone();
    let interval =
        if wish.close.is_some_and(|close| close != "0") { Interval::Close } else { Interval::Steady };

    let live = tape.live();
    let newest = live.window.newest().map(|chunk| chunk.position);
    let newest = newest.ok_or_else(no_sound_yet)?;
    let wanted = wish.from.and_then(|from| place_of(from, on_air_at, live.end()));
    let joined = joining_slot(&live, interval);
    // Less than what everybody gets on joining is not rewound.
    let rewound = wanted.is_some_and(|slot| slot < joined);
    let first = if rewound { wanted.unwrap_or(joined) } else { joined };
    let first = first.max(tape.with_index(stentor_tape::Index::first)).max(Slot(0));
    let first = interval.group(first).start;

    let clock = *front.shell.clock();
    let pace = if rewound { Pace::Rewound } else { Pace::Live };
    let listener = Listener {
        intro: Some(framer.intro().clone()),
        framer,
        key: (container, rendition, interval),
        cursor: Cursor::new(clock.mono(), first, pace),
        gathered: Vec::with_capacity(interval.slots() as usize),
        rewound,
        moved_to_live: false,
        news: tape.subscribe(),
        stopping: front.shell.stopping(),
        clock,
        _counted: Counted::new(Arc::clone(&tape), |tape| &tape.listeners),
        tape,
    };
    Ok(respond(container, newest.epoch.0, first, on_air_at, listener))
}

/// The doors are open and the first chunk is in the making.
fn no_sound_yet() -> Problem {
    Problem::new(Reason::DoorsClosed)
        .detail("The sound of this show begins within a second or two. Ask again in a moment.")
        .retry_after(RETRY_SOON)
}

/// Whether there is live sound now, and if not, why and what to do.
fn has_live_sound(show: &Show, now: stentor_types::Wall) -> Result<(), Problem> {
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

/// The show's tape once there is live sound on it.
async fn sounding_tape(show: &ShowShell) -> Arc<LiveTape> {
    let tape = show.tape_soon().await;
    let sounds = |live: &Live| live.closed || live.window.newest().is_some();
    let _ = tape.subscribe().wait_for(sounds).await;
    tape
}

/// Where a listener begins who wants to hear what is live.
fn joining_slot(live: &Live, interval: Interval) -> Slot {
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

fn respond(
    container: Container,
    epoch: u32,
    first: Slot,
    on_air_at: Option<MediaTime>,
    listener: Listener,
) -> Response {
    let body = stream::unfold(listener, |mut listener| async move {
        let bytes = listener.next().await?;
        listener.tape.sent_bytes.fetch_add(bytes.len() as u64, Relaxed);
        Some((Ok::<_, std::convert::Infallible>(bytes), listener))
    });
    let mut response = Response::new(Body::from_stream(body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(container.content_type()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // nginx would collect the stream otherwise.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    headers.insert(HeaderName::from_static("stentor-epoch"), HeaderValue::from(epoch));
    headers.insert(HeaderName::from_static("stentor-start-s"), seconds(first.start()));
    if let Some(on_air_at) = on_air_at {
        headers.insert(HeaderName::from_static("stentor-on-air-s"), seconds(on_air_at));
    }
    response
}

fn seconds(at: MediaTime) -> HeaderValue {
    HeaderValue::from_str(&format!("{:.5}", at.as_secs_f64())).expect("digits and a dot")
}

/// How a listener's stream goes on.
enum Advance {
    /// With these bytes.
    Framed(Bytes),
    /// Not before then: the listener has had its share.
    Until(Mono),
    /// With the next chunk.
    Wait,
    /// Not at all.
    End,
}

/// One listener: a cursor, and the chunks of the group it is at.
struct Listener {
    intro: Option<Bytes>,
    framer: Framer,
    key: (Container, Rendition, Interval),
    cursor: Cursor,
    gathered: Vec<(Slot, Option<Arc<Chunk>>)>,
    rewound: bool,
    moved_to_live: bool,
    news: watch::Receiver<Live>,
    stopping: watch::Receiver<bool>,
    clock: Clock,
    _counted: Counted<LiveTape>,
    tape: Arc<LiveTape>,
}

impl Listener {
    /// The next bytes for this listener. Only asked for when the connection has taken those before, so a slow
    /// listener falls behind on the tape and nothing is queued for it.
    async fn next(&mut self) -> Option<Bytes> {
        if let Some(intro) = self.intro.take() {
            return Some(self.opening(intro).await);
        }
        loop {
            match self.advance().await {
                Advance::Framed(bytes) => return Some(bytes),
                Advance::Until(at) => tokio::select! {
                    () = tokio::time::sleep_until(self.clock.deadline(at)) => {}
                    _ = self.stopping.wait_for(|stopping| *stopping) => return None,
                },
                Advance::Wait => tokio::select! {
                    _ = self.news.changed() => {}
                    _ = self.stopping.wait_for(|stopping| *stopping) => return None,
                },
                Advance::End => return None,
            }
        }
    }

    /// The container's head and everything that is there already, in one piece: a player that gets its burst
    /// at once can choose its place in it at once.
    async fn opening(&mut self, intro: Bytes) -> Bytes {
        let mut opening = BytesMut::from(intro);
        for _ in 0..OPENING_GROUPS_MAX {
            let Advance::Framed(bytes) = self.advance().await else { break };
            opening.extend_from_slice(&bytes);
        }
        opening.freeze()
    }

    /// Goes on as far as the next whole group, if there is one now.
    async fn advance(&mut self) -> Advance {
        loop {
            let live = self.news.borrow_and_update().clone();
            if self.keep_up(&live).is_none() {
                return Advance::End;
            }
            let step = {
                let now = self.clock.mono();
                self.tape.with_index(|index| self.cursor.next(now, &live.window, index))
            };
            match step {
                Step::Chunk(chunk) => self.gathered.push((chunk.position.slot, Some(chunk))),
                Step::Read { slot, at } => self.gathered.push((slot, self.tape.read(at).await)),
                Step::Filler { slot } => self.gathered.push((slot, None)),
                Step::WaitUntil(at) => return Advance::Until(at),
                Step::WaitForChunk if !live.closed => return Advance::Wait,
                // The tape is over, or a cursor says what this stream does not know how to follow.
                _ => return self.frame(),
            }
            let first = self.gathered.first().map_or(Slot(0), |(slot, _)| *slot);
            if self.cursor.slot() == self.key.2.group_end(first) {
                return self.frame();
            }
        }
    }

    /// Who has caught up is live; who is live and falls too far behind is moved to live once, then let go.
    fn keep_up(&mut self, live: &Live) -> Option<()> {
        let behind = self.cursor.behind(&live.window);
        if !self.gathered.is_empty() {
            return Some(());
        }
        if self.rewound {
            if behind <= self.key.2.slots() {
                self.rewound = false;
                self.cursor = Cursor::new(self.clock.mono(), self.cursor.slot(), Pace::Live);
            }
        } else if behind > LAG_SLOTS_MAX {
            if self.moved_to_live {
                return None;
            }
            self.moved_to_live = true;
            self.cursor = Cursor::new(self.clock.mono(), joining_slot(live, self.key.2), Pace::Live);
        }
        Some(())
    }

    /// The gathered chunks in the listener's container; none are the end.
    fn frame(&mut self) -> Advance {
        let (container, rendition, interval) = self.key;
        let filler = self.tape.head().filler.get(rendition);
        let (Some(&(first, _)), Some(filler)) = (self.gathered.first(), filler) else { return Advance::End };
        let sound = |(_, chunk): &(Slot, Option<Arc<Chunk>>)| -> Option<Frames> {
            chunk.as_ref().and_then(|chunk| chunk.frames.get(rendition)).cloned()
        };
        let sounds: Vec<_> = self.gathered.iter().map(sound).collect();
        let whole = sounds.len() as u64 == interval.slots() && sounds.iter().all(Option::is_some);
        let frames: Vec<&Frames> = sounds.iter().map(|sound| sound.as_ref().unwrap_or(filler)).collect();
        let shared = whole && !self.rewound;
        let bytes = self.tape.framed(&self.framer, (container, rendition, interval), first, &frames, shared);
        self.gathered.clear();
        Advance::Framed(bytes)
    }
}
