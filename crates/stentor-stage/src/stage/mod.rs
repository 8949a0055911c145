//! The core: one show as its people see it.

mod direction;
mod entrance;
mod event;
mod raised;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde::Serialize;
use stentor_types::limits::END_UNDO;
use stentor_types::{
    LinkId, MarkBody, Mono, Now, PersonName, Place, SessionId, SlateReason, SpeakerId, Treatment,
};

pub use self::direction::By;
pub use self::entrance::{Admitted, DeviceToken, Joined};
pub use self::event::{CloseReason, Programme, StageEvent};
use crate::command::Messages;
use crate::doc::{DOC_VERSION, DocError, ShowDoc};
use crate::hands::Hands;
use crate::life::{Life, Phase};
use crate::link::{Consent, Link, Links, NewLink};
use crate::session::{Path, Session, Sessions};
use crate::spec::{Role, ShowSpec, SpecError};
use crate::token::{Scope, TokenKey};

/// How often an announced show compares its schedule with the wall clock: a clock that is set right
/// meanwhile is noticed after half a minute.
const SCHEDULE_RECHECK: Duration = Duration::from_secs(30);

/// The people of one show: who may come in, who is here, and where the show stands.
///
/// **After every call that takes `&mut self`, drain [`Self::poll_event`] until it returns `None`;
/// call [`Self::handle_timeout`] when [`Self::next_timeout`] has come.**
pub struct Stage {
    key: TokenKey,
    scope: Scope,
    spec: ShowSpec,
    life: Life,
    links: Links,
    sessions: Sessions,
    /// Sessions that somebody took off the stage, of those who have not come again: one a link at most.
    removed: BTreeMap<LinkId, SessionId>,
    messages: Messages,
    hands: Hands,
    are_hands_open: bool,
    /// When the end becomes final; meaningful in [`Life::Ending`].
    final_at: Mono,
    /// When to look at the schedule again; meaningful in [`Life::Announced`].
    recheck_at: Mono,
    /// What the mixer was last told.
    programme: Option<Programme>,
    save_due: bool,
    events: VecDeque<StageEvent>,
}

/// A person as the stage sees them; the shell adds level and speech.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Person {
    /// The person's number.
    pub id: SpeakerId,
    /// What they are called.
    pub name: PersonName,
    /// What they may do.
    pub role: Role,
    /// Whether their packets arrive.
    pub connected: bool,
    /// On which way.
    pub path: Option<Path>,
    /// What is done with their voice.
    pub treatment: Treatment,
}

impl Stage {
    /// A new show with two links, for a host and for a guest. The doors open at once if their time
    /// has come.
    pub fn create(now: Now, key: TokenKey, spec: ShowSpec, entropy: [u8; 32]) -> Result<Self, SpecError> {
        spec.check()?;
        let mut stage = Self::new(key, spec, Life::Announced {}, Links::default());
        for role in [Role::Host, Role::Speaker] {
            stage.invite(now, NewLink::new(role), entropy).expect("a new show has room for two links");
        }
        stage.advance(now);
        stage.save_due = true;
        Ok(stage)
    }

    /// The show that was written down as `doc`, in the phase in which it was: on air is on air at
    /// once, and of an undo time the rest remains. Nobody is connected.
    pub fn resume(now: Now, key: TokenKey, doc: ShowDoc) -> Result<Self, DocError> {
        doc.spec.check().map_err(|_| DocError::Contradictory("its times cannot be"))?;
        let links = Links::restore(doc.links, doc.consents)?;
        let mut stage = Self::new(key, doc.spec, doc.life, links);
        (stage.messages, stage.are_hands_open) = (doc.messages, doc.hands_open);
        if let Some(undo_until) = doc.life.undo_until() {
            // A wall clock that was set back meanwhile does not lengthen the undo time.
            stage.final_at = now.mono + undo_until.saturating_since(now.wall).min(END_UNDO);
        }
        stage.advance(now);
        if doc.life.has_open_tape() && stage.life.has_open_tape() {
            stage.events.push_back(StageEvent::OpenTape);
            stage.update_programme();
        }
        Ok(stage)
    }

    /// What is to be written whenever [`StageEvent::Save`] comes.
    pub fn doc(&self) -> ShowDoc {
        ShowDoc {
            version: DOC_VERSION,
            spec: self.spec.clone(),
            life: self.life,
            links: self.links.in_order().into_iter().cloned().collect(),
            consents: self.links.consents().to_vec(),
            messages: self.messages.clone(),
            hands_open: self.are_hands_open,
        }
    }

    /// The show as it was announced.
    pub fn spec(&self) -> &ShowSpec {
        &self.spec
    }

    /// The phase with its times.
    pub fn life(&self) -> Life {
        self.life
    }

    /// The lines that are shown.
    pub fn messages(&self) -> &Messages {
        &self.messages
    }

    /// The phase.
    pub fn phase(&self) -> Phase {
        self.life.phase()
    }

    /// What listeners hear; `None` while there is no open tape.
    pub fn programme(&self) -> Option<Programme> {
        self.programme
    }

    /// All links, in the order in which they were made.
    pub fn links(&self) -> Vec<&Link> {
        self.links.in_order()
    }

    /// The consents that are kept.
    pub fn consents(&self) -> &[Consent] {
        self.links.consents()
    }

    /// Everybody who has been here, or is, and whose link lives; in the order of their links.
    pub fn people(&self, now: Now) -> Vec<Person> {
        let person = |link: &Link| {
            let session = self.sessions.of(link.id);
            if session.is_none() && (link.name.is_none() || !link.is_open(now.wall)) {
                return None;
            }
            let path = session.and_then(|session| session.path);
            let name = session.map_or(link.person_name(), |session| &session.name).clone();
            let (id, role, treatment) = (link.speaker, link.role, link.treatment);
            Some(Person { id, name, role, connected: path.is_some(), path, treatment })
        };
        self.links.in_order().into_iter().filter_map(person).collect()
    }

    /// The session by which a link's person is here, if they are.
    pub fn session_of(&self, link: LinkId) -> Option<SessionId> {
        self.sessions.of(link).map(|session| session.id)
    }

    /// The session of a link's person that somebody took off the stage, until they come again. A restart forgets it.
    pub fn removed_session_of(&self, link: LinkId) -> Option<SessionId> {
        self.removed.get(&link).copied()
    }

    /// Does what is due: opens the doors, makes an end final, forgets hands. Harmless when nothing is.
    pub fn handle_timeout(&mut self, now: Now) {
        self.advance(now);
    }

    /// When [`Self::handle_timeout`] is due next.
    pub fn next_timeout(&self) -> Option<Mono> {
        let turn_at = match self.life {
            Life::Announced {} => Some(self.recheck_at),
            Life::Ending { .. } => Some(self.final_at),
            Life::Doors { .. } | Life::OnAir { .. } | Life::Ended { .. } => None,
        };
        [turn_at, self.hands.next_timeout()].into_iter().flatten().min()
    }

    /// The next thing to do, if there is one.
    pub fn poll_event(&mut self) -> Option<StageEvent> {
        if std::mem::take(&mut self.save_due) {
            return Some(StageEvent::Save);
        }
        self.events.pop_front()
    }

    fn new(key: TokenKey, spec: ShowSpec, life: Life, links: Links) -> Self {
        Self {
            key,
            scope: Scope::of_show(&spec.id),
            spec,
            life,
            links,
            sessions: Sessions::default(),
            removed: BTreeMap::new(),
            messages: Messages::default(),
            hands: Hands::default(),
            are_hands_open: false,
            final_at: Mono::default(),
            recheck_at: Mono::default(),
            programme: None,
            save_due: false,
            events: VecDeque::new(),
        }
    }

    /// What time alone does. First in every call with a time, so that a late timer changes nothing.
    fn advance(&mut self, now: Now) {
        match self.life {
            Life::Announced {} => {
                let doors_at = self.spec.doors_at().unwrap_or(now.wall);
                if now.wall >= doors_at {
                    self.enter(self.life.with_doors_open(now.wall));
                } else {
                    self.recheck_at = now.mono + doors_at.saturating_since(now.wall).min(SCHEDULE_RECHECK);
                }
            }
            Life::Ending { .. } if now.mono >= self.final_at => self.enter(self.life.made_final()),
            _ => {}
        }
        self.expire_hands(now);
    }

    /// The one place where the phase changes, and all that follows from it.
    fn enter(&mut self, next: Life) {
        let previous = std::mem::replace(&mut self.life, next);
        if previous.phase() == next.phase() {
            return;
        }
        self.save_due = true;
        self.events.push_back(StageEvent::PhaseChanged(next.phase()));
        if next.has_open_tape() && !previous.has_open_tape() {
            self.events.push_back(StageEvent::OpenTape);
            let added =
                self.sessions.connected().map(|(link, session)| source_added(&self.links, link, session));
            self.events.extend(added);
        }
        let mark = match (previous.phase(), next.phase()) {
            (Phase::Ending, Phase::OnAir) => Some(MarkBody::EndUndone),
            (_, Phase::OnAir) => Some(MarkBody::OnAir),
            (_, Phase::Ending) => Some(MarkBody::End),
            _ => None,
        };
        self.events.extend(mark.map(StageEvent::MarkNow));
        if previous.has_open_tape() && !next.has_open_tape() {
            while let Some(session) = self.sessions.remove_first() {
                if session.is_connected() {
                    self.events.push_back(StageEvent::SourceRemoved { speaker: session.speaker });
                }
                let why = CloseReason::ShowEnded;
                self.events.push_back(StageEvent::CloseSession { session: session.id, why });
            }
            self.hands.clear();
            self.events.push_back(StageEvent::CloseTape);
        }
        self.update_programme();
    }

    /// Tells the mixer what listeners hear, where that has changed.
    fn update_programme(&mut self) {
        let programme = match self.life {
            Life::Announced {} | Life::Ended { .. } => None,
            Life::Doors { .. } => Some(Programme::Slate(SlateReason::NotStarted)),
            Life::OnAir { .. } if self.is_anybody_on_air() => Some(Programme::Stage),
            Life::OnAir { .. } => Some(Programme::Slate(SlateReason::NobodyConnected)),
            Life::Ending { .. } => Some(Programme::Slate(SlateReason::Ended)),
        };
        if programme != self.programme {
            self.programme = programme;
            self.events.extend(programme.map(StageEvent::Programme));
        }
    }

    fn is_anybody_on_air(&self) -> bool {
        let mut connected = self.sessions.connected();
        connected.any(|(link, _)| treatment_of(&self.links, link).place == Place::OnAir)
    }
}

fn source_added(links: &Links, link: LinkId, session: &Session) -> StageEvent {
    let (speaker, name, hears) = (session.speaker, session.name.clone(), session.hears);
    StageEvent::SourceAdded { speaker, name, hears, treatment: treatment_of(links, link) }
}

fn treatment_of(links: &Links, link: LinkId) -> Treatment {
    links.get(link).expect("a session is of a link, and links stay").treatment
}
