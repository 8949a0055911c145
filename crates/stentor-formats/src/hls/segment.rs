//! Which segments there are.

use std::ops::Range;

use stentor_types::{Epoch, Position, Run, Slot};

use crate::Interval;
use crate::hls::SegmentName;

/// The longest hole that is listed as gap segments: 60 s / 0.32 s. A player walks over them in real time,
/// silent; a longer hole is jumped, as a discontinuity.
pub const GAP_SLOTS_MAX: u64 = 187;

/// One entry of a media playlist: at most one aligned group of 12 slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Epoch and slot of the first chunk. A gap has the epoch before it, so that no name is given twice.
    pub first: Position,
    /// How many slots it covers, 1 to 12.
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
        let whole = self.slots_covered().end == Interval::Segment.group_end(self.first.slot);
        let slots = (self.kind == SegmentKind::Sound && !whole).then_some(self.slots);
        SegmentName { first: self.first, slots }
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
    let mut out = Vec::new();
    list(runs, decided, &mut out);
    out
}

/// The segments of the recording that covers `slots`, which begin with the chunk of *on air* and stop behind the
/// chunk of the end. Chunks outside are not listed, nor is a hole at the border.
pub fn vod_segments(runs: &[Run], slots: Range<Slot>) -> Vec<Segment> {
    let mut out = Vec::new();
    let clipped: Vec<_> = runs
        .iter()
        .map(|run| Run { first: run.first.max(slots.start), end: run.end.min(slots.end), ..*run })
        .filter(|run| run.first < run.end)
        .collect();
    list(&clipped, slots.end, &mut out);
    out
}

/// Lists runs and the short holes between them, as far as their pieces end by `end_max`.
fn list(runs: &[Run], end_max: Slot, out: &mut Vec<Segment>) {
    let mut before: Option<Run> = None;
    for run in runs {
        debug_assert!(run.first < run.end, "a run holds chunks");
        let hole = before.map_or(run.first..run.first, |before| before.end..run.first);
        debug_assert!(hole.start <= hole.end, "slots only rise");
        let jump = hole.end.0 - hole.start.0 > GAP_SLOTS_MAX;
        if let Some(before) = before
            && !jump
        {
            pieces(hole, before.epoch, SegmentKind::Gap, false, end_max, out);
        }
        pieces(run.first..run.end, run.epoch, SegmentKind::Sound, jump, end_max, out);
        before = Some(*run);
    }
}

/// Cuts `range` at the borders of groups; the first piece carries the discontinuity.
fn pieces(
    range: Range<Slot>,
    epoch: Epoch,
    kind: SegmentKind,
    discontinuity: bool,
    end_max: Slot,
    out: &mut Vec<Segment>,
) {
    let mut slot = range.start;
    while slot < range.end {
        let end = Interval::Segment.group_end(slot).min(range.end);
        if end > end_max {
            return;
        }
        let first = Position { epoch, slot };
        let slots = (end.0 - slot.0) as u8;
        out.push(Segment { first, slots, kind, discontinuity: discontinuity && slot == range.start });
        slot = end;
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
