//! A link's key for a device token, once its person has agreed to be recorded.

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use stentor_types::Reason;

use super::{OfShow, StageDoor, bearer, show_id};
use crate::entropy;
use crate::problem::Problem;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wish {
    name: String,
    consent: Option<String>,
}

pub(super) async fn exchange(
    State(door): State<StageDoor>,
    axum::extract::Path(show): OfShow,
    headers: HeaderMap,
    wish: Result<Json<Wish>, JsonRejection>,
) -> Result<Response, Problem> {
    let id = show_id(&show)?;
    let key = bearer(&headers)?;
    let Json(wish) = wish.map_err(|error| refused_body(&error))?;
    let name = wish
        .name
        .parse()
        .map_err(|error| Problem::new(Reason::Malformed).detail(format!("The name does not do: {error}.")))?;
    let token = door
        .shell
        .ask(|node, now| node.exchange(now, &id, key, &name, wish.consent.as_deref(), entropy::bytes()));
    let notice = || door.shell.look(|node, _| node.show(&id).map(|show| show.stage().consent_notice()));
    let token = token.map_err(|reason| match (reason, notice()) {
        (Reason::ConsentMissing, Ok(notice)) => Problem::new(reason).consent(notice),
        _ => Problem::new(reason),
    })?;
    // The consent is kept before anybody is let in on the strength of it.
    if !door.shell.show(&id)?.settled().await {
        return Err(Problem::new(Reason::DiskFailed));
    }
    let title = door.shell.look(|node, _| node.show(&id).map(|show| show.stage().spec().title.clone()))?;
    let body = serde_json::json!({
        "token": token.token,
        "expires_at": token.expires_at,
        "role": token.admitted.role,
        "name": token.admitted.name,
        "show": id,
        "title": title,
        "listen_url": format!("{}/{id}", door.front_url),
    });
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

/// A body that is not what it should be, in words.
pub(crate) fn refused_body(error: &JsonRejection) -> Problem {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(Reason::TooLarge),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Problem::new(Reason::WrongType),
        _ => Problem::new(Reason::Malformed).detail(in_words(&error.body_text())),
    }
}

/// What the parser says, without what only the parser's author understands.
fn in_words(text: &str) -> String {
    let text = text.split_once(": ").map_or(text, |(_, rest)| rest);
    let text = text.rsplit_once(" at line ").map_or(text, |(rest, _)| rest);
    format!("The body does not do: {text}.")
}
