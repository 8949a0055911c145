//! The gate of one show at one node.

use stentor_types::{Mono, Wall};

use crate::draw::{Draw, Seed};
use crate::limits::RANKS_PER_CALL;
use crate::line::{Lane, Line, LineFull, Turn};
use crate::seats::{Key, Seats, State};
use crate::ticket::{Ticket, TicketError, TicketKey, TicketKeys};
use crate::wait::{Leaving, Range};

/// Who gets in, in which order.
///
/// **Contract:** call [`Gate::tick`] at least once a second, and [`Gate::gone`] or [`Gate::walk_out`] once for each stream
/// that was let in, when it is over.
#[derive(Debug)]
pub struct Gate {
    keys: TicketKeys,
    seed: Seed,
    draw: Option<Draw>,
    lines: [Line; Lane::COUNT],
    seats: Seats,
    leaving: Leaving,
}

/// A claim that is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// They are in; this names them when their stream is over.
    In(Pass),
    /// They were in already: the stream that they had is to be closed, and this one has their seat.
    Again(Pass),
}

/// The right to one stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pass(Key);

/// Why a claim is not good.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum Refused {
    /// It is no ticket.
    #[error(transparent)]
    Ticket(#[from] TicketError),
    /// It is not their turn yet.
    #[error("it is not your turn yet")]
    NotYet(Standing),
    /// They may come in, and everybody who came in time has taken the seats: they come before all who were not called.
    #[error("you are among the next: ask again in a moment")]
    Next,
    /// The stream of this ticket has been gone for too long.
    #[error("this ticket was used; take another")]
    Spent,
    /// All seats are taken, and others were here before.
    #[error("all seats are taken")]
    Full,
}

/// Where somebody stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standing {
    /// How many are certainly before them.
    pub before: u32,
    /// How many more may be, until the draw has told them apart from who arrived together with them. From then on
    /// nobody comes before them who was not.
    pub beside: Option<u32>,
    /// How long they will wait, if that can be said.
    pub wait: Option<Range>,
}

impl Gate {
    /// A gate with so many seats, before its doors.
    pub fn new(keys: TicketKeys, seed: Seed, cap: u32) -> Self {
        Self {
            keys,
            seed,
            draw: None,
            lines: Lane::ALL.map(Line::new),
            seats: Seats::new(cap),
            leaving: Leaving::default(),
        }
    }

    /// The seats.
    pub fn seats(&self) -> &Seats {
        &self.seats
    }

    /// What is shown beforehand, or at the start.
    pub fn seed(&self) -> &Seed {
        &self.seed
    }

    /// How many wait.
    pub fn waiting(&self) -> u32 {
        self.lines.iter().map(Line::waiting).sum()
    }

    /// What gives the order, once the doors are open.
    pub fn draw(&self) -> Option<&Draw> {
        self.draw.as_ref()
    }

    /// Whoever has a turn of this lane before that one was called.
    pub fn bound(&self, lane: Lane) -> Turn {
        self.lines[lane as usize].bound()
    }

    /// What a ticket says.
    ///
    /// # Errors
    /// Why it is none.
    pub fn read(&self, wall: Wall, text: &str) -> Result<Ticket, TicketError> {
        let ticket = self.keys.check(wall, text)?;
        let line = &self.lines[ticket.lane as usize];
        if ticket.serial >= line.next() {
            return Err(TicketError::Future);
        }
        // Only a key that leaked signs somebody else's serial for an earlier cohort.
        if line.was_given(ticket.serial, ticket.cohort) { Ok(ticket) } else { Err(TicketError::Forged) }
    }

    /// So many seats from now on. Nobody inside loses theirs.
    pub fn set_cap(&mut self, cap: u32) {
        self.seats.set_cap(cap);
    }

    /// Signs with another key from now on; every ticket keeps its turn.
    ///
    /// # Panics
    /// If the next key has the number of the last.
    pub fn rotate(&mut self, next: TicketKey) {
        let from = self.lines.each_ref().map(Line::next);
        self.keys.rotate(next, from);
    }

    /// Somebody arrives, and gets the text of a ticket.
    ///
    /// # Errors
    /// If nobody else can be remembered.
    pub fn arrive(&mut self, now: Mono, lane: Lane) -> Result<String, LineFull> {
        let (serial, cohort) = self.lines[lane as usize].give(now)?;
        self.seats.add(lane);
        Ok(self.keys.text(lane, serial, cohort))
    }

    /// The doors open: the order of those who are here is drawn, with a public value that nobody knew before. Once.
    pub fn open_doors(&mut self, public_value: &[u8]) {
        if self.draw.is_some() {
            return;
        }
        self.draw = Some(self.seed.draw(public_value));
        self.lines.iter_mut().for_each(Line::close);
    }

    /// Time goes by: seats that were kept for long enough are free, and whoever is next is called.
    pub fn tick(&mut self, now: Mono) {
        self.seats.expire(now);
        self.leaving.note(now, self.seats.take_leaving(), self.seats.inside());
        let Some(draw) = &self.draw else { return };
        let mut budget = RANKS_PER_CALL;
        for line in &mut self.lines {
            line.close_if_due(now);
            budget -= line.draw(&self.keys, draw, budget);
        }
        while self.seats.free() > 0 {
            let Some(key) = self.next() else { break };
            self.seats.call(now, key);
        }
    }

    /// Somebody wants the stream that their ticket is good for.
    ///
    /// # Errors
    /// Why they do not get it.
    pub fn claim(&mut self, now: Mono, wall: Wall, text: &str) -> Result<Claimed, Refused> {
        let ticket = self.read(wall, text)?;
        let key = (ticket.lane, ticket.serial);
        if self.seats.sit(now, key) {
            return Ok(Claimed::In(Pass(key)));
        }
        match self.seats.state(key) {
            State::Inside => Ok(Claimed::Again(Pass(key))),
            State::Spent => Err(Refused::Spent),
            State::Missed => Err(Refused::Next),
            _ => Err(Refused::NotYet(self.standing(now, &ticket))),
        }
    }

    /// Somebody wants a stream and has no ticket: a player, a radio, a page while there is room.
    ///
    /// # Errors
    /// [`Refused::Full`] if there is no room beside those who wait for it.
    pub fn walk_in(&mut self) -> Result<(), Refused> {
        if self.seats.free() <= self.waiting() {
            return Err(Refused::Full);
        }
        self.seats.walk_in();
        Ok(())
    }

    /// Somebody without a ticket is gone.
    pub fn walk_out(&mut self) {
        self.seats.walk_out();
    }

    /// The stream of a pass is over: its seat is kept for a while.
    pub fn gone(&mut self, now: Mono, pass: Pass) {
        self.seats.rise(now, pass.0);
    }

    /// The next who may come in: nobody behind while somebody waits in the ordinary line.
    fn next(&mut self) -> Option<Key> {
        for lane in Lane::ALL {
            let line = &mut self.lines[lane as usize];
            if let Some(serial) = line.call() {
                return Some((lane, serial));
            }
            if line.waiting() > 0 {
                return None;
            }
        }
        None
    }

    fn standing(&self, now: Mono, ticket: &Ticket) -> Standing {
        let Ticket { lane, .. } = *ticket;
        let before = Lane::ALL[..lane as usize].iter().map(|&lane| self.lines[lane as usize].waiting());
        let before: u32 = before.sum();
        let line = &self.lines[lane as usize];
        let (own, beside) = match &self.draw {
            Some(draw) => line.ahead(&draw.turn(ticket)),
            None => (0, Some(line.waiting().saturating_sub(1))),
        };
        let before = before + own;
        let wait = beside.is_none().then(|| self.wait(now, before)).flatten();
        Standing { before, beside, wait }
    }

    /// How long somebody waits with so many before them: for a seat that is kept for somebody who left, or for one whose
    /// holder has yet to leave.
    fn wait(&self, now: Mono, before: u32) -> Option<Range> {
        match self.seats.free_at(before) {
            Some(at) => Some(Range::around(at.saturating_since(now))),
            None => self.leaving.wait(before - self.seats.away().min(before), self.seats.inside()),
        }
    }
}
