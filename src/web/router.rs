//! The routes, and the answers that are no alarm's.

use axum::extract::rejection::QueryRejection;
use axum::extract::{DefaultBodyLimit, Extension, Query, State};
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;

use super::alarms;
use super::app::App;
use super::guard::{Guard, Origin};
use super::inquiry;

/// Every route behind the guard. `max_body` is in bytes.
pub(super) fn router(app: App, guard: Guard, max_body: usize) -> Router {
    Router::new()
        .route("/-/healthy", get(async || "healthy\n"))
        .route("/-/ready", get(ready))
        .route("/-/reload", post(reload))
        .route("/api/v1/alarms", post(alarms::take))
        .route("/api/v1/clear", post(clear))
        .route("/api/v1/status", get(status))
        .merge(inquiry::routes())
        .fallback(async || problem(StatusCode::NOT_FOUND, "there is nothing here"))
        .method_not_allowed_fallback(async || {
            problem(
                StatusCode::METHOD_NOT_ALLOWED,
                "this path takes another method",
            )
        })
        .layer(from_fn_with_state(guard, Guard::check))
        .layer(DefaultBodyLimit::max(max_body))
        .with_state(app)
}

/// A refusal or a fault: `{"error":"…"}`.
pub(super) fn problem(status: StatusCode, error: &str) -> Response {
    (status, Json(json!({ "error": error }))).into_response()
}

async fn ready(State(app): State<App>) -> Response {
    let (ready, text) = app.health.get();
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, format!("{text}\n")).into_response()
}

#[derive(Deserialize)]
struct ReloadQuery {
    #[serde(default)]
    dry_run: bool,
}

/// Reads the config again: 200 with what changed, 422 with what is wrong.
async fn reload(
    State(app): State<App>,
    query: Result<Query<ReloadQuery>, QueryRejection>,
) -> Response {
    let dry_run = match query {
        Ok(Query(query)) => query.dry_run,
        Err(_) => return problem(StatusCode::BAD_REQUEST, "dry_run is true or false"),
    };
    match app.control.reload(dry_run).await {
        Ok(changed) => Json(changed).into_response(),
        Err(faults) => (StatusCode::UNPROCESSABLE_ENTITY, Json(faults)).into_response(),
    }
}

#[derive(Deserialize)]
struct ClearQuery {
    id: String,
}

/// Ends an alarm by hand: 200 with what was open.
async fn clear(
    State(app): State<App>,
    Extension(Origin(by)): Extension<Origin>,
    query: Result<Query<ClearQuery>, QueryRejection>,
) -> Response {
    let id = match query {
        Ok(Query(query)) if !query.id.is_empty() => query.id,
        Ok(_) | Err(_) => {
            return problem(
                StatusCode::BAD_REQUEST,
                "name the alarm: /api/v1/clear?id=…",
            );
        }
    };
    match app.control.clear(id, by).await {
        Some(Ok(closed)) => Json(closed).into_response(),
        Some(Err(error)) => (StatusCode::SERVICE_UNAVAILABLE, Json(error)).into_response(),
        None => problem(StatusCode::NOT_FOUND, "there is nothing here"),
    }
}

async fn status(State(app): State<App>) -> Response {
    Json(app.control.status().await).into_response()
}
