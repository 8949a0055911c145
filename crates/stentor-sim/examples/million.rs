//! A million who come in five minutes to 300,000 seats, in virtual time: `cargo run --release -p stentor-sim --example million`.
//! With `--json` for programs.

use stentor_sim::{Plan, evening};

fn main() -> Result<(), serde_json::Error> {
    let report = evening::run(&Plan::rush(1_000_000, 300_000));
    if std::env::args().any(|argument| argument == "--json") {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        println!("{report}");
    }
    Ok(())
}
