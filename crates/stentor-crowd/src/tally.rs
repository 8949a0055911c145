//! What a process of the crowd has to tell: a record of each listener and an account of itself.

use serde::{Deserialize, Serialize};

use crate::fault::Faults;
use crate::histogram::Histogram;
use crate::listener::{Kinds, Role};

/// What one listener met. Durations and times are microseconds if not named otherwise; times are counted from the beginning of the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its place in the crowd.
    pub index: u32,
    /// How it read.
    pub role: Role,
    /// What was wrong.
    pub faults: Faults,
    /// The status of its answer; 0 without one.
    pub status: u16,
    /// What was wrong first, for a person.
    pub why: String,
    /// When it called connect().
    pub came_us: u64,
    /// From connect() until the connection stood, the handshake of TLS included.
    pub connected_us: Option<u64>,
    /// From connect() to the first byte of sound.
    pub first_sound_us: Option<u64>,
    /// From the first byte of sound to the end.
    pub heard_for_us: u64,
    /// From connect() to the connection's end, if it ended before the run.
    pub ended_us: Option<u64>,
    /// Bytes of the body, without HTTP's framing.
    pub body_bytes: u64,
    /// Sound that came, by its own clock.
    pub media_us: u64,
    /// The longest time between two sounds.
    pub gap_us_max: u64,
    /// Times between two sounds that were beyond the bound.
    pub gaps_over: u32,
    /// Places where the media clock left something out.
    pub holes: u32,
    /// How much.
    pub hole_us: u64,
    /// Places where the media clock went back.
    pub repeats: u32,
    /// By how much.
    pub repeat_us: u64,
    /// How much later the sound was at the end than at its best.
    pub behind_ms: i32,
    /// The least that a player would have had left that began with the first byte; below zero it had to wait.
    pub buffer_ms_min: i32,
}

/// What a process did and what it cost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Its listeners.
    pub records: Vec<Record>,
    /// Listeners whose time to come was after the end.
    pub not_come: u32,
    /// Kinds of sound that the server answered with.
    pub kinds: Kinds,
    /// All times between two sounds.
    pub gaps: Histogram,
    /// How it went with itself.
    pub engines: Vec<Account>,
}

/// A process's account of itself: whether what it measured was the server or its own slowness. Microseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// From the beginning to the end.
    pub ran_us: u64,
    /// CPU time of the whole process.
    pub cpu_us: u64,
    /// How long its thread was ready and had no CPU.
    pub waited_us: u64,
    /// The longest turn of its loop: bytes may have lain there for so long.
    pub turn_us_max: u64,
    /// Turns beyond [`crate::LATE_US`].
    pub turns_late: u32,
    /// How much later than planned a listener came, at most.
    pub arrival_late_us_max: u64,
}

impl Outcome {
    /// Adds what another process has to tell.
    pub fn merge(&mut self, other: Self) {
        self.records.extend(other.records);
        self.not_come += other.not_come;
        self.kinds.merge(other.kinds);
        self.gaps.merge(&other.gaps);
        self.engines.extend(other.engines);
    }
}

/// How a run is going.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Seconds since the beginning.
    pub at_s: u64,
    /// Who has called connect().
    pub came: u32,
    /// Who has heard sound.
    pub hearing: u32,
    /// Whose connection has ended.
    pub ended: u32,
    /// Bytes of bodies so far.
    pub body_bytes: u64,
}

impl Progress {
    /// Adds that of another process.
    pub fn merge(&mut self, other: &Self) {
        self.at_s = self.at_s.max(other.at_s);
        self.came += other.came;
        self.hearing += other.hearing;
        self.ended += other.ended;
        self.body_bytes += other.body_bytes;
    }
}
