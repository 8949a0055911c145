//! Names of feeds and listeners.

/// A listener. A seat in the table is used again, a name never: one that is over does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListenerId {
    pub(crate) index: u32,
    pub(crate) generation: u32,
}

impl ListenerId {
    /// The listener's seat: below [`crate::Limits::listeners`], dense, and nobody else's while they are there. The
    /// shell's own table can be indexed with it.
    pub const fn index(self) -> usize {
        self.index as usize
    }
}

/// A feed. One that is over does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FeedId {
    pub(crate) index: u32,
    pub(crate) generation: u32,
}

impl FeedId {
    /// The feed's seat: below [`crate::Limits::feeds`], dense, and no other's while it is there.
    pub const fn index(self) -> usize {
        self.index as usize
    }
}
