//! A gate after a restart.

use stentor_types::Mono;

use crate::draw::Seed;
use crate::gate::Gate;
use crate::journal::{Entry, Journal, STATES_MAX, first_batch, is_damaged, write_batch};
use crate::limits::{COHORTS_MAX, PUBLIC_VALUE_BYTES_MAX, SERIALS_MAX};
use crate::line::Lane;
use crate::seats::State;
use crate::ticket::{Serial, TicketKey, TicketKeys};

pub use crate::journal::HEAD_BYTES;

/// A gate as its journal left it.
#[derive(Debug)]
pub struct Recovered {
    /// The gate. Whoever was inside has left just now, so that their seats are kept.
    pub gate: Gate,
    /// How many bytes of the journal were read: all, unless it was not written to its end.
    pub read_bytes: usize,
}

/// Why there is no gate in a journal. Whoever begins a new one makes everybody who waits come again: so the old one is to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecoverError {
    /// Not even its beginning can be read.
    #[error("this is no journal of a gate, or its beginning is damaged: keep it, and begin another")]
    Unreadable,
    /// Something in its middle is damaged or missing, or is of a newer version.
    #[error(
        "this journal is damaged at byte {at_byte}, or a newer version wrote it: \
         put a copy back, or keep it and begin another"
    )]
    Damaged {
        /// Where it cannot be read.
        at_byte: usize,
    },
    /// It was written for another show, evening, key or seed.
    #[error("this is the journal of another show, evening or key: the files of the gate belong together")]
    Foreign,
    /// A key that has signed is not among those that were given.
    #[error("key {0} has signed tickets and is missing: put its file back")]
    KeyMissing(u8),
    /// It says what cannot have happened, for instance that somebody was called who was not next.
    #[error("this journal contradicts itself at byte {at_byte}: keep it, and begin another")]
    Contradictory {
        /// Where the batch begins that does, or the end if all of it together does.
        at_byte: usize,
    },
}

/// What a journal says besides the gate itself.
#[derive(Default)]
struct Read {
    has_show: bool,
    /// It was written anew, and is not whole so far.
    is_partial: bool,
    walk_ins: u32,
    is_stopped: bool,
}

impl Entry {
    pub(crate) fn show(keys: &TicketKeys, seed: &Seed) -> Self {
        let (tag, expires_at_s) = keys.identity();
        Self::Show { tag, expires_at_s, commitment: seed.commitment().0, key: keys.first_key() }
    }
}

/// A batch with this number and payload, for whoever tries a journal with changed bytes.
pub fn batch(number: u32, payload: &[u8]) -> Vec<u8> {
    let mut batch = Vec::new();
    write_batch(number, payload, &mut batch);
    batch
}

impl Gate {
    /// The gate that has written this journal: with its first keys, those that came after them, and its seed. Write
    /// [`Gate::rewrite`] in the journal's place before anything else. Of no journal it is a new gate.
    ///
    /// Draws what was drawn: 0.4 µs a ticket, so 4 s for the most that there can be, in both lanes.
    ///
    /// # Errors
    /// Why there is none.
    pub fn recover(
        now: Mono,
        keys: TicketKeys,
        later: &[TicketKey],
        seed: Seed,
        cap: u32,
        journal: &[u8],
    ) -> Result<Recovered, RecoverError> {
        let mut gate = Self::new(keys, seed, cap);
        let (mut read_bytes, mut read) = (0, Read::default());
        let mut number = 0;
        while let Some((entries, bytes)) = first_batch(number, &journal[read_bytes..]) {
            for entry in entries {
                if !gate.apply(now, later, entry, &mut read)? {
                    return Err(RecoverError::Contradictory { at_byte: read_bytes });
                }
            }
            read_bytes += bytes;
            number += 1;
        }
        if is_damaged(&journal[read_bytes..]) {
            return Err(RecoverError::Damaged { at_byte: read_bytes });
        }
        if !journal.is_empty() && (!read.has_show || read.is_partial) {
            return Err(RecoverError::Unreadable);
        }
        if read_bytes > 0 {
            gate.restart(now, &read).ok_or(RecoverError::Contradictory { at_byte: read_bytes })?;
        }
        Ok(Recovered { gate, read_bytes })
    }

    /// The whole journal, as short as it can be. It stands for all that was ever taken, and for what was not. It is to be written
    /// beside the old one, synced and renamed, and then [`Gate::journal_is_written`] said.
    pub fn rewrite(&mut self) -> Vec<u8> {
        self.take_journal();
        let mut journal = Journal::default();
        journal.note(&Entry::show(&self.keys, &self.seed));
        journal.note(&Entry::Anew);
        for lane in Lane::ALL {
            self.rewrite_line(&mut journal, lane);
        }
        for (number, from) in self.keys.rotations() {
            journal.note(&Entry::Rotated { number, from });
        }
        if self.draw.is_some() {
            journal.note(&Entry::Doors { public_value: self.public_value.clone() });
        }
        for lane in Lane::ALL {
            let line = &self.lines[lane as usize];
            let (cohort, called) = line.called();
            journal.note(&Entry::Called { lane, cohort, called });
            line.late_serials().for_each(|serial| journal.note(&Entry::Late { lane, serial }));
            for (states, first) in self.seats.states(lane).chunks(STATES_MAX).zip((0..).step_by(STATES_MAX)) {
                journal.note(&Entry::States { lane, first: Serial(first), states: states.to_vec() });
            }
        }
        journal.note(&Entry::WalkIns { count: self.seats.walk_ins() });
        journal.note(&Entry::Whole);
        let whole = journal.take();
        // What comes next is numbered after it.
        self.journal = journal;
        whole
    }

    /// Cohorts and losses in the order in which they came.
    fn rewrite_line(&self, journal: &mut Journal, lane: Lane) {
        let line = &self.lines[lane as usize];
        let mut losses = line.lost().firsts().peekable();
        let ends = line.ends().iter().map(|&end| (end, true)).chain([(line.next(), false)]);
        for (end, is_closed) in ends {
            while let Some(first) = losses.next_if(|first| *first < end) {
                journal.note(&Entry::Given { lane, next: first });
                journal.note(&Entry::Lost { lane, first });
            }
            journal.note(&Entry::Given { lane, next: end });
            if is_closed {
                journal.note(&Entry::Closed { lane });
            }
        }
        line.lost().presented().for_each(|serial| journal.note(&Entry::Presented { lane, serial }));
    }

    /// All that follows from a restart; `None` if what was read cannot be.
    fn restart(&mut self, now: Mono, read: &Read) -> Option<()> {
        for line in &mut self.lines {
            if let Some(draw) = &self.draw {
                line.draw(&self.keys, draw, u32::MAX);
            }
        }
        if !self.is_consistent() {
            return None;
        }
        for lane in Lane::ALL.into_iter().filter(|_| !read.is_stopped) {
            let first = self.lines[lane as usize].next();
            // Without it nobody else gets a ticket; everybody who has one keeps it.
            self.lose(lane, first);
            // Who was inside stays before those who come now.
            if self.draw.is_some() && self.lines[lane as usize].ends().len() + 1 < COHORTS_MAX {
                self.lines[lane as usize].close();
            }
        }
        self.seats.restart(now, read.walk_ins);
        Some(())
    }

    fn lose(&mut self, lane: Lane, first: Serial) -> bool {
        let lost = self.lines[lane as usize].restore_lost(first);
        self.seats.resize(lane, self.lines[lane as usize].next().0);
        lost
    }

    /// What happened happens again; says whether it can have.
    fn apply(
        &mut self,
        now: Mono,
        later: &[TicketKey],
        entry: Entry,
        read: &mut Read,
    ) -> Result<bool, RecoverError> {
        let (keys, draw) = (&self.keys, self.draw.as_ref());
        let is_show = matches!(entry, Entry::Show { .. });
        if read.has_show == is_show || read.is_stopped {
            return Ok(false);
        }
        Ok(match entry {
            Entry::Show { .. } if entry != Entry::show(keys, &self.seed) => {
                return Err(RecoverError::Foreign);
            }
            Entry::Show { .. } => {
                read.has_show = true;
                true
            }
            Entry::Stopped => {
                read.is_stopped = true;
                true
            }
            Entry::Anew | Entry::Whole => {
                let is_anew = entry == Entry::Anew;
                std::mem::replace(&mut read.is_partial, is_anew) != is_anew
            }
            Entry::Rotated { number, from } => {
                let key = later.iter().find(|key| key.number() == number);
                let key = key.ok_or(RecoverError::KeyMissing(number))?;
                !keys.has(number) && {
                    self.keys.rotate(key.clone(), from);
                    true
                }
            }
            Entry::Given { lane, next } => {
                let can_be = self.lines[lane as usize].restore_given(now, next);
                self.seats.resize(lane, self.lines[lane as usize].next().0);
                can_be
            }
            Entry::Closed { lane } => {
                let line = &mut self.lines[lane as usize];
                line.ends().len() < COHORTS_MAX && line.close()
            }
            Entry::Doors { public_value } => {
                draw.is_none() && public_value.len() <= PUBLIC_VALUE_BYTES_MAX && {
                    self.set_draw(&public_value);
                    true
                }
            }
            Entry::Lost { lane, first } => self.lose(lane, first),
            Entry::Presented { lane, serial } => self.lines[lane as usize].present(now, keys, draw, serial),
            Entry::Late { lane, serial } => self.lines[lane as usize].restore_late(keys, draw, serial),
            Entry::Became { lane, serial, state } => {
                let is_next = state != State::Called || {
                    let line = &mut self.lines[lane as usize];
                    draw.and_then(|draw| line.call_again(keys, draw)) == Some(serial)
                };
                is_next && self.seats.restore((lane, serial), state)
            }
            Entry::Called { lane, cohort, called } => {
                self.lines[lane as usize].restore_called(keys, draw, cohort, called)
            }
            Entry::States { lane, first, states } => {
                let serials = (u64::from(first.0)..).map(|serial| u32::try_from(serial).unwrap_or(u32::MAX));
                serials.zip(states).all(|(serial, state)| self.seats.restore((lane, Serial(serial)), state))
            }
            Entry::WalkIns { count } => {
                read.walk_ins = count;
                count <= SERIALS_MAX
            }
        })
    }

    /// Whether all who wait stand in line once, and nobody else does: then nobody is called twice, or never.
    fn is_consistent(&self) -> bool {
        Lane::ALL.into_iter().all(|lane| {
            let (line, states) = (&self.lines[lane as usize], self.seats.states(lane));
            let mut stands = vec![false; states.len()];
            let once = line.uncalled().all(|Serial(serial)| {
                stands.get_mut(serial as usize).is_some_and(|stands| !std::mem::replace(stands, true))
            });
            once && (0..).map(Serial).zip(states).zip(stands).all(|((serial, state), stands)| {
                let is_absent = line.lost().is_absent(serial);
                (*state == State::Waiting) == (stands || is_absent)
            })
        })
    }
}
