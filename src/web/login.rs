//! `/login`: the token, once, for a cookie that lasts a shift. A form, no script.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Extension, Form, FromRequest, Request};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tokio::time::sleep;

use super::body::{Room, Whole};
use super::caller::{Caller, Origin};
use super::guard::{COOKIE, Guard};
use super::router::problem;
use super::routes::Routes;
use super::token::{SESSION, Token};

/// Who does not know the token is told so after this long.
const PAUSE: Duration = Duration::from_secs(1);

/// So many at once of one address are told so; more are not even looked at.
const AT_ONCE: u32 = 4;

const STYLE: &str = include_str!("login.css");

/// Serves `/login` for one token.
#[derive(Debug, Clone)]
pub(super) struct Login {
    guard: Guard,
    /// How many of an address wait to hear that they were wrong. As bounded as connections are.
    wrong: Arc<Mutex<HashMap<IpAddr, u32>>>,
    /// Strangers post here: their forms have little room.
    room: Room,
}

pub(super) fn routes() -> Routes {
    Routes::default()
        .open("/login", form)
        .knock("/login", enter)
        .open("/login.css", style)
        .knock("/logout", leave)
}

impl Login {
    pub(super) fn new(guard: Guard) -> Self {
        Self {
            guard,
            wrong: Arc::default(),
            room: Room::small(),
        }
    }

    /// A place for one try of this address, given back when it is dropped.
    fn place(&self, address: IpAddr) -> Option<Place> {
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        let count = wrong.entry(address).or_default();
        if *count >= AT_ONCE {
            return None;
        }
        *count += 1;
        Some(Place {
            wrong: Arc::clone(&self.wrong),
            address,
        })
    }
}

struct Place {
    wrong: Arc<Mutex<HashMap<IpAddr, u32>>>,
    address: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = wrong.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                wrong.remove(&self.address);
            }
        }
    }
}

async fn style() -> Response {
    let kind = [(header::CONTENT_TYPE, "text/css; charset=utf-8")];
    (kind, STYLE).into_response()
}

async fn form(Extension(login): Extension<Login>) -> Response {
    match login.guard.token {
        Some(_) => page(StatusCode::OK, ""),
        None => to("/"),
    }
}

#[derive(Deserialize)]
struct Given {
    token: String,
}

async fn enter(
    Extension(login): Extension<Login>,
    Extension(caller): Extension<Caller>,
    Extension(Origin(origin)): Extension<Origin>,
    request: Request,
) -> Response {
    let Some(token) = &login.guard.token else {
        return problem(
            StatusCode::CONFLICT,
            "no token is configured; set http.token_file",
        );
    };
    let client = client(caller, &login.guard, request.headers());
    let is_https = is_https(caller, &login.guard, request.headers());
    let given = match read(request, &login.room).await {
        Ok(given) => given,
        Err(answer) => return answer,
    };
    let Some(_place) = login.place(client) else {
        let mut response = page(StatusCode::TOO_MANY_REQUESTS, "Too many tries at once.");
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, PAUSE.as_secs().into());
        return response;
    };
    if !token.is(given.token.trim().as_bytes()) {
        tracing::warn!(%origin, "a login with a wrong token is refused");
        sleep(PAUSE).await;
        return page(StatusCode::UNAUTHORIZED, "That is not the token.");
    }
    tracing::info!(%origin, "logged in");
    let session = token.session((login.guard.now)());
    with_cookie(to("/"), &session, SESSION.as_secs(), is_https)
}

async fn read(mut request: Request, room: &Room) -> Result<Given, Response> {
    let headers = request.headers().clone();
    request.extensions_mut().insert(room.clone());
    let body = Whole::from_request(request, &()).await;
    let body = body.map_err(IntoResponse::into_response)?;
    let mut form = Request::new(body.bytes().to_vec().into());
    *form.method_mut() = Method::POST;
    *form.headers_mut() = headers;
    match Form::<Given>::from_request(form, &()).await {
        Ok(Form(given)) => Ok(given),
        Err(_) => Err(problem(StatusCode::BAD_REQUEST, "send the form of /login")),
    }
}

/// Ends the session of this browser.
async fn leave(
    Extension(login): Extension<Login>,
    Extension(caller): Extension<Caller>,
    Extension(Origin(origin)): Extension<Origin>,
    headers: HeaderMap,
) -> Response {
    // A page of somebody else cannot send the cookie, and ends nothing.
    let has_session = |token: &Token| login.guard.has_session(token, &headers);
    if !login.guard.token.as_ref().is_some_and(has_session) {
        return to("/login");
    }
    tracing::info!(%origin, "logged out");
    let is_https = is_https(caller, &login.guard, &headers);
    with_cookie(to("/login"), "", 0, is_https)
}

fn client(caller: Caller, guard: &Guard, headers: &HeaderMap) -> IpAddr {
    let unknown = IpAddr::from([0, 0, 0, 0]);
    match (caller.client(&guard.proxies, headers), caller) {
        (Some(client), _) | (None, Caller::Tcp(client)) => client,
        (None, Caller::Control(_)) => unknown,
    }
}

fn is_https(caller: Caller, guard: &Guard, headers: &HeaderMap) -> bool {
    let by_proxy = matches!(caller, Caller::Tcp(address) if guard.proxies.contains(&address));
    by_proxy
        && headers
            .get("x-forwarded-proto")
            .is_some_and(|scheme| scheme.as_bytes().eq_ignore_ascii_case(b"https"))
}

fn with_cookie(mut response: Response, value: &str, seconds: u64, is_https: bool) -> Response {
    let secure = if is_https { "; Secure" } else { "" };
    let cookie =
        format!("{COOKIE}={value}; HttpOnly; SameSite=Strict; Path=/; Max-Age={seconds}{secure}");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

fn to(place: &'static str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response()
}

/// `told` is ours, never what somebody sent.
fn page(status: StatusCode, told: &'static str) -> Response {
    let told = match told {
        "" => String::new(),
        told => format!("<p role=\"alert\">{told}</p>"),
    };
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>klaxond: log in</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <link rel=\"stylesheet\" href=\"/login.css\"></head><body><main><h1>klaxond</h1>{told}\
         <form method=\"post\" action=\"/login\"><label for=\"token\">Token of <code>[http]</code></label>\
         <input id=\"token\" name=\"token\" type=\"password\" required autofocus \
         autocomplete=\"current-password\"><button>Log in</button></form></main></body></html>\n"
    );
    let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    (status, kind, page).into_response()
}
