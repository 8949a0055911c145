//! A crowd in virtual time: more come than there are seats, half of them before the doors. What is asked here of some ten thousand,
//! the example `million` asks of a million.

#[path = "../examples/crowd/mod.rs"]
mod crowd;

use crowd::{Crowd, Evening};

#[test]
fn the_cap_is_held_the_seats_are_filled_and_the_draw_is_fair() {
    let evening = Evening { arrivals: 40_000, cap: 12_000, seed: 20_261_130 };
    let report = Crowd::new(evening).run();
    assert!(report.inside_max <= 12_000, "{report}");
    assert_eq!(report.refused_wrongly, 0, "{report}");
    assert!(report.filled_after_5_min >= 0.97, "{report}");
    // Of 20,000 in the draw a tenth are 2,000, and a share of them varies by a percentage point by chance alone (1 σ).
    assert!(report.decile_off_max <= 0.04, "{report}");
    assert!(report.ranges_true >= 0.8 * report.ranges_first, "{report}");
}
