//! Evenings in virtual time, each of some ten thousand people; the example `million` asks the first of a million.

use stentor_sim::{Plan, Report, Wave, evening};

fn rush() -> Plan {
    Plan::rush(40_000, 12_000)
}

/// What is true of every evening.
fn run(plan: &Plan) -> Report {
    let report = evening::run(plan);
    assert!(report.inside_max <= plan.cap, "{report}");
    assert_eq!((report.refused_wrongly, report.set_back), (0, 0), "{plan:?}: {report}");
    report
}

#[test]
fn the_cap_is_held_the_seats_are_filled_and_the_draw_is_fair() {
    let report = run(&rush());
    assert!(report.filled_after_5_min >= 0.97 && report.filled >= 0.97, "{report}");
    // Of 20,000 in the draw a tenth are 2,000, and a share of them varies by a percentage point by chance alone (1 σ).
    assert!(report.decile_off_max <= 0.04, "{report}");
    assert!(report.truth() >= 0.8 && report.unknown() <= 0.2, "{report}");
}

#[test]
fn fault_4_everybody_reconnects_at_once_and_nobody_loses_their_seat() {
    let report = run(&Plan { glitch_s: Some(900), ..rush() });
    assert!(report.filled >= 0.97 && report.truth() >= 0.8, "{report}");
}

#[test]
fn fault_7_a_second_wave_while_it_is_full_waits_in_order_and_is_told_the_truth() {
    let late = Wave { from_s: 1_200, to_s: 1_260, people: 10_000 };
    let mut plan = rush();
    plan.waves.push(late);
    let report = run(&Plan { end_s: 6_000, ..plan });
    assert!(report.truth() >= 0.8, "{report}");
}

#[test]
fn fault_10_the_seats_of_those_who_give_up_do_not_stay_idle() {
    let report = run(&Plan { gone_percent: 70, ..rush() });
    assert!(report.filled >= 0.95, "{report}");
}

#[test]
fn fault_33_whoever_mints_tickets_gets_no_more_than_their_quota_of_the_draw() {
    let report = run(&Plan { minted: 20_000, ..rush() });
    // 512 for a block, of whom the draw calls as many as of all: 12,000 of 20,512, six in ten.
    assert!(report.minted_called <= 512 * 7 / 10, "{report}");
    assert!(report.filled_after_5_min >= 0.97, "{report}");
}

#[test]
fn nobody_loses_their_place_or_their_seat_when_the_server_is_killed() {
    // Before the doors, in the draw, while many arrive, and when it has been full for long; and twice.
    for kills_s in [vec![100], vec![152], vec![200], vec![1_500], vec![149, 151]] {
        let report = run(&Plan { kills_s: kills_s.clone(), ..rush() });
        assert!(report.filled >= 0.95 && report.truth() >= 0.8, "{kills_s:?}: {report}");
    }
}
