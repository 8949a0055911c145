//! Hands, from the listener's page to the stage.

use std::time::Duration;

use stentor_stage::hands::{ACCEPTED_KEPT, HAND_SILENCE_MAX, HANDS_MAX, HANDS_PER_ORIGIN_MAX};
use stentor_stage::{
    By, CONSENT_NOTICE_VERSION, DeviceToken, HandAnswer, HandId, HandState, HandToken, NewLink, Purpose,
    Role, ShowSpec, Stage, StageCommand, TokenKey,
};
use stentor_types::limits::{END_UNDO, ONE_USE_LINKS_PER_SHOW_MAX};
use stentor_types::{Mono, Now, PersonName, Place, Reason, SessionId, Wall};

fn at(ms: u64) -> Now {
    let start = Now { mono: Mono(1_000_000), wall: Wall(1_790_000_000_500) };
    let duration = Duration::from_millis(ms);
    Now { mono: start.mono + duration, wall: start.wall.plus(duration) }
}

fn key() -> TokenKey {
    TokenKey::from_secret(&[4; 32])
}

fn name(text: &str) -> PersonName {
    text.parse().expect("a valid name")
}

fn ask(stage: &mut Stage, now: Now, command: StageCommand) -> Result<(), Reason> {
    stage.command(now, By::Operator, command, [6; 32]).map(|_| ())
}

fn show() -> Stage {
    let spec = ShowSpec::new("demo".parse().expect("a valid id"));
    let mut stage = Stage::create(at(0), key(), spec, [1; 32]).expect("a sensible show");
    ask(&mut stage, at(0), StageCommand::Hands { open: true }).expect("the doors are open");
    stage
}

fn raise(stage: &mut Stage, now: Now, number: u8) -> Result<HandToken, Reason> {
    let note = Some("I was there".parse().expect("a note"));
    stage.raise_hand(now, name(&format!("Caller {number}")), note, number.into(), [number; 32])
}

fn exchange(stage: &mut Stage, now: Now, link_key: &str) -> Result<DeviceToken, Reason> {
    stage.exchange(now, link_key, &name("Eve"), Some(CONSENT_NOTICE_VERSION), [9; 32])
}

fn yes(stage: &mut Stage, now: Now, hand: u64) -> Result<(), Reason> {
    ask(stage, now, StageCommand::Hand { hand: HandId(hand), answer: HandAnswer::Yes })
}

#[test]
fn a_yes_is_a_link_of_one_use_that_enters_backstage() {
    let mut stage = show();
    let first = raise(&mut stage, at(0), 1).expect("hands are open");
    let second = raise(&mut stage, at(2_000), 2).expect("hands are open");
    assert_eq!(stage.poll_hand(at(3_000), second), HandState::Waiting { place: 2 });
    let seen: Vec<_> = stage.raised_hands(at(3_000)).iter().map(|hand| (hand.id, hand.waited)).collect();
    assert_eq!(seen, [(HandId(1), Duration::from_secs(3)), (HandId(2), Duration::from_secs(1))]);

    yes(&mut stage, at(4_000), 1).expect("it is up");
    assert_eq!(yes(&mut stage, at(4_000), 1), Err(Reason::UnknownHand), "it has been answered");
    assert_eq!(stage.poll_hand(at(5_000), second), HandState::Waiting { place: 1 });
    let HandState::Accepted { key: link_key } = stage.poll_hand(at(5_000), first) else {
        panic!("the host said yes")
    };
    let link = stage.links()[2].clone();
    assert_eq!((link.role, link.label.as_str(), link.enters), (Role::Speaker, "Caller 1", Place::Backstage));

    let whip = stage.admit(at(6_000), &link_key, Purpose::Link);
    assert_eq!(whip, Err(Reason::KeyForeign), "it is for one browser");
    let refused = stage.exchange(at(6_000), &link_key, &name("Eve"), None, [9; 32]);
    assert_eq!(refused, Err(Reason::ConsentMissing), "which uses nothing up");
    let device = exchange(&mut stage, at(6_000), &link_key).expect("it is the first");
    assert_eq!(exchange(&mut stage, at(6_001), &link_key), Err(Reason::LinkUsed));
    assert_eq!(stage.poll_hand(at(7_000), first), HandState::Gone);

    let mut resumed = Stage::resume(at(8_000), key(), stage.doc()).expect("our own document");
    assert_eq!(exchange(&mut resumed, at(8_000), &link_key), Err(Reason::LinkUsed));
    let admitted = resumed.admit(at(8_000), &device.token, Purpose::Device).expect("the token goes on");
    resumed.join(at(8_000), &admitted, SessionId(1), true).expect("there is room");
    assert_eq!(resumed.people(at(8_000))[0].treatment.place, Place::Backstage);
    assert_eq!(resumed.poll_hand(at(8_000), second), HandState::Gone, "hands are not kept over a restart");
}

#[test]
fn a_yes_that_nobody_takes_up_is_taken_back() {
    let mut stage = show();
    let token = raise(&mut stage, at(0), 1).expect("hands are open");
    yes(&mut stage, at(0), 1).expect("it is up");
    let HandState::Accepted { key: link_key } = stage.poll_hand(at(0), token) else {
        panic!("the host said yes")
    };
    let due = stage.next_timeout().expect("a yes does not wait for ever");
    assert_eq!(due, at(0).mono + ACCEPTED_KEPT);
    let late = at(ACCEPTED_KEPT.as_millis().try_into().expect("small"));
    stage.handle_timeout(late);
    assert_eq!(stage.poll_hand(late, token), HandState::Gone);
    assert_eq!(exchange(&mut stage, late, &link_key), Err(Reason::KeyRevoked));
    assert_eq!(stage.next_timeout(), None);
}

#[test]
fn a_hand_is_gone_when_its_page_stops_asking() {
    let mut stage = show();
    let (asks, silent) = (raise(&mut stage, at(0), 1), raise(&mut stage, at(0), 2));
    let (asks, silent) = (asks.expect("hands are open"), silent.expect("hands are open"));
    let silence_ms: u64 = HAND_SILENCE_MAX.as_millis().try_into().expect("small");
    assert_eq!(stage.poll_hand(at(silence_ms - 1), asks), HandState::Waiting { place: 1 });
    assert_eq!(stage.next_timeout(), Some(at(silence_ms).mono));
    stage.handle_timeout(at(silence_ms));
    assert_eq!(stage.raised_hands(at(silence_ms)).len(), 1);
    assert_eq!(stage.poll_hand(at(silence_ms), silent), HandState::Gone);
    assert_eq!(stage.poll_hand(at(silence_ms), asks), HandState::Waiting { place: 1 });
    stage.lower_hand(at(silence_ms), asks);
    assert_eq!(stage.poll_hand(at(silence_ms), asks), HandState::Gone);
}

#[test]
fn a_no_can_be_read_for_a_while() {
    let mut stage = show();
    let token = raise(&mut stage, at(0), 1).expect("hands are open");
    let no = StageCommand::Hand { hand: HandId(1), answer: HandAnswer::No };
    ask(&mut stage, at(1_000), no).expect("it is up");
    assert_eq!(stage.poll_hand(at(30_999), token), HandState::Declined);
    assert_eq!(stage.poll_hand(at(31_000), token), HandState::Gone);
    assert_eq!(stage.links().len(), 2, "a no makes no link");
}

#[test]
fn hands_are_bounded_in_all_and_from_one_network() {
    let mut stage = show();
    let mut entropy = 0u32;
    let mut raise_from = |origin: u64| {
        entropy += 1;
        let mut bytes = [0; 32];
        bytes[..4].copy_from_slice(&entropy.to_be_bytes());
        stage.raise_hand(at(0), name("Mallory"), None, origin, bytes).map(|_| ())
    };
    for _ in 0..HANDS_PER_ORIGIN_MAX {
        assert_eq!(raise_from(0), Ok(()));
    }
    assert_eq!(raise_from(0), Err(Reason::TooManyHands));
    for origin in (1..).take(HANDS_MAX - HANDS_PER_ORIGIN_MAX) {
        assert_eq!(raise_from(origin), Ok(()));
    }
    assert_eq!(raise_from(1_000), Err(Reason::TooManyHands));
}

#[test]
fn hands_are_for_the_doors_and_the_show() {
    let mut stage = show();
    let token = raise(&mut stage, at(0), 1).expect("the doors are open");
    ask(&mut stage, at(0), StageCommand::Hands { open: false }).expect("closing is always possible");
    assert_eq!(raise(&mut stage, at(0), 2), Err(Reason::HandsClosed));
    assert_eq!(stage.poll_hand(at(0), token), HandState::Waiting { place: 1 }, "it stays up");

    ask(&mut stage, at(0), StageCommand::Live {}).expect("doors lead on air");
    ask(&mut stage, at(0), StageCommand::Hands { open: true }).expect("the show is on air");
    ask(&mut stage, at(0), StageCommand::End {}).expect("on air leads to the end");
    assert_eq!(ask(&mut stage, at(0), StageCommand::Hands { open: true }), Err(Reason::WrongPhase));
    assert_eq!(raise(&mut stage, at(0), 2), Err(Reason::HandsClosed));
    ask(&mut stage, at(1), StageCommand::Undo {}).expect("in time");
    assert!(stage.hands_open(), "an end by mistake costs nobody their place");
    assert_eq!(stage.poll_hand(at(1), token), HandState::Waiting { place: 1 });

    ask(&mut stage, at(2), StageCommand::End {}).expect("on air leads to the end");
    let over = at(2 + u64::try_from(END_UNDO.as_millis()).expect("small"));
    stage.handle_timeout(over);
    assert_eq!(stage.poll_hand(over, token), HandState::Gone);
    assert_eq!(raise(&mut stage, over, 2), Err(Reason::Ended));
}

/// A show that has had as many callers as it may keeps the hand. Links of those who are invited take no room of theirs.
#[test]
fn a_yes_without_room_leaves_the_hand_up() {
    let mut stage = show();
    let token = raise(&mut stage, at(0), 1).expect("hands are open");
    let invite = StageCommand::Invite { role: Role::Speaker, label: None, enters: Place::OnAir };
    while ask(&mut stage, at(0), invite.clone()) != Err(Reason::TooManyLinks) {}
    let one_use = NewLink { one_use: true, ..NewLink::new(Role::Speaker) };
    for _ in 0..ONE_USE_LINKS_PER_SHOW_MAX {
        stage.invite(at(0), one_use.clone(), [9; 32]).expect("there is room");
    }
    assert_eq!(yes(&mut stage, at(0), 1), Err(Reason::TooManyLinks));
    assert_eq!(stage.poll_hand(at(0), token), HandState::Waiting { place: 1 });
}
