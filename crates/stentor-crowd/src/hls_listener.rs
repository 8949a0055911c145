//! A listener of HLS as plain players are: it loads the playlist, begins three target durations before its end, fetches
//! each segment, and reloads the playlist when it has them all (RFC 8216 §6.3).

use std::collections::VecDeque;

use crate::fault::Fault;
use crate::hearing::{Bounds, Hearing};
use crate::hls::{Media, PLAYLIST_BYTES_MAX, Playlist, resolve};
use crate::http::{Head, Kind, NotHttp};
use crate::listener::{Journal, Shared, Step, listen};
use crate::reader::Reader;
use crate::response::{Part, Response};
use crate::sound::Sound;

/// A player begins so many target durations before the end (RFC 8216 §6.3.3).
const HOLD_BACK_TARGETS: u64 = 3;

/// Segments that are known and not fetched yet: a playlist that brings more at once has left the listener behind.
const WANTED_MAX: usize = 64;

/// A playlist or segment that is refused so often in a row ends the listener.
const REFUSALS_MAX: u8 = 3;

/// How long it waits after a refusal.
const RETRY_US: u64 = 1_000_000;

/// Variants within variants are a mistake.
const VARIANTS_DEEP_MAX: u8 = 2;

#[derive(Debug)]
pub(crate) struct HlsListener {
    response: Response,
    what: What,
    /// The answer that is being read: what it is, and whether it is refused.
    kind: Kind,
    refused: bool,
    refusals: u8,
    closes: bool,
    in_request: bool,
    counted: bool,
    playlist: String,
    deep: u8,
    text: Vec<u8>,
    target_ms: u32,
    asked_us: u64,
    next: Option<u64>,
    wanted: VecDeque<Wanted>,
    ended: bool,
    after_gap: bool,
    init: Option<String>,
    reader: Option<Reader>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Playlist,
    Init,
    Segment,
}

#[derive(Debug)]
struct Wanted {
    path: String,
    ms: u32,
    init: Option<String>,
    discontinuity: bool,
}

impl HlsListener {
    pub(crate) fn new(playlist: &str) -> Self {
        Self {
            response: Response::default(),
            what: What::Playlist,
            kind: Kind::Other,
            refused: false,
            refusals: 0,
            closes: false,
            in_request: false,
            counted: false,
            playlist: playlist.to_owned(),
            deep: 0,
            text: Vec::new(),
            target_ms: 0,
            asked_us: 0,
            next: None,
            wanted: VecDeque::new(),
            ended: false,
            after_gap: false,
            init: None,
            reader: None,
        }
    }

    /// What counts as a fault here: segments come less often than the sound in them, and a reload may just miss one.
    pub(crate) fn bounds(&self, bounds: &Bounds) -> Bounds {
        let target_us = self.target_ms.saturating_mul(1_000);
        Bounds {
            gap_us: bounds.gap_us.max(target_us.saturating_mul(2)),
            settle_us: bounds.settle_us.max(target_us.saturating_mul(5)),
            drift_us: bounds.drift_us.max(target_us),
        }
    }

    /// The path to ask for next.
    pub(crate) fn ask(&mut self, now_us: u64) -> &str {
        self.in_request = true;
        self.text.clear();
        match (self.what, self.wanted.front()) {
            (What::Init, Some(Wanted { init: Some(init), .. })) => init,
            (What::Segment, Some(wanted)) => &wanted.path,
            _ => {
                self.what = What::Playlist;
                self.asked_us = now_us;
                &self.playlist
            }
        }
    }

    pub(crate) fn may_close(&self) -> bool {
        self.response.may_close()
    }

    /// The server closed the connection, as it may between two requests.
    pub(crate) fn closed(&mut self) -> Step {
        self.closes = true;
        // A request that was on its way is asked again: the server had not seen it. A second time is a fault.
        match (self.in_request, self.refusals) {
            (false, _) => Step::Read,
            (true, 0) => {
                self.refusals = 1;
                Step::Reconnect
            }
            (true, _) => Step::Over,
        }
    }

    pub(crate) fn wake(&mut self) -> Step {
        if self.in_request { Step::Read } else { self.go() }
    }

    /// To ask, on a new connection if need be.
    fn go(&mut self) -> Step {
        if std::mem::take(&mut self.closes) {
            self.response = Response::default();
            return Step::Reconnect;
        }
        Step::Ask
    }

    pub(crate) fn handle(
        &mut self,
        now_us: u64,
        mut input: &[u8],
        journal: &mut Journal,
        hearing: &mut Hearing,
        shared: &mut Shared<'_>,
    ) -> Step {
        loop {
            match self.response.next(&mut input) {
                Ok(Part::Nothing) => return Step::Read,
                Ok(Part::Head(head)) => {
                    if let Some(step) = self.begin(&head, journal, shared) {
                        return step;
                    }
                }
                Ok(Part::Body(_)) if self.refused => {}
                Ok(Part::Body(run)) => {
                    journal.body_bytes += run.len() as u64;
                    if let Some(step) = self.body(now_us, run, journal, hearing, shared) {
                        return step;
                    }
                }
                // One request at a time, so nothing stands behind the answer.
                Ok(Part::End) => {
                    self.in_request = false;
                    return self.end(now_us, journal, hearing, shared);
                }
                Err(NotHttp(why)) => return journal.fault(Fault::NotHttp, why),
            }
        }
    }

    fn begin(&mut self, head: &Head, journal: &mut Journal, shared: &mut Shared<'_>) -> Option<Step> {
        if !self.in_request {
            return Some(journal.fault(Fault::NotHttp, "an answer came that nobody asked for"));
        }
        (self.kind, self.closes, self.refused) = (head.kind, head.closes, head.status != 200);
        if self.refused {
            journal.refused(head);
            return None;
        }
        journal.status = if journal.status == 0 { head.status } else { journal.status };
        if self.what == What::Playlist {
            return None;
        }
        // Packed audio begins anew with each segment (RFC 8216 §3.4).
        if self.reader.is_none() || head.kind == Kind::Adts {
            self.reader = Reader::new(head.kind, false);
        }
        if self.what == What::Segment && !std::mem::replace(&mut self.counted, true) {
            shared.kinds.count(head.kind);
        }
        None
    }

    fn body(
        &mut self,
        now_us: u64,
        run: &[u8],
        journal: &mut Journal,
        hearing: &mut Hearing,
        shared: &mut Shared<'_>,
    ) -> Option<Step> {
        if self.what == What::Playlist {
            self.text.extend_from_slice(run);
            let long = self.text.len() > PLAYLIST_BYTES_MAX;
            return long.then(|| journal.fault(Fault::Playlist, "the playlist is too long"));
        }
        let bounds = self.bounds(shared.bounds);
        match &mut self.reader {
            Some(reader) => {
                let step = listen(now_us, run, reader, journal, hearing, &bounds, shared.gaps);
                (step == Step::Over).then_some(step)
            }
            None => {
                hearing.begin(now_us);
                None
            }
        }
    }

    /// An answer is whole.
    fn end(
        &mut self,
        now_us: u64,
        journal: &mut Journal,
        hearing: &mut Hearing,
        shared: &mut Shared<'_>,
    ) -> Step {
        if self.refused {
            self.refusals += 1;
            if self.refusals >= REFUSALS_MAX {
                return Step::Over;
            }
            return Step::Sleep(now_us + RETRY_US);
        }
        self.refusals = 0;
        match self.what {
            What::Playlist => return self.end_playlist(journal, hearing, shared),
            What::Init => self.init = self.wanted.front().and_then(|wanted| wanted.init.clone()),
            What::Segment => {
                let wanted = self.wanted.pop_front();
                if let (None, Some(wanted)) = (&self.reader, wanted) {
                    let sound =
                        Sound { end: None, samples: u64::from(wanted.ms), rate_hz: 1_000, begins: false };
                    if let Some(gap_us) = hearing.hear(now_us, sound, &self.bounds(shared.bounds)) {
                        shared.gaps.add(gap_us);
                    }
                }
            }
        }
        self.next_segment(journal, hearing)
    }

    fn end_playlist(
        &mut self,
        journal: &mut Journal,
        hearing: &mut Hearing,
        shared: &mut Shared<'_>,
    ) -> Step {
        let text = std::mem::take(&mut self.text);
        let Ok(text) = std::str::from_utf8(&text) else {
            return journal.fault(Fault::Playlist, "the playlist is not UTF-8");
        };
        match Playlist::parse(text) {
            Ok(Playlist::Variants(variants)) => {
                self.deep += 1;
                let path = resolve(&self.playlist, &shared.target.authority, variants[0]);
                match path {
                    Some(path) if self.deep <= VARIANTS_DEEP_MAX => self.playlist = path,
                    _ => return journal.fault(Fault::Playlist, "the first variant cannot be followed"),
                }
                self.go()
            }
            Ok(Playlist::Media(media)) => {
                let last = self.next;
                if let Err(why) = self.take(&media, &shared.target.authority, hearing) {
                    return journal.fault(Fault::Playlist, why);
                }
                if self.wanted.is_empty() && !self.ended {
                    // RFC 8216 §6.3.4: a whole target duration, or half of one if nothing was new.
                    let wait_ms = if self.next == last { self.target_ms / 2 } else { self.target_ms };
                    return Step::Sleep(self.asked_us + u64::from(wait_ms) * 1_000);
                }
                self.next_segment(journal, hearing)
            }
            Err(wrong) => journal.fault(Fault::Playlist, wrong.0),
        }
    }

    /// Notes the segments that are new.
    fn take(
        &mut self,
        media: &Media<'_>,
        authority: &str,
        hearing: &mut Hearing,
    ) -> Result<(), &'static str> {
        (self.target_ms, self.ended) = (media.target_ms, media.ended);
        let end = media.first.saturating_add(media.segments.len() as u64);
        let next = match self.next {
            Some(next) if next > end => return Err("the playlist lost segments at its end"),
            Some(next) if next < media.first => {
                let target_us = u64::from(media.target_ms) * 1_000;
                hearing.clock.leave_out(target_us.saturating_mul(media.first - next));
                media.first
            }
            Some(next) => next,
            None => begin_at(media, end),
        };
        for segment in media.segments.iter().skip((next - media.first) as usize) {
            if segment.gap {
                self.after_gap = true;
                continue;
            }
            if self.wanted.len() >= WANTED_MAX {
                return Err("the playlist runs away");
            }
            let path = |uri| resolve(&self.playlist, authority, uri);
            let wanted = Wanted {
                path: path(segment.uri).ok_or("a segment is on another server")?,
                ms: segment.ms,
                init: match segment.init {
                    Some(init) => Some(path(init).ok_or("a map is on another server")?),
                    None => None,
                },
                // The server says itself that the clock makes a step there.
                discontinuity: std::mem::take(&mut self.after_gap) || segment.discontinuity,
            };
            self.wanted.push_back(wanted);
        }
        self.next = Some(end);
        Ok(())
    }

    /// The next segment, its init segment before it, or the playlist again.
    fn next_segment(&mut self, journal: &mut Journal, hearing: &mut Hearing) -> Step {
        let Some(wanted) = self.wanted.front_mut() else {
            if self.ended {
                return journal.fault(Fault::EndedEarly, "");
            }
            self.what = What::Playlist;
            return Step::Sleep(self.asked_us + u64::from(self.target_ms) * 1_000);
        };
        if std::mem::take(&mut wanted.discontinuity) {
            hearing.clock.restart();
        }
        let needs_init = wanted.init.is_some() && wanted.init != self.init;
        self.what = if needs_init { What::Init } else { What::Segment };
        self.go()
    }
}

/// The number of the first segment that a player fetches.
fn begin_at(media: &Media<'_>, end: u64) -> u64 {
    let hold_back_ms = HOLD_BACK_TARGETS * u64::from(media.target_ms);
    let mut ms = 0;
    let near = media.segments.iter().rev().take_while(|segment| {
        ms += u64::from(segment.ms);
        ms <= hold_back_ms
    });
    end.saturating_sub(near.count().max(1) as u64).max(media.first)
}

#[cfg(test)]
mod tests;
