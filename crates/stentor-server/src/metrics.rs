//! Gauges and counters, each defined once: `/metrics` and its reference page come from here.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use stentor_audio::SourceStats;
use stentor_formats::Container;
use stentor_types::Rendition;
use stentor_types::time::SAMPLE_RATE_HZ;

use crate::memory::Memory;

/// What a family of samples is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only rises while the process runs.
    Counter,
    /// May fall.
    Gauge,
}

/// One metric: its name, kind, meaning and labels. Labels are few by nature (doors, shows, reasons);
/// there is never one per listener.
#[derive(Debug)]
pub struct Family {
    /// Name with its unit last, as Prometheus wants it.
    pub name: &'static str,
    /// Counter or gauge.
    pub kind: Kind,
    /// One sentence.
    pub help: &'static str,
    /// Label names.
    pub labels: &'static [&'static str],
}

macro_rules! families {
    ($($konst:ident $kind:ident $name:literal [$($label:literal),*] $help:literal;)*) => {
        $(const $konst: Family = Family { name: $name, kind: Kind::$kind, help: $help, labels: &[$($label),*] };)*
        /// Every family outside the notices, in the order of `/metrics`.
        pub const FAMILIES: &[&Family] = &[$(&$konst),*];
    };
}

families! {
    DOOR_OPEN Gauge "stentor_door_connections" ["door"] "Open connections of a door.";
    DOOR_ACCEPTED Counter "stentor_door_accepted_total" ["door"] "Connections accepted by a door.";
    DOOR_ACCEPT_FAILED Counter "stentor_door_accept_failed_total" ["door"] "Failures to accept, mostly for want of descriptors.";
    DOOR_PAUSED Counter "stentor_door_paused_total" ["door"] "Times at which a door let nobody in for a moment, because every place was taken or no descriptor was left.";
    DOOR_HANDSHAKE_FAILED Counter "stentor_door_handshake_failed_total" ["door"] "TLS handshakes that failed or took too long.";
    DOOR_HANDSHAKES Counter "stentor_door_handshakes_total" ["door"] "TLS handshakes that came to their end.";
    FRONT_LISTENERS Gauge "stentor_front_listeners" ["container", "rendition"] "Listeners of endless streams in the front door's table.";
    FRONT_LATE Gauge "stentor_front_flush_late_ms_max" [] "Worst lateness of a slice of the flush since the last scrape.";
    FRONT_SAMPLES Counter "stentor_front_samples_total" [] "Looks at a listener's socket; each is looked at about every 10 s.";
    FRONT_UNACKNOWLEDGED Counter "stentor_front_samples_unacknowledged_total" [] "Of these looks, those at which more than 2 s of sound at 32 kbps were not acknowledged.";
    FRONT_UNACKNOWLEDGED_BYTES Counter "stentor_front_samples_unacknowledged_bytes_total" [] "Bytes not acknowledged at these looks, in all.";
    FRONT_RETRANSMITTED Counter "stentor_front_retransmitted_segments_total" [] "Segments sent again to listeners, as these looks found.";
    RESIDENT Gauge "stentor_resident_bytes" [] "Resident memory of the process, connections and their TLS among it (/proc/self/statm).";
    KERNEL_TCP Gauge "stentor_kernel_tcp_bytes" [] "What the kernel holds of TCP connections' data, for all processes of the machine (/proc/net/sockstat).";
    MEDIA_SESSIONS Gauge "stentor_media_sessions" [] "Sessions of speakers on the media socket.";
    MEDIA_PACKETS Counter "stentor_media_packets_total" [] "Datagrams and frames taken from validated peers.";
    MEDIA_DROPPED Counter "stentor_media_dropped_total" [] "Datagrams and frames of nobody we know, dropped before any state.";
    MEDIA_POLICED Counter "stentor_media_policed_total" [] "Datagrams and frames beyond what one peer may send, dropped unread.";
    CERTIFICATE Gauge "stentor_certificate_expiry_timestamp_seconds" [] "Unix time at which the certificate of the doors expires; 0 without one.";
    SHOW_LISTENERS Gauge "stentor_show_listeners" ["show"] "Open progressive streams of a show.";
    SHOW_SEATS Gauge "stentor_show_seats" ["show"] "How many may hear a show at once: what is free on this machine, and who is inside.";
    SHOW_INSIDE Gauge "stentor_show_inside" ["show"] "Seats of a show on which somebody hears.";
    SHOW_WAITING Gauge "stentor_show_waiting" ["show"] "People who wait for a seat.";
    SHOW_SPEAKERS Gauge "stentor_show_speakers" ["show"] "Connected people on the stage of a show.";
    SHOW_CHUNKS Counter "stentor_show_chunks_total" ["show"] "Chunks published since the server started.";
    SHOW_SLOT Gauge "stentor_show_slot" ["show"] "Newest slot on the media clock.";
    SHOW_EPOCH Gauge "stentor_show_epoch" ["show"] "Present epoch.";
    SHOW_TAPE_BYTES Gauge "stentor_show_tape_bytes" ["show"] "Bytes of the show's tape on disk.";
    SHOW_BYTES_SENT Counter "stentor_show_sent_bytes_total" ["show"] "Bytes of sound handed to listeners' connections.";
    MIXER_CPU Counter "stentor_mixer_cpu_seconds_total" ["show"] "CPU time of the show's mixer thread.";
    MIXER_OVERRUN Counter "stentor_mixer_overrun_total" ["show"] "Packets dropped because a mixer did not take them in time.";
    MIXER_LATE Gauge "stentor_mixer_late_ms_max" ["show"] "Worst lateness of a mixer tick since the last scrape.";
    SPEAKER_PACKETS Counter "stentor_speaker_packets_total" ["show"] "Packets of sound that came from speakers.";
    SPEAKER_COPIES Counter "stentor_speaker_copied_packets_total" ["show"] "Packets of speakers that were lost and came as a copy inside the next one.";
    SPEAKER_LATE Counter "stentor_speaker_late_packets_total" ["show"] "Packets of speakers that came after their turn.";
    SPEAKER_DROPPED Counter "stentor_speaker_dropped_packets_total" ["show"] "Packets of speakers thrown away because too many waited or their clock jumped.";
    SPEAKER_CONCEALED Counter "stentor_speaker_concealed_seconds_total" ["show"] "Sound of speakers made up or recovered in place of lost or late packets.";
    SPEAKER_SHORTENED Counter "stentor_speaker_shortened_seconds_total" ["show"] "Sound of speakers cut out to catch up.";
    SPEAKER_LENGTHENED Counter "stentor_speaker_lengthened_seconds_total" ["show"] "Sound of speakers put in to wait for packets.";
    SPEAKER_DELAY Gauge "stentor_speaker_buffer_ms_max" ["show"] "Longest delay of a speaker's jitter buffer now.";
}

/// What a show's line of samples is made of.
#[derive(Clone, Debug, Default)]
pub struct ShowSample {
    /// The show's name.
    pub show: String,
    /// Open progressive streams.
    pub listeners: u64,
    /// Seats that there are.
    pub seats: u64,
    /// Seats on which somebody hears.
    pub inside: u64,
    /// People who wait for one.
    pub waiting: u64,
    /// Connected people on the stage.
    pub speakers: u64,
    /// Chunks published since start.
    pub chunks: u64,
    /// Newest slot.
    pub slot: u64,
    /// Present epoch.
    pub epoch: u64,
    /// Bytes on disk.
    pub tape_bytes: u64,
    /// Bytes handed to listeners' connections.
    pub sent_bytes: u64,
    /// CPU time of the mixer thread, in microseconds.
    pub mixer_cpu_us: u64,
    /// Packets of speakers that its mixers did not take in time.
    pub mixer_overrun: u64,
    /// Worst lateness of a tick since the last scrape, in microseconds.
    pub mixer_late_us_max: u64,
    /// What all its speakers have been through.
    pub sources: SourceStats,
}

/// Counts of one door.
#[derive(Debug, Default)]
pub struct DoorGauges {
    open: AtomicU64,
    accepted: AtomicU64,
    accept_failed: AtomicU64,
    paused: AtomicU64,
    handshake_failed: AtomicU64,
    handshakes: AtomicU64,
}

impl DoorGauges {
    pub(crate) fn accepted(&self) {
        self.accepted.fetch_add(1, Relaxed);
    }

    pub(crate) fn accept_failed(&self) {
        self.accept_failed.fetch_add(1, Relaxed);
    }

    pub(crate) fn paused(&self) {
        self.paused.fetch_add(1, Relaxed);
    }

    pub(crate) fn handshake_failed(&self) {
        self.handshake_failed.fetch_add(1, Relaxed);
    }

    pub(crate) fn handshake_done(&self) {
        self.handshakes.fetch_add(1, Relaxed);
    }

    /// Counts a connection as open for as long as the guard lives, so that a panic cannot leak it.
    pub(crate) fn open(self: &Arc<Self>) -> Counted {
        Counted::new(Arc::clone(self), |gauges| &gauges.open)
    }
}

/// 2 s of sound at 32 kbps. Twice the interval: who has more under way has a full line.
const UNACKNOWLEDGED_BYTES: u64 = 2 * 4_500;

/// Counts of the front door's listeners.
#[derive(Debug, Default)]
pub struct FanoutGauges {
    /// By container and rendition.
    listeners: [[AtomicU64; Rendition::ALL.len()]; Container::ALL.len()],
    late_us_max: AtomicU64,
    samples: AtomicU64,
    unacknowledged: AtomicU64,
    unacknowledged_bytes: AtomicU64,
    retransmitted: AtomicU64,
}

impl FanoutGauges {
    /// The gauge of listeners of a rendition in a container.
    pub(crate) fn listeners(&self, container: Container, rendition: Rendition) -> &AtomicU64 {
        &self.listeners[container as usize][rendition.index()]
    }

    /// A slice of the flush was so late.
    pub(crate) fn late(&self, by: Duration) {
        self.late_us_max.fetch_max(u64::try_from(by.as_micros()).unwrap_or(u64::MAX), Relaxed);
    }

    /// A socket was looked at: so many bytes are not acknowledged, and so many segments were sent again since the last
    /// look.
    pub(crate) fn sampled(&self, unacknowledged: u64, retransmitted: u64) {
        self.samples.fetch_add(1, Relaxed);
        self.unacknowledged.fetch_add(u64::from(unacknowledged > UNACKNOWLEDGED_BYTES), Relaxed);
        self.unacknowledged_bytes.fetch_add(unacknowledged, Relaxed);
        self.retransmitted.fetch_add(retransmitted, Relaxed);
    }

    fn render(&self, page: &mut Page) {
        page.family(&FRONT_LISTENERS);
        for container in Container::ALL {
            for rendition in
                Rendition::ALL.into_iter().filter(|rendition| container.carries(rendition.codec()))
            {
                let listeners = self.listeners(container, rendition).load(Relaxed);
                let labels = [&*container.to_string().to_lowercase(), rendition.name()];
                page.sample(&FRONT_LISTENERS, &labels, listeners as f64);
            }
        }
        page.single(&FRONT_LATE, self.late_us_max.swap(0, Relaxed) as f64 / 1e3);
        for (family, value) in [
            (&FRONT_SAMPLES, &self.samples),
            (&FRONT_UNACKNOWLEDGED, &self.unacknowledged),
            (&FRONT_UNACKNOWLEDGED_BYTES, &self.unacknowledged_bytes),
            (&FRONT_RETRANSMITTED, &self.retransmitted),
        ] {
            page.single(family, value.load(Relaxed) as f64);
        }
    }
}

/// Counts of the media socket.
#[derive(Debug, Default)]
pub struct MediaGauges {
    /// Sessions now.
    pub sessions: AtomicU64,
    /// Packets from validated peers.
    pub packets: AtomicU64,
    /// Packets of nobody we know.
    pub dropped: AtomicU64,
    /// Packets beyond what one peer may send.
    pub policed: AtomicU64,
}

/// A gauge that is one higher while this lives.
#[derive(Debug)]
pub struct Counted<T = DoorGauges> {
    owner: Arc<T>,
    gauge: fn(&T) -> &AtomicU64,
}

impl<T> Counted<T> {
    /// Raises the gauge that `gauge` picks out of `owner`.
    pub fn new(owner: Arc<T>, gauge: fn(&T) -> &AtomicU64) -> Self {
        gauge(&owner).fetch_add(1, Relaxed);
        Self { owner, gauge }
    }
}

impl<T> Drop for Counted<T> {
    fn drop(&mut self) {
        (self.gauge)(&self.owner).fetch_sub(1, Relaxed);
    }
}

/// The process's gauges.
#[derive(Debug, Default)]
pub struct Metrics {
    /// The front door.
    pub front: Arc<DoorGauges>,
    /// Its listeners.
    pub fanout: Arc<FanoutGauges>,
    /// The stage door.
    pub stage: Arc<DoorGauges>,
    /// The desk.
    pub desk: Arc<DoorGauges>,
    /// The media socket.
    pub media: Arc<MediaGauges>,
    /// When the certificate of the doors expires, in Unix seconds; 0 without one.
    pub certificate_valid_until_s: AtomicU64,
}

impl Metrics {
    /// Open connections of all doors.
    pub fn connections(&self) -> u64 {
        [&self.front, &self.stage, &self.desk].iter().map(|door| door.open.load(Relaxed)).sum()
    }

    /// All samples in Prometheus' text format (version 0.0.4).
    pub fn render(&self, shows: &[ShowSample], memory: Memory) -> String {
        let mut page = Page(String::with_capacity(4096));
        let doors = [("front", &self.front), ("stage", &self.stage), ("desk", &self.desk)];
        type OfDoor = fn(&DoorGauges) -> &AtomicU64;
        let of_doors: [(&Family, OfDoor); 6] = [
            (&DOOR_OPEN, |d| &d.open),
            (&DOOR_ACCEPTED, |d| &d.accepted),
            (&DOOR_ACCEPT_FAILED, |d| &d.accept_failed),
            (&DOOR_PAUSED, |d| &d.paused),
            (&DOOR_HANDSHAKE_FAILED, |d| &d.handshake_failed),
            (&DOOR_HANDSHAKES, |d| &d.handshakes),
        ];
        for (family, value) in of_doors {
            page.family(family);
            for (name, door) in &doors {
                page.sample(family, &[name], value(door).load(Relaxed) as f64);
            }
        }
        self.fanout.render(&mut page);
        page.single(&RESIDENT, memory.resident_bytes as f64);
        page.single(&KERNEL_TCP, memory.kernel_tcp_bytes as f64);
        let media = &self.media;
        for (family, value) in [
            (&MEDIA_SESSIONS, &media.sessions),
            (&MEDIA_PACKETS, &media.packets),
            (&MEDIA_DROPPED, &media.dropped),
            (&MEDIA_POLICED, &media.policed),
        ] {
            page.single(family, value.load(Relaxed) as f64);
        }
        page.single(&CERTIFICATE, self.certificate_valid_until_s.load(Relaxed) as f64);
        type OfShow = fn(&ShowSample) -> f64;
        let of_shows: [(&Family, OfShow); 21] = [
            (&SHOW_LISTENERS, |s| s.listeners as f64),
            (&SHOW_SEATS, |s| s.seats as f64),
            (&SHOW_INSIDE, |s| s.inside as f64),
            (&SHOW_WAITING, |s| s.waiting as f64),
            (&SHOW_SPEAKERS, |s| s.speakers as f64),
            (&SHOW_CHUNKS, |s| s.chunks as f64),
            (&SHOW_SLOT, |s| s.slot as f64),
            (&SHOW_EPOCH, |s| s.epoch as f64),
            (&SHOW_TAPE_BYTES, |s| s.tape_bytes as f64),
            (&SHOW_BYTES_SENT, |s| s.sent_bytes as f64),
            (&MIXER_CPU, |s| s.mixer_cpu_us as f64 / 1e6),
            (&MIXER_OVERRUN, |s| s.mixer_overrun as f64),
            (&MIXER_LATE, |s| s.mixer_late_us_max as f64 / 1e3),
            (&SPEAKER_PACKETS, |s| s.sources.packets as f64),
            (&SPEAKER_COPIES, |s| s.sources.copies as f64),
            (&SPEAKER_LATE, |s| s.sources.late as f64),
            (&SPEAKER_DROPPED, |s| s.sources.dropped as f64),
            (&SPEAKER_CONCEALED, |s| seconds(s.sources.concealed_samples)),
            (&SPEAKER_SHORTENED, |s| seconds(s.sources.shortened_samples)),
            (&SPEAKER_LENGTHENED, |s| seconds(s.sources.lengthened_samples)),
            (&SPEAKER_DELAY, |s| f64::from(s.sources.headroom_ms)),
        ];
        for (family, value) in of_shows {
            page.family(family);
            for show in shows {
                page.sample(family, &[&show.show], value(show));
            }
        }
        page.0
    }
}

fn seconds(samples: u64) -> f64 {
    samples as f64 / f64::from(SAMPLE_RATE_HZ)
}

struct Page(String);

impl Page {
    fn family(&mut self, family: &Family) {
        let kind = match family.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
        };
        let _ = writeln!(self.0, "# HELP {} {}\n# TYPE {} {kind}", family.name, family.help, family.name);
    }

    /// A family of one sample.
    fn single(&mut self, family: &Family, value: f64) {
        self.family(family);
        self.sample(family, &[], value);
    }

    /// Label values are names of doors, shows, containers and renditions, which need no escaping by construction.
    fn sample(&mut self, family: &Family, labels: &[&str], value: f64) {
        self.0.push_str(family.name);
        for (place, (name, label)) in family.labels.iter().zip(labels).enumerate() {
            let _ = write!(self.0, "{}{name}=\"{label}\"", if place == 0 { '{' } else { ',' });
        }
        let _ = writeln!(self.0, "{} {value}", if labels.is_empty() { "" } else { "}" });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_is_rendered_once_with_its_help() {
        let shows = [ShowSample { show: "demo".into(), listeners: 3, ..ShowSample::default() }];
        let page = Metrics::default().render(&shows, Memory::default());
        for family in FAMILIES {
            let help = format!("# HELP {} ", family.name);
            assert_eq!(page.matches(&help).count(), 1, "{}", family.name);
        }
        assert!(page.contains("stentor_show_listeners{show=\"demo\"} 3\n"), "{page}");
        assert!(page.contains("stentor_media_sessions 0\n"), "{page}");
    }

    #[test]
    fn a_count_falls_back_when_its_guard_is_dropped() {
        let gauges = Arc::new(DoorGauges::default());
        let open = gauges.open();
        assert_eq!(gauges.open.load(Relaxed), 1);
        drop(open);
        assert_eq!(gauges.open.load(Relaxed), 0);
    }
}
