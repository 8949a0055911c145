//! A million who come in five minutes to 300,000 seats, in virtual time: `cargo run --release -p stentor-gate --example million`.

mod crowd;

use crowd::{Crowd, Evening};

fn main() {
    println!("{}", Crowd::new(Evening { arrivals: 1_000_000, cap: 300_000, seed: 20_261_130 }).run());
}
