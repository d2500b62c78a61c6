//! The people behind the phones: what they tap and write, and when their window is open.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::envelope::{DISPLAY_NUMBER, News};
use super::ledger::{Accepted, Entry, Ledger};
use super::mint;
use super::shared::Shared;
use crate::model::{Phone, Time};

/// How long free text may be sent after a person's last message.
const WINDOW: Duration = Duration::from_secs(24 * 3600);
/// Phones to remember before those whose window is closed are forgotten.
const PURGE_AT: usize = 10_000;
/// Most characters that a person can write.
const MAX_TEXT: usize = 4096;
/// Fewest digits that stand for a whole number.
const MIN_DIGITS: usize = 2;
/// The number that strangers write to when nothing was sent from any.
const NUMBER_ID: &str = "106540352242922";

/// What people said that is remembered.
const MAX_SAID: usize = 1_000;

/// What a person wrote or tapped.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) id: String,
    pub(super) at: Time,
    pub(super) phone: Phone,
    pub(super) text: String,
    /// It is the label of a button.
    pub(super) tapped: bool,
}

/// When each person last wrote, by digits, and what.
#[derive(Debug, Default)]
pub(super) struct Phones {
    wrote: BTreeMap<String, Instant>,
    said: VecDeque<Said>,
    /// Messages that people wrote.
    count: u64,
}

/// Why a tap or a reply cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    /// No phone ends like that.
    #[error("no phone with a message ends with {0}; write the whole number, country code first")]
    Unknown(String),
    /// More than one does.
    #[error("more than one phone ends with {0}; write more digits")]
    Ambiguous(String),
    /// There is nothing on the phone.
    #[error("there is no message on that phone")]
    NoMessage,
    /// No message on the phone has the button.
    #[error("no message on that phone has a button {label:?}; there are: {there}")]
    NoButton {
        /// What was looked for.
        label: String,
        /// The labels of the last message that has any.
        there: String,
    },
    /// A text that nobody can write.
    #[error("a text has 1 to {MAX_TEXT} characters")]
    Length,
}

impl Phones {
    /// Whether free text may be sent to `phone` (digits).
    pub(super) fn is_open(&self, now: Instant, phone: &str) -> bool {
        let wrote = self.wrote.get(phone);
        wrote.is_some_and(|wrote| now < *wrote + WINDOW)
    }

    /// What people said last, oldest first.
    pub(super) fn said(&self) -> impl Iterator<Item = &Said> {
        self.said.iter()
    }

    fn remember(&mut self, said: Said) {
        if self.said.len() == MAX_SAID {
            self.said.pop_front();
        }
        self.said.push_back(said);
    }

    fn open(&mut self, now: Instant, phone: &str) -> u64 {
        if self.wrote.len() >= PURGE_AT && !self.wrote.contains_key(phone) {
            self.wrote.retain(|_, wrote| now < *wrote + WINDOW);
        }
        self.wrote.insert(phone.to_owned(), now);
        self.count += 1;
        self.count
    }
}

/// The number that `text` means: a whole one, or the last digits of one that got a message.
fn meant(ledger: &Ledger, text: &str) -> Result<Phone, PhoneError> {
    if let Some(phone) = Phone::suggest(text) {
        return Ok(phone);
    }
    let digits = text.trim().trim_start_matches('…');
    let is_end = digits.len() >= MIN_DIGITS && digits.bytes().all(|b| b.is_ascii_digit());
    let mut found: Option<&Phone> = None;
    for entry in ledger.entries().filter(|_| is_end) {
        let to = &entry.message.to;
        match found {
            Some(phone) if phone == to => {}
            _ if !to.digits().ends_with(digits) => {}
            Some(_) => return Err(PhoneError::Ambiguous(text.to_owned())),
            None => found = Some(to),
        }
    }
    let unknown = || PhoneError::Unknown(text.to_owned());
    found.cloned().ok_or_else(unknown)
}

/// What is on the phone, the last first.
fn of<'a>(ledger: &'a Ledger, phone: &'a Phone) -> impl Iterator<Item = &'a Entry> {
    let entries = ledger.entries().rev();
    entries.filter(move |entry| entry.message.to == *phone)
}

/// Taps the button `label` of the last message to `who` that has it. What came of it.
pub(super) fn tap(shared: &Shared, who: &str, label: &str) -> Result<Value, PhoneError> {
    let (phone, found) = {
        let state = shared.state();
        let phone = meant(&state.ledger, who)?;
        let tapped = of(&state.ledger, &phone)
            .map(|entry| &entry.message)
            .find_map(|m| Some((Arc::clone(m), m.tap(label)?.clone())));
        let found = tapped.ok_or_else(|| no_button(&state.ledger, &phone, label))?;
        (phone, found)
    };
    let (message, tap) = found;
    let label = tap.label.as_deref().unwrap_or(label);
    let inbound = json!({
        "type": "button",
        "button": {"payload": tap.payload, "text": label},
        "context": {"from": DISPLAY_NUMBER, "id": message.wamid},
    });
    Ok(say(shared, &phone, Some(&message), inbound))
}

fn no_button(ledger: &Ledger, phone: &Phone, label: &str) -> PhoneError {
    if of(ledger, phone).next().is_none() {
        return PhoneError::NoMessage;
    }
    let mut messages = of(ledger, phone).map(|entry| &entry.message);
    let labels: Vec<String> = messages
        .find(|message| !message.taps.is_empty())
        .map(|message| {
            message
                .taps
                .iter()
                .filter_map(|tap| tap.label.clone())
                .collect()
        })
        .unwrap_or_default();
    PhoneError::NoButton {
        label: label.to_owned(),
        there: match labels.is_empty() {
            true => "none".to_owned(),
            false => labels.join(", "),
        },
    }
}

/// `who` writes `text`; with `quote` as an answer to the last message there. What came of it.
pub(super) fn reply(
    shared: &Shared,
    who: &str,
    text: &str,
    quote: bool,
) -> Result<Value, PhoneError> {
    if text.is_empty() || text.chars().count() > MAX_TEXT {
        return Err(PhoneError::Length);
    }
    let (phone, last) = {
        let state = shared.state();
        let phone = meant(&state.ledger, who)?;
        let last = of(&state.ledger, &phone).next();
        let last = last.map(|entry| Arc::clone(&entry.message));
        (phone, last)
    };
    let mut inbound = json!({"type": "text", "text": {"body": text}});
    if quote {
        let quoted = last.as_ref().ok_or(PhoneError::NoMessage)?;
        inbound["context"] = json!({"from": DISPLAY_NUMBER, "id": quoted.wamid});
    }
    Ok(say(shared, &phone, last.as_ref(), inbound))
}

/// Opens the window of `phone`, and posts what it says.
fn say(shared: &Shared, phone: &Phone, about: Option<&Arc<Accepted>>, mut inbound: Value) -> Value {
    let now = Instant::now();
    let mut state = shared.state();
    let count = state.phones.open(now, phone.digits());
    let wamid = mint::wamid(phone.digits(), count);
    inbound["id"] = json!(wamid);
    let tapped = inbound["button"]["text"].as_str();
    let words = tapped.or_else(|| inbound["text"]["body"].as_str());
    let said = Said {
        id: wamid.clone(),
        at: shared.at(),
        phone: phone.clone(),
        text: words.unwrap_or_default().to_owned(),
        tapped: tapped.is_some(),
    };
    state.phones.remember(said);
    let about = about.or_else(|| {
        state
            .ledger
            .entries()
            .next_back()
            .map(|entry| &entry.message)
    });
    let number_id = match (about, &shared.phone_number_id) {
        (Some(message), _) => message.number_id.clone(),
        (None, Some(id)) => id.clone(),
        (None, None) => NUMBER_ID.to_owned(),
    };
    let posted = state.outgoing.is_some();
    let answer = json!({
        "id": wamid,
        "phone": phone.to_string(),
        "type": inbound["type"],
        "context": inbound["context"]["id"],
        "posted": posted,
    });
    let news = News::Inbound {
        number_id,
        from: phone.digits().to_owned(),
        message: inbound,
    };
    shared.tell(&mut state, news);
    answer
}

/// Every phone with its `last` messages, oldest first; numbers are shortened.
pub(super) fn list(shared: &Shared, last: usize) -> Value {
    let now = Instant::now();
    let state = shared.state();
    let mut phones: BTreeMap<&Phone, Vec<&Entry>> = BTreeMap::new();
    for entry in state.ledger.entries() {
        phones.entry(&entry.message.to).or_default().push(entry);
    }
    let phone = |(phone, entries): (&Phone, Vec<&Entry>)| {
        let skip = entries.len().saturating_sub(last);
        let messages: Vec<Value> = entries[skip..].iter().map(|entry| entry.json()).collect();
        json!({
            "phone": phone.to_string(),
            "count": entries.len(),
            "window_open": state.phones.is_open(now, phone.digits()),
            "messages": messages,
        })
    };
    let listed: Vec<Value> = phones.into_iter().map(phone).collect();
    json!({ "phones": listed })
}
