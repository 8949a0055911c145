//! What a gate holds at most, with the arithmetic.

use std::time::Duration;

/// Tickets of one lane of one show at one node. Two bytes of state each are 8 MB; the turns of all of them, if all wait at once, are
/// 8 bytes each, 34 MB; those that crashes lost and that came back are some 24 bytes each. Eight million who come to twenty nodes are 400,000 at each.
pub const TICKETS_MAX: u32 = 1 << 22;

/// Cohorts of one lane, of 4 bytes: one closes at every tick while nobody waits before it, ten times a second at most, so
/// that they last for 29 hours.
pub const COHORTS_MAX: usize = 1 << 20;

/// How long a cohort takes people in while others wait before it.
pub const COHORT_OPEN: Duration = Duration::from_secs(5);

/// Ranks that one call computes: 65,536 × 0.4 µs are 26 ms, so a million are drawn in 16 calls, of which the last sorts
/// them as well.
pub const RANKS_PER_CALL: u32 = 65_536;

/// How long a seat is kept for somebody whose stream broke off.
pub const GRACE: Duration = Duration::from_secs(120);

/// Steps in which everybody is shown when kept seats become free; together they are [`GRACE`].
pub const FREES_STEP: Duration = Duration::from_secs(10);

/// How many of them there are.
pub const FREES: usize = 12;

/// Groups of cohorts of a lane that everybody is shown: each cohort of the next ten minutes, and one for whoever is behind them. 2 × 128 × 20 B
/// in a status document are 5 kB, before compression.
pub const GROUPS_MAX: usize = 128;

/// How long a seat is kept for somebody who may come in and does not: a page looks at the board every 1 to 10 s, and claims then. Who
/// comes later is first in line.
pub const CLAIM_WITHIN: Duration = Duration::from_secs(20);

/// Entries of people who left and came back that are kept at least before they are thrown out: 16 B each.
pub const RETURNED_MAX: usize = 1_024;

/// Serials of one lane that are given out before they are written down: with four batches a second that is 65,000 arrivals a second,
/// twice what a node takes. A crash loses as many, so that the tickets of a show last for 256 crashes.
pub const UNWRITTEN_MAX: u32 = 16_384;

/// Serials of one lane: those of its tickets, and what the last crash may have lost.
pub const SERIALS_MAX: u32 = TICKETS_MAX + UNWRITTEN_MAX;

/// The payload of a batch; what is more is the next one.
pub const BATCH_BYTES_MAX: usize = 1 << 20;

/// What a beacon says in a round; their signatures are 48 or 96 bytes.
pub const PUBLIC_VALUE_BYTES_MAX: usize = 255;

/// A journal is written anew when it is longer than that and twice what it would be anew: an entry is 7 bytes, and
/// somebody who comes and goes as often as they can makes two each time.
pub const JOURNAL_BYTES_MIN: u64 = 4 << 20;

/// A census: 4 rows of 2^18 cells of 4 B are 4 MB, of which only what was hit is in memory. Of a million tickets with two or three networks
/// each some ten fall on a cell; that all four of a network are as full, and conservative update did not spare them, is what
/// quotas of 16 and more leave room for.
pub const CENSUS_WIDTH: usize = 1 << 18;

/// Rows of a census.
pub const CENSUS_ROWS: usize = 4;
