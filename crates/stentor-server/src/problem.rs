//! How a door says no: `application/problem+json` (RFC 9457), one sentence for each reason.

use std::time::Duration;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use stentor_types::{Reason, ShowId};

/// When to come back to a server that has too much to do: long enough to help, short enough that a
/// person still waits.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// A refusal on its way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    reason: Reason,
    detail: Option<String>,
    retry_after: Option<Duration>,
    recording: Option<String>,
    consent: Option<&'static str>,
}

/// The document, as `docs/reference/http.md` has it.
#[derive(Serialize)]
struct Document<'a> {
    r#type: &'static str,
    status: u16,
    reason: Reason,
    title: &'static str,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_s: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recording: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    consent: Option<&'static str>,
}

impl Problem {
    /// The refusal of this reason, with its own sentences.
    pub fn new(reason: Reason) -> Self {
        let waiting_helps = matches!(reason, Reason::Overloaded | Reason::Stopping | Reason::DoorsClosed);
        let retry_after = waiting_helps.then_some(RETRY_AFTER);
        Self { reason, detail: None, retry_after, recording: None, consent: None }
    }

    /// Says more exactly why, and what to do.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Says when to come back; rounded up to a second.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// Says where the recording is or will be.
    #[must_use]
    pub fn recording(mut self, path: impl Into<String>) -> Self {
        self.recording = Some(path.into());
        self
    }

    /// Says which version of the notice has to be agreed to.
    #[must_use]
    pub fn consent(mut self, version: &'static str) -> Self {
        self.consent = Some(version);
        self
    }

    /// Why.
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// The status it is answered with.
    pub fn status(&self) -> StatusCode {
        words(self.reason).status
    }
}

/// The name of a show in a path. What cannot be one is as unknown as a show that does not exist.
pub(crate) fn show_id(name: &str) -> Result<ShowId, Problem> {
    name.parse().map_err(|_| Problem::new(Reason::UnknownShow))
}

impl From<Reason> for Problem {
    fn from(reason: Reason) -> Self {
        Self::new(reason)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let words = words(self.reason);
        let retry_after_s = self.retry_after.map(|wait| wait.as_millis().div_ceil(1000) as u64);
        let document = Document {
            r#type: "about:blank",
            status: words.status.as_u16(),
            reason: self.reason,
            title: words.title,
            detail: self.detail.as_deref().unwrap_or(words.detail),
            retry_after_s,
            recording: self.recording.as_deref(),
            consent: self.consent,
        };
        let mut response = (words.status, Json(document)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = retry_after_s {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if words.status == StatusCode::UNAUTHORIZED {
            // RFC 9110 §11.6.1: a 401 says how to authenticate.
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        // So that a layer above can count refusals without reading bodies.
        response.extensions_mut().insert(self.reason);
        response
    }
}

/// A refusal in our words: those of the framework (a body that is too long, a path that is not UTF-8) are
/// plain text. The other headers of the answer stay.
pub fn in_our_words(response: Response) -> Response {
    let reason = match response.status() {
        StatusCode::BAD_REQUEST => Reason::Malformed,
        StatusCode::NOT_FOUND => Reason::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => Reason::WrongMethod,
        StatusCode::PAYLOAD_TOO_LARGE => Reason::TooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Reason::WrongType,
        StatusCode::INTERNAL_SERVER_ERROR => Reason::Internal,
        _ => return response,
    };
    let content_type =
        response.headers().get(header::CONTENT_TYPE).map_or(&b"text/plain"[..], HeaderValue::as_bytes);
    if !content_type.starts_with(b"text/plain") {
        return response;
    }
    let mut ours = Problem::new(reason).into_response();
    for (name, value) in response.headers() {
        if name != header::CONTENT_LENGTH && !ours.headers().contains_key(name) {
            ours.headers_mut().append(name, value.clone());
        }
    }
    ours
}

struct Words {
    status: StatusCode,
    title: &'static str,
    detail: &'static str,
}

const fn say(status: StatusCode, title: &'static str, detail: &'static str) -> Words {
    Words { status, title, detail }
}

/// Status, what happened, and why with what to do.
fn words(reason: Reason) -> Words {
    of_shows(reason)
        .or_else(|| of_the_gate(reason))
        .or_else(|| of_people(reason))
        .or_else(|| of_keys(reason))
        .or_else(|| of_requests(reason))
        .or_else(|| of_the_server(reason))
        .unwrap_or(say(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Something was refused",
            "This server has no words for the reason; its version and its parts do not fit together.",
        ))
}

fn of_shows(reason: Reason) -> Option<Words> {
    Some(match reason {
        Reason::UnknownShow => say(
            StatusCode::NOT_FOUND,
            "There is no such show",
            "No show of this name is known here. Check the link for typing errors.",
        ),
        Reason::ShowExists => say(
            StatusCode::CONFLICT,
            "There is such a show already",
            "A show of this name exists. Choose another name, or delete the old show first.",
        ),
        Reason::TooManyShows => say(
            StatusCode::CONFLICT,
            "As many shows run as may",
            "End or delete a show, or raise `max` in [shows] of the configuration.",
        ),
        Reason::DoorsClosed => say(
            StatusCode::SERVICE_UNAVAILABLE,
            "The doors are not open yet",
            "The show has been announced but its doors are still closed. Come back when they open.",
        ),
        Reason::Ended => say(
            StatusCode::GONE,
            "The show has ended",
            "There is no live sound any more. The recording is at the show's own address.",
        ),
        Reason::NotEnded => say(
            StatusCode::CONFLICT,
            "The show has not ended",
            "This is possible once the end of the show is final, 30 seconds after it was ended.",
        ),
        Reason::WrongPhase => say(
            StatusCode::CONFLICT,
            "That is not possible now",
            "The show is not in a phase in which this can be done. Its status says where it stands.",
        ),
        Reason::UndoOver => say(
            StatusCode::CONFLICT,
            "The end is final",
            "An end can be taken back for 30 seconds, and they are over. Make a new show to go on.",
        ),
        Reason::NoDelay => say(
            StatusCode::CONFLICT,
            "The show has no broadcast delay",
            "What is said is heard at once, so nothing can be dumped. A delay is chosen when a show is created.",
        ),
        Reason::RenditionMissing => say(
            StatusCode::NOT_FOUND,
            "This show has no such rendition",
            "Take one of those that the show's status lists; AAC is missing from builds without it.",
        ),
        Reason::RangeOutside => say(
            StatusCode::RANGE_NOT_SATISFIABLE,
            "The range lies outside the recording",
            "Ask for a range within the length that Content-Range states.",
        ),
        Reason::NotOnTape => say(
            StatusCode::NOT_FOUND,
            "That sound is not on the tape",
            "It lies in the future, in a hole of the recording, or in another run of the server.",
        ),
        _ => return None,
    })
}

fn of_the_gate(reason: Reason) -> Option<Words> {
    Some(match reason {
        Reason::Full => say(
            StatusCode::SERVICE_UNAVAILABLE,
            "All seats are taken",
            "As many hear this show as this server can carry. Open the show's page: it waits in line for you and begins by \
             itself. A player may ask again after a while.",
        ),
        Reason::NotYourTurn => say(
            StatusCode::SERVICE_UNAVAILABLE,
            "It is not your turn yet",
            "Your ticket is good and keeps its place. The show's status says how far the line is.",
        ),
        Reason::TicketInvalid => say(
            StatusCode::FORBIDDEN,
            "This ticket is not taken",
            "It is no ticket of this show and this evening. Take another.",
        ),
        Reason::TicketSpent => say(
            StatusCode::CONFLICT,
            "This ticket was used",
            "Its stream has been gone for longer than a seat is kept. Take another ticket.",
        ),
        _ => return None,
    })
}

fn of_people(reason: Reason) -> Option<Words> {
    Some(match reason {
        Reason::StageFull => say(
            StatusCode::CONFLICT,
            "The stage is full",
            "As many people are connected as fit. Somebody has to leave before you can come in.",
        ),
        Reason::TooManyLinks => say(
            StatusCode::CONFLICT,
            "The show has as many links as may be",
            "Used and revoked links count as well. Give out one of those that are there.",
        ),
        Reason::UnknownLink => say(
            StatusCode::NOT_FOUND,
            "There is no such link",
            "The show has no link of this id. Its page at the desk lists those that it has.",
        ),
        Reason::LinkUsed => say(
            StatusCode::CONFLICT,
            "The link has been used",
            "It lets one browser in, once. Go on in the browser that it was opened in, or ask the host for another.",
        ),
        Reason::UnknownPerson => say(
            StatusCode::NOT_FOUND,
            "There is no such person on this stage",
            "The stage has nobody of this number. Its state lists those that it has.",
        ),
        Reason::UnknownHand => say(
            StatusCode::NOT_FOUND,
            "There is no such hand",
            "It was lowered or answered, or its page stopped asking for 30 seconds. It can be raised again.",
        ),
        Reason::HandsClosed => say(
            StatusCode::FORBIDDEN,
            "No hands are taken now",
            "Whoever runs the show opens and closes them. The listener's page shows a button while they are open.",
        ),
        Reason::TooManyHands => say(
            StatusCode::TOO_MANY_REQUESTS,
            "Too many hands are up",
            "At most 100 wait at once, and 2 from one network. Try again when some have been answered.",
        ),
        Reason::UnknownSession => {
            say(StatusCode::NOT_FOUND, "There is no such session", "It is over, or never was. Connect anew.")
        }
        _ => return None,
    })
}

fn of_keys(reason: Reason) -> Option<Words> {
    Some(match reason {
        Reason::KeyMissing => say(
            StatusCode::UNAUTHORIZED,
            "A key is missing",
            "Send the key or token as `Authorization: Bearer …`.",
        ),
        Reason::KeyInvalid => say(
            StatusCode::UNAUTHORIZED,
            "The key is not valid",
            "It was not made by this server or is not whole. Open the link again as it was sent to you.",
        ),
        Reason::KeyExpired => say(
            StatusCode::UNAUTHORIZED,
            "The key has expired",
            "The link was only good for a time, which is over. Ask the host for a new one.",
        ),
        Reason::KeyRevoked => say(
            StatusCode::UNAUTHORIZED,
            "The key was taken back",
            "Whoever runs the show has revoked this link. Ask the host for a new one.",
        ),
        Reason::KeyForeign => say(
            StatusCode::FORBIDDEN,
            "The key is for something else",
            "It is valid, but not for this show or this door. Open the link as it was sent to you.",
        ),
        Reason::RoleForbids => say(
            StatusCode::FORBIDDEN,
            "Your role does not allow this",
            "Only a host, a co-host or the operator can do this.",
        ),
        Reason::ConsentMissing => say(
            StatusCode::FORBIDDEN,
            "The notice has not been agreed to",
            "Sound from the stage is recorded and published. Agree to the present notice before coming in.",
        ),
        _ => return None,
    })
}

fn of_requests(reason: Reason) -> Option<Words> {
    Some(match reason {
        Reason::NotFound => say(
            StatusCode::NOT_FOUND,
            "There is nothing here",
            "This door has no such address. Check the link for typing errors.",
        ),
        Reason::Malformed => say(
            StatusCode::BAD_REQUEST,
            "The request could not be read",
            "Its body or its parameters are not as the reference describes them.",
        ),
        Reason::TooSlow => say(
            StatusCode::REQUEST_TIMEOUT,
            "The request did not arrive in time",
            "Its body stood still on the way. Check the line and send it again.",
        ),
        Reason::TooLarge => say(
            StatusCode::PAYLOAD_TOO_LARGE,
            "The request is too large",
            "Its body is larger than anything that is needed here. Send less.",
        ),
        Reason::WrongType => say(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "The content type is not the one expected",
            "Send the Content-Type that the reference names for this address.",
        ),
        Reason::WrongMethod => say(
            StatusCode::METHOD_NOT_ALLOWED,
            "The method is not allowed here",
            "Use one of the methods that the header Allow lists.",
        ),
        Reason::PreconditionMissing => say(
            StatusCode::PRECONDITION_REQUIRED,
            "If-Match is missing",
            "Send the session's ETag in If-Match, or `*` to restart ICE (RFC 9725 §4.3).",
        ),
        Reason::PreconditionFailed => say(
            StatusCode::PRECONDITION_FAILED,
            "If-Match names an old state",
            "The session has been restarted meanwhile. Use its newest ETag.",
        ),
        Reason::OfferMalformed => say(
            StatusCode::BAD_REQUEST,
            "The offer could not be read",
            "The body is not an SDP offer that WebRTC can use. Try another browser or encoder.",
        ),
        Reason::OfferWithoutAudio => say(
            StatusCode::BAD_REQUEST,
            "The offer has no audio",
            "Nothing in the offer sends sound. Choose a microphone or an audio source and connect again.",
        ),
        Reason::OfferWithoutOpus => say(
            StatusCode::NOT_ACCEPTABLE,
            "The offer has no Opus",
            "Speakers are heard in Opus only. Choose Opus in the encoder's settings.",
        ),
        Reason::Unsupported => say(
            StatusCode::UNPROCESSABLE_ENTITY,
            "This is not supported",
            "It is a part of the protocol that this server does not offer. Connect anew instead.",
        ),
        _ => return None,
    })
}

fn of_the_server(reason: Reason) -> Option<Words> {
    Some(match reason {
        Reason::Overloaded => say(
            StatusCode::SERVICE_UNAVAILABLE,
            "There is no room at the moment",
            "More is asked of this server than it can do. Come back after the time stated.",
        ),
        Reason::Stopping => say(
            StatusCode::SERVICE_UNAVAILABLE,
            "The server is stopping",
            "It is being stopped or restarted. Come back after the time stated.",
        ),
        Reason::DiskFailed => say(
            StatusCode::INSUFFICIENT_STORAGE,
            "The disk refused",
            "What was asked for could not be stored. The operator has been told; the log says why.",
        ),
        Reason::Internal => say(
            StatusCode::INTERNAL_SERVER_ERROR,
            "The server made a mistake",
            "This is our fault, not yours. It has been written to the log.",
        ),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_reason_has_its_own_sentences_and_a_status_of_refusal() {
        let mut titles = BTreeSet::new();
        for reason in Reason::ALL {
            let words = words(reason);
            assert!(titles.insert(words.title), "{reason:?} shares {:?}", words.title);
            assert!(words.status.is_client_error() || words.status.is_server_error(), "{reason:?}");
            assert!(words.detail.ends_with('.') && !words.title.ends_with('.'), "{reason:?}");
        }
        assert!(!titles.contains("Something was refused"));
    }

    #[tokio::test]
    async fn the_document_is_the_one_of_the_reference() {
        let problem = Problem::new(Reason::DoorsClosed)
            .detail("Doors open at 19:30.")
            .retry_after(Duration::from_millis(4_001))
            .recording("/demo");
        assert_eq!(problem.status(), StatusCode::SERVICE_UNAVAILABLE);
        let response = problem.into_response();
        assert_eq!(response.headers()[header::RETRY_AFTER], "5");
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(response.extensions().get::<Reason>(), Some(&Reason::DoorsClosed));
        let body = axum::body::to_bytes(response.into_body(), 4096).await.expect("a short body");
        let expected = serde_json::json!({
            "type": "about:blank", "status": 503, "reason": "doors_closed",
            "title": "The doors are not open yet", "detail": "Doors open at 19:30.",
            "retry_after_s": 5, "recording": "/demo",
        });
        assert_eq!(serde_json::from_slice::<serde_json::Value>(&body).expect("JSON"), expected);
    }

    #[tokio::test]
    async fn plain_refusals_are_put_into_our_words() {
        let plain = (
            StatusCode::PAYLOAD_TOO_LARGE,
            [(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")],
            "length limit exceeded",
        );
        let ours = in_our_words(plain.into_response());
        assert_eq!(ours.status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(ours.headers()[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(ours.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
        assert_eq!(ours.extensions().get::<Reason>(), Some(&Reason::TooLarge));
        let page =
            (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, "text/html")], "a page that says so itself");
        assert_eq!(in_our_words(page.into_response()).headers()[header::CONTENT_TYPE], "text/html");
        let done = in_our_words("ok".into_response());
        assert_eq!(done.status(), StatusCode::OK);
        assert!(done.headers()[header::CONTENT_TYPE].as_bytes().starts_with(b"text/plain"));
    }

    #[test]
    fn a_401_says_how_and_others_say_no_more_than_helps() {
        let response = Problem::from(Reason::KeyMissing).into_response();
        assert_eq!(response.headers()[header::WWW_AUTHENTICATE], "Bearer");
        let response = Problem::new(Reason::UnknownShow).into_response();
        assert!(!response.headers().contains_key(header::RETRY_AFTER));
        assert!(!response.headers().contains_key(header::WWW_AUTHENTICATE));
    }
}
