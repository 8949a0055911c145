//! The way in: links, keys, tokens, sessions.

use std::fmt;

use stentor_types::limits::SPEAKERS_PER_SHOW_MAX;
use stentor_types::{LinkId, Now, PersonName, Reason, SessionId, SpeakerId, Wall};

use super::{CloseReason, Stage, StageEvent, source_added};
use crate::life::Phase;
use crate::link::{CONSENT_NOTICE_OWN_TRACKS, CONSENT_NOTICE_VERSION, Link, NewLink};
use crate::session::{Path, Session};
use crate::spec::Role;
use crate::token::{Claims, ExpirySecs, Grant, Purpose};

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

impl Stage {
    /// The key of a link: a secret for its person, always the same.
    pub fn link_key(&self, id: LinkId) -> Result<String, Reason> {
        let link = self.links.get(id).ok_or(Reason::UnknownLink)?;
        let grant = Grant::Link { link: id, role: link.role };
        Ok(self.seal(grant, link.expires_at))
    }

    /// A new link.
    pub fn invite(&mut self, now: Now, new: NewLink, entropy: [u8; 32]) -> Result<Link, Reason> {
        let begins_at = self.spec.starts_at.map_or(now.wall, |at| at.max(now.wall));
        let link = self.links.add(new, begins_at, &entropy)?.clone();
        self.save_due = true;
        Ok(link)
    }

    /// Takes a link back: its key and its device tokens admit nobody any more, its session is over.
    /// Doing so twice is no error.
    pub fn revoke(&mut self, id: LinkId) -> Result<(), Reason> {
        if self.links.revoke(id)? {
            self.save_due = true;
            self.hands.forget_link(id);
            let session = self.sessions.remove_of(id);
            self.close(session, CloseReason::Revoked);
            self.update_programme();
        }
        Ok(())
    }

    /// The version of the notice that people agree to in this show.
    pub fn consent_notice(&self) -> &'static str {
        if self.spec.own_tracks { CONSENT_NOTICE_OWN_TRACKS } else { CONSENT_NOTICE_VERSION }
    }

    /// Gives a browser its device token for a link's key, once its person has a name and has agreed
    /// to the notice ([`Self::consent_notice`]). The token survives restarts and dies with its link.
    /// The key of a link of one use is good for one token.
    pub fn exchange(
        &mut self,
        now: Now,
        link_key: &str,
        name: &PersonName,
        consent: Option<&str>,
        entropy: [u8; 32],
    ) -> Result<DeviceToken, Reason> {
        self.advance(now);
        let mut admitted = self.check_key(now, link_key, Purpose::Link)?;
        if self.phase() == Phase::Ended {
            return Err(Reason::Ended);
        }
        let notice = self.consent_notice();
        if consent != Some(notice) {
            return Err(Reason::ConsentMissing);
        }
        if self.links.get(admitted.link).is_some_and(Link::is_spent) {
            return Err(Reason::LinkUsed);
        }
        self.hands.forget_link(admitted.link);
        self.save_due |= self.links.agree(now.wall, admitted.link, name, notice);
        admitted.name = name.clone();
        let device = u64::from_be_bytes(*entropy.first_chunk().expect("32 bytes begin with 8"));
        let expires_at = self.links.get(admitted.link).expect("it has just been admitted").expires_at;
        let grant = Grant::Device { link: admitted.link, role: admitted.role, device };
        Ok(DeviceToken { token: self.seal(grant, expires_at), expires_at, admitted })
    }

    /// Checks a link's key ([`Purpose::Link`]; its person is called by the link's label) or a device
    /// token ([`Purpose::Device`]; by the name that was given for it). A token of the other purpose is
    /// [`Reason::KeyInvalid`]. The key of a link of one use is for [`Self::exchange`] alone, elsewhere it
    /// is [`Reason::KeyForeign`]: whoever could join with it could join again.
    pub fn admit(&self, now: Now, token: &str, purpose: Purpose) -> Result<Admitted, Reason> {
        let admitted = self.check_key(now, token, purpose)?;
        if purpose == Purpose::Link && self.links.get(admitted.link).is_some_and(|link| link.one_use) {
            return Err(Reason::KeyForeign);
        }
        Ok(admitted)
    }

    fn check_key(&self, now: Now, token: &str, purpose: Purpose) -> Result<Admitted, Reason> {
        let claims = self.key.open(token)?;
        claims.check(self.scope)?;
        let (id, role) = match (claims.grant, purpose) {
            (Grant::Link { link, role }, Purpose::Link) => (link, role),
            (Grant::Device { link, role, .. }, Purpose::Device) => (link, role),
            _ => return Err(Reason::KeyInvalid),
        };
        // A link that is unknown was one of a deleted show of the same name; one whose role was changed in the document
        // by hand takes a new key.
        let is_good = |link: &&Link| !link.revoked && link.role == role;
        let link = self.links.get(id).filter(is_good).ok_or(Reason::KeyRevoked)?;
        // An expiry cuts off nobody who is in.
        let is_in = purpose == Purpose::Device && self.sessions.of(id).is_some();
        if !is_in && (claims.is_expired(now.wall) || !link.is_open(now.wall)) {
            return Err(Reason::KeyExpired);
        }
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
        self.removed.remove(&admitted.link);
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
        let Some((link, session)) = self.sessions.find(session) else { return };
        if session.path.replace(path).is_none() && self.life.has_open_tape() {
            self.events.push_back(source_added(&self.links, link, session));
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

    fn seal(&self, grant: Grant, expires_at: Wall) -> String {
        let expires_at = ExpirySecs::of(expires_at);
        self.key.seal(&Claims { grant, scope: self.scope, expires_at })
    }

    pub(super) fn close(&mut self, session: Option<Session>, why: CloseReason) {
        if let Some(session) = session {
            self.remove_source(&session);
            self.events.push_back(StageEvent::CloseSession { session: session.id, why });
        }
    }

    pub(super) fn remove_source(&mut self, session: &Session) {
        if session.is_connected() && self.life.has_open_tape() {
            self.events.push_back(StageEvent::SourceRemoved { speaker: session.speaker });
        }
    }
}
