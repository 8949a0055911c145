//! Tickets of the gate: one for whoever comes, and where its holder stands.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use stentor_gate::{Asked, Range, Standing};

use super::proxies::Origin;
use super::{Front, show_id, unshared};
use crate::gate::TurnView;
use crate::problem::Problem;
use crate::stage_door::bearer;

/// `POST /{show}/claim`.
#[derive(Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
enum Claim {
    /// The stream may be asked for.
    Called,
    /// It is somebody else's turn.
    Waiting(Waiting),
}

#[derive(Serialize)]
struct Waiting {
    turn: Option<LaneTurn>,
    before: u32,
    beside: Option<u32>,
    wait_s: Option<(u64, u64)>,
}

#[derive(Serialize)]
struct LaneTurn {
    lane: u8,
    #[serde(flatten)]
    turn: TurnView,
}

impl From<Standing> for Waiting {
    fn from(standing: Standing) -> Self {
        let Standing { turn, before, beside, wait } = standing;
        let seconds = |Range { low, high }| (low.as_secs(), high.as_secs().max(1));
        Self {
            turn: turn.map(|turn| LaneTurn { lane: turn.lane as u8, turn: turn.into() }),
            before,
            beside,
            wait_s: wait.map(seconds),
        }
    }
}

/// Somebody takes a ticket.
pub(super) async fn take(
    State(front): State<Front>,
    Extension(Origin(caller)): Extension<Origin>,
    Path(show): Path<String>,
) -> Result<Response, Problem> {
    let show = front.shell.show(&show_id(&show)?)?;
    let ticket = show.gate.give(caller)?;
    Ok((StatusCode::CREATED, unshared(Json(serde_json::json!({ "ticket": ticket })))).into_response())
}

/// The holder of a ticket asks where they stand.
pub(super) async fn claim(
    State(front): State<Front>,
    Path(show): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let show = front.shell.show(&show_id(&show)?)?;
    let asked = show.gate.ask(bearer(&headers)?)?;
    let claim = match asked {
        Asked::Called => Claim::Called,
        Asked::Waiting(standing) => Claim::Waiting(standing.into()),
    };
    Ok(unshared(Json(claim)).into_response())
}
