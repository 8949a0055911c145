//! Randomness from a seed.

/// SplitMix64 (Steele, Lea and Flood 2014): the same numbers for the same seed, on every machine.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// The numbers of this seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `limit`.
    ///
    /// # Panics
    /// If that is 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// Whether something happens that happens so many times in a hundred.
    pub fn is_one_of(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// How long something lasts that ends as likely at every moment, and lasts so long on average.
    pub fn lasting(&mut self, average: u64) -> u64 {
        let share = (self.below(1 << 53) as f64 + 1.0) / (1u64 << 53) as f64;
        (-share.ln() * average as f64) as u64
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}
