//! A place inside.

use std::sync::Arc;

use stentor_gate::Pass;

use super::ShowGate;

/// The right to one stream. When it is dropped, the stream is over: however it ended, no seat is lost.
pub(crate) struct Admission {
    gate: Arc<ShowGate>,
    right: Right,
}

/// By what somebody is inside.
#[derive(Clone, Copy, Debug)]
pub(super) enum Right {
    /// By a ticket.
    Ticket(Pass),
    /// Without one, because there was room.
    WalkIn,
    /// Nobody counts.
    NoGate,
}

impl Admission {
    pub(super) fn new(gate: &Arc<ShowGate>, right: Right) -> Self {
        Self { gate: Arc::clone(gate), right }
    }

    /// Whether it is by this pass.
    pub(crate) fn is_by(&self, pass: Pass) -> bool {
        matches!(self.right, Right::Ticket(own) if own == pass)
    }

    /// The gate that let them in.
    pub(crate) fn gate(&self) -> &ShowGate {
        &self.gate
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        self.gate.leave(self.right);
    }
}
