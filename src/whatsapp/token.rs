//! What Meta says of the access token (whatsapp-cloud-api.md section 8).

use serde::{Deserialize, Deserializer};

use crate::model::Time;

use super::wire::lenient;

/// The answer of `debug_token`.
#[derive(Debug, Deserialize)]
pub(super) struct TokenAnswer {
    pub(super) data: TokenInfo,
}

/// The access token as Meta sees it. What Meta left out is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TokenInfo {
    /// Whether it works.
    #[serde(default, deserialize_with = "lenient")]
    pub is_valid: Option<bool>,
    /// When it stops working; `None` for one that does not expire.
    #[serde(default, rename = "expires_at", deserialize_with = "moment")]
    pub expires: Option<Time>,
    /// What it may do.
    #[serde(default, deserialize_with = "list")]
    pub scopes: Vec<String>,
}

impl TokenInfo {
    /// What it may not do and klaxond needs; nothing when Meta names no scope at all.
    #[must_use]
    pub fn missing_scopes(&self) -> Vec<&'static str> {
        let needed = [
            "whatsapp_business_messaging",
            "whatsapp_business_management",
        ];
        let lacks = |scope: &&str| !self.scopes.iter().any(|has| has == scope);
        match self.scopes.is_empty() {
            true => Vec::new(),
            false => needed.into_iter().filter(lacks).collect(),
        }
    }
}

/// Seconds since 1970; 0 is never.
fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Time>, D::Error> {
    let seconds: Option<i64> = lenient(deserializer)?;
    let seconds = seconds.filter(|seconds| *seconds > 0);
    Ok(seconds.map(|seconds| Time::from_ms(seconds.saturating_mul(1_000))))
}

fn list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(lenient(deserializer)?.unwrap_or_default())
}
