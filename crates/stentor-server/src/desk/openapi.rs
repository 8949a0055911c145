//! The desk's API as OpenAPI 3.1, made from the types that its handlers read.

use serde_json::{Value, json};
use utoipa::OpenApi;

use super::shows::{NewLink, NewShow};

#[derive(OpenApi)]
#[openapi(components(schemas(NewShow, NewLink)))]
struct Schemas;

/// The document at `/api/v1/openapi.json`.
///
/// Request bodies come from the types that read them; answers are described by their fields in
/// `docs/reference/http.md`.
pub fn openapi() -> Value {
    let mut document = serde_json::to_value(Schemas::openapi()).expect("plain data");
    document["info"] = json!({
        "title": "Stentor desk",
        "version": "1",
        "description": "The operator's hand. Every refusal is application/problem+json with a `reason`.",
        "license": { "name": "MIT OR Apache-2.0" },
    });
    document["security"] = json!([{ "operator": [] }]);
    document["components"]["securitySchemes"] = json!({
        "operator": { "type": "http", "scheme": "bearer", "description": "DATA/operator.key, or a device token." },
    });
    document["components"]["schemas"]["StageCommand"] = json!({
        "type": "object",
        "description": "`command` and its fields, as docs/reference/http.md lists them for the stage door.",
        "required": ["command"],
        "properties": { "command": { "type": "string" } },
    });
    document["paths"] = paths();
    document
}

fn paths() -> Value {
    let show = json!({ "name": "show", "in": "path", "required": true, "schema": { "type": "string" } });
    let link = json!({ "name": "link", "in": "path", "required": true, "schema": { "type": "string" } });
    let command =
        |id: &str, summary: &str| json!({ "post": op(id, summary, &[&show], None, "200", "The show.") });
    let person = json!({ "name": "person", "in": "path", "required": true, "schema": { "type": "integer" } });
    let mut track = op(
        "track",
        "Somebody's own track, as long as the recording and in time with it",
        &[&show, &person],
        None,
        "200",
        "Ogg Opus; ranges are honoured.",
    );
    track["responses"]["200"]["content"] = json!({ "audio/ogg": {} });
    json!({
        "/api/v1/session": {
            "post": op("session", "A device token for the operator's key", &[], None, "201", "The token."),
        },
        "/api/v1/shows": {
            "get": op("listShows", "All shows", &[], None, "200", "The shows."),
            "post": op("createShow", "Announce a show", &[], Some("NewShow"), "201", "The show with its links."),
        },
        "/api/v1/shows/{show}": {
            "get": op("show", "One show", &[&show], None, "200", "The show."),
            "delete": op("deleteShow", "Delete a show and its recording", &[&show], None, "204", "It is gone."),
        },
        "/api/v1/shows/{show}/live": command("live", "Put the show on air"),
        "/api/v1/shows/{show}/end": command("end", "End the show; 30 s to undo"),
        "/api/v1/shows/{show}/undo": command("undo", "Take the end back"),
        "/api/v1/shows/{show}/command": {
            "post": op("command", "Anything that a person on the stage can ask for", &[&show], Some("StageCommand"), "200", "Where the show stands, and a link if one was made."),
        },
        "/api/v1/shows/{show}/links": {
            "post": op("invite", "A new link to the stage", &[&show], Some("NewLink"), "201", "The link with its key."),
        },
        "/api/v1/shows/{show}/links/{link}": {
            "delete": op("revoke", "Take a link back", &[&show, &link], None, "204", "It is revoked."),
        },
        "/api/v1/shows/{show}/tracks": {
            "get": op("tracks", "Who has a track of their own beside the recording", &[&show], None, "200", "The tracks."),
        },
        "/api/v1/shows/{show}/tracks/{person}.opus": { "get": track },
        "/api/v1/openapi.json": {
            "get": op("openapi", "This document", &[], None, "200", "OpenAPI 3.1."),
        },
    })
}

/// One operation: its parameters, the schema of its body, and what it answers.
fn op(
    id: &str,
    summary: &str,
    parameters: &[&Value],
    body: Option<&str>,
    status: &str,
    description: &str,
) -> Value {
    let answer = match status {
        "204" => json!({ "description": description }),
        _ => json!({ "description": description, "content": { "application/json": {} } }),
    };
    let refused = json!({ "description": "Refused.", "content": { "application/problem+json": {} } });
    let mut operation = json!({
        "operationId": id,
        "summary": summary,
        "parameters": parameters,
        "responses": { status: answer, "default": refused },
    });
    if let Some(schema) = body {
        let schema = json!({ "$ref": format!("#/components/schemas/{schema}") });
        operation["requestBody"] =
            json!({ "required": true, "content": { "application/json": { "schema": schema } } });
    }
    operation
}
