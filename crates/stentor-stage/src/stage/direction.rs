//! What is asked of a stage: who may, and what follows.

use stentor_types::limits::END_UNDO;
use stentor_types::{LinkId, Now, Place, Reason, SpeakerId, Treatment};

use super::{CloseReason, Stage, StageEvent};
use crate::command::{Reach, StageCommand};
use crate::life::{Phase, Turn};
use crate::link::NewLink;
use crate::rights::{Whom, may};
use crate::spec::Role;

/// Who gives a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The operator, who may do everything.
    Operator,
    /// A person on the stage, by their number.
    Person(SpeakerId),
}

impl Stage {
    /// Does what is asked, if whoever asks may. The answer is the link that was made, for
    /// [`StageCommand::Invite`] only. What is so already is no error: two hosts may press the same button.
    pub fn command(
        &mut self,
        now: Now,
        by: By,
        command: StageCommand,
        entropy: [u8; 32],
    ) -> Result<Option<LinkId>, Reason> {
        self.advance(now);
        self.authorize(by, &command)?;
        match command {
            StageCommand::Live {} => return self.turn(now, Turn::Live).map(|()| None),
            StageCommand::End {} => return self.turn(now, Turn::End).map(|()| None),
            StageCommand::Undo {} => return self.turn(now, Turn::Undo).map(|()| None),
            _ if self.phase() == Phase::Ended => return Err(Reason::Ended),
            StageCommand::Dump {} => self.dump()?,
            StageCommand::Mute { person, muted } => self.treat(person, |voice| voice.muted = muted)?,
            StageCommand::Place { person, place } => self.treat(person, |voice| voice.place = place)?,
            StageCommand::NoiseSuppression { person, on } => {
                self.treat(person, |voice| voice.noise_suppression = on)?;
            }
            StageCommand::Remove { person } => self.remove(person)?,
            StageCommand::Revoke { person } => self.revoke(self.link_of(person)?)?,
            StageCommand::Say { to, text } => {
                let line = match to {
                    Reach::Stage => &mut self.messages.stage,
                    Reach::Everyone => &mut self.messages.everyone,
                };
                self.save_due |= *line != text;
                *line = text;
            }
            StageCommand::Hands { open } => self.open_hands(open)?,
            StageCommand::Hand { hand, answer } => self.answer_hand(now, hand, answer, entropy)?,
            StageCommand::Invite { role, label, enters } => {
                let link = self.invite(now, NewLink { label, enters, ..NewLink::new(role) }, entropy)?;
                return Ok(Some(link.id));
            }
        }
        Ok(None)
    }

    /// Whether whoever asks may. That a person is not there is told to those only who direct others.
    fn authorize(&self, by: By, command: &StageCommand) -> Result<(), Reason> {
        let By::Person(speaker) = by else { return Ok(()) };
        let own = self.links.of_speaker(speaker).filter(|link| !link.revoked).ok_or(Reason::KeyRevoked)?;
        let whom = match command.person() {
            None => Whom::Nobody,
            Some(person) if person == speaker => Whom::Oneself,
            Some(person) => {
                Whom::Other(self.links.of_speaker(person).map_or(Role::Speaker, |link| link.role))
            }
        };
        if may(own.role, command, whom) { Ok(()) } else { Err(Reason::RoleForbids) }
    }

    fn link_of(&self, person: SpeakerId) -> Result<LinkId, Reason> {
        self.links.of_speaker(person).map(|link| link.id).ok_or(Reason::UnknownPerson)
    }

    /// Puts the show on air, ends it or takes the end back.
    fn turn(&mut self, now: Now, turn: Turn) -> Result<(), Reason> {
        if turn == Turn::Live {
            self.enter(self.life.with_doors_open(now.wall));
        }
        let next = self.life.after(turn, now.wall)?;
        if next.phase() == Phase::Ending && self.phase() != Phase::Ending {
            self.final_at = now.mono + END_UNDO;
        }
        self.enter(next);
        Ok(())
    }

    /// While the end can be taken back, what was said before it may still be on its way to listeners.
    fn dump(&mut self) -> Result<(), Reason> {
        if self.spec.delay.is_zero() {
            return Err(Reason::NoDelay);
        }
        if !matches!(self.phase(), Phase::OnAir | Phase::Ending) {
            return Err(Reason::WrongPhase);
        }
        self.events.push_back(StageEvent::Dump);
        Ok(())
    }

    /// Changes what is done with a voice, whether its person is here or not.
    fn treat(&mut self, person: SpeakerId, change: impl FnOnce(&mut Treatment)) -> Result<(), Reason> {
        let link = self.links.of_speaker_mut(person).ok_or(Reason::UnknownPerson)?;
        let before = link.treatment;
        change(&mut link.treatment);
        if link.treatment == before {
            return Ok(());
        }
        self.save_due = true;
        let is_mixed = self.sessions.of(link.id).is_some_and(|session| session.is_connected());
        if is_mixed && self.life.has_open_tape() {
            let treatment = link.treatment;
            self.events.push_back(StageEvent::SourceChanged { speaker: person, treatment });
        }
        self.update_programme();
        Ok(())
    }

    fn remove(&mut self, person: SpeakerId) -> Result<(), Reason> {
        let link = self.link_of(person)?;
        let session = self.sessions.remove_of(link);
        self.removed.extend(session.as_ref().map(|session| (link, session.id)));
        self.close(session, CloseReason::Removed);
        self.treat(person, |voice| voice.place = Place::Backstage)?;
        self.update_programme();
        Ok(())
    }
}
