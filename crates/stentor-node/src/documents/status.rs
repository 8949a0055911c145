//! What listeners are told.

use serde::Serialize;
use stentor_stage::Phase;
use stentor_types::time::SAMPLE_RATE_HZ;
use stentor_types::{
    Channels, Mark, MarkBody, MediaTime, Message, Now, PersonName, Place, RenditionSet, ShowId, ShowTitle,
    SlateReason, Wall,
};

use crate::show::Show;

/// Marks in the status document: those of the last minute, which a listener who is close to live needs.
const STATUS_MARKS_MAX: usize = 64;

/// How far back the status document's marks reach.
const STATUS_MARKS_BACK: MediaTime = MediaTime(60 * SAMPLE_RATE_HZ as u64);

/// How often pages ask for the status: often enough that a change is seen within what they are behind live.
const POLL_AFTER_S: u32 = 3;

/// How often they ask while people wait in line: what is free is taken within 5 s, of which the document is 1 s old at most.
const POLL_WAITING_S: u32 = 2;

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
    hands_open: bool,
    message: Option<&'a Message>,
    #[serde(skip_serializing_if = "is_zero")]
    delay_s: u64,
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
    /// There is none, and there will be none.
    missing: bool,
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
            people: people_on_air(now, show),
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
                missing: show.is_unrecorded(),
                m4a: has_aac.then(|| url("replay.m4a")),
                opus: url("replay.opus"),
                hls: url("hls/index.m3u8"),
                duration_s: recording.map(|(start, end)| end.saturating_since(start).as_secs_f64()),
            },
            undo_until: life.undo_until(),
            poll_after_s: POLL_AFTER_S,
            listeners,
            hands_open: show.stage().hands_open(),
            message: show.stage().messages().everyone.as_ref(),
            delay_s: spec.delay.as_secs(),
            pages,
        }
    }

    /// People wait in line, and see how far it is.
    pub fn poll_often(&mut self) {
        self.poll_after_s = POLL_WAITING_S;
    }
}

/// Who can be heard. Whoever is backstage is nobody's business outside.
fn people_on_air(now: Now, show: &Show) -> Vec<PersonName> {
    let people = show.stage().people(now).into_iter();
    people.filter(|p| p.connected && p.treatment.place == Place::OnAir).map(|p| p.name).collect()
}

fn is_zero(seconds: &u64) -> bool {
    *seconds == 0
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
