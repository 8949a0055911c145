//! What the corpora take for granted: one tape, one key, one moment.

use std::sync::Arc;

use bytes::Bytes;
use stentor_gate::ticket::{TicketKey, TicketKeys};
use stentor_gate::{Gate, Seed};
use stentor_stage::{ShowSpec, TokenKey};
use stentor_tape::{Segment, segment::Place};
use stentor_types::{Channels, Mono, Now, RenditionMap, TapeHead, Wall};

/// When everything happens.
pub const NOW: Now = Now { mono: Mono(1_000_000), wall: Wall(1_790_000_000_000) };

/// Where every record of the corpus lies.
pub const PLACE: Place = Place { segment: Segment::FIRST, offset: 0 };

/// The operator's key.
pub const OPERATOR_KEY: &str = "operator";

/// The key under which tokens are made.
pub fn key() -> TokenKey {
    TokenKey::from_secret(&[7; 32])
}

/// The show.
pub fn spec() -> ShowSpec {
    ShowSpec::new("evening".parse().expect("a show's name"))
}

/// Its gate, and what the journal of that begins with.
pub fn gate_begun() -> (Gate, Vec<u8>) {
    let mut gate = Gate::new(ticket_keys(), seed(), 10);
    let begin = gate.take_journal();
    gate.journal_is_written();
    (gate, begin)
}

/// The keys of its tickets.
pub fn ticket_keys() -> TicketKeys {
    let expires_at = Wall(NOW.wall.0 + 86_400_000);
    TicketKeys::new(&spec().id, expires_at, TicketKey::new(1, &[7; 32]))
}

/// What its draw is made of.
pub fn seed() -> Seed {
    Seed::new([7; 32])
}

/// Its tape; records of another one are not taken.
pub fn head() -> Arc<TapeHead> {
    Arc::new(TapeHead {
        show: spec().id,
        anchor: NOW.wall,
        channels: Channels::Mono,
        opus_pre_skip_samples: 312,
        aac_delay_samples: 2048,
        aac_config: Bytes::from_static(&[0x11, 0x88]),
        filler: RenditionMap::default(),
    })
}
