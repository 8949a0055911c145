//! The broadcast delay: what is dumped is never heard, and marks say what is.

use std::time::Duration;

use crate::sound::{self, FIRST, FRAME, Hall, Voice, pitch_dbfs};
use proptest::prelude::*;
use stentor_audio::{MixerCommand, Programme};
use stentor_types::{Channels, Mark, MarkBody, MediaTime, Rendition, SlateReason};

/// A line of a second: the rules are those of 20 s.
const DELAY_TICKS: usize = 50;
const DELAY: Duration = Duration::from_secs(1);

/// Ticks for which a pitch is hummed: 0.4 s.
const PITCH_TICKS: usize = 20;

/// From the mouth to the stage's mix and through the codecs, in ticks at most.
const WAY_TICKS: usize = 8;

fn pitch_hz(n: usize) -> f32 {
    1_500.0 + 210.0 * n as f32
}

/// Somebody who hums another pitch every 0.4 s.
fn humming(ticks: usize) -> Vec<f32> {
    (0..ticks.div_ceil(PITCH_TICKS))
        .flat_map(|n| sound::tone(pitch_hz(n), 0.2, PITCH_TICKS * FRAME))
        .collect()
}

fn at(tick: usize) -> MediaTime {
    FIRST.slot.start().plus_samples((tick * FRAME) as u64)
}

/// What the programme is in each tick, and the marks that say so.
fn expected_marks(moments: &[Programme]) -> Vec<Mark> {
    let mut last = None;
    let mut marks = Vec::new();
    for (tick, &programme) in moments.iter().enumerate() {
        if last.replace(programme) != Some(programme) {
            let body = match programme {
                Programme::Stage => MarkBody::SlateOver,
                Programme::Slate(reason) => MarkBody::Slate { reason },
            };
            marks.push(Mark { at: at(tick), body });
        }
    }
    marks
}

fn is_slate_mark(mark: &Mark) -> bool {
    matches!(mark.body, MarkBody::Slate { .. } | MarkBody::SlateOver)
}

/// The loudest that a pitch is in 60 ms of this.
fn loudest_dbfs(heard: &[f32], hz: f32) -> f32 {
    let windows = heard.windows(3 * FRAME).step_by(FRAME);
    windows.map(|window| pitch_dbfs(window, hz)).fold(f32::MIN, f32::max)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn what_is_dumped_is_never_heard_and_marks_agree_with_the_sound(
        doings in prop::collection::vec((0u8..4, 5usize..50), 3..7),
    ) {
        let ticks = 10 + doings.iter().map(|(_, ticks)| ticks).sum::<usize>() + DELAY_TICKS + 20;
        let mut hall = Hall::delayed(Channels::Mono, DELAY);
        hall.add(0, true);
        hall.place(0, stentor_types::Place::OnAir);
        hall.send(sound::packets(0, &humming(ticks), Voice::default()));
        // What waits in the line, and what left it.
        let not_started = Programme::Slate(SlateReason::NotStarted);
        let mut wanted = not_started;
        let mut said = vec![not_started; DELAY_TICKS];
        let (mut dumps, mut facts_said) = (Vec::new(), Vec::new());
        let run = |hall: &mut Hall, wanted, said: &mut Vec<Programme>, ticks| {
            (0..ticks).for_each(|_| hall.tick());
            said.resize(said.len() + ticks, wanted);
        };
        run(&mut hall, wanted, &mut said, 10);
        for (doing, ticks) in doings {
            let now = hall.ticks as usize;
            match doing {
                0 | 1 => {
                    wanted = if doing == 0 { Programme::Stage } else { Programme::Slate(SlateReason::Ended) };
                    hall.order(MixerCommand::Programme(wanted));
                }
                2 => {
                    hall.order(MixerCommand::Dump);
                    said[now..].fill(Programme::Slate(SlateReason::Dumped));
                    dumps.push(now);
                }
                _ => {
                    hall.order(MixerCommand::Mark(MarkBody::OnAir));
                    facts_said.push(Mark { at: at(now + DELAY_TICKS), body: MarkBody::OnAir });
                }
            }
            run(&mut hall, wanted, &mut said, ticks);
        }
        run(&mut hall, wanted, &mut said, DELAY_TICKS + 20);
        let heard_until = hall.ticks as usize;

        // Time never jumps, and marks are in its order.
        prop_assert_eq!(hall.chunks.len(), heard_until / 16);
        prop_assert!(hall.chunks.iter().enumerate().all(|(n, chunk)| chunk.position.slot == FIRST.slot.plus(n as u64)));
        prop_assert!(hall.marks.is_sorted_by_key(|mark| mark.at));
        // Slate is said when it is slate, once; facts survive a dump, exact to the frame.
        let slates: Vec<_> = hall.marks.iter().filter(|mark| is_slate_mark(mark)).cloned().collect();
        prop_assert_eq!(slates, expected_marks(&said[..heard_until]));
        let facts: Vec<_> = hall.marks.iter().filter(|mark| mark.body == MarkBody::OnAir).cloned().collect();
        prop_assert_eq!(facts, facts_said);
        // Nobody speaks in slate, and who is heard speaking is named: what the last mark says is what is.
        let programme = hall.programme(Rendition::Opus64);
        for (n, tick) in (WAY_TICKS..heard_until - 20).enumerate().filter(|(n, _)| n % 4 == 0) {
            let around = &said[tick - WAY_TICKS..tick + WAY_TICKS];
            let window = &programme[tick * FRAME..(tick + 3) * FRAME];
            let hum = (0..heard_until / PITCH_TICKS).map(|n| pitch_dbfs(window, pitch_hz(n)));
            let hum = hum.fold(f32::MIN, f32::max);
            if around.iter().all(|programme| *programme == Programme::Stage) {
                prop_assert!(hum > -30.0, "no stage at tick {} ({}): {} dBFS", tick, n, hum);
            }
            if around.iter().all(|programme| *programme != Programme::Stage) {
                prop_assert!(hum < -35.0, "no slate at tick {} ({}): {} dBFS", tick, n, hum);
            }
        }
        for dump in dumps {
            let from = dump.saturating_sub(DELAY_TICKS).div_ceil(PITCH_TICKS);
            for n in from..dump.saturating_sub(WAY_TICKS) / PITCH_TICKS {
                let level = loudest_dbfs(&programme, pitch_hz(n));
                prop_assert!(level < -35.0, "the dump at {} leaves pitch {} at {} dBFS", dump, n, level);
            }
        }
    }
}

#[test]
fn who_speaks_is_said_once_after_a_dump() {
    let mut hall = Hall::delayed(Channels::Mono, DELAY);
    hall.add(0, true);
    hall.order(MixerCommand::Programme(Programme::Stage));
    hall.send(sound::packets(0, &sound::speech(130.0, 0.4, 6 * 48_000), Voice::default()));
    hall.run_seconds(3.0);
    hall.order(MixerCommand::Dump);
    let dumped = hall.mixer.next_media_time();
    hall.run_seconds(1.5);
    let after = dumped.plus_samples(48_000);
    let names = vec!["Speaker 0".parse().expect("a name")];
    let marks: Vec<_> = hall.marks.iter().filter(|mark| mark.at >= dumped).cloned().collect();
    let expected = [
        Mark { at: dumped, body: MarkBody::Slate { reason: SlateReason::Dumped } },
        Mark { at: dumped, body: MarkBody::Speaking { names: Vec::new() } },
        Mark { at: after, body: MarkBody::SlateOver },
        Mark { at: after, body: MarkBody::Speaking { names } },
    ];
    assert_eq!(marks, expected);
    let first = &hall.marks[0];
    assert_eq!(
        first.body,
        MarkBody::Slate { reason: SlateReason::Interrupted },
        "the show was on air before"
    );
}

#[test]
fn the_stage_hears_itself_without_the_delay() {
    let mut hall = Hall::delayed(Channels::Mono, DELAY);
    hall.add(0, true);
    hall.add(1, true);
    hall.order(MixerCommand::Programme(Programme::Stage));
    hall.send(sound::packets(0, &sound::tone(1_000.0, 0.2, 48_000), Voice::default()));
    hall.run_seconds(1.0);
    assert!(pitch_dbfs(&hall.heard_by(1)[24_000..], 1_000.0) > -30.0);
    let all_slate =
        hall.marks.iter().all(|mark| mark.body == MarkBody::Slate { reason: SlateReason::Interrupted });
    assert!(all_slate, "{:?}", hall.marks);
}

#[test]
fn without_a_delay_there_is_nothing_to_dump() {
    let evening = |dump: bool| {
        let mut hall = Hall::on_air(Channels::Mono, &[0]);
        hall.send(sound::packets(0, &sound::speech(130.0, 0.4, 2 * 48_000), Voice::default()));
        hall.run_seconds(1.0);
        if dump {
            hall.order(MixerCommand::Dump);
        }
        hall.run_seconds(1.0);
        (hall.chunks, hall.marks)
    };
    assert_eq!(evening(true), evening(false));
}
