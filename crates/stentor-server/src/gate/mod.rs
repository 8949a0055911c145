//! The gate of each show, as the doors use it: tickets, claims, and places inside.
//!
//! It decides nothing: that is [`stentor_gate`]'s. It has a lock of its own, so that a crowd that comes in does not wait for the
//! node. The node waits for it twice an evening: when the doors open, and when the show is over.
//!
//! A server that was not told how many may hear has no gate, and lets in whoever it has a connection for.
//!
//! - this file: [`ShowGate`], which the doors ask.
//! - [`admission`]: a place inside, given back when it is dropped.
//! - [`board`]: what everybody is told, as JSON.
//! - [`capacity`]: how many seats a node has.
//! - [`files`]: what lies in a show's folder, and is read again after a restart.
//! - [`keeper`]: has the next ones called and what happened written down.

mod admission;
mod board;
mod capacity;
mod files;
mod keeper;

pub(crate) use self::admission::Admission;
pub(crate) use self::board::{BoardView, TurnView};
pub(crate) use self::capacity::seats;
pub(crate) use self::keeper::{close, keep, write_last};

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use stentor_gate::line::Lane;
use stentor_gate::{Asked, Claimed, Gate, NoTicket, Pass, Quotas, Refused, Serial};
use stentor_types::{Reason, ShowId};

use self::admission::Right;
use self::files::{Record, Secrets};
use crate::clock::Clock;
use crate::entropy;
use crate::problem::Problem;

/// When somebody without a ticket may ask again: seats become free as people leave, and a page tells sooner.
const RETRY_FULL: Duration = Duration::from_secs(30);

/// When somebody whose turn has not come may ask again, at the earliest and at the latest. A page knows from the status.
const RETRY_WAITING: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(60)];

/// When more people arrive than are written down: they are a quarter of a second later.
const RETRY_BUSY: Duration = Duration::from_secs(1);

/// Ends the stream of a pass from outside.
type End = Box<dyn FnOnce(Pass) + Send>;

/// The gate of one show. There is none before it is [begun](ShowGate::begin) or [found](ShowGate::find), after the end of
/// the show, and on a server without seats.
pub(crate) struct ShowGate {
    show: ShowId,
    clock: Clock,
    state: Mutex<Option<State>>,
    /// Held by whoever writes the show's journal: whether what was last to be written was not, or not whole.
    writing: Arc<tokio::sync::Mutex<bool>>,
}

struct State {
    gate: Gate,
    quotas: Quotas,
    record: Record,
    /// The stream of each ticket that is inside, and how it is ended if another with the same ticket begins.
    streams: BTreeMap<(Lane, Serial), (Pass, End)>,
}

impl State {
    fn new(gate: Gate, record: Record) -> Self {
        let quotas = Quotas::new([entropy::bytes(), entropy::bytes()]);
        Self { gate, quotas, record, streams: BTreeMap::new() }
    }
}

/// What of a gate can be counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Seats that there are.
    pub(crate) seats: u32,
    /// Seats that somebody has or was promised.
    pub(crate) taken: u32,
    /// Who hears.
    pub(crate) inside: u32,
    /// Who waits.
    pub(crate) waiting: u32,
}

impl ShowGate {
    /// The place of a show's gate.
    pub(crate) fn new(show: ShowId, clock: Clock) -> Self {
        Self { show, clock, state: Mutex::new(None), writing: Arc::default() }
    }

    /// A new gate, for a show that was just announced.
    pub(crate) fn begin(&self, seats: u32) {
        let secrets = Secrets::random(self.clock.wall());
        let gate = Gate::new(secrets.keys(&self.show), secrets.seed(), seats);
        *self.lock() = Some(State::new(gate, Record::new(secrets)));
    }

    /// The gate of a show that was found in the data folder, as it was left; a new one if there was none.
    ///
    /// # Errors
    /// There was one that cannot be used. It is kept under other names, and there is a new one.
    pub(crate) fn find(&self, folder: &Path, seats: u32) -> Result<(), String> {
        match files::find(self.clock.now(), &self.show, folder, seats) {
            Ok(Some((gate, record))) => {
                *self.lock() = Some(State::new(gate, record));
                Ok(())
            }
            Ok(None) => {
                self.begin(seats);
                Ok(())
            }
            // What can neither be used nor kept aside is not written over: then there is no gate.
            Err(why) => Err(match files::set_aside(folder, self.clock.wall()) {
                Ok(aside) => {
                    self.begin(seats);
                    format!("{why}; {aside}")
                }
                Err(error) => {
                    format!("{why}; it could not be kept under another name, so there is no gate: {error}")
                }
            }),
        }
    }

    /// The doors open: from now on there is an order.
    pub(crate) fn open_doors(&self) {
        if let Some(state) = self.lock().as_mut() {
            state.gate.open_doors(&[]);
        }
    }

    /// The show is over, and nobody waits for it any more.
    pub(crate) fn end(&self) {
        *self.lock() = None;
    }

    /// A ticket for somebody from there.
    ///
    /// # Errors
    /// The show is over, or nobody else can be remembered.
    pub(crate) fn give(&self, from: IpAddr) -> Result<String, Problem> {
        let now = self.clock.mono();
        let mut state = self.lock();
        let State { gate, quotas, .. } = state.as_mut().ok_or_else(no_gate)?;
        let lane = quotas.lane(from);
        let ticket = gate.arrive(now, lane).map_err(|none| match none {
            NoTicket::Busy => Problem::new(Reason::Overloaded).retry_after(RETRY_BUSY),
            _ => Problem::new(Reason::Overloaded).detail(format!("{none}.")),
        })?;
        quotas.count(from, lane);
        Ok(ticket)
    }

    /// Where the holder of a ticket stands. Asking takes no seat.
    ///
    /// # Errors
    /// The ticket is no good, or the show is over.
    pub(crate) fn ask(&self, ticket: &str) -> Result<Asked, Problem> {
        let now = self.clock.now();
        let mut state = self.lock();
        let State { gate, .. } = state.as_mut().ok_or_else(no_gate)?;
        gate.ask(now.mono, now.wall, ticket).map_err(refusal)
    }

    /// Whether somebody would get a stream now, with this ticket or without one.
    ///
    /// # Errors
    /// Why not.
    pub(crate) fn may_enter(&self, ticket: Option<&str>) -> Result<(), Problem> {
        let now = self.clock.now();
        let mut state = self.lock();
        let Some(State { gate, .. }) = state.as_mut() else { return Ok(()) };
        // Before the doors it is not the gate that keeps people out.
        if gate.draw().is_none() {
            return Ok(());
        }
        match ticket {
            None if gate.is_open() => Ok(()),
            None => Err(refusal(Refused::Full)),
            Some(ticket) => match gate.ask(now.mono, now.wall, ticket).map_err(refusal)? {
                Asked::Called => Ok(()),
                Asked::Waiting(standing) => Err(refusal(Refused::NotYet(standing))),
            },
        }
    }

    /// Somebody begins a stream, with a ticket or without one. If another stream has this ticket, that one is ended.
    ///
    /// # Errors
    /// They are not let in: why, and what to do.
    pub(crate) fn admit(
        self: &Arc<Self>,
        ticket: Option<&str>,
        end: impl FnOnce(Pass) + Send + 'static,
    ) -> Result<Admission, Problem> {
        let now = self.clock.now();
        let mut state = self.lock();
        let Some(State { gate, streams, .. }) = state.as_mut() else {
            return Ok(Admission::new(self, Right::NoGate));
        };
        let Some(ticket) = ticket else {
            gate.walk_in().map_err(refusal)?;
            return Ok(Admission::new(self, Right::WalkIn));
        };
        let (Claimed::In(pass) | Claimed::Again(pass)) =
            gate.claim(now.mono, now.wall, ticket).map_err(refusal)?;
        let before = streams.insert(pass.ticket(), (pass, Box::new(end)));
        drop(state);
        if let Some((before, end)) = before {
            end(before);
        }
        Ok(Admission::new(self, Right::Ticket(pass)))
    }

    /// A stream is over.
    fn leave(&self, right: Right) {
        let now = self.clock.mono();
        let mut state = self.lock();
        let Some(State { gate, streams, .. }) = state.as_mut() else { return };
        match right {
            Right::NoGate => {}
            Right::WalkIn => gate.walk_out(),
            Right::Ticket(pass) => {
                if streams.get(&pass.ticket()).is_some_and(|(newest, _)| *newest == pass) {
                    streams.remove(&pass.ticket());
                }
                gate.gone(now, pass);
            }
        }
    }

    /// Somebody from there has taken sound for a while.
    pub(crate) fn prove(&self, address: IpAddr) {
        if let Some(state) = self.lock().as_mut() {
            state.quotas.prove(address);
        }
    }

    /// What everybody is told, once it is kept what it is told by; nothing after the end.
    pub(crate) fn board(&self) -> Option<BoardView> {
        let now = self.clock.mono();
        let state = self.lock();
        let State { gate, record, .. } = state.as_ref().filter(|state| state.record.is_kept())?;
        Some(BoardView::new(gate, now, record.shows_draw()))
    }

    /// Its numbers; nothing after the end.
    pub(crate) fn counts(&self) -> Option<Counts> {
        let state = self.lock();
        let gate = &state.as_ref()?.gate;
        let seats = gate.seats();
        Some(Counts {
            seats: seats.cap(),
            taken: seats.taken(),
            inside: seats.inside(),
            waiting: gate.waiting(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Option<State>> {
        // After a panic in it the gate may be a seat or a ticket off; the show goes on.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Nobody has to wait here.
fn no_gate() -> Problem {
    Problem::new(Reason::NotFound).detail("This show has no line to stand in. Ask for its stream.")
}

/// What somebody is told who does not get in.
fn refusal(refused: Refused) -> Problem {
    match refused {
        Refused::Ticket(error) => Problem::new(Reason::TicketInvalid)
            .detail(format!("The ticket is not taken: {error}. Take another by POST to /SHOW/ticket.")),
        Refused::Spent => Problem::new(Reason::TicketSpent),
        Refused::NotYet(standing) => {
            let [earliest, latest] = RETRY_WAITING;
            let wait = standing.wait.map_or(earliest, |range| range.low.clamp(earliest, latest));
            Problem::new(Reason::NotYourTurn).retry_after(wait)
        }
        Refused::Next => Problem::new(Reason::NotYourTurn).retry_after(RETRY_WAITING[0]),
        // Whatever else a newer core may say, there is no seat.
        _ => Problem::new(Reason::Full).retry_after(RETRY_FULL),
    }
}

#[cfg(test)]
mod tests;
