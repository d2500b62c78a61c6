//! `POST /api/v1/alarms`: the socket's records and answers over HTTP.
//!
//! One object is answered with one answer, a list or several lines with a list. The status is 200
//! when each record was looked at and one at least is not bad, 400 when the body is none of these or
//! every record in it is bad, 413 when it is too large, 503 with `Retry-After` when a record was
//! answered `busy`: those, and only those, are to be sent again.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, FromRequest, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::model::Answer;
use crate::pipeline::intake::{Incoming, MAX_BATCH};

use super::app::{App, Records};
use super::body::{BodyFault, Whole};
use super::caller::Origin;
use super::routes::Routes;

pub(super) fn routes() -> Routes {
    Routes::default().hand_in("/api/v1/alarms", take)
}

async fn take(
    State(app): State<App>,
    Extension(Origin(origin)): Extension<Origin>,
    request: Request,
) -> Response {
    let body = match Whole::from_request(request, &()).await {
        Ok(body) => body,
        Err(BodyFault::TooLarge) => {
            let fault = BodyFault::TooLarge;
            return fault.mark(rejected(fault.status(), fault.text().to_owned()));
        }
        Err(fault) => return fault.into_response(),
    };
    let Records { records, many } = match (app.read)(body.bytes()) {
        Ok(read) => read,
        Err(error) => return rejected(StatusCode::BAD_REQUEST, error),
    };
    drop(body);
    let answers = hand_in(&app, records, &origin).await;
    let status = status(&answers);
    let retry_after = answers.iter().filter_map(retry_after_ms).max();
    let mut response = match (many, answers.as_slice()) {
        (false, [answer]) => (status, Json(answer)).into_response(),
        (_, answers) => (status, Json(answers)).into_response(),
    };
    if let Some(ms) = retry_after {
        let seconds = ms.div_ceil(1000).max(1);
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

pub(super) async fn hand_in(app: &App, records: Vec<Incoming>, origin: &Arc<str>) -> Vec<Answer> {
    let mut answers = Vec::with_capacity(records.len());
    let mut rest = records.into_iter();
    loop {
        let batch: Vec<Incoming> = rest.by_ref().take(MAX_BATCH).collect();
        if batch.is_empty() {
            return answers;
        }
        answers.extend(app.intake.take(batch, Arc::clone(origin)).await);
    }
}

fn status(answers: &[Answer]) -> StatusCode {
    if answers
        .iter()
        .any(|answer| retry_after_ms(answer).is_some())
    {
        StatusCode::SERVICE_UNAVAILABLE
    } else if !answers.is_empty()
        && answers
            .iter()
            .all(|answer| matches!(answer, Answer::Rejected { .. }))
    {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    }
}

fn retry_after_ms(answer: &Answer) -> Option<u64> {
    match answer {
        Answer::Busy { retry_after_ms } => Some(*retry_after_ms),
        Answer::Stored { .. } | Answer::Ignored { .. } | Answer::Rejected { .. } => None,
    }
}

/// A body that holds no record is answered like a record that is none.
fn rejected(status: StatusCode, error: String) -> Response {
    (status, Json(Answer::Rejected { error })).into_response()
}
