//! The gate of one show at one node.

use stentor_types::{Mono, Wall};

use crate::board::{Board, LaneBoard};
use crate::draw::{Draw, Seed};
use crate::journal::{Entry, Journal};
use crate::limits::{JOURNAL_BYTES_MIN, PUBLIC_VALUE_BYTES_MAX, RANKS_PER_CALL, UNWRITTEN_MAX};
use crate::line::{Lane, Line, NoTicket, Turn};
use crate::seats::{Key, Pass, Seats, State};
use crate::ticket::{Ticket, TicketError, TicketKey, TicketKeys};
use crate::wait::{Leaving, Range};

/// Who gets in, in which order.
///
/// **Contract:** call [`Gate::tick`] at least once a second, and [`Gate::gone`] or [`Gate::walk_out`] once for each stream
/// that was let in, when it is over. Append what [`Gate::take_journal`] gives to a file four times a second, before the first
/// ticket, and before anybody is shown a draw; say [`Gate::journal_is_written`] once it is on disk, and nobody loses their place by a
/// restart. If something could not be appended, the file is to be replaced by [`Gate::rewrite`] before anything else is
/// appended.
#[derive(Debug)]
pub struct Gate {
    pub(crate) keys: TicketKeys,
    pub(crate) seed: Seed,
    pub(crate) draw: Option<Draw>,
    /// What the draw was made with beside the seed.
    pub(crate) public_value: Vec<u8>,
    pub(crate) lines: [Line; Lane::COUNT],
    pub(crate) seats: Seats,
    leaving: Leaving,
    pub(crate) journal: Journal,
    /// How many without a ticket the journal knows of.
    walk_ins_noted: u32,
    /// Nobody gets a ticket of a key of which the journal knows nothing.
    is_key_taken: bool,
    is_key_written: bool,
}

/// A claim that is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// They are in; this names them when their stream is over.
    In(Pass),
    /// They were in already: the stream that they had is to be closed, and this one has their seat. [`Gate::gone`] is to be called
    /// for that one as well, and does nothing.
    Again(Pass),
}

/// What somebody is told who asks where they stand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Asked {
    /// They may come in.
    Called,
    /// They wait.
    Waiting(Standing),
}

/// Why a claim is not good.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
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
    /// Their turn, once there is a draw. It is that of their ticket, unless a crash has lost the cohort of which that speaks: a
    /// page goes by this one.
    pub turn: Option<Turn>,
    /// How many are before them: exactly, where a gate says it, and about, where a [`Board`] does.
    pub before: u32,
    /// How many more may be, until the draw has told them apart from who arrived together with them. From then on
    /// nobody comes before them who was not, other than somebody whose ticket a crash had lost.
    pub beside: Option<u32>,
    /// How long they will wait, if that can be said.
    pub wait: Option<Range>,
}

impl Gate {
    /// A gate with so many seats, before its doors.
    pub fn new(keys: TicketKeys, seed: Seed, cap: u32) -> Self {
        let mut journal = Journal::default();
        journal.note(&Entry::show(&keys, &seed));
        Self {
            keys,
            seed,
            draw: None,
            public_value: Vec::new(),
            lines: Lane::ALL.map(Line::new),
            seats: Seats::new(cap),
            leaving: Leaving::default(),
            journal,
            walk_ins_noted: 0,
            is_key_taken: false,
            is_key_written: false,
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

    /// What the draw was made with beside the seed.
    pub fn public_value(&self) -> &[u8] {
        &self.public_value
    }

    /// What gives the order, once the doors are open.
    pub fn draw(&self) -> Option<&Draw> {
        self.draw.as_ref()
    }

    /// Whoever has a turn of this lane before that one was called.
    pub fn bound(&self, lane: Lane) -> Turn {
        self.lines[lane as usize].bound()
    }

    /// What everybody is shown.
    pub fn board(&self, now: Mono) -> Board {
        Board {
            draw: self.draw,
            lanes: self.lines.each_ref().map(|line| LaneBoard {
                bound: line.bound(),
                groups: line.groups(),
                late: line.late(),
                lost: line.lost().firsts().collect(),
            }),
            over: self.seats.over(),
            frees: self.seats.frees(now),
            leave_per_s: self.leaving.per_s(self.seats.inside()),
        }
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
        // Only a key that leaked signs a serial for another cohort than its own.
        if line.was_given(ticket.serial, ticket.cohort) { Ok(ticket) } else { Err(TicketError::Forged) }
    }

    /// So many seats from now on. Nobody inside loses theirs.
    pub fn set_cap(&mut self, cap: u32) {
        self.seats.set_cap(cap);
    }

    /// Signs with another key from now on, as soon as that is in the journal; every ticket keeps its turn. The key has to
    /// be kept before.
    ///
    /// # Panics
    /// If a key had this number before.
    pub fn rotate(&mut self, next: TicketKey) {
        let from = self.lines.each_ref().map(Line::next);
        self.keys.rotate(next, from);
        Lane::ALL.into_iter().for_each(|lane| self.note_given(lane));
        self.journal.note(&Entry::Rotated { number: self.keys.number(), from });
        (self.is_key_taken, self.is_key_written) = (false, false);
    }

    /// What happened since this was last asked for, to be appended to a file.
    pub fn take_journal(&mut self) -> Vec<u8> {
        self.is_key_taken = true;
        for lane in Lane::ALL {
            self.note_given(lane);
            self.lines[lane as usize].mark_taken();
        }
        let count = self.seats.walk_ins();
        if count != self.walk_ins_noted {
            self.walk_ins_noted = count;
            self.journal.note(&Entry::WalkIns { count });
        }
        self.journal.take()
    }

    /// What was last taken, or written anew, is on disk. Until then no more tickets are given out than a crash may lose.
    pub fn journal_is_written(&mut self) {
        self.is_key_written = self.is_key_taken;
        self.lines.iter_mut().for_each(Line::mark_written);
    }

    /// What happened since the journal was last asked for, and that it ends here: after it nothing was lost, and a restart costs
    /// nobody anything.
    pub fn stop(mut self) -> Vec<u8> {
        let mut last = self.take_journal();
        self.journal.note(&Entry::Stopped);
        last.append(&mut self.journal.take());
        last
    }

    /// Whether a journal of so many bytes is to be written anew.
    pub fn is_long(&self, bytes: u64) -> bool {
        // What one that is written anew has: a byte a ticket, 8 a cohort, and 6 for each ticket that was lost and is back, of
        // which a crash has lost no more than so many.
        let of_line = |line: &Line| {
            let lost = line.lost().firsts().count() as u64 * u64::from(UNWRITTEN_MAX);
            u64::from(line.next().0) + 8 * line.ends().len() as u64 + 6 * lost
        };
        bytes > JOURNAL_BYTES_MIN + 2 * self.lines.iter().map(of_line).sum::<u64>()
    }

    fn note_given(&mut self, lane: Lane) {
        if let Some(next) = self.lines[lane as usize].take_given() {
            self.journal.note(&Entry::Given { lane, next });
        }
    }

    fn note_closed(&mut self, lane: Lane) {
        self.note_given(lane);
        self.journal.note(&Entry::Closed { lane });
    }

    fn note(&mut self, (lane, serial): Key, state: State) {
        self.journal.note(&Entry::Became { lane, serial, state });
    }

    /// Somebody arrives, and gets the text of a ticket.
    ///
    /// # Errors
    /// If nobody else can be remembered, for now or at all.
    pub fn arrive(&mut self, now: Mono, lane: Lane) -> Result<String, NoTicket> {
        if !self.is_key_written {
            return Err(NoTicket::Busy);
        }
        let (serial, cohort) = self.lines[lane as usize].give(now)?;
        self.seats.add(lane);
        Ok(self.keys.text(lane, serial, cohort))
    }

    /// The doors open: the order of those who are here is drawn, with a public value that nobody knew before, of which the
    /// first [`PUBLIC_VALUE_BYTES_MAX`] bytes count. Once.
    pub fn open_doors(&mut self, public_value: &[u8]) {
        if self.draw.is_some() {
            return;
        }
        self.set_draw(public_value);
        self.journal.note(&Entry::Doors { public_value: self.public_value.clone() });
        for lane in Lane::ALL {
            if self.lines[lane as usize].close() {
                self.note_closed(lane);
            }
        }
    }

    pub(crate) fn set_draw(&mut self, public_value: &[u8]) {
        self.public_value = public_value[..public_value.len().min(PUBLIC_VALUE_BYTES_MAX)].to_vec();
        self.draw = Some(self.seed.draw(&self.public_value));
    }

    /// Time goes by: seats that were kept for long enough are free, and whoever is next is called.
    pub fn tick(&mut self, now: Mono) {
        let journal = &mut self.journal;
        self.seats.expire(now, |(lane, serial), state| journal.note(&Entry::Became { lane, serial, state }));
        self.leaving.note(now, self.seats.take_leaving(), self.seats.inside());
        let Some(draw) = self.draw else { return };
        let mut budget = RANKS_PER_CALL;
        for lane in Lane::ALL {
            if self.lines[lane as usize].close_if_due(now) {
                self.note_closed(lane);
            }
            budget -= self.lines[lane as usize].draw(&self.keys, &draw, budget);
        }
        while self.seats.free() > 0 {
            let Some(key) = self.next() else { break };
            self.seats.call(now, key);
            self.note(key, State::Called);
        }
    }

    /// Somebody wants the stream that their ticket is good for.
    ///
    /// # Errors
    /// Why they do not get it.
    pub fn claim(&mut self, now: Mono, wall: Wall, text: &str) -> Result<Claimed, Refused> {
        let ticket = self.read(wall, text)?;
        let key = (ticket.lane, ticket.serial);
        self.present(now, key);
        if self.seats.sit(now, key) {
            self.note(key, State::Inside);
            return Ok(Claimed::In(self.seats.pass(key)));
        }
        match self.seats.state(key) {
            State::Inside => Ok(Claimed::Again(self.seats.pass(key))),
            State::Spent => Err(Refused::Spent),
            State::Missed => Err(Refused::Next),
            _ => Err(Refused::NotYet(self.standing(now, &ticket))),
        }
    }

    /// Somebody asks where they stand, and comes in or not later.
    ///
    /// # Errors
    /// Their ticket is none, or is spent.
    pub fn ask(&mut self, now: Mono, wall: Wall, text: &str) -> Result<Asked, Refused> {
        let ticket = self.read(wall, text)?;
        let key = (ticket.lane, ticket.serial);
        self.present(now, key);
        match self.seats.state(key) {
            State::Waiting => Ok(Asked::Waiting(self.standing(now, &ticket))),
            State::Spent => Err(Refused::Spent),
            // Who missed their call is told to come, because coming is what keeps the next seat for them.
            State::Called | State::Missed | State::Inside | State::Away => Ok(Asked::Called),
        }
    }

    /// If a crash had lost this ticket, it is found.
    fn present(&mut self, now: Mono, key: Key) {
        let (lane, serial) = key;
        if self.lines[lane as usize].present(now, &self.keys, self.draw.as_ref(), serial) {
            self.journal.note(&Entry::Presented { lane, serial });
        }
    }

    /// Whether somebody without a ticket would be let in.
    pub fn is_open(&self) -> bool {
        self.seats.is_awaiting() || self.has_room()
    }

    /// Whether whoever comes now would be let in. After a restart those who were inside without a ticket are let in again, and
    /// cannot be told from others; but nobody else is to be told to come.
    pub fn has_room(&self) -> bool {
        self.seats.free() > self.waiting()
    }

    /// Somebody wants a stream and has no ticket: a player, a radio, a page while there is room.
    ///
    /// # Errors
    /// [`Refused::Full`] if there is no room beside those who wait for it.
    pub fn walk_in(&mut self) -> Result<(), Refused> {
        if !self.is_open() {
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
        if self.seats.rise(now, pass) {
            self.note(pass.key, State::Away);
        }
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
        let turn = self.draw.as_ref().map(|draw| line.turn_of(&self.keys, draw, ticket.serial));
        let (own, beside) = match &turn {
            Some(turn) => line.ahead(turn),
            None => (0, Some(line.waiting().saturating_sub(1))),
        };
        let before = before + own;
        let wait = beside.is_none().then(|| self.wait(now, before)).flatten();
        Standing { turn, before, beside, wait }
    }

    /// How long somebody waits with so many before them: for a seat that is kept for somebody who left, or for one whose
    /// holder has yet to leave.
    fn wait(&self, now: Mono, before: u32) -> Option<Range> {
        let before = before.saturating_add(self.seats.over());
        match self.seats.free_at(before) {
            Some(at) => Some(Range::around(at.saturating_since(now))),
            None => self.leaving.wait(before - self.seats.kept().min(before), self.seats.inside()),
        }
    }
}
