//! How many listen, by what is known of them.

use std::ops::{Add, AddAssign};

use serde::{Deserialize, Serialize};

/// Listeners of streams, each number at most the one before it. Sums over nodes are exact.
///
/// A peer that never reads still acknowledges some 120 kB, half a minute at 32 kbit/s, a paused tab minutes, and a proxy
/// acknowledges for others: so `delivered` is an upper bound of who hears.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listeners {
    /// Streams that were answered and are open.
    pub connected: u32,
    /// Those whose kernel has taken the sound that was due.
    pub written: u32,
    /// Those whose peer has acknowledged it over TCP.
    pub delivered: u32,
}

impl Listeners {
    /// Counts one more, of whom this much is known: what was delivered was written, and who was written to is connected.
    pub fn count(&mut self, is_written: bool, is_delivered: bool) {
        self.connected += 1;
        self.written += u32::from(is_written || is_delivered);
        self.delivered += u32::from(is_delivered);
    }
}

impl Add for Listeners {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            connected: self.connected + other.connected,
            written: self.written + other.written,
            delivered: self.delivered + other.delivered,
        }
    }
}

impl AddAssign for Listeners {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn each_number_is_at_most_the_one_before(of in prop::collection::vec(any::<(bool, bool)>(), 0..100), split: prop::sample::Index) {
            let count = |of: &[(bool, bool)]| {
                let mut listeners = Listeners::default();
                of.iter().for_each(|&(is_written, is_delivered)| listeners.count(is_written, is_delivered));
                listeners
            };
            let all = count(&of);
            prop_assert!(all.delivered <= all.written && all.written <= all.connected);
            prop_assert_eq!(all.connected as usize, of.len());
            let (a, b) = of.split_at(split.index(of.len() + 1));
            prop_assert_eq!(count(a) + count(b), all);
        }
    }
}
