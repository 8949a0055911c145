use super::*;

const RATE_HZ: u32 = 48_000;
const GROUP: u64 = 46_080;
const GROUP_US: u64 = 960_000;

/// A listener to whom groups of 0.96 s come, each with its number on the media clock and its time.
fn hear(groups: impl IntoIterator<Item = (u64, u64)>, has_time: bool) -> (Hearing, u64) {
    let mut hearing = Hearing::new();
    let mut last_us = 0;
    for (group, at_us) in groups {
        let end = has_time.then_some((group + 1) * GROUP);
        let sound = Sound { end, samples: GROUP, rate_hz: RATE_HZ, begins: false };
        hearing.hear(at_us, sound, &Bounds::default());
        last_us = at_us;
    }
    (hearing, last_us)
}

/// Five groups at once, then one in each interval; `late_us` is added to the time of each.
fn live(groups: u64, late_us: fn(u64) -> u64) -> impl Iterator<Item = (u64, u64)> {
    (0..groups).map(move |group| (100 + group, 500_000 + group.saturating_sub(4) * GROUP_US + late_us(group)))
}

fn faults(heard: (Hearing, u64)) -> Vec<&'static str> {
    let (mut hearing, last_us) = heard;
    let faults = hearing.finish(last_us, false, &Bounds::default());
    Fault::ALL.iter().filter(|fault| faults.has(**fault)).map(|fault| fault.code()).collect()
}

#[test]
fn a_live_stream_is_sound() {
    for has_time in [true, false] {
        // Half the interval early or late: a flush is spread, and the machine has other things to do.
        let heard = hear(live(60, |group| group * 7_919 % 200_000), has_time);
        assert_eq!(heard.0.clock.media_us, 60 * GROUP_US);
        assert!(heard.0.gap_us_max < 1_200_000 && heard.0.buffer_ms_min() > 900);
        assert_eq!(faults(heard), [""; 0]);
    }
}

/// The opening comes at once, right after a flush; then each group comes late in the next ones.
#[test]
fn a_late_turn_in_the_flush_is_not_behind() {
    for has_time in [true, false] {
        let heard = hear(live(60, |group| if group > 4 { 480_000 } else { 0 }), has_time);
        assert_eq!(heard.0.behind_ms(), 0);
        assert_eq!(faults(heard), [""; 0]);
    }
}

#[test]
fn sound_in_small_pieces_that_falls_behind_is_behind() {
    let mut hearing = Hearing::new();
    let mut at_us = 0;
    for piece in 0..600 {
        at_us = piece * 50_000 + if piece > 400 { 400_000 } else { 0 };
        let sound = Sound { end: None, samples: 2_400, rate_hz: RATE_HZ, begins: false };
        hearing.hear(at_us, sound, &Bounds::default());
    }
    assert!(hearing.finish(at_us, false, &Bounds::default()).has(Fault::Behind));
}

#[test]
fn what_is_left_out_is_a_hole() {
    let heard = hear(live(60, |_| 0).filter(|(group, _)| *group != 120), true);
    assert_eq!((heard.0.clock.holes, heard.0.clock.hole_us), (1, GROUP_US));
    assert_eq!(faults(heard), ["hole"]);
}

#[test]
fn without_a_clock_it_is_sound_that_falls_behind() {
    let heard = hear(live(60, |_| 0).filter(|(group, _)| *group != 120), false);
    assert_eq!(heard.0.behind_ms(), 960);
    assert_eq!(faults(heard), ["behind"]);
}

#[test]
fn what_comes_again_is_a_repeat() {
    let twice = |(group, at_us)| std::iter::repeat_n((group, at_us), if group == 120 { 2 } else { 1 });
    let heard = hear(live(60, |_| 0).flat_map(twice), true);
    assert_eq!((heard.0.clock.repeats, heard.0.clock.repeat_us), (1, GROUP_US));
    assert_eq!(faults(heard), ["repeat"]);
    assert_eq!(faults(hear(live(60, |_| 0).flat_map(twice), false)), ["ahead"]);
}

#[test]
fn a_stall_that_is_made_good_is_a_gap() {
    let heard =
        hear(live(60, |group| if (30..33).contains(&group) { (33 - group) * GROUP_US } else { 0 }), true);
    assert_eq!(heard.0.gaps_over, 1);
    assert_eq!(heard.0.gap_us_max, 4 * GROUP_US);
    assert_eq!(faults(heard), ["gap"]);
}

#[test]
fn a_server_that_lags_is_behind() {
    let heard = hear(live(60, |group| if group > 30 { 400_000 } else { 0 }), true);
    assert_eq!(heard.0.behind_ms(), 400);
    assert_eq!(faults(heard), ["behind"]);
}

#[test]
fn silence_at_the_end_is_a_stall_unless_the_connection_is_gone() {
    let (mut hearing, last_us) = hear(live(20, |_| 0), true);
    let mut gone = hearing.clone();
    assert!(gone.finish(last_us + 5_000_000, true, &Bounds::default()).is_empty());
    let faults = hearing.finish(last_us + 5_000_000, false, &Bounds::default());
    assert!(faults.has(Fault::Stalled) && faults.has(Fault::Gap));
    assert_eq!(hearing.gap_us_max, 5_000_000);
    assert!(Hearing::new().finish(9, false, &Bounds::default()).has(Fault::NoSound));
}

#[test]
fn a_longer_interval_is_not_behind() {
    // From 0.96 s to 3.84 s: four groups come when the last of them does.
    let late_us = |group: u64| if group > 30 { (3 - group % 4) * GROUP_US } else { 0 };
    let bounds = Bounds { gap_us: 8_000_000, settle_us: 8_000_000, ..Bounds::default() };
    let (mut hearing, last_us) = hear(live(100, late_us), true);
    assert!(!hearing.finish(last_us, false, &bounds).has(Fault::Behind));
}

#[test]
fn a_rewound_reader_may_run_ahead() {
    let heard = hear((0..100).map(|group| (group, group * GROUP_US * 4 / 5)), true);
    assert_eq!(faults(heard), [""; 0]);
}

#[test]
fn a_new_stream_has_a_clock_of_its_own() {
    let mut hearing = Hearing::new();
    for (end, begins) in [(9_600, true), (19_200, false), (9_600, true), (19_200, false)] {
        let sound = Sound { end: Some(end), samples: 9_600, rate_hz: RATE_HZ, begins };
        hearing.hear(1, sound, &Bounds::default());
    }
    assert_eq!((hearing.clock.holes, hearing.clock.repeats), (0, 0));
}
