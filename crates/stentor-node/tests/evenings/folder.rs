//! What of a show outlives the process: its document, its tape, its overlay.

use std::time::Duration;

use stentor_node::{OpenedTape, missing_marks};
use stentor_stage::{Life, ShowDoc};
use stentor_tape::Overlay;
use stentor_types::{Epoch, Mark, MarkBody, MediaTime, Position, Slot, Wall};

/// Chunks and marks that a crash may take.
const UNSYNCED: Duration = Duration::from_secs(2);

/// Slots that are left out after a restart, because they may have been heard and not written.
const UNSAFE_SLOTS: u64 = 7;

/// A show's folder.
#[derive(Default)]
pub(crate) struct Folder {
    pub(crate) doc: Option<Vec<u8>>,
    pub(crate) tape: Option<Tape>,
    pub(crate) recording: Option<(MediaTime, MediaTime)>,
}

pub(crate) struct Tape {
    anchor: Wall,
    epoch: Option<Epoch>,
    end: Slot,
    marks: Vec<(Wall, Mark)>,
    chunks: Vec<(Wall, Position)>,
}

impl Folder {
    pub(crate) fn save(&mut self, doc: &ShowDoc) {
        self.doc = Some(doc.to_json());
    }

    /// Opens the tape, or begins one, as `stentor_tape::Recovered::next` says.
    pub(crate) fn open(&mut self, now: Wall) -> OpenedTape {
        assert!(self.recording.is_none(), "a show with a recording is over");
        let tape = self.tape.get_or_insert_with(|| Tape {
            anchor: now,
            epoch: None,
            end: Slot(0),
            marks: Vec::new(),
            chunks: Vec::new(),
        });
        let by_clock = Slot(now.saturating_since(tape.anchor).as_millis().div_ceil(320) as u64);
        let lowest = if tape.epoch.is_some() { tape.end.plus(UNSAFE_SLOTS) } else { Slot(0) };
        let epoch = tape.epoch.map_or(Epoch(1), Epoch::next);
        let mut marks: Vec<_> = tape.marks.iter().map(|(_, mark)| mark.clone()).collect();
        marks.sort_by_key(|mark| mark.at);
        let next = Position { epoch, slot: lowest.max(by_clock) };
        OpenedTape { anchor: tape.anchor, next, marks }
    }

    pub(crate) fn close(&mut self, overlay: Option<Overlay>) -> Option<(MediaTime, MediaTime)> {
        let tape_end = self.tape.as_ref().map_or(Slot(0), |tape| tape.end).start();
        self.recording =
            overlay.map(|overlay| (overlay.start_samples, overlay.end_samples.unwrap_or(tape_end)));
        self.recording
    }

    /// What the recording is of a show whose end became final while nobody was there to close its tape.
    pub(crate) fn finish(&mut self, life: Life) -> Option<(MediaTime, MediaTime)> {
        let tape = self.tape.as_ref()?;
        let mut marks: Vec<_> = tape.marks.iter().map(|(_, mark)| mark.clone()).collect();
        marks.extend(missing_marks(life, tape.anchor, &marks, &[]));
        marks.sort_by_key(|mark| mark.at);
        self.close(Overlay::from_marks(&marks))
    }

    pub(crate) fn anchor(&self) -> Option<Wall> {
        self.tape.as_ref().map(|tape| tape.anchor)
    }

    pub(crate) fn has_mark(&self, body: &MarkBody) -> bool {
        self.tape.as_ref().is_some_and(|tape| tape.marks.iter().any(|(_, mark)| mark.body == *body))
    }

    fn tape(&mut self) -> &mut Tape {
        self.tape.as_mut().expect("the tape is open")
    }

    /// An epoch is safe before its mixer runs.
    pub(crate) fn begin_epoch(&mut self, first: Position) {
        let tape = self.tape();
        assert!(tape.epoch.is_none_or(|last| last < first.epoch), "epochs rise, {first}");
        assert!(tape.end <= first.slot, "slots rise, {first} after {:?}", tape.end);
        (tape.epoch, tape.end) = (Some(first.epoch), first.slot);
    }

    pub(crate) fn write_chunk(&mut self, now: Wall, position: Position) {
        let tape = self.tape();
        assert_eq!(tape.epoch, Some(position.epoch), "a chunk is of the open epoch");
        assert!(tape.end <= position.slot, "slots rise, {position}");
        tape.end = position.slot.next();
        tape.chunks.push((now, position));
    }

    pub(crate) fn write_marks(&mut self, now: Wall, marks: &[Mark]) {
        self.tape().marks.extend(marks.iter().map(|mark| (now, mark.clone())));
    }

    /// A crash takes what the disk had not synced.
    pub(crate) fn crash(&mut self, now: Wall) {
        let Some(tape) = &mut self.tape else { return };
        let is_safe = |written: Wall| now.saturating_since(written) >= UNSYNCED;
        tape.marks.retain(|(written, _)| is_safe(*written));
        while tape.chunks.pop_if(|(written, _)| !is_safe(*written)).is_some() {}
        if let Some((_, last)) = tape.chunks.last()
            && tape.epoch == Some(last.epoch)
        {
            tape.end = last.slot.next();
        }
    }
}
