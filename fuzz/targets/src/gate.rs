//! The tickets that people bring, and what a node has kept about them.

use stentor_gate::Gate;
use stentor_gate::line::Lane;
use stentor_gate::recover::batch;

use crate::fixed::{NOW, gate_begun, seed, ticket_keys};

/// Only a ticket that was given out has a turn, and it is that one's.
pub fn ticket(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let (mut gate, _) = gate_begun();
    let given = Lane::ALL.map(|lane| gate.arrive(NOW.mono, lane).expect("there is room"));
    let read = gate.read(NOW.wall, text);
    let lane = Lane::ALL.into_iter().find(|&lane| given[lane as usize] == text);
    assert_eq!(read.ok().map(|ticket| ticket.lane), lane);
    lane.is_some()
}

/// Whatever a journal says after its beginning, behind the checksums that stop whoever tries it with changed bytes, it is a
/// gate or a reason. The gate goes on, and comes back from what it writes.
pub fn journal(bytes: &[u8]) -> bool {
    let recover = |journal: &[u8]| Gate::recover(NOW.mono, ticket_keys(), &[], seed(), 10, journal);
    let whole = [gate_begun().1, batch(1, bytes)].concat();
    let Ok(recovered) = recover(&whole) else { return false };
    let mut gate = recovered.gate;
    gate.rewrite();
    gate.open_doors(b"round");
    gate.tick(NOW.mono);
    let says = |gate: &Gate| (gate.seats().away(), gate.seats().promised(), gate.waiting());
    let again = recover(&gate.rewrite()).expect("it is a gate's").gate;
    assert_eq!(says(&again), says(&gate));
    recovered.read_bytes == whole.len()
}
