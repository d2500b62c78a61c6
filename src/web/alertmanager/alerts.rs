//! `GET /api/v2/alerts` and `…/alerts/groups`: what is open, whoever sent it.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::model::Labels;

use super::super::app::App;
use super::super::ask::Ask;
use super::matcher::{Check, Matcher};
use super::routes::{ask, fault};
use super::shown::{Alert, alerts};

/// Alerts of one answer.
const MAX_ALERTS: usize = 20_000;
/// Matchers of one question.
const MAX_MATCHERS: usize = 64;

/// The question, name by name: a name may be there more than once.
pub(super) type Asked = Result<Query<Vec<(String, String)>>, QueryRejection>;

pub(super) async fn list(State(app): State<App>, query: Asked) -> Response {
    match selected(&app, query).await {
        Ok(alerts) => Json(alerts).into_response(),
        Err(response) => response,
    }
}

/// Alerts by receiver and name.
pub(super) async fn groups(State(app): State<App>, query: Asked) -> Response {
    let alerts = match selected(&app, query).await {
        Ok(alerts) => alerts,
        Err(response) => return response,
    };
    let labels = app.clients.labels();
    let name = alert_name(&labels);
    let mut groups: BTreeMap<(&str, &str), Vec<&Alert>> = BTreeMap::new();
    for alert in &alerts {
        for receiver in &alert.receivers {
            let key = (receiver.as_str(), alert.label(name));
            groups.entry(key).or_default().push(alert);
        }
    }
    let groups: Vec<_> = groups
        .into_iter()
        .map(|((receiver, value), alerts)| {
            json!({
                "labels": if value.is_empty() { json!({}) } else { json!({ name: value }) },
                "receiver": { "name": receiver },
                "alerts": alerts,
            })
        })
        .collect();
    Json(groups).into_response()
}

fn alert_name(labels: &Labels) -> &str {
    labels.parameter.first().map_or("parameter", String::as_str)
}

async fn selected(app: &App, query: Asked) -> Result<Vec<Alert>, Response> {
    let bad = |text: &str| fault(StatusCode::BAD_REQUEST, text);
    let query = query.map_err(|_| bad("the query cannot be read"))?.0;
    let select = Select::read(&query).map_err(|text| bad(&text))?;
    let what = Ask::Alarms {
        filter: None,
        limit: Some(MAX_ALERTS),
    };
    let answer = ask(app, what, StatusCode::BAD_REQUEST).await?;
    let mut alerts = alerts(answer, &app.clients.labels());
    alerts.retain(|alert| select.takes(alert));
    Ok(alerts)
}

/// Which alerts are asked for.
struct Select {
    active: bool,
    silenced: bool,
    checks: Vec<Check>,
    receiver: Option<Check>,
}

impl Select {
    fn read(query: &[(String, String)]) -> Result<Self, String> {
        let mut select = Self {
            active: true,
            silenced: true,
            checks: Vec::new(),
            receiver: None,
        };
        for (name, value) in query {
            match name.as_str() {
                "active" => select.active = flag(name, value)?,
                "silenced" => select.silenced = flag(name, value)?,
                // Nothing here is inhibited alert by alert, or waits to be looked at.
                "inhibited" | "unprocessed" | "muted" => {
                    flag(name, value)?;
                }
                "filter" => select.checks.push(Matcher::parse(value)?.check()?),
                "receiver" => {
                    let matcher = Matcher {
                        name: name.clone(),
                        value: value.clone(),
                        is_regex: true,
                        is_equal: true,
                    };
                    select.receiver = Some(matcher.check()?);
                }
                _ => {}
            }
        }
        if select.checks.len() > MAX_MATCHERS {
            return Err(format!("more than {MAX_MATCHERS} filters"));
        }
        Ok(select)
    }

    fn takes(&self, alert: &Alert) -> bool {
        let is_wanted = if alert.is_silenced {
            self.silenced
        } else {
            self.active
        };
        let goes_to = |check: &Check| alert.receivers.iter().any(|name| check.holds(name));
        is_wanted
            && self.checks.iter().all(|check| check.takes(&alert.labels))
            && self.receiver.as_ref().is_none_or(goes_to)
    }
}

fn flag(name: &str, value: &str) -> Result<bool, String> {
    match value {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(format!("{name} is true or false")),
    }
}
