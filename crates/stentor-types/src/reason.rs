//! The machine-readable word behind every refusal.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why something was refused. The code is part of the interface (problem+json `reason`, metrics,
/// the tests); the sentence for people is made where the refusal is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// No such path.
    NotFound,
    /// No show of that name.
    UnknownShow,
    /// A show of that name exists.
    ShowExists,
    /// As many shows run as may.
    TooManyShows,
    /// As many people are on the stage as may.
    StageFull,
    /// The show has as many links as may.
    TooManyLinks,
    /// No such link.
    UnknownLink,
    /// The link lets one browser in, once, and has done so.
    LinkUsed,
    /// No such session, or it is over.
    UnknownSession,
    /// Nobody of that number is on this stage.
    UnknownPerson,
    /// No such hand: it was lowered, answered or given up.
    UnknownHand,
    /// Listeners are not being asked for their hands now.
    HandsClosed,
    /// As many hands are up as may be, in all or from one network.
    TooManyHands,
    /// No key or token was sent.
    KeyMissing,
    /// The key or token is malformed or not ours.
    KeyInvalid,
    /// The key or token is past its expiry.
    KeyExpired,
    /// The key or token was revoked.
    KeyRevoked,
    /// The key or token is for another show.
    KeyForeign,
    /// The role does not allow this.
    RoleForbids,
    /// The doors have not opened.
    DoorsClosed,
    /// The show has ended; the recording is where `recording` points.
    Ended,
    /// The show has not ended, so there is no recording yet.
    NotEnded,
    /// Not possible in the show's present phase.
    WrongPhase,
    /// The undo time is over.
    UndoOver,
    /// The show has no broadcast delay, so there is nothing to dump.
    NoDelay,
    /// Recording was not agreed to.
    ConsentMissing,
    /// The request's body or parameters are malformed.
    Malformed,
    /// The body is larger than allowed.
    TooLarge,
    /// The request took too long to arrive.
    TooSlow,
    /// Content-Type is not what is expected.
    WrongType,
    /// The method is not allowed here.
    WrongMethod,
    /// If-Match is missing.
    PreconditionMissing,
    /// If-Match names an old session state.
    PreconditionFailed,
    /// The SDP offer is malformed.
    OfferMalformed,
    /// The SDP offer has no audio that is sent to us.
    OfferWithoutAudio,
    /// The SDP offer has no Opus.
    OfferWithoutOpus,
    /// This part of the protocol is not supported.
    Unsupported,
    /// The rendition is not on this tape (AAC without the feature `aac`).
    RenditionMissing,
    /// The range lies outside the recording.
    RangeOutside,
    /// That sound is not on the tape: a hole, the future, or another epoch.
    NotOnTape,
    /// Too many requests, or more work than there is room for; come back.
    Overloaded,
    /// The server is stopping.
    Stopping,
    /// The disk refused; the operator has been told.
    DiskFailed,
    /// All seats are taken.
    Full,
    /// The ticket is good, and its turn has not come.
    NotYourTurn,
    /// It is no ticket of this show and evening.
    TicketInvalid,
    /// The ticket was used, and the seat is somebody else's by now.
    TicketSpent,
    /// Our own fault.
    Internal,
}

impl Reason {
    /// Every reason, in the order in which they are written above.
    pub const ALL: [Self; 48] = [
        Self::NotFound,
        Self::UnknownShow,
        Self::ShowExists,
        Self::TooManyShows,
        Self::StageFull,
        Self::TooManyLinks,
        Self::UnknownLink,
        Self::LinkUsed,
        Self::UnknownSession,
        Self::UnknownPerson,
        Self::UnknownHand,
        Self::HandsClosed,
        Self::TooManyHands,
        Self::KeyMissing,
        Self::KeyInvalid,
        Self::KeyExpired,
        Self::KeyRevoked,
        Self::KeyForeign,
        Self::RoleForbids,
        Self::DoorsClosed,
        Self::Ended,
        Self::NotEnded,
        Self::WrongPhase,
        Self::UndoOver,
        Self::NoDelay,
        Self::ConsentMissing,
        Self::Malformed,
        Self::TooLarge,
        Self::TooSlow,
        Self::WrongType,
        Self::WrongMethod,
        Self::PreconditionMissing,
        Self::PreconditionFailed,
        Self::OfferMalformed,
        Self::OfferWithoutAudio,
        Self::OfferWithoutOpus,
        Self::Unsupported,
        Self::RenditionMissing,
        Self::RangeOutside,
        Self::NotOnTape,
        Self::Overloaded,
        Self::Stopping,
        Self::DiskFailed,
        Self::Full,
        Self::NotYourTurn,
        Self::TicketInvalid,
        Self::TicketSpent,
        Self::Internal,
    ];

    /// The code, as in problem+json and metrics.
    pub fn code(self) -> String {
        // The variant's name in snake case, as serde writes it; the test below holds the two together.
        let text = format!("{self:?}");
        let mut code = String::with_capacity(text.len() + 4);
        for (i, c) in text.chars().enumerate() {
            if c.is_ascii_uppercase() && i > 0 {
                code.push('_');
            }
            code.push(c.to_ascii_lowercase());
        }
        code
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_them_are_in_all() {
        // serde knows every variant, and names them when it is given an unknown one.
        let error = serde_json::from_str::<Reason>("\"?\"").expect_err("no reason is called so").to_string();
        let known: Vec<_> = error.split('`').skip(3).step_by(2).map(str::to_owned).collect();
        assert_eq!(Reason::ALL.map(Reason::code).to_vec(), known);
    }

    #[test]
    fn the_code_is_what_serde_writes() {
        for reason in [Reason::NotFound, Reason::UnknownShow, Reason::KeyInvalid, Reason::OfferWithoutAudio] {
            assert_eq!(serde_json::to_string(&reason).expect("plain enum"), format!("\"{}\"", reason.code()));
        }
    }
}
