//! HLS for iPhones, for reach, for any cache: close to live in parts of 0.32 s, or in segments of 3.84 s.

mod playlist;
mod sound;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;
use stentor_formats::hls::{self, Edition, LOW_LATENCY_TARGET_S, PLAYLIST_CONTENT_TYPE, SegmentName};
use stentor_formats::{Container, FormatError};
use stentor_stage::Phase;
use stentor_types::{Reason, Rendition, ShowId, Slot};
use tokio::sync::{Semaphore, watch};

use super::{Front, show_id};
use crate::gzip::accepts_gzip;
use crate::problem::Problem;
use crate::shell::{Shell, ShowShell};
use crate::tape::{Live, LiveTape};

/// Requests that are held until there is more sound. Each is a connection of the front door, which has 18,000 in a process
/// of 20,000 descriptors, and a player close to live holds two: one for the playlist, one for the part to come. So 4,000 of
/// them leave half of the door to streams.
pub(super) const HELD_MAX: usize = 8_000;

/// How long a request is held: three target durations (rfc8216bis §6.2.5.2).
pub(super) const HELD_TIMEOUT: Duration = Duration::from_secs(3 * LOW_LATENCY_TARGET_S);

const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// What changes once, when the show has ended or the recording is there.
const SETTLED_CACHE: &str = "public, max-age=5";
/// What is missing may be there a second later.
const MISSING_CACHE: &str = "public, max-age=1";

/// `index.m3u8`, which every link and page names: low latency while the show is live.
pub(super) async fn index(
    State(front): State<Front>,
    Path(show): Path<String>,
    ticket: Result<Query<Ticket>, QueryRejection>,
) -> Response {
    let ticket = ticket.ok().and_then(|Query(Ticket { ticket })| ticket);
    let admitted = async {
        front.shell.show(&show_id(&show)?)?.gate.may_enter(ticket.as_deref())?;
        multivariant(&front, &show, Edition::LowLatency).await
    };
    admitted.await.unwrap_or_else(refuse)
}

/// Whoever begins here passes the gate as others do. Who goes on fetching is not stopped, and is on no seat: what HLS takes of a
/// machine is seen by its gauges.
#[derive(Debug, Deserialize)]
pub(super) struct Ticket {
    ticket: Option<String>,
}

/// `cdn.m3u8`: the same show in a twelfth of the requests.
pub(super) async fn cdn(State(front): State<Front>, Path(show): Path<String>) -> Response {
    multivariant(&front, &show, Edition::Plain).await.unwrap_or_else(refuse)
}

async fn multivariant(front: &Front, show: &str, live: Edition) -> Result<Response, Problem> {
    let id = show_id(show)?;
    let tape = tape(front, &id).await?;
    let edition = if recording_slots(front, &id)?.is_some() { Edition::Recording } else { live };
    Ok(answer(PLAYLIST_CONTENT_TYPE, SETTLED_CACHE, hls::multivariant(tape.head(), edition)))
}

/// A file of a rendition, by a request for it.
struct Wanted {
    id: ShowId,
    show: Arc<ShowShell>,
    tape: Arc<LiveTape>,
    rendition: Rendition,
    query: Option<String>,
    gzip: bool,
}

/// The names in a request for a file of a rendition, and what else of it matters.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) show: ShowId,
    pub(super) rendition: Rendition,
    pub(super) file: String,
    pub(super) query: Option<String>,
    /// The asker reads gzip.
    pub(super) gzip: bool,
}

/// What can be said to a request now, without waiting for anything.
pub(super) enum Now {
    /// This.
    Answer(Response),
    /// Nothing until there is more sound.
    Held,
    /// Nothing without the disk.
    OnDisk,
}

/// What can be said now to a request for a file of a show that is live.
///
/// # Errors
/// It is refused.
pub(super) fn now(shell: &Shell, names: &Names) -> Result<Now, Problem> {
    let phase = shell.look(|node, _| node.show(&names.show).map(|show| show.stage().phase()))?;
    let show = shell.show(&names.show)?;
    let Some(tape) = show.tape().filter(|_| phase != Phase::Ended) else { return Ok(Now::OnDisk) };
    let rendition = names.rendition;
    if !tape.head().has(rendition) {
        return Err(Problem::new(Reason::RenditionMissing));
    }
    let (id, query) = (names.show.clone(), names.query.clone());
    let wanted = Wanted { id, show, tape, rendition, query, gzip: names.gzip };
    match &*names.file {
        "ll.m3u8" => Ok(playlist::low_latency_now(&wanted)?.map_or(Now::Held, Now::Answer)),
        "live.m3u8" => playlist::live(&wanted).map(Now::Answer),
        "vod.m3u8" => Ok(Now::OnDisk),
        "init.mp4" => init(&wanted).map(Now::Answer),
        file => sound::now(&wanted.tape, rendition, segment(file)?),
    }
}

/// Why a request is held no longer.
pub(super) fn held_in_vain() -> Problem {
    Problem::new(Reason::Overloaded)
        .detail("The show has made no new sound for as long as a request is held. Ask again in a moment.")
}

pub(super) async fn file(
    State(front): State<Front>,
    Path((show, rendition, file)): Path<(String, String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let found = async {
        let id = show_id(&show)?;
        let (show, tape) = (front.shell.show(&id)?, tape(&front, &id).await?);
        let rendition: Rendition = rendition.parse().map_err(|_| Problem::new(Reason::NotFound))?;
        if !tape.head().has(rendition) {
            return Err(Problem::new(Reason::RenditionMissing));
        }
        let gzip = accepts_gzip(&headers);
        of_rendition(&front, &file, Wanted { id, show, tape, rendition, query, gzip }).await
    };
    found.await.unwrap_or_else(refuse)
}

async fn of_rendition(front: &Front, file: &str, wanted: Wanted) -> Result<Response, Problem> {
    match file {
        "ll.m3u8" => playlist::low_latency(front, &wanted).await,
        "live.m3u8" => playlist::live(&wanted),
        "vod.m3u8" => playlist::recording(front, &wanted),
        "init.mp4" => init(&wanted),
        _ => {
            let sound = sound::named(front, &wanted.tape, wanted.rendition, segment(file)?).await?;
            Ok(answer("audio/mp4", FOR_EVER, sound))
        }
    }
}

fn init(wanted: &Wanted) -> Result<Response, Problem> {
    let framer = wanted.tape.framer(Container::Fmp4, wanted.rendition).map_err(problem)?;
    Ok(answer("audio/mp4", FOR_EVER, framer.intro().clone()))
}

fn segment(file: &str) -> Result<SegmentName, Problem> {
    let name = file.strip_suffix(".m4s").and_then(|name| name.parse().ok());
    name.ok_or_else(|| Problem::new(Reason::NotFound))
}

/// The newest part of the tape once `is_there`. Nothing is locked meanwhile and no thread waits; the tape
/// wakes whoever is held when it gets a chunk.
async fn held(
    places: &Semaphore,
    mut stopping: watch::Receiver<bool>,
    tape: &LiveTape,
    is_there: impl FnMut(&Live) -> bool,
) -> Result<Live, Problem> {
    let _place = places.try_acquire().map_err(|_| Reason::Overloaded)?;
    let mut news = tape.subscribe();
    let came = async { news.wait_for(is_there).await.map(|live| live.clone()) };
    tokio::select! {
        live = tokio::time::timeout(HELD_TIMEOUT, came) => match live {
            Ok(live) => live.map_err(|_| Problem::new(Reason::Stopping)),
            Err(_) => Err(held_in_vain()),
        },
        _ = stopping.wait_for(|stopping| *stopping) => Err(Problem::new(Reason::Stopping)),
    }
}

/// The tape of a show that has one; a show before its doors has none.
async fn tape(front: &Front, id: &ShowId) -> Result<Arc<LiveTape>, Problem> {
    let phase = front.shell.look(|node, _| node.show(id).map(|show| show.stage().phase()))?;
    let show = front.shell.show(id)?;
    if phase == Phase::Ended {
        return show.tape_or_open(&front.shell).await.map_err(Problem::new);
    }
    show.tape().ok_or_else(|| Problem::new(Reason::DoorsClosed))
}

/// The slots of the recording once the end is final.
fn recording_slots(front: &Front, id: &ShowId) -> Result<Option<std::ops::Range<Slot>>, Problem> {
    let recording = front.shell.look(|node, _| node.show(id).map(stentor_node::Show::recording))?;
    Ok(recording.map(|(start, end)| {
        let last = end.slot();
        start.slot()..if last.start() == end { last } else { last.next() }
    }))
}

fn problem(error: FormatError) -> Problem {
    match error {
        FormatError::Nothing => Problem::new(Reason::DoorsClosed)
            .detail("The first segment is not complete yet. Ask again in a moment.")
            .retry_after(Duration::from_secs(2)),
        _ => Problem::new(Reason::RenditionMissing),
    }
}

fn answer(content_type: &'static str, cache: &'static str, body: impl IntoResponse) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    response
}

/// A cache in front keeps what is missing for a moment, so that a crowd before its time is one request.
pub(super) fn refuse(problem: Problem) -> Response {
    let mut response = problem.into_response();
    if response.status() == StatusCode::NOT_FOUND {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(MISSING_CACHE));
    }
    response
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use bytes::Bytes;
    use stentor_tape::Index;
    use stentor_types::{Channels, Chunk, Epoch, Position, RenditionMap, TapeHead, Wall};

    use super::*;

    fn tape() -> LiveTape {
        let head = TapeHead {
            show: "demo".parse().expect("a name"),
            anchor: Wall(0),
            channels: Channels::Mono,
            opus_pre_skip_samples: 312,
            aac_delay_samples: 0,
            aac_config: Bytes::new(),
            filler: RenditionMap::default(),
        };
        LiveTape::new(Index::new(Arc::new(head)), PathBuf::new(), Arc::new(Semaphore::new(1)), Arc::default())
    }

    fn publish(tape: &LiveTape, slot: u64) {
        let position = Position { epoch: Epoch(1), slot: Slot(slot) };
        tape.publish(Arc::new(Chunk { position, frames: RenditionMap::default(), marks: Vec::new() }));
    }

    #[tokio::test]
    async fn who_is_held_is_woken_by_the_chunk_they_wait_for() {
        let (tape, places, stop) = (tape(), Semaphore::new(1), watch::Sender::new(false));
        let wait = held(&places, stop.subscribe(), &tape, |live| live.end() == Slot(2));
        let sound = async {
            publish(&tape, 0);
            tokio::task::yield_now().await;
            assert_eq!(places.available_permits(), 0, "one chunk is not enough");
            publish(&tape, 1);
        };
        let (live, ()) = tokio::join!(wait, sound);
        assert_eq!(live.expect("it came").end(), Slot(2));
        assert_eq!(places.available_permits(), 1);
    }

    #[tokio::test]
    async fn nobody_is_held_without_a_place_or_by_a_server_that_stops() {
        let (tape, stop) = (tape(), watch::Sender::new(false));
        let full = held(&Semaphore::new(0), stop.subscribe(), &tape, |_| true).await;
        assert_eq!(full.expect_err("there is no place").reason(), Reason::Overloaded);
        let places = Semaphore::new(1);
        let wait = held(&places, stop.subscribe(), &tape, |_| false);
        let (stopped, ()) = tokio::join!(wait, async { stop.send_modify(|stopping| *stopping = true) });
        assert_eq!(stopped.expect_err("the server stops").reason(), Reason::Stopping);
    }

    #[tokio::test]
    async fn a_source_that_stalls_is_a_503_that_says_when_to_come_back() {
        let (tape, places, stop) = (tape(), Semaphore::new(1), watch::Sender::new(false));
        let stalled = held(&places, stop.subscribe(), &tape, |_| false).await;
        let response = refuse(stalled.expect_err("nothing came"));
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(response.headers().contains_key(header::RETRY_AFTER));
    }
}
