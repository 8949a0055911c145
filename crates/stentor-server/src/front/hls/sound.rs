//! Segments and parts.

use bytes::Bytes;
use stentor_formats::hls::SegmentName;
use stentor_formats::{Container, Interval};
use stentor_types::{Frames, Reason, Rendition, Run};

use super::{Front, held};
use crate::problem::Problem;
use crate::tape::{Live, LiveTape};

/// The sound of this name. The part that the playlist hints at is waited for; if something else comes in its
/// place, there is none.
pub(super) async fn named(
    front: &Front,
    tape: &LiveTape,
    rendition: Rendition,
    name: SegmentName,
) -> Result<Bytes, Problem> {
    let is_hinted = |live: &Live| {
        let follows = |run: &Run| run.epoch == name.first.epoch && run.end == name.first.slot;
        name.interval == Interval::Close && !live.closed && live.runs.last().is_some_and(follows)
    };
    let mut live = tape.live();
    if is_hinted(&live) {
        live = held(&front.held, front.shell.stopping(), tape, |live| !is_hinted(live)).await?;
    }
    framed(tape, &live, rendition, name).await.ok_or_else(|| Problem::new(Reason::NotOnTape))
}

/// A whole segment, or `None` if it is not on the tape or not complete yet. The name alone decides what is
/// in it, so it may be cached for ever.
async fn framed(tape: &LiveTape, live: &Live, rendition: Rendition, name: SegmentName) -> Option<Bytes> {
    let first = name.first;
    let holds = |run: &&Run| run.epoch == first.epoch && run.first <= first.slot && first.slot < run.end;
    let run = *live.runs.iter().rev().find(holds)?;
    let end = name.end_max();
    if run.end < end {
        return None;
    }
    let mut chunks = Vec::with_capacity(name.interval.slots() as usize);
    let mut slot = first.slot;
    while slot < end {
        let chunk = tape.chunk(slot).await.filter(|chunk| chunk.position.epoch == first.epoch)?;
        chunks.push(chunk);
        slot = slot.next();
    }
    let frames: Option<Vec<&Frames>> = chunks.iter().map(|chunk| chunk.frames.get(rendition)).collect();
    let framer = tape.framer(Container::Fmp4, rendition).ok()?;
    let key = (Container::Fmp4, rendition, name.interval);
    let shared = name.slots.is_none() && live.window.chunk(first.slot).is_some();
    Some(tape.framed(framer, key, first.slot, &frames?, shared).sound())
}
