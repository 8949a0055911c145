//! What the recording is: a document beside the tape, because the tape is never rewritten.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use stentor_types::{Mark, MarkBody, MediaTime, ShowTitle, Slot};

/// The version of the document.
pub const OVERLAY_VERSION: u32 = 1;

/// Parts that an overlay takes out at most; nobody edits more by hand, and the document stays under 10 kB.
pub const TRIMS_MAX: usize = 128;

/// When the show was on air, as the marks say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Air {
    /// Second 0 of the show.
    pub on_air: Option<MediaTime>,
    /// Its end, unless it was taken back.
    pub end: Option<MediaTime>,
}

impl Air {
    /// What the marks say: the first *on air* counts, and the last *end* that was not undone. An end from
    /// before *on air* ends nothing.
    pub fn of(marks: &[Mark]) -> Self {
        marks.iter().fold(Self::default(), |air, mark| match mark.body {
            MarkBody::OnAir => Self { on_air: air.on_air.or(Some(mark.at)), ..air },
            MarkBody::End if air.on_air.is_some() => Self { end: air.end.or(Some(mark.at)), ..air },
            MarkBody::EndUndone => Self { end: None, ..air },
            _ => air,
        })
    }
}

/// The part of the tape that is the recording. Times are samples of the media clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overlay {
    /// [`OVERLAY_VERSION`].
    pub version: u32,
    /// Second 0 of the recording.
    pub start_samples: MediaTime,
    /// Where it ends; `None` while the show goes on.
    pub end_samples: Option<MediaTime>,
    /// Its title.
    pub title: Option<ShowTitle>,
    /// Parts that are left out, in order, apart from each other and inside the recording.
    #[serde(default)]
    pub trims: Vec<Trim>,
}

/// A part of the recording that is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trim {
    /// The first sample that is left out.
    pub from_samples: MediaTime,
    /// The first sample after it.
    pub to_samples: MediaTime,
}

/// Why a text is not an overlay.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OverlayError {
    /// Not JSON, or not of this shape. The file is damaged or was edited by hand.
    #[error("the overlay is not understood: {0}")]
    Json(#[from] serde_json::Error),
    /// Written by a newer program.
    #[error("the overlay has version {0}; this program reads version {OVERLAY_VERSION}")]
    Version(u32),
    /// Times that contradict each other.
    #[error("the overlay's times are not in order, or there are more than {TRIMS_MAX} trims")]
    Times,
}

impl Overlay {
    /// The overlay that the marks of a tape say: from *on air* to the end. `None` before *on air*.
    pub fn from_marks(marks: &[Mark]) -> Option<Self> {
        let air = Air::of(marks);
        let title = marks.iter().rev().find_map(|mark| match &mark.body {
            MarkBody::Title { title } => Some(title.clone()),
            _ => None,
        });
        let start_samples = air.on_air?;
        Some(Self { version: OVERLAY_VERSION, start_samples, end_samples: air.end, title, trims: Vec::new() })
    }

    /// Reads a document and checks it.
    pub fn parse(json: &[u8]) -> Result<Self, OverlayError> {
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        // First the version alone: a newer document may have fields that this program does not know.
        let Version { version } = serde_json::from_slice(json)?;
        if version != OVERLAY_VERSION {
            return Err(OverlayError::Version(version));
        }
        let overlay: Self = serde_json::from_slice(json)?;
        if overlay.is_ordered() { Ok(overlay) } else { Err(OverlayError::Times) }
    }

    /// The document.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec_pretty(self).expect("an overlay is plain data")
    }

    /// The parts of the tape that the recording consists of, in order. `tape_end` stands in for an end that is
    /// not known yet.
    pub fn kept(&self, tape_end: MediaTime) -> Vec<Range<MediaTime>> {
        let end = self.end_samples.unwrap_or(tape_end);
        let mut kept = Vec::new();
        let mut from = self.start_samples;
        for trim in &self.trims {
            kept.push(from..trim.from_samples.min(end));
            from = trim.to_samples;
        }
        kept.push(from..end);
        kept.retain(|part| part.start < part.end);
        kept
    }

    /// The slots that hold the recording, whole chunks: the first and the one after the last.
    pub fn slots(&self, tape_end: Slot) -> Range<Slot> {
        let end = self
            .end_samples
            .map_or(tape_end, |end| if end.slot().start() == end { end.slot() } else { end.slot().next() });
        self.start_samples.slot()..end
    }

    fn is_ordered(&self) -> bool {
        let trims = self.trims.iter().flat_map(|trim| [trim.from_samples, trim.to_samples]);
        let times: Vec<_> = [self.start_samples].into_iter().chain(trims).chain(self.end_samples).collect();
        self.trims.len() <= TRIMS_MAX && times.is_sorted()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(at: u64, body: MarkBody) -> Mark {
        Mark { at: MediaTime(at), body }
    }

    #[test]
    fn an_end_that_was_undone_is_none() {
        let mut marks = vec![mark(5, MarkBody::End), mark(10, MarkBody::OnAir), mark(30, MarkBody::End)];
        assert_eq!(Air::of(&marks), Air { on_air: Some(MediaTime(10)), end: Some(MediaTime(30)) });
        marks.push(mark(40, MarkBody::EndUndone));
        assert_eq!(Air::of(&marks).end, None);
        marks.extend([mark(50, MarkBody::OnAir), mark(60, MarkBody::End), mark(61, MarkBody::End)]);
        assert_eq!(Air::of(&marks), Air { on_air: Some(MediaTime(10)), end: Some(MediaTime(60)) });
    }

    #[test]
    fn the_document_survives_and_the_recording_is_what_it_keeps() {
        let title = "Evening".parse().expect("a title");
        let marks =
            [mark(0, MarkBody::Title { title }), mark(20_000, MarkBody::OnAir), mark(90_000, MarkBody::End)];
        let mut overlay = Overlay::from_marks(&marks).expect("was on air");
        overlay.trims = vec![Trim { from_samples: MediaTime(30_000), to_samples: MediaTime(40_000) }];
        let again = Overlay::parse(&overlay.to_json()).expect("its own document");
        assert_eq!(again, overlay);
        assert_eq!(overlay.slots(Slot(100)), Slot(1)..Slot(6));
        let kept = overlay.kept(MediaTime(1_000_000));
        assert_eq!(kept, [MediaTime(20_000)..MediaTime(30_000), MediaTime(40_000)..MediaTime(90_000)]);
        overlay.end_samples = Some(MediaTime(35_000));
        assert!(matches!(Overlay::parse(&overlay.to_json()), Err(OverlayError::Times)));
        overlay.version = 2;
        assert!(matches!(Overlay::parse(&overlay.to_json()), Err(OverlayError::Version(2))));
        assert!(matches!(Overlay::parse(b"{"), Err(OverlayError::Json(_))));
    }
}
