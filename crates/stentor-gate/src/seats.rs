//! Who is inside, whose seat is kept, whose ticket is spent. Two bytes a ticket.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};

use stentor_types::Mono;

use crate::limits::{CLAIM_WITHIN, FREES, FREES_STEP, GRACE, RETURNED_MAX};
use crate::line::Lane;
use crate::ticket::Serial;

/// A ticket by its place.
pub(crate) type Key = (Lane, Serial);

/// The right to one stream: a ticket, and which of its streams it is. Of 256 streams that are over at the same time and not yet
/// noticed, one would be taken for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pass {
    pub(crate) key: Key,
    stream: u8,
}

impl Pass {
    /// The ticket whose stream it is.
    pub fn ticket(&self) -> (Lane, Serial) {
        self.key
    }
}

/// What has become of a ticket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum State {
    /// It stands in line.
    #[default]
    Waiting = 0,
    /// It may come in, and a seat is kept for it.
    Called = 1,
    /// It may come in, and did not in time: no seat is kept, and the next one is its.
    Missed = 2,
    /// Its holder hears.
    Inside = 3,
    /// Its stream broke off, and its seat is kept.
    Away = 4,
    /// It was good for what it was good for.
    Spent = 5,
}

impl State {
    pub(crate) const fn of(byte: u8) -> Option<Self> {
        Some(match byte {
            0 => Self::Waiting,
            1 => Self::Called,
            2 => Self::Missed,
            3 => Self::Inside,
            4 => Self::Away,
            5 => Self::Spent,
            _ => return None,
        })
    }
}

/// The seats of a show at one node.
#[derive(Debug)]
pub struct Seats {
    cap: u32,
    states: [Vec<State>; Lane::COUNT],
    /// Which stream of a ticket is its newest.
    streams: [Vec<u8>; Lane::COUNT],
    /// Who came in by a ticket, and who without.
    inside: u32,
    walk_ins: u32,
    /// Who was inside without a ticket before a restart and is not back yet, and until when their seats are kept.
    returning: (u32, Mono),
    /// Until when a seat is kept, of those who are away, and whether they left by themselves: who was inside at a restart did
    /// not, and is expected back.
    away: BTreeMap<Key, (Mono, bool)>,
    /// How many of those who left by themselves have a seat until which second.
    kept: BTreeMap<u64, u32>,
    /// Until when a seat is kept, in the order in which people left; those who came back are still among them.
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
            streams: Default::default(),
            inside: 0,
            walk_ins: 0,
            returning: (0, Mono(0)),
            away: BTreeMap::new(),
            kept: BTreeMap::new(),
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
        self.away.len() as u32 + self.returning.0
    }

    /// Who is inside without a ticket, or was before a restart and has a seat kept.
    pub(crate) fn walk_ins(&self) -> u32 {
        self.walk_ins + self.returning.0
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
        self.streams[lane as usize].push(0);
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

    /// Another stream of somebody inside, or who comes in.
    pub(crate) fn pass(&mut self, key: Key) -> Pass {
        let (lane, serial) = key;
        let stream = &mut self.streams[lane as usize][serial.0 as usize];
        *stream = stream.wrapping_add(1);
        Pass { key, stream: *stream }
    }

    /// Somebody who was called, or whose stream broke off, comes in; or who missed their call, if there is a seat. Says
    /// whether they did.
    pub(crate) fn sit(&mut self, now: Mono, key: Key) -> bool {
        match self.state(key) {
            State::Called => self.promised -= 1,
            State::Away => {
                let had_left = self.keep_no_more(key);
                self.leaving -= i64::from(had_left);
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

    /// The stream of somebody inside broke off or ended. Says whether they are gone: a newer stream keeps them inside.
    pub(crate) fn rise(&mut self, now: Mono, pass: Pass) -> bool {
        let Pass { key, stream } = pass;
        let newest = self.streams[key.0 as usize].get(key.1.0 as usize);
        let was_inside = self.state(key) == State::Inside && newest == Some(&stream);
        if was_inside {
            self.inside -= 1;
            self.keep(now + GRACE, key, true);
            self.forget_returned();
        }
        was_inside
    }

    fn keep(&mut self, until: Mono, key: Key, has_left: bool) {
        self.set(key, State::Away);
        self.away.insert(key, (until, has_left));
        self.left.push_back((until, key));
        if has_left {
            *self.kept.entry(second(until)).or_default() += 1;
            self.leaving += 1;
        }
    }

    /// A seat is not kept any more; says whether they had left by themselves.
    fn keep_no_more(&mut self, key: Key) -> bool {
        let Some((until, has_left)) = self.away.remove(&key) else { return false };
        if has_left && let Entry::Occupied(mut kept) = self.kept.entry(second(until)) {
            *kept.get_mut() -= 1;
            if *kept.get() == 0 {
                kept.remove();
            }
        }
        has_left
    }

    /// Whoever comes and goes all the time is not to make the list of those who left as long as they like.
    fn forget_returned(&mut self) {
        if self.left.len() > 2 * self.away.len() + RETURNED_MAX {
            let away = &self.away;
            self.left.retain(|(until, key)| away.get(key).is_some_and(|(kept, _)| kept == until));
        }
    }

    /// Somebody without a ticket comes in. After a restart that is somebody who was inside.
    pub(crate) fn walk_in(&mut self) {
        self.walk_ins += 1;
        self.returning.0 = self.returning.0.saturating_sub(1);
    }

    /// Whether a seat is kept for somebody who was inside before a restart and has no ticket.
    pub(crate) fn is_awaiting(&self) -> bool {
        self.returning.0 > 0
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

    /// When the seat is free of whoever is to lose theirs as the `n`th from now, from 0, unless some come back. To a second.
    pub(crate) fn free_at(&self, n: u32) -> Option<Mono> {
        let mut free = 0;
        let at = self.kept.iter().find(|(_, kept)| {
            free += **kept;
            n < free
        });
        at.map(|(second, _)| Mono(second * 1_000_000))
    }

    /// How many seats are kept for those who left by themselves.
    pub(crate) fn kept(&self) -> u32 {
        self.kept.values().sum()
    }

    /// How many more than there are seats are inside, since the cap was lowered.
    pub(crate) fn over(&self) -> u32 {
        self.taken().saturating_sub(self.cap)
    }

    /// How many of the seats that are kept for those who left become free in each step from now on, unless they come back.
    pub(crate) fn frees(&self, now: Mono) -> [u32; FREES] {
        let mut frees = [0; FREES];
        for (second, kept) in &self.kept {
            let step = Mono(second * 1_000_000).saturating_since(now).as_micros() / FREES_STEP.as_micros();
            frees[(step as usize).min(FREES - 1)] += kept;
        }
        frees
    }

    /// Seats that were kept for long enough are free. Those to whom something happened by it are told to `became`.
    pub(crate) fn expire(&mut self, now: Mono, mut became: impl FnMut(Key, State)) {
        if self.returning.1 <= now {
            self.leaving += i64::from(std::mem::take(&mut self.returning.0));
        }
        while let Some(&(until, key)) = self.called.front()
            && until <= now
        {
            self.called.pop_front();
            if self.state(key) == State::Called {
                self.set(key, State::Missed);
                self.promised -= 1;
                became(key, State::Missed);
            }
        }
        // No more than were called and slept, and came within the last 20 s when it was full.
        self.owed.retain(|_, until| *until > now);
        while let Some(&(until, key)) = self.left.front()
            && until <= now
        {
            self.left.pop_front();
            // Who came back and left again has a later time.
            if self.away.get(&key).is_some_and(|(kept, _)| *kept == until) {
                let had_left = self.keep_no_more(key);
                self.leaving += i64::from(!had_left);
                self.set(key, State::Spent);
                became(key, State::Spent);
            }
        }
    }

    /// So many tickets of a lane were given out.
    pub(crate) fn resize(&mut self, lane: Lane, count: u32) {
        self.states[lane as usize].resize(count as usize, State::Waiting);
        self.streams[lane as usize].resize(count as usize, 0);
    }

    /// What the holders of a lane's tickets are.
    pub(crate) fn states(&self, lane: Lane) -> &[State] {
        &self.states[lane as usize]
    }

    /// What the holder of a ticket has become, without anything that follows from it; `false` if there is no such ticket.
    pub(crate) fn restore(&mut self, (lane, serial): Key, state: State) -> bool {
        let place = self.states[lane as usize].get_mut(serial.0 as usize);
        place.map(|place| *place = state).is_some()
    }

    /// All that follows from what the holders of tickets are, after a restart: nobody hears, and the seats of those who did
    /// are kept as if their streams had broken off now, those without a ticket among them.
    pub(crate) fn restart(&mut self, now: Mono, walk_ins: u32) {
        let until = now + GRACE;
        self.returning = (walk_ins, until);
        for lane in Lane::ALL {
            for n in 0..self.states[lane as usize].len() {
                let key = (lane, Serial(n as u32));
                match self.state(key) {
                    State::Called => {
                        self.called.push_back((now + CLAIM_WITHIN, key));
                        self.promised += 1;
                    }
                    State::Inside | State::Away => self.keep(until, key, false),
                    State::Waiting | State::Missed | State::Spent => {}
                }
            }
        }
    }

    fn set(&mut self, (lane, serial): Key, state: State) {
        self.states[lane as usize][serial.0 as usize] = state;
    }
}

/// The second in which this is over.
fn second(until: Mono) -> u64 {
    until.0.div_ceil(1_000_000)
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
            let pass = seats.pass(key);
            seats.rise(now, pass);
        }
        assert!(seats.left.len() <= 2 + RETURNED_MAX, "{}", seats.left.len());
        assert_eq!(seats.away(), 1);
    }
}
