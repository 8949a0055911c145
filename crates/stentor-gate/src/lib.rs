//! Who gets in, in which order: tickets, the draw, the line, seats and quotas.
//!
//! A [`Gate`] is one show at one node, a core: time, randomness and secrets are arguments. Whoever comes gets a
//! [`Ticket`], for which nothing is remembered but that there is one more. Before the doors all tickets are one
//! [cohort](line), whose order is [drawn](draw) when they open; afterwards those who came within 5 s are one. When there is
//! a seat for a ticket's [`Turn`], it is good for a stream, and until the stream has been gone for 2 minutes. A ticket never
//! loses its turn: not by coming early or late, by an error, by a change of address or by a restart.
//!
//! - [`ticket`]: the signed proof of arrival; checking one costs one hash and no memory.
//! - [`draw`]: the seed that is committed to beforehand, and the rank that it gives a ticket.
//! - [`line`]: cohorts in their order, and how far the line has moved.
//! - [`seats`]: who is inside, whose seat is kept, whose ticket is spent.
//! - [`wait`]: how long somebody will wait.
//! - [`gate`]: the core itself.
//! - [`ladder`]: how service bends before it breaks; it knows no ticket.
//! - [`limits`]: what it holds at most.

pub mod draw;
pub mod gate;
pub mod ladder;
pub mod limits;
pub mod line;
pub mod seats;
pub mod ticket;
pub mod wait;

pub use draw::{Commitment, Draw, Rank, Seed};
pub use gate::{Claimed, Gate, Refused, Standing};
pub use ladder::{Ladder, Load, Rung, Sense};
pub use line::{Cohort, Turn};
pub use seats::Seats;
pub use ticket::{Serial, Ticket, TicketError, TicketKey, TicketKeys};
pub use wait::Range;
