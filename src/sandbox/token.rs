//! Which tokens are good, and until when.

use serde_json::{Value, json};

use super::refusal::Refusal;
use crate::model::Time;

/// Which tokens are good, and until when.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    /// The only one that is; any when not given.
    pub(super) only: Option<String>,
    /// One that is called expired.
    pub(super) expired: Option<String>,
    /// When all of them end.
    pub(super) end: Option<Time>,
}

/// What is to become of the tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenChange {
    /// None is good any more.
    Expire,
    /// All are good again, until then where one is given.
    Renew(Option<Time>),
}

impl Tokens {
    pub(super) fn change(&mut self, now: Time, change: TokenChange) {
        self.end = match change {
            TokenChange::Expire => Some(now),
            TokenChange::Renew(end) => end,
        };
    }

    /// Whether `token` may call.
    pub(super) fn check(&self, now: Time, token: &str) -> Result<(), Refusal> {
        if self.is_over(now, token) {
            return Err(Refusal::expired());
        }
        match self.only.as_deref() {
            Some(only) if only != token => Err(Refusal::authentication()),
            _ => Ok(()),
        }
    }

    fn is_over(&self, now: Time, token: &str) -> bool {
        self.expired.as_deref() == Some(token) || self.end.is_some_and(|end| end <= now)
    }

    /// What `GET /debug_token` says of `token`.
    pub(super) fn node(&self, now: Time, token: &str) -> Value {
        let subcode = match self.is_over(now, token) {
            true => Some(463),
            false => self.check(now, token).err().map(|_| 467),
        };
        let mut data = json!({
            "app_id": "1234567890",
            "type": "SYSTEM_USER",
            "application": "klaxond sandbox",
            "is_valid": subcode.is_none(),
            // 0 is never.
            "expires_at": match self.expired.as_deref() == Some(token) {
                true => 1,
                false => self.end.map_or(0, |end| end.as_ms() / 1000),
            },
            "data_access_expires_at": 0,
            "scopes": ["whatsapp_business_management", "whatsapp_business_messaging"],
            "granular_scopes": [],
        });
        if let Some(subcode) = subcode {
            data["error"] = json!({
                "code": 190,
                "message": "Error validating access token",
                "subcode": subcode,
            });
        }
        json!({ "data": data })
    }
}
