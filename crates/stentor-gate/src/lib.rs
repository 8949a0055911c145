//! Who gets in, in which order: tickets, the draw, the line, seats and quotas.
//!
//! A [`Gate`] is one show at one node, a core: time, randomness and secrets are arguments. Whoever comes gets a
//! [`Ticket`], for which two bytes are remembered. Before the doors all tickets are one
//! [cohort](line), whose order is [drawn](draw) when they open; afterwards those who came within 5 s are one. When there is
//! a seat for a ticket's [`Turn`], it is good for a stream, and until the stream has been gone for 2 minutes. A ticket never
//! loses its turn: not by coming early or late, by an error, by a change of address or by a restart; a crash takes nothing but what
//! happened in its last quarter of a second.
//!
//! - [`ticket`]: the signed proof of arrival; checking one costs one hash and no memory.
//! - [`draw`]: the seed that is committed to beforehand, and the rank that it gives a ticket.
//! - [`line`]: cohorts in their order, and how far the line has moved.
//! - [`seats`]: who is inside, whose seat is kept, whose ticket is spent.
//! - [`quota`] and [`networks`]: who asks for more than a network of their kind has people.
//! - [`wait`]: how long somebody will wait.
//! - [`board`]: what everybody is shown, from which a page works out its place.
//! - [`gate`]: the core itself.
//! - [`recover`]: the gate after a restart, from the journal that it wrote.
//! - [`ladder`]: how service bends before it breaks; it knows no ticket.
//! - [`levels`]: where its rungs are, for every thread of a node, and what that means for a listener.
//! - [`senses`]: from what a machine has counted to what a node measures.
//! - [`gauges`]: what a node measures, as the shares by which the ladder moves.
//! - [`limits`]: what it holds at most.

pub mod board;
pub mod draw;
pub mod gate;
pub mod gauges;
mod journal;
pub mod ladder;
pub mod levels;
pub mod limits;
pub mod line;
mod lost;
pub mod networks;
pub mod quota;
pub mod recover;
pub mod seats;
pub mod senses;
pub mod ticket;
pub mod wait;

pub use board::{Board, Group, LaneBoard};
pub use draw::{Commitment, Draw, Rank, Seed};
pub use gate::{Asked, Claimed, Gate, Refused, Standing};
pub use gauges::Gauges;
pub use ladder::{Ladder, Load, Rung, Sense};
pub use levels::Levels;
pub use line::{Cohort, NoTicket, Turn};
pub use networks::{Census, Extent};
pub use quota::Quotas;
pub use recover::{RecoverError, Recovered};
pub use seats::{Pass, Seats};
pub use senses::{Readings, Senses};
pub use ticket::{Serial, Ticket, TicketError, TicketKey, TicketKeys};
pub use wait::Range;
