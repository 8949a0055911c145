//! The ladder's levels as one word, which every thread of a node reads without a lock, and what they mean for one listener.

use stentor_types::Mono;

use crate::ladder::{Ladder, Rung};

/// Slots of sound that come at once at each level of [`Rung::Stretch`]: 0.96, 1.92 and 3.84 s.
pub const STRETCH_SLOTS: [u64; 3] = [3, 6, 12];

/// Kilobits a second at most at each level of [`Rung::Thin`].
pub const THIN_KBPS: [u32; 3] = [64, 32, 16];

/// Of a rung: two bits of level, seven of how many in a hundred have back what it took.
const RUNG_BITS: u32 = 9;
const LEVEL_BITS: u32 = 2;
const WHOLE: u8 = 100;

/// Where each rung is, and how far its last step down has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Levels([OfRung; Rung::COUNT]);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct OfRung {
    level: u8,
    /// Of a hundred listeners, those who are at `level`; the others are still one above.
    restored: u8,
}

/// Nothing is taken.
impl Default for Levels {
    fn default() -> Self {
        Self([OfRung { level: 0, restored: WHOLE }; Rung::COUNT])
    }
}

impl Levels {
    /// Those of a ladder now.
    pub fn of(ladder: &Ladder, now: Mono) -> Self {
        Self(Rung::ALL.map(|rung| OfRung {
            level: ladder.level(rung),
            // Rounds down, so that nobody has it back before their turn.
            restored: (ladder.restored(now, rung) * f32::from(WHOLE)) as u8,
        }))
    }

    /// The level of a rung; at 0 it takes nothing.
    pub fn level(self, rung: Rung) -> u8 {
        self.0[rung as usize].level
    }

    /// The level of a rung for one listener. `place` is theirs for as long as they are there, anything below 100: in its
    /// order they get back what the rung took.
    pub fn level_for(self, rung: Rung, place: u8) -> u8 {
        let OfRung { level, restored } = self.0[rung as usize];
        level + u8::from(place >= restored)
    }

    /// Slots of sound that come to a listener at once; `usual` is what comes where nothing is stretched.
    pub fn slots_for(self, place: u8, usual: u64) -> u64 {
        usual.max(at(&STRETCH_SLOTS, self.level_for(Rung::Stretch, place)))
    }

    /// Kilobits a second that a listener gets at most.
    pub fn kbps_for(self, place: u8) -> u32 {
        at(&THIN_KBPS, self.level_for(Rung::Thin, place))
    }

    /// Nothing is taken from anybody.
    pub fn is_at_rest(self) -> bool {
        self == Self::default()
    }

    /// As one word.
    pub fn to_word(self) -> u64 {
        self.0.iter().rev().fold(0, |word, rung| {
            word << RUNG_BITS | u64::from(rung.restored) << LEVEL_BITS | u64::from(rung.level)
        })
    }

    /// What [`Self::to_word`] made.
    pub fn from_word(word: u64) -> Self {
        Self(Rung::ALL.map(|rung| {
            let bits = word >> (RUNG_BITS * rung as u32);
            let low = |bits: u64, count: u32| (bits & ((1 << count) - 1)) as u8;
            OfRung { level: low(bits, LEVEL_BITS), restored: low(bits >> LEVEL_BITS, RUNG_BITS - LEVEL_BITS) }
        }))
    }
}

/// What a level means. Above the highest there is none.
fn at<T: Copy>(meanings: &[T; 3], level: u8) -> T {
    meanings[usize::from(level).min(meanings.len() - 1)]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ladder::RESTORE;

    fn s(s: u64) -> Mono {
        Mono(s * 1_000_000)
    }

    #[test]
    fn at_rest_everybody_gets_what_they_ask_for() {
        let levels = Levels::of(&Ladder::default(), s(9));
        assert!(levels.is_at_rest());
        assert_eq!((levels.slots_for(99, 1), levels.slots_for(99, 12), levels.kbps_for(99)), (3, 12, 64));
    }

    #[test]
    fn what_is_given_back_comes_to_a_tenth_of_the_listeners_in_ten_seconds() {
        let mut ladder = Ladder::default();
        ladder.pin(s(0), Rung::Stretch, 2);
        ladder.pin(s(0), Rung::Thin, 1);
        let levels = Levels::of(&ladder, s(1));
        assert!((0..WHOLE).all(|place| levels.slots_for(place, 3) == 12 && levels.kbps_for(place) == 32));
        ladder.pin(s(100), Rung::Stretch, 1);
        let stretched = |at| {
            let levels = Levels::of(&ladder, at);
            (0..WHOLE).filter(|&place| levels.slots_for(place, 3) == 12).count()
        };
        assert_eq!([s(100), s(110), s(150), s(100) + RESTORE].map(stretched), [100, 90, 50, 0]);
        assert_eq!(Levels::of(&ladder, s(100)).level(Rung::Stretch), 1);
    }

    #[test]
    fn those_who_did_not_have_it_back_yet_lose_it_with_the_others() {
        let mut ladder = Ladder::default();
        ladder.pin(s(0), Rung::Thin, 1);
        ladder.pin(s(100), Rung::Thin, 0);
        ladder.pin(s(130), Rung::Thin, 1);
        let levels = Levels::of(&ladder, s(131));
        assert!((0..WHOLE).all(|place| levels.kbps_for(place) == 32));
    }

    proptest! {
        #[test]
        fn a_word_says_all(rungs in prop::array::uniform5((0..4u8, 0..=WHOLE))) {
            let levels = Levels(rungs.map(|(level, restored)| OfRung { level, restored }));
            prop_assert_eq!(Levels::from_word(levels.to_word()), levels);
        }

        /// Whatever a word says, a listener gets something that there is.
        #[test]
        fn no_word_is_out_of_bounds(word: u64, place in 0..WHOLE) {
            let levels = Levels::from_word(word);
            prop_assert!(STRETCH_SLOTS.contains(&levels.slots_for(place, 1)));
            prop_assert!(THIN_KBPS.contains(&levels.kbps_for(place)));
        }
    }
}
