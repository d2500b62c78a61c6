//! The whole trail of an alarm, or of one message.

use serde_json::{Value, json};

use crate::engine::{self, AckSource};
use crate::model::{AlarmRecord, Event, Kind};
use crate::store::{Dossier, Inquiry, Told};

use super::absent::absent;
use super::{Scene, StoryError, audit, trail};

/// The whole trail of an alarm by its root id, of a message by its number or by Meta's id.
///
/// # Errors
/// Nothing is kept of it, or the database cannot be read.
pub fn why(inquiry: &Inquiry, id: &str, scene: &Scene<'_>) -> Result<Value, StoryError> {
    let facts = inquiry.facts(id)?;
    let Some(dossier) = inquiry.dossier(id)? else {
        return audit::story(id, &facts).ok_or_else(|| unknown(id));
    };
    let messages = dossier.trails.iter();
    let messages = messages.map(|one| trail::told(one, &dossier, scene));
    let messages: Vec<Value> = messages.collect();
    let last = last_record(&dossier);
    let mut story = json!({
        // Not Meta's id: the number is in it.
        "id": dossier.message.map_or_else(|| id.to_owned(), |message| message.to_string()),
        "messages": messages,
        "alarm": dossier.alarm,
        "records": dossier.entries.iter().filter_map(entry).collect::<Vec<Value>>(),
        "notifications": said(&dossier),
        "acknowledged": taken(&dossier),
        "audit": audit::before(&facts, &dossier),
        "more": { "records": dossier.more_entries, "messages": dossier.more_messages },
    });
    if let Some(message) = dossier.message {
        story["message"] = json!(message.to_string());
    } else if let Some(record) = last {
        story["rules"] = judged(record, scene);
        story["not_told"] = absent(inquiry, &dossier, record, scene)?;
    }
    story["answer"] = json!(answer(&dossier, last, scene));
    if let Some(other) = dossier.namesake {
        story["namesake"] = json!(format!("m{other}"));
    }
    Ok(story)
}

fn unknown(id: &str) -> StoryError {
    StoryError::Unknown(format!(
        "nothing is kept of {id}: no alarm of that root id was stored, and no message has that number. A record \
         that no rule takes is answered \"ignored\" and not kept (storage.keep = \"all\" keeps it); `klaxond \
         explain` says what the rules make of a record. What is older than storage.retention is gone, and from the audit trail what is older than \
         storage.audit_retention"
    ))
}

/// The last record that is no end, which rules judge; else the last.
fn last_record(dossier: &Dossier) -> Option<&AlarmRecord> {
    let records = || dossier.entries.iter().rev().filter_map(Told::record);
    records()
        .find(|record| !record.ends())
        .or_else(|| records().next())
}

/// The story in a sentence.
fn answer(dossier: &Dossier, last: Option<&AlarmRecord>, scene: &Scene<'_>) -> String {
    if let Some(message) = dossier.message {
        let one = dossier.trails.iter().find(|one| one.message.id == message);
        return one.map_or_else(String::new, |one| {
            super::words::sentence(one, dossier, scene)
        });
    }
    let count = dossier.trails.len();
    if count > 0 {
        let plural = if count == 1 { "" } else { "s" };
        let more = if dossier.more_messages {
            " or more"
        } else {
            ""
        };
        return format!("{count} message{plural}{more} came of it; each says what became of it.");
    }
    let kept = dossier.notifications.iter().rev();
    if let Some((said, kept)) = kept
        .filter_map(|said| Some((said, said.suppressed.as_ref()?)))
        .next()
    {
        return format!(
            "Rule \"{}\" would have told it, and nobody was told: {}.",
            said.rule_name, kept.text
        );
    }
    let rules = &scene.ruleset.rules;
    let takes = last.and_then(|record| rules.iter().find(|rule| rule.takes(record)));
    match takes {
        None => "No rule takes it, so nobody is told: see why below, and change a rule's `filter` if somebody \
                 should be."
            .to_owned(),
        Some(rule) => format!(
            "Rule \"{}\" takes it, and no message has come of it: its condition or trigger does not hold yet, it \
             was not so when the record came, or nobody can be told. `klaxond explain` shows what the rule \
             waits for.",
            rule.name
        ),
    }
}

/// What each rule makes of a record.
fn judged(record: &AlarmRecord, scene: &Scene<'_>) -> Value {
    let rules = scene.ruleset.rules.iter();
    rules
        .map(|rule| {
            let (takes, because) = engine::judgement(rule, record);
            json!({ "rule": rule.id, "takes": takes, "because": because })
        })
        .collect()
}

fn entry(told: &Told) -> Option<Value> {
    let at = told.entry.at.to_string();
    let origin = &told.origin;
    match &told.entry.event {
        Event::Record(record) => Some(json!({
            "at": at,
            "by": origin,
            "element": record.element,
            "parameter": record.parameter,
            "index": record.index,
            "severity": record.severity.name(),
            "status": record.status.name(),
            "value": record.value,
            "ends": record.ends(),
        })),
        Event::ClosedByHand { by, .. } => {
            Some(json!({ "at": at, "by": by, "did": "closed by hand" }))
        }
        Event::AckByHand { by, .. } => {
            Some(json!({ "at": at, "by": by, "did": "acknowledged by hand" }))
        }
        Event::Reloaded { .. }
        | Event::Updates(_)
        | Event::Undelivered(_)
        | Event::Notice(_)
        | Event::Silence(_)
        | Event::Unsilence { .. }
        | Event::ClockJump { .. } => None,
    }
}

fn said(dossier: &Dossier) -> Vec<Value> {
    let said = dossier.notifications.iter();
    said.filter(|said| said.kind != Kind::Digest)
        .map(|said| {
            json!({
                "at": said.at.to_string(),
                "rule": said.rule,
                "kind": said.kind.name(),
                "because": said.reason,
                "bucket": said.view.key,
                "alarms": said.view.count,
            })
        })
        .collect()
}

/// Who has it.
fn taken(dossier: &Dossier) -> Vec<Value> {
    let acks = dossier.buckets.iter().filter_map(engine::ack);
    acks.map(|ack| {
        let how = match ack.how {
            AckSource::Reply(_) => "by reply",
            AckSource::Hand => "by hand",
            AckSource::Record => "by a record",
        };
        json!({ "by": ack.by, "at": ack.at.to_string(), "how": how })
    })
    .collect()
}
