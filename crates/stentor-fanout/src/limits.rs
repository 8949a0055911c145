//! The bounds of a fan-out, each with its arithmetic.

use std::time::Duration;

use stentor_types::limits::WINDOW_CHUNKS;

/// How much a fan-out holds at most. The defaults are the constants of this module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Listeners of all feeds, readers among them.
    pub listeners: usize,
    /// Rewound and replay readers among the listeners.
    pub readers: usize,
    /// Feeds.
    pub feeds: usize,
    /// Groups asked for by [`crate::Output::Fetch`] and not answered yet.
    pub fetches: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { listeners: LISTENERS_MAX, readers: READERS_MAX, feeds: FEEDS_MAX, fetches: FETCHES_MAX }
    }
}

/// Listeners of one shard: a core sends some 1 s / 8 µs = 125,000 pieces a second, so at a flush every 0.96 s half of
/// it is used by 60,000. 65,536 × 64 B of table are 4 MB.
pub const LISTENERS_MAX: usize = 65_536;

/// Rewound and replay readers of one shard. Each may hold one piece that nobody else reads: 3.84 s at 64 kbps are
/// 31 kB, and 1,024 of them 32 MB.
pub const READERS_MAX: usize = 1_024;

/// Feeds of one shard: 8 shows × (3 renditions of Opus × 2 containers + 2 of AAC) × 4 intervals = 256, and as many
/// again that are closing while the next ones open.
pub const FEEDS_MAX: usize = 512;

/// Groups that one shard asks the disk for at once. The process reads 16 at once; a shard has no more in line.
pub const FETCHES_MAX: usize = 16;

/// Slots of sound that a feed keeps: 60 s.
pub const KEPT_SLOTS: u64 = WINDOW_CHUNKS as u64;

/// Slots in the longest group: 3.84 s.
pub const GROUP_SLOTS_MAX: u64 = 12;

/// Bytes of a piece or an opening. 3.84 s at 64 kbps are 31 kB and an opening of 12 such groups 370 kB.
pub const PIECE_BYTES_MAX: usize = 1 << 20;

/// Turns in a slice of a flush: 256 × 8 µs = 2 ms, and 3 ms with those in line, in which the shard accepts nobody. At
/// 15,000 listeners and 0.48 s of spread a slice is due every 8 ms. Each slice finds processor and peers asleep, which shorter ones pay for: in slices
/// of 64, 256 and 1,024 a bare loop of writes to 15,000 takes 7.9, 6.6 and 6.1 µs a write.
pub const SLICE_TURNS: u32 = 256;

/// Sends to those in line between two looks at the world, and goodbyes: 64 × 16 µs for an opening = 1 ms.
pub const SLICE_LINE: u32 = 64;

/// Sends to paced readers between two looks at the world: 16 × 8 µs = 0.13 ms by which they can delay a flush.
pub const SLICE_PACED: u32 = 16;

/// How far the sound that the peer has acknowledged may be behind live. Longer than a tunnel or a change of network,
/// half of what a feed keeps.
pub const LAG_MAX: Duration = Duration::from_secs(30);
