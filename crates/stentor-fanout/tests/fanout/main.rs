//! The fan-out from outside: calls in, outputs out, in virtual time.

mod plain;
