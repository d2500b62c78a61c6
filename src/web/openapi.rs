//! `GET /api/v1/openapi.json`: what this server does, in OpenAPI 3.1.

use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::routes::Routes;

const DESCRIPTION: &str = include_str!("openapi.json");

pub(super) fn routes() -> Routes {
    Routes::default().read("/api/v1/openapi.json", describe)
}

async fn describe() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], DESCRIPTION).into_response()
}
