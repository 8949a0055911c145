//! Keeps the gates of all shows: has who is next called, and what happened written down.

use std::sync::Arc;
use std::time::Duration;

use stentor_types::Mono;

use super::files::{self, Due};
use super::{ShowGate, State};
use crate::notice::Notice;
use crate::shell::{Shell, ShowShell};

/// How often somebody may be called: a seat that is free is somebody's an eighth of a second later.
const TICK: Duration = Duration::from_millis(125);

/// Ticks from one writing to the next: what a crash may lose is a quarter of a second.
const TICKS_PER_WRITING: u64 = 2;

impl ShowGate {
    /// Time goes by, and there are so many seats.
    fn tick(&self, now: Mono, seats: u32) {
        if let Some(state) = self.lock().as_mut() {
            state.gate.set_cap(seats);
            state.gate.tick(now);
        }
    }

    /// Waits until nobody writes into the show's folder any more, after [`ShowGate::end`].
    pub(crate) async fn settled(&self) {
        drop(self.writing.lock().await);
    }

    fn take(&self) -> Option<Due> {
        let mut state = self.lock();
        let state = state.as_mut()?;
        state.record.take(&mut state.gate)
    }

    fn wrote(&self, written: Option<u64>) {
        if let Some(state) = self.lock().as_mut() {
            state.record.wrote(&mut state.gate, written);
        }
    }
}

/// Keeps the gates of a node, for as long as the server runs.
pub(crate) async fn keep(shell: Arc<Shell>) {
    let Some(seats) = shell.seats() else { return };
    let clock = *shell.clock();
    let (mut at, mut ticks) = (clock.mono(), 0_u64);
    loop {
        share_seats(&shell, seats, ticks);
        if ticks.is_multiple_of(TICKS_PER_WRITING) {
            shell.shows().into_iter().for_each(|show| begin_writing(&shell, show));
        }
        ticks += 1;
        // After a machine that slept there is nothing to make up for.
        at = (at + TICK).max(clock.mono());
        tokio::time::sleep_until(clock.deadline(at)).await;
    }
}

/// What one show's listeners do not have is there for the others, and each is first in its turn. Between two ticks shows that fill at
/// once may each give away all that was free.
fn share_seats(shell: &Shell, seats: u32, ticks: u64) {
    let mut shows = shell.shows();
    let first = (ticks % (shows.len().max(1) as u64)) as usize;
    shows.rotate_left(first);
    let taken = |show: &ShowShell| show.gate.counts().map_or(0, |counts| counts.taken);
    let mut all: u32 = shows.iter().map(|show| taken(show)).sum();
    for show in shows {
        let own = taken(&show);
        let others = all.saturating_sub(own);
        show.gate.tick(shell.clock().mono(), seats.saturating_sub(others));
        // Whoever was called now has a seat that the next show does not have.
        all = others + taken(&show);
    }
}

/// Writes what happened at a show's gate, if nobody does so already. Where a disk stands still nobody waits for it, but no more
/// tickets are given out than a crash may lose.
fn begin_writing(shell: &Arc<Shell>, show: Arc<ShowShell>) {
    let Ok(mut is_torn) = Arc::clone(&show.gate.writing).try_lock_owned() else { return };
    // The folder of a new show is made by another thread.
    if !show.owns_folder() {
        return;
    }
    let Some(due) = show.gate.take() else { return };
    let shell = Arc::clone(shell);
    tokio::task::spawn_blocking(move || {
        *is_torn = !write(&shell, &show, &due);
    });
}

/// Whether it is on the disk.
fn write(shell: &Shell, show: &ShowShell, due: &Due) -> bool {
    let written = files::write(&shell.data().show_dir(&show.id), due);
    show.gate.wrote(written.as_ref().ok().copied());
    let is_written = written.is_ok();
    if let Err(error) = written {
        shell.note(Notice::GateUnwritten { show: show.id.clone(), error });
    }
    is_written
}

/// The gates of all shows as they are when the server stops: whoever is inside now is inside when it is back, however their
/// streams end meanwhile.
pub(crate) struct Closed(Vec<(Arc<ShowShell>, State)>);

/// Takes the gates away.
pub(crate) fn close(shell: &Shell) -> Closed {
    let shows = shell.shows().into_iter();
    Closed(shows.filter_map(|show| show.gate.lock().take().map(|state| (Arc::clone(&show), state))).collect())
}

/// Writes down the last of them, so that a start finds them as they were.
pub(crate) async fn write_last(shell: &Arc<Shell>, Closed(gates): Closed) {
    for (show, State { gate, mut record, .. }) in gates {
        let mut is_torn = Arc::clone(&show.gate.writing).lock_owned().await;
        // What lies in a folder of another show is not written over.
        if !show.owns_folder() {
            continue;
        }
        // What was being written when the gate was taken away may have failed since.
        let due = record.last(gate, *is_torn);
        let shell = Arc::clone(shell);
        let writing = tokio::task::spawn_blocking(move || *is_torn = !write(&shell, &show, &due));
        let _ = writing.await;
    }
}
