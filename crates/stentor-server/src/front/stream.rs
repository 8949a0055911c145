//! Endless streams of the ordinary stack: one long response, and behind it a cursor. Most listeners are the shards'; what
//! comes here begins further back than the newest minute, or comes in a way that a shard does not look at.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Response};
use bytes::{Bytes, BytesMut};
use futures_util::stream;
use http::Method;
use stentor_formats::{Container, Framer, Interval};
use stentor_tape::{Cursor, Pace, Step};
use stentor_types::{Chunk, Frames, Mono, Reason, Rendition, Slot};
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::choice::{self, Choice, Wish};
use super::{Front, show_id};
use crate::clock::Clock;
use crate::gate::Admission;
use crate::metrics::Counted;
use crate::problem::Problem;
use crate::shell::ShowShell;
use crate::tape::{Live, LiveTape};

/// A listener whose connection takes nothing for longer than this is moved to live once, then let go:
/// 30 s / 0.32 s.
const LAG_SLOTS_MAX: u64 = 94;

/// Groups sent as one piece on joining: the burst and one that came meanwhile, or of a rewound reader's
/// 10 s as much. 12 × 0.96 s at 64 kbps are 92 kB.
const OPENING_GROUPS_MAX: usize = 12;

/// A show that is live without a sound is about to make one: its tape is being opened and its first chunk
/// takes 0.32 s. Whoever comes then waits, since players give up for good where they are turned away. 5 s
/// cover a tape of hours on a slow disk.
pub(super) const FIRST_SOUND_WAIT: Duration = Duration::from_secs(5);

pub(super) async fn mp4(
    State(front): State<Front>,
    method: Method,
    Path(show): Path<String>,
    wish: Result<Query<Wish>, QueryRejection>,
) -> Result<Response, Problem> {
    serve(&front, &method, &show, Container::Fmp4, wish).await
}

pub(super) async fn ogg(
    State(front): State<Front>,
    method: Method,
    Path(show): Path<String>,
    wish: Result<Query<Wish>, QueryRejection>,
) -> Result<Response, Problem> {
    serve(&front, &method, &show, Container::Ogg, wish).await
}

pub(super) async fn aac(
    State(front): State<Front>,
    method: Method,
    Path(show): Path<String>,
    wish: Result<Query<Wish>, QueryRejection>,
) -> Result<Response, Problem> {
    serve(&front, &method, &show, Container::Adts, wish).await
}

async fn serve(
    front: &Front,
    method: &Method,
    show: &str,
    container: Container,
    wish: Result<Query<Wish>, QueryRejection>,
) -> Result<Response, Problem> {
    let wish = wish.map_err(|_| Wish::malformed())?.0;
    let id = show_id(show)?;
    let choice = match choice::choose(&front.shell, &id, container, &wish)? {
        Some(choice) => choice,
        None => {
            let show = front.shell.show(&id)?;
            let sounds = tokio::time::timeout(FIRST_SOUND_WAIT, sounding_tape(&show));
            sounds.await.map_err(|_| choice::no_sound_yet())?;
            choice::choose(&front.shell, &id, container, &wish)?.ok_or_else(choice::no_sound_yet)?
        }
    };
    // Each reads the disk some times a second until it is live; those of the newest minute are the shards' own.
    let place = choice.rewound.then(|| Arc::clone(&front.rewound).try_acquire_owned()).transpose();
    let place = place.map_err(|_| Problem::new(Reason::Overloaded))?;
    let (end, ended) = watch::channel(false);
    let gate = Arc::clone(&front.shell.show(&id)?.gate);
    let ticket = wish.ticket.as_deref();
    if method == Method::HEAD {
        // Whoever only looks takes no seat, and nobody's stream.
        gate.may_enter(ticket)?;
        // A body without a length: an empty one would be said to be the stream's.
        let body = Body::from_stream(stream::pending::<Result<Bytes, std::convert::Infallible>>());
        return Ok((choice.headers(choice.first), body).into_response());
    }
    let admission = gate.admit(ticket, move |_| {
        end.send_replace(true);
    })?;
    let (headers, clock) = (choice.headers(choice.first), *front.shell.clock());
    let Choice { tape, framer, key, first, rewound, .. } = choice;
    let pace = if rewound { Pace::Rewound } else { Pace::Live };
    let listener = Listener {
        intro: Some(framer.intro().clone()),
        framer,
        key,
        cursor: Cursor::new(clock.mono(), first, pace),
        gathered: Vec::with_capacity(key.2.slots() as usize),
        rewound,
        place,
        moved_to_live: false,
        news: tape.subscribe(),
        stopping: front.shell.stopping(),
        ended,
        _admission: admission,
        clock,
        _counted: Counted::new(Arc::clone(&tape), |tape| &tape.listeners),
        tape,
    };
    let body = stream::unfold(listener, |mut listener| async move {
        let bytes = listener.next().await?;
        listener.tape.sent_bytes.fetch_add(bytes.len() as u64, Relaxed);
        Some((Ok::<_, std::convert::Infallible>(bytes), listener))
    });
    Ok((headers, Body::from_stream(body)).into_response())
}

/// The show's tape once there is live sound on it.
async fn sounding_tape(show: &ShowShell) -> Arc<LiveTape> {
    let tape = show.tape_soon().await;
    let sounds = |live: &Live| live.closed || live.window.newest().is_some();
    let _ = tape.subscribe().wait_for(sounds).await;
    tape
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
    /// Among those who read the disk, until they are live.
    place: Option<OwnedSemaphorePermit>,
    moved_to_live: bool,
    news: watch::Receiver<Live>,
    stopping: watch::Receiver<bool>,
    /// That they have another stream, where this one is heard by a ticket.
    ended: watch::Receiver<bool>,
    /// Their seat, as long as this lives.
    _admission: Admission,
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
            if *self.ended.borrow() {
                return None;
            }
            match self.advance().await {
                Advance::Framed(bytes) => return Some(bytes),
                Advance::Until(at) => tokio::select! {
                    () = tokio::time::sleep_until(self.clock.deadline(at)) => {}
                    _ = self.stopping.wait_for(|stopping| *stopping) => return None,
                    Ok(_) = self.ended.wait_for(|ended| *ended) => return None,
                },
                Advance::Wait => tokio::select! {
                    _ = self.news.changed() => {}
                    _ = self.stopping.wait_for(|stopping| *stopping) => return None,
                    Ok(_) = self.ended.wait_for(|ended| *ended) => return None,
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
                self.place = None;
                self.cursor = Cursor::new(self.clock.mono(), self.cursor.slot(), Pace::Live);
            }
        } else if behind > LAG_SLOTS_MAX {
            if self.moved_to_live {
                return None;
            }
            self.moved_to_live = true;
            self.cursor = Cursor::new(self.clock.mono(), choice::joining_slot(live, self.key.2), Pace::Live);
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
        Advance::Framed(bytes.sound())
    }
}
