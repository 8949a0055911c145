//! The tickets that people bring.

use stentor_gate::line::Lane;

use crate::fixed::{NOW, gate};

/// Only a ticket that was given out has a turn, and it is that one's.
pub fn ticket(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let mut gate = gate();
    let given = Lane::ALL.map(|lane| gate.arrive(NOW.mono, lane).expect("there is room"));
    let read = gate.read(NOW.wall, text);
    let lane = Lane::ALL.into_iter().find(|&lane| given[lane as usize] == text);
    assert_eq!(read.ok().map(|ticket| ticket.lane), lane);
    lane.is_some()
}
