//! Which segments there are.

use std::ops::Range;

use stentor_types::{Epoch, Position, Run, Slot};

use crate::Interval;
use crate::hls::SegmentName;

/// The longest hole that is listed as gap segments: 60 s / 0.32 s. A player walks over them in real time,
/// silent; a longer hole is jumped, as a discontinuity.
pub const GAP_SLOTS_MAX: u64 = 187;

/// One entry of a media playlist: at most one aligned group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// What it is a group of.
    pub interval: Interval,
    /// Epoch and slot of the first chunk. A gap has the epoch before it, so that no name is given twice.
    pub first: Position,
    /// How many slots it covers, 1 to those of the interval.
    pub slots: u8,
    /// Sound or none.
    pub kind: SegmentKind,
    /// A hole that is not listed lies before it: what follows is not where the clock of the
    /// playlist would expect it.
    pub discontinuity: bool,
}

/// What a segment holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SegmentKind {
    /// Chunks.
    Sound,
    /// No chunks: there is a hole (`EXT-X-GAP`). The URI need not lead anywhere.
    Gap,
}

impl Segment {
    /// The slots that the segment covers.
    pub const fn slots_covered(&self) -> Range<Slot> {
        self.first.slot..self.first.slot.plus(self.slots as u64)
    }

    /// What its URL calls it. A segment that ends before its group does says so, and so never comes to
    /// mean more than it did.
    pub fn name(&self) -> SegmentName {
        let whole = self.slots_covered().end == self.interval.group_end(self.first.slot);
        let slots = (self.kind == SegmentKind::Sound && !whole).then_some(self.slots);
        SegmentName { interval: self.interval, first: self.first, slots }
    }
}

/// All segments of a live show, oldest first, gaps among them. `runs` are those of the tape, which only
/// grow at their end. Until the tape is `closed`, a group is listed when nothing can come into it any more.
///
/// The list for earlier `runs` is a prefix of the list for later ones. O(length of the tape): 30 days are
/// 675,000 entries, so a server asks once per group, not per request.
pub fn live_segments(runs: &[Run], closed: bool) -> Vec<Segment> {
    let Some(last) = runs.last() else { return Vec::new() };
    let decided = if closed { last.end } else { Interval::Segment.group(last.end).start };
    let all = stretches(runs).flat_map(|stretch| stretch.pieces(Interval::Segment, 0));
    all.take_while(|segment| segment.slots_covered().end <= decided).collect()
}

/// The segments of the recording that covers `slots`, which begin with the chunk of *on air* and stop behind the
/// chunk of the end. Chunks outside are not listed, nor is a hole at the border.
pub fn vod_segments(runs: &[Run], slots: Range<Slot>) -> Vec<Segment> {
    let clipped: Vec<_> = runs
        .iter()
        .map(|run| Run { first: run.first.max(slots.start), end: run.end.min(slots.end), ..*run })
        .filter(|run| run.first < run.end)
        .collect();
    stretches(&clipped).flat_map(|stretch| stretch.pieces(Interval::Segment, 0)).collect()
}

/// The newest segments of a live show, for a playlist that is written anew with every chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newest {
    /// Segments before those that are listed; so the media sequence number of the first one.
    pub gone: u64,
    /// How many of them begin with a discontinuity.
    pub jumps_gone: u64,
    /// The complete ones, oldest first: nothing can come into them any more.
    pub complete: Vec<Segment>,
    /// The one in the making, with what it has by now. Its media sequence number is the next one.
    pub open: Option<Segment>,
}

/// The newest `window` complete segments of this interval, and the one in the making, if the tape is not
/// `closed`. What is before the newest run is complete at once, also where a run that begins inside its group cut it
/// short. O(runs and window), however long the tape is.
pub fn newest_segments(runs: &[Run], closed: bool, interval: Interval, window: usize) -> Newest {
    let Count { complete, open } = Count::of(runs, closed, interval);
    let gone = complete.saturating_sub(window as u64);
    let (mut rest, mut jumps_gone) = (gone, 0);
    let mut listed = Vec::with_capacity((complete - gone) as usize + 1);
    for stretch in stretches(runs) {
        let skipped = rest.min(stretch.count(interval));
        rest -= skipped;
        jumps_gone += u64::from(stretch.discontinuity && skipped > 0);
        listed.extend(stretch.pieces(interval, skipped));
    }
    let open = if open { listed.pop() } else { None };
    Newest { gone, jumps_gone, complete: listed, open }
}

/// How many segments there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Count {
    /// Those that are complete.
    complete: u64,
    /// Whether another one is in the making.
    open: bool,
}

impl Count {
    fn of(runs: &[Run], closed: bool, interval: Interval) -> Self {
        let all: u64 = stretches(runs).map(|stretch| stretch.count(interval)).sum();
        let at_border = |run: &Run| run.end == interval.group(run.end).start;
        let open = !closed && runs.last().is_some_and(|run| !at_border(run));
        Self { complete: all - u64::from(open), open }
    }
}

/// Neighbouring slots that are alike: a run, or a short hole.
struct Stretch {
    slots: Range<Slot>,
    epoch: Epoch,
    kind: SegmentKind,
    /// A hole that is not listed lies before it.
    discontinuity: bool,
}

/// Runs and the short holes between them, in order; long holes are discontinuities.
fn stretches(runs: &[Run]) -> impl Iterator<Item = Stretch> {
    let before = std::iter::once(None).chain(runs.iter().map(Some));
    before.zip(runs).flat_map(|(before, run)| {
        debug_assert!(run.first < run.end, "a run holds chunks");
        let hole = before.map_or(run.first, |before| before.end)..run.first;
        debug_assert!(hole.start <= hole.end, "slots only rise");
        let discontinuity = hole.end.0 - hole.start.0 > GAP_SLOTS_MAX;
        let gap = before.filter(|_| !discontinuity && hole.start < hole.end).map(|before| Stretch {
            slots: hole,
            epoch: before.epoch,
            kind: SegmentKind::Gap,
            discontinuity: false,
        });
        let sound =
            Stretch { slots: run.first..run.end, epoch: run.epoch, kind: SegmentKind::Sound, discontinuity };
        gap.into_iter().chain([sound])
    })
}

impl Stretch {
    /// How many groups it has a piece of.
    fn count(&self, interval: Interval) -> u64 {
        self.slots.end.0.div_ceil(interval.slots()) - self.slots.start.0 / interval.slots()
    }

    /// The pieces that the borders of groups cut it into, without the first `skipped`; the very first carries the
    /// discontinuity.
    fn pieces(self, interval: Interval, skipped: u64) -> impl Iterator<Item = Segment> {
        let first_group = self.slots.start.0 / interval.slots();
        (skipped..self.count(interval)).map(move |number| {
            let group = interval.group(Slot((first_group + number) * interval.slots()));
            let (start, end) = (group.start.max(self.slots.start), group.end.min(self.slots.end));
            Segment {
                interval,
                first: Position { epoch: self.epoch, slot: start },
                slots: (end.0 - start.0) as u8,
                kind: self.kind,
                discontinuity: self.discontinuity && number == 0,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(epoch: u32, slots: Range<u64>) -> Run {
        Run { epoch: Epoch(epoch), first: Slot(slots.start), end: Slot(slots.end) }
    }

    fn brief(segments: &[Segment]) -> Vec<String> {
        let text = |s: &Segment| {
            let kind = match s.kind {
                SegmentKind::Sound => "",
                SegmentKind::Gap => " gap",
            };
            format!("{}{}+{}{kind}", if s.discontinuity { "!" } else { "" }, s.first, s.slots)
        };
        segments.iter().map(text).collect()
    }

    #[test]
    fn a_group_is_listed_when_it_is_complete() {
        assert_eq!(brief(&live_segments(&[run(1, 5..23)], false)), ["1-5+7"]);
        assert_eq!(brief(&live_segments(&[run(1, 5..24)], false)), ["1-5+7", "1-12+12"]);
        assert_eq!(brief(&live_segments(&[run(1, 5..26)], true)), ["1-5+7", "1-12+12", "1-24+2"]);
        assert!(live_segments(&[], true).is_empty());
    }

    #[test]
    fn an_epoch_border_cuts_and_a_short_hole_is_a_gap() {
        let runs = [run(1, 0..14), run(2, 20..36)];
        assert_eq!(
            brief(&live_segments(&runs, false)),
            ["1-0+12", "1-12+2", "1-14+6 gap", "2-20+4", "2-24+12"]
        );
        let runs = [run(1, 0..12), run(2, 12..24)];
        assert_eq!(brief(&live_segments(&runs, false)), ["1-0+12", "2-12+12"]);
        let runs = [run(1, 0..12), run(1, 36..48)];
        assert_eq!(brief(&live_segments(&runs, false)), ["1-0+12", "1-12+12 gap", "1-24+12 gap", "1-36+12"]);
    }

    #[test]
    fn a_long_hole_is_a_discontinuity() {
        let runs = [run(1, 0..12), run(2, 200..216)];
        assert_eq!(brief(&live_segments(&runs, false)), ["1-0+12", "!2-200+4", "2-204+12"]);
    }

    #[test]
    fn what_is_before_the_newest_run_is_complete_and_the_rest_is_in_the_making() {
        let newest = |runs: &[Run], closed| newest_segments(runs, closed, Interval::Short, 3);
        let listed = newest(&[run(1, 3..14)], false);
        assert_eq!(brief(&listed.complete), ["1-3+3", "1-6+6"]);
        assert_eq!((brief(listed.open.as_slice()), listed.gone), (vec!["1-12+2".into()], 0));
        let listed = newest(&[run(1, 3..14), run(2, 15..17)], false);
        assert_eq!(brief(&listed.complete), ["1-6+6", "1-12+2", "1-14+1 gap"]);
        assert_eq!((brief(listed.open.as_slice()), listed.gone), (vec!["2-15+2".into()], 1));
        assert_eq!(listed.complete[1].name().to_string(), "s-1-12-2");
        let listed = newest(&[run(1, 3..14), run(2, 15..18)], false);
        assert_eq!((brief(&listed.complete[2..]), listed.open), (vec!["2-15+3".into()], None));
        let jumped = [run(1, 0..14), run(2, 300..320)];
        let listed = newest(&jumped, true);
        assert_eq!(brief(&listed.complete), ["2-306+6", "2-312+6", "2-318+2"]);
        assert_eq!((listed.open, listed.gone, listed.jumps_gone), (None, 4, 1));
        assert_eq!(newest(&[], false).complete, []);
    }

    #[test]
    fn the_recording_is_cut_to_chunks_and_what_is_cut_short_says_so() {
        let runs = [run(1, 0..30), run(2, 36..100)];
        let vod = vod_segments(&runs, Slot(5)..Slot(52));
        assert_eq!(brief(&vod), ["1-5+7", "1-12+12", "1-24+6", "1-30+6 gap", "2-36+12", "2-48+4"]);
        let names: Vec<_> = vod.iter().map(|segment| segment.name().to_string()).collect();
        assert_eq!(names, ["1-5", "1-12", "1-24-6", "1-30", "2-36", "2-48-4"]);
        // A hole or an end of the recording at the border of a run cuts the same sound, under the same name.
        for slots in [24..30, 24..33] {
            let cut = vod_segments(&runs, Slot(slots.start)..Slot(slots.end));
            assert_eq!(cut.iter().map(|s| s.name().to_string()).collect::<Vec<_>>(), ["1-24-6"]);
        }
        assert_eq!(brief(&vod_segments(&runs, Slot(36)..Slot(48))), ["2-36+12"]);
        assert!(vod_segments(&runs, Slot(31)..Slot(36)).is_empty());
    }
}
