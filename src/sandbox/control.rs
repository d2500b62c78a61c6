//! The addresses that Meta has not: faults while it runs, what was accepted, and what people do.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::catalogue::TemplateChange;
use super::endpoints::Params;
use super::fault::Fault;
use super::phones;
use super::settings::{TemplateCategory, TemplateStatus};
use super::shared::Shared;
use super::token::TokenChange;

/// Faults that one request may set.
const MAX_FAULTS: usize = 64;
/// Messages of each phone when the request does not say.
const LAST: usize = 3;

fn bad(why: &dyn Display) -> Response {
    let answer = json!({ "error": why.to_string() });
    (StatusCode::BAD_REQUEST, Json(answer)).into_response()
}

/// `body` as what the address expects, named by `form`.
fn read<T: DeserializeOwned>(body: &[u8], form: &str) -> Result<T, Box<Response>> {
    let expected = |error| Box::new(bad(&format!("expected {form}: {error}")));
    serde_json::from_slice(body).map_err(expected)
}

/// `POST /sandbox/faults` with a list of fault texts, which replace those in force.
pub(super) async fn set_faults(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let texts: Vec<String> = match read(&body, "a JSON list of fault texts") {
        Ok(texts) => texts,
        Err(response) => return *response,
    };
    if texts.len() > MAX_FAULTS {
        return bad(&format!("expected at most {MAX_FAULTS} faults"));
    }
    match texts.iter().map(|text| Fault::parse(text)).collect() {
        Err(error) => bad(&error),
        Ok(faults) => {
            shared.state().faults.replace(faults);
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
    let tally = shared.tally();
    let state = shared.state();
    let entries: Vec<_> = state.ledger.entries().cloned().collect();
    let posts = state.outgoing.as_ref().map(|_| tally.webhook.json());
    drop(state);
    let last = params.get("last").and_then(|text| text.parse().ok());
    let skip = entries.len().saturating_sub(last.unwrap_or(usize::MAX));
    let shown: Vec<Value> = entries[skip..].iter().map(|entry| entry.json()).collect();
    Json(json!({
        "accepted": tally.accepted,
        "answers_lost": tally.answers_lost,
        "refused": tally.refused,
        "faulty": tally.faulty,
        "webhook": posts,
        "messages": shown,
    }))
}

/// `GET /sandbox/phones`: every phone with its last messages, oldest first; `last=N` shows N.
pub(super) async fn phones(
    State(shared): State<Arc<Shared>>,
    Query(params): Params,
) -> Json<Value> {
    let last = params.get("last").and_then(|text| text.parse().ok());
    Json(phones::list(&shared, last.unwrap_or(LAST)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tapped {
    phone: String,
    button: String,
}

/// `POST /sandbox/taps` with `{"phone","button"}`: a button of the last message there that has it.
pub(super) async fn tap(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let Tapped { phone, button } = match read(&body, r#"{"phone","button"}"#) {
        Ok(tapped) => tapped,
        Err(response) => return *response,
    };
    match phones::tap(&shared, &phone, &button) {
        Ok(answer) => Json(answer).into_response(),
        Err(error) => bad(&error),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Replied {
    phone: String,
    text: String,
    #[serde(default)]
    quote: bool,
}

/// `POST /sandbox/replies` with `{"phone","text"}`; `"quote":true` answers the last message there.
pub(super) async fn reply(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let replied: Replied = match read(&body, r#"{"phone","text","quote"}"#) {
        Ok(replied) => replied,
        Err(response) => return *response,
    };
    match phones::reply(&shared, &replied.phone, &replied.text, replied.quote) {
        Ok(answer) => Json(answer).into_response(),
        Err(error) => bad(&error),
    }
}

/// What is done to a template by hand.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Decision {
    Approve,
    Reject,
    Pause,
    Disable,
    Utility,
    Marketing,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decided {
    decision: Decision,
    language: Option<String>,
}

/// `POST /sandbox/templates/NAME` with `{"decision"}`, in every language or in `"language"`.
pub(super) async fn template(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
    body: Bytes,
) -> Response {
    let form =
        r#"{"decision","language"} with approve, reject, pause, disable, utility or marketing"#;
    let decided: Decided = match read(&body, form) {
        Ok(decided) => decided,
        Err(response) => return *response,
    };
    let change = match decided.decision {
        Decision::Approve => TemplateChange::Status(TemplateStatus::Approved),
        Decision::Reject => TemplateChange::Status(TemplateStatus::Rejected),
        Decision::Pause => TemplateChange::Status(TemplateStatus::Paused),
        Decision::Disable => TemplateChange::Status(TemplateStatus::Disabled),
        Decision::Utility => TemplateChange::Category(TemplateCategory::Utility),
        Decision::Marketing => TemplateChange::Category(TemplateCategory::Marketing),
    };
    if !shared.change_template(&name, decided.language.as_deref(), change) {
        return bad(&format!("there is no template {name} in that language"));
    }
    let state = shared.state();
    let held = state.catalogue.held().iter();
    let held = held.filter(|held| held.text.name == name);
    let templates: Vec<Value> = held
        .map(|held| {
            json!({
                "id": held.id.to_string(),
                "name": held.text.name,
                "language": held.text.language,
                "status": held.text.status.name(),
                "category": held.category.name(),
            })
        })
        .collect();
    Json(json!({ "templates": templates })).into_response()
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
enum Token {
    /// None is good any more.
    Expire,
    /// All are good, for so many seconds where a number is given.
    Renew(Option<u32>),
}

/// `POST /sandbox/token` with `"expire"`, `{"renew":null}` or `{"renew":SECONDS}`.
pub(super) async fn token(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let change = match read(&body, r#""expire", {"renew":null} or {"renew":SECONDS}"#) {
        Ok(Token::Expire) => TokenChange::Expire,
        Ok(Token::Renew(None)) => TokenChange::Renew(None),
        Ok(Token::Renew(Some(seconds))) => {
            TokenChange::Renew(Some(shared.at() + Duration::from_secs(seconds.into())))
        }
        Err(response) => return *response,
    };
    let mut state = shared.state();
    state.tokens.change(shared.at(), change);
    let end = state.tokens.end.map(|end| end.to_string());
    Json(json!({ "expires": end })).into_response()
}
