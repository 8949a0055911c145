//! The cores in virtual time: from a seed, on one thread, without a clock, so that whatever went wrong goes wrong again.
//!
//! - [`evening`]: people who come to a gate, and the server that is behind it.
//! - [`overload`]: a node with more to do than it can, and its ladder.
//! - [`plan`]: what they do, and what happens to them.
//! - [`report`]: what came of it.
//! - [`chance`]: the only source of randomness.

pub mod chance;
pub mod evening;
pub mod overload;
pub mod plan;
pub mod report;

pub use plan::{Plan, Wave};
pub use report::Report;
