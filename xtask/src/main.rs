//! The chores of the project, as one command.

fn main() {}
