//! What the people on a stage and the operator can ask for.

use serde::{Deserialize, Deserializer, Serialize};
use stentor_types::{Message, PersonName, Place, SpeakerId};

use crate::hands::HandId;
use crate::spec::Role;

/// Something asked of the stage, as pages write it:
/// `{ "command": "mute", "person": 3, "muted": true }`. Who may ask for what is the table in
/// ARCHITECTURE.md, "The stage".
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
pub enum StageCommand {
    /// On air, from now on; opens the doors if they are closed.
    Live {},
    /// End the show.
    End {},
    /// Take the end back.
    Undo {},
    /// What was said and is not heard yet, by the broadcast delay, never will be.
    Dump {},
    /// A person is heard nowhere, or again where they were.
    Mute {
        /// Who.
        person: SpeakerId,
        /// Whether they are muted from now on.
        muted: bool,
    },
    /// A person goes on air or backstage.
    Place {
        /// Who.
        person: SpeakerId,
        /// Where they are heard from now on.
        place: Place,
    },
    /// Noise behind a person's voice is taken out, or left in.
    NoiseSuppression {
        /// Who.
        person: SpeakerId,
        /// Whether it is taken out from now on.
        on: bool,
    },
    /// A person's session is closed. They may come in again by the same link, and are backstage then.
    Remove {
        /// Who.
        person: SpeakerId,
    },
    /// A person's link is taken back for good.
    Revoke {
        /// Who.
        person: SpeakerId,
    },
    /// A line of text is shown from now on.
    Say {
        /// To whom.
        to: Reach,
        /// The line; an empty one takes the line before away.
        #[serde(deserialize_with = "line_or_nothing")]
        text: Option<Message>,
    },
    /// Listeners may raise their hands, or no longer. Hands that are up stay up.
    Hands {
        /// Whether they may from now on.
        open: bool,
    },
    /// A raised hand is answered.
    Hand {
        /// Which.
        hand: HandId,
        /// How.
        answer: HandAnswer,
    },
    /// A link is made for somebody.
    Invite {
        /// What they may do.
        role: Role,
        /// Who it is for; called after the role if nothing is said.
        #[serde(default)]
        label: Option<PersonName>,
        /// Where they are heard when they come in.
        #[serde(default)]
        enters: Place,
    },
}

impl StageCommand {
    /// The person that it is about, if it is about one.
    pub(crate) const fn person(&self) -> Option<SpeakerId> {
        match self {
            Self::Mute { person, .. }
            | Self::Place { person, .. }
            | Self::NoiseSuppression { person, .. }
            | Self::Remove { person }
            | Self::Revoke { person } => Some(*person),
            _ => None,
        }
    }
}

/// To whom a line is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// The people on the stage.
    Stage,
    /// The people on the stage and all listeners.
    Everyone,
}

/// The host's word on a raised hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandAnswer {
    /// Come in.
    Yes,
    /// Not now.
    No,
}

/// The lines that are shown now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Messages {
    /// To the people on the stage.
    pub stage: Option<Message>,
    /// To everyone.
    pub everyone: Option<Message>,
}

fn line_or_nothing<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Message>, D::Error> {
    let text = String::deserialize(from)?;
    if text.trim().is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<StageCommand> {
        serde_json::from_str(json).ok()
    }

    #[test]
    fn commands_are_read_as_pages_write_them() {
        let person = SpeakerId(3);
        let say = |text: &str| {
            let text = (!text.is_empty()).then(|| text.parse().expect("a line"));
            StageCommand::Say { to: Reach::Everyone, text }
        };
        let invite = |label: Option<&str>, enters| {
            let label = label.map(|label| label.parse().expect("a name"));
            StageCommand::Invite { role: Role::Speaker, label, enters }
        };
        let hand = StageCommand::Hand { hand: HandId(7), answer: HandAnswer::Yes };
        for (json, command) in [
            (r#"{"command":"live"}"#, StageCommand::Live {}),
            (r#"{"command":"dump"}"#, StageCommand::Dump {}),
            (r#"{"command":"mute","person":3,"muted":true}"#, StageCommand::Mute { person, muted: true }),
            (
                r#"{"command":"place","person":3,"place":"backstage"}"#,
                StageCommand::Place { person, place: Place::Backstage },
            ),
            (
                r#"{"command":"noise_suppression","person":3,"on":false}"#,
                StageCommand::NoiseSuppression { person, on: false },
            ),
            (r#"{"command":"remove","person":3}"#, StageCommand::Remove { person }),
            (r#"{"command":"revoke","person":3}"#, StageCommand::Revoke { person }),
            (r#"{"command":"say","to":"everyone","text":" Back at\n9 "}"#, say("Back at 9")),
            (r#"{"command":"say","to":"everyone","text":" "}"#, say("")),
            (r#"{"command":"hands","open":true}"#, StageCommand::Hands { open: true }),
            (r#"{"command":"hand","hand":7,"answer":"yes"}"#, hand),
            (r#"{"command":"invite","role":"speaker"}"#, invite(None, Place::OnAir)),
            (
                r#"{"command":"invite","role":"speaker","label":"Ben","enters":"backstage"}"#,
                invite(Some("Ben"), Place::Backstage),
            ),
        ] {
            assert_eq!(read(json), Some(command), "{json}");
        }
    }

    #[test]
    fn what_is_not_quite_a_command_is_none() {
        let long = format!(r#"{{"command":"say","to":"stage","text":"{}"}}"#, "x".repeat(201));
        for json in [
            r#"{"command":"live","now":true}"#,
            r#"{"command":"dance"}"#,
            r#"{"command":"mute","person":3}"#,
            r#"{"command":"mute","person":-3,"muted":true}"#,
            r#"{"command":"mute","person":3,"muted":true,"for":5}"#,
            r#"{"command":"say","to":"stage"}"#,
            r#"{"command":"say","to":"stage","text":null}"#,
            r#"{"command":"hand","hand":7,"answer":"maybe"}"#,
            r#""live""#,
            long.as_str(),
        ] {
            assert_eq!(read(json), None, "{json}");
        }
    }
}
