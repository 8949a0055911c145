//! The shows of this machine and the way to each.

use std::collections::{BTreeMap, BTreeSet};

use stentor_audio::SourceReport;
use stentor_stage::{
    Admitted, By, DeviceToken, DocError, HandState, HandToken, Joined, NewLink, Path, Phase, Purpose,
    ShowDoc, ShowSpec, Stage, StageCommand, TokenKey,
};
use stentor_types::{
    Epoch, HandNote, LinkId, Mark, MediaTime, Mono, Now, PersonName, Position, Reason, SessionId, ShowId,
};

use crate::documents::{Commanded, DoorUrls, HandAnswered, HandRaised, LinkView, link_view};
use crate::effect::Effect;
use crate::show::{DiskState, OpenedTape, Show};

/// What a node needs to know.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// The data folder's secret.
    pub key: TokenKey,
    /// Shows that have not ended, at most; those that have cost nothing.
    pub shows_max: usize,
    /// What links are made of.
    pub urls: DoorUrls,
}

/// The shows of one machine.
///
/// **After every call that takes `&mut self`, drain [`Self::poll_effect`] until it returns `None` and perform the
/// effects in their order; call [`Self::handle_timeout`] when [`Self::next_timeout`] has come.**
pub struct Node {
    config: NodeConfig,
    shows: BTreeMap<ShowId, Show>,
    /// Shows that are forgotten, and whose folders are still there.
    leaving: BTreeSet<ShowId>,
}

impl Node {
    /// A node without shows.
    pub fn new(config: NodeConfig) -> Self {
        Self { config, shows: BTreeMap::new(), leaving: BTreeSet::new() }
    }

    /// What links are made of.
    pub fn urls(&self) -> &DoorUrls {
        &self.config.urls
    }

    /// All shows in the order of their names.
    pub fn shows(&self) -> impl Iterator<Item = &Show> {
        self.shows.values()
    }

    /// A show by its name.
    pub fn show(&self, id: &ShowId) -> Result<&Show, Reason> {
        self.shows.get(id).ok_or(Reason::UnknownShow)
    }

    /// Whether a show may be announced by this name, as far as this node knows.
    pub fn is_free(&self, id: &ShowId) -> bool {
        !self.shows.contains_key(id) && !self.leaving.contains(id)
    }

    /// Announces a show. Its first links are for a host and a guest.
    pub fn create(&mut self, now: Now, spec: ShowSpec, entropy: [u8; 32]) -> Result<(), Reason> {
        if !self.is_free(&spec.id) {
            return Err(Reason::ShowExists);
        }
        let running = self.shows.values().filter(|show| show.stage.phase() != Phase::Ended).count();
        if running >= self.config.shows_max {
            return Err(Reason::TooManyShows);
        }
        let id = spec.id.clone();
        let stage =
            Stage::create(now, self.config.key.clone(), spec, entropy).map_err(|_| Reason::Malformed)?;
        self.shows.insert(id, Show::new(stage, None));
        Ok(())
    }

    /// Takes up a show from its document, in the phase in which it was. `recording` is what the
    /// overlay of an ended show says.
    pub fn restore(
        &mut self,
        now: Now,
        doc: ShowDoc,
        recording: Option<(MediaTime, MediaTime)>,
    ) -> Result<(), DocError> {
        let id = doc.spec.id.clone();
        let stage = Stage::resume(now, self.config.key.clone(), doc)?;
        self.shows.insert(id, Show::new(stage, recording));
        Ok(())
    }

    /// Forgets a show, so that its folder can go; until [`Self::deleted`] its name stays taken. One that listeners
    /// may be hearing has to be ended first.
    pub fn delete(&mut self, id: &ShowId) -> Result<(), Reason> {
        match self.show(id)?.stage.phase() {
            Phase::OnAir | Phase::Ending => Err(Reason::WrongPhase),
            Phase::Announced | Phase::Doors | Phase::Ended => {
                self.shows.remove(id);
                self.leaving.insert(id.clone());
                Ok(())
            }
        }
    }

    /// The folder of a forgotten show is gone, or cannot go.
    pub fn deleted(&mut self, id: &ShowId) {
        self.leaving.remove(id);
    }

    /// Does what somebody asks of a show's stage, if they may.
    pub fn command(
        &mut self,
        now: Now,
        id: &ShowId,
        by: By,
        command: StageCommand,
        entropy: [u8; 32],
    ) -> Result<Commanded, Reason> {
        let made = self.with(id, |show| show.stage.command(now, by, command, entropy))?;
        let show = self.show(id)?;
        let link = made.and_then(|link| link_view(show, &self.config.urls, link));
        Ok(Commanded { phase: show.stage.phase(), link })
    }

    /// A new link to the stage.
    pub fn invite(
        &mut self,
        now: Now,
        id: &ShowId,
        new: NewLink,
        entropy: [u8; 32],
    ) -> Result<LinkView, Reason> {
        let link = self.with(id, |show| show.stage.invite(now, new, entropy))?;
        link_view(self.show(id)?, &self.config.urls, link.id).ok_or(Reason::Internal)
    }

    /// A listener asks to speak. `origin` stands for the network that the listener comes from.
    pub fn raise_hand(
        &mut self,
        now: Now,
        id: &ShowId,
        name: PersonName,
        note: Option<HandNote>,
        origin: u64,
        entropy: [u8; 32],
    ) -> Result<HandRaised, Reason> {
        self.with(id, |show| {
            let token = show.stage.raise_hand(now, name, note, origin, entropy)?;
            match show.stage.poll_hand(now, token) {
                HandState::Waiting { place } => Ok(HandRaised { token, place }),
                _ => Err(Reason::Internal),
            }
        })
    }

    /// How a hand stands. Asking keeps it up; one that is gone is [`Reason::UnknownHand`].
    pub fn poll_hand(&mut self, now: Now, id: &ShowId, token: HandToken) -> Result<HandAnswered, Reason> {
        let state = self.with(id, |show| Ok(show.stage.poll_hand(now, token)))?;
        HandAnswered::new(self.show(id)?, &self.config.urls, state)
    }

    /// The listener takes the hand down.
    pub fn lower_hand(&mut self, now: Now, id: &ShowId, token: HandToken) -> Result<(), Reason> {
        self.with(id, |show| {
            show.stage.lower_hand(now, token);
            Ok(())
        })
    }

    /// Takes a link back.
    pub fn revoke(&mut self, id: &ShowId, link: LinkId) -> Result<(), Reason> {
        self.with(id, |show| show.stage.revoke(link))
    }

    /// Gives a browser its token for a link's key, once its person has agreed to be recorded.
    pub fn exchange(
        &mut self,
        now: Now,
        id: &ShowId,
        link_key: &str,
        name: &PersonName,
        consent: Option<&str>,
        entropy: [u8; 32],
    ) -> Result<DeviceToken, Reason> {
        self.with(id, |show| show.stage.exchange(now, link_key, name, consent, entropy))
    }

    /// Checks a key or a token.
    pub fn admit(&self, now: Now, id: &ShowId, token: &str, purpose: Purpose) -> Result<Admitted, Reason> {
        self.show(id)?.stage.admit(now, token, purpose)
    }

    /// A session of an admitted person begins.
    pub fn join(
        &mut self,
        now: Now,
        id: &ShowId,
        admitted: &Admitted,
        session: SessionId,
        hears: bool,
    ) -> Result<Joined, Reason> {
        self.with(id, |show| show.stage.join(now, admitted, session, hears))
    }

    /// Packets of a session arrive, on this path.
    pub fn session_connected(&mut self, id: &ShowId, session: SessionId, path: Path) {
        let _ = self.with(id, |show| {
            show.stage.connected(session, path);
            Ok(())
        });
    }

    /// A session is over.
    pub fn session_left(&mut self, id: &ShowId, session: SessionId) {
        let _ = self.with(id, |show| {
            show.stage.left(session);
            Ok(())
        });
    }

    /// The shell has opened the tape that [`Effect::OpenTape`] asked for.
    pub fn tape_opened(&mut self, now: Now, id: &ShowId, opened: OpenedTape) {
        self.tell(id, |show| show.tape_opened(now, opened));
    }

    /// The shell has closed the tape; `recording` is its overlay.
    pub fn tape_closed(&mut self, id: &ShowId, recording: Option<(MediaTime, MediaTime)>) {
        self.tell(id, |show| show.tape_closed(recording));
    }

    /// The disk of a show's tape is in another state.
    pub fn disk_changed(&mut self, id: &ShowId, disk: DiskState) {
        self.tell(id, |show| show.disk_changed(disk));
    }

    /// A chunk is with the listeners.
    pub fn published(&mut self, id: &ShowId, position: Position) {
        self.tell(id, |show| show.published(position));
    }

    /// A mark was placed on the programme.
    pub fn marked(&mut self, id: &ShowId, epoch: Epoch, mark: Mark) {
        self.tell(id, |show| show.marked(epoch, mark));
    }

    /// How the people on the stage do.
    pub fn reports(&mut self, id: &ShowId, epoch: Epoch, reports: Vec<SourceReport>) {
        self.tell(id, |show| show.reports(epoch, reports));
    }

    /// The mixer of this epoch failed or fell too far behind; another one takes its place.
    pub fn mixer_failed(&mut self, now: Now, id: &ShowId, epoch: Epoch) {
        self.tell(id, |show| show.mixer_failed(now, epoch));
    }

    /// Does what is due. Harmless when nothing is.
    pub fn handle_timeout(&mut self, now: Now) {
        for show in self.shows.values_mut() {
            show.handle_timeout(now);
        }
    }

    /// When [`Self::handle_timeout`] is due next.
    pub fn next_timeout(&self) -> Option<Mono> {
        self.shows.values().filter_map(Show::next_timeout).min()
    }

    /// The next thing to do, and for which show.
    pub fn poll_effect(&mut self) -> Option<(ShowId, Effect)> {
        self.shows.iter_mut().find_map(|(id, show)| Some((id.clone(), show.poll_effect()?)))
    }

    /// Asks a show's stage for something and turns what it decided into effects, also if it refused.
    fn with<T>(
        &mut self,
        id: &ShowId,
        ask: impl FnOnce(&mut Show) -> Result<T, Reason>,
    ) -> Result<T, Reason> {
        let show = self.shows.get_mut(id).ok_or(Reason::UnknownShow)?;
        let answer = ask(show);
        show.drain_stage();
        answer
    }

    /// Tells a show what has happened. A show that is gone meanwhile need not know.
    fn tell(&mut self, id: &ShowId, what: impl FnOnce(&mut Show)) {
        if let Some(show) = self.shows.get_mut(id) {
            what(show);
        }
    }
}
