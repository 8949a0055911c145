//! Who is heard where.
//!
//! There are two sums. What goes on air, and what people on air hear, is an [`OnAirSound`]: nothing but
//! [`OnAirMix::add`] brings a voice into one, and it takes none that is backstage. Whoever is backstage
//! hears the other sum, of everybody, from which no way leads to programme or tape.
//!
//! What stops being heard in a place, because somebody goes, fades over a frame. The fade is made of what was
//! heard there already, the last frame backwards: it begins where the sound was, and holds nothing of what
//! was said since.

use std::collections::BTreeMap;

use stentor_types::time::FRAME_SAMPLES;
use stentor_types::{Channels, Place, SpeakerId, Treatment};

use crate::SourceStats;
use crate::feedback::Ear;
use crate::source::Source;

/// Less than this, −120 dBFS, is silence: what filters leave behind of a sound that is over.
const SILENT_BELOW: f32 = 1e-6;

/// Frames of people on air: added up, and for their own tracks one by one.
#[derive(Debug, Default)]
pub(crate) struct OnAirSound {
    sum: Vec<f32>,
    /// Of each person on air, if the show has own tracks; empty for those who were silent.
    shares: BTreeMap<SpeakerId, Vec<f32>>,
}

impl OnAirSound {
    fn silence(channels: Channels) -> Self {
        Self { sum: vec![0.0; frame_len(channels)], shares: BTreeMap::new() }
    }

    /// The samples, interleaved.
    pub(crate) fn samples(&self) -> &[f32] {
        &self.sum
    }

    /// What each person on air gave to it; no samples stand for silence.
    pub(crate) fn shares(&self) -> &BTreeMap<SpeakerId, Vec<f32>> {
        &self.shares
    }

    /// Becomes the same as another.
    pub(crate) fn copy(&mut self, other: &Self) {
        self.sum.clone_from(&other.sum);
        self.shares.clone_from(&other.shares);
    }

    /// Forgets everything that was said.
    pub(crate) fn forget(&mut self) {
        self.sum.fill(0.0);
        self.sum.clear();
        self.shares.clear();
    }
}

/// The sum of everybody on air, in this frame and the one before.
#[derive(Debug)]
struct OnAirMix {
    now: OnAirSound,
    before: OnAirSound,
    ending: Ending,
    keeps_shares: bool,
}

impl OnAirMix {
    /// Begins a frame with what ends in it.
    fn begin(&mut self) {
        std::mem::swap(&mut self.now, &mut self.before);
        self.ending.fade_into(&mut self.now.sum);
        self.now.shares.clear();
    }

    /// Adds what a person gives in this frame, which is nothing unless they are on air.
    fn add(&mut self, speaker: SpeakerId, seat: &mut Seat) {
        if !seat.is_on_air() {
            return;
        }
        seat.share.clone_from(&seat.source.frame);
        if seat.place != Place::OnAir {
            fade_in(&mut seat.share, self.ending.channels);
        }
        add(&mut self.now.sum, &seat.share);
        if self.keeps_shares {
            let is_silent = seat.share.iter().all(|x| x.abs() < SILENT_BELOW);
            let share = if is_silent { Vec::new() } else { seat.share.clone() };
            self.now.shares.insert(speaker, share);
        }
    }

    /// Lets fade what a person gave in the last frame.
    fn end(&mut self, seat: &Seat) {
        if seat.place == Place::OnAir {
            self.ending.add(&seat.share);
        }
    }
}

/// The sum of everybody on the stage, in this frame and the one before.
#[derive(Debug)]
struct WholeMix {
    now: Vec<f32>,
    before: Vec<f32>,
    ending: Ending,
}

/// A person on the stage.
#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) source: Source,
    /// When their newest packet came, in samples of the mixer's clock.
    heard_at: Option<i64>,
    /// Where they were in the last frame.
    place: Place,
    /// What of their last frame on air was heard there.
    share: Vec<f32>,
}

impl Seat {
    /// Whether they are heard on air.
    pub(crate) fn is_on_air(&self) -> bool {
        self.source.treatment().place == Place::OnAir
    }

    /// A sign of life came.
    pub(crate) fn heard(&mut self, at: i64) {
        self.heard_at = self.heard_at.max(Some(at));
    }
}

/// What somebody on the stage hears in this frame, and with what.
pub(crate) struct Hearing<'a> {
    pub(crate) speaker: SpeakerId,
    pub(crate) ear: &'a mut Ear,
    /// Where they are.
    pub(crate) place: Place,
    /// Where they came from, if they went with this frame.
    pub(crate) came_from: Option<Place>,
    /// Their own voice in what is heard there, now and a frame ago.
    pub(crate) own: &'a [f32],
    pub(crate) own_before: &'a [f32],
    /// Mean power of their voice.
    pub(crate) power: f32,
}

/// What is heard in each place with everybody's voice in it: a frame ago, and now.
#[derive(Clone, Copy)]
pub(crate) struct Heard<'a> {
    on_air: (&'a [f32], &'a [f32]),
    backstage: (&'a [f32], &'a [f32]),
}

impl<'a> Heard<'a> {
    pub(crate) fn before(&self, place: Place) -> &'a [f32] {
        match place {
            Place::OnAir => self.on_air.0,
            Place::Backstage => self.backstage.0,
        }
    }

    pub(crate) fn now(&self, place: Place) -> &'a [f32] {
        match place {
            Place::OnAir => self.on_air.1,
            Place::Backstage => self.backstage.1,
        }
    }
}

/// Everybody's voices and the two sums of them.
#[derive(Debug)]
pub(crate) struct Stage {
    seats: BTreeMap<SpeakerId, Seat>,
    /// What those who left have been through.
    left: SourceStats,
    on_air: OnAirMix,
    whole: WholeMix,
}

impl Stage {
    /// An empty stage; whether what people give to the programme is kept apart for their own tracks.
    pub(crate) fn new(channels: Channels, keeps_shares: bool) -> Self {
        let silence = || vec![0.0; frame_len(channels)];
        let ending = || Ending { channels, sound: silence(), is_something: false };
        Self {
            seats: BTreeMap::new(),
            left: SourceStats::default(),
            on_air: OnAirMix {
                now: OnAirSound::silence(channels),
                before: OnAirSound::silence(channels),
                ending: ending(),
                keeps_shares,
            },
            whole: WholeMix { now: silence(), before: silence(), ending: ending() },
        }
    }

    pub(crate) fn seats(&self) -> &BTreeMap<SpeakerId, Seat> {
        &self.seats
    }

    pub(crate) fn seat_mut(&mut self, speaker: SpeakerId) -> Option<&mut Seat> {
        self.seats.get_mut(&speaker)
    }

    pub(crate) fn seats_mut(&mut self) -> impl Iterator<Item = (&SpeakerId, &mut Seat)> {
        self.seats.iter_mut()
    }

    /// What all sources together have been through, those who left as well.
    pub(crate) fn source_totals(&self) -> SourceStats {
        let mut totals = self.left;
        self.seats.values().for_each(|seat| totals.add(seat.source.jitter.stats()));
        totals
    }

    /// Lets somebody in. Who is there already begins anew.
    pub(crate) fn add(&mut self, speaker: SpeakerId, source: Source) {
        self.remove(speaker);
        let place = source.treatment().place;
        let share = vec![0.0; source.frame.len()];
        self.seats.insert(speaker, Seat { source, heard_at: None, place, share });
    }

    /// Lets somebody go.
    pub(crate) fn remove(&mut self, speaker: SpeakerId) {
        let Some(seat) = self.seats.remove(&speaker) else { return };
        self.left.add(&seat.source.jitter.stats().past());
        self.whole.ending.add(&seat.source.frame);
        self.on_air.end(&seat);
    }

    /// Does something else with a voice. Returns when somebody was heard of last who is on air now.
    pub(crate) fn treat(&mut self, speaker: SpeakerId, treatment: Treatment) -> Option<i64> {
        let seat = self.seats.get_mut(&speaker)?;
        seat.source.treat(treatment);
        seat.heard_at.filter(|_| seat.is_on_air())
    }

    /// Makes everybody's frame at `now`, in samples of the mixer's clock, and the sums.
    pub(crate) fn mix(&mut self, now: i64) {
        let Self { seats, on_air, whole, .. } = self;
        seats.values().filter(|seat| !seat.is_on_air()).for_each(|seat| on_air.end(seat));
        on_air.begin();
        std::mem::swap(&mut whole.now, &mut whole.before);
        whole.ending.fade_into(&mut whole.now);
        for (&speaker, seat) in seats {
            seat.source.pull(now);
            on_air.add(speaker, seat);
            add(&mut whole.now, &seat.source.frame);
        }
    }

    /// What may be heard outside: a frame ago, and now.
    pub(crate) fn on_air(&self) -> [&OnAirSound; 2] {
        [&self.on_air.before, &self.on_air.now]
    }

    /// What is heard where, and by whom.
    pub(crate) fn hearings(&mut self) -> (Heard<'_>, impl Iterator<Item = Hearing<'_>>) {
        let Self { seats, on_air, whole, .. } = self;
        let heard = Heard {
            on_air: (on_air.before.samples(), on_air.now.samples()),
            backstage: (&whole.before, &whole.now),
        };
        let hearings = seats.iter_mut().filter_map(|(&speaker, seat)| {
            let Seat { source, place: last, share, .. } = seat;
            let place = source.treatment().place;
            let own = if place == Place::OnAir { &**share } else { &*source.frame };
            let (power, own_before) = (source.power, &*source.previous);
            let came_from = (*last != place).then_some(*last);
            let ear = source.ear.as_mut()?;
            Some(Hearing { speaker, ear, place, came_from, own, own_before, power })
        });
        (heard, hearings)
    }

    /// Ends the frame: everybody has heard it, and from here on, a place is where somebody has been.
    pub(crate) fn settle(&mut self) {
        let mut mix_minus = Vec::new();
        for seat in self.seats.values_mut() {
            seat.place = seat.source.treatment().place;
            if seat.source.ear.is_none() {
                continue;
            }
            let (all, own) = match seat.place {
                Place::OnAir => (self.on_air.now.samples(), &seat.share),
                Place::Backstage => (&*self.whole.now, &seat.source.frame),
            };
            mix_minus.clear();
            mix_minus.extend(all.iter().zip(own).map(|(all, own)| all - own));
            seat.source.sent(&mix_minus);
        }
    }
}

/// The last frames of those who go, which the next frame lets fade.
#[derive(Debug)]
struct Ending {
    channels: Channels,
    sound: Vec<f32>,
    is_something: bool,
}

impl Ending {
    fn add(&mut self, last: &[f32]) {
        add(&mut self.sound, last);
        self.is_something = true;
    }

    /// Writes a frame that has nothing but what ends in it.
    fn fade_into(&mut self, frame: &mut [f32]) {
        frame.fill(0.0);
        if self.is_something {
            add_echo(frame, &self.sound, self.channels);
            self.sound.fill(0.0);
            self.is_something = false;
        }
    }
}

/// Samples of a frame, of all channels together.
pub(crate) fn frame_len(channels: Channels) -> usize {
    FRAME_SAMPLES as usize * channels.count()
}

/// Adds the end of what was heard in the frame before: that frame backwards, fading.
pub(crate) fn add_echo(frame: &mut [f32], before: &[f32], channels: Channels) {
    let (n, len) = (channels.count(), before.len() as f32 / channels.count() as f32);
    let backwards = before.chunks_exact(n).rev();
    for (i, (to, from)) in frame.chunks_exact_mut(n).zip(backwards).enumerate() {
        let gain = 1.0 - (i + 1) as f32 / len;
        to.iter_mut().zip(from).for_each(|(to, from)| *to += from * gain);
    }
}

/// Lets a frame begin in silence.
pub(crate) fn fade_in(frame: &mut [f32], channels: Channels) {
    let len = frame.len() as f32 / channels.count() as f32;
    for (i, sample) in frame.chunks_exact_mut(channels.count()).enumerate() {
        sample.iter_mut().for_each(|x| *x *= i as f32 / len);
    }
}

fn add(sum: &mut [f32], frame: &[f32]) {
    sum.iter_mut().zip(frame).for_each(|(sum, x)| *sum += x);
}
