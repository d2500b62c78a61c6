//! The routes, and the answers that are no alarm's.

use axum::extract::rejection::QueryRejection;
use axum::extract::{DefaultBodyLimit, Extension, Query, State};
use axum::http::{StatusCode, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;

use super::alarms;
use super::alertmanager;
use super::app::App;
use super::body::Room;
use super::caller::Origin;
use super::guard::Guard;
use super::headers::harden;
use super::inquiry;
use super::live;
use super::login::{self, Login};
use super::openapi;
use super::page;
use super::routes::{Route, Routes};
use super::silences;

/// Every route of the server, for whoever holds it to its description.
#[must_use]
pub fn table() -> Vec<Route> {
    routes().take_apart().1
}

fn routes() -> Routes {
    Routes::default()
        .open("/-/healthy", async || "healthy\n")
        .open("/-/ready", ready)
        .act("/-/reload", reload)
        .read("/metrics", metrics)
        .read("/api/v1/status", status)
        .act("/api/v1/clear", clear)
        .hand_in("/api/v1/heartbeat", heartbeat)
        .and(alarms::routes())
        .and(alertmanager::routes())
        .and(inquiry::routes())
        .and(silences::routes())
        .and(openapi::routes())
        .and(login::routes())
        .and(live::routes())
        .and(page::routes())
}

/// Every route behind the guard. `max_body` is in bytes.
pub(super) fn router(app: App, guard: Guard, max_body: usize) -> Router {
    let (router, table) = routes().take_apart();
    let guard = guard.over(&table, app.now.clone());
    router
        .fallback(async || problem(StatusCode::NOT_FOUND, "there is nothing here"))
        .method_not_allowed_fallback(async || {
            problem(
                StatusCode::METHOD_NOT_ALLOWED,
                "this path takes another method",
            )
        })
        .layer(Extension(Login::new(guard.clone())))
        .layer(Extension(Room::new(max_body)))
        .layer(from_fn_with_state(guard, Guard::check))
        .layer(from_fn(harden))
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
    Extension(Origin(origin)): Extension<Origin>,
    query: Result<Query<ReloadQuery>, QueryRejection>,
) -> Response {
    let dry_run = match query {
        Ok(Query(query)) => query.dry_run,
        Err(_) => return problem(StatusCode::BAD_REQUEST, "dry_run is true or false"),
    };
    tracing::info!(%origin, dry_run, "a reload is asked for");
    match app.control.reload(dry_run, origin).await {
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

async fn metrics(State(app): State<App>) -> Response {
    match app.metrics().await {
        Some((kind, text)) => ([(header::CONTENT_TYPE, kind)], text).into_response(),
        None => problem(StatusCode::NOT_FOUND, "there is nothing here"),
    }
}

#[derive(Deserialize)]
struct HeartbeatQuery {
    source: String,
}

/// A source is well: 200, or 404 when nobody waits for it.
async fn heartbeat(
    State(app): State<App>,
    Extension(Origin(origin)): Extension<Origin>,
    query: Result<Query<HeartbeatQuery>, QueryRejection>,
) -> Response {
    let source = match query {
        Ok(Query(query)) if !query.source.trim().is_empty() => query.source,
        Ok(_) | Err(_) => {
            return problem(
                StatusCode::BAD_REQUEST,
                "say who is well: /api/v1/heartbeat?source=…",
            );
        }
    };
    inquiry::answered(app.heard(source.trim().to_owned(), origin).await)
}
