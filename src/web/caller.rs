//! Who calls: over which connection, for whom, by which name.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use axum::http::{HeaderMap, Uri, header};

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

impl Caller {
    /// For whom a declared proxy says that it calls.
    pub(super) fn client(self, proxies: &[IpAddr], headers: &HeaderMap) -> Option<IpAddr> {
        let Self::Tcp(address) = self else {
            return None;
        };
        if !proxies.contains(&address) {
            return None;
        }
        let last = headers.get_all("x-forwarded-for").iter().next_back()?;
        let client = last.to_str().ok()?.rsplit(',').next()?;
        client.trim().parse().ok()
    }

    /// `http 10.0.0.7`, or what a declared proxy says of whom it calls for.
    pub(super) fn origin(self, proxies: &[IpAddr], headers: &HeaderMap) -> Origin {
        let origin = match (self, self.client(proxies, headers)) {
            (Self::Tcp(address), Some(client)) => format!("http {client} via {address}"),
            (caller, _) => caller.to_string(),
        };
        Origin(origin.into())
    }
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

/// The name and port that were called; `None` when none was given, which no browser does.
pub(super) fn called<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    match uri.authority() {
        Some(authority) => Some(authority.as_str()),
        // What is no text is no name of ours.
        None => headers
            .get(header::HOST)
            .map(|host| host.to_str().unwrap_or("?")),
    }
}

/// Whether that is this machine as itself.
pub(super) fn is_local_name(called: &str) -> bool {
    let name = match called.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next().unwrap_or_default(),
        None => called.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost")
        || name
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// Whether a page of ours asks, or a browser on behalf of none: what a page of somebody else makes a
/// browser send carries that page's `Origin`, or `null`. `hosts` are the names that were called.
pub(super) fn is_own_page(headers: &HeaderMap, hosts: &[&str]) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let site = text("sec-fetch-site");
    if site.is_some_and(|site| site != "same-origin") {
        return false;
    }
    match text("origin") {
        // A form of a page that sends no referrer.
        Some("null") => site.is_some(),
        Some(origin) => {
            let host = origin
                .strip_prefix("https://")
                .map(|host| host.strip_suffix(":443").unwrap_or(host))
                .or_else(|| {
                    let host = origin.strip_prefix("http://")?;
                    Some(host.strip_suffix(":80").unwrap_or(host))
                });
            host.is_some_and(|host| hosts.iter().any(|own| own.eq_ignore_ascii_case(host)))
        }
        None => false,
    }
}
