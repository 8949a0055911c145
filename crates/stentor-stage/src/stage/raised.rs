//! Hands as the stage deals with them: when they may be raised, and how a yes becomes a link.

use stentor_types::{HandNote, Now, PersonName, Place, Reason};

use super::Stage;
use crate::command::HandAnswer;
use crate::hands::{HandId, HandState, HandToken, RaisedHand, Standing};
use crate::life::Phase;
use crate::link::{Link, NewLink};
use crate::spec::Role;

impl Stage {
    /// Raises a listener's hand. `origin` stands for the network that the listener comes from, coarse
    /// enough that an attacker does not have many. The token is for that listener's page alone.
    pub fn raise_hand(
        &mut self,
        now: Now,
        name: PersonName,
        note: Option<HandNote>,
        origin: u64,
        entropy: [u8; 32],
    ) -> Result<HandToken, Reason> {
        self.advance(now);
        if !self.hands_open() {
            return Err(if self.phase() == Phase::Ended { Reason::Ended } else { Reason::HandsClosed });
        }
        self.hands.raise(now.mono, name, note, origin, &entropy)
    }

    /// How a hand stands. A hand that nobody asks for is gone after
    /// [`HAND_SILENCE_MAX`](crate::hands::HAND_SILENCE_MAX).
    pub fn poll_hand(&mut self, now: Now, token: HandToken) -> HandState {
        self.advance(now);
        match self.hands.poll(now.mono, token) {
            Standing::Waiting { place } => HandState::Waiting { place },
            Standing::Accepted(link) => match self.link_key(link) {
                Ok(key) => HandState::Accepted { key },
                Err(_) => HandState::Gone,
            },
            Standing::Declined => HandState::Declined,
            Standing::Gone => HandState::Gone,
        }
    }

    /// The listener takes the hand down; a yes that was not used goes with it.
    pub fn lower_hand(&mut self, now: Now, token: HandToken) {
        self.advance(now);
        if let Some(link) = self.hands.lower(token) {
            self.revoke(link).expect("its link was made for it, and links stay");
        }
    }

    /// The hands that are up, the oldest first: for those who may answer them.
    pub fn raised_hands(&self, now: Now) -> Vec<RaisedHand<'_>> {
        self.hands.raised(now.mono)
    }

    /// Whether a hand can be raised now.
    pub fn hands_open(&self) -> bool {
        self.are_hands_open && matches!(self.phase(), Phase::Doors | Phase::OnAir)
    }

    pub(super) fn open_hands(&mut self, open: bool) -> Result<(), Reason> {
        if open && !matches!(self.phase(), Phase::Doors | Phase::OnAir) {
            return Err(Reason::WrongPhase);
        }
        self.save_due |= self.are_hands_open != open;
        self.are_hands_open = open;
        Ok(())
    }

    /// A yes is a link of one use for a speaker, who comes in backstage.
    pub(super) fn answer_hand(
        &mut self,
        now: Now,
        hand: HandId,
        answer: HandAnswer,
        entropy: [u8; 32],
    ) -> Result<(), Reason> {
        let links = &mut self.links;
        let invite = |name: &PersonName| {
            let label = Some(name.clone());
            let new =
                NewLink { label, enters: Place::Backstage, one_use: true, ..NewLink::new(Role::Speaker) };
            links.add(new, now.wall, &entropy).map(|link: &Link| link.id)
        };
        self.hands.answer(now.mono, hand, answer, invite)?;
        self.save_due |= answer == HandAnswer::Yes;
        Ok(())
    }

    /// Forgets hands that nobody asks for, and takes back the links of those who were let in and did not come.
    pub(super) fn expire_hands(&mut self, now: Now) {
        while let Some(link) = self.hands.expire(now.mono) {
            self.revoke(link).expect("its link was made for it, and links stay");
        }
    }
}
