//! `[http]`: where HTTP is served and to whom.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;

use crate::web::Settings;

use super::fault::Fault;
use super::ingest;
use super::keys;
use super::page::Problem;
use super::reader::Table;
use super::secrets::{self, Names};
use super::settings::Environment;

const TOKEN: Names = Names {
    inline: "token",
    file: "token_file",
    credential: "http_token",
};

/// A thousand records of a kilobyte each.
const MAX_BODY_BYTES: usize = 1 << 20;

const MAX_PROXIES: usize = 256;

/// `socket` is the alarm socket: the control socket lies beside it.
pub(super) fn read(
    top: &Table<'_>,
    environment: &Environment,
    exposed: bool,
    socket: &Path,
) -> Option<Settings> {
    let table = top.table("http", &keys::HTTP);
    let default = SocketAddr::from((Ipv4Addr::LOCALHOST, 9780));
    let listen = match table.get("listen") {
        Some(_) => table.read("listen", address),
        None => Some(Some(default)),
    };
    let token = secrets::read(&table, &TOKEN, environment, exposed);
    let texts = table.texts("proxies").unwrap_or_default();
    if texts.len() > MAX_PROXIES {
        let problem = Problem::new(format!("more than {MAX_PROXIES} `proxies`"));
        table.fault(
            "proxies",
            problem.help("name those that stand before this host"),
        );
    }
    let proxies: Vec<IpAddr> = texts
        .iter()
        .take(MAX_PROXIES)
        .filter_map(|text| table.parse(text, proxy))
        .collect();
    if let Some(Some(address)) = listen
        && !address.ip().is_loopback()
    {
        guard(&table, texts.is_empty(), matches!(token, Ok(None)));
    }
    let control = ingest::socket_path(&table, "control").unwrap_or_else(|| ingest::beside(socket));
    if control == socket {
        let problem = Problem::new("the control socket and the alarm socket are the same file");
        table.fault(
            "control",
            problem.help("leave `control` out, or name another file"),
        );
    }
    Some(Settings {
        listen: listen?,
        token: token.ok()?.map(|secret| secret.value),
        proxies,
        control,
        max_body: MAX_BODY_BYTES,
    })
}

/// Others than this host may connect: only through a proxy that is named, and with a token.
fn guard(table: &Table<'_>, no_proxies: bool, no_token: bool) {
    let span = table.span_of("listen");
    let tell = |message: &str, help: &str| {
        let fault = Fault::maybe_at(span.clone(), message).help(help);
        table.page.fault(fault.follows());
    };
    if no_proxies {
        tell(
            "[http] listens beyond this host without `proxies`",
            "write proxies = [\"10.0.0.5\"], the address of the TLS proxy, or listen on 127.0.0.1",
        );
    }
    if no_token {
        tell(
            "[http] listens beyond this host without a token",
            "write token_file = \"http_token\" and put a long random text into that file",
        );
    }
}

fn address(text: &str) -> Result<Option<SocketAddr>, Problem> {
    address_or_off(text, "127.0.0.1:9780")
}

/// `None` is off.
pub(super) fn address_or_off(text: &str, example: &str) -> Result<Option<SocketAddr>, Problem> {
    if text == "off" {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| {
        let port = text
            .rsplit(':')
            .next()
            .and_then(|port| port.parse::<u16>().ok());
        let host = text.rsplit_once(':').map_or("", |(host, _)| host);
        let suggestion = match (host, port) {
            ("" | "localhost" | "*", Some(port)) => format!("\"127.0.0.1:{port}\""),
            _ => format!("an address and a port, such as \"{example}\", or \"off\""),
        };
        Problem::new(format!("\"{text}\" is not an address to listen on"))
            .help(format!("write {suggestion}"))
    })
}

fn proxy(text: &str) -> Result<IpAddr, Problem> {
    text.parse().map_err(|_| {
        Problem::new(format!("\"{text}\" is not an address"))
            .help("write the proxy's IP address, such as \"10.0.0.5\"")
    })
}
