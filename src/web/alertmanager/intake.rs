//! What other systems post, to records.
//!
//! 200 when every alert was looked at and is on disk or not wanted. 503 with `Retry-After` when one
//! could not be taken: all of it is to be sent again, which repeats what was taken and harms nothing.
//! 400 when one is wrong; the others were taken all the same. Senders drop what is answered with a
//! 4xx, so nothing that might be taken later is answered so.

use axum::extract::{Extension, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::model::Answer;

use super::super::alarms::hand_in;
use super::super::app::App;
use super::super::ask::Refusal;
use super::super::body::Whole;
use super::super::caller::Origin;
use super::Dialect;
use super::routes::{fault, garbage};

/// Faults that an answer tells.
const MAX_FAULTS: usize = 10;

/// Prometheus drops what is answered 413, and sends nothing smaller.
const MAX_BODY_BYTES: usize = 8 << 20;

type Caller = Extension<Origin>;

pub(super) async fn alerts(app: State<App>, caller: Caller, request: Request) -> Response {
    take(Dialect::Alerts, app, caller, request).await
}

pub(super) async fn alertmanager(app: State<App>, caller: Caller, request: Request) -> Response {
    take(Dialect::Alertmanager, app, caller, request).await
}

pub(super) async fn grafana(app: State<App>, caller: Caller, request: Request) -> Response {
    take(Dialect::Grafana, app, caller, request).await
}

async fn take(
    dialect: Dialect,
    State(app): State<App>,
    Extension(Origin(origin)): Caller,
    request: Request,
) -> Response {
    let body = match Whole::of(request, MAX_BODY_BYTES).await {
        Ok(body) => body,
        Err(fault) => return fault.mark(garbage(fault.status(), fault.text())),
    };
    let records = match app.clients.read(dialect, body.bytes()) {
        Ok(read) => read.records,
        Err(error) => {
            tracing::warn!(source = dialect.source(), error, "alerts could not be read");
            return garbage(StatusCode::BAD_REQUEST, &error);
        }
    };
    drop(body);
    if records.is_empty() {
        // Whoever has nothing to say is alive.
        let heard = app.heard(dialect.source().to_owned(), origin).await;
        if let Some(Err(Refusal::Later(text))) = heard {
            return fault(StatusCode::SERVICE_UNAVAILABLE, &text);
        }
        return StatusCode::OK.into_response();
    }
    for note in records.iter().flat_map(|record| &record.notes) {
        tracing::warn!(source = dialect.source(), "{note}");
    }
    answer(dialect, &hand_in(&app, records, &origin).await)
}

fn answer(dialect: Dialect, answers: &[Answer]) -> Response {
    let is_busy = |answer: &Answer| matches!(answer, Answer::Busy { .. });
    if answers.iter().any(is_busy) {
        return fault(
            StatusCode::SERVICE_UNAVAILABLE,
            "not everything could be stored; send it again",
        );
    }
    let mut faults = answers
        .iter()
        .enumerate()
        .filter_map(|(place, answer)| match answer {
            Answer::Rejected { error } => Some(format!("alert {}: {error}", place + 1)),
            Answer::Stored { .. } | Answer::Ignored { .. } | Answer::Busy { .. } => None,
        });
    let told: Vec<String> = faults.by_ref().take(MAX_FAULTS).collect();
    if told.is_empty() {
        return StatusCode::OK.into_response();
    }
    let mut text = told.join("; ");
    let more = faults.count();
    if more > 0 {
        text.push_str(&format!("; and {more} more"));
    }
    tracing::warn!(source = dialect.source(), error = text, "alerts were wrong");
    fault(StatusCode::BAD_REQUEST, &text)
}
