//! How fast a listener gets sound that is already there.

/// The pace of one listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Everything as soon as it is there, in their turn of the flush.
    Live,
    /// 10 s at once, then 1.25 × until live, and live from then on.
    Rewound,
    /// 10 s at once, then 2 ×.
    Replay,
}
