//! The audit trail: every decision and act, only ever added to. What came in is told by the log until
//! retention takes it from there and puts it into the trail, in the same transaction; everything else
//! is written with what it tells of. Contacts by id; never a number, nor what a person wrote.

use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Value, json};

use crate::model::{MessageId, Position, SilenceId, Time};

use super::sqlite::audit;
use super::{Archive, Inquiry, StoreError};

/// The place of a fact in the trail: what a log entry itself tells prints as `4711.0`, `4711.1`; what
/// was written after it, and before the next one, as `4711+1`, `4711+2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Seq(pub(super) i64);

impl Seq {
    /// Before every fact.
    pub const START: Self = Self(-1);

    /// Bits of the count behind the position.
    const BITS: u32 = 28;

    /// The first count of what was written after an entry.
    const WRITTEN: i64 = 1 << 16;

    pub(super) const fn told(position: Position, n: i64) -> Self {
        let n = if n < Self::WRITTEN {
            n
        } else {
            Self::WRITTEN - 1
        };
        Self((position.0 << Self::BITS) + n)
    }

    pub(super) const fn written(position: Position, n: i64) -> Self {
        Self((position.0 << Self::BITS) + Self::WRITTEN + n)
    }

    /// The log entry at which or after which it stands.
    pub(super) const fn position(self) -> Position {
        Position(self.0 >> Self::BITS)
    }

    /// How many were written after the same entry up to here, when it is one of them.
    pub(super) const fn count(self) -> Option<i64> {
        let n = self.0 & ((1 << Self::BITS) - 1);
        if n < Self::WRITTEN {
            None
        } else {
            Some(n - Self::WRITTEN + 1)
        }
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let position = self.position();
        match self.count() {
            Some(n) => write!(f, "{position}+{n}"),
            None => write!(f, "{position}.{}", self.0 & (Self::WRITTEN - 1)),
        }
    }
}

/// A text that is no place in the audit trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a place in the audit trail; one looks like 4711.0 or 4711+2")]
pub struct SeqFault;

impl FromStr for Seq {
    type Err = SeqFault;

    /// Reads what [`fmt::Display`] writes.
    fn from_str(text: &str) -> Result<Self, SeqFault> {
        let read = |position: &str, n: &str| {
            let position = position.parse::<u32>().map_err(|_| SeqFault)?;
            let n = n.parse::<u32>().map_err(|_| SeqFault)?;
            Ok((Position(i64::from(position)), i64::from(n)))
        };
        if let Some((position, n)) = text.split_once('+') {
            let (position, n) = read(position, n)?;
            return Ok(Self::written(position, n - 1));
        }
        let (position, n) = text.split_once('.').ok_or(SeqFault)?;
        let (position, n) = read(position, n)?;
        Ok(Self::told(position, n))
    }
}

macro_rules! whats {
    ($($(#[$doc:meta])* $name:ident => $word:literal),+ $(,)?) => {
        /// What a fact tells of.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum What { $($(#[$doc])* $name),+ }

        impl What {
            /// Every one.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The word as the store keeps it and programs read it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $word),+ }
            }
        }
    };
}

whats! {
    /// A record was stored; the kind is its severity.
    Stored => "stored",
    /// A rule decided to speak; the kind is what is said.
    Decided => "decided",
    /// A rule would have spoken, and something kept it.
    Suppressed => "suppressed",
    /// An attempt to send ended: accepted, failed, unknown or shadow.
    Attempt => "attempt",
    /// A message waits until a hold lifts.
    Held => "held",
    /// A message waits for its turn again.
    Queued => "queued",
    /// A message ended otherwise: expired, superseded, digested, failed.
    Ended => "ended",
    /// Meta said how far a message came.
    Receipt => "receipt",
    /// A contact wrote or tapped; the kind is what it meant.
    Reply => "reply",
    /// An alarm was acknowledged by hand.
    Ack => "ack",
    /// An alarm was ended by hand.
    Clear => "clear",
    /// A message was sent again by hand.
    Retry => "retry",
    /// A silence was ordered.
    Silence => "silence",
    /// A silence was ended by hand.
    Unsilence => "unsilence",
    /// The config was read again.
    Reload => "reload",
    /// The wall clock jumped.
    ClockJump => "clock_jump",
    /// A message did not reach its contact: somebody else is to be told.
    Undelivered => "undelivered",
    /// The operators are to know something about klaxond itself.
    Notice => "notice",
    /// A template, the number or the account changed at Meta.
    Meta => "meta",
    /// The number and the words of a contact were erased.
    Forgotten => "forgotten",
    /// The daemon started.
    Start => "start",
    /// The daemon stopped in order.
    Stop => "stop",
    /// Records were answered busy from here on.
    Busy => "busy",
    /// Records were taken again.
    BusyOver => "busy_over",
}

impl What {
    /// The one of that word.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|what| what.name() == name)
    }
}

/// One fact of the audit trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Its place.
    pub seq: Seq,
    /// When, in engine time.
    pub at: Time,
    /// What it tells of.
    pub what: What,
    /// Which kind of that.
    pub kind: Option<String>,
    /// The root id of the alarm.
    pub alarm: Option<String>,
    /// The rule.
    pub rule: Option<String>,
    /// Contacts, by id.
    pub contacts: Vec<String>,
    /// The message; with more than one contact, the first of as many that follow each other.
    pub message: Option<MessageId>,
    /// The silence.
    pub silence: Option<SilenceId>,
    /// Who: a person, or where a record came from.
    pub by: Option<String>,
    /// Graph error code.
    pub code: Option<u32>,
    /// The rest in words, bounded.
    pub detail: String,
}

impl Fact {
    pub(super) fn new(at: Time, what: What) -> Self {
        Self {
            seq: Seq::default(),
            at,
            what,
            kind: None,
            alarm: None,
            rule: None,
            contacts: Vec::new(),
            message: None,
            silence: None,
            by: None,
            code: None,
            detail: String::new(),
        }
    }

    /// The messages it tells of.
    pub fn messages(&self) -> impl Iterator<Item = MessageId> + '_ {
        let count = i64::try_from(self.contacts.len().max(1)).unwrap_or(1);
        let first = self.message.map(|message| message.0);
        first
            .into_iter()
            .flat_map(move |first| (first..first.saturating_add(count)).map(MessageId))
    }

    /// As programs read it: one object, with the keys that have something to tell.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut object = Map::new();
        let mut put = |key: &str, value: Value| {
            object.insert(key.to_owned(), value);
        };
        put("seq", json!(self.seq.to_string()));
        put("at", json!(self.at.to_string()));
        put("what", json!(self.what.name()));
        let texts = [
            ("kind", &self.kind),
            ("alarm", &self.alarm),
            ("rule", &self.rule),
            ("by", &self.by),
        ];
        for (key, text) in texts {
            if let Some(text) = text {
                put(key, json!(text));
            }
        }
        if !self.contacts.is_empty() {
            put("contacts", json!(self.contacts));
        }
        if self.message.is_some() {
            let messages: Vec<String> = self.messages().map(|id| id.to_string()).collect();
            put("messages", json!(messages));
        }
        if let Some(silence) = self.silence {
            put("silence", json!(silence.to_string()));
        }
        if let Some(code) = self.code {
            put("code", json!(code));
        }
        if !self.detail.is_empty() {
            put("detail", json!(self.detail));
        }
        Value::Object(object)
    }
}

/// Which facts are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditWanted {
    /// From this time on.
    pub since: Option<Time>,
    /// Before this time.
    pub until: Option<Time>,
    /// Only of this: the root id of an alarm (with the messages that came of it), a message (`m17`,
    /// `d2`), a silence (`s17`) or a contact.
    pub id: Option<String>,
}

/// Something that the daemon itself did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// It started, as this version.
    Started(String),
    /// It stops in order.
    Stopped,
}

impl Archive {
    /// Writes what the daemon did into the audit trail.
    ///
    /// # Errors
    /// It was not written.
    pub async fn note(&self, at: Time, act: Act) -> Result<(), StoreError> {
        self.access
            .write(1, move |tx| audit::note(tx, at, &act))
            .await
    }

    /// Deletes one chunk of the audit trail of before `before`; how many facts went.
    ///
    /// # Errors
    /// Nothing was deleted.
    pub async fn prune_audit(&self, before: Time, chunk: usize) -> Result<usize, StoreError> {
        self.access
            .write(chunk, move |tx| audit::prune(tx, before, chunk))
            .await
    }
}

impl Inquiry {
    /// At most `limit` facts behind `after`, in order; fewer when there are no more.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn audit(
        &self,
        wanted: &AuditWanted,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<Fact>, StoreError> {
        self.reader
            .ask(|conn| audit::page(conn, wanted, after, limit))
    }

    /// What the audit trail has of an alarm, a message (`17`, `m17`, `d2`) or a silence (`s17`), found
    /// by indexes, oldest first; bounded, the oldest are left out.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn facts(&self, id: &str) -> Result<Vec<Fact>, StoreError> {
        self.reader.ask(|conn| audit::facts(conn, id))
    }
}
