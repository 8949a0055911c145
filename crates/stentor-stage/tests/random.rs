//! Random evenings: whatever people do in whatever order, over restarts as well, a shell that only
//! follows the events sees nothing that cannot be.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;
use stentor_stage::{
    By, CONSENT_NOTICE_VERSION, Path, Phase, Programme, Purpose, Role, ShowDoc, ShowSpec, Stage,
    StageCommand, StageEvent, TokenKey,
};
use stentor_types::limits::{END_UNDO, LINKS_PER_SHOW_MAX, SPEAKERS_PER_SHOW_MAX};
use stentor_types::{LinkId, MarkBody, Mono, Now, Reason, SessionId, SlateReason, SpeakerId, Wall};

#[derive(Clone, Debug)]
enum Step {
    Wait { ms: u64 },
    WaitForTimeout,
    Command(u8, StageCommand),
    Invite { role: usize, lives_ms: Option<u32> },
    Exchange { link: usize },
    Join { link: usize, by_key: bool },
    Connected { session: usize },
    Left { session: usize },
    Revoke { link: usize },
    Restart { down_ms: u64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let command = prop_oneof![Just(StageCommand::Live), Just(StageCommand::End), Just(StageCommand::Undo)];
    let step = prop_oneof![
        2 => (0..40_000u64).prop_map(|ms| Step::Wait { ms }),
        1 => Just(Step::WaitForTimeout),
        4 => (0..4u8, command).prop_map(|(by, command)| Step::Command(by, command)),
        2 => (0..3usize, proptest::option::of(0..100_000u32))
            .prop_map(|(role, lives_ms)| Step::Invite { role, lives_ms }),
        3 => (0..8usize).prop_map(|link| Step::Exchange { link }),
        4 => (0..8usize, any::<bool>()).prop_map(|(link, by_key)| Step::Join { link, by_key }),
        4 => (0..8usize).prop_map(|session| Step::Connected { session }),
        2 => (0..8usize).prop_map(|session| Step::Left { session }),
        1 => (0..8usize).prop_map(|link| Step::Revoke { link }),
        1 => (0..40_000u64).prop_map(|down_ms| Step::Restart { down_ms }),
    ];
    proptest::collection::vec(step, 1..80)
}

fn by(choice: u8) -> By {
    match choice {
        0 => By::Operator,
        other => By::Person(Role::ALL[usize::from(other) - 1]),
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
    sources: BTreeSet<SpeakerId>,
    devices: BTreeMap<LinkId, String>,
    revoked: BTreeSet<LinkId>,
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
            sources: BTreeSet::new(),
            devices: BTreeMap::new(),
            revoked: BTreeSet::new(),
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
        match *step {
            Step::Wait { ms } => self.wait(ms),
            Step::WaitForTimeout => self.wait_for_timeout(),
            Step::Command(by_choice, command) => self.command(by(by_choice), command),
            Step::Invite { role, lives_ms } => {
                let entropy = self.entropy();
                let expires = lives_ms.map(|ms| self.now.wall.plus(Duration::from_millis(ms.into())));
                let is_full = self.stage.links().len() >= LINKS_PER_SHOW_MAX;
                let result = self.stage.invite(self.now, Role::ALL[role], None, expires, entropy);
                assert_eq!(result.err(), is_full.then_some(Reason::TooManyLinks));
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
                self.revoked.insert(link);
                assert_eq!(self.stage.revoke(link), Ok(()));
            }
            Step::Restart { down_ms } => self.restart(down_ms),
        }
        self.drain();
        self.check();
    }

    fn wait_for_timeout(&mut self) {
        let Some(due) = self.stage.next_timeout() else { return };
        let before = self.stage.phase();
        self.wait(due.saturating_since(self.now.mono).as_millis().try_into().expect("at most 30 s"));
        assert!(self.now.mono >= due, "timeouts lie on whole milliseconds here");
        self.stage.handle_timeout(self.now);
        let after = self.stage.phase();
        assert!(before != after || self.stage.next_timeout() > Some(self.now.mono), "no busy waiting");
    }

    /// The end can be taken back for exactly 30 s, by whomever runs the show, and never after.
    fn command(&mut self, by: By, command: StageCommand) {
        self.stage.handle_timeout(self.now);
        let before = self.stage.phase();
        let result = self.stage.command(self.now, by, command);
        if by == By::Person(Role::Speaker) {
            assert_eq!(result, Err(Reason::RoleForbids));
            return assert_eq!(self.stage.phase(), before);
        }
        let is_in_time = self.ended_at.is_some_and(|at| self.now.mono < at + END_UNDO);
        match command {
            StageCommand::End if before == Phase::OnAir => {
                assert_eq!(result, Ok(()));
                self.ended_at = Some(self.now.mono);
            }
            StageCommand::Undo if is_in_time => {
                assert_eq!((result, self.stage.phase()), (Ok(()), Phase::OnAir));
                self.ended_at = None;
            }
            StageCommand::Undo => assert!(matches!(result, Err(Reason::UndoOver | Reason::WrongPhase))),
            StageCommand::Live if matches!(before, Phase::Announced | Phase::Doors | Phase::OnAir) => {
                assert_eq!((result, self.stage.phase()), (Ok(()), Phase::OnAir));
            }
            _ => assert_eq!(self.stage.phase(), before),
        }
    }

    /// Whether the link lets somebody in, by what this shell knows, not by what the stage says.
    fn is_dead(&self, link: LinkId) -> bool {
        let link = self.saved_link(link);
        self.revoked.contains(&link.id) || self.now.wall >= link.expires_at
    }

    fn saved_link(&self, id: LinkId) -> &stentor_stage::Link {
        self.saved.links.iter().find(|link| link.id == id).expect("links stay")
    }

    fn exchange(&mut self, link: LinkId) {
        let entropy = self.entropy();
        let name = format!("Person {}", self.counter).parse().expect("a valid name");
        let link_key = self.stage.link_key(link).expect("the link exists");
        let consent = Some(CONSENT_NOTICE_VERSION);
        let result = self.stage.exchange(self.now, &link_key, &name, consent, entropy);
        if let Ok(device) = result {
            assert!(!self.is_dead(link), "a dead link gave a token");
            assert_eq!(device.admitted.name, name);
            self.devices.insert(link, device.token);
        } else {
            assert!(self.is_dead(link) || self.stage.phase() == Phase::Ended, "{result:?}");
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
            Err(reason) => {
                assert!(matches!(reason, Reason::KeyExpired | Reason::KeyRevoked));
                return assert!(self.is_dead(link), "{reason:?}");
            }
        };
        // An expiry cuts off nobody who is in: their device may come anew.
        let is_in = purpose == Purpose::Device && self.sessions.values().any(|&of| of == link);
        assert!(!self.revoked.contains(&link), "a revoked link let somebody in");
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
        assert_eq!(resumed.doc(), self.stage.doc(), "resuming is the same as having stayed");
        assert_eq!(resumed.next_timeout(), self.stage.next_timeout());
        std::mem::swap(&mut self.stage, &mut resumed);
        self.sessions.clear();
        self.sources.clear();
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
            StageEvent::SourceAdded { speaker, .. } => {
                assert!(self.has_open_tape && self.sources.insert(speaker));
            }
            StageEvent::SourceRemoved { speaker } => assert!(self.sources.remove(&speaker)),
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
        let expected = match self.phase {
            Phase::Announced | Phase::Ended => None,
            Phase::Doors => Some(Programme::Slate(SlateReason::NotStarted)),
            Phase::OnAir if self.sources.is_empty() => Some(Programme::Slate(SlateReason::NobodyConnected)),
            Phase::OnAir => Some(Programme::Stage),
            Phase::Ending => Some(Programme::Slate(SlateReason::Ended)),
        };
        assert_eq!((self.programme, self.stage.programme()), (expected, expected));
        assert_eq!(self.has_open_tape, expected.is_some());
        if self.has_open_tape {
            let connected = self.stage.people(self.now).into_iter().filter(|person| person.connected);
            assert_eq!(connected.map(|person| person.id).collect::<BTreeSet<_>>(), self.sources);
        }
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
