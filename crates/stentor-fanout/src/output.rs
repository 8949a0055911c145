//! What goes into a fan-out with a listener, and what comes out.

use std::fmt;

use bytes::Bytes;
use stentor_types::{Mono, Slot};

use crate::id::{FeedId, ListenerId};
use crate::pace::Pace;
use crate::piece::Coding;

/// Somebody who joins.
#[derive(Clone, Debug)]
pub struct Joining {
    /// What they get first: the head of the response, that of the container and, for who is live, the burst. One shared
    /// piece for all who join in the same interval.
    pub opening: Bytes,
    /// The first group in the opening, or `next` if there is no sound in it.
    pub first: Slot,
    /// The first group after the opening.
    pub next: Slot,
    /// How the body is delimited.
    pub coding: Coding,
    /// How fast they get what is already there.
    pub pace: Pace,
}

/// Why nobody can join, or no feed be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Full {
    /// As many listeners as [`crate::Limits::listeners`]. Somebody has to leave first.
    Listeners,
    /// As many rewound and replay readers as [`crate::Limits::readers`]; who wants to hear what is live can still join.
    Readers,
    /// As many feeds as [`crate::Limits::feeds`].
    Feeds,
    /// The feed is closed; there may be another of the same show.
    Closed,
}

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Listeners => "there are as many listeners as there may be",
            Self::Readers => "there are as many readers of older sound as there may be",
            Self::Feeds => "there are as many feeds as there may be",
            Self::Closed => "the feed is closed",
        })
    }
}

impl std::error::Error for Full {}

/// Why a listener is let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Why {
    /// They have everything, the end of the body included; the connection is good for another request if their coding is
    /// [`Coding::Chunked`].
    Ended,
    /// They were behind live for longer than [`crate::limits::LAG_MAX`] after they had been moved there once, or took nothing of what
    /// is not live for as long.
    Lagging,
    /// The sound that they are at could not be had.
    Lost,
}

/// What a fan-out wants done.
#[derive(Debug, PartialEq, Eq)]
pub enum Output<'a> {
    /// Give these bytes to the listener's socket, then say how many it took with [`crate::Fanout::sent`].
    Send {
        /// Whose.
        id: ListenerId,
        /// At least one.
        bytes: &'a [u8],
    },
    /// Frame this group, which is older than what the feed keeps, and answer with [`crate::Fanout::fetched`].
    Fetch {
        /// The feed.
        feed: FeedId,
        /// The group's first slot.
        group: Slot,
    },
    /// Let the listener go. The name is over already.
    Close {
        /// Whom.
        id: ListenerId,
        /// Why.
        why: Why,
    },
    /// Nothing more to do before then, or before the next call. It may be now or earlier: then there is more, but it is
    /// time to look at the sockets and who wants in. [`Mono`]'s greatest value is never.
    Timeout(Mono),
}
