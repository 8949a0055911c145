//! Who may come in: the links of a show, and the consents that were given with them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use stentor_types::limits::{LINKS_PER_SHOW_MAX, ONE_USE_LINKS_PER_SHOW_MAX};
use stentor_types::{LinkId, PersonName, Place, Reason, SpeakerId, Treatment, Wall};

use crate::doc::DocError;
use crate::spec::Role;

/// The version of the notice that sound is recorded and published. It is the month of its wording; a
/// new wording asks everybody again.
pub const CONSENT_NOTICE_VERSION: &str = "2026-11";

/// The version of the notice which says besides that each voice is kept apart, in a track of its own for the
/// host. Nobody agrees to that by the other one.
pub const CONSENT_NOTICE_OWN_TRACKS: &str = "2026-11-own-tracks";

/// How long after the start (or after its creation, if that is later) a link lives when nobody said
/// otherwise: long enough for a show that is put off by some days.
pub const LINK_LIFETIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Consents kept of one link, the newest ones. A link is for one person, who agrees once under each
/// name: 64 links × 4 × 130 B, and 512 of one use with one each, keep the document under 100 kB more.
pub const CONSENTS_PER_LINK_MAX: usize = 4;

/// A way onto the stage for one person. Its key is made from it by
/// [`Stage::link_key`](crate::Stage::link_key) and is not stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Its random name.
    pub id: LinkId,
    /// What its person may do.
    pub role: Role,
    /// How the link was labelled, and what a speaker by plain WHIP is called.
    pub label: PersonName,
    /// From when on it lets nobody in any more. It cuts off nobody who is in.
    pub expires_at: Wall,
    /// Whether it was taken back.
    pub revoked: bool,
    /// The person's number on the stage.
    pub speaker: SpeakerId,
    /// What the person was last called when agreeing to the notice.
    pub name: Option<PersonName>,
    /// What is done with the person's voice, whether they are here or not: whoever comes back finds their
    /// place as it was.
    #[serde(default)]
    pub treatment: Treatment,
    /// Where the person was to be heard when coming in for the first time.
    #[serde(default)]
    pub enters: Place,
    /// Whether its key lets in one browser, once.
    #[serde(default)]
    pub one_use: bool,
}

/// A link to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLink {
    /// What its person may do.
    pub role: Role,
    /// What it is called; after its role if nothing is said.
    pub label: Option<PersonName>,
    /// When it expires; [`LINK_LIFETIME`] after the start if nothing is said.
    pub expires_at: Option<Wall>,
    /// Where its person is heard when coming in.
    pub enters: Place,
    /// Whether its key lets in one browser, once.
    pub one_use: bool,
}

impl NewLink {
    /// A link for somebody of this role, on air from the beginning, as often as they like.
    pub const fn new(role: Role) -> Self {
        Self { role, label: None, expires_at: None, enters: Place::OnAir, one_use: false }
    }
}

impl Link {
    /// What its person is called in a browser's session.
    pub(crate) fn person_name(&self) -> &PersonName {
        self.name.as_ref().unwrap_or(&self.label)
    }

    /// Whether its one use is over: somebody has agreed to the notice with it.
    pub fn is_spent(&self) -> bool {
        self.one_use && self.name.is_some()
    }

    /// Whether it lets somebody in.
    pub fn is_open(&self, now: Wall) -> bool {
        !self.revoked && now < self.expires_at
    }
}

/// A click that agreed to being recorded and published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// Whose link.
    pub link: LinkId,
    /// What the person was called.
    pub name: PersonName,
    /// Which wording of the notice was shown.
    pub notice: String,
    /// When.
    pub at: Wall,
}

/// All links of a show, used or not, and all consents.
#[derive(Clone, Debug, Default)]
pub(crate) struct Links {
    by_id: BTreeMap<LinkId, Link>,
    consents: Vec<Consent>,
}

impl Links {
    /// The links as they were written, or why they cannot have been.
    pub(crate) fn restore(links: Vec<Link>, consents: Vec<Consent>) -> Result<Self, DocError> {
        let count = links.len();
        let by_id: BTreeMap<_, _> = links.into_iter().map(|link| (link.id, link)).collect();
        let mut speakers: Vec<_> = by_id.values().map(|link| link.speaker).collect();
        speakers.sort_unstable();
        speakers.dedup();
        if by_id.len() != count || speakers.len() != count {
            return Err(DocError::Contradictory("two links have the same id or speaker"));
        }
        let links_max = LINKS_PER_SHOW_MAX + ONE_USE_LINKS_PER_SHOW_MAX;
        if count > links_max || consents.len() > links_max * CONSENTS_PER_LINK_MAX {
            return Err(DocError::Contradictory("there are more links or consents than can be"));
        }
        if !consents.iter().all(|consent| by_id.contains_key(&consent.link)) {
            return Err(DocError::Contradictory("a consent belongs to no link"));
        }
        Ok(Self { by_id, consents })
    }

    pub(crate) fn get(&self, id: LinkId) -> Option<&Link> {
        self.by_id.get(&id)
    }

    pub(crate) fn of_speaker(&self, speaker: SpeakerId) -> Option<&Link> {
        self.by_id.values().find(|link| link.speaker == speaker)
    }

    pub(crate) fn of_speaker_mut(&mut self, speaker: SpeakerId) -> Option<&mut Link> {
        self.by_id.values_mut().find(|link| link.speaker == speaker)
    }

    /// All links, in the order in which they were made.
    pub(crate) fn in_order(&self) -> Vec<&Link> {
        let mut links: Vec<_> = self.by_id.values().collect();
        links.sort_unstable_by_key(|link| link.speaker);
        links
    }

    pub(crate) fn consents(&self) -> &[Consent] {
        &self.consents
    }

    /// Makes a link. Without an expiry of its own it lives for [`LINK_LIFETIME`] after `begins_at`.
    pub(crate) fn add(&mut self, new: NewLink, begins_at: Wall, entropy: &[u8; 32]) -> Result<&Link, Reason> {
        // Those of one use are many in a show that people call in to, and take nobody else's room.
        let links_max = if new.one_use { ONE_USE_LINKS_PER_SHOW_MAX } else { LINKS_PER_SHOW_MAX };
        if self.by_id.values().filter(|link| link.one_use == new.one_use).count() >= links_max {
            return Err(Reason::TooManyLinks);
        }
        let highest = self.by_id.values().map(|link| link.speaker.0).max().unwrap_or(0);
        let link = Link {
            id: self.unused_id(entropy),
            role: new.role,
            label: new.label.unwrap_or_else(|| label_of(new.role)),
            expires_at: new.expires_at.unwrap_or_else(|| begins_at.plus(LINK_LIFETIME)),
            revoked: false,
            speaker: SpeakerId(highest.checked_add(1).ok_or(Reason::TooManyLinks)?),
            name: None,
            treatment: Treatment { place: new.enters, ..Treatment::default() },
            enters: new.enters,
            one_use: new.one_use,
        };
        Ok(self.by_id.entry(link.id).or_insert(link))
    }

    /// Takes a link back. True if that changed anything.
    pub(crate) fn revoke(&mut self, id: LinkId) -> Result<bool, Reason> {
        let link = self.by_id.get_mut(&id).ok_or(Reason::UnknownLink)?;
        Ok(!std::mem::replace(&mut link.revoked, true))
    }

    /// Keeps a consent to a wording of the notice and the name it was given under. True if that is news.
    pub(crate) fn agree(&mut self, now: Wall, id: LinkId, name: &PersonName, notice: &str) -> bool {
        let Some(link) = self.by_id.get_mut(&id) else { return false };
        let is_new_name = link.name.as_ref() != Some(name);
        link.name = Some(name.clone());
        let mut own = self.consents.iter().filter(|consent| consent.link == id);
        if own.any(|consent| consent.name == *name && consent.notice == notice) {
            return is_new_name;
        }
        if self.consents.iter().filter(|consent| consent.link == id).count() >= CONSENTS_PER_LINK_MAX {
            let oldest = self.consents.iter().position(|consent| consent.link == id);
            self.consents.remove(oldest.expect("there are several"));
        }
        let notice = notice.to_owned();
        self.consents.push(Consent { link: id, name: name.clone(), notice, at: now });
        true
    }

    /// 64 random bits that name no link yet. Equal entropy gives equal ids for equal links.
    fn unused_id(&self, entropy: &[u8; 32]) -> LinkId {
        let mut stream = blake3::Hasher::new_keyed(entropy).finalize_xof();
        loop {
            let mut bytes = [0; 8];
            stream.fill(&mut bytes);
            let id = LinkId(u64::from_be_bytes(bytes));
            if !self.by_id.contains_key(&id) {
                return id;
            }
        }
    }
}

fn label_of(role: Role) -> PersonName {
    role.default_label().parse().expect("our own labels are names")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> PersonName {
        text.parse().expect("a valid name")
    }

    #[test]
    fn the_same_entropy_never_makes_the_same_link_twice() {
        let mut links = Links::default();
        for made in 0..LINKS_PER_SHOW_MAX {
            let link = links.add(NewLink::new(Role::Speaker), Wall(1), &[3; 32]).expect("there is room");
            assert_eq!(link.speaker, SpeakerId(u32::try_from(made).expect("small") + 1));
        }
        assert_eq!(links.in_order().len(), LINKS_PER_SHOW_MAX);
        let refused = links.add(NewLink::new(Role::Speaker), Wall(1), &[3; 32]);
        assert_eq!(refused, Err(Reason::TooManyLinks));
    }

    #[test]
    fn whoever_calls_in_takes_no_room_of_others() {
        let mut links = Links::default();
        let one_use = NewLink { one_use: true, ..NewLink::new(Role::Speaker) };
        for _ in 0..ONE_USE_LINKS_PER_SHOW_MAX {
            links.add(one_use.clone(), Wall(1), &[3; 32]).expect("there is room");
        }
        assert_eq!(links.add(one_use, Wall(1), &[3; 32]), Err(Reason::TooManyLinks));
        assert!(links.add(NewLink::new(Role::Host), Wall(1), &[3; 32]).is_ok());
        let all = links.in_order().into_iter().cloned().collect();
        assert!(Links::restore(all, Vec::new()).is_ok());
    }

    #[test]
    fn consents_are_kept_once_a_name_and_bounded() {
        let mut links = Links::default();
        let id = links.add(NewLink::new(Role::Speaker), Wall(1), &[3; 32]).expect("there is room").id;
        assert!(links.agree(Wall(5), id, &name("Ada"), CONSENT_NOTICE_VERSION));
        assert!(!links.agree(Wall(6), id, &name("Ada"), CONSENT_NOTICE_VERSION));
        assert_eq!(
            links.consents(),
            [Consent { link: id, name: name("Ada"), notice: "2026-11".into(), at: Wall(5) }]
        );
        for i in 0..20 {
            assert!(links.agree(Wall(7), id, &name(&format!("Name {i}")), CONSENT_NOTICE_VERSION));
        }
        assert_eq!(links.consents().len(), CONSENTS_PER_LINK_MAX);
        assert!(links.agree(Wall(8), id, &name("Name 18"), CONSENT_NOTICE_VERSION), "the name changes back");
        assert_eq!(links.get(id).map(Link::person_name), Some(&name("Name 18")));
    }
}
