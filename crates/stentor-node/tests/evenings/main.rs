//! Random evenings on one machine: whatever people, mixers and disks do, in whatever order, over
//! restarts as well, a shell that only performs effects never sees one that cannot be performed, and
//! every show that was on air has a recording.

mod folder;
mod machine;
mod mixer;

use machine::{Machine, SHOWS_MAX};
use proptest::prelude::*;
use stentor_stage::{HandAnswer, Phase, StageCommand};
use stentor_types::{Place, Reason, SpeakerId};

#[derive(Clone, Debug)]
enum Step {
    Create {
        show: usize,
        starts_in_ms: Option<u64>,
        delay_s: u64,
    },
    Invite {
        show: usize,
    },
    Join {
        show: usize,
        link: usize,
        by_key: bool,
    },
    Connected {
        session: usize,
    },
    Left {
        session: usize,
    },
    Revoke {
        show: usize,
        link: usize,
    },
    Command {
        show: usize,
        command: StageCommand,
    },
    Dump {
        show: usize,
    },
    Raise {
        show: usize,
    },
    Answer {
        show: usize,
        answer: HandAnswer,
    },
    Delete {
        show: usize,
    },
    /// The disk has opened or closed what it was asked for.
    TapeAnswers {
        show: usize,
    },
    /// The news of mixers that is on its way arrives.
    NewsArrives,
    MixerFails {
        show: usize,
        had_time: bool,
    },
    Wait {
        ms: u64,
    },
    Restart {
        down_ms: u64,
        unsynced_lost: bool,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let show = || 0..SHOWS_MAX + 1;
    let person = || (1..4u32).prop_map(SpeakerId);
    let place = prop_oneof![Just(Place::OnAir), Just(Place::Backstage)];
    let command = prop_oneof![
        3 => Just(StageCommand::Live {}),
        3 => Just(StageCommand::End {}),
        2 => Just(StageCommand::Undo {}),
        2 => (person(), any::<bool>()).prop_map(|(person, muted)| StageCommand::Mute { person, muted }),
        2 => (person(), place).prop_map(|(person, place)| StageCommand::Place { person, place }),
        1 => person().prop_map(|person| StageCommand::Remove { person }),
        1 => Just(StageCommand::Hands { open: true }),
    ];
    let answer = prop_oneof![2 => Just(HandAnswer::Yes), 1 => Just(HandAnswer::No)];
    let delay_s = prop_oneof![2 => Just(0), 1 => 7..=20u64];
    let starts = proptest::option::weighted(0.3, 0..60_000u64);
    prop_oneof![
        3 => (show(), starts, delay_s)
            .prop_map(|(show, starts_in_ms, delay_s)| Step::Create { show, starts_in_ms, delay_s }),
        1 => show().prop_map(|show| Step::Invite { show }),
        4 => (show(), 0..4usize, any::<bool>())
            .prop_map(|(show, link, by_key)| Step::Join { show, link, by_key }),
        4 => (0..8usize).prop_map(|session| Step::Connected { session }),
        2 => (0..8usize).prop_map(|session| Step::Left { session }),
        1 => (show(), 0..4usize).prop_map(|(show, link)| Step::Revoke { show, link }),
        8 => (show(), command).prop_map(|(show, command)| Step::Command { show, command }),
        1 => show().prop_map(|show| Step::Dump { show }),
        2 => show().prop_map(|show| Step::Raise { show }),
        2 => (show(), answer).prop_map(|(show, answer)| Step::Answer { show, answer }),
        1 => show().prop_map(|show| Step::Delete { show }),
        8 => show().prop_map(|show| Step::TapeAnswers { show }),
        4 => Just(Step::NewsArrives),
        3 => (show(), any::<bool>()).prop_map(|(show, had_time)| Step::MixerFails { show, had_time }),
        5 => (0..2_000u64).prop_map(|ms| Step::Wait { ms }),
        2 => (0..40_000u64).prop_map(|ms| Step::Wait { ms }),
        1 => (0..40_000u64, any::<bool>())
            .prop_map(|(down_ms, unsynced_lost)| Step::Restart { down_ms, unsynced_lost }),
    ]
}

fn take(machine: &mut Machine, step: &Step) {
    match *step {
        Step::Create { show, starts_in_ms, delay_s } => machine.create(show, starts_in_ms, delay_s),
        Step::Invite { show } => machine.invite(show),
        Step::Join { show, link, by_key } => machine.join(show, link, by_key),
        Step::Connected { session } => machine.connected(session),
        Step::Left { session } => machine.left(session),
        Step::Revoke { show, link } => machine.revoke(show, link),
        Step::Command { show, ref command } => drop(machine.command(show, command.clone())),
        Step::Dump { show } => machine.dump(show),
        Step::Raise { show } => machine.raise_hand(show),
        Step::Answer { show, answer } => machine.answer_hand(show, answer),
        Step::Delete { show } => machine.delete(show),
        Step::TapeAnswers { show } => machine.tape_answers(show),
        Step::NewsArrives => machine.news_arrives(),
        Step::MixerFails { show, had_time } => machine.mixer_fails(show, had_time),
        Step::Wait { ms } => machine.wait(ms),
        Step::Restart { down_ms, unsynced_lost } => machine.restart(down_ms, unsynced_lost),
    }
    machine.check();
}

/// Cases of the random evening; `STENTOR_EVENINGS` asks for more.
fn cases() -> ProptestConfig {
    let wanted = std::env::var("STENTOR_EVENINGS").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig::with_cases(wanted.unwrap_or(500))
}

proptest! {
    #![proptest_config(cases())]
    #[test]
    fn whatever_happens_effects_can_be_performed_and_recordings_are_whole(
        steps in proptest::collection::vec(step(), 1..120),
    ) {
        let mut machine = Machine::start();
        for step in &steps {
            take(&mut machine, step);
        }
        machine.everything_ends();
    }
}

#[test]
fn a_show_on_air_cannot_be_deleted_and_one_that_ended_can() {
    let mut machine = Machine::start();
    machine.create(0, None, 0);
    machine.tape_answers(0);
    for (command, phase) in [
        (StageCommand::Live {}, Phase::OnAir),
        (StageCommand::End {}, Phase::Ending),
        (StageCommand::Undo {}, Phase::OnAir),
    ] {
        assert_eq!(machine.command(0, command), Ok(phase));
        assert_eq!(machine.try_delete(0), Err(Reason::WrongPhase));
    }
    machine.everything_ends();
    assert_eq!(machine.try_delete(0), Ok(()));
    assert_eq!(machine.try_delete(0), Err(Reason::UnknownShow));
}

#[test]
fn only_shows_that_have_not_ended_count_against_the_bound() {
    let mut machine = Machine::start();
    for show in 0..SHOWS_MAX {
        assert_eq!(machine.try_create(show, None, 0), Ok(()));
        machine.tape_answers(show);
    }
    assert_eq!(machine.try_create(0, None, 0), Err(Reason::ShowExists));
    assert_eq!(machine.try_create(SHOWS_MAX, None, 0), Err(Reason::TooManyShows));
    assert_eq!(machine.command(0, StageCommand::Live {}), Ok(Phase::OnAir));
    assert_eq!(machine.command(0, StageCommand::End {}), Ok(Phase::Ending));
    machine.wait(30_000);
    assert_eq!(machine.try_create(SHOWS_MAX, None, 0), Ok(()));
}

/// A machine that was off while the end became final: nobody is there to close the tape.
#[test]
fn an_end_that_becomes_final_while_the_server_is_down_has_its_recording() {
    for (down_ms, tape_answers) in [(29_990, false), (29_990, true), (30_000, false), (100_000, false)] {
        let mut machine = Machine::start();
        machine.create(0, None, 0);
        machine.tape_answers(0);
        machine.wait(5_000);
        machine.command(0, StageCommand::Live {}).expect("doors are open");
        machine.wait(10_000);
        machine.command(0, StageCommand::End {}).expect("it is on air");
        machine.restart(down_ms, true);
        if tape_answers {
            machine.tape_answers(0);
        }
        machine.wait(100);
        machine.everything_ends();
        let (start, end) = machine.recording(0).expect("it was on air");
        let seconds = end.saturating_since(start).as_secs_f64();
        assert!((8.0..12.5).contains(&seconds), "{seconds} s for 10 s, after {down_ms} ms");
    }
}

/// A mixer that never makes a sound takes the orders with it that it had not carried out.
#[test]
fn marks_reach_the_mixer_that_lives() {
    let mut machine = Machine::start();
    machine.create(0, None, 0);
    machine.tape_answers(0);
    machine.wait(1_000);
    machine.command(0, StageCommand::Live {}).expect("doors are open");
    machine.mixer_fails(0, false);
    machine.mixer_fails(0, false);
    machine.wait(1_000);
    machine.mixer_fails(0, false);
    machine.wait(5_000);
    machine.news_arrives();
    assert!(machine.is_second_0_known(0), "it went on air under a mixer that failed at once");
    machine.everything_ends();
    assert!(machine.recording(0).is_some());
}

/// What is done with a voice is repeated to a mixer that begins anew; a dump is not, because what was said before
/// it is gone with the mixer that had it.
#[test]
fn a_mixer_that_begins_anew_knows_every_place_and_the_delay() {
    let mut machine = Machine::start();
    machine.create(0, None, 10);
    machine.tape_answers(0);
    machine.join(0, 1, false);
    machine.connected(0);
    machine.command(0, StageCommand::Live {}).expect("doors are open");
    let person = SpeakerId(2);
    for command in [
        StageCommand::Mute { person, muted: true },
        StageCommand::Place { person, place: Place::Backstage },
        StageCommand::NoiseSuppression { person, on: false },
    ] {
        assert_eq!(machine.command(0, command), Ok(Phase::OnAir));
        machine.check();
    }
    machine.dump(0);
    machine.mixer_fails(0, true);
    machine.dump(0);
    machine.wait(2_000);
    machine.check();
    machine.restart(500, true);
    machine.tape_answers(0);
    machine.join(0, 1, false);
    machine.connected(0);
    machine.check();
    machine.everything_ends();
}

/// Second 0 and the end are what listeners hear, not when the buttons were pressed.
#[test]
fn the_recording_of_a_delayed_show_begins_and_ends_with_what_is_heard() {
    let mut machine = Machine::start();
    machine.create(0, None, 20);
    machine.tape_answers(0);
    machine.wait(1_000);
    machine.command(0, StageCommand::Live {}).expect("doors are open");
    machine.wait(19_500);
    machine.news_arrives();
    assert!(!machine.is_second_0_known(0), "it is still on its way");
    machine.wait(1_000);
    machine.news_arrives();
    assert!(machine.is_second_0_known(0));
    machine.wait(40_000);
    machine.everything_ends();
    let (start, end) = machine.recording(0).expect("it was on air");
    let seconds = (start.as_secs_f64(), end.saturating_since(start).as_secs_f64());
    assert!((20.9..21.5).contains(&seconds.0) && (62.0..63.5).contains(&seconds.1), "{seconds:?}");
}
