//! Reads a trickle-ICE fragment: `application/trickle-ice-sdpfrag` (RFC 8840 §9, RFC 9725 §4.3).

use stentor_types::Reason;
use str0m::IceCreds;

use crate::sdp;

/// The longest fragment that is read: credentials and some 60 candidates of 120 bytes.
pub const FRAGMENT_BYTES_MAX: usize = 8 * 1024;

/// The PATCH is refused; the session goes on as it was. The client's fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatchError {
    /// Longer than [`FRAGMENT_BYTES_MAX`]. Final.
    #[error("the fragment has {0} bytes; {FRAGMENT_BYTES_MAX} are the most")]
    TooLarge(usize),
    /// Not a fragment. Final.
    #[error("the fragment is malformed: its lines are not SDP, or its ICE credentials are not whole")]
    Malformed,
    /// No If-Match. Repeat with the session's ETag, or `*` for an ICE restart.
    #[error("If-Match is missing; send the session's ETag, or * to restart ICE (RFC 9725 §4.3.1)")]
    PreconditionMissing,
    /// If-Match names another ICE session than the present one. Repeat with the present ETag.
    #[error("If-Match is not the session's present ETag (RFC 9725 §4.3.1)")]
    PreconditionFailed,
    /// The session is over. Final.
    #[error("the session is over")]
    Closed,
}

impl PatchError {
    /// The code for problem+json and metrics.
    pub fn reason(&self) -> Reason {
        match self {
            Self::TooLarge(_) => Reason::TooLarge,
            Self::Malformed => Reason::Malformed,
            Self::PreconditionMissing => Reason::PreconditionMissing,
            Self::PreconditionFailed => Reason::PreconditionFailed,
            Self::Closed => Reason::UnknownSession,
        }
    }
}

/// What a PATCH asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// More addresses of the peer. We only ever answer checks (RFC 8445 §2.5), so nothing is to do.
    Trickle,
    /// A new ICE session with these credentials of the peer's.
    Restart(IceCreds),
}

/// Decides what `fragment` asks for, given the peer's present credentials and our ETag.
pub(crate) fn read(
    if_match: Option<&str>,
    fragment: &str,
    etag: &str,
    remote: &IceCreds,
) -> Result<Wish, PatchError> {
    if fragment.len() > FRAGMENT_BYTES_MAX {
        return Err(PatchError::TooLarge(fragment.len()));
    }
    let if_match = if_match.map(str::trim).ok_or(PatchError::PreconditionMissing)?;
    let (session, media) = sdp::sections(fragment).map_err(|sdp::NotLines| PatchError::Malformed)?;
    let places = || std::iter::once(&session).chain(&media);
    let named = places().any(|s| s.value("ice-ufrag").is_some() || s.value("ice-pwd").is_some());
    match (places().find_map(sdp::Section::ice), if_match) {
        (None, _) if named => Err(PatchError::Malformed),
        (Some(ice), "*") if ice != *remote => Ok(Wish::Restart(ice)),
        (Some(ice), _) if ice != *remote => Err(PatchError::PreconditionFailed),
        (_, tags) if tags == "*" || tags.split(',').any(|tag| tag.trim() == etag) => Ok(Wish::Trickle),
        _ => Err(PatchError::PreconditionFailed),
    }
}
