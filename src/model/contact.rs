//! People who are told.

use std::fmt;
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::{Calendar, ContactId, IdFault, Severity};

/// Someone who is told of alarms.
#[derive(Debug, Clone)]
pub struct Contact {
    /// Known by this in the store, in logs and in answers.
    pub id: ContactId,
    /// How messages address the person.
    pub name: String,
    /// Where messages go.
    pub phone: Phone,
    /// Groups that rules can notify.
    pub groups: Vec<String>,
    /// Template language to prefer, as Meta spells it (`en_US`).
    pub language: Option<String>,
    /// Zone in which times print; the config's when not given.
    pub timezone: Option<TimeZone>,
    /// A contact that is off is told nothing.
    pub enabled: bool,
    /// Where the consent to be written to is on record.
    pub opt_in: Option<String>,
    /// Who is told when this contact cannot be; the config's when not given.
    pub fallback: Option<ContactId>,
    /// When the person is not to be woken.
    pub quiet: Option<QuietHours>,
}

/// When a person is not to be woken: what is not bad enough waits until the morning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuietHours {
    /// While one of these holds.
    pub times: Vec<Arc<Calendar>>,
    /// What is as bad as this breaks through.
    pub except: Severity,
}

/// Why a contact cannot be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ContactFault {
    /// The id or name.
    #[error(transparent)]
    Id(#[from] IdFault),
    /// The number.
    #[error(transparent)]
    Phone(#[from] PhoneFault),
}

/// A phone number in E.164 without the plus: country code first, 8 to 15 digits.
///
/// `Debug` and `Display` show the last two digits only.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Phone(Box<str>);

/// Why a text is not a phone number. The text itself is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PhoneFault {
    /// Something other than digits.
    #[error("a phone number is digits only, country code first")]
    NotDigits,
    /// A leading zero is a trunk prefix, never a country code.
    #[error("a phone number begins with its country code, not with 0")]
    LeadingZero,
    /// E.164 allows 15 digits; no country has numbers shorter than 8 with its code.
    #[error("a phone number has 8 to 15 digits with its country code")]
    Length,
}

impl Phone {
    /// Reads a number: digits only, country code first.
    ///
    /// # Errors
    /// [`PhoneFault`] says what does not hold.
    pub fn parse(text: &str) -> Result<Self, PhoneFault> {
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
            Err(PhoneFault::NotDigits)
        } else if text.starts_with('0') {
            Err(PhoneFault::LeadingZero)
        } else if !(8..=15).contains(&text.len()) {
            Err(PhoneFault::Length)
        } else {
            Ok(Self(text.into()))
        }
    }

    /// What the person most likely meant: the digits of `text` without `+`, a leading `00` and
    /// separators, when that is a number.
    #[must_use]
    pub fn suggest(text: &str) -> Option<Self> {
        let bare = text.trim().trim_start_matches('+');
        let digits: String = bare
            .chars()
            .filter(|c| !matches!(c, ' ' | '-' | '.' | '/' | '(' | ')' | '\u{a0}'))
            .collect();
        let digits = digits.strip_prefix("00").unwrap_or(&digits);
        Self::parse(digits).ok()
    }

    /// The digits, for the one place that sends them and the one that stores them.
    #[must_use]
    pub fn digits(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "…{}", &self.0[self.0.len() - 2..])
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Phone({self})")
    }
}
