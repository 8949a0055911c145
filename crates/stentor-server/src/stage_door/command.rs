//! What hosts do to their show: on air, end, undo.

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use http::HeaderMap;
use serde::Deserialize;
use stentor_stage::{By, Purpose, StageCommand};

use super::session::refused_body;
use super::{OfShow, StageDoor, show_id};
use crate::problem::Problem;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Order {
    command: StageCommand,
}

pub(super) async fn command(
    State(door): State<StageDoor>,
    axum::extract::Path(show): OfShow,
    headers: HeaderMap,
    order: Result<Json<Order>, JsonRejection>,
) -> Result<Json<serde_json::Value>, Problem> {
    let id = show_id(&show)?;
    let admitted = door.admit(&id, &headers, Purpose::Device)?;
    let Json(order) = order.map_err(|error| refused_body(&error))?;
    let by = By::Person(admitted.role);
    let phase = door.shell.ask(|node, now| node.command(now, &id, by, order.command))?;
    door.shell.show(&id)?.settled_soon().await;
    Ok(Json(serde_json::json!({ "phase": phase })))
}
