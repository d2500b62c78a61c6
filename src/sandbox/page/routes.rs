//! Serves the page, its files and what it shows.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::view::view;
use crate::sandbox::shared::Shared;

/// Nothing comes from anywhere else, nothing is inline, nobody frames it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src 'self' data:; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";

/// The page, and in front of `control` a guard: a page of somebody else changes nothing.
pub(in crate::sandbox) fn routes(control: Router<Arc<Shared>>) -> Router<Arc<Shared>> {
    Router::new()
        .route("/", get(async || Html(include_str!("index.html"))))
        .route("/sandbox/page.css", get(style))
        .route("/sandbox/page.js", get(script))
        .route("/sandbox/view", get(data))
        .merge(control)
        .layer(from_fn(guard))
}

async fn style() -> impl IntoResponse {
    let kind = [(header::CONTENT_TYPE, "text/css; charset=utf-8")];
    (kind, include_str!("page.css"))
}

async fn script() -> impl IntoResponse {
    let kind = [(header::CONTENT_TYPE, "text/javascript; charset=utf-8")];
    (kind, include_str!("page.js"))
}

/// `GET /sandbox/view`: what the page shows.
async fn data(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(view(&shared))
}

async fn guard(request: Request, next: Next) -> Response {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let mut response = if is_read || is_own(request.headers()) {
        next.run(request).await
    } else {
        let answer = json!({ "error": "a page of another address changes nothing here" });
        (StatusCode::FORBIDDEN, Json(answer)).into_response()
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Whether no page, or our own, makes the request.
fn is_own(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return true;
    };
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let origin = origin
        .to_str()
        .ok()
        .and_then(|origin| origin.strip_prefix("http://"));
    origin.is_some() && origin == host
}
