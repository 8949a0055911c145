//! Own tracks of a show that is over: the list, and each as a file in time with the recording.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, Method, header};
use stentor_types::{Frames, PersonName, Reason, ShowId, Slot, SpeakerId};
use tokio::sync::Semaphore;

use super::Desk;
use crate::problem::{Problem, show_id};
use crate::sound_file::{self, Recording, Sound};
use crate::tape::Tracks;

pub(super) async fn list(
    State(desk): State<Desk>,
    headers: HeaderMap,
    Path(show): Path<String>,
) -> Result<Response, Problem> {
    desk.admit(&headers)?;
    let id = show_id(&show)?;
    let Recording { show, tape, range, .. } = Recording::of(&desk.shell, &id).await?;
    let tracks = show.own_tracks(&desk.shell, tape.head()).await?;
    let tracks: Vec<_> = tracks
        .facts(&range)
        .into_iter()
        .map(|facts| {
            serde_json::json!({
                "person": facts.speaker,
                "name": desk.name_of(&id, facts.speaker),
                "sound_s": (facts.sound_s * 100.0).round() / 100.0,
                "bytes": facts.bytes,
                "file": format!("/api/v1/shows/{id}/tracks/{}.opus", facts.speaker.0),
            })
        })
        .collect();
    Ok(Json(serde_json::json!({ "tracks": tracks })).into_response())
}

pub(super) async fn file(
    State(desk): State<Desk>,
    method: Method,
    headers: HeaderMap,
    Path((show, file)): Path<(String, String)>,
) -> Result<Response, Problem> {
    desk.admit(&headers)?;
    let id = show_id(&show)?;
    let speaker = file.strip_suffix(".opus").and_then(|number| number.parse().ok()).map(SpeakerId);
    let speaker = speaker.ok_or(Reason::NotFound)?;
    let Recording { show, tape, range, title } = Recording::of(&desk.shell, &id).await?;
    let title = desk.name_of(&id, speaker).and_then(|name| name.as_str().parse().ok()).unwrap_or(title);
    let made = show.own_track(&desk.shell, tape.head(), speaker, title, range).await;
    let (tracks, layout) = made.map_err(|reason| match reason {
        Reason::UnknownPerson => Problem::new(reason).detail(
            "Nobody with this number has a track in this recording. The list of tracks says who has.",
        ),
        reason => Problem::new(reason),
    })?;
    let sound = OfTrack { tracks, speaker, reads: Arc::clone(desk.shell.reads()) };
    let mut response = sound_file::respond(&method, &headers, "private, no-store", layout, sound);
    let disposition = format!("attachment; filename=\"{id}-{}.opus\"", speaker.0);
    let disposition = HeaderValue::from_str(&disposition).expect("a show's name is a-z, 0-9 and -");
    response.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
    Ok(response)
}

/// The sound of one person's track.
struct OfTrack {
    tracks: Arc<Tracks>,
    speaker: SpeakerId,
    reads: Arc<Semaphore>,
}

impl Sound for OfTrack {
    async fn frames(&self, slot: Slot) -> Option<Frames> {
        let _place = self.reads.acquire().await.expect("the semaphore is never closed");
        let (tracks, speaker) = (Arc::clone(&self.tracks), self.speaker);
        tokio::task::spawn_blocking(move || tracks.frames(speaker, slot)).await.ok()?.ok()?
    }
}

impl Desk {
    /// What a person was last called; unknown if their link is gone.
    fn name_of(&self, id: &ShowId, speaker: SpeakerId) -> Option<PersonName> {
        self.shell.look(|node, _| {
            let links = node.show(id).ok()?.stage().links();
            let link = links.into_iter().find(|link| link.speaker == speaker)?;
            Some(link.name.as_ref().unwrap_or(&link.label).clone())
        })
    }
}
