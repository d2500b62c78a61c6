//! What an entry of the log tells the audit trail.

use crate::model::{AlarmRecord, Event, LogEntry, MessageId, SilenceId, SilenceOrder, Update};
use crate::store::{Fact, Seq, What};

use super::veil;

/// The facts of an entry, in order; at least one.
pub(in crate::store::sqlite) fn heard(entry: &LogEntry, origin: &str) -> Vec<Fact> {
    let new = |what| Fact {
        by: Some(veil(origin)),
        ..Fact::new(entry.at, what)
    };
    let mut facts = match &entry.event {
        Event::Record(record) => vec![stored(record, new(What::Stored))],
        Event::Reloaded { summary, .. } => vec![Fact {
            detail: veil(summary),
            ..new(What::Reload)
        }],
        Event::ClosedByHand { id, by } => vec![Fact {
            alarm: Some(id.clone()),
            by: Some(veil(by)),
            ..new(What::Clear)
        }],
        Event::AckByHand { id, by } => vec![Fact {
            alarm: Some(id.clone()),
            by: Some(veil(by)),
            ..new(What::Ack)
        }],
        Event::Updates(updates) if updates.is_empty() => vec![new(What::Meta)],
        Event::Updates(updates) => updates
            .iter()
            .map(|update| came(update, new(What::Meta)))
            .collect(),
        Event::Undelivered(undelivered) => vec![Fact {
            kind: Some(undelivered.kind.name().to_owned()),
            rule: Some(undelivered.rule.to_string()),
            contacts: vec![undelivered.contact.to_string()],
            message: Some(undelivered.message),
            detail: veil(&undelivered.reason),
            ..new(What::Undelivered)
        }],
        Event::Notice(notice) => vec![Fact {
            kind: Some(notice.severity.name().to_owned()),
            detail: veil(&notice.text),
            ..new(What::Notice)
        }],
        Event::Silence(order) => vec![Fact {
            silence: Some(SilenceId(entry.position.0)),
            by: Some(veil(&order.by)),
            detail: ordered(order),
            ..new(What::Silence)
        }],
        Event::Unsilence { id, by } => vec![Fact {
            silence: Some(*id),
            by: Some(veil(by)),
            ..new(What::Unsilence)
        }],
        Event::ClockJump { by_ms } => vec![Fact {
            detail: format!("forward by {} seconds", by_ms / 1_000),
            ..new(What::ClockJump)
        }],
    };
    for (n, fact) in (0..).zip(&mut facts) {
        fact.seq = Seq::told(entry.position, n);
    }
    facts
}

fn stored(record: &AlarmRecord, fact: Fact) -> Fact {
    let parts = [
        &record.element,
        &record.parameter,
        &record.index,
        &record.value,
    ];
    let parts: Vec<&str> = parts
        .into_iter()
        .map(String::as_str)
        .filter(|part| !part.is_empty())
        .collect();
    let mut detail = veil(&parts.join(" · "));
    if record.ends() {
        detail.push_str(", ended");
    }
    Fact {
        kind: Some(record.severity.name().to_owned()),
        alarm: Some(record.id.clone()),
        detail,
        ..fact
    }
}

fn came(update: &Update, fact: Fact) -> Fact {
    match update {
        Update::Receipt(receipt) => {
            let failure = receipt.failure.as_ref();
            Fact {
                what: What::Receipt,
                kind: Some(receipt.stage.name().to_owned()),
                message: Some(receipt.message),
                code: failure.and_then(|failure| failure.code),
                detail: failure.map_or_else(String::new, |failure| veil(&failure.text)),
                ..fact
            }
        }
        Update::Reply(reply) => Fact {
            what: What::Reply,
            kind: Some(reply.word.name().to_owned()),
            rule: reply.about.first().map(|about| about.rule.to_string()),
            contacts: vec![reply.contact.to_string()],
            ..fact
        },
        Update::Template(news) => Fact {
            detail: veil(&format!("template {}: {}", news.template, news.text)),
            ..fact
        },
        Update::Account(news) => Fact {
            kind: Some(news.severity.name().to_owned()),
            detail: veil(&news.text),
            ..fact
        },
    }
}

/// A silence in words; the comment says why it was ordered.
fn ordered(order: &SilenceOrder) -> String {
    let mut text = format!("{} from {} to {}", order.filter, order.starts, order.ends);
    if let Some(replaced) = order.replaces {
        text.push_str(&format!(", in place of {replaced}"));
    }
    if !order.comment.is_empty() {
        text.push_str(&format!(": {}", order.comment));
    }
    veil(&text)
}

/// A message as it is named in words.
pub(super) fn named(message: MessageId) -> String {
    if message.is_digest() {
        message.to_string()
    } else {
        format!("m{message}")
    }
}
