//! Where a show's mixer is: nowhere, waiting for its epoch to be safe on the disk, or running.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use stentor_audio::{MixerCommand, MixerConfig, SourceStats};
use stentor_types::{Epoch, Position};

use crate::mixer_thread::MixerHandle;

/// The one place of a show's mixer.
#[derive(Default)]
pub(super) struct MixerPlace {
    state: Mutex<State>,
    cpu_before_us: AtomicU64,
    overrun_before: AtomicU64,
    sources_before: Mutex<SourceStats>,
}

#[derive(Default)]
enum State {
    #[default]
    Empty,
    Waiting {
        config: MixerConfig,
        orders: Vec<MixerCommand>,
    },
    Running(MixerHandle),
}

impl MixerPlace {
    /// Puts a mixer here that waits for its epoch, and only then asks for the epoch: an answer that comes at
    /// once, from another thread or from within `ask`, finds the mixer that waits for it.
    pub(super) fn prepare(&self, config: MixerConfig, orders: Vec<MixerCommand>, ask: impl FnOnce(Position)) {
        let first = config.first;
        self.replace(State::Waiting { config, orders });
        ask(first);
    }

    /// Starts the mixer that waits for `epoch`; nothing when another one or none waits.
    ///
    /// Orders that came meanwhile are the first that it gets, then `running` is told of it: nobody can take the
    /// mixer away in between.
    pub(super) fn start(
        &self,
        epoch: Epoch,
        spawn: impl FnOnce(MixerConfig, Vec<MixerCommand>) -> std::io::Result<MixerHandle>,
        running: impl FnOnce(MixerHandle),
    ) -> std::io::Result<()> {
        let mut state = self.state();
        if !matches!(&*state, State::Waiting { config, .. } if config.first.epoch == epoch) {
            return Ok(());
        }
        let State::Waiting { config, orders } = std::mem::take(&mut *state) else { return Ok(()) };
        let handle = spawn(config, orders)?;
        *state = State::Running(handle.clone());
        running(handle);
        Ok(())
    }

    /// Takes the mixer away and ends it, if there is one.
    pub(super) fn stop(&self) {
        self.replace(State::Empty);
    }

    /// Gives an order to the mixer, now or as soon as it runs.
    pub(super) fn order(&self, command: MixerCommand) {
        match &mut *self.state() {
            State::Empty => {}
            State::Waiting { orders, .. } => orders.push(command),
            State::Running(handle) => handle.command(command),
        }
    }

    /// CPU time of all mixers that were here, in microseconds.
    pub(super) fn cpu_us(&self) -> u64 {
        let running = match &*self.state() {
            State::Running(handle) => handle.gauges().cpu_us.load(Relaxed),
            State::Empty | State::Waiting { .. } => 0,
        };
        self.cpu_before_us.load(Relaxed) + running
    }

    /// Packets that no mixer of those that were here took in time.
    pub(super) fn overrun(&self) -> u64 {
        let running = match &*self.state() {
            State::Running(handle) => handle.gauges().overrun.load(Relaxed),
            State::Empty | State::Waiting { .. } => 0,
        };
        self.overrun_before.load(Relaxed) + running
    }

    /// What the speakers of all mixers that were here have been through.
    pub(super) fn sources(&self) -> SourceStats {
        let state = self.state();
        let mut all = *locked(&self.sources_before);
        if let State::Running(handle) = &*state {
            all.add(&sources_of(handle));
        }
        all
    }

    /// The worst lateness of a tick since this was last asked, in microseconds.
    pub(super) fn take_late_us_max(&self) -> u64 {
        match &*self.state() {
            State::Running(handle) => handle.gauges().late_us_max.swap(0, Relaxed),
            State::Empty | State::Waiting { .. } => 0,
        }
    }

    fn replace(&self, state: State) {
        if let State::Running(handle) = std::mem::replace(&mut *self.state(), state) {
            self.cpu_before_us.fetch_add(handle.gauges().cpu_us.load(Relaxed), Relaxed);
            self.overrun_before.fetch_add(handle.gauges().overrun.load(Relaxed), Relaxed);
            locked(&self.sources_before).add(&sources_of(&handle).past());
            handle.stop();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }
}

fn sources_of(handle: &MixerHandle) -> SourceStats {
    *locked(&handle.gauges().sources)
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::sync::Arc;
    use std::sync::mpsc::{Sender, channel};
    use std::time::Duration;

    use stentor_audio::{Feedback, SourceReport};
    use stentor_types::{Channels, Chunk, Mark, MarkBody, ShowId, Slot, TrackChunk};

    use super::*;
    use crate::clock::Clock;
    use crate::mixer_thread::{self, MixerEnd, MixerSink};

    struct Marks(Sender<Mark>);

    impl MixerSink for Marks {
        fn chunk(&mut self, _: Arc<Chunk>) {}
        fn track(&mut self, _: Arc<TrackChunk>) {}
        fn feedback(&mut self, _: Feedback) {}
        fn marked(&mut self, mark: Mark) {
            let _ = self.0.send(mark);
        }
        fn reports(&mut self, _: Vec<SourceReport>) {}
        fn over(&mut self, _: MixerEnd) {}
    }

    fn config(epoch: u32, clock: Clock) -> MixerConfig {
        let first = Position { epoch: Epoch(epoch), slot: Slot(0) };
        let (channels, start) = (Channels::Mono, clock.mono());
        MixerConfig { channels, first, start, delay: Duration::ZERO, own_tracks: false }
    }

    fn spawn(
        clock: Clock,
        marks: Sender<Mark>,
    ) -> impl FnOnce(MixerConfig, Vec<MixerCommand>) -> std::io::Result<MixerHandle> {
        let show: ShowId = "place".parse().expect("a name");
        move |config, orders| mixer_thread::spawn(&show, config, orders, clock, Marks(marks))
    }

    /// Once seen in the 83rd of a hundred restarts: a show on air for ever without a mixer.
    #[test]
    fn a_disk_that_answers_at_once_finds_the_mixer_that_waits() {
        let (place, clock, running) = (MixerPlace::default(), Clock::start(), RefCell::new(false));
        place.prepare(config(7, clock), Vec::new(), |first| {
            let spawn = spawn(clock, channel().0);
            place.start(first.epoch, spawn, |_| *running.borrow_mut() = true).expect("a thread");
        });
        assert!(running.into_inner(), "nobody waited for the epoch");
    }

    #[test]
    fn an_order_given_while_the_epoch_is_made_safe_is_carried_out() {
        let (place, clock, (marks, marked)) = (MixerPlace::default(), Clock::start(), channel());
        place.prepare(config(7, clock), Vec::new(), |_| {});
        place.order(MixerCommand::Mark(MarkBody::OnAir));
        place.start(Epoch(7), spawn(clock, marks), drop).expect("a thread");
        let mark = marked.recv_timeout(Duration::from_secs(60)).expect("the mark that was ordered");
        assert_eq!(mark.body, MarkBody::OnAir);
    }

    #[test]
    fn an_answer_for_another_epoch_starts_nothing() {
        let (place, clock) = (MixerPlace::default(), Clock::start());
        place.prepare(config(8, clock), Vec::new(), |_| {});
        place.start(Epoch(7), |_, _| unreachable!("epoch 7 was given up"), drop).expect("nothing to do");
        place.stop();
        place.start(Epoch(8), |_, _| unreachable!("its mixer was given up"), drop).expect("nothing to do");
    }
}
