//! The state of the stage as one event stream: each event is the whole of it.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use http::{HeaderMap, HeaderName, HeaderValue};
use stentor_node::documents::StageState;
use stentor_stage::{Admitted, Purpose};
use stentor_types::{Reason, ShowId};
use tokio::sync::watch;

use super::{OfShow, StageDoor, bearer, show_id};
use crate::problem::Problem;
use crate::shell::{Shell, ShowShell};

/// Events of one stream come this far apart at least: levels change five times a second, and an eye does
/// not see more.
const EVENT_EVERY: Duration = Duration::from_millis(150);

/// A stage where nothing happens says so, for proxies that close what is silent.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

pub(super) async fn events(
    State(door): State<StageDoor>,
    axum::extract::Path(show): OfShow,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = show_id(&show)?;
    let admitted = door.admit(&id, &headers, Purpose::Device)?;
    let show = door.shell.show(&id)?;
    let watcher = Watcher {
        changes: show.stage_changes(),
        stopping: door.shell.stopping(),
        token: bearer(&headers)?.into(),
        shell: door.shell,
        show,
        id,
        admitted,
        first: true,
    };
    let events = stream::unfold(watcher, |mut watcher| async move {
        let event = watcher.next().await?;
        Some((Ok::<_, std::convert::Infallible>(event), watcher))
    });
    let mut response = Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response();
    response
        .headers_mut()
        .insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}

struct Watcher {
    changes: watch::Receiver<u64>,
    stopping: watch::Receiver<bool>,
    token: Box<str>,
    shell: Arc<Shell>,
    show: Arc<ShowShell>,
    id: ShowId,
    admitted: Admitted,
    first: bool,
}

impl Watcher {
    /// The stage at its next change; the end when the token dies, the show is gone or the server stops.
    async fn next(&mut self) -> Option<Event> {
        if !std::mem::take(&mut self.first) {
            let pause = self.shell.clock().mono() + EVENT_EVERY;
            tokio::select! {
                changed = self.changes.changed() => changed.ok()?,
                _ = self.stopping.wait_for(|stopping| *stopping) => return None,
            }
            tokio::time::sleep_until(self.shell.clock().deadline(pause)).await;
        }
        self.changes.borrow_and_update();
        let listeners = self.show.listeners();
        let state = self.shell.look(|node, now| {
            node.admit(now, &self.id, &self.token, Purpose::Device)?;
            let state = StageState::new(now, node.show(&self.id)?, &self.admitted, listeners);
            Ok::<_, Reason>(serde_json::to_string(&state).expect("plain data with text keys"))
        });
        Some(Event::default().data(state.ok()?))
    }
}
