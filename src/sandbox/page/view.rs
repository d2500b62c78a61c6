//! What the page shows, as data: bounded, numbers shortened.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::model::{Phone, Stage, Time};
use crate::sandbox::ledger::{Entry, Posts};
use crate::sandbox::phones::Said;
use crate::sandbox::shared::{Shared, State};

/// Phones that are shown; the others are counted.
const MAX_PHONES: usize = 12;
/// Bubbles of one phone; older ones are counted.
const MAX_BUBBLES: usize = 40;
/// Templates that are shown; the others are counted.
const MAX_TEMPLATES: usize = 50;

/// How things stand with every phone, the faults, the templates and the token.
pub(super) fn view(shared: &Shared) -> Value {
    let (now, at) = (Instant::now(), shared.at());
    let state = shared.state();
    let tally = state.ledger.tally();
    let posts = state.outgoing.as_ref().map(|outgoing| outgoing.posts);
    let (phones, more_phones) = phones(&state, now);
    let held = state.catalogue.held();
    let templates = held.iter().take(MAX_TEMPLATES).map(|held| {
        json!({
            "name": held.text.name,
            "language": held.text.language,
            "status": held.text.status.name(),
            "category": held.category.name(),
        })
    });
    json!({
        "phones": phones,
        "more_phones": more_phones,
        "faults": state.faults.texts(),
        "templates": templates.collect::<Vec<Value>>(),
        "more_templates": held.len().saturating_sub(MAX_TEMPLATES),
        "token": {
            "good": state.tokens.end.is_none_or(|end| end > at),
            "expires": state.tokens.end.map(|end| end.to_string()),
        },
        "accepted": tally.accepted,
        "refused": tally.refused.values().sum::<u64>(),
        "faulty": tally.faulty,
        "webhook": posts.as_ref().map(Posts::json),
    })
}

/// A bubble of either side.
enum Bubble<'s> {
    Message(&'s Entry),
    Said(&'s Said),
}

impl Bubble<'_> {
    fn at(&self) -> Time {
        match self {
            Self::Message(entry) => entry.message.at,
            Self::Said(said) => said.at,
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::Message(Entry { message, stage }) => {
                let buttons = message
                    .buttons
                    .iter()
                    .map(|label| json!({ "label": label, "taps": message.tap(label).is_some() }));
                json!({
                    "id": message.wamid,
                    "at": message.at.to_string(),
                    "template": Some(&message.template).filter(|name| !name.is_empty()),
                    "header": message.header,
                    "body": message.body,
                    "footer": message.footer,
                    "buttons": buttons.collect::<Vec<Value>>(),
                    "state": stage.map_or("accepted", Stage::name),
                    "answer_lost": message.answer_lost,
                })
            }
            Self::Said(said) => json!({
                "id": said.id,
                "at": said.at.to_string(),
                "said": said.text,
                "tapped": said.tapped,
            }),
        }
    }
}

/// The phones with their last bubbles, in the order of their numbers; how many more there are.
fn phones(state: &State, now: Instant) -> (Vec<Value>, usize) {
    let mut all: BTreeMap<&Phone, Vec<Bubble<'_>>> = BTreeMap::new();
    for entry in state.ledger.entries() {
        let bubbles = all.entry(&entry.message.to).or_default();
        bubbles.push(Bubble::Message(entry));
    }
    for said in state.phones.said() {
        all.entry(&said.phone).or_default().push(Bubble::Said(said));
    }
    let numbers: Vec<&Phone> = all.keys().copied().collect();
    let more = numbers.len().saturating_sub(MAX_PHONES);
    let shown = all
        .into_iter()
        .take(MAX_PHONES)
        .map(|(phone, mut bubbles)| {
            bubbles.sort_by_key(Bubble::at);
            let older = bubbles.len().saturating_sub(MAX_BUBBLES);
            let last = bubbles.iter().skip(older).map(Bubble::json);
            json!({
                "phone": handle(phone, &numbers),
                "window_open": state.phones.is_open(now, phone.digits()),
                "older": older,
                "bubbles": last.collect::<Vec<Value>>(),
            })
        });
    (shown.collect(), more)
}

/// The fewest last digits of `phone`, two at least, that no other one ends with.
fn handle(phone: &Phone, all: &[&Phone]) -> String {
    const FEWEST: usize = 2;
    let digits = phone.digits();
    let ends = (FEWEST..=digits.len()).map(|length| &digits[digits.len() - length..]);
    let only = |end: &&str| {
        let mut others = all.iter().filter(|other| **other != phone);
        !others.any(|other| other.digits().ends_with(end))
    };
    ends.into_iter().find(only).unwrap_or(digits).to_owned()
}
