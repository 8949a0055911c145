//! The five phases of a show and the arrows between them (ARCHITECTURE.md, "The life of a show").

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use stentor_types::limits::END_UNDO;
use stentor_types::{Reason, Wall};

/// The word for where a show stands, as in the status document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Known, doors closed.
    Announced,
    /// Listeners hear slate; the tape runs.
    Doors,
    /// Listeners hear the stage.
    OnAir,
    /// Ended, and it can still be undone.
    Ending,
    /// Over; what remains is the recording.
    Ended,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Announced => "announced",
            Self::Doors => "doors",
            Self::OnAir => "on air",
            Self::Ending => "ending",
            Self::Ended => "ended",
        })
    }
}

/// What moves a show along the arrows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    Live,
    End,
    Undo,
}

/// A show's phase together with the wall times that belong to it. What cannot be, such as an end
/// without an on air, cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "snake_case", deny_unknown_fields)]
pub enum Life {
    /// [`Phase::Announced`].
    Announced {},
    /// [`Phase::Doors`].
    Doors {
        /// When the doors opened.
        doors_at: Wall,
    },
    /// [`Phase::OnAir`].
    OnAir {
        /// When the doors opened.
        doors_at: Wall,
        /// When the show first went on air.
        on_air_at: Wall,
    },
    /// [`Phase::Ending`].
    Ending {
        /// When the doors opened.
        doors_at: Wall,
        /// When the show first went on air.
        on_air_at: Wall,
        /// When it was ended.
        ended_at: Wall,
        /// Until when that can be taken back.
        undo_until: Wall,
    },
    /// [`Phase::Ended`].
    Ended {
        /// When the doors opened.
        doors_at: Wall,
        /// When the show first went on air.
        on_air_at: Wall,
        /// When it was ended.
        ended_at: Wall,
    },
}

impl Life {
    /// The phase's word.
    pub const fn phase(self) -> Phase {
        match self {
            Self::Announced {} => Phase::Announced,
            Self::Doors { .. } => Phase::Doors,
            Self::OnAir { .. } => Phase::OnAir,
            Self::Ending { .. } => Phase::Ending,
            Self::Ended { .. } => Phase::Ended,
        }
    }

    /// When the doors opened, if they did.
    pub const fn doors_at(self) -> Option<Wall> {
        match self {
            Self::Announced {} => None,
            Self::Doors { doors_at }
            | Self::OnAir { doors_at, .. }
            | Self::Ending { doors_at, .. }
            | Self::Ended { doors_at, .. } => Some(doors_at),
        }
    }

    /// When the show first went on air, if it did.
    pub const fn on_air_at(self) -> Option<Wall> {
        match self {
            Self::Announced {} | Self::Doors { .. } => None,
            Self::OnAir { on_air_at, .. }
            | Self::Ending { on_air_at, .. }
            | Self::Ended { on_air_at, .. } => Some(on_air_at),
        }
    }

    /// When the show was ended, if that stands.
    pub const fn ended_at(self) -> Option<Wall> {
        match self {
            Self::Ending { ended_at, .. } | Self::Ended { ended_at, .. } => Some(ended_at),
            _ => None,
        }
    }

    /// Until when the end can be taken back, while it can.
    pub const fn undo_until(self) -> Option<Wall> {
        match self {
            Self::Ending { undo_until, .. } => Some(undo_until),
            _ => None,
        }
    }

    /// The same life with the times at which listeners hear of it when what is said waits for `delay`.
    #[must_use]
    pub fn heard_after(self, delay: Duration) -> Self {
        let mut heard = self;
        if let Self::OnAir { on_air_at, .. }
        | Self::Ending { on_air_at, .. }
        | Self::Ended { on_air_at, .. } = &mut heard
        {
            *on_air_at = on_air_at.plus(delay);
        }
        if let Self::Ending { ended_at, .. } | Self::Ended { ended_at, .. } = &mut heard {
            *ended_at = ended_at.plus(delay);
        }
        heard
    }

    /// Whether the tape runs: from the doors until the end is final.
    pub const fn has_open_tape(self) -> bool {
        matches!(self, Self::Doors { .. } | Self::OnAir { .. } | Self::Ending { .. })
    }

    /// The life after a turn, or why it is not possible. A turn whose aim is reached already
    /// changes nothing and is no error: two hosts may press the same button. There is no arrow from
    /// announced to on air: who goes live early opens the doors first.
    pub(crate) fn after(self, turn: Turn, now: Wall) -> Result<Self, Reason> {
        match (turn, self) {
            (Turn::Live, Self::Doors { doors_at }) => Ok(Self::OnAir { doors_at, on_air_at: now }),
            (Turn::Live, Self::OnAir { .. }) => Ok(self),
            (Turn::End, Self::OnAir { doors_at, on_air_at }) => {
                Ok(Self::Ending { doors_at, on_air_at, ended_at: now, undo_until: now.plus(END_UNDO) })
            }
            (Turn::End, Self::Ending { .. }) => Ok(self),
            (Turn::Undo, Self::Ending { doors_at, on_air_at, .. }) => Ok(Self::OnAir { doors_at, on_air_at }),
            (Turn::Undo, Self::Ended { .. }) => Err(Reason::UndoOver),
            (_, Self::Ended { .. }) => Err(Reason::Ended),
            _ => Err(Reason::WrongPhase),
        }
    }

    /// The life once the doors' time has come.
    pub(crate) fn with_doors_open(self, now: Wall) -> Self {
        match self {
            Self::Announced {} => Self::Doors { doors_at: now },
            other => other,
        }
    }

    /// The life once the undo time is over.
    pub(crate) fn made_final(self) -> Self {
        match self {
            Self::Ending { doors_at, on_air_at, ended_at, .. } => {
                Self::Ended { doors_at, on_air_at, ended_at }
            }
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_is_written_with_the_phase_as_its_tag() {
        let life = Life::OnAir { doors_at: Wall(1), on_air_at: Wall(2) };
        let json = serde_json::to_string(&life).expect("plain data");
        assert_eq!(json, r#"{"phase":"on_air","doors_at":1,"on_air_at":2}"#);
        assert_eq!(serde_json::from_str::<Life>(&json).expect("our own"), life);
        for odd in [
            r#"{"phase":"on_air","doors_at":1}"#,
            r#"{"phase":"doors","doors_at":1,"on_air_at":2}"#,
            r#"{"phase":"announced","doors_at":1}"#,
        ] {
            assert!(serde_json::from_str::<Life>(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn turns_against_the_arrows_say_why() {
        let doors = Life::Doors { doors_at: Wall(1) };
        let on_air = doors.after(Turn::Live, Wall(2)).expect("doors lead on air");
        let ending = on_air.after(Turn::End, Wall(3)).expect("on air leads to the end");
        let ended = ending.made_final();
        assert_eq!(doors.after(Turn::End, Wall(2)), Err(Reason::WrongPhase));
        assert_eq!(on_air.after(Turn::Undo, Wall(3)), Err(Reason::WrongPhase));
        assert_eq!(ending.after(Turn::Live, Wall(4)), Err(Reason::WrongPhase));
        assert_eq!(ending.after(Turn::Undo, Wall(4)), Ok(on_air));
        assert_eq!(ended.after(Turn::Undo, Wall(5)), Err(Reason::UndoOver));
        assert_eq!(ended.after(Turn::Live, Wall(5)), Err(Reason::Ended));
        assert_eq!(ended.after(Turn::End, Wall(5)), Err(Reason::Ended));
        assert_eq!(ending.undo_until(), Some(Wall(3).plus(END_UNDO)));
        let delay = Duration::from_millis(7);
        assert_eq!(doors.heard_after(delay), doors);
        let heard = ended.heard_after(delay);
        let expected = Life::Ended { doors_at: Wall(1), on_air_at: Wall(9), ended_at: Wall(10) };
        assert_eq!(heard, expected);
    }
}
