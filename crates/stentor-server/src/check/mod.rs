//! `stentor check`: what would go wrong tonight.
//!
//! - [`facts`]: what is looked at: plain data.
//! - [`gather`]: looking: binds ports, resolves names, reads the data folder, tries the disk.
//! - [`findings`]: what the facts mean, a pure function.
//! - [`reach`]: what of it concerns ports, names and addresses.

pub mod facts;
pub mod findings;
pub mod gather;
mod reach;

pub use self::facts::Facts;
pub use self::findings::{Finding, Verdict, findings};
pub use self::gather::gather;
