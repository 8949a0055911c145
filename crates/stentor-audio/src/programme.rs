//! What listeners hear: the stage or the slate, the passage between them, and the marks that say so.

use std::sync::Arc;

use stentor_types::time::{FRAME_SAMPLES, MediaTime};
use stentor_types::{Channels, Mark, MarkBody, PersonName, SlateReason};

use crate::slate;
use crate::stage::{OnAirSound, add_echo, fade_in, frame_len};

/// What the programme is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Programme {
    /// The stage; while nobody on air is heard of for 2 s, slate instead.
    Stage,
    /// Slate, whatever happens on the stage.
    Slate(SlateReason),
}

/// A stage from which no packet has come for so long, 2 s, is empty. Browsers in discontinuous
/// transmission send one every 0.4 s.
const ABSENT_SAMPLES: i64 = 2 * 48_000;

/// Chooses between stage and slate.
#[derive(Debug)]
pub(crate) struct Choice {
    wanted: Programme,
    /// When the newest packet of somebody on air came, in samples of the mixer's clock.
    heard_at: Option<i64>,
}

impl Choice {
    pub(crate) fn new() -> Self {
        Self { wanted: Programme::Slate(SlateReason::NotStarted), heard_at: None }
    }

    pub(crate) fn want(&mut self, programme: Programme) {
        self.wanted = programme;
    }

    /// A packet came from somebody on air.
    pub(crate) fn heard(&mut self, at: i64) {
        self.heard_at = self.heard_at.max(Some(at));
    }

    /// What the frame at `now` is.
    pub(crate) fn decide(&self, now: i64) -> Programme {
        let absent = self.heard_at.is_none_or(|heard| now - heard > ABSENT_SAMPLES);
        match self.wanted {
            Programme::Stage if absent => Programme::Slate(SlateReason::NobodyConnected),
            wanted => wanted,
        }
    }

    /// Why listeners wait for the first sound of a mixer with a delay. Where the show is on air, they
    /// were listening to another mixer before.
    pub(crate) fn reason_to_wait(&self) -> SlateReason {
        match self.wanted {
            Programme::Stage | Programme::Slate(SlateReason::NobodyConnected) => SlateReason::Interrupted,
            Programme::Slate(reason) => reason,
        }
    }
}

/// What is true of 20 ms of the programme, besides its sound.
#[derive(Clone, Debug)]
pub(crate) struct Moment {
    pub(crate) programme: Programme,
    /// Who speaks.
    pub(crate) speaking: Arc<[PersonName]>,
    /// How many frames ago the first of those began who are new among them: nobody is known to talk from the first frame on.
    pub(crate) began_frames: u64,
    /// What happened to the show with this frame. It stays true whatever becomes of the sound.
    pub(crate) facts: Vec<MarkBody>,
}

impl Moment {
    /// A moment of slate, in which nothing happens.
    pub(crate) fn slate(reason: SlateReason) -> Self {
        Self {
            programme: Programme::Slate(reason),
            speaking: Arc::new([]),
            began_frames: 0,
            facts: Vec::new(),
        }
    }
}

/// Says what changes from one moment to the next. So marks agree with the sound, whichever moments
/// follow one another.
#[derive(Debug)]
pub(crate) struct Announcer {
    /// What the last mark said; nothing at the start of an epoch, which always begins with such a mark.
    programme: Option<Programme>,
    speaking: Arc<[PersonName]>,
    /// When the last mark is.
    last: MediaTime,
}

impl Announcer {
    pub(crate) fn new() -> Self {
        Self { programme: None, speaking: Arc::new([]), last: MediaTime(0) }
    }

    /// The marks of a moment that is heard at `at`. They never go back in time.
    pub(crate) fn announce(&mut self, at: MediaTime, moment: Moment, mut put: impl FnMut(Mark)) {
        let last = &mut self.last;
        let mut put = |at: MediaTime, body| {
            *last = at.max(*last);
            put(Mark { at: *last, body });
        };
        moment.facts.into_iter().for_each(|fact| put(at, fact));
        if self.programme.replace(moment.programme) != Some(moment.programme) {
            let body = match moment.programme {
                Programme::Stage => MarkBody::SlateOver,
                Programme::Slate(reason) => MarkBody::Slate { reason },
            };
            put(at, body);
        }
        if self.speaking != moment.speaking {
            let ago = MediaTime(moment.began_frames * u64::from(FRAME_SAMPLES));
            put(at.saturating_since(ago), MarkBody::Speaking { names: moment.speaking.to_vec() });
            self.speaking = moment.speaking;
        }
    }
}

/// Makes the sound of the programme. A passage between stage and slate takes one frame, 20 ms: no click;
/// and it has nothing of the stage in it from after the stage was left.
#[derive(Debug)]
pub(crate) struct Passage {
    channels: Channels,
    was_stage: bool,
}

impl Passage {
    pub(crate) fn new(channels: Channels) -> Self {
        Self { channels, was_stage: false }
    }

    /// Mixes the frame that begins at `at` from the stage's sound `now` and a frame before.
    pub(crate) fn mix(
        &mut self,
        at: MediaTime,
        programme: Programme,
        [before, now]: [&OnAirSound; 2],
        out: &mut Vec<f32>,
    ) {
        let is_stage = programme == Programme::Stage;
        out.clear();
        match (self.was_stage, is_stage) {
            (true, true) => out.extend_from_slice(now.samples()),
            (false, true) => {
                out.extend_from_slice(now.samples());
                fade_in(out, self.channels);
                self.add_slate(at, out, |part| 1.0 - part);
            }
            (true, false) => {
                out.resize(before.samples().len(), 0.0);
                add_echo(out, before.samples(), self.channels);
                self.add_slate(at, out, |part| part);
            }
            (false, false) => {
                out.resize(frame_len(self.channels), 0.0);
                self.add_slate(at, out, |_| 1.0);
            }
        }
        self.was_stage = is_stage;
    }

    /// Adds the slate at a gain that depends on the part of the frame that is over.
    fn add_slate(&self, at: MediaTime, out: &mut [f32], gain: impl Fn(f32) -> f32) {
        let len = out.len() as f32 / self.channels.count() as f32;
        for (i, sample) in out.chunks_exact_mut(self.channels.count()).enumerate() {
            let slate = slate::sample(at.plus_samples(i as u64)) * gain(i as f32 / len);
            sample.iter_mut().for_each(|x| *x += slate);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_speaks_is_dated_to_where_they_began_but_never_before_what_was_said() {
        let frame = |n: u64| MediaTime(n * u64::from(FRAME_SAMPLES));
        let mut announcer = Announcer::new();
        let mut said = |n, names: &[&str], began_frames| {
            let speaking = names.iter().map(|name| name.parse().expect("a name")).collect();
            let moment = Moment { programme: Programme::Stage, speaking, began_frames, facts: Vec::new() };
            let mut marks = Vec::new();
            announcer.announce(frame(n), moment, |mark| marks.push((mark.at, mark.body.clone())));
            marks
                .into_iter()
                .map(|(at, body)| (at, matches!(body, MarkBody::Speaking { .. })))
                .collect::<Vec<_>>()
        };
        assert_eq!(said(100, &["Ada"], 7), [(frame(100), false), (frame(100), true)]);
        assert_eq!(said(200, &["Ada", "Ben"], 7), [(frame(193), true)]);
        assert_eq!(said(201, &["Ada", "Ben"], 7), []);
        assert_eq!(said(210, &["Ben"], 0), [(frame(210), true)]);
    }
}
