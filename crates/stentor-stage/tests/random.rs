//! Random evenings: whatever people do in whatever order, over restarts as well, a shell that only
//! follows the events sees nothing that cannot be.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;
use stentor_stage::hands::{HANDS_MAX, HANDS_PER_ORIGIN_MAX};
use stentor_stage::{
    By, CONSENT_NOTICE_VERSION, HandAnswer, HandId, HandState, HandToken, NewLink, Path, Phase, Programme,
    Purpose, Reach, Role, ShowDoc, ShowSpec, Stage, StageCommand, StageEvent, TokenKey,
};
use stentor_types::limits::{
    END_UNDO, LINKS_PER_SHOW_MAX, ONE_USE_LINKS_PER_SHOW_MAX, SPEAKERS_PER_SHOW_MAX,
};
use stentor_types::{
    LinkId, MarkBody, Mono, Now, Place, Reason, SessionId, SlateReason, SpeakerId, Treatment, Wall,
};

#[derive(Clone, Debug)]
enum Step {
    Wait { ms: u64 },
    WaitForTimeout,
    Command { by: usize, command: StageCommand },
    Invite { role: usize, lives_ms: Option<u32>, enters: Place, one_use: bool },
    Raise { origin: u64 },
    Poll { hand: usize },
    Exchange { link: usize },
    Join { link: usize, by_key: bool },
    Connected { session: usize },
    Left { session: usize },
    Revoke { link: usize },
    Restart { down_ms: u64 },
}

fn place() -> impl Strategy<Value = Place> {
    prop_oneof![Just(Place::OnAir), Just(Place::Backstage)]
}

/// Any command, about one of the first people mostly.
fn command() -> impl Strategy<Value = StageCommand> {
    let person = || (1..7u32).prop_map(SpeakerId);
    let answer = prop_oneof![Just(HandAnswer::Yes), Just(HandAnswer::No)];
    let text = proptest::option::of("[a-z]{1,9}").prop_map(|text| text.map(|t| t.parse().expect("a line")));
    let reach = prop_oneof![Just(Reach::Stage), Just(Reach::Everyone)];
    prop_oneof![
        4 => Just(StageCommand::Live {}),
        2 => Just(StageCommand::End {}),
        2 => Just(StageCommand::Undo {}),
        1 => Just(StageCommand::Dump {}),
        2 => (person(), any::<bool>()).prop_map(|(person, muted)| StageCommand::Mute { person, muted }),
        3 => (person(), place()).prop_map(|(person, place)| StageCommand::Place { person, place }),
        1 => (person(), any::<bool>())
            .prop_map(|(person, on)| StageCommand::NoiseSuppression { person, on }),
        1 => person().prop_map(|person| StageCommand::Remove { person }),
        1 => person().prop_map(|person| StageCommand::Revoke { person }),
        1 => (reach, text).prop_map(|(to, text)| StageCommand::Say { to, text }),
        2 => any::<bool>().prop_map(|open| StageCommand::Hands { open }),
        3 => (1..6u64, answer)
            .prop_map(|(hand, answer)| StageCommand::Hand { hand: HandId(hand), answer }),
        1 => (0..3usize, place()).prop_map(|(role, enters)| {
            StageCommand::Invite { role: Role::ALL[role], label: None, enters }
        }),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        2 => (0..40_000u64).prop_map(|ms| Step::Wait { ms }),
        1 => Just(Step::WaitForTimeout),
        9 => (0..7usize, command()).prop_map(|(by, command)| Step::Command { by, command }),
        2 => (0..3usize, proptest::option::of(0..100_000u32), place(), any::<bool>())
            .prop_map(|(role, lives_ms, enters, one_use)| Step::Invite { role, lives_ms, enters, one_use }),
        3 => (0..8usize).prop_map(|link| Step::Exchange { link }),
        4 => (0..8usize, any::<bool>()).prop_map(|(link, by_key)| Step::Join { link, by_key }),
        4 => (0..8usize).prop_map(|session| Step::Connected { session }),
        2 => (0..8usize).prop_map(|session| Step::Left { session }),
        1 => (0..8usize).prop_map(|link| Step::Revoke { link }),
        2 => (0..4u64).prop_map(|origin| Step::Raise { origin }),
        3 => (0..8usize).prop_map(|hand| Step::Poll { hand }),
        1 => (0..40_000u64).prop_map(|down_ms| Step::Restart { down_ms }),
    ];
    proptest::collection::vec(step, 1..80)
}

/// The table of rights, read the other way round: the role that somebody needs at least.
fn is_allowed(role: Role, own: SpeakerId, command: &StageCommand, whose: impl Fn(SpeakerId) -> Role) -> bool {
    let of_person = |person: SpeakerId, oneself: bool, co_host: bool| match role {
        _ if person == own && oneself => true,
        Role::Host => true,
        Role::CoHost => co_host && (person == own || whose(person) == Role::Speaker),
        Role::Speaker => false,
    };
    match *command {
        StageCommand::Mute { person, .. } => of_person(person, true, true),
        StageCommand::Place { person, .. } | StageCommand::Remove { person } => {
            of_person(person, false, true)
        }
        StageCommand::NoiseSuppression { person, .. } => of_person(person, true, false),
        StageCommand::Revoke { person } => of_person(person, false, false),
        StageCommand::Invite { role: invited, .. } => role < invited,
        _ => role != Role::Speaker,
    }
}

/// What a shell knows that follows the events, and what it expects of them.
struct Shell {
    stage: Stage,
    now: Now,
    saved: ShowDoc,
    phase: Phase,
    has_open_tape: bool,
    programme: Option<Programme>,
    sessions: BTreeMap<SessionId, LinkId>,
    /// Who is mixed, and how.
    sources: BTreeMap<SpeakerId, Treatment>,
    hands: Vec<HandToken>,
    devices: BTreeMap<LinkId, String>,
    ended_at: Option<Mono>,
    counter: u64,
}

fn key() -> TokenKey {
    TokenKey::from_secret(&[9; 32])
}

impl Shell {
    fn open(starts_in_ms: Option<u64>) -> Self {
        let now = Now { mono: Mono(5_000_000), wall: Wall(1_790_000_000_000) };
        let mut spec = ShowSpec::new("demo".parse().expect("a valid id"));
        spec.doors_before = Duration::from_secs(10);
        spec.delay = Duration::from_secs(10);
        spec.starts_at = starts_in_ms.map(|ms| now.wall.plus(Duration::from_millis(ms)));
        let stage = Stage::create(now, key(), spec, [1; 32]).expect("a sensible show");
        let saved = stage.doc();
        let mut shell = Self {
            stage,
            now,
            saved,
            phase: Phase::Announced,
            has_open_tape: false,
            programme: None,
            sessions: BTreeMap::new(),
            sources: BTreeMap::new(),
            hands: Vec::new(),
            devices: BTreeMap::new(),
            ended_at: None,
            counter: 0,
        };
        shell.drain();
        shell
    }

    fn entropy(&mut self) -> [u8; 32] {
        self.counter += 1;
        let mut entropy = [0; 32];
        entropy[..8].copy_from_slice(&self.counter.to_be_bytes());
        entropy
    }

    fn wait(&mut self, ms: u64) {
        let duration = Duration::from_millis(ms);
        self.now = Now { mono: self.now.mono + duration, wall: self.now.wall.plus(duration) };
    }

    fn link(&self, choice: usize) -> LinkId {
        let links = self.stage.links();
        links[choice % links.len()].id
    }

    fn session(&self, choice: usize) -> Option<SessionId> {
        let count = self.sessions.len().max(1);
        self.sessions.keys().nth(choice % count).copied()
    }

    fn take(&mut self, step: &Step) {
        let before = self.stage.doc();
        match *step {
            Step::Wait { ms } => self.wait(ms),
            Step::WaitForTimeout => self.wait_for_timeout(),
            Step::Command { by, ref command } => self.command(by, command),
            Step::Invite { role, lives_ms, enters, one_use } => {
                self.invite(Role::ALL[role], lives_ms, enters, one_use);
            }
            Step::Exchange { link } => self.exchange(self.link(link)),
            Step::Join { link, by_key } => self.join(self.link(link), by_key),
            Step::Connected { session } => {
                if let Some(session) = self.session(session) {
                    self.stage.connected(session, Path::Udp);
                }
            }
            Step::Left { session } => {
                if let Some(session) = self.session(session) {
                    self.sessions.remove(&session);
                    self.stage.left(session);
                }
            }
            Step::Revoke { link } => {
                let link = self.link(link);
                assert_eq!(self.stage.revoke(link), Ok(()));
            }
            Step::Raise { origin } => self.raise(origin),
            Step::Poll { hand } => self.poll(hand),
            Step::Restart { down_ms } => self.restart(down_ms),
        }
        self.drain();
        self.check();
        self.check_others(step, &before);
    }

    fn invite(&mut self, role: Role, lives_ms: Option<u32>, enters: Place, one_use: bool) {
        let entropy = self.entropy();
        let expires_at = lives_ms.map(|ms| self.now.wall.plus(Duration::from_millis(ms.into())));
        let links_max = if one_use { ONE_USE_LINKS_PER_SHOW_MAX } else { LINKS_PER_SHOW_MAX };
        let is_full = self.stage.links().iter().filter(|link| link.one_use == one_use).count() >= links_max;
        let new = NewLink { expires_at, enters, one_use, ..NewLink::new(role) };
        let result = self.stage.invite(self.now, new, entropy);
        assert_eq!(result.err(), is_full.then_some(Reason::TooManyLinks));
    }

    fn raise(&mut self, origin: u64) {
        let entropy = self.entropy();
        let name = "Caller".parse().expect("a valid name");
        match self.stage.raise_hand(self.now, name, None, origin, entropy) {
            Ok(token) => self.hands.push(token),
            Err(Reason::TooManyHands) => assert!(self.hands.len() >= HANDS_PER_ORIGIN_MAX),
            Err(reason) => {
                assert!(!self.stage.hands_open(), "{reason:?}");
                assert!(matches!(reason, Reason::HandsClosed | Reason::Ended));
            }
        }
    }

    /// Whoever's hand was accepted comes in, backstage.
    fn poll(&mut self, hand: usize) {
        let Some(&token) = self.hands.get(hand % self.hands.len().max(1)) else { return };
        let HandState::Accepted { key } = self.stage.poll_hand(self.now, token) else { return };
        let (name, entropy) = ("Caller".parse().expect("a valid name"), self.entropy());
        let consent = Some(CONSENT_NOTICE_VERSION);
        let device = self.stage.exchange(self.now, &key, &name, consent, entropy).expect("a yes lets in");
        let again = self.stage.exchange(self.now, &key, &name, consent, entropy);
        assert_eq!(again, Err(Reason::LinkUsed));
        assert_eq!(self.stage.poll_hand(self.now, token), HandState::Gone);
        assert_eq!(device.admitted.role, Role::Speaker);
        self.devices.insert(device.admitted.link, device.token);
    }

    fn wait_for_timeout(&mut self) {
        let Some(due) = self.stage.next_timeout() else { return };
        let before = self.stage.phase();
        self.wait(due.saturating_since(self.now.mono).as_millis().try_into().expect("at most 10 minutes"));
        assert!(self.now.mono >= due, "timeouts lie on whole milliseconds here");
        self.stage.handle_timeout(self.now);
        let after = self.stage.phase();
        assert!(
            before != after || self.stage.next_timeout().is_none_or(|next| next > self.now.mono),
            "no busy waiting"
        );
    }

    /// Somebody asks for something: number 0 is the operator, the others are people.
    fn command(&mut self, by: usize, command: &StageCommand) {
        self.stage.handle_timeout(self.now);
        self.drain();
        let before = self.stage.doc();
        let people: BTreeMap<_, _> = before.links.iter().map(|link| (link.speaker, link)).collect();
        let asking = by.checked_sub(1).map(|nth| &before.links[nth % before.links.len()]);
        let by = asking.map_or(By::Operator, |link| By::Person(link.speaker));
        let entropy = self.entropy();
        let result = self.stage.command(self.now, by, command.clone(), entropy);
        let whose = |person| people.get(&person).map_or(Role::Speaker, |link| link.role);
        let refused = match asking {
            Some(link) if link.revoked => Some(Reason::KeyRevoked),
            Some(link) if !is_allowed(link.role, link.speaker, command, whose) => Some(Reason::RoleForbids),
            _ => None,
        };
        if let Some(reason) = refused {
            assert_eq!((result, self.stage.doc()), (Err(reason), before), "{command:?}");
            return;
        }
        self.check_answer(before.life.phase(), command, result.map(|_| ()));
    }

    /// The end can be taken back for exactly 30 s and never after; what else can be done while the show lives.
    fn check_answer(&mut self, before: Phase, command: &StageCommand, result: Result<(), Reason>) {
        let is_in_time = self.ended_at.is_some_and(|at| self.now.mono < at + END_UNDO);
        match command {
            StageCommand::End {} if before == Phase::OnAir => {
                assert_eq!(result, Ok(()));
                self.ended_at = Some(self.now.mono);
            }
            StageCommand::Undo {} if is_in_time => {
                assert_eq!((result, self.stage.phase()), (Ok(()), Phase::OnAir));
                self.ended_at = None;
            }
            StageCommand::Undo {} => assert!(matches!(result, Err(Reason::UndoOver | Reason::WrongPhase))),
            StageCommand::Live {} if matches!(before, Phase::Announced | Phase::Doors | Phase::OnAir) => {
                assert_eq!((result, self.stage.phase()), (Ok(()), Phase::OnAir));
            }
            StageCommand::Live {} | StageCommand::End {} => assert_eq!(self.stage.phase(), before),
            _ if before == Phase::Ended => assert_eq!(result, Err(Reason::Ended)),
            StageCommand::Dump {} => assert_eq!(
                result,
                if matches!(before, Phase::OnAir | Phase::Ending) { Ok(()) } else { Err(Reason::WrongPhase) }
            ),
            StageCommand::Hand { .. } => {
                assert!(matches!(result, Ok(()) | Err(Reason::UnknownHand | Reason::TooManyLinks)));
            }
            StageCommand::Hands { open } => {
                assert_eq!(result.is_ok(), !open || matches!(before, Phase::Doors | Phase::OnAir));
            }
            StageCommand::Invite { .. } => assert!(matches!(result, Ok(()) | Err(Reason::TooManyLinks))),
            StageCommand::Say { to: Reach::Everyone, text } => {
                assert_eq!((result, &self.stage.messages().everyone), (Ok(()), text));
            }
            StageCommand::Say { to: Reach::Stage, text } => {
                assert_eq!((result, &self.stage.messages().stage), (Ok(()), text));
            }
            _ => assert!(matches!(result, Ok(()) | Err(Reason::UnknownPerson)), "{command:?}: {result:?}"),
        }
    }

    /// What is done to one person is done to no other, and nothing but a command about them touches their place.
    fn check_others(&self, step: &Step, before: &ShowDoc) {
        let target = match step {
            Step::Command {
                command:
                    StageCommand::Mute { person, .. }
                    | StageCommand::Place { person, .. }
                    | StageCommand::NoiseSuppression { person, .. }
                    | StageCommand::Remove { person },
                ..
            } => Some(*person),
            _ => None,
        };
        for (earlier, link) in before.links.iter().zip(&self.saved.links) {
            assert_eq!((earlier.id, earlier.enters), (link.id, link.enters), "links stay, in their order");
            if Some(link.speaker) != target {
                assert_eq!(earlier.treatment, link.treatment, "{step:?} reached {:?}", link.speaker);
            }
        }
    }

    /// Whether the link lets somebody in, by what this shell knows, not by what the stage says.
    fn is_dead(&self, link: LinkId) -> bool {
        let link = self.saved_link(link);
        link.revoked || self.now.wall >= link.expires_at
    }

    fn saved_link(&self, id: LinkId) -> &stentor_stage::Link {
        self.saved.links.iter().find(|link| link.id == id).expect("links stay")
    }

    fn exchange(&mut self, link: LinkId) {
        let entropy = self.entropy();
        let name = format!("Person {}", self.counter).parse().expect("a valid name");
        let link_key = self.stage.link_key(link).expect("the link exists");
        let is_spent = self.saved_link(link).one_use && self.devices.contains_key(&link);
        let consent = Some(CONSENT_NOTICE_VERSION);
        let result = self.stage.exchange(self.now, &link_key, &name, consent, entropy);
        self.drain();
        if let Ok(device) = result {
            assert!(!self.is_dead(link), "a dead link gave a token");
            assert!(!is_spent, "a link of one use gave two tokens");
            assert_eq!(device.admitted.name, name);
            self.devices.insert(link, device.token);
        } else {
            let is_over = self.is_dead(link) || self.stage.phase() == Phase::Ended;
            assert!(is_over || (is_spent && result == Err(Reason::LinkUsed)), "{result:?}");
        }
    }

    fn join(&mut self, link: LinkId, by_key: bool) {
        let link_key = self.stage.link_key(link).expect("the link exists");
        let (token, purpose, other) = match self.devices.get(&link) {
            Some(device) if !by_key => (device.clone(), Purpose::Device, Purpose::Link),
            _ => (link_key, Purpose::Link, Purpose::Device),
        };
        assert!(self.stage.admit(self.now, &token, other).is_err(), "each token opens one thing");
        let admitted = match self.stage.admit(self.now, &token, purpose) {
            Ok(admitted) => admitted,
            Err(Reason::KeyForeign) => {
                return assert!(purpose == Purpose::Link && self.saved_link(link).one_use);
            }
            Err(reason) => {
                assert!(matches!(reason, Reason::KeyExpired | Reason::KeyRevoked));
                return assert!(self.is_dead(link), "{reason:?}");
            }
        };
        // An expiry cuts off nobody who is in: their device may come anew.
        let is_in = purpose == Purpose::Device && self.sessions.values().any(|&of| of == link);
        assert!(!self.saved_link(link).revoked, "a revoked link let somebody in");
        assert!(is_in || !self.is_dead(link), "a dead link let somebody in");
        self.counter += 1;
        let session = SessionId(self.counter);
        let older = self.sessions.iter().find(|&(_, &of)| of == link).map(|(&id, _)| id);
        match self.stage.join(self.now, &admitted, session, purpose == Purpose::Device) {
            Ok(joined) => {
                assert_eq!(joined.replaced, older);
                self.sessions.insert(session, link);
            }
            Err(Reason::Ended) => assert_eq!(self.stage.phase(), Phase::Ended),
            Err(Reason::StageFull) => assert_eq!(self.sessions.len(), SPEAKERS_PER_SHOW_MAX),
            Err(reason) => panic!("an admitted person was refused: {reason:?}"),
        }
    }

    /// The process dies and comes back with what was saved; everybody's connection is gone.
    fn restart(&mut self, down_ms: u64) {
        self.drain();
        self.wait(down_ms);
        let read = ShowDoc::from_json(&self.saved.to_json()).expect("our own document");
        assert_eq!(read, self.saved);
        let mut resumed = Stage::resume(self.now, key(), read).expect("our own document");
        self.stage.handle_timeout(self.now);
        if self.hands.is_empty() {
            assert_eq!(resumed.doc(), self.stage.doc(), "resuming is the same as having stayed");
        }
        assert_eq!(resumed.life(), self.stage.life());
        std::mem::swap(&mut self.stage, &mut resumed);
        self.sessions.clear();
        self.sources.clear();
        self.hands.clear();
        self.has_open_tape = false;
        self.programme = None;
    }

    fn drain(&mut self) {
        let mut must_save = false;
        while let Some(event) = self.stage.poll_event() {
            must_save |= event == StageEvent::Save;
            self.follow(event);
        }
        if must_save {
            self.saved = self.stage.doc();
        }
        assert_eq!(self.saved, self.stage.doc(), "what changed was to be saved");
    }

    fn follow(&mut self, event: StageEvent) {
        match event {
            StageEvent::PhaseChanged(next) => {
                let arrows = [
                    (Phase::Announced, Phase::Doors),
                    (Phase::Doors, Phase::OnAir),
                    (Phase::OnAir, Phase::Ending),
                    (Phase::Ending, Phase::OnAir),
                    (Phase::Ending, Phase::Ended),
                ];
                assert!(arrows.contains(&(self.phase, next)), "{:?} → {next:?}", self.phase);
                self.phase = next;
            }
            StageEvent::OpenTape => assert!(!std::mem::replace(&mut self.has_open_tape, true)),
            StageEvent::CloseTape => {
                assert!(self.sources.is_empty() && self.sessions.is_empty());
                self.has_open_tape = false;
                self.programme = None;
            }
            StageEvent::Programme(programme) => {
                assert!(self.has_open_tape && self.programme != Some(programme));
                self.programme = Some(programme);
            }
            StageEvent::MarkNow(body) => {
                let phase = if body == MarkBody::End { Phase::Ending } else { Phase::OnAir };
                assert!(self.has_open_tape && self.phase == phase, "{body:?}");
            }
            StageEvent::SourceAdded { speaker, treatment, .. } => {
                assert!(self.has_open_tape && self.sources.insert(speaker, treatment).is_none());
            }
            StageEvent::SourceChanged { speaker, treatment } => {
                let before = self.sources.insert(speaker, treatment);
                assert!(before.is_some_and(|before| before != treatment), "it is told what is new");
            }
            StageEvent::Dump => assert!(self.has_open_tape),
            StageEvent::SourceRemoved { speaker } => assert!(self.sources.remove(&speaker).is_some()),
            StageEvent::CloseSession { session, .. } => {
                assert!(self.sessions.remove(&session).is_some(), "closed twice");
            }
            _ => {}
        }
    }

    fn check(&self) {
        assert_eq!(self.phase, self.stage.phase());
        let links: BTreeSet<_> = self.sessions.values().collect();
        assert_eq!(links.len(), self.sessions.len(), "two sessions of one link");
        // Backstage is not on air, however many are there.
        let is_anybody_on_air = self.sources.values().any(|voice| voice.place == Place::OnAir);
        let expected = match self.phase {
            Phase::Announced | Phase::Ended => None,
            Phase::Doors => Some(Programme::Slate(SlateReason::NotStarted)),
            Phase::OnAir if is_anybody_on_air => Some(Programme::Stage),
            Phase::OnAir => Some(Programme::Slate(SlateReason::NobodyConnected)),
            Phase::Ending => Some(Programme::Slate(SlateReason::Ended)),
        };
        assert_eq!((self.programme, self.stage.programme()), (expected, expected));
        assert_eq!(self.has_open_tape, expected.is_some());
        if self.has_open_tape {
            let connected = self.stage.people(self.now).into_iter().filter(|person| person.connected);
            let mixed: BTreeMap<_, _> = connected.map(|person| (person.id, person.treatment)).collect();
            assert_eq!(mixed, self.sources);
        }
        // What is done with a voice is what the document says: whoever comes back finds their place.
        for (speaker, treatment) in &self.sources {
            let kept = self.saved.links.iter().find(|link| link.speaker == *speaker).expect("links stay");
            assert_eq!(kept.treatment, *treatment);
        }
        let raised = self.stage.raised_hands(self.now);
        assert!(raised.len() <= HANDS_MAX.min(4 * HANDS_PER_ORIGIN_MAX));
        assert!(raised.is_sorted_by_key(|hand| hand.id));
    }
}

proptest! {
    #[test]
    fn whatever_people_do_the_rules_hold(
        starts_in_ms in proptest::option::of(0..120_000u64),
        steps in steps(),
    ) {
        let mut shell = Shell::open(starts_in_ms);
        for step in &steps {
            shell.take(step);
        }
    }
}
