//! What the people on a stage are told, and those who ask to come.

use serde::Serialize;
use stentor_stage::{
    Admitted, HandId, HandState, HandToken, Messages, Path, Person, Phase, RaisedHand, Role,
};
use stentor_types::{
    HandNote, Line, Now, PersonName, Place, Reason, SessionId, ShowTitle, SlateReason, SpeakerId, Wall,
    Warning,
};

use super::LinkView;
use super::desk::{DoorUrls, studio_url};
use crate::show::{DiskState, Show};

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
    removed_session: Option<SessionId>,
    warnings: Vec<&'static str>,
    delay_s: u64,
    hands_open: bool,
    /// For those only who may answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    hands: Option<Vec<HandView<'a>>>,
    message: &'a Messages,
}

#[derive(Clone, Debug, Serialize)]
struct PersonOnStage {
    id: SpeakerId,
    name: PersonName,
    role: Role,
    connected: bool,
    path: Option<Path>,
    level_dbfs: Option<f32>,
    /// Talking, wherever they are.
    talking: bool,
    /// Talking where listeners would hear it.
    speaking: bool,
    place: Place,
    muted: bool,
    noise_suppression: bool,
    /// How the network carries their sound; nothing as long as the mixer has not said.
    line: Option<Line>,
    /// What is wrong with their sound, sorted.
    warnings: Vec<Warning>,
}

#[derive(Clone, Debug, Serialize)]
struct HandView<'a> {
    id: HandId,
    name: &'a PersonName,
    note: Option<&'a HandNote>,
    waited_s: u64,
}

impl<'a> StageState<'a> {
    /// The stage as `you` see it. `session` tells a page whether it is still the one that speaks for you.
    pub fn new(now: Now, show: &'a Show, you: &Admitted, listeners: u64) -> Self {
        let life = show.stage().life();
        let people = show.stage().people(now).into_iter().map(|person| PersonOnStage::new(show, person));
        let hands = you.role.runs_the_show().then(|| show.stage().raised_hands(now));
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
            removed_session: show.stage().removed_session_of(you.link),
            warnings: match show.disk() {
                DiskState::Ok => Vec::new(),
                DiskState::Full => vec!["disk_full"],
                DiskState::Failed => vec!["disk_failed"],
                DiskState::Slow => vec!["disk_slow"],
            },
            delay_s: show.stage().spec().delay.as_secs(),
            hands_open: show.stage().hands_open(),
            hands: hands.map(|hands| hands.into_iter().map(HandView::from).collect()),
            message: show.stage().messages(),
        }
    }
}

impl PersonOnStage {
    fn new(show: &Show, person: Person) -> Self {
        let report = show.report(person.id).filter(|_| person.connected);
        let talking = report.is_some_and(|report| report.talking);
        let voice = person.treatment;
        Self {
            id: person.id,
            name: person.name,
            role: person.role,
            connected: person.connected,
            path: person.path,
            level_dbfs: report.map(|report| (report.level_dbfs * 10.0).round() / 10.0),
            talking,
            speaking: talking && voice.place == Place::OnAir && !voice.muted,
            place: voice.place,
            muted: voice.muted,
            noise_suppression: voice.noise_suppression,
            line: report.map(|report| report.line),
            warnings: report.map(|report| report.warnings.clone()).unwrap_or_default(),
        }
    }
}

impl<'a> From<RaisedHand<'a>> for HandView<'a> {
    fn from(hand: RaisedHand<'a>) -> Self {
        Self { id: hand.id, name: hand.name, note: hand.note, waited_s: hand.waited.as_secs() }
    }
}

/// The answer to a command: where the show stands, and the link that was made, if one was.
#[derive(Clone, Debug, Serialize)]
pub struct Commanded {
    /// The phase after the command.
    pub phase: Phase,
    /// The link of an invitation, with its key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<LinkView>,
}

/// What a listener gets for a hand that is raised.
#[derive(Clone, Debug, Serialize)]
pub struct HandRaised {
    /// What the page asks with: a secret of that page.
    pub token: HandToken,
    /// The hand's place among those that are up, from 1.
    pub place: usize,
}

/// How a hand stands, for the page that raised it.
#[derive(Clone, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum HandAnswered {
    /// It is up.
    Waiting {
        /// Its place among those that are up, from 1.
        place: usize,
    },
    /// The host said yes.
    Accepted {
        /// The studio with the key of a link of one use in the fragment: a secret of that page.
        studio_url: String,
    },
    /// The host said no.
    Declined,
}

impl HandAnswered {
    /// The page's answer; a hand that is gone is [`Reason::UnknownHand`].
    pub(crate) fn new(show: &Show, urls: &DoorUrls, state: HandState) -> Result<Self, Reason> {
        match state {
            HandState::Waiting { place } => Ok(Self::Waiting { place }),
            HandState::Accepted { key } => Ok(Self::Accepted { studio_url: studio_url(show, urls, &key) }),
            HandState::Declined => Ok(Self::Declined),
            HandState::Gone => Err(Reason::UnknownHand),
        }
    }
}
