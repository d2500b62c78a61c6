//! The addresses that Meta has not: faults while it runs, and what was accepted.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::endpoints::Params;
use super::fault::{Fault, Faults};
use super::server::Shared;

/// Faults that one request may set.
const MAX_FAULTS: usize = 64;

/// `POST /sandbox/faults` with a list of fault texts, which replace those in force.
pub(super) async fn set_faults(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let bad = |why: String| {
        let answer = json!({ "error": why });
        (StatusCode::BAD_REQUEST, Json(answer)).into_response()
    };
    let texts: Vec<String> = match serde_json::from_slice(&body) {
        Ok(texts) => texts,
        Err(error) => return bad(format!("expected a JSON list of fault texts: {error}")),
    };
    if texts.len() > MAX_FAULTS {
        return bad(format!("expected at most {MAX_FAULTS} faults"));
    }
    match texts.iter().map(|text| Fault::parse(text)).collect() {
        Err(error) => bad(error.to_string()),
        Ok(faults) => {
            shared.state().faults = Faults::new(faults);
            Json(json!({ "faults": texts })).into_response()
        }
    }
}

/// `GET /sandbox/messages`: the tally, and what was accepted, oldest first; `last=N` shows the last
/// N. Numbers are shortened.
pub(super) async fn messages(
    State(shared): State<Arc<Shared>>,
    Query(params): Params,
) -> Json<Value> {
    let (messages, tally) = {
        let state = shared.state();
        (state.ledger.messages(), state.ledger.tally())
    };
    let last = params.get("last").and_then(|text| text.parse().ok());
    let skip = messages.len().saturating_sub(last.unwrap_or(usize::MAX));
    let shown: Vec<Value> = messages[skip..].iter().map(|m| m.json()).collect();
    Json(json!({
        "accepted": tally.accepted,
        "answers_lost": tally.answers_lost,
        "refused": tally.refused,
        "faulty": tally.faulty,
        "messages": shown,
    }))
}
