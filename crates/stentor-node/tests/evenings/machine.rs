//! A machine as its node sees it: performs effects, and tells what has happened.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use stentor_audio::Programme as MixerProgramme;
use stentor_node::documents::{DoorUrls, HandAnswered};
use stentor_node::{Effect, Node, NodeConfig};
use stentor_stage::{
    By, CONSENT_NOTICE_VERSION, HandAnswer, HandId, HandToken, Life, NewLink, Path, Phase, Programme,
    Purpose, Role, ShowDoc, ShowSpec, StageCommand, TokenKey,
};
use stentor_tape::Overlay;
use stentor_types::{
    Epoch, LinkId, Mark, MarkBody, MediaTime, Mono, Now, Position, Reason, SessionId, ShowId, SpeakerId,
    Treatment, Wall,
};

use crate::folder::Folder;
use crate::mixer::{Mixer, News};

/// Shows at once; small, so that the bound is met.
pub(crate) const SHOWS_MAX: usize = 3;

/// Time passes in steps shorter than a chunk.
const STEP: Duration = Duration::from_millis(300);

/// By how much second 0 and the end may be off: an epoch begins up to 4 s ahead of the wall clock, and a
/// mark waits for the next mixer.
const OFF_S: f64 = 5.0;

pub(crate) struct Machine {
    node: Node,
    now: Now,
    shows: BTreeMap<ShowId, Kept>,
    sessions: BTreeMap<SessionId, (ShowId, LinkId)>,
    news: VecDeque<(ShowId, Epoch, News)>,
    hands: Vec<(ShowId, HandToken)>,
    counter: u64,
}

/// A show's folder and what runs for it.
#[derive(Default)]
struct Kept {
    folder: Folder,
    tape: TapeState,
    mixer: Option<Mixer>,
    /// Placed by the mixer and not yet in a finished chunk.
    marks_in_making: Vec<Mark>,
    phase: Option<Phase>,
    /// The newest name that anybody could have heard, in all lives of the process.
    heard: Option<Position>,
    failed_at: Option<Mono>,
    restarted_at: Option<Position>,
    was_on_air: bool,
    /// Failures and restarts.
    upsets: u32,
    /// How long there was no mixer.
    silent: Duration,
}

/// What the thread of a tape is at.
#[derive(Clone, Debug, Default, PartialEq)]
enum TapeState {
    #[default]
    None,
    Opening,
    Open,
    Closing(Option<Overlay>),
    Finishing(Life),
    Closed,
}

fn config() -> NodeConfig {
    let urls = DoorUrls { front: "http://front".into(), stage: "http://stage".into() };
    NodeConfig { key: TokenKey::from_secret(&[9; 32]), shows_max: SHOWS_MAX, urls }
}

fn name_of(show: usize) -> ShowId {
    format!("show-{show}").parse().expect("a valid name")
}

impl Machine {
    pub(crate) fn start() -> Self {
        let now = Now { mono: Mono(5_000_000), wall: Wall(1_790_000_000_000) };
        let (shows, sessions) = (BTreeMap::new(), BTreeMap::new());
        let (news, hands) = (VecDeque::new(), Vec::new());
        Self { node: Node::new(config()), now, shows, sessions, news, hands, counter: 0 }
    }

    fn entropy(&mut self) -> [u8; 32] {
        self.counter += 1;
        let mut entropy = [0; 32];
        entropy[..8].copy_from_slice(&self.counter.to_be_bytes());
        entropy
    }

    pub(crate) fn create(&mut self, show: usize, starts_in_ms: Option<u64>, delay_s: u64) {
        let exists = self.shows.contains_key(&name_of(show));
        let running = self.shows.values().filter(|kept| kept.phase != Some(Phase::Ended)).count();
        let expected = match (exists, running) {
            (true, _) => Err(Reason::ShowExists),
            (false, running) if running >= SHOWS_MAX => Err(Reason::TooManyShows),
            _ => Ok(()),
        };
        assert_eq!(self.try_create(show, starts_in_ms, delay_s), expected);
    }

    pub(crate) fn try_create(
        &mut self,
        show: usize,
        starts_in_ms: Option<u64>,
        delay_s: u64,
    ) -> Result<(), Reason> {
        let mut spec = ShowSpec::new(name_of(show));
        spec.delay = Duration::from_secs(delay_s);
        spec.doors_before = Duration::from_secs(10);
        spec.starts_at = starts_in_ms.map(|ms| self.now.wall.plus(Duration::from_millis(ms)));
        let entropy = self.entropy();
        let answer = self.node.create(self.now, spec, entropy);
        self.perform();
        answer
    }

    pub(crate) fn invite(&mut self, show: usize) {
        let entropy = self.entropy();
        let _ = self.node.invite(self.now, &name_of(show), NewLink::new(Role::Speaker), entropy);
        self.perform();
    }

    fn link(&self, show: &ShowId, choice: usize) -> Option<LinkId> {
        let links = self.node.show(show).ok()?.stage().links();
        Some(links[choice % links.len()].id)
    }

    pub(crate) fn join(&mut self, show: usize, link: usize, by_key: bool) {
        let show = name_of(show);
        let Some(link) = self.link(&show, link) else { return };
        let key = self.node.show(&show).and_then(|show| show.stage().link_key(link)).expect("it has links");
        let (token, purpose) = if by_key {
            (key, Purpose::Link)
        } else {
            let (name, entropy) = ("Ada".parse().expect("a name"), self.entropy());
            let consent = Some(CONSENT_NOTICE_VERSION);
            let exchanged = self.node.exchange(self.now, &show, &key, &name, consent, entropy);
            self.perform();
            let Ok(device) = exchanged else { return };
            (device.token, Purpose::Device)
        };
        let Ok(admitted) = self.node.admit(self.now, &show, &token, purpose) else { return };
        self.counter += 1;
        let session = SessionId(self.counter);
        let joined = self.node.join(self.now, &show, &admitted, session, !by_key);
        if joined.is_ok() {
            self.sessions.insert(session, (show, link));
        }
        self.perform();
    }

    fn session(&self, choice: usize) -> Option<(SessionId, ShowId)> {
        let chosen = self.sessions.iter().nth(choice % self.sessions.len().max(1))?;
        Some((*chosen.0, chosen.1.0.clone()))
    }

    pub(crate) fn connected(&mut self, session: usize) {
        let Some((session, show)) = self.session(session) else { return };
        self.node.session_connected(&show, session, Path::Udp);
        self.perform();
    }

    pub(crate) fn left(&mut self, session: usize) {
        let Some((session, show)) = self.session(session) else { return };
        self.sessions.remove(&session);
        self.node.session_left(&show, session);
        self.perform();
    }

    pub(crate) fn revoke(&mut self, show: usize, link: usize) {
        let show = name_of(show);
        let Some(link) = self.link(&show, link) else { return };
        assert_eq!(self.node.revoke(&show, link), Ok(()));
        self.perform();
        assert!(self.sessions.values().all(|(_, of)| *of != link), "its session is closed");
    }

    pub(crate) fn command(&mut self, show: usize, command: StageCommand) -> Result<Phase, Reason> {
        let entropy = self.entropy();
        let answer = self.node.command(self.now, &name_of(show), By::Operator, command, entropy);
        self.perform();
        answer.map(|done| done.phase)
    }

    /// A dump reaches the mixer that runs, once, and is kept for no other: the next one begins with slate.
    pub(crate) fn dump(&mut self, show: usize) {
        let dumps = |machine: &Self| {
            let mixer = machine.shows.get(&name_of(show)).and_then(|kept| kept.mixer.as_ref());
            mixer.map(Mixer::dumps)
        };
        let before = dumps(&*self);
        let is_done = self.command(show, StageCommand::Dump {}).is_ok();
        assert_eq!(dumps(&*self), before.map(|before| before + u32::from(is_done)));
    }

    pub(crate) fn raise_hand(&mut self, show: usize) {
        let (name, entropy) = ("Caller".parse().expect("a name"), self.entropy());
        let origin = self.counter % 5;
        let raised = self.node.raise_hand(self.now, &name_of(show), name, None, origin, entropy);
        self.perform();
        if let Ok(raised) = raised {
            self.hands.push((name_of(show), raised.token));
        }
    }

    /// The host looks at the oldest hand, and its page asks.
    pub(crate) fn answer_hand(&mut self, show: usize, answer: HandAnswer) {
        let id = name_of(show);
        let Ok(stage) = self.node.show(&id).map(|show| show.stage()) else { return };
        let oldest: Option<HandId> = stage.raised_hands(self.now).first().map(|hand| hand.id);
        let Some(hand) = oldest else { return };
        if self.command(show, StageCommand::Hand { hand, answer }).is_err() {
            return;
        }
        let own: Vec<_> = self.hands.iter().filter(|(of, _)| *of == id).map(|(_, token)| *token).collect();
        let mut invited = 0;
        for token in own {
            let state = self.node.poll_hand(self.now, &id, token);
            self.perform();
            match state {
                Ok(HandAnswered::Accepted { studio_url }) => {
                    assert!(studio_url.starts_with(&format!("http://stage/{id}/studio#key=")));
                    invited += 1;
                }
                Ok(_) | Err(Reason::UnknownHand) => {}
                Err(reason) => panic!("a hand's page was refused: {reason:?}"),
            }
        }
        assert!(invited > 0 || answer == HandAnswer::No, "a yes reaches its page");
    }

    pub(crate) fn delete(&mut self, show: usize) {
        let phase = self.shows.get(&name_of(show)).and_then(|kept| kept.phase);
        let expected = match phase {
            None => Err(Reason::UnknownShow),
            Some(Phase::OnAir | Phase::Ending) => Err(Reason::WrongPhase),
            Some(_) => Ok(()),
        };
        assert_eq!(self.try_delete(show), expected);
    }

    pub(crate) fn try_delete(&mut self, show: usize) -> Result<(), Reason> {
        let show = name_of(show);
        let answer = self.node.delete(&show);
        if answer.is_ok() {
            let again = self.node.create(self.now, ShowSpec::new(show.clone()), [0; 32]);
            assert_eq!(again, Err(Reason::ShowExists), "its folder is still there");
            self.node.deleted(&show);
            self.shows.remove(&show);
            self.sessions.retain(|_, (of, _)| *of != show);
        }
        self.perform();
        answer
    }

    pub(crate) fn tape_answers(&mut self, show: usize) {
        let show = name_of(show);
        let Some(kept) = self.shows.get_mut(&show) else { return };
        match std::mem::take(&mut kept.tape) {
            TapeState::Opening => {
                kept.tape = TapeState::Open;
                let opened = kept.folder.open(self.now.wall);
                self.node.tape_opened(self.now, &show, opened);
            }
            TapeState::Closing(overlay) => {
                kept.tape = TapeState::Closed;
                let recording = kept.folder.close(overlay);
                self.node.tape_closed(&show, recording);
            }
            TapeState::Finishing(life) => {
                kept.tape = TapeState::Closed;
                let recording = kept.folder.finish(life);
                self.node.tape_closed(&show, recording);
            }
            other => kept.tape = other,
        }
        self.perform();
    }

    pub(crate) fn news_arrives(&mut self) {
        for (show, epoch, news) in std::mem::take(&mut self.news) {
            match news {
                News::Published(position) => self.node.published(&show, position),
                News::Marked(mark) => self.node.marked(&show, epoch, mark),
            }
        }
        self.perform();
    }

    /// The mixer's thread ends. Its news may still be on its way; what it was told last it may not have done.
    pub(crate) fn mixer_fails(&mut self, show: usize, had_time: bool) {
        if had_time {
            self.run_mixers();
        }
        let show = name_of(show);
        let Some(kept) = self.shows.get_mut(&show) else { return };
        let Some(mixer) = kept.mixer.take() else { return };
        kept.marks_in_making.clear();
        kept.failed_at = Some(self.now.mono);
        kept.upsets += 1;
        let epoch = mixer.config.first.epoch;
        self.node.mixer_failed(self.now, &show, epoch);
        self.perform();
        // Said twice, or of a mixer that is long gone, it changes nothing.
        self.node.mixer_failed(self.now, &show, Epoch(epoch.0.saturating_sub(1)));
        assert!(self.node.poll_effect().is_none_or(|(_, effect)| matches!(effect, Effect::StageChanged)));
    }

    pub(crate) fn wait(&mut self, ms: u64) {
        let mut left = Duration::from_millis(ms);
        while !left.is_zero() {
            let step = left.min(STEP);
            left -= step;
            self.pass(step);
            self.news_arrives();
            self.run_mixers();
            if self.node.next_timeout().is_some_and(|due| due <= self.now.mono) {
                self.node.handle_timeout(self.now);
                self.perform();
                let next = self.node.next_timeout();
                assert!(next.is_none_or(|due| due > self.now.mono), "no busy waiting");
            }
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now = Now { mono: self.now.mono + time, wall: self.now.wall.plus(time) };
        for kept in self.shows.values_mut().filter(|kept| kept.mixer.is_none()) {
            kept.silent += time;
        }
    }

    fn run_mixers(&mut self) {
        for (show, kept) in &mut self.shows {
            let Some(mixer) = &mut kept.mixer else { continue };
            let epoch = mixer.config.first.epoch;
            for news in mixer.run(self.now.mono) {
                match &news {
                    News::Marked(mark) => kept.marks_in_making.push(mark.clone()),
                    News::Published(position) => {
                        let newer = kept.heard.is_none_or(|heard| heard.slot < position.slot);
                        assert!(newer, "{show}: {position} after {:?}", kept.heard);
                        kept.heard = Some(*position);
                        kept.folder.write_chunk(self.now.wall, *position);
                        let marks = std::mem::take(&mut kept.marks_in_making);
                        kept.folder.write_marks(self.now.wall, &marks);
                    }
                }
                self.news.push_back((show.clone(), epoch, news));
            }
        }
    }

    /// The process dies, and another one begins with what is on the disk.
    pub(crate) fn restart(&mut self, down_ms: u64, unsynced_lost: bool) {
        self.sessions.clear();
        self.news.clear();
        self.hands.clear();
        for kept in self.shows.values_mut() {
            if unsynced_lost {
                kept.folder.crash(self.now.wall);
            }
            (kept.tape, kept.mixer, kept.failed_at) = (TapeState::None, None, None);
            kept.marks_in_making.clear();
            kept.upsets += 1;
        }
        self.pass(Duration::from_millis(down_ms));
        self.node = Node::new(config());
        let folders: Vec<_> =
            self.shows.values().map(|kept| (kept.folder.doc.clone(), kept.folder.recording)).collect();
        for (doc, recording) in folders {
            let doc = ShowDoc::from_json(&doc.expect("a show is saved first")).expect("our own document");
            if let Some(kept) = self.shows.get_mut(&doc.spec.id) {
                kept.phase = Some(doc.life.phase());
            }
            self.node.restore(self.now, doc, recording).expect("our own document");
            self.perform();
        }
    }

    fn perform(&mut self) {
        while let Some((show, effect)) = self.node.poll_effect() {
            let doc = if let Effect::Save(doc) = &effect { Some(doc.clone()) } else { None };
            let kept = match doc {
                Some(doc) => {
                    let kept = self.shows.entry(show.clone()).or_default();
                    kept.folder.save(&doc);
                    kept.phase.get_or_insert(Phase::Announced);
                    kept
                }
                None => self.shows.get_mut(&show).expect("a show is saved before anything else"),
            };
            if let Effect::CloseSession { session, .. } = effect {
                let known = self.sessions.remove(&session);
                assert!(known.is_some_and(|(of, _)| of == show), "a session is closed once, by its show");
            } else {
                kept.perform(self.now, effect);
            }
        }
    }

    /// What holds between any two steps.
    pub(crate) fn check(&self) {
        for (id, kept) in &self.shows {
            let show = self.node.show(id).expect("what is in a folder is known");
            let phase = show.stage().phase();
            assert_eq!(kept.phase, Some(phase));
            let runs = matches!(phase, Phase::Doors | Phase::OnAir | Phase::Ending);
            match &kept.mixer {
                Some(mixer) => {
                    assert!(runs, "{id}: a mixer in phase {phase:?}");
                    assert_eq!(mixer.programme(), show.stage().programme().map(for_mixer));
                    let people = show.stage().people(self.now);
                    let connected = people.iter().filter(|person| person.connected);
                    let mut mixed: Vec<(SpeakerId, Treatment)> =
                        connected.map(|person| (person.id, person.treatment)).collect();
                    mixed.sort_unstable_by_key(|(speaker, _)| *speaker);
                    assert_eq!(mixer.voices(), mixed, "{id}: a mixer knows what is done with each voice");
                    assert_eq!(mixer.config.delay, show.stage().spec().delay);
                }
                None if runs && kept.tape == TapeState::Open => {
                    let failed_at =
                        kept.failed_at.expect("only a failure leaves an open tape without a mixer");
                    let retry = self.node.next_timeout().expect("it is tried again");
                    assert!(retry <= failed_at + Duration::from_secs(1), "{id} is left alone for too long");
                }
                None => {}
            }
            if kept.tape == TapeState::Closed {
                assert_eq!(show.recording(), kept.folder.recording);
            }
        }
    }

    /// Ends what has begun, and looks at the recordings.
    pub(crate) fn everything_ends(&mut self) {
        let on_air: Vec<_> = (0..=SHOWS_MAX)
            .filter(|show| {
                self.shows.get(&name_of(*show)).is_some_and(|kept| kept.phase == Some(Phase::OnAir))
            })
            .collect();
        (0..=SHOWS_MAX).for_each(|show| self.tape_answers(show));
        self.wait(2_000);
        for &show in &on_air {
            assert_eq!(self.command(show, StageCommand::End {}), Ok(Phase::Ending));
        }
        self.wait(31_000);
        (0..=SHOWS_MAX).for_each(|show| self.tape_answers(show));
        (0..=SHOWS_MAX).for_each(|show| self.tape_answers(show));
        self.check();
        for kept in self.shows.values().filter(|kept| kept.was_on_air) {
            kept.check_recording();
        }
    }

    pub(crate) fn recording(&self, show: usize) -> Option<(MediaTime, MediaTime)> {
        self.node.show(&name_of(show)).ok()?.recording()
    }

    pub(crate) fn is_second_0_known(&self, show: usize) -> bool {
        self.node.show(&name_of(show)).is_ok_and(|show| show.on_air_at().is_some())
    }
}

impl Kept {
    fn perform(&mut self, now: Now, effect: Effect) {
        match effect {
            Effect::Save(_) | Effect::CloseSession { .. } => {}
            Effect::OpenTape { .. } => {
                assert_eq!(self.tape, TapeState::None, "a tape is opened once");
                self.tape = TapeState::Opening;
            }
            Effect::MixerRestarted { at } => self.restarted_at = Some(at),
            Effect::StartMixer { config, orders } => {
                assert_eq!(self.tape, TapeState::Open, "a mixer runs when its tape is open");
                assert!(self.mixer.is_none(), "there are never two mixers");
                let after = self
                    .heard
                    .is_none_or(|heard| heard.epoch < config.first.epoch && heard.slot < config.first.slot);
                assert!(after, "{} was heard before {}", self.heard.expect("it is not after"), config.first);
                if let Some(at) = self.restarted_at.take() {
                    assert_eq!(at, config.first, "what is told is what is done");
                }
                assert!(
                    config.start >= now.mono || self.failed_at.is_some(),
                    "it does not begin in the past"
                );
                self.folder.begin_epoch(config.first);
                self.mixer = Some(Mixer::new(config, orders));
                self.failed_at = None;
            }
            Effect::Mixer(order) => {
                self.mixer.as_mut().expect("orders are for a mixer that runs").order(order)
            }
            Effect::StopMixer => {
                self.mixer = None;
                self.failed_at = None;
            }
            Effect::LateMarks(marks) => {
                assert_eq!(self.tape, TapeState::Open);
                self.folder.write_marks(now.wall, &marks);
            }
            Effect::CloseTape { overlay } => {
                assert!(self.mixer.is_none(), "the mixer is stopped first");
                assert_eq!(self.tape, TapeState::Open, "only an open tape is closed");
                self.tape = TapeState::Closing(overlay);
            }
            Effect::FinishTape { life } => {
                assert_eq!(
                    (&self.tape, self.folder.recording),
                    (&TapeState::None, None),
                    "it is nobody's to close"
                );
                self.tape = TapeState::Finishing(life);
            }
            Effect::PhaseChanged(phase) => {
                self.was_on_air |= phase == Phase::OnAir;
                self.phase = Some(phase);
            }
            Effect::StageChanged => {}
            other => panic!("this shell does not know {other:?}"),
        }
    }

    /// The recording is from when the show first went on air to when it was ended for good.
    fn check_recording(&self) {
        let doc = self.folder.doc.as_ref().and_then(|doc| ShowDoc::from_json(doc).ok()).expect("it is saved");
        let Some((start, end)) = self.folder.recording else {
            return assert!(!self.folder.has_mark(&MarkBody::OnAir), "it was on air and has no recording");
        };
        let anchor = self.folder.anchor().expect("a recording is of a tape");
        // Before a tape that took long to open there is no sound.
        let seconds = |at: Wall| at.saturating_since(anchor).as_secs_f64();
        let heard = doc.life.heard_after(doc.spec.delay);
        let on_air_s = seconds(heard.on_air_at().expect("it was on air"));
        let ended_s = seconds(heard.ended_at().expect("it has ended"));
        // After an upset a mark waits in the next mixer's delay from the beginning.
        let again_s = (OFF_S + doc.spec.delay.as_secs_f64()) * f64::from(self.upsets);
        let off_s = OFF_S + again_s + self.silent.as_secs_f64();
        assert!((start.as_secs_f64() - on_air_s).abs() < off_s, "{start:?} for {on_air_s} s");
        assert!(
            (end.as_secs_f64() - ended_s).abs() < off_s,
            "{end:?} for {ended_s} s, on air at {on_air_s} s"
        );
        assert!(start <= end);
    }
}

fn for_mixer(programme: Programme) -> MixerProgramme {
    match programme {
        Programme::Stage => MixerProgramme::Stage,
        Programme::Slate(reason) => MixerProgramme::Slate(reason),
    }
}
