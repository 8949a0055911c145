//! Who may do what to whom, and what follows from it.

use std::time::Duration;

use stentor_stage::{
    By, CONSENT_NOTICE_VERSION, CloseReason, HandAnswer, HandId, Link, NewLink, Path, Programme, Purpose,
    Reach, Role, ShowSpec, Stage, StageCommand, StageEvent, TokenKey,
};
use stentor_types::{Mono, Now, Place, Reason, SessionId, SlateReason, SpeakerId, Treatment, Wall};

const START: Now = Now { mono: Mono(1_000_000), wall: Wall(1_790_000_000_500) };

fn key() -> TokenKey {
    TokenKey::from_secret(&[4; 32])
}

/// A show with two people of each role: numbers 1 (host), 2 (speaker), 3 (host), 4 and 5 (co-hosts), 6
/// (speaker).
fn show(delay: Duration) -> Stage {
    let spec = ShowSpec { delay, ..ShowSpec::new("demo".parse().expect("a valid id")) };
    let mut stage = Stage::create(START, key(), spec, [1; 32]).expect("a sensible show");
    for role in [Role::Host, Role::CoHost, Role::CoHost, Role::Speaker] {
        stage.invite(START, NewLink::new(role), [2; 32]).expect("there is room");
    }
    events(&mut stage);
    stage
}

fn events(stage: &mut Stage) -> Vec<StageEvent> {
    std::iter::from_fn(|| stage.poll_event()).collect()
}

fn ask(stage: &mut Stage, by: By, command: StageCommand) -> Result<(), Reason> {
    stage.command(START, by, command, [6; 32]).map(|_| ())
}

fn operator(stage: &mut Stage, command: StageCommand) {
    ask(stage, By::Operator, command).expect("the operator may");
}

fn link(stage: &Stage, person: SpeakerId) -> Link {
    (*stage.links().iter().find(|link| link.speaker == person).expect("it was made")).clone()
}

/// The person comes in by a browser.
fn come(stage: &mut Stage, person: SpeakerId, session: u64) {
    let link_key = stage.link_key(link(stage, person).id).expect("it was made");
    let name = format!("Person {}", person.0).parse().expect("a name");
    let consent = Some(CONSENT_NOTICE_VERSION);
    let device = stage.exchange(START, &link_key, &name, consent, [3; 32]).expect("all is there");
    let admitted = stage.admit(START, &device.token, Purpose::Device).expect("it has just been made");
    stage.join(START, &admitted, SessionId(session), true).expect("there is room");
    stage.connected(SessionId(session), Path::Udp);
}

/// Everything that can be asked, and to whom ('s'elf, other 'h'ost, 'c'o-host, 's'peaker) each role may ask it,
/// copied from the table by hand.
#[test]
fn rights_are_those_of_the_table() {
    type Make = fn(SpeakerId) -> StageCommand;
    let of_people: [(Make, [&str; 3]); 5] = [
        (
            |person| StageCommand::Mute { person, muted: true },
            ["self host co speaker", "self speaker", "self"],
        ),
        (
            |person| StageCommand::Place { person, place: Place::Backstage },
            ["self host co speaker", "self speaker", ""],
        ),
        (|person| StageCommand::Remove { person }, ["self host co speaker", "self speaker", ""]),
        (
            |person| StageCommand::NoiseSuppression { person, on: false },
            ["self host co speaker", "self", "self"],
        ),
        (|person| StageCommand::Revoke { person }, ["self host co speaker", "", ""]),
    ];
    // Of each role the one who asks, and what the others are to them.
    let asking = [(1, "host"), (4, "co"), (2, "speaker")];
    let others = [(3, "host"), (5, "co"), (6, "speaker")];
    for (make, allowed) in of_people {
        for ((own, _), allowed) in asking.iter().zip(allowed) {
            for (person, is) in others.iter().copied().chain([(*own, "self")]) {
                let mut stage = show(Duration::ZERO);
                let command = make(SpeakerId(person));
                let expected = allowed.split(' ').any(|whom| whom == is);
                let before = stage.doc();
                let answer = ask(&mut stage, By::Person(SpeakerId(*own)), command.clone());
                let what = format!("{own} to {person}: {command:?}");
                assert_eq!(answer, if expected { Ok(()) } else { Err(Reason::RoleForbids) }, "{what}");
                assert_eq!(before != stage.doc(), expected, "{what}");
            }
        }
    }
    let invite = |role| StageCommand::Invite { role, label: None, enters: Place::Backstage };
    let text = Some("Five minutes".parse().expect("a line"));
    for (command, hosts, co_hosts) in [
        (StageCommand::Live {}, true, true),
        (StageCommand::Say { to: Reach::Stage, text }, true, true),
        (StageCommand::Hands { open: true }, true, true),
        (invite(Role::Host), false, false),
        (invite(Role::CoHost), true, false),
        (invite(Role::Speaker), true, true),
    ] {
        for (own, expected) in [(1, hosts), (4, co_hosts), (2, false)] {
            let mut stage = show(Duration::ZERO);
            let answer = ask(&mut stage, By::Person(SpeakerId(own)), command.clone());
            assert_eq!(
                answer,
                if expected { Ok(()) } else { Err(Reason::RoleForbids) },
                "{own}: {command:?}"
            );
        }
    }
    for command in [
        StageCommand::End {},
        StageCommand::Undo {},
        StageCommand::Dump {},
        StageCommand::Hand { hand: HandId(1), answer: HandAnswer::Yes },
    ] {
        let mut stage = show(Duration::ZERO);
        let answer = ask(&mut stage, By::Person(SpeakerId(2)), command.clone());
        assert_eq!(answer, Err(Reason::RoleForbids), "{command:?}");
        let answer = ask(&mut stage, By::Person(SpeakerId(4)), command.clone());
        assert!(
            !matches!(answer, Ok(()) | Err(Reason::RoleForbids)),
            "{command:?} is refused for what it is"
        );
    }
}

#[test]
fn who_is_not_there_is_told_only_to_those_who_direct_others() {
    let mut stage = show(Duration::ZERO);
    let nobody = StageCommand::Mute { person: SpeakerId(99), muted: true };
    for (own, reason) in [(1, Reason::UnknownPerson), (4, Reason::UnknownPerson), (2, Reason::RoleForbids)] {
        assert_eq!(ask(&mut stage, By::Person(SpeakerId(own)), nobody.clone()), Err(reason));
    }
    operator(&mut stage, StageCommand::Revoke { person: SpeakerId(1) });
    assert_eq!(ask(&mut stage, By::Person(SpeakerId(1)), StageCommand::Live {}), Err(Reason::KeyRevoked));
}

#[test]
fn whoever_is_backstage_is_not_on_air() {
    let mut stage = show(Duration::ZERO);
    operator(&mut stage, StageCommand::Live {});
    come(&mut stage, SpeakerId(1), 1);
    assert_eq!(stage.programme(), Some(Programme::Stage));
    events(&mut stage);

    let backstage = StageCommand::Place { person: SpeakerId(1), place: Place::Backstage };
    operator(&mut stage, backstage.clone());
    let treatment = Treatment { place: Place::Backstage, ..Treatment::default() };
    let slate = Programme::Slate(SlateReason::NobodyConnected);
    let changed = StageEvent::SourceChanged { speaker: SpeakerId(1), treatment };
    assert_eq!(events(&mut stage), [StageEvent::Save, changed, StageEvent::Programme(slate)]);
    operator(&mut stage, backstage);
    assert_eq!(events(&mut stage), [], "what is so already is no news");

    come(&mut stage, SpeakerId(2), 2);
    assert_eq!(stage.programme(), Some(Programme::Stage));
    operator(&mut stage, StageCommand::Mute { person: SpeakerId(2), muted: true });
    assert_eq!(stage.programme(), Some(Programme::Stage), "somebody muted is there all the same");
}

#[test]
fn everybody_comes_back_to_their_place_over_a_restart_too() {
    let mut stage = show(Duration::ZERO);
    operator(&mut stage, StageCommand::Live {});
    come(&mut stage, SpeakerId(2), 1);
    operator(&mut stage, StageCommand::Mute { person: SpeakerId(2), muted: true });
    operator(&mut stage, StageCommand::NoiseSuppression { person: SpeakerId(2), on: false });
    let line = Some("Back at nine".parse().expect("a line"));
    operator(&mut stage, StageCommand::Say { to: Reach::Everyone, text: line.clone() });
    operator(&mut stage, StageCommand::Hands { open: true });

    let mut resumed = Stage::resume(START, key(), stage.doc()).expect("our own document");
    assert_eq!((&resumed.messages().everyone, resumed.hands_open()), (&line, true));
    events(&mut resumed);
    come(&mut resumed, SpeakerId(2), 2);
    let kept = Treatment { place: Place::OnAir, muted: true, noise_suppression: false };
    let added = events(&mut resumed).into_iter().find_map(|event| match event {
        StageEvent::SourceAdded { treatment, .. } => Some(treatment),
        _ => None,
    });
    assert_eq!(added, Some(kept));
    let unmute = StageCommand::Mute { person: SpeakerId(2), muted: false };
    assert_eq!(ask(&mut resumed, By::Person(SpeakerId(2)), unmute), Ok(()), "a mute is a courtesy");
}

#[test]
fn whoever_was_removed_comes_back_backstage() {
    let mut stage = show(Duration::ZERO);
    operator(&mut stage, StageCommand::Live {});
    come(&mut stage, SpeakerId(2), 1);
    events(&mut stage);
    operator(&mut stage, StageCommand::Remove { person: SpeakerId(2) });
    let told = events(&mut stage);
    let removed = StageEvent::SourceRemoved { speaker: SpeakerId(2) };
    let closed = StageEvent::CloseSession { session: SessionId(1), why: CloseReason::Removed };
    let slate = StageEvent::Programme(Programme::Slate(SlateReason::NobodyConnected));
    assert_eq!(told, [StageEvent::Save, removed, closed, slate]);
    let theirs = link(&stage, SpeakerId(2)).id;
    assert_eq!((stage.session_of(theirs), stage.removed_session_of(theirs)), (None, Some(SessionId(1))));

    come(&mut stage, SpeakerId(2), 2);
    assert_eq!((stage.session_of(theirs), stage.removed_session_of(theirs)), (Some(SessionId(2)), None));
    let person = &stage.people(START)[0];
    assert_eq!((person.connected, person.treatment.place), (true, Place::Backstage));
    assert_eq!(stage.programme(), Some(Programme::Slate(SlateReason::NobodyConnected)));
}

#[test]
fn a_link_says_where_its_person_enters() {
    let mut stage = show(Duration::ZERO);
    let label = Some("Ben".parse().expect("a name"));
    let invite = StageCommand::Invite { role: Role::Speaker, label, enters: Place::Backstage };
    let made = stage.command(START, By::Person(SpeakerId(4)), invite, [6; 32]).expect("a co-host may");
    let link = link(&stage, SpeakerId(7));
    assert_eq!((made, link.label.as_str(), link.enters), (Some(link.id), "Ben", Place::Backstage));
    come(&mut stage, SpeakerId(7), 1);
    assert_eq!(stage.people(START)[0].treatment.place, Place::Backstage);
}

#[test]
fn a_dump_needs_a_delay_and_something_to_dump() {
    let mut stage = show(Duration::ZERO);
    operator(&mut stage, StageCommand::Live {});
    assert_eq!(ask(&mut stage, By::Operator, StageCommand::Dump {}), Err(Reason::NoDelay));

    let mut stage = show(Duration::from_secs(10));
    assert_eq!(ask(&mut stage, By::Operator, StageCommand::Dump {}), Err(Reason::WrongPhase));
    operator(&mut stage, StageCommand::Live {});
    events(&mut stage);
    operator(&mut stage, StageCommand::Dump {});
    assert_eq!(events(&mut stage), [StageEvent::Dump]);
    operator(&mut stage, StageCommand::End {});
    assert_eq!(ask(&mut stage, By::Person(SpeakerId(1)), StageCommand::Dump {}), Ok(()));
}

#[test]
fn messages_are_shown_until_taken_away() {
    let mut stage = show(Duration::ZERO);
    let line = |text: &str| Some(text.parse().expect("a line"));
    operator(&mut stage, StageCommand::Say { to: Reach::Stage, text: line("Two minutes") });
    operator(&mut stage, StageCommand::Say { to: Reach::Everyone, text: line("Hello") });
    operator(&mut stage, StageCommand::Say { to: Reach::Everyone, text: None });
    assert_eq!((&stage.messages().stage, &stage.messages().everyone), (&line("Two minutes"), &None));
}
