//! Segments and parts.

use std::sync::Arc;

use bytes::Bytes;
use stentor_formats::hls::SegmentName;
use stentor_formats::{Container, Interval};
use stentor_types::{Chunk, Frames, Reason, Rendition, Run, Slot};

use super::{FOR_EVER, Front, Now, answer, held};
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
    let mut live = tape.live();
    if is_hinted(&live, name) {
        live = held(&front.held, front.shell.stopping(), tape, |live| !is_hinted(live, name)).await?;
    }
    on_tape(tape, &live, rendition, name).await.ok_or_else(|| Problem::new(Reason::NotOnTape))
}

/// What can be said now to a request for this sound.
pub(super) fn now(tape: &LiveTape, rendition: Rendition, name: SegmentName) -> Result<Now, Problem> {
    let live = tape.live();
    if is_hinted(&live, name) {
        return Ok(Now::Held);
    }
    if !is_whole(&live, name) {
        return Err(Problem::new(Reason::NotOnTape));
    }
    let slots = name.first.slot.0..name.end_max().0;
    let chunks: Option<Vec<_>> = slots.map(|slot| live.window.chunk(Slot(slot)).cloned()).collect();
    let Some(chunks) = chunks else { return Ok(Now::OnDisk) };
    let sound = framed(tape, &live, rendition, name, &chunks);
    sound.map(|sound| Now::Answer(answer("audio/mp4", FOR_EVER, sound))).ok_or(Reason::NotOnTape.into())
}

/// Whether it is the part that the playlist hints at.
fn is_hinted(live: &Live, name: SegmentName) -> bool {
    let follows = |run: &Run| run.epoch == name.first.epoch && run.end == name.first.slot;
    name.interval == Interval::Close && !live.closed && live.runs.last().is_some_and(follows)
}

/// Whether all of it was made, in one run.
fn is_whole(live: &Live, name: SegmentName) -> bool {
    let first = name.first;
    let holds = |run: &&Run| run.epoch == first.epoch && run.first <= first.slot && first.slot < run.end;
    live.runs.iter().rev().find(holds).is_some_and(|run| run.end >= name.end_max())
}

/// A whole segment, or `None` if it is not on the tape or not complete yet. The name alone decides what is
/// in it, so it may be cached for ever.
async fn on_tape(tape: &LiveTape, live: &Live, rendition: Rendition, name: SegmentName) -> Option<Bytes> {
    if !is_whole(live, name) {
        return None;
    }
    let mut chunks = Vec::with_capacity(name.interval.slots() as usize);
    for slot in name.first.slot.0..name.end_max().0 {
        chunks.push(tape.chunk(Slot(slot)).await?);
    }
    framed(tape, live, rendition, name, &chunks)
}

fn framed(
    tape: &LiveTape,
    live: &Live,
    rendition: Rendition,
    name: SegmentName,
    chunks: &[Arc<Chunk>],
) -> Option<Bytes> {
    let first = name.first;
    if chunks.iter().any(|chunk| chunk.position.epoch != first.epoch) {
        return None;
    }
    let frames: Option<Vec<&Frames>> = chunks.iter().map(|chunk| chunk.frames.get(rendition)).collect();
    let framer = tape.framer(Container::Fmp4, rendition).ok()?;
    let key = (Container::Fmp4, rendition, name.interval);
    let shared = name.slots.is_none() && live.window.chunk(first.slot).is_some();
    Some(tape.framed(framer, key, first.slot, &frames?, shared).sound())
}
