//! `[webhook]`: where Meta's receipts and replies come in.
//!
//! They are on when the section, a verify token and the app secret are all there; a part of it alone
//! is a mistake.

use std::net::{Ipv4Addr, SocketAddr};

use crate::web::WebhookSettings;

use super::fault::Fault;
use super::http::address_or_off;
use super::keys;
use super::page::Problem;
use super::reader::Table;
use super::whatsapp::WebhookKeys;

/// Who updates are for, and what they are known by.
pub(super) struct Known<'k> {
    pub(super) keys: WebhookKeys,
    pub(super) phone_number_id: Option<&'k str>,
    /// Where `[http]` listens.
    pub(super) http: Option<SocketAddr>,
}

/// `None` is off, or wrong, which is told.
pub(super) fn read(top: &Table<'_>, known: Known<'_>) -> Option<WebhookSettings> {
    let table = top.table("webhook", &keys::WEBHOOK);
    if !table.is_given() {
        if let Some(span) = known.keys.verify_token_span {
            let fault = Fault::at(
                span,
                "a verify token is given, and nothing listens for Meta",
            );
            top.page.fault(fault.help(
                "add [webhook] with listen = \"127.0.0.1:9781\" for receipts and replies, or take this key out",
            ));
        }
        return None;
    }
    let listen = match table.get("listen") {
        Some(_) => table.read("listen", |text| address_or_off(text, "127.0.0.1:9781"))?,
        None => Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 9781))),
    }?;
    // Port 0 is any that is free.
    if known.http == Some(listen) && listen.port() != 0 {
        let problem = Problem::new("[webhook] and [http] listen on the same address");
        table.fault("listen", problem.help("give each a port of its own"));
    }
    if let Ok(None) = known.keys.verify_token {
        table.missing(
            "a verify token",
            "write verify_token_file = \"verify_token\" in [whatsapp] and put a long random text into that file; Meta's dashboard asks for the same",
        );
    }
    if let Ok(None) = known.keys.app_secret {
        table.missing(
            "the app secret",
            "write app_secret_file = \"app_secret\" in [whatsapp] and put the secret from Meta's dashboard (App settings > Basic) into that file",
        );
    }
    Some(WebhookSettings {
        listen,
        verify_token: known.keys.verify_token.ok()??,
        app_secret: known.keys.app_secret.ok()??,
        phone_number_id: known.phone_number_id?.to_owned(),
    })
}
