//! Operational facts. Each kind is defined once, in the table below; its level, its log line, its
//! counter and its place in the reference come from there.

use std::fmt::{self, Write as _};
use std::io::Write;
use std::str::FromStr;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::{Map, Value};
use stentor_types::{LinkId, Mono, Now, Reason, SessionId, ShowId, Wall};
use time::OffsetDateTime;

/// How grave a notice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Something is broken and somebody has to act.
    Error,
    /// Something was lost or will break.
    Warn,
    /// The course of an evening.
    Info,
    /// For those who look for a fault.
    Debug,
}

/// How a line is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for machines.
    Json,
}

/// What is known of a kind of notice before one comes.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Its name in logs and metrics.
    pub name: &'static str,
    /// How grave it is.
    pub level: Level,
    /// What it means.
    pub doc: &'static str,
    /// Its sentence, with the names of its fields in braces.
    pub text: &'static str,
}

macro_rules! notices {
    ($(
        #[doc = $doc:literal]
        $variant:ident { $($field:ident: $type:ty = $field_doc:literal),* $(,)? } $level:ident $name:literal $text:literal;
    )+) => {
        /// An operational fact.
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum Notice {
            $(#[doc = $doc] $variant { $(#[doc = $field_doc] $field: $type),* },)+
        }

        /// Every kind of notice, in the order of the reference.
        pub const KINDS: &[Kind] =
            &[$(Kind { name: $name, level: Level::$level, doc: $doc.trim_ascii(), text: $text }),+];

        enum Index { $($variant),+ }

        impl Notice {
            fn index(&self) -> usize {
                match self { $(Self::$variant { .. } => Index::$variant as usize),+ }
            }

            fn fields(&self) -> Map<String, Value> {
                match self { $(Self::$variant { $($field),* } => [
                    $((stringify!($field).to_owned(), serde_json::json!($field))),*
                ].into_iter().collect()),+ }
            }
        }

        impl fmt::Display for Notice {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self { $(Self::$variant { $($field),* } => write!(f, $text)),+ }
            }
        }
    };
}

notices! {
    /// The server's parts are there; doors open next.
    ServerStarted { version: &'static str = "Of this program.", data: String = "The data folder." }
        Info "server_started" "Stentor {version} has started with the data folder {data}.";
    /// A door takes connections.
    DoorOpened { door: &'static str = "Which.", address: String = "Where it listens.", url: String = "What its links begin with." }
        Info "door_opened" "The {door} door is open on {address} as {url}.";
    /// The configuration works and has a catch.
    ConfigOdd { text: String = "The catch, and what to do." }
        Warn "config_odd" "{text}";
    /// A certificate is expired, soon will be, or is not valid yet.
    CertificateOdd { text: String = "What is wrong, and what to do." }
        Warn "certificate_odd" "{text}";
    /// The doors show a certificate that was read again.
    CertificateReloaded { until: String = "Its last day." }
        Info "certificate_reloaded" "The doors show a new certificate from now on, valid until {until}.";
    /// The certificate's files changed and cannot be used; the old certificate is still shown.
    CertificateRefused { error: String = "Why, and what to do." }
        Error "certificate_refused" "The new certificate is refused and the old one stays: {error}.";
    /// A show's end can be expected after the certificate has expired: listeners would be cut off.
    CertificateTooShort { show: ShowId = "Which show.", until: String = "The certificate's last day." }
        Warn "certificate_too_short" "The certificate expires on {until}, before the end of the show {show} can be expected; renew it before the doors open.";
    /// An authority is asked for a certificate by ACME.
    CertificateAsked { names: String = "For what.", directory: String = "Which authority." }
        Info "certificate_asked" "A certificate for {names} is asked of {directory}.";
    /// An authority gave a certificate, which the doors show from now on.
    CertificateGranted { names: String = "For what.", until: String = "Its last day." }
        Info "certificate_granted" "The doors show a new certificate for {names} from now on, valid until {until}.";
    /// An authority gave no certificate; it is asked again.
    CertificateDelayed { names: String = "For what.", error: String = "Why, and what to do.", retry_min: u64 = "When it is asked again." }
        Error "certificate_delayed" "There is no new certificate for {names}: {error}. It is asked for again in {retry_min} min.";
    /// A configuration was read again and is in force.
    ConfigReloaded { options: String = "What has changed." }
        Info "config_reloaded" "The configuration was read again; changed: {options}.";
    /// A new configuration changes an option that takes a restart.
    ConfigFixed { option: String = "Which.", old: String = "Its value, which stays.", new: String = "The value that was wanted." }
        Error "config_fixed" "{option} cannot change from {old} to {new} while the server runs; restart it after the show, or take the change back.";
    /// A new configuration is refused as a whole; the old one stays in force.
    ConfigRefused { error: String = "Why." }
        Error "config_refused" "The new configuration is refused and the old one stays in force: {error}.";
    /// A show was created.
    ShowCreated { show: ShowId = "Which." }
        Info "show_created" "The show {show} was created.";
    /// A show goes on after a start of the server.
    ShowResumed { show: ShowId = "Which.", phase: String = "Its phase." }
        Info "show_resumed" "The show {show} goes on in phase {phase}.";
    /// A show's folder cannot be used and is left alone.
    ShowUnusable { folder: String = "Which.", error: String = "Why." }
        Error "show_unusable" "The show in {folder} cannot be used and is left alone: {error}";
    /// A show was deleted with its tape.
    ShowDeleted { show: ShowId = "Which." }
        Info "show_deleted" "The show {show} was deleted.";
    /// A show is in another phase.
    PhaseChanged { show: ShowId = "Which.", phase: String = "The new phase." }
        Info "phase_changed" "The show {show} is now in phase {phase}.";
    /// A link was made.
    LinkMade { show: ShowId = "Of which show.", link: LinkId = "Which.", role: String = "For which role." }
        Info "link_made" "A link {link} for a {role} of {show} was made.";
    /// A link was taken back.
    LinkRevoked { show: ShowId = "Of which show.", link: LinkId = "Which." }
        Info "link_revoked" "The link {link} of {show} was taken back.";
    /// Somebody came onto the stage. Names of people are not logged.
    SessionJoined { show: ShowId = "Which show.", session: SessionId = "Which session.", speaker: u32 = "The person's number." }
        Info "session_joined" "Speaker {speaker} joined the stage of {show} in session {session}.";
    /// The packets of a session arrive.
    SessionConnected { show: ShowId = "Which show.", session: SessionId = "Which session.", path: &'static str = "udp or tcp." }
        Info "session_connected" "Session {session} of {show} is connected by {path}.";
    /// A session is over.
    SessionLeft { show: ShowId = "Which show.", session: SessionId = "Which session.", why: String = "Why it is over." }
        Info "session_left" "Session {session} of {show} is over: {why}.";
    /// A mixer began an epoch.
    MixerStarted { show: ShowId = "Which show.", epoch: u32 = "Which epoch." }
        Info "mixer_started" "The mixer of {show} runs in epoch {epoch}.";
    /// A mixer failed and began anew: listeners heard a gap.
    MixerRestarted { show: ShowId = "Which show.", epoch: u32 = "The new epoch.", why: String = "What happened." }
        Error "mixer_restarted" "The mixer of {show} was restarted in epoch {epoch}: {why}.";
    /// A mixer could not keep its deadlines: the machine is too busy or slept.
    MixerStalled { show: ShowId = "Which show.", stalled_ms: u64 = "How long." }
        Error "mixer_stalled" "The mixer of {show} stood still for {stalled_ms} ms; this machine is too busy or slept.";
    /// The disk refused; the show goes on from memory and is not recorded meanwhile.
    DiskFailed { show: ShowId = "Which show.", error: String = "What the system says." }
        Error "disk_failed" "The disk does not take the tape of {show}, which goes on air unrecorded: {error}";
    /// The disk has not moved for 5 s. A minute of sound waits for it in memory; what comes after that is lost to it.
    DiskSlow { show: ShowId = "Which show." }
        Error "disk_slow" "The disk has taken nothing of the tape of {show} for 5 s; if it does not move within a minute, the recording has a hole.";
    /// The disk has less room than its reserve: recording stops before other things break.
    DiskFull { free_mib: u64 = "Room that is left.", reserve_mib: u64 = "Room that has to stay." }
        Error "disk_full" "The disk has {free_mib} MiB left, and {reserve_mib} MiB are in reserve; nothing is recorded until there is room.";
    /// The disk takes the tape again.
    DiskRecovered { show: ShowId = "Which show.", lost_chunks: u64 = "Chunks of 0.32 s that are missing." }
        Warn "disk_recovered" "The tape of {show} is recorded again; {lost_chunks} chunks are missing from it.";
    /// Chunks were on air and did not reach the disk.
    ChunksLost { show: ShowId = "Which show.", chunks: u64 = "How many." }
        Error "chunks_lost" "{chunks} chunks of {show} were on air and did not reach the disk.";
    /// The disk does not take own tracks, or what room it has is the programme's. The show and its tape go on.
    TracksFailed { show: ShowId = "Which show.", error: String = "What is in the way." }
        Error "tracks_failed" "The own tracks of {show} are not recorded, and the programme goes on: {error}";
    /// The disk takes own tracks again.
    TracksRecovered { show: ShowId = "Which show.", lost_chunks: u64 = "Chunks of 0.32 s that are missing in them." }
        Warn "tracks_recovered" "The own tracks of {show} are recorded again; {lost_chunks} chunks are missing from them.";
    /// Chunks of own tracks did not reach the disk.
    TrackChunksLost { show: ShowId = "Which show.", chunks: u64 = "How many." }
        Error "track_chunks_lost" "{chunks} chunks of own tracks of {show} did not reach the disk.";
    /// A tape had damage that recovery found; what is good was kept.
    TapeDamaged { show: ShowId = "Which show.", report: String = "What is wrong." }
        Warn "tape_damaged" "The tape of {show} is damaged; what is good was kept. {report}";
    /// What happened at a show's gate could not be written down: if the server stopped now, who waits would lose their places.
    GateUnwritten { show: ShowId = "Which show.", error: String = "What the system says." }
        Error "gate_unwritten" "Who waits for {show} could not be written down, and is tried again at once: {error}";
    /// The gate of a show cannot be taken up; everybody who waited has to come again.
    GateUnusable { show: ShowId = "Which show.", error: String = "Why, and where it is kept." }
        Error "gate_unusable" "Who waited for {show} cannot be read, and has to come again: {error}.";
    /// A show's document could not be written.
    DocumentUnsaved { show: ShowId = "Which show.", error: String = "What the system says." }
        Error "document_unsaved" "What was decided in {show} could not be written down: {error}";
    /// A door refused a request; counted by reason as well.
    RequestRefused { door: &'static str = "Which door.", reason: Reason = "Why." }
        Debug "request_refused" "The {door} door refused a request: {reason}.";
    /// A panic ended one connection or task and nothing else. It is our fault.
    PanicContained { place: String = "Where in the code." }
        Error "panic_contained" "A panic was contained at {place}; please report it.";
    /// The server was told to stop.
    StopBegun { deadline_s: u64 = "How long it may take." }
        Info "stop_begun" "Stopping; what is open has {deadline_s} s to finish.";
    /// The server is about to exit.
    StopDone { cut_off: u64 = "Connections that did not finish in time." }
        Info "stop_done" "Stopped; {cut_off} connections were cut off.";
}

/// Lines of one kind within [`SAMPLE_WINDOW`]: enough to see what happens, and at most
/// 40 kinds × 20 / 10 s = 80 lines a second whatever happens.
const LINES_PER_WINDOW_MAX: u32 = 20;

/// After this long a kind may write its lines again.
const SAMPLE_WINDOW: Duration = Duration::from_secs(10);

/// Lines that wait for a slow log: 1024 × 300 B = 300 kB. More are dropped and counted.
const LINES_WAITING_MAX: usize = 1024;

/// Where notices go: each is counted, and written as a line by a thread of its own, so that whoever
/// tells one never waits for the log.
#[derive(Debug)]
pub struct Notices {
    /// A [`Level`] as a number.
    level_max: AtomicU8,
    format: Format,
    counts: Vec<AtomicU64>,
    refusals: Vec<AtomicU64>,
    samplers: Mutex<Vec<Sampler>>,
    lines: SyncSender<ToWriter>,
    dropped: AtomicU64,
}

#[derive(Debug)]
enum ToWriter {
    Line(String),
    Flush(SyncSender<()>),
}

/// How much of one kind was written lately.
#[derive(Clone, Copy, Debug, Default)]
struct Sampler {
    window_began: Option<Mono>,
    lines: u32,
    left_out: u64,
}

impl Notices {
    /// Starts the thread that writes lines up to `level_max` to `log`. It ends with the last copy.
    pub fn start(level_max: Level, format: Format, log: impl Write + Send + 'static) -> Arc<Self> {
        let (lines, waiting) = sync_channel(LINES_WAITING_MAX);
        thread::Builder::new()
            .name("log".into())
            .spawn(move || write_lines(&waiting, log))
            .expect("a process that cannot start a thread cannot run a show");
        let zeros = |count| std::iter::repeat_with(AtomicU64::default).take(count).collect();
        Arc::new(Self {
            level_max: AtomicU8::new(level_max as u8),
            format,
            counts: zeros(KINDS.len()),
            refusals: zeros(Reason::ALL.len()),
            samplers: Mutex::new(vec![Sampler::default(); KINDS.len()]),
            lines,
            dropped: AtomicU64::new(0),
        })
    }

    /// Counts a notice and writes its line, unless its level is left out, there were too many of its
    /// kind lately, or the log does not keep up. Never waits.
    pub fn tell(&self, now: Now, notice: &Notice) {
        let index = notice.index();
        self.counts[index].fetch_add(1, Relaxed);
        if let Notice::RequestRefused { reason, .. } = notice
            && let Some(place) = Reason::ALL.iter().position(|known| known == reason)
        {
            self.refusals[place].fetch_add(1, Relaxed);
        }
        if KINDS[index].level as u8 > self.level_max.load(Relaxed) {
            return;
        }
        // A sampler is three numbers, whole at every moment: a panic elsewhere spoils nothing.
        let mut samplers = self.samplers.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(left_out) = samplers[index].take(now.mono) else { return };
        drop(samplers);
        let line = match self.format {
            Format::Text => text_line(now.wall, notice, left_out),
            Format::Json => json_line(now.wall, notice, left_out),
        };
        if let Err(TrySendError::Full(_)) = self.lines.try_send(ToWriter::Line(line)) {
            self.dropped.fetch_add(1, Relaxed);
        }
    }

    /// From now on, writes lines up to this level.
    pub fn set_level(&self, level_max: Level) {
        self.level_max.store(level_max as u8, Relaxed);
    }

    /// How often notices of this kind were told, for tests and readiness.
    pub fn count(&self, name: &str) -> u64 {
        let index = KINDS.iter().position(|kind| kind.name == name);
        index.map_or(0, |index| self.counts[index].load(Relaxed))
    }

    /// Waits until every line told so far is written, but not longer than `wait_max`: a log that
    /// stands still does not keep the server from stopping. True if it was.
    pub fn flush(&self, wait_max: Duration) -> bool {
        let (done, wait) = sync_channel(1);
        let asked = self.lines.try_send(ToWriter::Flush(done)).is_ok();
        asked && wait.recv_timeout(wait_max).is_ok()
    }

    /// The counters in Prometheus' text format (version 0.0.4).
    pub fn metrics(&self) -> String {
        let mut page = String::with_capacity(4096);
        let mut family = |name: &str, help: &str, samples: &mut dyn Iterator<Item = (String, u64)>| {
            let _ = writeln!(page, "# HELP {name} {help}\n# TYPE {name} counter");
            for (labels, value) in samples {
                let _ = writeln!(page, "{name}{labels} {value}");
            }
        };
        let mut notices = KINDS
            .iter()
            .zip(&self.counts)
            .map(|(kind, count)| (format!("{{notice=\"{}\"}}", kind.name), count.load(Relaxed)));
        family("stentor_notices_total", "Operational facts, by kind.", &mut notices);
        let mut refusals = Reason::ALL
            .iter()
            .zip(&self.refusals)
            .map(|(reason, count)| (format!("{{reason=\"{}\"}}", reason.code()), count.load(Relaxed)));
        family("stentor_refusals_total", "Requests that a door refused, by reason.", &mut refusals);
        let mut dropped = std::iter::once((String::new(), self.dropped.load(Relaxed)));
        family(
            "stentor_log_lines_dropped_total",
            "Log lines dropped because the log was slow.",
            &mut dropped,
        );
        page
    }
}

/// The kinds of notices as a table, for the reference.
pub fn reference_markdown() -> String {
    let mut page = String::from("| notice | level | what it means | its line |\n|---|---|---|---|\n");
    for kind in KINDS {
        let (name, level, doc, text) = (kind.name, kind.level, kind.doc, kind.text);
        let _ = writeln!(page, "| `{name}` | {level} | {doc} | {text} |");
    }
    page
}

impl Sampler {
    /// Whether a line may be written now, and how many were left out before it.
    fn take(&mut self, now: Mono) -> Option<u64> {
        let is_over = |began: Mono| now.saturating_since(began) >= SAMPLE_WINDOW;
        if self.window_began.is_none_or(is_over) {
            (self.window_began, self.lines) = (Some(now), 0);
        }
        if self.lines >= LINES_PER_WINDOW_MAX {
            self.left_out += 1;
            return None;
        }
        self.lines += 1;
        Some(std::mem::take(&mut self.left_out))
    }
}

fn write_lines(waiting: &Receiver<ToWriter>, mut log: impl Write) {
    // A log that cannot be written is no reason to stop a show, and there is nowhere to say it.
    for message in waiting {
        match message {
            ToWriter::Line(line) => {
                let _ = log.write_all(line.as_bytes());
            }
            ToWriter::Flush(done) => {
                let _ = log.flush();
                let _ = done.send(());
            }
        }
    }
}

fn text_line(at: Wall, notice: &Notice, left_out: u64) -> String {
    let kind = KINDS[notice.index()];
    let mut line = format!("{} {:<5} {}: ", timestamp(at), kind.level, kind.name);
    // Error texts of the system may hold anything; a line stays one line.
    line.extend(notice.to_string().chars().map(|c| if c.is_control() { ' ' } else { c }));
    if left_out > 0 {
        let _ = write!(line, " ({left_out} more of these were left out.)");
    }
    line.push('\n');
    line
}

impl Notice {
    /// Its name and its fields for programs, and its sentence for people.
    pub(crate) fn document(&self) -> Value {
        let kind = KINDS[self.index()];
        serde_json::json!({ "notice": kind.name, "text": self.to_string(), "fields": self.fields() })
    }
}

fn json_line(at: Wall, notice: &Notice, left_out: u64) -> String {
    let mut line = notice.document();
    line["at"] = timestamp(at).into();
    line["level"] = KINDS[notice.index()].level.name().into();
    if left_out > 0 {
        line["left_out"] = left_out.into();
    }
    line.to_string() + "\n"
}

/// RFC 3339 in UTC with milliseconds, always of the same length.
fn timestamp(at: Wall) -> String {
    let time =
        OffsetDateTime::from_unix_timestamp(at.0.div_euclid(1000)).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (date, (hour, minute, second)) = (time.date(), time.to_hms());
    format!("{date}T{hour:02}:{minute:02}:{second:02}.{:03}Z", at.0.rem_euclid(1000))
}

impl Level {
    /// Every level, gravest first.
    pub const ALL: [Self; 4] = [Self::Error, Self::Warn, Self::Info, Self::Debug];

    /// Its name in the configuration and in lines.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// There is no such level or format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("levels are error, warn, info and debug; formats are text and json")]
pub struct UnknownWord;

impl FromStr for Level {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|level| level.name() == text).ok_or(UnknownWord)
    }
}

impl FromStr for Format {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(UnknownWord),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use super::*;

    const NOW: Now = Now { mono: Mono(0), wall: Wall(1_790_000_000_123) };

    /// A log that tells what it takes, and takes it only when it is let.
    struct Pipe {
        written: Sender<String>,
        gate: Arc<Mutex<()>>,
    }

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let _open = self.gate.lock().expect("nobody panics with it");
            drop(self.written.send(String::from_utf8_lossy(bytes).into_owned()));
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn notices(level: Level, format: Format) -> (Arc<Notices>, Receiver<String>, Arc<Mutex<()>>) {
        let (written, lines) = channel();
        let gate = Arc::new(Mutex::new(()));
        let pipe = Pipe { written, gate: Arc::clone(&gate) };
        (Notices::start(level, format, pipe), lines, gate)
    }

    fn refused(reason: Reason) -> Notice {
        Notice::RequestRefused { door: "front", reason }
    }

    #[test]
    fn a_notice_is_a_line_and_a_count() {
        let (notices, lines, _) = notices(Level::Info, Format::Text);
        let show: ShowId = "demo".parse().expect("a valid id");
        notices.tell(NOW, &Notice::DiskFailed { show: show.clone(), error: "two\nlines".into() });
        notices.tell(NOW, &refused(Reason::UnknownShow));
        notices.tell(NOW, &Notice::ShowCreated { show });
        let line = lines.recv().expect("a line");
        assert_eq!(
            line,
            "2026-09-21T14:13:20.123Z error disk_failed: The disk does not take the tape of demo, \
             which goes on air unrecorded: two lines\n"
        );
        let line = lines.recv().expect("a line");
        assert!(
            line.contains(" info  show_created: The show demo was created."),
            "debug is left out: {line}"
        );
        let metrics = notices.metrics();
        for sample in [
            "stentor_notices_total{notice=\"disk_failed\"} 1\n",
            "stentor_notices_total{notice=\"request_refused\"} 1\n",
            "stentor_refusals_total{reason=\"unknown_show\"} 1\n",
            "stentor_refusals_total{reason=\"overloaded\"} 0\n",
        ] {
            assert!(metrics.contains(sample), "{sample}{metrics}");
        }
        assert_eq!(notices.count("show_created"), 1);
    }

    #[test]
    fn json_lines_have_the_fields_by_name() {
        let (notices, lines, _) = notices(Level::Debug, Format::Json);
        notices.tell(NOW, &refused(Reason::KeyExpired));
        let line: Value = serde_json::from_str(&lines.recv().expect("a line")).expect("JSON");
        assert_eq!(line["notice"], "request_refused");
        assert_eq!(line["fields"], serde_json::json!({ "door": "front", "reason": "key_expired" }));
    }

    /// Fault 69: a flood of log lines.
    #[test]
    fn a_flood_of_one_kind_is_sampled_and_says_so_afterwards() {
        let (notices, lines, _) = notices(Level::Debug, Format::Text);
        for _ in 0..LINES_PER_WINDOW_MAX + 7 {
            notices.tell(NOW, &refused(Reason::Malformed));
        }
        let later = Now { mono: NOW.mono + SAMPLE_WINDOW, wall: NOW.wall };
        notices.tell(later, &refused(Reason::Malformed));
        assert!(notices.flush(Duration::from_secs(3600)));
        let written: Vec<_> = lines.try_iter().collect();
        assert_eq!(written.len() as u32, LINES_PER_WINDOW_MAX + 1);
        assert!(written.last().is_some_and(|line| line.ends_with("(7 more of these were left out.)\n")));
        assert_eq!(notices.count("request_refused"), u64::from(LINES_PER_WINDOW_MAX) + 8);
    }

    /// Fault 69: a flood of log lines.
    #[test]
    fn a_log_that_stands_still_delays_nobody() {
        let (notices, lines, gate) = notices(Level::Debug, Format::Text);
        let closed = gate.lock().expect("nobody panics with it");
        let told = LINES_WAITING_MAX as u64 * 2;
        for i in 0..told {
            // Each in a window of its own, so that it is the log that limits and not the sampling.
            let now =
                Now { mono: Mono(0) + SAMPLE_WINDOW * u32::try_from(i).expect("small"), wall: NOW.wall };
            notices.tell(now, &refused(Reason::Malformed));
        }
        assert!(!notices.flush(Duration::ZERO));
        let dropped = notices.dropped.load(Relaxed);
        assert!(dropped >= told - LINES_WAITING_MAX as u64 - 1, "{dropped} of {told} were dropped");
        drop(closed);
        let written = lines.iter().take(usize::try_from(told - dropped).expect("small")).count();
        assert_eq!(written as u64, told - dropped, "what was not dropped is written");
    }

    #[test]
    fn kinds_have_names_of_their_own_and_a_line_in_the_reference() {
        let page = reference_markdown();
        for kind in KINDS {
            assert_eq!(KINDS.iter().filter(|other| other.name == kind.name).count(), 1);
            assert!(page.contains(&format!("| `{}` | {} | {} |", kind.name, kind.level, kind.doc)));
        }
    }
}
