//! Single behaviours of a stage, each told as a short story.

use std::time::Duration;

use stentor_stage::{
    By, CONSENT_NOTICE_VERSION, CloseReason, DocError, Link, NewLink, Path, Phase, Programme, Purpose, Role,
    ShowDoc, ShowSpec, Stage, StageCommand, StageEvent, TokenKey,
};
use stentor_types::limits::{END_UNDO, SPEAKERS_PER_SHOW_MAX};
use stentor_types::{
    LinkId, MarkBody, Mono, Now, PersonName, Reason, SessionId, SlateReason, SpeakerId, Treatment, Wall,
};

const START: Now = Now { mono: Mono(1_000_000), wall: Wall(1_790_000_000_500) };

fn key() -> TokenKey {
    TokenKey::from_secret(&[4; 32])
}

fn spec(id: &str) -> ShowSpec {
    ShowSpec::new(id.parse().expect("a valid id"))
}

fn show() -> Stage {
    let mut stage = Stage::create(START, key(), spec("demo"), [1; 32]).expect("a sensible show");
    events(&mut stage);
    stage
}

fn events(stage: &mut Stage) -> Vec<StageEvent> {
    std::iter::from_fn(|| stage.poll_event()).collect()
}

fn after(ms: u64) -> Now {
    let duration = Duration::from_millis(ms);
    Now { mono: START.mono + duration, wall: START.wall.plus(duration) }
}

fn told(stage: &mut Stage, now: Now, by: By, command: StageCommand) -> Result<(), Reason> {
    stage.command(now, by, command, [6; 32]).map(|_| ())
}

fn source(link: &Link, name: PersonName) -> StageEvent {
    let treatment = Treatment::default();
    StageEvent::SourceAdded { speaker: link.speaker, name, hears: false, treatment }
}

fn name(text: &str) -> PersonName {
    text.parse().expect("a valid name")
}

fn host(stage: &Stage) -> Link {
    stage.links()[0].clone()
}

fn join_by_key(stage: &mut Stage, link: LinkId, session: u64) -> Result<Option<SessionId>, Reason> {
    let key = stage.link_key(link)?;
    let admitted = stage.admit(START, &key, Purpose::Link)?;
    stage.join(START, &admitted, SessionId(session), false).map(|joined| joined.replaced)
}

#[test]
fn a_whole_evening_in_events() {
    let mut stage = Stage::create(START, key(), spec("demo"), [1; 32]).expect("a sensible show");
    let not_started = Programme::Slate(SlateReason::NotStarted);
    let doors = StageEvent::PhaseChanged(Phase::Doors);
    let opened = [StageEvent::Save, doors, StageEvent::OpenTape, StageEvent::Programme(not_started)];
    assert_eq!(events(&mut stage), opened);

    let host = host(&stage);
    join_by_key(&mut stage, host.id, 1).expect("a fresh key admits");
    stage.connected(SessionId(1), Path::Udp);
    assert_eq!(events(&mut stage), [source(&host, name("Host"))]);

    told(&mut stage, START, By::Person(host.speaker), StageCommand::Live {}).expect("doors lead on air");
    let on_air = StageEvent::PhaseChanged(Phase::OnAir);
    let mark = StageEvent::MarkNow(MarkBody::OnAir);
    let live = [StageEvent::Save, on_air.clone(), mark, StageEvent::Programme(Programme::Stage)];
    assert_eq!(events(&mut stage), live);

    told(&mut stage, after(10), By::Operator, StageCommand::End {}).expect("on air leads to the end");
    told(&mut stage, after(20), By::Person(host.speaker), StageCommand::Undo {}).expect("in time");
    let marked = events(&mut stage);
    let marks = marked.iter().filter(|event| matches!(event, StageEvent::MarkNow(_)));
    let expected = [StageEvent::MarkNow(MarkBody::End), StageEvent::MarkNow(MarkBody::EndUndone)];
    assert!(marks.eq(&expected));
    assert_eq!(stage.life().on_air_at(), Some(START.wall), "second 0 stays where it was");

    told(&mut stage, after(30), By::Operator, StageCommand::End {}).expect("on air leads to the end");
    events(&mut stage);
    let due = stage.next_timeout().expect("the end becomes final");
    assert_eq!(due, after(30).mono + END_UNDO);
    stage.handle_timeout(after(30 + 30_000));
    let why = CloseReason::ShowEnded;
    let closed = [
        StageEvent::Save,
        StageEvent::PhaseChanged(Phase::Ended),
        StageEvent::SourceRemoved { speaker: host.speaker },
        StageEvent::CloseSession { session: SessionId(1), why },
        StageEvent::CloseTape,
    ];
    assert_eq!(events(&mut stage), closed);
    assert_eq!(stage.next_timeout(), None);
}

#[test]
fn doors_open_by_schedule_and_follow_a_wall_clock_that_is_set_right() {
    let mut spec = spec("demo");
    spec.starts_at = Some(START.wall.plus(Duration::from_secs(3600)));
    spec.doors_before = Duration::from_secs(600);
    let mut stage = Stage::create(START, key(), spec, [1; 32]).expect("a sensible show");
    assert_eq!(events(&mut stage), [StageEvent::Save]);
    assert_eq!((stage.phase(), stage.programme()), (Phase::Announced, None));

    // Somebody early connects, and is mixed from the doors on.
    let host = host(&stage);
    join_by_key(&mut stage, host.id, 1).expect("early is allowed");
    stage.connected(SessionId(1), Path::Tcp);
    assert_eq!(events(&mut stage), []);

    let soon = stage.next_timeout().expect("the doors are to open");
    assert_eq!(soon, after(30_000).mono);
    let set_right = Now { mono: soon, wall: START.wall.plus(Duration::from_secs(3000)) };
    stage.handle_timeout(set_right);
    assert_eq!(stage.life().doors_at(), Some(set_right.wall));
    assert!(events(&mut stage).contains(&source(&host, name("Host"))));
}

#[test]
fn going_live_early_opens_the_doors_first() {
    let mut spec = spec("demo");
    spec.starts_at = Some(START.wall.plus(Duration::from_secs(36_000)));
    let mut stage = Stage::create(START, key(), spec, [1; 32]).expect("a sensible show");
    told(&mut stage, START, By::Person(SpeakerId(1)), StageCommand::Live {}).expect("a host may be early");
    let phases: Vec<_> = events(&mut stage)
        .into_iter()
        .filter_map(|event| match event {
            StageEvent::PhaseChanged(phase) => Some(phase),
            _ => None,
        })
        .collect();
    assert_eq!(phases, [Phase::Doors, Phase::OnAir]);
}

#[test]
fn the_end_is_final_after_30_s_even_if_the_process_was_down() {
    let mut stage = show();
    told(&mut stage, START, By::Operator, StageCommand::Live {}).expect("doors lead on air");
    told(&mut stage, START, By::Operator, StageCommand::End {}).expect("on air leads to the end");
    let doc = stage.doc();

    // Back after 10 s: the clock that only this process knows began anew, the wall clock tells the rest.
    let back = Now { mono: Mono(77), wall: START.wall.plus(Duration::from_secs(10)) };
    let mut resumed = Stage::resume(back, key(), doc.clone()).expect("our own document");
    assert_eq!(resumed.next_timeout(), Some(back.mono + Duration::from_secs(20)));
    let ended = Programme::Slate(SlateReason::Ended);
    assert_eq!(events(&mut resumed), [StageEvent::OpenTape, StageEvent::Programme(ended)]);

    let late = Now { mono: Mono(77), wall: START.wall.plus(END_UNDO) };
    let mut resumed = Stage::resume(late, key(), doc.clone()).expect("our own document");
    assert_eq!(told(&mut resumed, late, By::Operator, StageCommand::Undo {}), Err(Reason::UndoOver));
    let closed = [StageEvent::Save, StageEvent::PhaseChanged(Phase::Ended), StageEvent::CloseTape];
    assert_eq!(events(&mut resumed), closed);

    // A wall clock that was set back an hour does not give an hour.
    let set_back = Now { mono: Mono(77), wall: START.wall.minus(Duration::from_secs(3600)) };
    let resumed = Stage::resume(set_back, key(), doc).expect("our own document");
    assert_eq!(resumed.next_timeout(), Some(set_back.mono + END_UNDO));
}

#[test]
fn on_air_is_on_air_again_after_a_restart() {
    let mut stage = show();
    told(&mut stage, START, By::Operator, StageCommand::Live {}).expect("doors lead on air");
    let mut resumed = Stage::resume(after(5), key(), stage.doc()).expect("our own document");
    let slate = Programme::Slate(SlateReason::NobodyConnected);
    assert_eq!(events(&mut resumed), [StageEvent::OpenTape, StageEvent::Programme(slate)]);
    assert_eq!(resumed.life().on_air_at(), Some(START.wall));
}

#[test]
fn a_device_token_survives_a_restart_and_dies_with_its_link() {
    let mut stage = show();
    let host = host(&stage);
    let link_key = stage.link_key(host.id).expect("the link exists");
    let refused = stage.exchange(START, &link_key, &name("Ada"), None, [2; 32]);
    assert_eq!(refused, Err(Reason::ConsentMissing));
    let refused = stage.exchange(START, &link_key, &name("Ada"), Some("2020-01"), [2; 32]);
    assert_eq!(refused, Err(Reason::ConsentMissing));
    assert_eq!(events(&mut stage), []);

    let device = stage
        .exchange(START, &link_key, &name("Ada"), Some(CONSENT_NOTICE_VERSION), [2; 32])
        .expect("key, name and consent are there");
    assert_eq!(events(&mut stage), [StageEvent::Save]);
    assert!(!format!("{device:?}").contains(&device.token));
    let consent = &stage.consents()[0];
    assert_eq!((consent.link, consent.name.as_str(), consent.at), (host.id, "Ada", START.wall));

    let mut resumed = Stage::resume(after(9), key(), stage.doc()).expect("our own document");
    let admitted = resumed.admit(after(9), &device.token, Purpose::Device).expect("it survives");
    assert_eq!((admitted.name.as_str(), admitted.role), ("Ada", Role::Host));
    assert_eq!(resumed.people(after(9))[0].name, name("Ada"));
    resumed.revoke(host.id).expect("the link exists");
    for (token, purpose) in [(&device.token, Purpose::Device), (&link_key, Purpose::Link)] {
        assert_eq!(resumed.admit(after(9), token, purpose), Err(Reason::KeyRevoked));
    }
    assert_eq!(resumed.join(after(9), &admitted, SessionId(1), true), Err(Reason::KeyRevoked));
    assert_eq!(resumed.revoke(LinkId(0)), Err(Reason::UnknownLink));
}

/// Once an end of the whole server: the document is for people as well, and whoever edits it may change a role.
#[test]
fn a_role_that_was_changed_in_the_document_takes_a_new_key() {
    let stage = show();
    let id = host(&stage).id;
    let old = stage.link_key(id).expect("the link exists");
    let json = String::from_utf8(stage.doc().to_json()).expect("text");
    let edited = json.replacen("\"role\": \"host\"", "\"role\": \"co_host\"", 1);
    assert_ne!(edited, json);
    let doc = ShowDoc::from_json(edited.as_bytes()).expect("a document");
    let resumed = Stage::resume(after(5), key(), doc).expect("a document");
    assert_eq!(resumed.admit(after(5), &old, Purpose::Link), Err(Reason::KeyRevoked));
    let new = resumed.link_key(id).expect("the link exists");
    let admitted = resumed.admit(after(5), &new, Purpose::Link).expect("it is the new one");
    assert_eq!(admitted.role, Role::CoHost);
}

#[test]
fn expired_foreign_and_forged_keys_say_what_they_are() {
    let mut stage = show();
    let expires = Some(after(1_700).wall);
    let new = NewLink { expires_at: expires, ..NewLink::new(Role::Speaker) };
    let link = stage.invite(START, new, [8; 32]).expect("there is room");
    let link_key = stage.link_key(link.id).expect("the link exists");
    assert!(stage.admit(after(1_699), &link_key, Purpose::Link).is_ok());
    assert_eq!(stage.admit(after(1_700), &link_key, Purpose::Link), Err(Reason::KeyExpired));
    assert_eq!(stage.admit(START, &link_key, Purpose::Device), Err(Reason::KeyInvalid));
    assert_eq!(stage.admit(START, "", Purpose::Link), Err(Reason::KeyMissing));

    let other = Stage::create(START, key(), spec("other"), [1; 32]).expect("a sensible show");
    assert_eq!(other.admit(START, &link_key, Purpose::Link), Err(Reason::KeyForeign));
    let forger = TokenKey::from_secret(&[5; 32]);
    let forged = Stage::create(START, forger, spec("demo"), [1; 32]).expect("a sensible show");
    let forged_key = forged.link_key(host(&forged).id).expect("the link exists");
    assert_eq!(stage.admit(START, &forged_key, Purpose::Link), Err(Reason::KeyInvalid));
    // The show was deleted and made anew under its old name: the old keys are of no use.
    let anew = Stage::create(START, key(), spec("demo"), [2; 32]).expect("a sensible show");
    assert_eq!(anew.admit(START, &link_key, Purpose::Link), Err(Reason::KeyRevoked));
    let (desk, _) = key().desk_token(START.wall, "operator", 3);
    assert_eq!(stage.admit(START, &desk, Purpose::Device), Err(Reason::KeyForeign));
}

#[test]
fn the_newest_session_of_a_link_replaces_the_older() {
    let mut stage = show();
    let host = host(&stage);
    assert_eq!(join_by_key(&mut stage, host.id, 1), Ok(None));
    stage.connected(SessionId(1), Path::Udp);
    events(&mut stage);
    assert_eq!(join_by_key(&mut stage, host.id, 2), Ok(Some(SessionId(1))));
    let replaced = StageEvent::CloseSession { session: SessionId(1), why: CloseReason::Replaced };
    let removed = StageEvent::SourceRemoved { speaker: host.speaker };
    assert_eq!(events(&mut stage), [removed, replaced]);
    stage.left(SessionId(1));
    stage.connected(SessionId(1), Path::Udp);
    assert_eq!(events(&mut stage), [], "what the older one does no longer counts");
    let person = &stage.people(START)[0];
    assert_eq!((person.id, person.connected, person.path), (host.speaker, false, None));
}

#[test]
fn a_full_stage_still_lets_its_own_people_come_back() {
    let mut stage = show();
    for i in 2..=SPEAKERS_PER_SHOW_MAX {
        let entropy = [u8::try_from(i).expect("small"); 32];
        stage.invite(START, NewLink::new(Role::Speaker), entropy).expect("there is room");
    }
    let links: Vec<_> = stage.links().into_iter().map(|link| link.id).collect();
    for (session, &link) in (0..).zip(&links[..SPEAKERS_PER_SHOW_MAX]) {
        assert_eq!(join_by_key(&mut stage, link, session), Ok(None));
    }
    assert_eq!(join_by_key(&mut stage, links[SPEAKERS_PER_SHOW_MAX], 100), Err(Reason::StageFull));
    assert_eq!(join_by_key(&mut stage, links[0], 101), Ok(Some(SessionId(0))));
}

#[test]
fn a_document_that_contradicts_itself_is_refused() {
    let stage = show();
    let refused = |change: &dyn Fn(&mut ShowDoc)| {
        let mut doc = stage.doc();
        change(&mut doc);
        assert!(matches!(Stage::resume(START, key(), doc), Err(DocError::Contradictory(_))));
    };
    refused(&|doc| doc.links[1].id = doc.links[0].id);
    refused(&|doc| doc.links[1].speaker = doc.links[0].speaker);
    refused(&|doc| doc.spec.starts_at = Some(Wall(-1)));
    refused(&|doc| doc.spec.delay = Duration::from_secs(1));
    let text = String::from_utf8(stage.doc().to_json()).expect("JSON is UTF-8");
    assert!(
        !text.contains(&stage.link_key(host(&stage).id).expect("the link exists")),
        "keys are not stored"
    );
    let unknown = text.replacen("\"spec\"", "\"color\": 1, \"spec\"", 1);
    assert!(matches!(ShowDoc::from_json(unknown.as_bytes()), Err(DocError::Damaged(_))));
    assert_eq!(stage.links()[1].speaker, SpeakerId(2));
}

/// A document as the version before this one wrote it.
#[test]
fn a_document_of_version_1_is_read_and_written_anew() {
    let doc = ShowDoc::from_json(include_bytes!("documents/version-1.json")).expect("it was ours once");
    assert_eq!(doc.spec.delay, Duration::ZERO);
    assert_eq!(doc.links.iter().map(|link| link.treatment).collect::<Vec<_>>(), [Treatment::default(); 3]);
    let mut stage = Stage::resume(START, key(), doc).expect("nothing in it contradicts the rest");
    assert_eq!((stage.phase(), stage.hands_open()), (Phase::OnAir, false));
    assert_eq!(stage.people(START)[0].name, name("Ada"));
    let muted = StageCommand::Mute { person: SpeakerId(2), muted: true };
    told(&mut stage, START, By::Operator, muted).expect("the operator may");
    let written = stage.doc().to_json();
    let text = String::from_utf8(written.clone()).expect("JSON is UTF-8");
    assert!(text.starts_with("{\n  \"version\": 2,"), "{text}");
    assert_eq!(ShowDoc::from_json(&written).expect("our own document"), stage.doc());
}
