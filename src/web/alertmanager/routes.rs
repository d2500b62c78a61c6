//! The paths, and answers that are no alert's.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::super::app::App;
use super::super::ask::{Ask, Refusal};
use super::super::routes::Routes;
use super::{alerts, intake, silences, status};

/// When a client should come back that was told to, in seconds.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

pub(in crate::web) fn routes() -> Routes {
    Routes::default()
        .hand_in("/api/v2/alerts", intake::alerts)
        .hand_in("/api/v1/webhook/alertmanager", intake::alertmanager)
        .hand_in("/api/v1/webhook/grafana", intake::grafana)
        .read("/api/v2/alerts", alerts::list)
        .read("/api/v2/alerts/groups", alerts::groups)
        .read("/api/v2/silences", silences::list)
        .act("/api/v2/silences", silences::order)
        .read("/api/v2/silence/{id}", silences::show)
        .remove("/api/v2/silence/{id}", silences::expire)
        .read("/api/v2/status", status::status)
        .read("/api/v2/receivers", status::receivers)
}

/// Alertmanager's own faults are a text.
pub(super) fn fault(status: StatusCode, text: &str) -> Response {
    let mut response = (status, Json(text)).into_response();
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, RETRY_AFTER);
    }
    response
}

/// What could not be read at all is told with a code: `{"code":400,"message":"…"}`.
pub(super) fn garbage(status: StatusCode, message: &str) -> Response {
    let body = json!({ "code": status.as_u16(), "message": message });
    (status, Json(body)).into_response()
}

/// Asks the daemon; what is refused is answered with the status that `refused` gives.
pub(super) async fn ask(app: &App, what: Ask, refused: StatusCode) -> Result<Value, Response> {
    match app.control.ask(what).await {
        Some(Ok(answer)) => Ok(answer),
        Some(Err(Refusal::Unknown(text))) => Err(fault(StatusCode::NOT_FOUND, &text)),
        Some(Err(Refusal::Wrong(text))) => Err(fault(StatusCode::BAD_REQUEST, &text)),
        Some(Err(Refusal::Refused(text))) => Err(fault(refused, &text)),
        Some(Err(Refusal::Later(text))) => Err(fault(StatusCode::SERVICE_UNAVAILABLE, &text)),
        None => Err(fault(StatusCode::NOT_FOUND, "there is nothing here")),
    }
}
