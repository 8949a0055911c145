//! The core: one show as its people see it.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use serde::Serialize;
use stentor_types::limits::{END_UNDO, SPEAKERS_PER_SHOW_MAX};
use stentor_types::{
    LinkId, MarkBody, Mono, Now, PersonName, Reason, SessionId, SlateReason, SpeakerId, Wall,
};

use crate::doc::{DOC_VERSION, DocError, ShowDoc};
use crate::life::{Life, Phase, StageCommand};
use crate::link::{CONSENT_NOTICE_VERSION, Consent, LINK_LIFETIME, Link, Links};
use crate::session::{Path, Session, Sessions};
use crate::spec::{Role, ShowSpec, SpecError};
use crate::token::{Claims, ExpirySecs, Grant, Purpose, Scope, TokenKey};

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
    /// When the end becomes final; meaningful in [`Life::Ending`].
    final_at: Mono,
    /// When to look at the schedule again; meaningful in [`Life::Announced`].
    recheck_at: Mono,
    /// What the mixer was last told.
    programme: Option<Programme>,
    save_due: bool,
    events: VecDeque<StageEvent>,
}

/// What the shell is to do or to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StageEvent {
    /// [`Stage::doc`] has changed and is to be written. It comes first and once in a drain, so that a
    /// shell that writes before it answers promises nothing that a crash takes back.
    Save,
    /// The show is in another phase.
    PhaseChanged(Phase),
    /// The tape runs from here on. Comes again after a restart, which continues the tape.
    OpenTape,
    /// The end is final: the tape is closed and the recording made ready.
    CloseTape,
    /// What listeners hear from here on. Only while the tape is open.
    Programme(Programme),
    /// This is true of the programme from now on.
    MarkNow(MarkBody),
    /// A connected person is to be mixed. Only while the tape is open.
    SourceAdded {
        /// Who.
        speaker: SpeakerId,
        /// What they are called.
        name: PersonName,
        /// Whether they are sent their mix-minus.
        hears: bool,
    },
    /// That person is no longer to be mixed.
    SourceRemoved {
        /// Who.
        speaker: SpeakerId,
    },
    /// That session is over and its connection to be closed.
    CloseSession {
        /// Which.
        session: SessionId,
        /// What its person is told.
        why: CloseReason,
    },
}

/// Why the stage closed a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CloseReason {
    /// The same link was used anew.
    Replaced,
    /// The link was taken back.
    Revoked,
    /// The end of the show is final.
    ShowEnded,
}

/// What listeners hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Programme {
    /// The stage.
    Stage,
    /// Slate, and why.
    Slate(SlateReason),
}

/// Who gives a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The operator, who may do everything.
    Operator,
    /// A person on the stage.
    Person(Role),
}

/// A key or token that [`Stage::admit`] has checked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Admitted {
    /// Whose link.
    pub link: LinkId,
    /// The person's number.
    pub speaker: SpeakerId,
    /// What the person may do.
    pub role: Role,
    /// What the person is called.
    pub name: PersonName,
}

/// What a browser got for a link's key.
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceToken {
    /// The token: a secret of that browser.
    pub token: String,
    /// When it expires: with its link.
    pub expires_at: Wall,
    /// Who it admits.
    pub admitted: Admitted,
}

impl fmt::Debug for DeviceToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceToken").field("admitted", &self.admitted).finish_non_exhaustive()
    }
}

/// The answer to [`Stage::join`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Joined {
    /// The person's number.
    pub speaker: SpeakerId,
    /// The older session of the same link, for which [`StageEvent::CloseSession`] comes as well.
    pub replaced: Option<SessionId>,
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
}

impl Stage {
    /// A new show with two links, for a host and for a guest. The doors open at once if their time
    /// has come.
    pub fn create(now: Now, key: TokenKey, spec: ShowSpec, entropy: [u8; 32]) -> Result<Self, SpecError> {
        spec.check()?;
        let mut stage = Self::new(key, spec, Life::Announced {}, Links::default());
        for role in [Role::Host, Role::Speaker] {
            stage.invite(now, role, None, None, entropy).expect("a new show has room for two links");
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

    /// The key of a link: a secret for its person, always the same.
    pub fn link_key(&self, id: LinkId) -> Result<String, Reason> {
        let link = self.links.get(id).ok_or(Reason::UnknownLink)?;
        let grant = Grant::Link { link: id, role: link.role };
        Ok(self.seal(grant, link.expires_at))
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
            Some(Person { id: link.speaker, name, role: link.role, connected: path.is_some(), path })
        };
        self.links.in_order().into_iter().filter_map(person).collect()
    }

    /// The session by which a link's person is here, if they are.
    pub fn session_of(&self, link: LinkId) -> Option<SessionId> {
        self.sessions.of(link).map(|session| session.id)
    }

    /// A new link. Without a label it is called after its role; without an expiry it lives for
    /// [`LINK_LIFETIME`] after the start.
    pub fn invite(
        &mut self,
        now: Now,
        role: Role,
        label: Option<PersonName>,
        expires_at: Option<Wall>,
        entropy: [u8; 32],
    ) -> Result<Link, Reason> {
        let label = label.unwrap_or_else(|| role.default_label().parse().expect("our own labels are names"));
        let begins_at = self.spec.starts_at.map_or(now.wall, |at| at.max(now.wall));
        let expires_at = expires_at.unwrap_or_else(|| begins_at.plus(LINK_LIFETIME));
        let link = self.links.add(role, label, expires_at, &entropy)?.clone();
        self.save_due = true;
        Ok(link)
    }

    /// Takes a link back: its key and its device tokens admit nobody any more, its session is over.
    /// Doing so twice is no error.
    pub fn revoke(&mut self, id: LinkId) -> Result<(), Reason> {
        if self.links.revoke(id)? {
            self.save_due = true;
            let session = self.sessions.remove_of(id);
            self.close(session, CloseReason::Revoked);
            self.update_programme();
        }
        Ok(())
    }

    /// Gives a browser its device token for a link's key, once its person has a name and has agreed
    /// to the notice [`CONSENT_NOTICE_VERSION`]. The token survives restarts and dies with its link.
    pub fn exchange(
        &mut self,
        now: Now,
        link_key: &str,
        name: &PersonName,
        consent: Option<&str>,
        entropy: [u8; 32],
    ) -> Result<DeviceToken, Reason> {
        self.advance(now);
        let mut admitted = self.admit(now, link_key, Purpose::Link)?;
        if self.phase() == Phase::Ended {
            return Err(Reason::Ended);
        }
        if consent != Some(CONSENT_NOTICE_VERSION) {
            return Err(Reason::ConsentMissing);
        }
        self.save_due |= self.links.agree(now.wall, admitted.link, name);
        admitted.name = name.clone();
        let device = u64::from_be_bytes(*entropy.first_chunk().expect("32 bytes begin with 8"));
        let expires_at = self.links.get(admitted.link).expect("it has just been admitted").expires_at;
        let grant = Grant::Device { link: admitted.link, role: admitted.role, device };
        Ok(DeviceToken { token: self.seal(grant, expires_at), expires_at, admitted })
    }

    /// Checks a link's key ([`Purpose::Link`]; its person is called by the link's label) or a device
    /// token ([`Purpose::Device`]; by the name that was given for it). A token of the other purpose is
    /// [`Reason::KeyInvalid`].
    pub fn admit(&self, now: Now, token: &str, purpose: Purpose) -> Result<Admitted, Reason> {
        let claims = self.key.open(token)?;
        claims.check(self.scope)?;
        let (id, role) = match (claims.grant, purpose) {
            (Grant::Link { link, role }, Purpose::Link) => (link, role),
            (Grant::Device { link, role, .. }, Purpose::Device) => (link, role),
            _ => return Err(Reason::KeyInvalid),
        };
        // A link that is unknown was one of a deleted show of the same name.
        let link = self.links.get(id).filter(|link| !link.revoked).ok_or(Reason::KeyRevoked)?;
        // An expiry cuts off nobody who is in.
        let is_in = purpose == Purpose::Device && self.sessions.of(id).is_some();
        if !is_in && (claims.is_expired(now.wall) || !link.is_open(now.wall)) {
            return Err(Reason::KeyExpired);
        }
        assert_eq!(link.role, role, "our MAC vouches for the role, and a link's role never changes");
        let name = match purpose {
            Purpose::Link => &link.label,
            Purpose::Device => link.person_name(),
        };
        Ok(Admitted { link: id, speaker: link.speaker, role, name: name.clone() })
    }

    /// A session of an admitted person begins: in every phase until the end is final. The newest session
    /// of a link replaces the older. Whoever comes before the doors is mixed when they open.
    ///
    /// `session` is new and random; that it is in use already is a bug of the caller.
    pub fn join(
        &mut self,
        now: Now,
        admitted: &Admitted,
        session: SessionId,
        hears: bool,
    ) -> Result<Joined, Reason> {
        self.advance(now);
        if self.phase() == Phase::Ended {
            return Err(Reason::Ended);
        }
        if self.links.get(admitted.link).is_none_or(|link| link.revoked) {
            return Err(Reason::KeyRevoked);
        }
        assert!(self.sessions.find(session).is_none(), "a session's id is used once");
        if self.sessions.of(admitted.link).is_none() && self.sessions.count() >= SPEAKERS_PER_SHOW_MAX {
            return Err(Reason::StageFull);
        }
        let older = self.sessions.remove_of(admitted.link);
        let joined = Joined { speaker: admitted.speaker, replaced: older.as_ref().map(|session| session.id) };
        self.close(older, CloseReason::Replaced);
        let (speaker, name) = (admitted.speaker, admitted.name.clone());
        self.sessions.insert(admitted.link, Session { id: session, speaker, name, hears, path: None });
        self.update_programme();
        Ok(joined)
    }

    /// Packets of a session arrive, on this path. Called again when the path changes. A session that
    /// is over meanwhile is ignored: its closing is on the way.
    pub fn connected(&mut self, session: SessionId, path: Path) {
        let Some(session) = self.sessions.find(session) else { return };
        if session.path.replace(path).is_none() && self.life.has_open_tape() {
            self.events.push_back(source_added(session));
        }
        self.update_programme();
    }

    /// A session is over, for whatever reason. It ends no show: nobody left is slate.
    pub fn left(&mut self, session: SessionId) {
        if let Some(session) = self.sessions.remove(session) {
            self.remove_source(&session);
            self.update_programme();
        }
    }

    /// Puts the show on air, ends it or takes the end back.
    pub fn command(&mut self, now: Now, by: By, command: StageCommand) -> Result<(), Reason> {
        self.advance(now);
        if matches!(by, By::Person(role) if !role.runs_the_show()) {
            return Err(Reason::RoleForbids);
        }
        if command == StageCommand::Live {
            self.enter(self.life.with_doors_open(now.wall));
        }
        let next = self.life.after(command, now.wall)?;
        if next.phase() == Phase::Ending && self.phase() != Phase::Ending {
            self.final_at = now.mono + END_UNDO;
        }
        self.enter(next);
        Ok(())
    }

    /// Does what is due: opens the doors, makes an end final. Harmless when nothing is.
    pub fn handle_timeout(&mut self, now: Now) {
        self.advance(now);
    }

    /// When [`Self::handle_timeout`] is due next.
    pub fn next_timeout(&self) -> Option<Mono> {
        match self.life {
            Life::Announced {} => Some(self.recheck_at),
            Life::Ending { .. } => Some(self.final_at),
            Life::Doors { .. } | Life::OnAir { .. } | Life::Ended { .. } => None,
        }
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
            final_at: Mono::default(),
            recheck_at: Mono::default(),
            programme: None,
            save_due: false,
            events: VecDeque::new(),
        }
    }

    fn seal(&self, grant: Grant, expires_at: Wall) -> String {
        let expires_at = ExpirySecs::of(expires_at);
        self.key.seal(&Claims { grant, scope: self.scope, expires_at })
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
            self.events.extend(self.sessions.connected().map(source_added));
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
            self.events.push_back(StageEvent::CloseTape);
        }
        self.update_programme();
    }

    fn close(&mut self, session: Option<Session>, why: CloseReason) {
        if let Some(session) = session {
            self.remove_source(&session);
            self.events.push_back(StageEvent::CloseSession { session: session.id, why });
        }
    }

    fn remove_source(&mut self, session: &Session) {
        if session.is_connected() && self.life.has_open_tape() {
            self.events.push_back(StageEvent::SourceRemoved { speaker: session.speaker });
        }
    }

    /// Tells the mixer what listeners hear, where that has changed.
    fn update_programme(&mut self) {
        let programme = match self.life {
            Life::Announced {} | Life::Ended { .. } => None,
            Life::Doors { .. } => Some(Programme::Slate(SlateReason::NotStarted)),
            Life::OnAir { .. } if self.sessions.connected().next().is_some() => Some(Programme::Stage),
            Life::OnAir { .. } => Some(Programme::Slate(SlateReason::NobodyConnected)),
            Life::Ending { .. } => Some(Programme::Slate(SlateReason::Ended)),
        };
        if programme != self.programme {
            self.programme = programme;
            self.events.extend(programme.map(StageEvent::Programme));
        }
    }
}

fn source_added(session: &Session) -> StageEvent {
    StageEvent::SourceAdded { speaker: session.speaker, name: session.name.clone(), hears: session.hears }
}
