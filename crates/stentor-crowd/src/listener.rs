//! One listener: what it asks, what it makes of the answer, and what it will have to tell. It knows no socket.

use serde::{Deserialize, Serialize};

use crate::fault::{Fault, Faults};
use crate::hearing::{Bounds, Hearing};
use crate::histogram::Histogram;
use crate::hls_listener::HlsListener;
use crate::http::{Head, Kind, NotHttp};
use crate::reader::Reader;
use crate::response::{Part, Response};
use crate::tally::Record;
use crate::target::Target;

/// How a listener reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything, as soon as it comes.
    Listener,
    /// So many bytes a second, and no more.
    Slow,
    /// Asks, and reads nothing.
    Silent,
}

/// What the listener wants of its connection next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The next bytes.
    Read,
    /// To send [`Listener::request`].
    Ask,
    /// A new connection, and then to ask.
    Reconnect,
    /// To be woken at this time.
    Sleep(u64),
    /// Nothing more.
    Over,
}

/// What all listeners of a run share.
pub(crate) struct Shared<'a> {
    pub(crate) target: &'a Target,
    pub(crate) bounds: &'a Bounds,
    pub(crate) gaps: &'a mut Histogram,
    pub(crate) kinds: &'a mut Kinds,
}

/// How many answers there were of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kinds {
    /// Ogg.
    pub ogg: u32,
    /// Fragmented MP4.
    pub fmp4: u32,
    /// ADTS.
    pub adts: u32,
    /// MPEG transport streams, which are not looked into.
    pub ts: u32,
}

impl Kinds {
    pub(crate) fn count(&mut self, kind: Kind) {
        match kind {
            Kind::Ogg => self.ogg += 1,
            Kind::Mp4 => self.fmp4 += 1,
            Kind::Adts => self.adts += 1,
            Kind::Ts => self.ts += 1,
            Kind::Playlist | Kind::Other => {}
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.ogg += other.ogg;
        self.fmp4 += other.fmp4;
        self.adts += other.adts;
        self.ts += other.ts;
    }
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The other side sends nothing more.
    Closed,
    Reset,
    /// It never stood.
    NotConnected,
    Tls,
    /// There was no port or descriptor for it.
    NotStarted,
}

/// One listener. **Contract: after [`Listener::handle`] and [`Listener::wake`] the step that they return is done, until it
/// is [`Step::Over`] or [`Listener::finish`] was called.** Times are microseconds and never fall.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) journal: Journal,
    pub(crate) hearing: Hearing,
    task: Task,
}

/// What a listener remembers besides what it heard.
#[derive(Debug)]
pub(crate) struct Journal {
    pub(crate) role: Role,
    pub(crate) faults: Faults,
    pub(crate) status: u16,
    /// Verifies checksums.
    checked: bool,
    pub(crate) body_bytes: u64,
    /// What was wrong first, for a person.
    pub(crate) why: &'static str,
    came_us: u64,
    connected_us: Option<u32>,
    ended_us: Option<u64>,
}

#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are streams, and one allocation less is what counts"
)]
enum Task {
    Stream(Response, Option<Reader>),
    Hls(Box<HlsListener>),
}

impl Listener {
    /// A listener that calls connect() now.
    pub(crate) fn new(now_us: u64, role: Role, checked: bool, target: &Target) -> Self {
        let task = if target.hls {
            Task::Hls(Box::new(HlsListener::new(&target.path)))
        } else {
            Task::Stream(Response::default(), None)
        };
        let journal = Journal {
            role,
            faults: Faults::default(),
            status: 0,
            checked,
            body_bytes: 0,
            why: "",
            came_us: now_us,
            connected_us: None,
            ended_us: None,
        };
        Self { journal, hearing: Hearing::new(), task }
    }

    /// The connection stands (with TLS: the handshake is done), so it asks.
    pub(crate) fn connected(&mut self, now_us: u64) {
        let since_us = now_us.saturating_sub(self.journal.came_us);
        self.journal.connected_us.get_or_insert(u32::try_from(since_us).unwrap_or(u32::MAX));
    }

    /// The request to send.
    pub(crate) fn request(&mut self, now_us: u64, target: &Target) -> String {
        match &mut self.task {
            Task::Stream(..) => target.request(&target.path),
            Task::Hls(hls) => target.request(hls.ask(now_us)),
        }
    }

    /// Bytes have come.
    pub(crate) fn handle(&mut self, now_us: u64, mut input: &[u8], shared: &mut Shared<'_>) -> Step {
        let (journal, hearing) = (&mut self.journal, &mut self.hearing);
        let step = match &mut self.task {
            Task::Stream(response, reader) => {
                stream(now_us, &mut input, response, reader, journal, hearing, shared)
            }
            Task::Hls(hls) => hls.handle(now_us, input, journal, hearing, shared),
        };
        if step == Step::Over {
            journal.ended_us = Some(now_us);
        }
        step
    }

    /// The time has come for which it asked.
    pub(crate) fn wake(&mut self) -> Step {
        match &mut self.task {
            Task::Stream(..) => Step::Read,
            Task::Hls(hls) => hls.wake(),
        }
    }

    /// Its connection has ended.
    pub(crate) fn ended(&mut self, now_us: u64, end: End) -> Step {
        let journal = &mut self.journal;
        let (may_close, step) = match &mut self.task {
            Task::Stream(response, reader) => (reader.is_some() && response.may_close(), Step::Over),
            Task::Hls(hls) => (hls.may_close(), hls.closed()),
        };
        match end {
            End::Closed if may_close && step != Step::Over => return step,
            End::Closed if may_close => journal.faults.add(Fault::EndedEarly),
            End::Closed => journal.faults.add(Fault::CutOff),
            End::Reset => journal.faults.add(Fault::Reset),
            End::NotConnected => journal.faults.add(Fault::NotConnected),
            End::Tls => journal.faults.add(Fault::Tls),
            End::NotStarted => journal.faults.add(Fault::NotStarted),
        }
        journal.ended_us = Some(now_us);
        Step::Over
    }

    /// The run is over: what there is to tell.
    pub(crate) fn finish(mut self, index: u32, now_us: u64, bounds: &Bounds) -> Record {
        let bounds = match &self.task {
            Task::Stream(..) => *bounds,
            Task::Hls(hls) => hls.bounds(bounds),
        };
        let journal = &mut self.journal;
        let end_us = journal.ended_us.unwrap_or(now_us);
        let waits = journal.ended_us.is_none();
        journal.faults.add_if(Fault::NotConnected, journal.connected_us.is_none() && waits);
        let heard = self.hearing.finish(end_us, !waits, &bounds);
        // Who reads slowly hears late, and who met another fault heard nothing because of it.
        let has_reason = heard.has(Fault::NoSound) && !journal.faults.is_empty();
        if journal.role == Role::Listener && !has_reason {
            journal.faults.merge(heard);
        }
        let first_us = self.hearing.first_us();
        Record {
            index,
            role: journal.role,
            faults: journal.faults,
            status: journal.status,
            why: journal.why.to_owned(),
            came_us: journal.came_us,
            connected_us: journal.connected_us.map(u64::from),
            first_sound_us: first_us.map(|first| first.saturating_sub(journal.came_us)),
            heard_for_us: first_us.map_or(0, |first| end_us.saturating_sub(first)),
            ended_us: journal.ended_us.map(|end| end.saturating_sub(journal.came_us)),
            body_bytes: journal.body_bytes,
            media_us: self.hearing.clock.media_us,
            gap_us_max: self.hearing.gap_us_max,
            gaps_over: self.hearing.gaps_over,
            holes: self.hearing.clock.holes,
            hole_us: self.hearing.clock.hole_us,
            repeats: self.hearing.clock.repeats,
            repeat_us: self.hearing.clock.repeat_us,
            behind_ms: self.hearing.behind_ms(),
            buffer_ms_min: self.hearing.buffer_ms_min(),
        }
    }
}

impl Journal {
    /// Remembers what is wrong; the first reason is the one that is told.
    pub(crate) fn fault(&mut self, fault: Fault, why: &'static str) -> Step {
        self.faults.add(fault);
        if self.why.is_empty() {
            self.why = why;
        }
        Step::Over
    }

    /// A response that has no sound in it, for its status.
    pub(crate) fn refused(&mut self, head: &Head) {
        self.faults.add(Fault::Status);
        self.status = head.status;
    }
}

/// One endless response.
fn stream(
    now_us: u64,
    input: &mut &[u8],
    response: &mut Response,
    reader: &mut Option<Reader>,
    journal: &mut Journal,
    hearing: &mut Hearing,
    shared: &mut Shared<'_>,
) -> Step {
    loop {
        match response.next(input) {
            Ok(Part::Nothing) => return Step::Read,
            Ok(Part::Head(head)) => {
                journal.status = head.status;
                if head.status != 200 {
                    journal.refused(&head);
                    return Step::Over;
                }
                *reader = Reader::new(head.kind, journal.checked);
                if reader.is_none() {
                    return journal.fault(Fault::NotSound, "the answer's Content-Type is no kind of sound");
                }
                shared.kinds.count(head.kind);
            }
            Ok(Part::Body(run)) => {
                let Some(reader) = reader else { return Step::Over };
                journal.body_bytes += run.len() as u64;
                let step = listen(now_us, run, reader, journal, hearing, shared.bounds, shared.gaps);
                if step == Step::Over {
                    return step;
                }
            }
            Ok(Part::End) => return journal.fault(Fault::EndedEarly, ""),
            Err(NotHttp(why)) => return journal.fault(Fault::NotHttp, why),
        }
    }
}

/// Hears a run of bytes.
pub(crate) fn listen(
    now_us: u64,
    run: &[u8],
    reader: &mut Reader,
    journal: &mut Journal,
    hearing: &mut Hearing,
    bounds: &Bounds,
    gaps: &mut Histogram,
) -> Step {
    let counts = journal.role == Role::Listener;
    let read = reader.read(run, &mut |sound| {
        // What came in one read has no time between.
        if let Some(gap_us) = hearing.hear(now_us, sound, bounds).filter(|gap_us| counts && *gap_us > 0) {
            gaps.add(gap_us);
        }
    });
    if reader.is_sounding() {
        hearing.begin(now_us);
    }
    match read {
        Ok(()) => Step::Read,
        Err(malformed) => journal.fault(Fault::Malformed, malformed.0),
    }
}

#[cfg(test)]
mod tests;
