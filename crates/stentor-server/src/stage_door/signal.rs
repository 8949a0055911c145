//! Offers and answers: the studio's one POST, and WHIP (RFC 9725) with the same lifecycle.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use stentor_stage::{Admitted, Purpose};
use stentor_types::{Reason, SessionId, ShowId};
use stentor_webrtc::{Accepted, Patched, Session, SessionConfig, SessionKind};
use tokio::sync::oneshot;

use super::{OfSession, OfShow, StageDoor, show_id};
use crate::entropy;
use crate::media::{Opening, ToMedia};
use crate::notice::Notice;
use crate::problem::Problem;

const SDP: &str = "application/sdp";
const FRAGMENT: &str = "application/trickle-ice-sdpfrag";

pub(super) async fn stage(
    State(door): State<StageDoor>,
    Path(show): OfShow,
    headers: HeaderMap,
    offer: Bytes,
) -> Result<Response, Problem> {
    open(&door, &show, &headers, &offer, SessionKind::Stage).await
}

pub(super) async fn whip(
    State(door): State<StageDoor>,
    Path(show): OfShow,
    headers: HeaderMap,
    offer: Bytes,
) -> Result<Response, Problem> {
    open(&door, &show, &headers, &offer, SessionKind::Whip).await
}

pub(super) async fn patch_stage(
    State(door): State<StageDoor>,
    Path(of): OfSession,
    headers: HeaderMap,
    fragment: Bytes,
) -> Result<Response, Problem> {
    patch(&door, &of, &headers, &fragment, Purpose::Device).await
}

pub(super) async fn patch_whip(
    State(door): State<StageDoor>,
    Path(of): OfSession,
    headers: HeaderMap,
    fragment: Bytes,
) -> Result<Response, Problem> {
    patch(&door, &of, &headers, &fragment, Purpose::Link).await
}

pub(super) async fn delete_stage(
    State(door): State<StageDoor>,
    Path(of): OfSession,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    delete(&door, &of, &headers, Purpose::Device).await
}

pub(super) async fn delete_whip(
    State(door): State<StageDoor>,
    Path(of): OfSession,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    delete(&door, &of, &headers, Purpose::Link).await
}

/// A studio has a device token; a WHIP client was given the link's key to paste.
fn purpose(kind: SessionKind) -> Purpose {
    match kind {
        SessionKind::Stage => Purpose::Device,
        SessionKind::Whip => Purpose::Link,
    }
}

async fn open(
    door: &StageDoor,
    show: &str,
    headers: &HeaderMap,
    offer: &[u8],
    kind: SessionKind,
) -> Result<Response, Problem> {
    let id = show_id(show)?;
    let admitted = door.admit(&id, headers, purpose(kind))?;
    expect_type(headers, SDP)?;
    let offer = std::str::from_utf8(offer).map_err(|_| Reason::OfferMalformed)?;
    let session = SessionId(entropy::number());
    let channels = door.shell.look(|node, _| node.show(&id).map(|show| show.stage().spec().channels))?;
    let candidates = door.shell.media().candidates().to_vec();
    let config = SessionConfig { id: session, kind, channels, udp: &candidates, tcp: &candidates };
    let (now, timebase) = (door.shell.clock().mono(), door.shell.timebase());
    let accepted = Session::accept(now, timebase, door.shell.identity(), config, offer)
        .map_err(|error| Problem::new(error.reason()).detail(sentence(&error.to_string())))?;
    join(door, &id, &admitted, kind, accepted)
}

/// What the media thread and the client learn of a new session.
fn join(
    door: &StageDoor,
    id: &ShowId,
    admitted: &Admitted,
    kind: SessionKind,
    accepted: Accepted,
) -> Result<Response, Problem> {
    let Accepted { session, answer, ufrag, etag } = accepted;
    let session_id = session.id();
    let hears = kind == SessionKind::Stage;
    let joined = door.shell.ask(|node, now| {
        let joined = node.join(now, id, admitted, session_id, hears)?;
        // Sent under the node's lock, so that whoever replaces this session closes it after it was opened.
        let opening = Opening { show: id.clone(), speaker: joined.speaker, session, ufrag };
        door.shell.media().send(ToMedia::Open(Box::new(opening)));
        Ok::<_, Reason>(joined)
    })?;
    let speaker = joined.speaker.0;
    door.shell.note(Notice::SessionJoined { show: id.clone(), session: session_id, speaker });
    let way = if hears { "stage" } else { "whip" };
    let mut response = (StatusCode::CREATED, answer).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(SDP));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::LOCATION, text(&format!("/{id}/{way}/{session_id}")));
    headers.insert(header::ETAG, text(&etag));
    Ok(response)
}

async fn patch(
    door: &StageDoor,
    of: &(String, String),
    headers: &HeaderMap,
    fragment: &[u8],
    purpose: Purpose,
) -> Result<Response, Problem> {
    let session = own_session(door, of, headers, purpose)?;
    expect_type(headers, FRAGMENT)?;
    let fragment = std::str::from_utf8(fragment).map_err(|_| Reason::Malformed)?.to_owned();
    let if_match = headers.get(header::IF_MATCH).and_then(|tag| tag.to_str().ok()).map(str::to_owned);
    let (reply, patched) = oneshot::channel();
    door.shell.media().send(ToMedia::Patch { session, if_match, fragment, reply });
    let patched = patched.await.map_err(|_| Reason::UnknownSession)?;
    let patched =
        patched.map_err(|error| Problem::new(error.reason()).detail(sentence(&error.to_string())))?;
    match patched {
        Patched::Trickled => Ok(StatusCode::NO_CONTENT.into_response()),
        Patched::Restarted { fragment, etag, .. } => {
            let mut response = fragment.into_response();
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(FRAGMENT));
            response.headers_mut().insert(header::ETAG, text(&etag));
            Ok(response)
        }
    }
}

async fn delete(
    door: &StageDoor,
    of: &(String, String),
    headers: &HeaderMap,
    purpose: Purpose,
) -> Result<Response, Problem> {
    let session = own_session(door, of, headers, purpose)?;
    door.shell.media().send(ToMedia::Close(session));
    Ok(StatusCode::OK.into_response())
}

/// The session in the path, if it is the one by which the Bearer's person is here.
fn own_session(
    door: &StageDoor,
    (show, session): &(String, String),
    headers: &HeaderMap,
    purpose: Purpose,
) -> Result<SessionId, Problem> {
    let id = show_id(show)?;
    let admitted = door.admit(&id, headers, purpose)?;
    let session: SessionId = session.parse().map_err(|_| Reason::UnknownSession)?;
    let own = door.shell.look(|node, _| node.show(&id).map(|show| show.stage().session_of(admitted.link)))?;
    if own == Some(session) { Ok(session) } else { Err(Problem::new(Reason::UnknownSession)) }
}

fn expect_type(headers: &HeaderMap, expected: &str) -> Result<(), Problem> {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case(expected) {
        return Ok(());
    }
    Err(Problem::new(Reason::WrongType).detail(format!("This address takes {expected}.")))
}

/// An error's own words as a sentence for people.
fn sentence(words: &str) -> String {
    let mut chars = words.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}

fn text(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).expect("our own names are visible ASCII")
}
