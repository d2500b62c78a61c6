//! What Meta says of the business number (whatsapp-cloud-api.md section 8).

use serde::{Deserialize, Deserializer};

use super::wire::lenient;

/// The fields that are asked for.
pub(super) const FIELDS: &str = "verified_name,display_phone_number,quality_rating,\
    code_verification_status,platform_type,throughput,\
    whatsapp_business_manager_messaging_limit,health_status";

/// The business number as Meta sees it. What Meta left out is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct NumberInfo {
    /// The name that people see.
    #[serde(default, deserialize_with = "lenient")]
    pub verified_name: Option<String>,
    /// The last two digits of the number, after `…`: enough to know it, not enough to leak it.
    #[serde(default, rename = "display_phone_number", deserialize_with = "ending")]
    pub number: Option<String>,
    /// `GREEN`, `YELLOW`, `RED` or `UNKNOWN`.
    #[serde(default, deserialize_with = "lenient")]
    pub quality_rating: Option<String>,
    /// `VERIFIED`, `NOT_VERIFIED` or `EXPIRED`.
    #[serde(default, deserialize_with = "lenient")]
    pub code_verification_status: Option<String>,
    /// `CLOUD_API` where the number can be used with this API.
    #[serde(default, deserialize_with = "lenient")]
    pub platform_type: Option<String>,
    /// `STANDARD` (80 a second) or `HIGH` (1000).
    #[serde(default, deserialize_with = "level")]
    pub throughput: Option<String>,
    /// How many people a day may be written to: `TIER_250`, `TIER_2K`, … `UNLIMITED`.
    #[serde(
        default,
        rename = "whatsapp_business_manager_messaging_limit",
        deserialize_with = "lenient"
    )]
    pub messaging_limit: Option<String>,
    /// Whether messages can be sent, and what stands in the way.
    #[serde(default, rename = "health_status", deserialize_with = "lenient")]
    pub health: Option<Health>,
}

/// Whether messages can be sent.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Health {
    /// `AVAILABLE`, `LIMITED` or `BLOCKED`.
    #[serde(default, deserialize_with = "lenient")]
    pub can_send_message: Option<String>,
    /// The same for each part: number, account, business, app.
    #[serde(default)]
    pub entities: Vec<HealthEntity>,
}

/// The health of one part.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct HealthEntity {
    /// `PHONE_NUMBER`, `WABA`, `BUSINESS`, `APP`, `MESSAGE_TEMPLATE`.
    #[serde(default, deserialize_with = "lenient")]
    pub entity_type: Option<String>,
    /// `AVAILABLE`, `LIMITED` or `BLOCKED`.
    #[serde(default, deserialize_with = "lenient")]
    pub can_send_message: Option<String>,
    /// What stands in the way.
    #[serde(default)]
    pub errors: Vec<HealthError>,
}

/// One thing that stands in the way.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct HealthError {
    /// Code of the error table.
    #[serde(default, deserialize_with = "lenient")]
    pub error_code: Option<u32>,
    /// Meta's words.
    #[serde(default, deserialize_with = "lenient")]
    pub error_description: Option<String>,
    /// What Meta advises.
    #[serde(default, deserialize_with = "lenient")]
    pub possible_solution: Option<String>,
}

impl NumberInfo {
    /// Whether Meta says outright that nothing can be sent.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        let health = self.health.as_ref();
        health.and_then(|health| health.can_send_message.as_deref()) == Some("BLOCKED")
    }
}

fn ending<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let number: Option<String> = lenient(deserializer)?;
    Ok(number.and_then(|number| {
        let digits: Vec<char> = number.chars().filter(char::is_ascii_digit).collect();
        let last = digits.len().checked_sub(2)?;
        Some(format!("…{}{}", digits[last], digits[last + 1]))
    }))
}

fn level<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    struct Throughput {
        level: String,
    }
    let throughput: Option<Throughput> = lenient(deserializer)?;
    Ok(throughput.map(|throughput| throughput.level))
}
