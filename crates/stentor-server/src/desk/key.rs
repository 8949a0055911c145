//! The operator's key and the device tokens that are made from it.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use stentor_types::Reason;

use super::Desk;
use crate::entropy;
use crate::problem::Problem;
use crate::stage_door::bearer;

/// A token of this browser, for the operator's key.
pub(super) async fn exchange(State(desk): State<Desk>, headers: HeaderMap) -> Result<Response, Problem> {
    let operator_key = desk.shell.data().operator_key();
    if !same(bearer(&headers)?, operator_key) {
        return Err(Problem::new(Reason::KeyInvalid));
    }
    let (token, expires_at) = desk.key.desk_token(desk.shell.clock().wall(), operator_key, entropy::number());
    let body = serde_json::json!({ "token": token, "expires_at": expires_at });
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

impl Desk {
    /// Whether a request comes from the operator, by key or by device token.
    pub(super) fn admit(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let token = bearer(headers)?;
        let operator_key = self.shell.data().operator_key();
        if same(token, operator_key) {
            return Ok(());
        }
        let admitted = self.key.admit_desk(self.shell.clock().wall(), operator_key, token);
        admitted.map_err(Problem::new)
    }
}

/// Compares in a time that says nothing about where they differ: hashes of secrets are equal or unrelated.
fn same(a: &str, b: &str) -> bool {
    blake3::hash(a.as_bytes()) == blake3::hash(b.as_bytes())
}
