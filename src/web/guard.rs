//! Who may do what.
//!
//! | | TCP without a token | TCP with a token | control socket |
//! |---|---|---|---|
//! | health | open | open | open |
//! | reading | open on loopback | bearer token, or a session | open |
//! | handing in alarms | open on loopback | bearer token, or a session | open |
//! | what changes anything else | refused | bearer token, or a session | open |
//!
//! On TCP only loopback and the declared proxies may connect at all. The file mode of the control
//! socket says who may use it. A session is a cookie that `/login` gives for the token.
//!
//! Pages of others are kept out: a request that a page makes to change something carries `Origin`,
//! and one that comes by a name that was bent to this address carries that name in `Host`. With a
//! session a page changes things only from the name that it was called by.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Extension, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::model::Time;

use super::Settings;
use super::caller::{Caller, called, is_local_name, is_own_page};
use super::router::problem;
use super::routes::{Access, Route};
use super::token::Token;

/// The name of the session's cookie.
pub(super) const COOKIE: &str = "klaxond";

/// What whoever asks may do; a page shows what can be done by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rights {
    /// Change things.
    pub(super) acts: bool,
    /// By a session, which can be ended.
    pub(super) session: bool,
}

impl Rights {
    const READS: Self = Self {
        acts: false,
        session: false,
    };
    const ACTS: Self = Self {
        acts: true,
        session: false,
    };
    const SESSION: Self = Self {
        acts: true,
        session: true,
    };
}

#[derive(Clone)]
pub(super) struct Guard {
    pub(super) token: Option<Token>,
    pub(super) proxies: Arc<[IpAddr]>,
    routes: Arc<[Route]>,
    pub(super) now: Arc<dyn Fn() -> Time + Send + Sync>,
}

impl Guard {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            token: settings.token.clone().map(Token::new),
            proxies: settings.proxies.iter().map(IpAddr::to_canonical).collect(),
            routes: Arc::from([]),
            now: Arc::new(|| jiff::Timestamp::now().into()),
        }
    }

    /// Judges by these routes, and ends sessions by this clock.
    pub(super) fn over(
        mut self,
        routes: &[Route],
        now: Arc<dyn Fn() -> Time + Send + Sync>,
    ) -> Self {
        self.routes = routes.into();
        self.now = now;
        self
    }

    /// The middleware in front of every route.
    pub(super) async fn check(
        State(guard): State<Self>,
        Extension(caller): Extension<Caller>,
        mut request: Request,
        next: Next,
    ) -> Response {
        let rights = match guard.admit(caller, &request) {
            Ok(rights) => rights,
            Err(refusal) => {
                let path = request.uri().path();
                tracing::info!(%caller, path, because = refusal.because, "an HTTP request is refused");
                return refusal.into_response();
            }
        };
        let origin = caller.origin(&guard.proxies, request.headers());
        request.extensions_mut().insert(origin);
        request.extensions_mut().insert(rights);
        next.run(request).await
    }

    fn admit(&self, caller: Caller, request: &Request) -> Result<Rights, Refusal> {
        let headers = request.headers();
        unambiguous(headers)?;
        let access = self.access(request);
        let changes = matches!(access, Access::HandIn | Access::Act);
        let from_page = headers.contains_key(header::ORIGIN);
        let Caller::Tcp(address) = caller else {
            if changes && from_page {
                return Err(Refusal::PAGE);
            }
            return Ok(Rights::ACTS);
        };
        let is_proxy = self.proxies.contains(&address);
        if !address.is_loopback() && !is_proxy {
            return Err(Refusal::forbidden(
                "only this host and the proxies of http.proxies may connect",
            ));
        }
        if access == Access::Open {
            return Ok(Rights::READS);
        }
        let Some(token) = &self.token else {
            return self.admit_without_token(address, access, request);
        };
        if headers
            .get(header::AUTHORIZATION)
            .is_some_and(|given| is_bearer(given, token))
        {
            if changes && from_page && !self.is_own_page(address, request) {
                return Err(Refusal::PAGE);
            }
            return Ok(Rights::ACTS);
        }
        if self.has_session(token, headers) {
            if changes && !self.is_own_page(address, request) {
                return Err(Refusal::PAGE);
            }
            return Ok(Rights::SESSION);
        }
        Err(if access == Access::Read && wants_page(request) {
            Refusal::LOGIN
        } else {
            Refusal::UNAUTHORIZED
        })
    }

    fn admit_without_token(
        &self,
        address: IpAddr,
        access: Access,
        request: &Request,
    ) -> Result<Rights, Refusal> {
        let headers = request.headers();
        let is_proxy = self.proxies.contains(&address);
        if is_proxy && !address.is_loopback() {
            return Err(Refusal::forbidden(
                "without http.token_file only this host is served",
            ));
        }
        let is_known = |name: &str| is_proxy || is_local_name(name);
        if !called(request.uri(), headers).is_none_or(is_known) {
            return Err(Refusal::forbidden(
                "this name is not known here; call by 127.0.0.1 or localhost",
            ));
        }
        match access {
            Access::Open | Access::Read => Ok(Rights::READS),
            Access::HandIn | Access::Act if headers.contains_key(header::ORIGIN) => {
                Err(Refusal::PAGE)
            }
            Access::HandIn => Ok(Rights::READS),
            Access::Act => Err(Refusal::forbidden(
                "use the control socket, or set http.token_file and send the token",
            )),
        }
    }

    /// Of what has no route, only reading is answered.
    fn access(&self, request: &Request) -> Access {
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        let method = if is_read {
            &Method::GET
        } else {
            request.method()
        };
        let path = request
            .extensions()
            .get::<MatchedPath>()
            .map_or(request.uri().path(), MatchedPath::as_str);
        let route = |route: &&Route| route.path == path && route.method == *method;
        match self.routes.iter().find(route) {
            Some(route) => route.access,
            None if is_read => Access::Read,
            None => Access::Act,
        }
    }

    pub(super) fn has_session(&self, token: &Token, headers: &HeaderMap) -> bool {
        cookies(headers).any(|cookie| token.holds(cookie, (self.now)()))
    }

    fn is_own_page(&self, address: IpAddr, request: &Request) -> bool {
        let headers = request.headers();
        let forwarded = self
            .proxies
            .contains(&address)
            .then(|| headers.get("x-forwarded-host")?.to_str().ok())
            .flatten();
        let hosts: Vec<&str> = called(request.uri(), headers)
            .into_iter()
            .chain(forwarded)
            .collect();
        is_own_page(headers, &hosts)
    }
}

/// The values of our cookie. A browser may send several, of several paths.
fn cookies(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let lists = headers.get_all(header::COOKIE).iter();
    let pairs = lists.filter_map(|list| list.to_str().ok());
    pairs
        .flat_map(|list| list.split(';'))
        .filter_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

/// What proxies and servers may read differently is not read at all.
fn unambiguous(headers: &HeaderMap) -> Result<(), Refusal> {
    if headers.get_all(header::HOST).iter().count() > 1 {
        return Err(Refusal::bad("one Host is enough"));
    }
    if headers.contains_key(header::TRANSFER_ENCODING)
        && headers.contains_key(header::CONTENT_LENGTH)
    {
        return Err(Refusal::bad(
            "Content-Length beside Transfer-Encoding says two things",
        ));
    }
    Ok(())
}

/// Whether a person with a browser asks for something to look at.
fn wants_page(request: &Request) -> bool {
    let path = request.uri().path();
    let is_for_tools = ["/api/", "/-/", "/metrics"]
        .iter()
        .any(|prefix| path.starts_with(prefix));
    let accept = request.headers().get(header::ACCEPT);
    !is_for_tools
        && accept
            .and_then(|accept| accept.to_str().ok())
            .is_some_and(|accept| accept.contains("text/html"))
}

/// Whether `Authorization` carries the token.
fn is_bearer(given: &HeaderValue, token: &Token) -> bool {
    const SCHEME: &[u8] = b"bearer ";
    let given = given.as_bytes();
    let Some((scheme, credentials)) = given.split_at_checked(SCHEME.len()) else {
        return false;
    };
    scheme.eq_ignore_ascii_case(SCHEME) && token.is(credentials.trim_ascii())
}

/// Why a request goes no further.
struct Refusal {
    status: StatusCode,
    because: &'static str,
}

impl Refusal {
    const UNAUTHORIZED: Self = Self {
        status: StatusCode::UNAUTHORIZED,
        because: "send the token of http.token_file: Authorization: Bearer …",
    };
    const LOGIN: Self = Self {
        status: StatusCode::SEE_OTHER,
        because: "log in first",
    };
    const PAGE: Self = Self::forbidden("requests of web pages change nothing here");

    const fn forbidden(because: &'static str) -> Self {
        Self {
            status: StatusCode::FORBIDDEN,
            because,
        }
    }

    const fn bad(because: &'static str) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            because,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = problem(self.status, self.because);
        let more = match self.status {
            StatusCode::UNAUTHORIZED => {
                Some((header::WWW_AUTHENTICATE, "Bearer realm=\"klaxond\""))
            }
            StatusCode::SEE_OTHER => Some((header::LOCATION, "/login")),
            // What follows on such a connection may be anything.
            StatusCode::BAD_REQUEST => Some((header::CONNECTION, "close")),
            _ => None,
        };
        if let Some((name, value)) = more {
            response
                .headers_mut()
                .insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guard")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use axum::body::Body;

    use super::*;

    fn guard(token: Option<&str>) -> Guard {
        Guard::new(&Settings {
            listen: None,
            token: token.map(Into::into),
            proxies: vec![[10, 0, 0, 7].into()],
            control: "unused".into(),
            max_body: 0,
        })
        .over(
            &[Route {
                method: Method::GET,
                path: "/-/healthy",
                access: Access::Open,
            }],
            Arc::new(|| Time::from_ms(0)),
        )
    }

    fn admits(guard: &Guard, caller: [u8; 4], path: &str) -> bool {
        let request = Request::get(path).body(Body::empty()).unwrap();
        guard.admit(Caller::Tcp(caller.into()), &request).is_ok()
    }

    #[test]
    fn only_this_host_and_declared_proxies_may_connect() {
        for token in [None, Some("secret")] {
            assert!(admits(&guard(token), [127, 0, 0, 1], "/-/healthy"));
            assert!(admits(&guard(token), [10, 0, 0, 7], "/-/healthy"));
            assert!(!admits(&guard(token), [10, 0, 0, 8], "/-/healthy"));
        }
    }

    #[test]
    fn without_a_token_only_this_host_reads() {
        assert!(admits(&guard(None), [127, 0, 0, 1], "/api/v1/status"));
        assert!(!admits(&guard(None), [10, 0, 0, 7], "/api/v1/status"));
    }
}
