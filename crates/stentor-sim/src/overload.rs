//! A node that has more to do than it can, and its ladder.

use std::fmt;

use stentor_gate::gauges::{EGRESS_FULL, PROCESSOR_FULL, STRETCH_COSTS};
use stentor_gate::ladder::Moved;
use stentor_gate::{Gauges, Ladder, Rung};
use stentor_types::Mono;

use crate::chance::Chance;

/// What everybody who comes would cost without a ladder, as a share of the node, from one second on until the next.
#[derive(Clone, Copy, Debug)]
pub struct Demand {
    /// From then on,
    pub from_s: u64,
    /// so much of what the processor can do,
    pub processor: f32,
    /// and of what may be sent.
    pub egress: f32,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Overload {
    /// When which rung moved.
    pub moves: Vec<(u64, Moved)>,
    /// Seconds in which more was to be done than the node can.
    pub over_s: u64,
}

impl fmt::Display for Overload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at_s, Moved { rung, level, cause }) in &self.moves {
            writeln!(f, "{at_s:>6} s  {rung:?} {level}, by {cause:?}")?;
        }
        write!(f, "{} s over", self.over_s)
    }
}

/// What thinning leaves of what is sent, where half of the listeners asked for 64 kbit/s and half for 32.
const THIN: f32 = 2.0 / 3.0;

/// Seats that a gate keeps for those who lost their connection, and how many it fills in a second, of all.
const KEPT: f32 = 0.05;
const FILLS: f32 = 0.02;

/// Measurements are off by so much.
const NOISE_PERCENT: u64 = 4;

/// Runs until `end_s`. Whoever finds no seat when new ones have ended costs nothing.
pub fn run(seed: u64, demands: &[Demand], end_s: u64) -> Overload {
    let mut chance = Chance::new(seed);
    let (mut ladder, mut report) = (Ladder::default(), Overload::default());
    // Who is inside of those who come; the rest waits.
    let mut inside = 1.0_f32;
    for at_s in 0..end_s {
        let demand = demands.iter().rev().find(|demand| demand.from_s <= at_s);
        let Some(demand) = demand else { continue };
        let now = Mono(at_s * 1_000_000);
        let is_capped = ladder.level(Rung::Cap) > 0;
        let (stretch, thin) = (remains(&ladder, now, Rung::Stretch), remains(&ladder, now, Rung::Thin));
        let most = (1.0 / (demand.processor * stretch)).min(1.0 / (demand.egress * thin)).min(1.0);
        // A gate fills its seats by and by, and keeps some for whoever lost theirs.
        let seats = if most < 1.0 { most * (1.0 - KEPT) } else { 1.0 };
        inside = if is_capped { (inside + FILLS).min(seats) } else { 1.0 };
        let processor = demand.processor * inside * stretch;
        let egress = demand.egress * inside * thin;
        report.over_s += u64::from(processor > 1.0 || egress > 1.0);
        let mut noisy = |share: f32| {
            share * (1.0 + (chance.below(2 * NOISE_PERCENT + 1) as f32 - NOISE_PERCENT as f32) / 100.0)
        };
        let people = 10_000.0;
        let gauges = Gauges {
            // Nothing is busier than busy; then it is late.
            processor: noisy(processor * PROCESSOR_FULL).min(1.0),
            lateness: (processor - 1.0).max(0.0),
            egress_bps: noisy(egress),
            egress_wanted_bps: demand.egress * inside,
            egress_max_bps: Some(1.0 / EGRESS_FULL),
            taken: (people * inside) as u32,
            waiting: (people * (1.0 - inside)) as u32,
            cap: u32::MAX,
            ..Gauges::default()
        };
        report.moves.extend(ladder.tick(now, &gauges.load(&ladder)).into_iter().map(|moved| (at_s, moved)));
    }
    report
}

/// What is left of the cost, with some having back already what a level took.
fn remains(ladder: &Ladder, now: Mono, rung: Rung) -> f32 {
    let left = |level: u8| match rung {
        Rung::Stretch => STRETCH_COSTS[usize::from(level)] / STRETCH_COSTS[0],
        _ => THIN.powi(i32::from(level)),
    };
    let (level, restored) = (ladder.level(rung), ladder.restored(now, rung));
    if restored >= 1.0 {
        return left(level);
    }
    let above = (level + 1).min(rung.highest_by_itself());
    restored * left(level) + (1.0 - restored) * left(above)
}
