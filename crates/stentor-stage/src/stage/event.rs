//! What a stage tells its shell.

use serde::Serialize;
use stentor_types::{MarkBody, PersonName, SessionId, SlateReason, SpeakerId, Treatment};

use crate::life::Phase;

/// What the shell is to do or to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StageEvent {
    /// [`Stage::doc`](crate::Stage::doc) has changed and is to be written. It comes first and once in a drain, so that a
    /// shell that writes before it answers promises nothing that a crash takes back.
    Save,
    /// The show is in another phase.
    PhaseChanged(Phase),
    /// The tape runs from here on. Comes again after a restart, which continues the tape.
    OpenTape,
    /// The end is final: the tape is closed and the recording made ready.
    CloseTape,
    /// What listeners hear from here on. Only while the tape is open.
    Programme(Programme),
    /// This is true of the programme from now on.
    MarkNow(MarkBody),
    /// A connected person is to be mixed. Only while the tape is open.
    SourceAdded {
        /// Who.
        speaker: SpeakerId,
        /// What they are called.
        name: PersonName,
        /// Whether they are sent their mix-minus.
        hears: bool,
        /// What is done with their voice.
        treatment: Treatment,
    },
    /// Something else is to be done with the voice of a person who is mixed.
    SourceChanged {
        /// Who.
        speaker: SpeakerId,
        /// What is done with their voice from now on.
        treatment: Treatment,
    },
    /// That person is no longer to be mixed.
    SourceRemoved {
        /// Who.
        speaker: SpeakerId,
    },
    /// What was said and is not heard yet, by the broadcast delay, is never to be heard.
    Dump,
    /// That session is over and its connection to be closed.
    CloseSession {
        /// Which.
        session: SessionId,
        /// What its person is told.
        why: CloseReason,
    },
}

/// Why the stage closed a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CloseReason {
    /// The same link was used anew.
    Replaced,
    /// The person was sent away from the stage, and may come back.
    Removed,
    /// The link was taken back.
    Revoked,
    /// The end of the show is final.
    ShowEnded,
}

/// What listeners hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Programme {
    /// The stage.
    Stage,
    /// Slate, and why.
    Slate(SlateReason),
}
