//! What a gate holds at most, with the arithmetic.

use std::time::Duration;

/// Tickets of one show at one node. A byte of state each is 4 MB; the turns of all of them, if all wait at once, are
/// 8 bytes each, 32 MB. Eight million who come to twenty nodes are 400,000 at each.
pub const TICKETS_MAX: u32 = 1 << 22;

/// Cohorts of one lane: one a second for 12 days, and 4 MB.
pub const COHORTS_MAX: usize = 1 << 20;

/// How long a cohort takes people in while others wait before it.
pub const COHORT_OPEN: Duration = Duration::from_secs(5);

/// Ranks that one call computes: 65,536 × 0.4 µs are 26 ms, so a million are drawn in 16 calls.
pub const RANKS_PER_CALL: u32 = 65_536;

/// How long a seat is kept for somebody whose stream broke off.
pub const GRACE: Duration = Duration::from_secs(120);

/// How long a seat is kept for somebody who may come in and does not: a page asks every 1 to 10 s, and sleeps at most
/// some more. Who comes later is first in line.
pub const CLAIM_WITHIN: Duration = Duration::from_secs(20);

/// Entries of people who left and came back that are kept at least before they are thrown out: 24 B each.
pub const RETURNED_MAX: usize = 1_024;
