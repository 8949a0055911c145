//! The fan-out from outside: calls in, outputs out, in virtual time.

mod ear;
mod lag;
mod plain;
mod random;
mod rewound;
mod sim;
mod switches;
