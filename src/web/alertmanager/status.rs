//! Who we say we are: version, config, receivers.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::super::app::App;
use super::super::ask::Ask;
use super::routes::ask;
use super::shown::NOBODY;

/// The release of Alertmanager whose interface this is: clients look whether they fit.
const VERSION: &str = "0.25.0";

pub(super) async fn status(State(app): State<App>) -> Response {
    let names = match receivers_of(&app).await {
        Ok(names) => names,
        Err(response) => return response,
    };
    // Names in quotes are YAML too.
    let list: String = names
        .iter()
        .map(|name| format!("- name: {}\n", json!(name)))
        .collect();
    let config = format!("route:\n  receiver: {NOBODY}\nreceivers:\n{list}");
    Json(json!({
        "cluster": { "status": "disabled", "peers": [] },
        "config": { "original": config },
        "uptime": app.clients.started().to_string(),
        "versionInfo": {
            "version": VERSION,
            "revision": concat!("klaxond-", env!("CARGO_PKG_VERSION")),
            "branch": "klaxond",
            "buildUser": "klaxond",
            "buildDate": "",
            "goVersion": "",
        },
    }))
    .into_response()
}

/// The rules: an alert's receivers are those that have raised it.
pub(super) async fn receivers(State(app): State<App>) -> Response {
    match receivers_of(&app).await {
        Ok(names) => {
            let names: Vec<Value> = names.iter().map(|name| json!({ "name": name })).collect();
            Json(names).into_response()
        }
        Err(response) => response,
    }
}

async fn receivers_of(app: &App) -> Result<Vec<String>, Response> {
    let answer = ask(app, Ask::Rules, StatusCode::BAD_REQUEST).await?;
    let rules = answer["rules"].as_array();
    let ids = rules
        .into_iter()
        .flatten()
        .filter_map(|rule| rule["id"].as_str())
        .filter(|id| *id != NOBODY)
        .map(str::to_owned);
    Ok(std::iter::once(NOBODY.to_owned()).chain(ids).collect())
}
