//! Hands: a listener asks to speak, waits for an answer, or thinks better of it.

use std::net::IpAddr;

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http::StatusCode;
use serde::Deserialize;
use stentor_stage::HandToken;
use stentor_types::{HandNote, PersonName, Reason};

use super::proxies::Origin;
use super::{Front, show_id, unshared};
use crate::entropy;
use crate::problem::Problem;
use crate::stage_door::refused_body;

/// Bytes of a raised hand: a name of 40 and a note of 140 characters, each of up to 12 bytes as JSON may
/// write it.
pub(super) const BODY_BYTES_MAX: usize = 4 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewHand {
    name: PersonName,
    note: Option<HandNote>,
}

pub(super) async fn raise(
    State(front): State<Front>,
    Extension(Origin(caller)): Extension<Origin>,
    Path(show): Path<String>,
    hand: Result<Json<NewHand>, JsonRejection>,
) -> Result<Response, Problem> {
    let id = show_id(&show)?;
    let Json(hand) = hand.map_err(|error| refused_body(&error))?;
    let raised = front.shell.ask(|node, now| {
        node.raise_hand(now, &id, hand.name, hand.note, network(caller), entropy::bytes())
    })?;
    Ok((StatusCode::CREATED, unshared(Json(raised))).into_response())
}

pub(super) async fn poll(
    State(front): State<Front>,
    Path((show, token)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let (id, token) = (show_id(&show)?, known(&token)?);
    let answered = front.shell.ask(|node, now| node.poll_hand(now, &id, token))?;
    Ok(unshared(Json(answered)).into_response())
}

pub(super) async fn lower(
    State(front): State<Front>,
    Path((show, token)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let (id, token) = (show_id(&show)?, known(&token)?);
    front.shell.ask(|node, now| node.lower_hand(now, &id, token))?;
    Ok(StatusCode::NO_CONTENT)
}

/// A text that is no token names no hand.
fn known(token: &str) -> Result<HandToken, Reason> {
    token.parse().map_err(|_| Reason::UnknownHand)
}

/// The network that somebody comes from, no finer than bounding needs it: /24 or /48. IPv4 written as IPv6
/// is the same network.
fn network(address: IpAddr) -> u64 {
    match address.to_canonical() {
        IpAddr::V4(v4) => u64::from(v4.to_bits() >> 8),
        // Never zero at the top: the tag keeps the two families apart.
        IpAddr::V6(v6) => 1 << 63 | (v6.to_bits() >> 80) as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_one_network_and_others_are_not() {
        let of = |text: &str| network(text.parse().expect("an address"));
        assert_eq!(of("192.0.2.1"), of("192.0.2.254"));
        assert_eq!(of("192.0.2.1"), of("::ffff:192.0.2.9"));
        assert_ne!(of("192.0.2.1"), of("192.0.3.1"));
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:ffff::9"));
        assert_ne!(of("2001:db8:1::1"), of("2001:db8:2::1"));
        assert_ne!(of("::c000:201"), of("192.0.2.1"));
    }
}
