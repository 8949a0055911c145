//! Who is inside, whose seat is kept, whose ticket is spent. A byte a ticket.

use std::collections::{BTreeMap, VecDeque};

use stentor_types::Mono;

use crate::limits::{CLAIM_WITHIN, GRACE, RETURNED_MAX};
use crate::line::Lane;
use crate::ticket::Serial;

/// A ticket by its place.
pub(crate) type Key = (Lane, Serial);

/// What has become of a ticket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum State {
    /// It stands in line.
    #[default]
    Waiting,
    /// It may come in, and a seat is kept for it.
    Called,
    /// It may come in, and did not in time: no seat is kept, and the next one is its.
    Missed,
    /// Its holder hears.
    Inside,
    /// Its stream broke off, and its seat is kept.
    Away,
    /// It was good for what it was good for.
    Spent,
}

/// The seats of a show at one node.
#[derive(Debug)]
pub struct Seats {
    cap: u32,
    states: [Vec<State>; Lane::COUNT],
    /// Who came in by a ticket, and who without.
    inside: u32,
    walk_ins: u32,
    /// Until when a seat is kept, of those who are away.
    away: BTreeMap<Key, Mono>,
    /// The same in the order in which they left; those who came back are still among them.
    left: VecDeque<(Mono, Key)>,
    /// In the order in which they were called, until when a seat is kept; those who came are still among them.
    called: VecDeque<(Mono, Key)>,
    promised: u32,
    /// Who asked when there was no seat for them, and until when the next is kept for them.
    owed: BTreeMap<Key, Mono>,
    /// Who left since this was last asked for, less who came back.
    leaving: i64,
}

impl Seats {
    pub(crate) fn new(cap: u32) -> Self {
        Self {
            cap,
            states: Default::default(),
            inside: 0,
            walk_ins: 0,
            away: BTreeMap::new(),
            left: VecDeque::new(),
            called: VecDeque::new(),
            promised: 0,
            owed: BTreeMap::new(),
            leaving: 0,
        }
    }

    /// How many seats there are.
    pub fn cap(&self) -> u32 {
        self.cap
    }

    /// How many hear, with a ticket or without.
    pub fn inside(&self) -> u32 {
        self.inside + self.walk_ins
    }

    /// How many seats are kept for those whose stream broke off.
    pub fn away(&self) -> u32 {
        self.away.len() as u32
    }

    /// How many seats are kept for those who may come in.
    pub fn promised(&self) -> u32 {
        self.promised
    }

    /// How many seats nobody has and nobody was promised. A cap that was lowered takes no seat away: until enough have left
    /// there is none.
    pub fn free(&self) -> u32 {
        self.cap.saturating_sub(self.taken() + self.owed.len() as u32)
    }

    /// How many seats somebody has or was promised.
    pub fn taken(&self) -> u32 {
        self.inside() + self.away() + self.promised
    }

    pub(crate) fn set_cap(&mut self, cap: u32) {
        self.cap = cap;
    }

    /// A ticket was given out.
    pub(crate) fn add(&mut self, lane: Lane) {
        self.states[lane as usize].push(State::Waiting);
    }

    pub(crate) fn state(&self, (lane, serial): Key) -> State {
        self.states[lane as usize].get(serial.0 as usize).copied().unwrap_or_default()
    }

    /// Somebody may come in; a seat is kept.
    pub(crate) fn call(&mut self, now: Mono, key: Key) {
        debug_assert_eq!(self.state(key), State::Waiting, "nobody is called twice");
        self.set(key, State::Called);
        self.called.push_back((now + CLAIM_WITHIN, key));
        self.promised += 1;
    }

    /// Somebody who was called, or whose stream broke off, comes in; or who missed their call, if there is a seat. Says
    /// whether they did.
    pub(crate) fn sit(&mut self, now: Mono, key: Key) -> bool {
        match self.state(key) {
            State::Called => self.promised -= 1,
            State::Away => {
                self.away.remove(&key);
                self.leaving -= 1;
            }
            State::Missed => {
                // What is kept for others who missed theirs keeps the line away, and not these from each other: else two of them
                // would wait for ever for one seat.
                if self.taken() >= self.cap {
                    self.owed.insert(key, now + CLAIM_WITHIN);
                    return false;
                }
                self.owed.remove(&key);
            }
            State::Waiting | State::Inside | State::Spent => return false,
        }
        self.set(key, State::Inside);
        self.inside += 1;
        true
    }

    /// The stream of somebody inside broke off or ended.
    pub(crate) fn rise(&mut self, now: Mono, key: Key) {
        if self.state(key) == State::Inside {
            self.set(key, State::Away);
            self.inside -= 1;
            self.away.insert(key, now + GRACE);
            self.left.push_back((now + GRACE, key));
            self.leaving += 1;
            self.forget_returned();
        }
    }

    /// Whoever comes and goes all the time is not to make the list of those who left as long as they like.
    fn forget_returned(&mut self) {
        if self.left.len() > 2 * self.away.len() + RETURNED_MAX {
            let away = &self.away;
            self.left.retain(|(until, key)| away.get(key) == Some(until));
        }
    }

    /// Somebody without a ticket comes in.
    pub(crate) fn walk_in(&mut self) {
        self.walk_ins += 1;
    }

    /// Somebody without a ticket is gone.
    pub(crate) fn walk_out(&mut self) {
        debug_assert!(self.walk_ins > 0, "whoever goes was here");
        self.walk_ins = self.walk_ins.saturating_sub(1);
        self.leaving += 1;
    }

    /// How many left since this was last asked for, less those who came back.
    pub(crate) fn take_leaving(&mut self) -> i64 {
        std::mem::take(&mut self.leaving)
    }

    /// When the seat is free of whoever is to lose theirs as the `n`th from now, from 0, unless some come back.
    pub(crate) fn free_at(&self, n: u32) -> Option<Mono> {
        self.left.get(n as usize).map(|(until, _)| *until)
    }

    /// Seats that were kept for long enough are free.
    pub(crate) fn expire(&mut self, now: Mono) {
        while let Some(&(until, key)) = self.called.front()
            && until <= now
        {
            self.called.pop_front();
            if self.state(key) == State::Called {
                self.set(key, State::Missed);
                self.promised -= 1;
            }
        }
        // No more than were called and slept, and came within the last 20 s when it was full.
        self.owed.retain(|_, until| *until > now);
        while let Some(&(until, key)) = self.left.front()
            && until <= now
        {
            self.left.pop_front();
            // Who came back and left again has a later time.
            if self.away.get(&key) == Some(&until) {
                self.away.remove(&key);
                self.set(key, State::Spent);
            }
        }
    }

    fn set(&mut self, (lane, serial): Key, state: State) {
        self.states[lane as usize][serial.0 as usize] = state;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coming_and_going_makes_no_list_grow() {
        let (mut seats, key) = (Seats::new(1), (Lane::Ordinary, Serial(0)));
        seats.add(Lane::Ordinary);
        seats.call(Mono(0), key);
        for now in (0..3 * RETURNED_MAX as u64).map(Mono) {
            assert!(seats.sit(now, key));
            seats.rise(now, key);
        }
        assert!(seats.left.len() <= 2 + RETURNED_MAX, "{}", seats.left.len());
        assert_eq!(seats.away(), 1);
    }
}
