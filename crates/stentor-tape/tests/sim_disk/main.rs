//! A show over several lives of its server on a disk that drops, reorders and tears what was not synced,
//! fails, fills up and turns bits over. Whatever happens: no wrong sound is ever served, nothing that was
//! safe is lost, nothing older than 2 s is lost while the disk works, and no name means two sounds.
//!
//! `STENTOR_CASES=100000 cargo test --release -p stentor-tape --test sim_disk` runs the long form;
//! `STENTOR_SEED=n` replays one case.

mod disk;
mod judge;
mod show;

use disk::Rng;
use judge::Counts;
use show::Show;

/// Cases of an ordinary test run: some seconds.
const CASES: u64 = 3_000;

#[test]
fn nothing_safe_is_lost_and_nothing_wrong_is_served() {
    if let Some(seed) = number("STENTOR_SEED") {
        println!("{:?}", case(seed));
        return;
    }
    let cases = number("STENTOR_CASES").unwrap_or(CASES);
    let mut counts = Counts::default();
    for seed in 0..cases {
        let outcome = std::panic::catch_unwind(|| case(seed));
        match outcome {
            Ok(more) => counts.add(&more),
            Err(panic) => {
                eprintln!(
                    "replay with: STENTOR_SEED={seed} cargo test -p stentor-tape --test sim_disk -- --nocapture"
                );
                std::panic::resume_unwind(panic);
            }
        }
    }
    println!("{cases} cases: {counts:?}");
    // The simulation must reach what it is there for.
    assert!(cases < CASES || counts.all_happened(), "{counts:?}");
}

fn case(seed: u64) -> Counts {
    let mut rng = Rng(seed.wrapping_mul(0xD6E8_FEB8_6659_FD93));
    let mut show = Show::new(&mut rng);
    for _ in 0..rng.between(1, 6) {
        if !show.live(&mut rng) {
            break;
        }
    }
    show.judge.counts
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is a number, not {text:?}")))
}
