//! How a request is answered: faults first, then the work, in Meta's headers.

use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use serde_json::Value;

use super::fault::{Endpoint, Kind};
use super::ledger::Shown;
use super::line::Cutter;
use super::mint;
use super::refusal::Refusal;
use super::shared::Shared;

/// Meets the faults that are due, does the work, and answers in Meta's headers. `work` is told
/// whether its answer will be lost on purpose.
pub(super) async fn answer(
    shared: &Shared,
    line: &Cutter,
    endpoint: Endpoint,
    to: Option<&str>,
    work: impl FnOnce(bool) -> Result<Value, Refusal>,
) -> Response {
    let drawn = shared.state().faults.draw(endpoint, to);
    pause(shared, drawn.latency).await;
    if let Some((kind, text)) = &drawn.kind
        && kind.instead()
    {
        let code = kind.code();
        refuse(shared, code, format!("fault {text}"));
        return instead(shared, line, *kind).await;
    }
    let kind = drawn.kind.map(|(kind, _)| kind);
    let answer = match work(kind.is_some()) {
        Ok(value) => Json(value).into_response(),
        Err(refusal) => {
            refuse(shared, Some(refusal.code), refusal.words());
            refusal.into_response()
        }
    };
    pause(shared, drawn.answer_after).await;
    match kind {
        Some(Kind::Empty) => StatusCode::OK.into_response(),
        Some(Kind::CloseAfter) => silence(shared, line, true).await,
        Some(Kind::Truncate) => {
            line.halve_next();
            with_headers(answer)
        }
        _ => with_headers(answer),
    }
}

async fn pause(shared: &Shared, span: Duration) {
    if !span.is_zero() {
        tokio::select! {
            () = tokio::time::sleep(span) => {}
            () = shared.stop.cancelled() => {}
        }
    }
}

fn refuse(shared: &Shared, code: Option<u32>, why: String) {
    shared.state().ledger.refuse(code);
    let at = shared.at();
    shared.show(Shown::Refused { at, code, why });
}

/// What a fault answers in place of the work.
async fn instead(shared: &Shared, line: &Cutter, kind: Kind) -> Response {
    match kind {
        Kind::Graph { code, subcode } => {
            with_headers(Refusal::injected(code, subcode).into_response())
        }
        Kind::Http(status) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
            let text = status.canonical_reason().unwrap_or("Error");
            (status, text).into_response()
        }
        Kind::Html => {
            let page = "<!DOCTYPE html>\n<html><head><title>Error</title></head><body>\
                        <h1>Sorry, something went wrong.</h1></body></html>\n";
            (StatusCode::BAD_GATEWAY, Html(page)).into_response()
        }
        Kind::Hang => silence(shared, line, false).await,
        Kind::Close
        | Kind::Empty
        | Kind::Truncate
        | Kind::CloseAfter
        | Kind::Latency(_)
        | Kind::AnswerAfter(_)
        | Kind::Receipt(_) => silence(shared, line, true).await,
    }
}

/// No answer: the connection is cut, at once or when the sandbox stops.
async fn silence(shared: &Shared, line: &Cutter, cut: bool) -> Response {
    if !cut {
        shared.stop.cancelled().await;
    }
    line.cut();
    std::future::pending().await
}

/// The headers that Meta adds.
fn with_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert("facebook-api-version", HeaderValue::from_static("v25.0"));
    headers.insert(
        "x-app-usage",
        HeaderValue::from_static(r#"{"call_count":0,"total_cputime":0,"total_time":0}"#),
    );
    if let Ok(trace) = HeaderValue::from_str(&mint::trace()) {
        headers.insert("x-fb-trace-id", trace);
    }
    response
}
