//! The routes of the page.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::web::app::App;
use crate::web::ask::{Ask, Refusal};
use crate::web::guard::Rights;
use crate::web::overview::Overview;
use crate::web::router::problem;
use crate::web::routes::Routes;

use super::asset;
use super::frame::{self, Viewer};

pub(in crate::web) fn routes() -> Routes {
    Routes::default()
        .read("/", overview)
        .read("/alarm", alarm)
        .read("/silences", silences)
        .read("/assets/{name}", asset::serve)
}

#[derive(Debug, Deserialize)]
struct Wanted {
    part: Option<String>,
    wall: Option<String>,
    #[serde(default)]
    id: String,
}

type Asked = Result<Query<Wanted>, QueryRejection>;
type May = Option<Extension<Rights>>;

async fn overview(State(app): State<App>, may: May, query: Asked) -> Response {
    let (query, viewer) = match read(query, may) {
        Ok(read) => read,
        Err(problem) => return *problem,
    };
    let Some(overview) = look(&app).await else {
        return nothing();
    };
    html(match query.part.as_deref() {
        None => frame::whole(&overview, viewer),
        Some("all") => frame::parts(&overview, viewer),
        Some(name) => frame::part(name, &overview, viewer),
    })
}

async fn silences(State(app): State<App>, may: May, query: Asked) -> Response {
    let (query, viewer) = match read(query, may) {
        Ok(read) => read,
        Err(problem) => return *problem,
    };
    let Some(overview) = look(&app).await else {
        return nothing();
    };
    html(match query.part {
        None => frame::silences(&overview, viewer),
        Some(_) => frame::part("silences", &overview, viewer),
    })
}

/// The trail that `why` tells.
async fn alarm(State(app): State<App>, may: May, query: Asked) -> Response {
    let (query, viewer) = match read(query, may) {
        Ok(read) => read,
        Err(problem) => return *problem,
    };
    let Some(overview) = look(&app).await else {
        return nothing();
    };
    let (status, text) = match app.control.ask(Ask::Why(query.id)).await {
        None => return nothing(),
        Some(Ok(story)) => {
            return html(match query.part {
                None => frame::trail_page(&story, &overview, viewer),
                Some(_) => frame::trail(&story, &overview),
            });
        }
        Some(Err(Refusal::Unknown(text))) => (StatusCode::NOT_FOUND, text),
        Some(Err(Refusal::Wrong(text))) => (StatusCode::BAD_REQUEST, text),
        Some(Err(Refusal::Refused(text))) => (StatusCode::CONFLICT, text),
        Some(Err(Refusal::Later(text))) => (StatusCode::SERVICE_UNAVAILABLE, text),
    };
    let mut response = html(frame::word(&text, &overview, viewer));
    *response.status_mut() = status;
    response
}

fn read(query: Asked, may: May) -> Result<(Wanted, Viewer), Box<Response>> {
    let Ok(Query(query)) = query else {
        let answer = problem(StatusCode::BAD_REQUEST, "this cannot be read");
        return Err(Box::new(answer));
    };
    let viewer = Viewer {
        acts: may.as_ref().is_some_and(|Extension(rights)| rights.acts),
        session: may.is_some_and(|Extension(rights)| rights.session),
        wall: query.wall.as_deref() == Some("1"),
    };
    Ok((query, viewer))
}

async fn look(app: &App) -> Option<Arc<Overview>> {
    match app.control.live() {
        Some(live) => Some(live.look().await),
        None => None,
    }
}

fn nothing() -> Response {
    problem(StatusCode::NOT_FOUND, "there is nothing here")
}

fn html(text: String) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    (kind, text).into_response()
}
