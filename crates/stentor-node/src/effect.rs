//! What a node asks its shell to do.

use stentor_audio::{MixerCommand, MixerConfig};
use stentor_stage::{CloseReason, Life, Phase, ShowDoc};
use stentor_tape::Overlay;
use stentor_types::{Channels, Mark, Position, SessionId};

/// Something to be done for one show. Effects of a show are performed in their order; none of them
/// is waited for.
#[derive(Debug)]
#[non_exhaustive]
pub enum Effect {
    /// Write the show's document.
    Save(Box<ShowDoc>),
    /// Open the tape, or continue it, and tell [`Node::tape_opened`](crate::Node::tape_opened).
    OpenTape {
        /// For a new tape: mono or stereo.
        channels: Channels,
    },
    /// Begin an epoch: record it, start its mixer, then give the mixer these orders.
    StartMixer {
        /// Channels, first position and time of the first sample.
        config: MixerConfig,
        /// Sources, programme and marks that are due.
        orders: Vec<MixerCommand>,
    },
    /// An order for the running mixer.
    Mixer(MixerCommand),
    /// End the mixer; its last chunk is already on its way.
    StopMixer,
    /// Put down marks whose time has passed, outside any chunk.
    LateMarks(Vec<Mark>),
    /// Close the tape and make the recording ready, then tell
    /// [`Node::tape_closed`](crate::Node::tape_closed).
    CloseTape {
        /// What of the tape the recording is; `None` if it was never on air.
        overlay: Option<Overlay>,
    },
    /// The show ended while the program was not running: find out what of its tape is the recording, then tell
    /// [`Node::tape_closed`](crate::Node::tape_closed).
    FinishTape {
        /// What the document says, for marks that did not reach the tape.
        life: Life,
    },
    /// Close the connection of a session and tell its person why.
    CloseSession {
        /// Which.
        session: SessionId,
        /// Why.
        why: CloseReason,
    },
    /// The show is in another phase: tell the log and the doors.
    PhaseChanged(Phase),
    /// Something that the stage's people see has changed.
    StageChanged,
    /// A mixer was started anew after a failure.
    MixerRestarted {
        /// Where it goes on.
        at: Position,
    },
}
