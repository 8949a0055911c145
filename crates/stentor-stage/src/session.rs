//! Who is connected: one session a link, by construction.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stentor_types::{LinkId, PersonName, SessionId, SpeakerId};

/// The way that a session's packets take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Path {
    /// UDP.
    Udp,
    /// TCP, for networks that block UDP.
    Tcp,
}

/// One connection of one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) speaker: SpeakerId,
    pub(crate) name: PersonName,
    pub(crate) hears: bool,
    /// `None` until its packets have arrived.
    pub(crate) path: Option<Path>,
}

impl Session {
    pub(crate) fn is_connected(&self) -> bool {
        self.path.is_some()
    }
}

/// The sessions of a stage.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sessions(BTreeMap<LinkId, Session>);

impl Sessions {
    pub(crate) fn of(&self, link: LinkId) -> Option<&Session> {
        self.0.get(&link)
    }

    pub(crate) fn find(&mut self, id: SessionId) -> Option<(LinkId, &mut Session)> {
        self.0.iter_mut().map(|(&link, session)| (link, session)).find(|(_, session)| session.id == id)
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn connected(&self) -> impl Iterator<Item = (LinkId, &Session)> {
        self.0.iter().map(|(&link, session)| (link, session)).filter(|(_, session)| session.is_connected())
    }

    pub(crate) fn insert(&mut self, link: LinkId, session: Session) {
        let older = self.0.insert(link, session);
        assert_eq!(older, None, "the older session of a link is removed before");
    }

    pub(crate) fn remove_of(&mut self, link: LinkId) -> Option<Session> {
        self.0.remove(&link)
    }

    pub(crate) fn remove(&mut self, id: SessionId) -> Option<Session> {
        let link = self.0.iter().find(|(_, session)| session.id == id).map(|(&link, _)| link)?;
        self.0.remove(&link)
    }

    pub(crate) fn remove_first(&mut self) -> Option<Session> {
        self.0.pop_first().map(|(_, session)| session)
    }
}
