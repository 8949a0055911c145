//! What everybody is told of a gate, in the status document.

use serde::Serialize;
use stentor_gate::limits::{FREES, FREES_STEP, UNWRITTEN_MAX};
use stentor_gate::line::Lane;
use stentor_gate::{Gate, LaneBoard, Turn};
use stentor_types::Mono;

/// `gate` of the status document. From it and its ticket a page works out where it stands, as [`stentor_gate::Board`] does.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct BoardView {
    open: bool,
    seats: u32,
    waiting: u32,
    commitment: String,
    pub(super) draw: Option<DrawView>,
    lanes: [LaneView; Lane::COUNT],
    lost_serials: u32,
    over: u32,
    frees: [u32; FREES],
    frees_step_s: u64,
    leave_per_s: Option<f64>,
}

/// The draw, with what it was made of: everybody can check it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct DrawView {
    seed: String,
    public_value: String,
    key: String,
}

/// One lane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct LaneView {
    bound: TurnView,
    /// First cohort, last cohort, how many of them wait.
    groups: Vec<(u32, u32, u32)>,
    late: u32,
    lost: Vec<u32>,
}

/// A turn within its lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct TurnView {
    cohort: u32,
    rank: u32,
    serial: u32,
}

impl From<Turn> for TurnView {
    fn from(turn: Turn) -> Self {
        Self { cohort: turn.cohort.0, rank: turn.rank.0, serial: turn.serial.0 }
    }
}

impl From<&LaneBoard> for LaneView {
    fn from(lane: &LaneBoard) -> Self {
        Self {
            bound: lane.bound.into(),
            groups: lane.groups.iter().map(|group| (group.first.0, group.last.0, group.waiting)).collect(),
            late: lane.late,
            lost: lane.lost.iter().map(|serial| serial.0).collect(),
        }
    }
}

impl BoardView {
    /// The board of a gate. A draw is shown once it is kept: what was shown and is lost could be drawn again.
    pub(super) fn new(gate: &Gate, now: Mono, shows_draw: bool) -> Self {
        let board = gate.board(now);
        let draw = board.draw.filter(|_| shows_draw).map(|draw| DrawView {
            seed: hex(&gate.seed().revealed()),
            public_value: hex(gate.public_value()),
            key: hex(&draw.key()),
        });
        Self {
            // Before the doors there is nothing to come in to.
            open: gate.draw().is_some() && gate.has_room(),
            seats: gate.seats().cap(),
            waiting: gate.waiting(),
            commitment: hex(&gate.seed().commitment().0),
            draw,
            lanes: board.lanes.each_ref().map(LaneView::from),
            lost_serials: UNWRITTEN_MAX,
            over: board.over,
            frees: board.frees,
            frees_step_s: FREES_STEP.as_secs(),
            leave_per_s: board.leave_per_s,
        }
    }

    /// Whether somebody waits, so that pages are to look often.
    pub(crate) fn is_awaited(&self) -> bool {
        self.waiting > 0
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
