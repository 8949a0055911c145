//! The command line of Stentor.

fn main() {}
