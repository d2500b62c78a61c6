//! What the sandbox accepted, and what it has to show.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::model::{Phone, Time};

/// A message that was accepted: for the sandbox, one that is on the phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// When.
    pub at: Time,
    /// The phone, without the plus. Prints as its last digits.
    pub to: Phone,
    /// The name of the template.
    pub template: String,
    /// Its language.
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
    /// `biz_opaque_callback_data`.
    pub opaque: Option<String>,
    /// Its id.
    pub wamid: String,
    /// The client was not told: the answer was lost on request.
    pub answer_lost: bool,
}

impl Accepted {
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
            "template": self.template,
            "language": self.language,
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
}

/// Graph codes to tell apart; there are fewer, a client cannot add any.
const MAX_CODES: usize = 512;

/// The last messages that were accepted, and the tally of all.
#[derive(Debug)]
pub(super) struct Ledger {
    keep: usize,
    messages: VecDeque<Arc<Accepted>>,
    tally: Tally,
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
            self.messages.push_back(message);
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

    pub(super) fn messages(&self) -> Vec<Arc<Accepted>> {
        self.messages.iter().cloned().collect()
    }

    pub(super) fn tally(&self) -> Tally {
        self.tally.clone()
    }
}
