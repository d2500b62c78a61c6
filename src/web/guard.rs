//! Who may do what.
//!
//! | | TCP without a token | TCP with a token | control socket |
//! |---|---|---|---|
//! | health | open | open | open |
//! | reading, handing in alarms | open on loopback | bearer token | open |
//! | what changes anything else | refused | bearer token | open |
//!
//! On TCP only loopback and the declared proxies may connect at all. The file mode of the control
//! socket says who may use it. Web pages are kept out: a request that a page makes to change
//! something carries `Origin`, and one that comes by a name that was bent to this address carries
//! that name in `Host`.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Extension, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use super::Settings;
use super::router::problem;

/// Where a connection came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Caller {
    /// Over TCP.
    Tcp(IpAddr),
    /// Over the control socket, with user and process where the kernel tells.
    Control(Option<(u32, Option<i32>)>),
}

/// Who called, for the audit trail.
#[derive(Debug, Clone)]
pub(super) struct Origin(pub(super) Arc<str>);

#[derive(Debug, Clone)]
pub(super) struct Guard {
    token: Option<SecretString>,
    proxies: Arc<[IpAddr]>,
}

impl Guard {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            token: settings.token.clone(),
            proxies: settings.proxies.iter().map(IpAddr::to_canonical).collect(),
        }
    }

    /// The middleware in front of every route.
    pub(super) async fn check(
        State(guard): State<Self>,
        Extension(caller): Extension<Caller>,
        mut request: Request,
        next: Next,
    ) -> Response {
        if let Err(refusal) = guard.admit(caller, &request) {
            let path = request.uri().path();
            tracing::info!(%caller, path, because = refusal.because, "an HTTP request is refused");
            return refusal.into_response();
        }
        let origin = Origin(guard.origin(caller, request.headers()).into());
        request.extensions_mut().insert(origin);
        next.run(request).await
    }

    fn admit(&self, caller: Caller, request: &Request) -> Result<(), Refusal> {
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        if !is_read && request.headers().contains_key(header::ORIGIN) {
            return Err(Refusal::forbidden(
                "requests of web pages change nothing here",
            ));
        }
        let Caller::Tcp(address) = caller else {
            return Ok(());
        };
        let is_proxy = self.proxies.contains(&address);
        if !address.is_loopback() && !is_proxy {
            return Err(Refusal::forbidden(
                "only this host and the proxies of http.proxies may connect",
            ));
        }
        let path = request.uri().path();
        if matches!(path, "/-/healthy" | "/-/ready") {
            return Ok(());
        }
        let Some(token) = &self.token else {
            if is_proxy && !address.is_loopback() {
                return Err(Refusal::forbidden(
                    "without http.token_file only this host is served",
                ));
            }
            if !is_proxy && !is_local_name(request.headers().get(header::HOST)) {
                return Err(Refusal::forbidden(
                    "this name is not known here; call by 127.0.0.1 or localhost",
                ));
            }
            let is_open = is_read || path == "/api/v1/alarms";
            return is_open.then_some(()).ok_or(Refusal::forbidden(
                "use the control socket, or set http.token_file and send the token",
            ));
        };
        let given = request.headers().get(header::AUTHORIZATION);
        given
            .is_some_and(|given| is_bearer(given, token))
            .then_some(())
            .ok_or(Refusal::UNAUTHORIZED)
    }

    /// `http 10.0.0.7`, or what a declared proxy says of whom it calls for.
    fn origin(&self, caller: Caller, headers: &HeaderMap) -> String {
        if let Caller::Tcp(address) = caller
            && self.proxies.contains(&address)
            && let Some(last) = headers.get_all("x-forwarded-for").iter().next_back()
            && let Ok(last) = last.to_str()
            && let Some(client) = last.rsplit(',').next()
            && let Ok(client) = client.trim().parse::<IpAddr>()
        {
            return format!("http {client} via {address}");
        }
        caller.to_string()
    }
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

    const fn forbidden(because: &'static str) -> Self {
        Self {
            status: StatusCode::FORBIDDEN,
            because,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = problem(self.status, self.because);
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"klaxond\""),
            );
        }
        response
    }
}

/// Whether `Authorization` carries the token; how much of it agrees does not show in the time taken.
fn is_bearer(given: &HeaderValue, token: &SecretString) -> bool {
    const SCHEME: &[u8] = b"bearer ";
    let given = given.as_bytes();
    let Some((scheme, credentials)) = given.split_at_checked(SCHEME.len()) else {
        return false;
    };
    scheme.eq_ignore_ascii_case(SCHEME)
        && credentials
            .trim_ascii()
            .ct_eq(token.expose_secret().as_bytes())
            .into()
}

/// Whether `Host` is this machine as itself; a request without one is no browser's.
fn is_local_name(host: Option<&HeaderValue>) -> bool {
    let Some(host) = host else {
        return true;
    };
    let Ok(host) = host.to_str() else {
        return false;
    };
    let name = match host.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost")
        || name
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "http {address}"),
            Self::Control(None) => f.write_str("control"),
            Self::Control(Some((user, None))) => write!(f, "control uid={user}"),
            Self::Control(Some((user, Some(process)))) => {
                write!(f, "control uid={user} pid={process}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use axum::body::Body;

    use super::*;

    fn guard(token: Option<&str>) -> Guard {
        Guard {
            token: token.map(Into::into),
            proxies: [[10, 0, 0, 7].into()].into(),
        }
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
