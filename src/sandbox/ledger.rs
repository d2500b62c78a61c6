//! What the sandbox accepted, and what it has to show.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::model::{Phone, Stage, Time};

/// A message that was accepted: for the sandbox, one that is on the phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// When.
    pub at: Time,
    /// The phone, without the plus. Prints as its last digits.
    pub to: Phone,
    /// The name of the template; empty for plain text.
    pub template: String,
    /// Its language; empty for plain text.
    pub language: String,
    /// What filled the body's variables, in the order sent.
    pub parameters: Vec<String>,
    /// The header as shown.
    pub header: Option<String>,
    /// The body as shown.
    pub body: String,
    /// The footer as shown.
    pub footer: Option<String>,
    /// The labels of the buttons.
    pub buttons: Vec<String>,
    /// Which of them answer.
    pub taps: Vec<Tap>,
    /// The id of the business number that sent it.
    pub number_id: String,
    /// `biz_opaque_callback_data`.
    pub opaque: Option<String>,
    /// Its id.
    pub wamid: String,
    /// The client was not told: the answer was lost on request.
    pub answer_lost: bool,
}

/// A button that answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tap {
    /// What is written on it; not known of a template that the sandbox does not know.
    pub label: Option<String>,
    /// What comes back beside the label.
    pub payload: String,
}

impl Accepted {
    /// The button with that label, in any case.
    #[must_use]
    pub fn tap(&self, label: &str) -> Option<&Tap> {
        let same = |tap: &&Tap| {
            let own = tap.label.as_deref().map(str::to_lowercase);
            own.is_none_or(|own| own == label.to_lowercase())
        };
        self.taps.iter().find(same)
    }

    /// The whole text: header, body, footer, and each button as `[Label]`, one below the other.
    #[must_use]
    pub fn text(&self) -> String {
        let mut lines: Vec<String> = Vec::new();
        lines.extend(self.header.clone());
        lines.push(self.body.clone());
        lines.extend(self.footer.clone());
        lines.extend(self.buttons.iter().map(|label| format!("[{label}]")));
        lines.join("\n")
    }

    /// As JSON, the number shortened.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "at": self.at.to_string(),
            "to": self.to.to_string(),
            "template": Some(&self.template).filter(|name| !name.is_empty()),
            "language": Some(&self.language).filter(|code| !code.is_empty()),
            "parameters": self.parameters,
            "text": self.text(),
            "biz_opaque_callback_data": self.opaque,
            "wamid": self.wamid,
            "answer_lost": self.answer_lost,
        })
    }
}

/// What happened, as it happens.
#[derive(Debug, Clone)]
pub enum Shown {
    /// A message is on a phone.
    Message(Arc<Accepted>),
    /// A message came further, or failed.
    Receipt {
        /// When.
        at: Time,
        /// Which message.
        message: Arc<Accepted>,
        /// How far.
        stage: Stage,
        /// Why it failed.
        code: Option<u32>,
    },
    /// A request was turned down, or met a fault on request.
    Refused {
        /// When.
        at: Time,
        /// The Graph code, where there is one.
        code: Option<u32>,
        /// Why, in Meta's words, or the fault.
        why: String,
    },
}

/// How much of what there was.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Messages on phones.
    pub accepted: u64,
    /// Of these, how many the client was not told of.
    pub answers_lost: u64,
    /// Requests that were turned down, by Graph code.
    pub refused: BTreeMap<u32, u64>,
    /// Requests that met a fault without a Graph code.
    pub faulty: u64,
    /// What came of webhooks.
    pub webhook: Posts,
}

/// What came of the webhooks that were posted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Posts {
    /// Whether the address gave the challenge back; true where none is asked for.
    pub verified: bool,
    /// Receipts, replies and news that were taken with 200.
    pub taken: u64,
    /// Posts that were not: another status, or none.
    pub refused: u64,
    /// Receipts, replies and news that were given up.
    pub dropped: u64,
    /// Receipts, replies and news that are still to come.
    pub waiting: u64,
}

impl Posts {
    /// As JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "verified": self.verified,
            "taken": self.taken,
            "refused": self.refused,
            "dropped": self.dropped,
            "waiting": self.waiting,
        })
    }
}

/// Graph codes to tell apart; there are fewer, a client cannot add any.
const MAX_CODES: usize = 512;

/// The last messages that were accepted, and the tally of all.
#[derive(Debug)]
pub(super) struct Ledger {
    keep: usize,
    messages: VecDeque<Entry>,
    tally: Tally,
}

/// A message and how far it came.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) message: Arc<Accepted>,
    /// `None` while nothing but its acceptance is known.
    pub(super) stage: Option<Stage>,
}

impl Entry {
    /// As JSON, the number shortened.
    pub(super) fn json(&self) -> Value {
        let mut json = self.message.json();
        json["state"] = json!(self.stage.map_or("accepted", Stage::name));
        json
    }
}

impl Ledger {
    /// Remembers `keep` messages.
    pub(super) fn new(keep: usize) -> Self {
        Self {
            keep,
            messages: VecDeque::new(),
            tally: Tally::default(),
        }
    }

    /// Messages accepted so far.
    pub(super) fn accepted(&self) -> u64 {
        self.tally.accepted
    }

    pub(super) fn accept(&mut self, message: Arc<Accepted>) {
        self.tally.accepted += 1;
        self.tally.answers_lost += u64::from(message.answer_lost);
        if self.messages.len() == self.keep {
            self.messages.pop_front();
        }
        if self.keep > 0 {
            self.messages.push_back(Entry {
                message,
                stage: None,
            });
        }
    }

    /// The message that was accepted after `number` others came to `stage`. It never goes back.
    pub(super) fn advance(&mut self, number: u64, stage: Stage) {
        let kept = u64::try_from(self.messages.len()).unwrap_or(u64::MAX);
        let first = self.tally.accepted - kept;
        let index = number.checked_sub(first).map(usize::try_from);
        if let Some(Ok(index)) = index
            && let Some(entry) = self.messages.get_mut(index)
        {
            entry.stage = entry.stage.max(Some(stage));
        }
    }

    pub(super) fn refuse(&mut self, code: Option<u32>) {
        match code {
            None => self.tally.faulty += 1,
            Some(code) => {
                let full = self.tally.refused.len() >= MAX_CODES;
                if !full || self.tally.refused.contains_key(&code) {
                    *self.tally.refused.entry(code).or_default() += 1;
                }
            }
        }
    }

    /// What is remembered, oldest first.
    pub(super) fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.messages.iter()
    }

    pub(super) fn messages(&self) -> Vec<Arc<Accepted>> {
        let messages = self.messages.iter();
        messages.map(|entry| Arc::clone(&entry.message)).collect()
    }

    pub(super) fn tally(&self) -> Tally {
        self.tally.clone()
    }
}
