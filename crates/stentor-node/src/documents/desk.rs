//! What the operator is told.

use serde::Serialize;
use stentor_stage::{Messages, Phase, Role};
use stentor_types::{Channels, LinkId, PersonName, Place, ShowId, ShowTitle, SpeakerId, Wall};

use crate::show::{DiskState, Show};

/// What the shell knows of a show's tape on disk.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct TapeFacts {
    /// Chunks on the tape.
    pub chunks: u64,
    /// Holes on the tape.
    pub holes: u64,
    /// Bytes of the segment files.
    pub bytes: u64,
    /// What the disk says.
    pub disk: DiskState,
}

/// A show as the operator sees it.
#[derive(Clone, Debug, Serialize)]
pub struct ShowView {
    id: ShowId,
    title: ShowTitle,
    language: String,
    channels: Channels,
    phase: Phase,
    starts_at: Option<Wall>,
    doors_at: Option<Wall>,
    on_air_at: Option<Wall>,
    ended_at: Option<Wall>,
    undo_until: Option<Wall>,
    listeners: u64,
    listen_url: String,
    replay_url: Option<String>,
    delay_s: u64,
    own_tracks: bool,
    hands_open: bool,
    message: Messages,
    links: Vec<LinkView>,
    tape: TapeFacts,
}

/// A link as the operator sees it.
#[derive(Clone, Debug, Serialize)]
pub struct LinkView {
    /// Its random name.
    pub id: LinkId,
    /// What its person may do.
    pub role: Role,
    /// How it is labelled.
    pub label: PersonName,
    /// The studio with the key in the fragment.
    pub url: String,
    /// The key alone, for WHIP.
    pub key: String,
    /// When it expires.
    pub expires_at: Wall,
    /// Whether it was taken back.
    pub revoked: bool,
    /// The number of its person on the stage.
    pub person: SpeakerId,
    /// Where its person was to be heard when coming in for the first time.
    pub enters: Place,
    /// Whether its key lets in one browser, once.
    pub one_use: bool,
    /// Whether somebody has come in by it.
    pub used: bool,
}

/// What links are made of: the doors as people outside reach them, without a slash at the end.
#[derive(Clone, Debug)]
pub struct DoorUrls {
    /// The front door.
    pub front: String,
    /// The stage door.
    pub stage: String,
}

impl ShowView {
    /// The show as the operator sees it.
    pub fn new(show: &Show, urls: &DoorUrls, listeners: u64, tape: TapeFacts) -> Self {
        let stage = show.stage();
        let (spec, life) = (stage.spec(), stage.life());
        let listen_url = format!("{}/{}", urls.front, spec.id);
        Self {
            id: spec.id.clone(),
            title: spec.title.clone(),
            language: spec.language.as_str().to_owned(),
            channels: spec.channels,
            phase: stage.phase(),
            starts_at: spec.starts_at,
            doors_at: life.doors_at().or(spec.doors_at()),
            on_air_at: life.on_air_at(),
            ended_at: life.ended_at(),
            undo_until: life.undo_until(),
            listeners,
            replay_url: show.recording().map(|_| listen_url.clone()),
            listen_url,
            delay_s: spec.delay.as_secs(),
            own_tracks: spec.own_tracks,
            hands_open: stage.hands_open(),
            message: stage.messages().clone(),
            links: stage.links().into_iter().filter_map(|link| link_view(show, urls, link.id)).collect(),
            tape: TapeFacts { disk: show.disk(), ..tape },
        }
    }
}

/// A link with its key, or nothing if there is no such link.
pub(crate) fn link_view(show: &Show, urls: &DoorUrls, id: LinkId) -> Option<LinkView> {
    let stage = show.stage();
    let link = stage.links().into_iter().find(|link| link.id == id)?;
    let key = stage.link_key(id).ok()?;
    Some(LinkView {
        id,
        role: link.role,
        label: link.label.clone(),
        url: studio_url(show, urls, &key),
        key,
        expires_at: link.expires_at,
        revoked: link.revoked,
        person: link.speaker,
        enters: link.enters,
        one_use: link.one_use,
        used: link.name.is_some(),
    })
}

/// The studio, opened with this key.
pub(crate) fn studio_url(show: &Show, urls: &DoorUrls, key: &str) -> String {
    format!("{}/{}/studio#key={key}", urls.stage, show.stage().spec().id)
}
