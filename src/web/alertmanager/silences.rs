//! Silences as Alertmanager shows and takes them.

use axum::Json;
use axum::extract::{Extension, FromRequest, Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::model::{Labels, SilenceOrder, Time};

use super::super::app::App;
use super::super::ask::Ask;
use super::super::body::Whole;
use super::super::caller::Origin;
use super::alerts::Asked;
use super::matcher::{Check, Matcher};
use super::routes::{ask, fault, garbage};
use super::{silence_id, translate};

/// What a silence may say of itself, in characters.
const MAX_TEXT: usize = 1_000;

/// A silence as it is ordered (`postableSilence`).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Posted {
    /// The silence that it changes.
    #[serde(default)]
    id: Option<String>,
    matchers: Vec<Matcher>,
    #[serde(default)]
    starts_at: Option<String>,
    ends_at: String,
    #[serde(default)]
    created_by: String,
    #[serde(default)]
    comment: String,
}

/// A silence as the daemon tells of it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Told {
    id: String,
    filter: String,
    starts: String,
    ends: String,
    state: String,
    by: String,
    comment: String,
    created: String,
}

pub(super) async fn list(State(app): State<App>, query: Asked) -> Response {
    let bad = |text: &str| fault(StatusCode::BAD_REQUEST, text);
    let Ok(query) = query else {
        return bad("the query cannot be read");
    };
    let filters = query.0.iter().filter(|(name, _)| name == "filter");
    let checks: Result<Vec<Check>, String> = filters
        .map(|(_, value)| Matcher::parse(value)?.check())
        .collect();
    let checks = match checks {
        Ok(checks) => checks,
        Err(text) => return bad(&text),
    };
    match all(&app).await {
        Ok(silences) => {
            let labels = app.clients.labels();
            let shown = silences.iter().filter_map(|told| {
                let matchers = translate::to_matchers(&told.filter, &labels);
                // A silence is held against filters by what its matchers say, as if they were labels.
                let said: Vec<(String, String)> = matchers
                    .iter()
                    .map(|matcher| (matcher.name.clone(), matcher.value.clone()))
                    .collect();
                let is_wanted = checks.iter().all(|check| check.takes(&said));
                is_wanted.then(|| told.show(&matchers))
            });
            Json(shown.collect::<Vec<_>>()).into_response()
        }
        Err(response) => response,
    }
}

pub(super) async fn show(State(app): State<App>, Path(id): Path<String>) -> Response {
    let silences = match all(&app).await {
        Ok(silences) => silences,
        Err(response) => return response,
    };
    let found = silences
        .iter()
        .find(|told| silence_id::convert(&told.id).is_some_and(|known| known == id));
    match found {
        Some(told) => {
            let matchers = translate::to_matchers(&told.filter, &app.clients.labels());
            Json(told.show(&matchers)).into_response()
        }
        None => unknown(&id),
    }
}

pub(super) async fn expire(
    State(app): State<App>,
    Extension(Origin(origin)): Extension<Origin>,
    Path(id): Path<String>,
) -> Response {
    let Some(silence) = silence_id::read(&id) else {
        return unknown(&id);
    };
    let what = Ask::Unsilence {
        id: silence,
        by: origin.to_string(),
        origin,
    };
    match ask(&app, what, StatusCode::NOT_FOUND).await {
        Ok(_) => StatusCode::OK.into_response(),
        Err(response) => response,
    }
}

pub(super) async fn order(
    State(app): State<App>,
    Extension(Origin(origin)): Extension<Origin>,
    request: Request,
) -> Response {
    let posted = match Whole::from_request(request, &()).await {
        Ok(body) => serde_json::from_slice::<Posted>(body.bytes()).map_err(|e| e.to_string()),
        Err(fault) => return fault.mark(garbage(fault.status(), fault.text())),
    };
    let posted = match posted {
        Ok(posted) => posted,
        Err(error) => return garbage(StatusCode::BAD_REQUEST, &error),
    };
    let order = match posted.order(&app.clients.labels(), &origin, (app.now)()) {
        Ok(order) => order,
        Err(text) => return fault(StatusCode::BAD_REQUEST, &text),
    };
    let what = Ask::Silence { order, origin };
    let answer = match ask(&app, what, StatusCode::BAD_REQUEST).await {
        Ok(answer) => answer,
        Err(response) => return response,
    };
    match answer["silence"].as_str().and_then(silence_id::convert) {
        Some(id) => Json(json!({ "silenceID": id })).into_response(),
        None => fault(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the silence has no number",
        ),
    }
}

async fn all(app: &App) -> Result<Vec<Told>, Response> {
    let what = Ask::Silences { expired: true };
    let mut answer = ask(app, what, StatusCode::BAD_REQUEST).await?;
    serde_json::from_value(answer["silences"].take()).map_err(|error| {
        tracing::error!(%error, "silences cannot be shown; this is a fault in klaxond");
        fault(
            StatusCode::INTERNAL_SERVER_ERROR,
            "silences cannot be shown",
        )
    })
}

fn unknown(id: &str) -> Response {
    fault(StatusCode::NOT_FOUND, &format!("silence {id} is not known"))
}

impl Posted {
    fn order(self, labels: &Labels, origin: &str, now: Time) -> Result<SilenceOrder, String> {
        let time = |name: &str, text: &str| {
            let read: Result<jiff::Timestamp, _> = text.parse();
            read.map(Time::from)
                .map_err(|_| format!("{name} is no time such as 2026-11-22T10:15:00Z"))
        };
        let ends = time("endsAt", &self.ends_at)?;
        let starts = match self.starts_at.as_deref().filter(|text| !text.is_empty()) {
            Some(text) => time("startsAt", text)?,
            None => now,
        };
        if ends <= starts {
            return Err("start time must be before end time".to_owned());
        }
        let replaces = match self.id.as_deref().filter(|id| !id.is_empty()) {
            Some(id) => {
                Some(silence_id::read(id).ok_or_else(|| format!("silence {id} is not known"))?)
            }
            None => None,
        };
        let plain = |text: &str| -> String {
            let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
            plain.take(MAX_TEXT).collect()
        };
        let by = plain(self.created_by.trim());
        Ok(SilenceOrder {
            filter: translate::to_filter(&self.matchers, labels)?,
            starts,
            ends,
            by: if by.is_empty() { origin.to_owned() } else { by },
            comment: plain(self.comment.trim()),
            replaces,
        })
    }
}

impl Told {
    /// As Alertmanager shows a silence (`gettableSilence`).
    fn show(&self, matchers: &[Matcher]) -> Value {
        json!({
            "id": silence_id::convert(&self.id),
            "status": { "state": self.state },
            "updatedAt": self.created,
            "comment": self.comment,
            "createdBy": self.by,
            "startsAt": self.starts,
            "endsAt": self.ends,
            "matchers": matchers,
        })
    }
}
