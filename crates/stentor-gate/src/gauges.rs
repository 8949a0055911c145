//! What a node measures, and how full that makes it.
//!
//! A gauge becomes a share of what there is, 1 being where its rung moves; beside it stands what the share would be one level lower,
//! by what a level is known to save. The ladder knows none of these units.

use crate::ladder::{Ladder, Load, Rung, Sense};

/// The busiest thread of the front door, as a share of its core. The rest is for a second in which more join.
pub const PROCESSOR_FULL: f32 = 0.85;

/// How late a flush may be, as a share of its interval: at half of it a listener's buffer still has one and a half.
pub const LATENESS_FULL: f32 = 0.5;

/// Of the egress that was configured: no sensor sees a provider's limit, and what is sent again comes on top.
pub const EGRESS_FULL: f32 = 0.8;

/// Listeners whose sockets take no more, of all. On good lines that is one in some hundred.
pub const BLOCKED_FULL: f32 = 0.05;

/// Segments that were sent again, of all. A line that is full loses one in ten and more; a train less.
pub const RESENT_FULL: f32 = 0.1;

/// Chunks that listeners have lost, of all: what is promised is one in a thousand.
pub const LOST_FULL: f32 = 0.001;

/// What a listener costs at each level of [`Rung::Stretch`], in relation: µs of a core and second of sound with a flush
/// each second, two and four.
pub const STRETCH_COSTS: [f32; 3] = [8.0, 4.4, 2.5];

/// What a node measures, over the last second unless it says otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Gauges {
    /// Time that the busiest thread of the front door was on its core, of 1.
    pub processor: f32,
    /// How late the latest turn of a flush was, in intervals.
    pub lateness: f32,
    /// What was sent, in bit/s.
    pub egress_bps: f32,
    /// What would have been sent if everybody had the rendition that they asked for.
    pub egress_wanted_bps: f32,
    /// What may be sent, if somebody said that.
    pub egress_max_bps: Option<f32>,
    /// Listeners whose sockets take no more, of all.
    pub blocked: f32,
    /// Segments that were sent again, of all.
    pub resent: f32,
    /// Descriptors, kernel memory for sockets, and TLS handshakes in a second, each of what there is.
    pub descriptors: f32,
    /// See [`Gauges::descriptors`].
    pub memory: f32,
    /// See [`Gauges::descriptors`].
    pub handshakes: f32,
    /// Seats that are taken.
    pub taken: u32,
    /// Who waits for one.
    pub waiting: u32,
    /// Seats that there are.
    pub cap: u32,
    /// Chunks that listeners have lost, of all, over the last ten seconds.
    pub lost: f32,
}

impl Gauges {
    /// How full a node is, with its rungs where they are.
    pub fn load(&self, ladder: &Ladder) -> Load {
        let (processor, egress) = (self.processor(ladder), self.egress(ladder));
        let is_spent = |rung: Rung| ladder.level(rung) >= rung.highest_by_itself();
        let beyond = |rung, sense: Sense| if is_spent(rung) { sense.now } else { 0.0 };
        let limits = [
            self.descriptors,
            self.memory,
            self.handshakes,
            beyond(Rung::Stretch, processor),
            beyond(Rung::Thin, egress),
        ];
        let limit = limits.into_iter().fold(0.0, f32::max);
        let of_cap = |seats: u32| if self.cap == 0 { 1.0 } else { seats as f32 / self.cap as f32 };
        // Without the rung everybody who waits comes in.
        let everybody = self.taken.saturating_add(self.waiting);
        let more = everybody as f32 / self.taken.max(1) as f32;
        let seats = Sense {
            now: limit.max(of_cap(self.taken)),
            lower: (limit * more.max(1.0)).max(of_cap(everybody)),
        };
        let lost = self.lost / LOST_FULL;
        Load { processor, egress, seats, lost: Sense { now: lost, lower: lost } }
    }

    fn processor(&self, ladder: &Ladder) -> Sense {
        let level = usize::from(ladder.level(Rung::Stretch)).min(STRETCH_COSTS.len() - 1);
        let busy = self.processor / PROCESSOR_FULL;
        Sense {
            now: busy.max(self.lateness / LATENESS_FULL),
            // What is late now says nothing of another interval.
            lower: busy * STRETCH_COSTS[level.saturating_sub(1)] / STRETCH_COSTS[level],
        }
    }

    fn egress(&self, ladder: &Ladder) -> Sense {
        let configured = self.egress_max_bps.map_or(0.0, |max| self.egress_bps / (max * EGRESS_FULL));
        let now = configured.max(self.blocked / BLOCKED_FULL).max(self.resent / RESENT_FULL);
        let is_thin = ladder.level(Rung::Thin) > 0 && self.egress_bps > 0.0;
        let more = if is_thin { self.egress_wanted_bps / self.egress_bps } else { 1.0 };
        Sense { now, lower: now * more.max(1.0) }
    }
}

#[cfg(test)]
mod tests {
    use stentor_types::Mono;

    use super::*;

    #[test]
    fn what_is_nearest_to_its_limit_counts() {
        let ladder = Ladder::default();
        let load = |gauges: Gauges| Gauges { cap: 100, ..gauges }.load(&ladder);
        let busy = load(Gauges { processor: PROCESSOR_FULL, ..Gauges::default() });
        assert!((busy.processor.now - 1.0).abs() < 1e-6 && busy.seats.now < 1.0);
        assert!(load(Gauges { lateness: LATENESS_FULL, ..Gauges::default() }).processor.now >= 1.0);
        let sent = Gauges { egress_bps: 8e8, egress_max_bps: Some(1e9), ..Gauges::default() };
        assert!((load(sent).egress.now - 1.0).abs() < 1e-3);
        let nobody_said = Gauges { egress_max_bps: None, blocked: 0.06, ..sent };
        assert!(load(nobody_said).egress.now > 1.0, "full sockets say what nobody has configured");
        assert!(load(Gauges { taken: 100, ..Gauges::default() }).seats.now >= 1.0);
        assert!(load(Gauges { descriptors: 1.0, ..Gauges::default() }).seats.now >= 1.0);
    }

    #[test]
    fn new_seats_end_when_nothing_else_is_left_to_spend() {
        let mut ladder = Ladder::default();
        let gauges = Gauges { processor: 1.0, taken: 10, cap: 100, ..Gauges::default() };
        assert!(gauges.load(&ladder).seats.now < 1.0);
        ladder.pin(Mono(0), Rung::Stretch, 2);
        assert!(gauges.load(&ladder).seats.now >= 1.0);
    }

    #[test]
    fn one_level_lower_costs_what_it_had_saved() {
        let mut ladder = Ladder::default();
        ladder.pin(Mono(0), Rung::Stretch, 1);
        ladder.pin(Mono(0), Rung::Thin, 1);
        let gauges = Gauges {
            processor: 0.44 * PROCESSOR_FULL,
            egress_bps: 4e8,
            egress_wanted_bps: 6e8,
            egress_max_bps: Some(1e9),
            cap: 1,
            ..Gauges::default()
        };
        let load = gauges.load(&ladder);
        assert!((load.processor.lower - 0.8).abs() < 1e-3, "{:?}", load.processor);
        assert!((load.egress.lower - 0.75).abs() < 1e-3, "{:?}", load.egress);
    }
}
