//! What the people on a stage ask for.

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use http::HeaderMap;
use stentor_node::documents::Commanded;
use stentor_stage::{By, Purpose, StageCommand};

use super::session::refused_body;
use super::{OfShow, StageDoor, show_id};
use crate::entropy;
use crate::problem::Problem;

pub(super) async fn command(
    State(door): State<StageDoor>,
    axum::extract::Path(show): OfShow,
    headers: HeaderMap,
    command: Result<Json<StageCommand>, JsonRejection>,
) -> Result<Json<Commanded>, Problem> {
    let id = show_id(&show)?;
    let admitted = door.admit(&id, &headers, Purpose::Device)?;
    let Json(command) = command.map_err(|error| refused_body(&error))?;
    let by = By::Person(admitted.speaker);
    let done = door.shell.ask(|node, now| node.command(now, &id, by, command, entropy::bytes()))?;
    door.shell.show(&id)?.settled_soon().await;
    Ok(Json(done))
}
