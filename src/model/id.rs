//! Names and numbers by which things are known.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The longest id or name that configuration may give, in bytes.
const MAX_ID_BYTES: usize = 128;

/// Why a text cannot be an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdFault {
    /// Nothing but white space.
    #[error("is empty; give it a name")]
    Empty,
    /// Longer than 128 bytes.
    #[error("is longer than {MAX_ID_BYTES} bytes; shorten it")]
    TooLong,
    /// Holds a character that would break a line or a terminal.
    #[error("holds a control character; write it in plain text")]
    Control,
}

fn checked(text: &str) -> Result<Arc<str>, IdFault> {
    let text = text.trim();
    if text.is_empty() {
        Err(IdFault::Empty)
    } else if text.len() > MAX_ID_BYTES {
        Err(IdFault::TooLong)
    } else if text.chars().any(char::is_control) {
        Err(IdFault::Control)
    } else {
        Ok(Arc::from(text))
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Reads an id: trimmed, 1 to 128 bytes, no control characters.
            ///
            /// # Errors
            /// [`IdFault`] says which of these does not hold.
            pub fn parse(text: &str) -> Result<Self, IdFault> {
                checked(text).map(Self)
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id! {
    /// A rule, by its `id` in the config, which is its name unless given.
    RuleId
}
text_id! {
    /// A contact, by its `id` in the config, which is its name unless given. Never a number.
    ContactId
}
text_id! {
    /// A template, by its key under `[templates]`.
    TemplateId
}

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default,
        )]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl $name {
            /// The one that follows.
            #[must_use]
            pub const fn next(self) -> Self {
                Self(self.0.saturating_add(1))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number_id! {
    /// A place in the log; entries count up from 1 without holes, 0 is before the first.
    Position
}
number_id! {
    /// A notification of a rule, in the order in which they were decided; from
    /// [`NotificationId::DIGESTS`] on, of a digest.
    NotificationId
}

impl NotificationId {
    /// The number before that of the first digest.
    pub const DIGESTS: i64 = MessageId::DIGESTS;
}

/// A message to one contact, in the order in which they were decided; from [`MessageId::DIGESTS`]
/// on, a digest, which prints as `d1`, `d2`, ….
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default,
)]
#[serde(transparent)]
pub struct MessageId(pub i64);

impl MessageId {
    /// The number before that of the first digest: rules and lanes number their messages apart.
    pub const DIGESTS: i64 = 1 << 40;

    /// The one that follows.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// Whether it stands for many.
    #[must_use]
    pub const fn is_digest(self) -> bool {
        self.0 > Self::DIGESTS
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_digest() {
            write!(f, "d{}", self.0 - Self::DIGESTS)
        } else {
            self.0.fmt(f)
        }
    }
}

impl std::str::FromStr for MessageId {
    type Err = std::num::ParseIntError;

    /// Reads what [`fmt::Display`] writes.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_prefix('d') {
            Some(digest) => digest
                .parse::<u32>()
                .map(|n| Self(Self::DIGESTS + i64::from(n))),
            None => text.parse().map(Self),
        }
    }
}
