//! The fan-out: which listener gets which bytes when.
//!
//! One [`Fanout`] holds the listeners of one shard. The shell frames sound, owns the sockets and does the system calls;
//! what is sent to whom, in which order and when is decided here, from times and numbers of bytes.
//!
//! - A **feed** is the last 60 s of one rendition in one container and interval, as [`Piece`]s that all its listeners send.
//! - A **flush** begins with every new piece: everybody who is live has a turn, the same each time, spread over a part of the
//!   interval ([`spread`]) in slices of [`limits::SLICE_TURNS`], so that the shard sees to other things in between.
//! - A listener is a cursor: the group they are at, and how much of its piece they have had. Whose socket is full falls
//!   behind on the feed and goes on from there; nothing is queued for anybody.

mod fanout;
mod feed;
mod flush;
mod id;
mod lag;
pub mod limits;
mod listener;
mod order;
mod output;
mod pace;
mod piece;
mod readers;
mod switching;

pub use fanout::Fanout;
pub use feed::FeedSpec;
pub use flush::spread;
pub use id::{FeedId, ListenerId};
pub use limits::Limits;
pub use output::{Full, Joining, Output, Why};
pub use pace::Pace;
pub use piece::{Coding, Piece};
