//! Shows: announce, look at, put on air, end, invite, delete.

use std::time::Duration;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use stentor_node::documents::{Commanded, LinkView, ShowView};
use stentor_stage::{By, Language, Role, ShowSpec, StageCommand};
use stentor_types::{Channels, PersonName, Place, Reason, ShowId, ShowTitle, Wall};
use utoipa::ToSchema;

use super::Desk;
use crate::entropy;
use crate::notice::Notice;
use crate::problem::{Problem, show_id};
use crate::stage_door::refused_body;
use crate::tls::expiry;

/// A show to announce.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewShow {
    /// Its name in URLs: 1 to 63 of a-z, 0-9 and -.
    #[schema(value_type = String)]
    id: ShowId,
    /// Its title; the name if there is none.
    #[schema(value_type = Option<String>)]
    title: Option<ShowTitle>,
    /// The language that is spoken, such as `en`.
    #[schema(value_type = Option<String>)]
    language: Option<Language>,
    /// When it begins, in Unix milliseconds; without it the doors open at once.
    #[schema(value_type = Option<i64>)]
    starts_at: Option<Wall>,
    /// How long before the start the doors open; 1800 if not said.
    doors_before_s: Option<u64>,
    /// `mono` or `stereo`.
    #[schema(value_type = Option<String>)]
    channels: Option<Channels>,
    /// The broadcast delay: 0, or 7 to 20; 0 if not said.
    delay_s: Option<u64>,
    /// Whether each speaker's own track is recorded beside the programme; false if not said.
    #[serde(default)]
    own_tracks: bool,
}

/// A link to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewLink {
    /// `host`, `co_host` or `speaker`.
    #[schema(value_type = String)]
    role: Role,
    /// Who it is for.
    #[schema(value_type = Option<String>)]
    label: Option<PersonName>,
    /// When it expires, in Unix milliseconds.
    #[schema(value_type = Option<i64>)]
    expires_at: Option<Wall>,
    /// Where its person is heard when coming in: `on_air` or `backstage`; on air if not said.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    enters: Place,
    /// Whether it lets in one browser, once; false if not said.
    #[serde(default)]
    one_use: bool,
}

pub(super) async fn list(State(desk): State<Desk>, headers: HeaderMap) -> Result<Response, Problem> {
    desk.admit(&headers)?;
    let ids: Vec<ShowId> =
        desk.shell.look(|node, _| node.shows().map(|show| show.stage().spec().id.clone()).collect());
    let shows: Vec<ShowView> = ids.iter().filter_map(|id| desk.view(id).ok()).collect();
    let outlasting = expiry::outlasting_now(&desk.shell).into_iter();
    let warnings: Vec<_> = outlasting.map(|show| expiry::notice(&desk.shell, show).document()).collect();
    let now = desk.shell.clock().wall();
    Ok(Json(serde_json::json!({ "now": now, "shows": shows, "warnings": warnings })).into_response())
}

pub(super) async fn one(
    State(desk): State<Desk>,
    headers: HeaderMap,
    Path(show): Path<String>,
) -> Result<Json<ShowView>, Problem> {
    desk.admit(&headers)?;
    Ok(Json(desk.view(&show_id(&show)?)?))
}

pub(super) async fn create(
    State(desk): State<Desk>,
    headers: HeaderMap,
    show: Result<Json<NewShow>, JsonRejection>,
) -> Result<Response, Problem> {
    desk.admit(&headers)?;
    let Json(new) = show.map_err(|error| refused_body(&error))?;
    let mut spec = ShowSpec::new(new.id.clone());
    spec.title = new.title.unwrap_or(spec.title);
    spec.language = new.language.unwrap_or(spec.language);
    spec.doors_before = new.doors_before_s.map_or(spec.doors_before, Duration::from_secs);
    spec.channels = new.channels.unwrap_or(spec.channels);
    spec.starts_at = new.starts_at;
    spec.delay = new.delay_s.map_or(spec.delay, Duration::from_secs);
    spec.own_tracks = new.own_tracks;
    spec.check().map_err(|error| Problem::new(Reason::Malformed).detail(format!("{error}.")))?;
    desk.nothing_in_the_way(&new.id).await?;
    desk.shell.ask(|node, now| node.create(now, spec, entropy::bytes()))?;
    if !desk.shell.show(&new.id)?.settled().await {
        // A show that is not on the disk would be gone after a restart: nobody is given its links.
        let _ = desk.shell.delete(&new.id).await;
        return Err(Problem::new(Reason::DiskFailed));
    }
    desk.shell.note(Notice::ShowCreated { show: new.id.clone() });
    expiry::tell_if_outlasting(&desk.shell, &new.id);
    Ok((StatusCode::CREATED, Json(desk.view(&new.id)?)).into_response())
}

pub(super) async fn delete(
    State(desk): State<Desk>,
    headers: HeaderMap,
    Path(show): Path<String>,
) -> Result<StatusCode, Problem> {
    desk.admit(&headers)?;
    let id = show_id(&show)?;
    desk.shell.delete(&id).await.map_err(|reason| match reason {
        Reason::WrongPhase => Problem::new(reason).detail(
            "The show is on air, or its end can still be taken back. End it, wait 30 seconds, then delete.",
        ),
        Reason::DiskFailed => Problem::new(reason).detail(format!(
            "The folder {} could not be deleted so far. If it is still there when the server starts anew, so is the show: \
             look at the disk, and delete the folder by hand.",
            desk.shell.data().show_dir(&id).display()
        )),
        reason => Problem::new(reason),
    })?;
    desk.shell.note(Notice::ShowDeleted { show: id });
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn live(
    State(desk): State<Desk>,
    headers: HeaderMap,
    Path(show): Path<String>,
) -> Result<Json<ShowView>, Problem> {
    command(&desk, &headers, &show, StageCommand::Live {}).await
}

pub(super) async fn end(
    State(desk): State<Desk>,
    headers: HeaderMap,
    Path(show): Path<String>,
) -> Result<Json<ShowView>, Problem> {
    command(&desk, &headers, &show, StageCommand::End {}).await
}

pub(super) async fn undo(
    State(desk): State<Desk>,
    headers: HeaderMap,
    Path(show): Path<String>,
) -> Result<Json<ShowView>, Problem> {
    command(&desk, &headers, &show, StageCommand::Undo {}).await
}

/// Whatever a person on the stage can ask for, asked by the operator.
pub(super) async fn direct(
    State(desk): State<Desk>,
    headers: HeaderMap,
    Path(show): Path<String>,
    command: Result<Json<StageCommand>, JsonRejection>,
) -> Result<Json<Commanded>, Problem> {
    desk.admit(&headers)?;
    let id = show_id(&show)?;
    let Json(command) = command.map_err(|error| refused_body(&error))?;
    let done = desk.shell.ask(|node, now| node.command(now, &id, By::Operator, command, entropy::bytes()))?;
    desk.shell.show(&id)?.settled_soon().await;
    Ok(Json(done))
}

async fn command(
    desk: &Desk,
    headers: &HeaderMap,
    show: &str,
    command: StageCommand,
) -> Result<Json<ShowView>, Problem> {
    desk.admit(headers)?;
    let id = show_id(show)?;
    desk.shell.ask(|node, now| node.command(now, &id, By::Operator, command, entropy::bytes()))?;
    desk.shell.show(&id)?.settled_soon().await;
    Ok(Json(desk.view(&id)?))
}

pub(super) async fn invite(
    State(desk): State<Desk>,
    headers: HeaderMap,
    Path(show): Path<String>,
    link: Result<Json<NewLink>, JsonRejection>,
) -> Result<(StatusCode, Json<LinkView>), Problem> {
    desk.admit(&headers)?;
    let id = show_id(&show)?;
    let Json(new) = link.map_err(|error| refused_body(&error))?;
    let NewLink { role, label, expires_at, enters, one_use } = new;
    let new = stentor_stage::NewLink { role, label, expires_at, enters, one_use };
    let link = desk.shell.ask(|node, now| node.invite(now, &id, new, entropy::bytes()))?;
    if !desk.shell.show(&id)?.settled().await {
        return Err(Problem::new(Reason::DiskFailed));
    }
    desk.shell.note(Notice::LinkMade { show: id, link: link.id, role: link.role.to_string() });
    Ok((StatusCode::CREATED, Json(link)))
}

pub(super) async fn revoke(
    State(desk): State<Desk>,
    headers: HeaderMap,
    Path((show, link)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    desk.admit(&headers)?;
    let id = show_id(&show)?;
    let link = link.parse().map_err(|_| Reason::UnknownLink)?;
    desk.shell.ask(|node, _| node.revoke(&id, link))?;
    desk.shell.show(&id)?.settled_soon().await;
    desk.shell.note(Notice::LinkRevoked { show: id, link });
    Ok(StatusCode::NO_CONTENT)
}

impl Desk {
    /// Refuses a new show where a folder lies that the server could not take up: what is in it is not to be written over.
    async fn nothing_in_the_way(&self, id: &ShowId) -> Result<(), Problem> {
        let folder = self.shell.data().show_dir(id);
        let is_there = tokio::fs::symlink_metadata(&folder).await.is_ok();
        if !is_there || !self.shell.look(|node, _| node.is_free(id)) {
            return Ok(());
        }
        Err(Problem::new(Reason::ShowExists).detail(format!(
            "The folder {} lies where the show would. It could not be used when the server started, and the log says \
             why, or it came later. Move it away or delete it, or choose another name.",
            folder.display()
        )))
    }

    fn view(&self, id: &ShowId) -> Result<ShowView, Problem> {
        let show = self.shell.show(id)?;
        let (listeners, tape) = (show.listeners(), show.tape_facts());
        let view = self
            .shell
            .look(|node, _| node.show(id).map(|show| ShowView::new(show, node.urls(), listeners, tape)));
        view.map_err(Problem::new)
    }
}
