//! The draw: a seed that is committed to beforehand and shown at the start, and the rank that it gives a ticket.
//!
//! Everything is SHA-256 (FIPS 180-4), so that a page, or whoever wants to check the draw the next morning, needs nothing
//! of ours: the commitment is the hash of the seed; the draw is the hash of `stentor draw`, the seed and a public value that was named
//! beforehand and did not exist yet (a beacon's round; it may be empty); a rank is the first 4 bytes of the hash of the draw
//! and a ticket's signature.

use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::line::Turn;
use crate::ticket::{Signature, Ticket};

/// Without it, a draw without a public value would be the commitment, which everybody knows beforehand.
const DRAW: &[u8] = b"stentor draw";

/// What decides, kept secret until the start.
#[derive(Clone)]
pub struct Seed([u8; 32]);

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(…)")
    }
}

/// What is shown of a seed beforehand: nobody can exchange it any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commitment(pub [u8; 32]);

/// What gives ranks. Shown at the start, together with the seed and the public value that it is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draw([u8; 32]);

/// A ticket's place among those who arrived together: the lower the earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank(pub u32);

impl Rank {
    /// How many there are.
    pub const ALL: u64 = 1 << 32;
}

impl Seed {
    /// A seed of 32 random bytes.
    pub const fn new(random: [u8; 32]) -> Self {
        Self(random)
    }

    /// What is shown beforehand.
    pub fn commitment(&self) -> Commitment {
        Commitment(Sha256::digest(self.0).into())
    }

    /// What is shown at the start.
    pub const fn revealed(&self) -> [u8; 32] {
        self.0
    }

    /// The draw, with a public value that nobody knew when the seed was committed to.
    pub fn draw(&self, public_value: &[u8]) -> Draw {
        Draw(
            Sha256::new()
                .chain_update(DRAW)
                .chain_update(self.0)
                .chain_update(public_value)
                .finalize()
                .into(),
        )
    }
}

impl Draw {
    /// What is hashed with a signature.
    pub const fn key(&self) -> [u8; 32] {
        self.0
    }

    /// The place of a ticket in the line.
    pub fn turn(&self, ticket: &Ticket) -> Turn {
        let Ticket { lane, serial, cohort, signature } = *ticket;
        Turn { lane, cohort, rank: self.rank(&signature), serial }
    }

    /// The rank of a ticket.
    pub fn rank(&self, signature: &Signature) -> Rank {
        let hash = Sha256::new().chain_update(self.0).chain_update(signature.0).finalize();
        Rank(u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_sha256_says() {
        // SHA-256 of 32 zero bytes, as `head -c32 /dev/zero | sha256sum` says it.
        let commitment = Seed::new([0; 32]).commitment().0;
        assert_eq!(commitment[..4], [0x66, 0x68, 0x7a, 0xad]);
        assert_ne!(Seed::new([0; 32]).draw(&[]).0, commitment, "who sees the one must not know the other");
    }

    #[test]
    fn a_public_value_changes_every_rank() {
        let seed = Seed::new([7; 32]);
        let signature = Signature([9; 16]);
        assert_ne!(seed.draw(b"round 1").rank(&signature), seed.draw(b"round 2").rank(&signature));
    }
}
