//! What stands, what became of alarms and messages, and what a person does about it: the routes of
//! `alarms`, `rules`, `messages`, `why`, `audit`, `retry`, `ack` and `contacts`.
//!
//! What is unknown or cannot be is answered 404 and 409, what may work later 503.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::model::Time;

use super::app::App;
use super::ask::{Ask, Refusal};
use super::caller::Origin;
use super::router::problem;
use super::routes::Routes;

/// The longest name of somebody who takes an alarm, in characters.
const MAX_NAME: usize = 100;

/// When what may work later should be tried again, in seconds.
const RETRY_AFTER: u64 = 1;

pub(super) fn routes() -> Routes {
    Routes::default()
        .read("/api/v1/alarms", alarms)
        .read("/api/v1/rules", rules)
        .read("/api/v1/messages", messages)
        .read("/api/v1/why", why)
        .read("/api/v1/audit", audit)
        .act("/api/v1/retry", retry)
        .act("/api/v1/ack", ack)
        .read("/api/v1/contacts", contacts)
        .act("/api/v1/contacts/forget", forget)
}

#[derive(Deserialize)]
struct Open {
    filter: Option<String>,
    limit: Option<usize>,
}

async fn alarms(State(app): State<App>, query: Asked<Open>) -> Response {
    match query {
        Ok(Query(Open { filter, limit })) => answer(&app, Ask::Alarms { filter, limit }).await,
        Err(_) => problem(
            StatusCode::BAD_REQUEST,
            "limit is a number: /api/v1/alarms?filter=…&limit=…",
        ),
    }
}

async fn rules(State(app): State<App>) -> Response {
    answer(&app, Ask::Rules).await
}

#[derive(Deserialize)]
struct Listing {
    contact: Option<String>,
    state: Option<String>,
    /// Milliseconds since the epoch.
    since: Option<i64>,
    limit: Option<usize>,
}

#[derive(Deserialize)]
struct Named {
    id: String,
}

#[derive(Deserialize)]
struct Taking {
    id: String,
    #[serde(default)]
    by: String,
}

type Asked<T> = Result<Query<T>, QueryRejection>;

async fn messages(State(app): State<App>, query: Asked<Listing>) -> Response {
    let Ok(Query(query)) = query else {
        return problem(
            StatusCode::BAD_REQUEST,
            "since is milliseconds since 1970, limit a number: /api/v1/messages?contact=…&state=…&since=…&limit=…",
        );
    };
    let ask = Ask::Messages {
        contact: query.contact,
        state: query.state,
        since: query.since,
        limit: query.limit,
    };
    answer(&app, ask).await
}

async fn why(State(app): State<App>, query: Asked<Named>) -> Response {
    named(&app, query, Ask::Why).await
}

#[derive(Deserialize)]
struct Trail {
    since: Option<jiff::Timestamp>,
    until: Option<jiff::Timestamp>,
    id: Option<String>,
    after: Option<String>,
    limit: Option<usize>,
}

/// A fact a line; the next page is asked for with the `seq` of the last one.
async fn audit(State(app): State<App>, query: Asked<Trail>) -> Response {
    let Ok(Query(query)) = query else {
        return problem(
            StatusCode::BAD_REQUEST,
            "since and until are times such as 2026-11-22T10:15:00Z, limit a number: \
             /api/v1/audit?since=…&until=…&id=…&after=…&limit=…",
        );
    };
    let ask = Ask::Audit {
        since: query.since.map(Time::from),
        until: query.until.map(Time::from),
        id: query.id.filter(|id| !id.is_empty()),
        // A plus in an address is a space, and no place has a space.
        after: query.after.map(|after| after.replace(' ', "+")),
        limit: query.limit,
    };
    match app.control.ask(ask).await {
        Some(Ok(Value::Array(facts))) => {
            let lines: String = facts.iter().map(|fact| format!("{fact}\n")).collect();
            ([(header::CONTENT_TYPE, "application/x-ndjson")], lines).into_response()
        }
        other => answered(other),
    }
}

async fn retry(
    State(app): State<App>,
    Extension(Origin(origin)): Extension<Origin>,
    query: Asked<Named>,
) -> Response {
    named(&app, query, |id| Ask::Retry { id, origin }).await
}

async fn ack(
    State(app): State<App>,
    Extension(Origin(origin)): Extension<Origin>,
    query: Asked<Taking>,
) -> Response {
    let Ok(Query(Taking { id, by })) = query else {
        return nameless();
    };
    if id.is_empty() {
        return nameless();
    }
    let plain = |c: &char| !c.is_control();
    let by: String = by.chars().filter(plain).take(MAX_NAME).collect();
    let by = match by.trim() {
        "" => origin.to_string(),
        name => name.to_owned(),
    };
    answer(&app, Ask::Ack { id, by, origin }).await
}

async fn contacts(State(app): State<App>) -> Response {
    answer(&app, Ask::Contacts).await
}

async fn forget(
    State(app): State<App>,
    Extension(Origin(origin)): Extension<Origin>,
    query: Asked<Named>,
) -> Response {
    named(&app, query, |id| Ask::Forget { id, origin }).await
}

async fn named(app: &App, query: Asked<Named>, ask: impl FnOnce(String) -> Ask) -> Response {
    match query {
        Ok(Query(Named { id })) if !id.is_empty() => answer(app, ask(id)).await,
        Ok(_) | Err(_) => nameless(),
    }
}

fn nameless() -> Response {
    problem(StatusCode::BAD_REQUEST, "say of what: ?id=…")
}

async fn answer(app: &App, ask: Ask) -> Response {
    answered(app.control.ask(ask).await)
}

/// What came of a question; `None` is one that this server does not answer.
pub(super) fn answered(answer: Option<Result<Value, Refusal>>) -> Response {
    let (status, error, class) = match answer {
        Some(Ok(value)) => return Json(value).into_response(),
        Some(Err(Refusal::Unknown(error))) => (StatusCode::NOT_FOUND, error, "unknown"),
        Some(Err(Refusal::Wrong(error))) => (StatusCode::BAD_REQUEST, error, "refused"),
        Some(Err(Refusal::Refused(error))) => (StatusCode::CONFLICT, error, "refused"),
        Some(Err(Refusal::Later(error))) => (StatusCode::SERVICE_UNAVAILABLE, error, "later"),
        None => return problem(StatusCode::NOT_FOUND, "there is nothing here"),
    };
    let mut response = (status, Json(json!({ "error": error, "class": class }))).into_response();
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, RETRY_AFTER.into());
    }
    response
}
