//! The broadcast delay: what is said waits here before it is heard, and can be taken back.
//!
//! The line lies between the stage's mix and the encoders. A frame leaves it together with what was true
//! when it was said, so marks are dated with the moment in which they are heard. Slate has no sound in here:
//! it is made when it leaves, by the media time it then has, and goes on without a seam.

use std::collections::VecDeque;
use std::time::Duration;

use stentor_types::SlateReason;
use stentor_types::time::{FRAME_SAMPLES, SAMPLE_RATE_HZ};

use crate::programme::{Moment, Programme};
use crate::stage::OnAirSound;

/// The longest broadcast delay: longer than any decision takes, short enough for a call from a listener. A
/// line of 20 s × 50 frames × 960 samples × 4 B takes 3.84 MB, in stereo 7.68 MB; eight shows 62 MB at most. With own
/// tracks it holds as much again for each person who gives sound: 16 at most, in mono 61 MB, in stereo 123 MB a show.
pub const DELAY_MAX: Duration = Duration::from_secs(20);

/// What waits, oldest first, in as many frames as the delay has.
#[derive(Debug)]
pub(crate) struct DelayLine {
    frames: usize,
    waiting: VecDeque<Waiting>,
    /// The sounds that left last: the frame before, and the one that is heard now.
    left: [OnAirSound; 2],
}

#[derive(Debug)]
struct Waiting {
    moment: Moment,
    /// Empty where the moment is slate.
    sound: OnAirSound,
}

impl DelayLine {
    /// An empty line, or none without a delay. What is longer than [`DELAY_MAX`] is shortened to it.
    pub(crate) fn new(delay: Duration) -> Option<Self> {
        let samples = delay.min(DELAY_MAX).as_micros() * u128::from(SAMPLE_RATE_HZ) / 1_000_000;
        let frame = u128::from(FRAME_SAMPLES);
        let frames = usize::try_from((samples + frame / 2) / frame).expect("20 s are 1,000 frames");
        let left = [OnAirSound::default(), OnAirSound::default()];
        (frames > 0).then(|| Self { frames, waiting: VecDeque::with_capacity(frames + 1), left })
    }

    /// Fills an empty line with slate, so that time passes from the first frame on.
    pub(crate) fn fill(&mut self, reason: SlateReason) {
        while self.waiting.len() < self.frames {
            self.waiting.push_back(Waiting { moment: Moment::slate(reason), sound: OnAirSound::default() });
        }
    }

    /// Lets a frame in and the oldest out, whose sound [`Self::sounds`] then has.
    pub(crate) fn pass(&mut self, moment: Moment, sound: &OnAirSound) -> Moment {
        assert_eq!(self.waiting.len(), self.frames, "the line is filled before its first frame");
        let oldest = self.waiting.pop_front().expect("a line has one frame at least");
        self.left.swap(0, 1);
        let mut spare = std::mem::replace(&mut self.left[1], oldest.sound);
        spare.forget();
        if moment.programme == Programme::Stage {
            spare.copy(sound);
        }
        self.waiting.push_back(Waiting { moment, sound: spare });
        oldest.moment
    }

    /// What is heard: a frame ago, and now.
    pub(crate) fn sounds(&self) -> [&OnAirSound; 2] {
        [&self.left[0], &self.left[1]]
    }

    /// Puts slate in the place of everything that waits. What happened to the show still happened.
    pub(crate) fn dump(&mut self) {
        for Waiting { moment, sound } in &mut self.waiting {
            let facts = std::mem::take(&mut moment.facts);
            *moment = Moment { facts, ..Moment::slate(SlateReason::Dumped) };
            sound.forget();
        }
    }

    /// How many facts wait.
    pub(crate) fn facts(&self) -> usize {
        self.waiting.iter().map(|waiting| waiting.moment.facts.len()).sum()
    }
}
