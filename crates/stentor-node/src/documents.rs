//! What is told to pages and tools: plain data, one struct a document (ARCHITECTURE.md, http.md).

use serde::Serialize;
use stentor_stage::{Admitted, Path, Phase, Role};
use stentor_types::time::SAMPLE_RATE_HZ;
use stentor_types::{
    Channels, LinkId, Mark, MarkBody, MediaTime, Now, PersonName, RenditionSet, SessionId, ShowId, ShowTitle,
    SlateReason, SpeakerId, Wall,
};

use crate::show::{DiskState, Show};

/// Marks in the status document: those of the last minute, which a listener who is close to live needs.
const STATUS_MARKS_MAX: usize = 64;

/// How far back the status document's marks reach.
const STATUS_MARKS_BACK: MediaTime = MediaTime(60 * SAMPLE_RATE_HZ as u64);

/// How often pages ask for the status: often enough that a change is seen within what they are behind live.
const POLL_AFTER_S: u32 = 3;

/// Addresses of the operator's own pages that the listener's page links to.
#[derive(Clone, Debug, Default, Serialize)]
pub struct OwnPages {
    /// Who is responsible for the show.
    pub imprint: Option<String>,
    /// What happens to personal data.
    pub privacy: Option<String>,
}

/// `GET /{show}/status`, schema version 1: the same bytes for everybody.
#[derive(Clone, Debug, Serialize)]
pub struct Status<'a> {
    version: u32,
    show: &'a ShowId,
    title: &'a ShowTitle,
    language: &'a str,
    channels: Channels,
    phase: Phase,
    now: Wall,
    starts_at: Option<Wall>,
    doors_at: Option<Wall>,
    anchor: Option<Wall>,
    on_air_at_s: Option<f64>,
    live_at_s: Option<f64>,
    ended_at_s: Option<f64>,
    epoch: Option<u32>,
    slot: Option<u64>,
    slate: Option<SlateReason>,
    speaking: &'a [PersonName],
    people: Vec<PersonName>,
    marks: Vec<MarkView>,
    renditions: Vec<&'static str>,
    live: LiveUrls,
    recording: Recording,
    undo_until: Option<Wall>,
    poll_after_s: u32,
    listeners: u64,
    pages: &'a OwnPages,
}

#[derive(Clone, Debug, Serialize)]
struct LiveUrls {
    mp4: String,
    ogg: String,
    aac: Option<String>,
    hls: String,
}

#[derive(Clone, Debug, Serialize)]
struct Recording {
    ready: bool,
    m4a: Option<String>,
    opus: String,
    hls: String,
    duration_s: Option<f64>,
}

/// A mark as pages read it: its time in seconds of the media clock.
#[derive(Clone, Debug, Serialize)]
pub struct MarkView {
    at_s: f64,
    #[serde(flatten)]
    body: MarkBody,
}

impl From<&Mark> for MarkView {
    fn from(mark: &Mark) -> Self {
        Self { at_s: mark.at.as_secs_f64(), body: mark.body.clone() }
    }
}

impl<'a> Status<'a> {
    /// The status of a show; `renditions` are those of its tape, `listeners` is counted by the shell.
    pub fn new(
        now: Now,
        show: &'a Show,
        renditions: RenditionSet,
        listeners: u64,
        pages: &'a OwnPages,
    ) -> Self {
        let spec = show.stage().spec();
        let life = show.stage().life();
        let newest = show.newest();
        let recording = show.recording();
        let has_aac = renditions.iter().any(|r| r.codec() == stentor_types::Codec::Aac);
        let url = |rest: &str| format!("/{}/{rest}", spec.id);
        Self {
            version: 1,
            show: &spec.id,
            title: &spec.title,
            language: spec.language.as_str(),
            channels: spec.channels,
            phase: show.stage().phase(),
            now: now.wall,
            starts_at: spec.starts_at,
            doors_at: life.doors_at().or(spec.doors_at()),
            anchor: show.anchor(),
            on_air_at_s: show.on_air_at().map(MediaTime::as_secs_f64),
            live_at_s: newest.map(|position| position.slot.next().start().as_secs_f64()),
            ended_at_s: recording.map(|(_, end)| end.as_secs_f64()),
            epoch: newest.map(|position| position.epoch.0),
            slot: newest.map(|position| position.slot.0),
            slate: show.slate(),
            speaking: show.speaking(),
            people: show.stage().people(now).into_iter().filter(|p| p.connected).map(|p| p.name).collect(),
            marks: recent_marks(show),
            renditions: renditions.iter().map(stentor_types::Rendition::name).collect(),
            live: LiveUrls {
                mp4: url("live.mp4"),
                ogg: url("live.ogg"),
                aac: has_aac.then(|| url("live.aac")),
                hls: url("hls/index.m3u8"),
            },
            recording: Recording {
                ready: recording.is_some(),
                m4a: has_aac.then(|| url("replay.m4a")),
                opus: url("replay.opus"),
                hls: url("hls/index.m3u8"),
                duration_s: recording.map(|(start, end)| end.saturating_since(start).as_secs_f64()),
            },
            undo_until: life.undo_until(),
            poll_after_s: POLL_AFTER_S,
            listeners,
            pages,
        }
    }
}

fn recent_marks(show: &Show) -> Vec<MarkView> {
    let marks = show.marks();
    let Some(newest) = show.newest() else { return Vec::new() };
    let since = newest.slot.start().saturating_since(STATUS_MARKS_BACK);
    let first =
        marks.partition_point(|mark| mark.at < since).max(marks.len().saturating_sub(STATUS_MARKS_MAX));
    // The remark that was in force when the minute began belongs to it.
    let in_force = marks[..first].iter().rev().find(|m| matches!(m.body, MarkBody::Speaking { .. }));
    in_force.into_iter().chain(&marks[first..]).map(MarkView::from).collect()
}

/// The state of a stage as one of its people sees it.
#[derive(Clone, Debug, Serialize)]
pub struct StageState<'a> {
    phase: Phase,
    now: Wall,
    title: &'a ShowTitle,
    on_air_at: Option<Wall>,
    undo_until: Option<Wall>,
    you: SpeakerId,
    slate: Option<SlateReason>,
    people: Vec<PersonOnStage>,
    listeners: u64,
    session: Option<SessionId>,
    warnings: Vec<&'static str>,
}

#[derive(Clone, Debug, Serialize)]
struct PersonOnStage {
    id: SpeakerId,
    name: PersonName,
    role: Role,
    connected: bool,
    path: Option<Path>,
    level_dbfs: Option<f32>,
    speaking: bool,
}

impl<'a> StageState<'a> {
    /// The stage as `you` see it. `session` tells a page whether it is still the one that speaks for you.
    pub fn new(now: Now, show: &'a Show, you: &Admitted, listeners: u64) -> Self {
        let life = show.stage().life();
        let people = show.stage().people(now).into_iter().map(|person| PersonOnStage {
            level_dbfs: show.level_dbfs(person.id).map(|level| (level * 10.0).round() / 10.0),
            speaking: person.connected && show.speaking().contains(&person.name),
            id: person.id,
            name: person.name,
            role: person.role,
            connected: person.connected,
            path: person.path,
        });
        Self {
            phase: show.stage().phase(),
            now: now.wall,
            title: &show.stage().spec().title,
            on_air_at: life.on_air_at(),
            undo_until: life.undo_until(),
            you: you.speaker,
            slate: show.slate(),
            people: people.collect(),
            listeners,
            session: show.stage().session_of(you.link),
            warnings: match show.disk() {
                DiskState::Ok => Vec::new(),
                DiskState::Full => vec!["disk_full"],
                DiskState::Failed => vec!["disk_failed"],
            },
        }
    }
}

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
        url: format!("{}/{}/studio#key={key}", urls.stage, stage.spec().id),
        key,
        expires_at: link.expires_at,
        revoked: link.revoked,
    })
}
