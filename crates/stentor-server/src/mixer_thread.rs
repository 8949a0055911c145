//! The thread of one show's mixer: wait for the next deadline, tick, hand the outputs on.
//!
//! It waits for nothing but its own clock: packets and commands come by a channel that it drains,
//! and everything that leaves it is published or dropped, never queued without a bound.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use stentor_audio::{
    Mixer, MixerCommand, MixerConfig, MixerOutput, STALL_MAX, SourcePacket, SourceReport, SourceStats,
};
use stentor_types::time::CHUNK_SAMPLES;
use stentor_types::{Chunk, Mark, Mono, ShowId, TrackChunk};

use crate::clock::Clock;

/// Packets on their way to one mixer: 16 speakers × 50 a second × 1 s. A mixer that is a second
/// behind has lost its deadline anyway.
const PACKETS_WAITING_MAX: usize = 16 * 50;

/// Where the outputs of a mixer go. Every method returns at once.
pub trait MixerSink: Send + 'static {
    /// 0.32 s of programme.
    fn chunk(&mut self, chunk: Arc<Chunk>);
    /// What one person gave to the chunk that came just before.
    fn track(&mut self, chunk: Arc<TrackChunk>);
    /// A frame of a mix-minus for these speakers.
    fn feedback(&mut self, frame: stentor_audio::Feedback);
    /// A mark was placed.
    fn marked(&mut self, mark: Mark);
    /// How everybody on the stage does.
    fn reports(&mut self, reports: Vec<SourceReport>);
    /// The thread is over, for this reason.
    fn over(&mut self, end: MixerEnd);
}

/// Why a mixer's thread ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MixerEnd {
    /// It was told to.
    Stopped,
    /// It missed its deadlines by more than [`STALL_MAX`]: the machine slept or is overloaded.
    Stalled(Duration),
    /// It could not be made or it panicked; the text is for the operator.
    Failed(String),
}

enum ToMixer {
    Packet(SourcePacket),
    Command(MixerCommand),
    Stop,
}

/// What a mixer's thread says about itself while it runs.
#[derive(Debug, Default)]
pub struct MixerGauges {
    /// CPU time of the thread, in microseconds.
    pub cpu_us: AtomicU64,
    /// Worst lateness of a tick since this was last taken, in microseconds.
    pub late_us_max: AtomicU64,
    /// Packets dropped because too many waited.
    pub overrun: AtomicU64,
    /// What its speakers have been through, as of the newest chunk.
    pub sources: Mutex<SourceStats>,
}

/// The way to a running mixer. Dropping it stops the thread.
#[derive(Clone)]
pub struct MixerHandle {
    to_mixer: Sender<ToMixer>,
    packets_waiting: Arc<AtomicUsize>,
    gauges: Arc<MixerGauges>,
}

impl MixerHandle {
    /// Hands over a speaker's packet, or drops it when a second of packets waits already.
    pub fn packet(&self, packet: SourcePacket) {
        if self.packets_waiting.load(Relaxed) >= PACKETS_WAITING_MAX {
            self.gauges.overrun.fetch_add(1, Relaxed);
            return;
        }
        self.packets_waiting.fetch_add(1, Relaxed);
        if self.to_mixer.send(ToMixer::Packet(packet)).is_err() {
            self.packets_waiting.fetch_sub(1, Relaxed);
        }
    }

    /// Gives an order. They come from people's clicks: some a second at most.
    pub fn command(&self, command: MixerCommand) {
        let _ = self.to_mixer.send(ToMixer::Command(command));
    }

    /// Ends the thread at its next tick.
    pub fn stop(&self) {
        let _ = self.to_mixer.send(ToMixer::Stop);
    }

    /// What the thread says about itself.
    pub fn gauges(&self) -> &MixerGauges {
        &self.gauges
    }
}

/// Starts the thread of a mixer, which carries out `orders` before its first tick: a show on air is on air from the first
/// sample of an epoch on. `sink` hears of its end, whatever the reason.
pub fn spawn(
    show: &ShowId,
    config: MixerConfig,
    orders: Vec<MixerCommand>,
    clock: Clock,
    mut sink: impl MixerSink,
) -> std::io::Result<MixerHandle> {
    let (to_mixer, inbox) = channel();
    for order in orders {
        let _ = to_mixer.send(ToMixer::Command(order));
    }
    let packets_waiting = Arc::new(AtomicUsize::new(0));
    let gauges = Arc::new(MixerGauges::default());
    let handle =
        MixerHandle { to_mixer, packets_waiting: Arc::clone(&packets_waiting), gauges: Arc::clone(&gauges) };
    // Linux shows 15 characters of a thread's name; the epoch is for whoever reads a backtrace.
    let name = format!("mix {show} {}", config.first.epoch.0);
    thread::Builder::new().name(name).spawn(move || {
        // `stentor check` says where this is not allowed; the show goes on all the same.
        let _ = crate::essential::run_first();
        let mut desk = MixingDesk { inbox, packets_waiting, gauges, clock };
        // A panic in one show's mixer is that show's: it goes on in a new epoch, the others never notice.
        let end = catch_unwind(AssertUnwindSafe(|| desk.run(config, &mut sink)));
        sink.over(end.unwrap_or_else(|panic| MixerEnd::Failed(panic_text(panic.as_ref()))));
    })?;
    Ok(handle)
}

struct MixingDesk {
    inbox: Receiver<ToMixer>,
    packets_waiting: Arc<AtomicUsize>,
    gauges: Arc<MixerGauges>,
    clock: Clock,
}

impl MixingDesk {
    fn run(&mut self, config: MixerConfig, sink: &mut impl MixerSink) -> MixerEnd {
        let mut mixer = match Mixer::new(config) {
            Ok(mixer) => mixer,
            Err(error) => return MixerEnd::Failed(error.to_string()),
        };
        loop {
            let deadline = mixer.next_tick();
            if self.drain_until(deadline, &mut mixer).is_stop() {
                return MixerEnd::Stopped;
            }
            let late = self.clock.mono().saturating_since(deadline);
            if late > STALL_MAX {
                return MixerEnd::Stalled(late);
            }
            self.gauges.late_us_max.fetch_max(u64::try_from(late.as_micros()).unwrap_or(u64::MAX), Relaxed);
            mixer.tick();
            while let Some(output) = mixer.poll_output() {
                match output {
                    MixerOutput::Chunk(chunk) => {
                        self.gauges.cpu_us.store(self.clock.thread_cpu_us(), Relaxed);
                        // Whoever reads them just now gets those of the chunk before: the mixer waits for nobody.
                        if let Ok(mut sources) = self.gauges.sources.try_lock() {
                            *sources = mixer.source_totals();
                        }
                        sink.chunk(chunk);
                    }
                    MixerOutput::Track(chunk) => sink.track(chunk),
                    MixerOutput::Feedback(frame) => sink.feedback(frame),
                    MixerOutput::Marked(mark) => sink.marked(mark),
                    MixerOutput::Reports(reports) => sink.reports(reports),
                    // What this shell does not know, nobody waits for.
                    _ => {}
                }
            }
        }
    }

    /// Takes what comes until the deadline has passed and nothing waits.
    fn drain_until(&mut self, deadline: Mono, mixer: &mut Mixer) -> Drained {
        loop {
            let wait = deadline.saturating_since(self.clock.mono());
            let next = if wait.is_zero() {
                self.inbox.try_recv().map_err(|error| match error {
                    TryRecvError::Empty => RecvTimeoutError::Timeout,
                    TryRecvError::Disconnected => RecvTimeoutError::Disconnected,
                })
            } else {
                self.inbox.recv_timeout(wait)
            };
            match next {
                Ok(ToMixer::Packet(packet)) => {
                    self.packets_waiting.fetch_sub(1, Relaxed);
                    mixer.packet(packet);
                }
                // What is refused, such as a source too many, the stage has refused before.
                Ok(ToMixer::Command(command)) => drop(mixer.handle(command)),
                Err(RecvTimeoutError::Timeout) => return Drained::Deadline,
                Ok(ToMixer::Stop) | Err(RecvTimeoutError::Disconnected) => return Drained::Stop,
            }
        }
    }
}

enum Drained {
    Deadline,
    Stop,
}

impl Drained {
    fn is_stop(&self) -> bool {
        matches!(self, Self::Stop)
    }
}

/// What a panic said, if it said anything.
pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

/// Moves the start to the next slot that has not begun, if the disk took so long to make the epoch safe
/// that the mixer would begin by catching up. The slots left out become a hole.
pub(crate) fn not_in_the_past(config: MixerConfig, now: Mono) -> MixerConfig {
    let late = now.saturating_since(config.start);
    if late < STALL_MAX / 2 {
        return config;
    }
    let slot = Duration::from_micros(u64::from(CHUNK_SAMPLES) * 1_000_000 / 48_000);
    let slots = u64::try_from(late.as_micros() / slot.as_micros()).unwrap_or(0) + 1;
    let mut config = config;
    config.first.slot = config.first.slot.plus(slots);
    config.start = config.start + slot * u32::try_from(slots).unwrap_or(u32::MAX);
    config
}
