//! `[whatsapp]`: whose number sends, and where to.

use std::ops::Range;
use std::time::Duration;

use reqwest::Url;
use secrecy::SecretString;

use crate::whatsapp::Settings;

use super::keys;
use super::page::{Problem, Told};
use super::reader::Table;
use super::secrets::{self, Names};
use super::settings::Environment;

const TOKEN: Names = Names {
    inline: "token",
    file: "token_file",
    credential: "token",
};
const APP_SECRET: Names = Names {
    inline: "app_secret",
    file: "app_secret_file",
    credential: "app_secret",
};
const VERIFY_TOKEN: Names = Names {
    inline: "verify_token",
    file: "verify_token_file",
    credential: "verify_token",
};

/// `[whatsapp]`: what the client needs, and what webhooks are known by.
pub(super) struct WhatsApp {
    pub(super) settings: Option<Settings>,
    pub(super) keys: WebhookKeys,
}

/// What webhooks are known by. `Err` is given and wrong, which is told.
pub(super) struct WebhookKeys {
    pub(super) app_secret: Result<Option<SecretString>, Told>,
    pub(super) verify_token: Result<Option<SecretString>, Told>,
    /// Where the verify token stands in the file, when it stands there.
    pub(super) verify_token_span: Option<Range<usize>>,
}

pub(super) fn read(top: &Table<'_>, environment: &Environment, exposed: bool) -> WhatsApp {
    let table = top.table("whatsapp", &keys::WHATSAPP);
    let secret = |names| {
        let secret = secrets::read(&table, names, environment, exposed);
        secret.map(|secret| secret.map(|secret| secret.value))
    };
    let span = |key| table.key_span(key);
    let keys = WebhookKeys {
        app_secret: secret(&APP_SECRET),
        verify_token: secret(&VERIFY_TOKEN),
        verify_token_span: span(VERIFY_TOKEN.inline).or_else(|| span(VERIFY_TOKEN.file)),
    };
    let app_secret = keys.app_secret.as_ref().ok().cloned();
    WhatsApp {
        settings: settings(&table, environment, exposed, app_secret),
        keys,
    }
}

/// `app_secret` is `None` when it is given and wrong.
fn settings(
    table: &Table<'_>,
    environment: &Environment,
    exposed: bool,
    app_secret: Option<Option<SecretString>>,
) -> Option<Settings> {
    let phone_number_id = table
        .required(
            "phone_number_id",
            "write phone_number_id = \"…\", the id that Meta shows beside the number in API Setup",
        )
        .and_then(|text| table.parse(&text, |text| id("phone_number_id", text)));
    let business_account_id = match table.get("business_account_id") {
        Some(_) => table.read("business_account_id", |text| {
            id("business_account_id", text)
        }),
        None if table.is_given() => {
            table.warn(
                "business_account_id",
                "[whatsapp] has no `business_account_id`: templates cannot be looked at",
                "write business_account_id = \"…\", the WhatsApp business account id in API Setup",
            );
            None
        }
        None => None,
    };
    let token = secrets::read(table, &TOKEN, environment, exposed);
    if let Ok(None) = token {
        table.missing(
            "an access token",
            "write token_file = \"token\" and put the token into that file",
        );
    }
    let seconds = Duration::from_secs;
    let api_version = table.read("api_version", api_version);
    let base_url = table.read("base_url", base_url);
    let ca_file = table.path("ca_file").filter(|path| {
        let problem = match secrets::small_file(path) {
            Ok(content) if contains(&content, b"-----BEGIN CERTIFICATE-----") => return true,
            Ok(_) => Problem::new(format!("the file {} holds no certificate", path.display()))
                .help("name a file in PEM form, with -----BEGIN CERTIFICATE-----"),
            Err(problem) => problem,
        };
        table.fault("ca_file", problem);
        false
    });
    let connect_timeout = table.duration(
        "connect_timeout",
        Duration::from_millis(100)..=seconds(60),
        seconds(5),
    );
    let answer_timeout = table.duration(
        "answer_timeout",
        Duration::from_millis(100)..=seconds(300),
        seconds(20),
    );
    let token = token.ok()??;
    Some(Settings {
        phone_number_id: phone_number_id?,
        business_account_id,
        token: token.value,
        token_file: token.file,
        app_secret: app_secret?,
        base_url: base_url.unwrap_or_else(|| "https://graph.facebook.com".to_owned()),
        api_version: api_version.unwrap_or_else(|| "v25.0".to_owned()),
        ca_file,
        connect_timeout,
        answer_timeout,
    })
}

/// Meta's ids are numbers; a phone number in their place is the most common mistake.
fn id(key: &str, text: &str) -> Result<String, Problem> {
    if (5..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(text.to_owned());
    }
    Err(Problem::new(format!("`{key}` is digits only"))
        .help("copy the id from API Setup in Meta's dashboard; it is not the phone number"))
}

fn api_version(text: &str) -> Result<String, Problem> {
    let digits =
        |part: &str| !part.is_empty() && part.len() < 4 && part.bytes().all(|b| b.is_ascii_digit());
    let good = text
        .strip_prefix('v')
        .and_then(|rest| rest.split_once('.'))
        .is_some_and(|(major, minor)| digits(major) && digits(minor));
    good.then(|| text.to_owned()).ok_or_else(|| {
        let bare = text.trim_start_matches(['v', 'V']);
        let help = match bare.split_once('.') {
            Some((major, minor)) if digits(major) && digits(minor) => format!("write \"v{bare}\""),
            None if digits(bare) => format!("write \"v{bare}.0\""),
            _ => "write \"v25.0\"".to_owned(),
        };
        Problem::new(format!("\"{text}\" is not a version of the Graph API")).help(help)
    })
}

/// Only a machine's own loopback may be spoken to without TLS: the token is in every request.
fn base_url(text: &str) -> Result<String, Problem> {
    let wrong = || Problem::new("`base_url` is not an address");
    let example = "write \"https://graph.facebook.com\"";
    let url = Url::parse(text).map_err(|_| wrong().help(example))?;
    let host = url.host_str().unwrap_or("");
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Problem::new("`base_url` carries a user or a password").help(example));
    }
    if url.query().is_some() || url.fragment().is_some() || host.is_empty() {
        return Err(wrong().help(example));
    }
    let bare = host.trim_matches(['[', ']']);
    let loopback = bare == "localhost"
        || bare
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback());
    match url.scheme() {
        "https" => {}
        "http" if loopback => {}
        "http" => {
            return Err(
                Problem::new("plain http would show the token to the network")
                    .help("write https://; http is for a sandbox on this machine (127.0.0.1) only"),
            );
        }
        _ => return Err(wrong().help(example)),
    }
    Ok(text.trim_end_matches('/').to_owned())
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}
