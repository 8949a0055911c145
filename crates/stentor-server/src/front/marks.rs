//! `GET /{show}/marks`: all marks so far.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header;
use stentor_node::documents::MarkView;
use stentor_types::Mark;

use super::{Front, show_id};
use crate::problem::Problem;

pub(super) async fn marks(State(front): State<Front>, Path(show): Path<String>) -> Result<Response, Problem> {
    let id = show_id(&show)?;
    let show = front.shell.show(&id)?;
    let views = |marks: &[Mark]| marks.iter().map(MarkView::from).collect::<Vec<_>>();
    let mut marks = front.shell.look(|node, _| node.show(&id).map(|show| views(show.marks())))?;
    if marks.is_empty()
        && let Some(tape) = show.tape_or_open(&front.shell).await
    {
        marks = tape.with_index(|index| views(index.marks()));
    }
    let document = serde_json::json!({ "version": 1, "marks": marks });
    Ok(([(header::CACHE_CONTROL, "public, max-age=1")], Json(document)).into_response())
}
