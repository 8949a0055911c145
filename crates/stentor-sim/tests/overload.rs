//! More demand than a node can meet, for half an hour, and then calm.

use stentor_gate::Rung;
use stentor_gate::ladder::Cause;
use stentor_sim::overload::{Demand, Overload, run};

const CALM: Demand = Demand { from_s: 0, processor: 0.3, egress: 0.3 };
const HALF_AN_HOUR_S: u64 = 30 * 60;

fn level_at_end(report: &Overload, rung: Rung) -> u8 {
    report.moves.iter().rev().find(|(_, moved)| moved.rung == rung).map_or(0, |(_, moved)| moved.level)
}

fn run_overload(seed: u64, processor: f32, egress: f32) -> Overload {
    let over = Demand { from_s: 60, processor, egress };
    let calm = Demand { from_s: 60 + HALF_AN_HOUR_S, ..CALM };
    run(seed, &[CALM, over, calm], 2 * HALF_AN_HOUR_S + 60)
}

#[test]
fn half_as_much_again_as_a_processor_can_costs_latency_once_and_is_given_back_once() {
    for seed in 0..20 {
        let report = run_overload(seed, 1.5, 0.3);
        let of =
            |cause| report.moves.iter().filter(move |(_, moved)| moved.cause == cause).collect::<Vec<_>>();
        let (up, down) = (of(Cause::Load), of(Cause::Calm));
        // Half as much at two seconds is 83 %: one level is enough, and every other rung stays.
        assert!(report.moves.iter().all(|(_, moved)| moved.rung == Rung::Stretch), "{report}");
        assert!((up.len(), down.len()) == (1, 1), "{report}");
        assert!(up[0].0 <= 62, "within two seconds: {report}");
        assert!(report.over_s <= 3, "{report}");
        assert_eq!(level_at_end(&report, Rung::Stretch), 0, "{report}");
    }
}

#[test]
fn a_third_more_than_may_be_sent_costs_bitrate_and_nothing_else() {
    for seed in 0..20 {
        let report = run_overload(seed, 0.3, 1.35);
        assert!(report.moves.iter().all(|(_, moved)| moved.rung == Rung::Thin), "{report}");
        assert!(report.moves.len() == 2 && report.moves[0].0 <= 62, "{report}");
        assert_eq!(level_at_end(&report, Rung::Thin), 0, "{report}");
    }
}

#[test]
fn what_no_rung_can_save_ends_new_seats_and_never_swings() {
    for seed in 0..20 {
        let report = run_overload(seed, 6.0, 3.0);
        // Two levels of stretch, one of thin, then the cap; and back.
        let ups = report.moves.iter().filter(|(_, moved)| moved.cause == Cause::Load).count();
        assert!(ups == 4, "{report}");
        assert!(report.over_s <= 10, "{report}");
        for rung in [Rung::Stretch, Rung::Thin, Rung::Cap] {
            assert_eq!(level_at_end(&report, rung), 0, "{report}");
        }
    }
}
