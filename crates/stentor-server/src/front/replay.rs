//! The recording as one file, made from the tape while it is sent.

use std::ops::Range;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, Method};
use stentor_formats::{FileLayout, FormatError};
use stentor_types::{Frames, MediaTime, Reason, Rendition, ShowId, ShowTitle, Slot};

use super::{Front, show_id};
use crate::problem::Problem;
use crate::sound_file::{self, Recording, Sound};
use crate::tape::LiveTape;

pub(super) async fn m4a(
    State(front): State<Front>,
    method: Method,
    headers: HeaderMap,
    Path(show): Path<String>,
) -> Result<Response, Problem> {
    serve(&front, &method, &headers, &show, Rendition::Aac64).await
}

pub(super) async fn opus(
    State(front): State<Front>,
    method: Method,
    headers: HeaderMap,
    Path(show): Path<String>,
) -> Result<Response, Problem> {
    serve(&front, &method, &headers, &show, Rendition::Opus64).await
}

async fn serve(
    front: &Front,
    method: &Method,
    headers: &HeaderMap,
    show: &str,
    rendition: Rendition,
) -> Result<Response, Problem> {
    let id = show_id(show)?;
    let (tape, layout) = layout(front, &id, rendition).await?;
    let sound = OfTape { tape, rendition };
    Ok(sound_file::respond(method, headers, "public, max-age=3600", layout, sound))
}

/// The sound of a tape in one rendition.
struct OfTape {
    tape: Arc<LiveTape>,
    rendition: Rendition,
}

impl Sound for OfTape {
    async fn frames(&self, slot: Slot) -> Option<Frames> {
        self.tape.chunk(slot).await?.frames.get(self.rendition).cloned()
    }
}

/// The layout of the file: made once, on the first request after the end.
async fn layout(
    front: &Front,
    id: &ShowId,
    rendition: Rendition,
) -> Result<(Arc<LiveTape>, Arc<FileLayout>), Problem> {
    let Recording { show, tape, range, title } = Recording::of(&front.shell, id).await?;
    // Held while the layout is made, so that a crowd at the end makes it once, whoever of it stays.
    let mut layouts = Arc::clone(&show.cache.layouts).lock_owned().await;
    if let Some(layout) = layouts.get(&rendition) {
        return Ok((tape, Arc::clone(layout)));
    }
    let reading = Arc::clone(&tape);
    let making = tokio::task::spawn_blocking(move || {
        let layout = Arc::new(lay_out(&reading, rendition, &title, range)?);
        layouts.insert(rendition, Arc::clone(&layout));
        Ok::<_, Problem>(layout)
    });
    Ok((tape, making.await.map_err(|_| Reason::Internal)??))
}

/// Reads the frame lengths of every chunk once: 280 MB for three hours, most of it from the page cache.
fn lay_out(
    tape: &LiveTape,
    rendition: Rendition,
    title: &ShowTitle,
    range: Range<MediaTime>,
) -> Result<FileLayout, Problem> {
    let mut is_whole = true;
    let layout = FileLayout::new(tape.head(), rendition, Some(title), range, |slot| {
        let chunk = tape.chunk_blocking(slot).inspect_err(|_| is_whole = false).ok()??;
        chunk.frames.get(rendition).map(|frames| frames.lens_bytes().to_vec())
    });
    if !is_whole {
        return Err(Problem::new(Reason::Overloaded));
    }
    layout.map_err(|error| match error {
        FormatError::NotOnTape(_) => Problem::new(Reason::RenditionMissing),
        error => {
            Problem::new(Reason::NotOnTape).detail(format!("The recording cannot be one file: {error}."))
        }
    })
}
