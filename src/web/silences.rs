//! `/api/v1/silences`: nothing is told of certain alarms for a while.

use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::{Span, SpanRelativeTo, Timestamp};
use serde::Deserialize;

use crate::model::{SilenceId, SilenceOrder, Time};

use super::app::App;
use super::ask::Ask;
use super::body::{BodyFault, Whole};
use super::caller::Origin;
use super::inquiry::answered;
use super::router::problem;
use super::routes::Routes;

pub(super) fn routes() -> Routes {
    Routes::default()
        .read("/api/v1/silences", list)
        .act("/api/v1/silences", add)
        .remove("/api/v1/silences/{id}", expire)
}

#[derive(Deserialize)]
struct Listing {
    #[serde(default)]
    expired: bool,
}

async fn list(State(app): State<App>, query: Result<Query<Listing>, QueryRejection>) -> Response {
    match query {
        Ok(Query(Listing { expired })) => {
            answered(app.control.ask(Ask::Silences { expired }).await)
        }
        Err(_) => problem(StatusCode::BAD_REQUEST, "expired is true or false"),
    }
}

/// What is posted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    filter: String,
    #[serde(default)]
    comment: String,
    #[serde(default)]
    by: String,
    #[serde(default, rename = "for")]
    span: Option<String>,
    #[serde(default)]
    starts: Option<String>,
    #[serde(default)]
    ends: Option<String>,
    #[serde(default)]
    replaces: Option<String>,
}

/// 200 with its id once it is on disk.
async fn add(
    State(app): State<App>,
    Extension(Origin(origin)): Extension<Origin>,
    headers: HeaderMap,
    body: Result<Whole, BodyFault>,
) -> Response {
    let order = match body {
        Ok(body) => body.json::<Order>(&headers),
        Err(fault) => Err(fault.into_response()),
    };
    let order = match order.map(|order| order.read((app.now)())) {
        Ok(Ok(order)) => order,
        Ok(Err(wrong)) => return problem(StatusCode::BAD_REQUEST, &wrong),
        Err(answer) => return answer,
    };
    answered(app.control.ask(Ask::Silence { order, origin }).await)
}

impl Order {
    fn read(self, now: Time) -> Result<SilenceOrder, String> {
        let starts = match &self.starts {
            Some(text) => time("starts", text)?,
            None => now,
        };
        let ends = match (&self.span, &self.ends) {
            (Some(text), None) => starts + span(text)?,
            (None, Some(text)) => time("ends", text)?,
            (Some(_), Some(_)) => return Err("give `for` or `ends`, not both".to_owned()),
            (None, None) => {
                return Err("say until when: `for`, such as \"2h\", or `ends`".to_owned());
            }
        };
        let replaces = match &self.replaces {
            Some(text) => Some(number(text).ok_or("replaces is a silence, such as \"s17\"")?),
            None => None,
        };
        Ok(SilenceOrder {
            filter: self.filter,
            starts,
            ends,
            by: self.by,
            comment: self.comment,
            replaces,
        })
    }
}

#[derive(Deserialize)]
struct Ending {
    #[serde(default)]
    by: String,
}

async fn expire(
    State(app): State<App>,
    Extension(Origin(origin)): Extension<Origin>,
    Path(id): Path<String>,
    query: Result<Query<Ending>, QueryRejection>,
) -> Response {
    let Ok(Query(Ending { by })) = query else {
        return problem(StatusCode::BAD_REQUEST, "say who: ?by=…");
    };
    let Some(id) = number(&id) else {
        return problem(
            StatusCode::NOT_FOUND,
            "a silence is known by a number such as s17",
        );
    };
    answered(app.control.ask(Ask::Unsilence { id, by, origin }).await)
}

fn number(text: &str) -> Option<SilenceId> {
    text.parse().ok()
}

fn time(key: &str, text: &str) -> Result<Time, String> {
    let at: Result<Timestamp, _> = text.parse();
    at.map(Time::from)
        .map_err(|_| format!("{key} is a time such as 2026-11-22T18:00:00Z"))
}

/// A day has 24 hours here: a span is counted from when it begins.
fn span(text: &str) -> Result<Duration, String> {
    const EXPECTED: &str = "for is a span such as \"2h\" or \"1d 12h\"";
    let span: Span = text.parse().map_err(|_| EXPECTED.to_owned())?;
    let span = span
        .to_duration(SpanRelativeTo::days_are_24_hours())
        .map_err(|_| EXPECTED.to_owned())?;
    Duration::try_from(span).map_err(|_| EXPECTED.to_owned())
}
