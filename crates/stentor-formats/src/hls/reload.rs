//! What a player may ask of a low-latency playlist: delivery directives (draft-pantos-hls-rfc8216bis §6.2.5).

use stentor_types::Run;

use crate::Interval;
use crate::hls::segment::newest_segments;

/// How many parts ahead of the newest one a request may be: the advance part limit, 3 s / 0.32 s = 9.375
/// (§6.2.5.2).
const ADVANCE_PARTS_MAX: u64 = 9;

/// How many segments ahead of the newest complete one a request may be (§6.2.5.2).
const ADVANCE_SEGMENTS_MAX: u64 = 2;

/// The directives of a request, out of its query.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reload {
    /// `_HLS_msn`: the answer waits for this segment.
    pub msn: Option<u64>,
    /// `_HLS_part`: or only for this part of it. Never without `msn`.
    pub part: Option<u64>,
    /// `_HLS_skip`: the player still has what is old.
    pub skip: bool,
}

/// The directives cannot be followed. The player's fault; asking again does not help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReloadError {
    /// A value is not a decimal number below 2⁶⁴.
    #[error("_HLS_msn and _HLS_part are decimal numbers")]
    NotANumber,
    /// The directive stands there more than once.
    #[error("_HLS_msn and _HLS_part are given once")]
    Twice,
    /// `_HLS_part` stands there without `_HLS_msn`.
    #[error("_HLS_part says which part of the segment _HLS_msn, and needs it")]
    PartWithoutSegment,
}

impl Reload {
    /// Reads the query of a playlist's URL. Other keys are ignored, and so is `_HLS_skip` with another value than `YES`
    /// or `v2`: the whole playlist is always right.
    pub fn of_query(query: &str) -> Result<Self, ReloadError> {
        let mut reload = Self::default();
        for pair in query.split('&') {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            match key {
                "_HLS_msn" => put_number(&mut reload.msn, value)?,
                "_HLS_part" => put_number(&mut reload.part, value)?,
                "_HLS_skip" => reload.skip = matches!(value, "YES" | "v2"),
                _ => {}
            }
        }
        if reload.part.is_some() && reload.msn.is_none() {
            return Err(ReloadError::PartWithoutSegment);
        }
        Ok(reload)
    }
}

fn put_number(place: &mut Option<u64>, value: &str) -> Result<(), ReloadError> {
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    let number = value.parse().ok().filter(|_| digits).ok_or(ReloadError::NotANumber)?;
    if place.replace(number).is_some() { Err(ReloadError::Twice) } else { Ok(()) }
}

/// How far a low-latency playlist goes: what a request is measured against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Complete segments since the show began; so the media sequence number of the one in the making.
    pub complete: u64,
    /// Parts of the newest complete segment.
    pub last_parts: u64,
    /// Parts of the segment in the making.
    pub open_parts: u64,
    /// The playlist has ended.
    pub closed: bool,
}

/// What becomes of a request now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It is answered: the playlist contains what it asks for, or there is a playlist and it asks for nothing.
    Answer,
    /// It is held until there is more.
    Wait,
    /// It is refused: that is too far ahead.
    TooFar,
}

impl Edge {
    /// The edge of a live show. O(runs).
    pub fn of(runs: &[Run], closed: bool) -> Self {
        let newest = newest_segments(runs, closed, Interval::Short, 1);
        let complete = newest.gone + newest.complete.len() as u64;
        let last_parts = newest.complete.last().map_or(0, |segment| u64::from(segment.slots));
        let open_parts = newest.open.map_or(0, |segment| u64::from(segment.slots));
        Self { complete, last_parts, open_parts, closed }
    }

    /// Whether a request is answered now. There is no playlist before its first complete segment, for which even one
    /// without directives waits.
    pub fn turn(&self, reload: Reload) -> Turn {
        if self.closed || self.contains(reload) {
            return Turn::Answer;
        }
        let (msn, part) = (reload.msn.unwrap_or(0), reload.part.unwrap_or(0));
        // The newest complete segment is the one before `complete`.
        let too_many_segments = msn.saturating_add(1) > self.complete + ADVANCE_SEGMENTS_MAX;
        let (segments_ahead, parts) = match msn.checked_sub(self.complete) {
            Some(ahead) => (ahead, self.open_parts),
            None => (0, self.last_parts),
        };
        let in_between = segments_ahead.saturating_mul(Interval::Short.slots());
        let parts_ahead = in_between.saturating_add(part.saturating_add(1)).saturating_sub(parts);
        let too_many_parts = reload.part.is_some() && parts_ahead > ADVANCE_PARTS_MAX;
        if too_many_segments || too_many_parts { Turn::TooFar } else { Turn::Wait }
    }

    /// Whether there is a playlist and it contains what is asked for. A part beyond the last one of its segment
    /// is the first of the next (§6.2.5.2).
    fn contains(&self, Reload { msn, part, .. }: Reload) -> bool {
        let in_making = |msn| msn == self.complete;
        let is_newest = |msn: u64| msn.checked_add(1) == Some(self.complete);
        self.complete > 0
            && match (msn, part) {
                (None, _) => true,
                (Some(msn), None) => msn < self.complete,
                (Some(msn), Some(part)) if in_making(msn) => part < self.open_parts,
                (Some(msn), Some(part)) if is_newest(msn) => part < self.last_parts || self.open_parts > 0,
                (Some(msn), Some(_)) => msn < self.complete,
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(query: &str) -> Result<Reload, ReloadError> {
        Reload::of_query(query)
    }

    #[test]
    fn queries_are_read_strictly_and_what_is_unknown_is_ignored() {
        assert_eq!(of(""), Ok(Reload::default()));
        assert_eq!(of("utm=1&_HLS_push=1&&x"), Ok(Reload::default()));
        assert_eq!(of("_HLS_msn=7&_HLS_skip=v2"), Ok(Reload { msn: Some(7), part: None, skip: true }));
        let all = of("_HLS_part=0&_HLS_skip=YES&_HLS_msn=18446744073709551615");
        assert_eq!(all, Ok(Reload { msn: Some(u64::MAX), part: Some(0), skip: true }));
        assert!(!of("_HLS_skip=NO").expect("a query").skip);
        for bad in [
            "_HLS_msn=",
            "_HLS_msn",
            "_HLS_msn=+1",
            "_HLS_msn=18446744073709551616",
            "_HLS_msn=1&_HLS_part=x",
        ] {
            assert_eq!(of(bad), Err(ReloadError::NotANumber), "{bad}");
        }
        assert_eq!(of("_HLS_msn=1&_HLS_msn=1"), Err(ReloadError::Twice));
        assert_eq!(of("_HLS_part=1"), Err(ReloadError::PartWithoutSegment));
    }

    #[test]
    fn a_request_is_answered_held_or_refused() {
        use Turn::{Answer, TooFar, Wait};
        let edge = Edge { complete: 10, last_parts: 6, open_parts: 2, closed: false };
        let border = Edge { open_parts: 0, last_parts: 4, ..edge };
        let cases = [
            (edge, "", Answer),
            (edge, "_HLS_msn=0&_HLS_part=99", Answer),
            (edge, "_HLS_msn=9", Answer),
            (edge, "_HLS_msn=10", Wait),
            (edge, "_HLS_msn=11", Wait),
            (edge, "_HLS_msn=12", TooFar),
            (edge, "_HLS_msn=18446744073709551615&_HLS_part=18446744073709551615", TooFar),
            (edge, "_HLS_msn=10&_HLS_part=1", Answer),
            (edge, "_HLS_msn=10&_HLS_part=2", Wait),
            (edge, "_HLS_msn=10&_HLS_part=10", Wait),
            (edge, "_HLS_msn=10&_HLS_part=11", TooFar),
            (edge, "_HLS_msn=11&_HLS_part=4", Wait),
            (edge, "_HLS_msn=11&_HLS_part=5", TooFar),
            (edge, "_HLS_msn=9&_HLS_part=6", Answer),
            (border, "_HLS_msn=9&_HLS_part=3", Answer),
            (border, "_HLS_msn=9&_HLS_part=4", Wait),
            (border, "_HLS_msn=9&_HLS_part=13", TooFar),
            (border, "_HLS_msn=10&_HLS_part=0", Wait),
            (Edge { closed: true, ..edge }, "_HLS_msn=99", Answer),
            (Edge { complete: 0, ..edge }, "", Wait),
            (Edge { complete: 0, ..edge }, "_HLS_msn=0&_HLS_part=0", Wait),
        ];
        for (edge, query, turn) in cases {
            assert_eq!(edge.turn(of(query).expect("a query")), turn, "{query} at {edge:?}");
        }
    }

    proptest! {
        #[test]
        fn no_query_panics(query in "\\PC{0,60}|(_HLS_(msn|part|skip)=[0-9]{0,21}&?){0,4}", complete: u32, parts in 0u64..6) {
            let edge = Edge { complete: complete.into(), last_parts: 6, open_parts: parts, closed: false };
            if let Ok(reload) = of(&query) {
                let _ = edge.turn(reload);
            }
        }
    }
}
