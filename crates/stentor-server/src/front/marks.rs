//! `GET /{show}/marks`: all marks so far.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header;
use stentor_node::documents::MarkView;
use stentor_stage::Phase;
use stentor_types::{Mark, Reason};

use super::{Front, Made, show_id};
use crate::problem::Problem;

pub(super) async fn marks(State(front): State<Front>, Path(show): Path<String>) -> Result<Response, Problem> {
    let id = show_id(&show)?;
    let show = front.shell.show(&id)?;
    let (ended, count) = front.shell.look(|node, _| {
        node.show(&id).map(|show| (show.stage().phase() == Phase::Ended, show.marks().len()))
    })?;
    // A show that had ended before the server started has its marks on the tape only.
    let tape = if ended && count == 0 {
        match show.tape_or_open(&front.shell).await {
            Err(Reason::NotOnTape) => None,
            opened => Some(opened?),
        }
    } else {
        None
    };
    let body = show.cache.made(Made::Marks, count as u64, || match tape {
        Some(tape) => Ok(tape.with_index(|index| document(index.marks()))),
        None => front.shell.look(|node, _| node.show(&id).map(|show| document(show.marks()))),
    })?;
    Ok(([(header::CACHE_CONTROL, "public, max-age=1"), (header::CONTENT_TYPE, "application/json")], body)
        .into_response())
}

fn document(marks: &[Mark]) -> Bytes {
    let marks: Vec<MarkView> = marks.iter().map(MarkView::from).collect();
    let document = serde_json::json!({ "version": 1, "marks": marks });
    serde_json::to_vec(&document).expect("plain data with text keys").into()
}
