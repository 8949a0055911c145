//! WHIP and stage sessions on str0m: packets in, packets out.
//!
//! A core: no socket, thread or clock. The shell owns one UDP port and one TCP port and does this:
//!
//! 1. Once per process: [`Identity::generate`] makes the DTLS certificate that all sessions share.
//! 2. For each accepted HTTP request: [`Session::accept`] turns an SDP offer into an answer;
//!    [`Demux::insert`] makes the session known under its ICE user name.
//! 3. For each datagram, or frame of a TCP connection ([`framing::Deframer`]): [`Demux::route`] names
//!    the session or says nothing, which means: drop it. The named session gets it by
//!    [`Session::handle_packet`]; what that call returns goes back to the demultiplexer.
//! 4. After every call: [`Session::poll_output`] until it says [`Output::Timeout`].
//!
//! Nothing is kept for a packet that no accepted offer stands behind.
//!
//! The keys, ICE credentials and SSRCs come from the random generators of the libraries below, not
//! from an argument: a session that could be replayed from a seed could be guessed from it as well.

pub mod demux;
pub mod framing;
mod identity;
mod offer;
mod patch;
mod police;
pub mod redundant;
mod sdp;
mod session;
mod time;

pub use demux::Demux;
pub use identity::Identity;
pub use offer::{OFFER_BYTES_MAX, OfferError};
pub use patch::{FRAGMENT_BYTES_MAX, PatchError};
pub use police::{PACKETS_PER_SECOND_MAX, STREAMS_MAX};
pub use session::{
    Accepted, CONNECT_TIME_MAX, CloseReason, Output, Patched, Path, SILENCE_TIME_MAX, SOURCES_MAX, Session,
    SessionConfig, SessionKind, Verdict,
};
pub use time::Timebase;
