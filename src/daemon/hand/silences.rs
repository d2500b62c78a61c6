//! Silences: ordered, listed, ended.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::engine::filter::Filter;
use crate::model::{Event, Silence, SilenceId, SilenceOrder, Time};
use crate::web::Refusal;

use super::Hand;

/// Silences at once: pending and active.
const MAX_SILENCES: usize = 1_000;
/// A silence is for a maintenance, not for good.
const MAX_SPAN: Duration = Duration::from_secs(366 * 24 * 3_600);
const MAX_FILTER_BYTES: usize = 4_096;
const MAX_COMMENT: usize = 1_000;
const MAX_NAME: usize = 100;

impl Hand {
    /// Those that hold or are to come; with `expired` those that ended as well.
    pub(super) async fn silences(&self, expired: bool) -> Result<Value, Refusal> {
        let found =
            self.see(|engine, now| (engine.silences(), now))
                .await
                .map(|(silences, now)| {
                    let shown = silences
                        .iter()
                        .filter(|one| expired || now < one.order.ends);
                    shown.map(|silence| shown_silence(silence, now)).collect()
                })?;
        Ok(json!({ "silences": Value::Array(found) }))
    }

    /// Answered when it is on disk.
    pub(super) async fn silence(
        &self,
        order: SilenceOrder,
        origin: Arc<str>,
    ) -> Result<Value, Refusal> {
        let order = self.checked(order, &origin).await?;
        // One at a time: each counts those before it.
        let _turn = self.silencing.lock().await;
        let (silences, now) = self.see(|engine, now| (engine.silences(), now)).await?;
        if order.ends <= now {
            return Err(Refusal::Wrong("it would end in the past".to_owned()));
        }
        let standing = silences.iter().filter(|one| now < one.order.ends);
        let replaced = |one: &&Silence| Some(one.id) == order.replaces;
        if let Some(id) = order.replaces
            && !standing.clone().any(|one| one.id == id)
        {
            return Err(Refusal::Unknown(format!(
                "there is no silence {id} to replace"
            )));
        }
        if standing.filter(|one| !replaced(one)).count() >= MAX_SILENCES {
            return Err(Refusal::Refused(format!(
                "there are {MAX_SILENCES} silences; end some first"
            )));
        }
        let (filter, by, ends) = (order.filter.clone(), order.by.clone(), order.ends);
        let event = Event::Silence(order);
        let id = SilenceId(self.note(event, Arc::clone(&origin)).await?);
        tracing::info!(silence = %id, filter, by, %ends, %origin, "a silence was ordered");
        Ok(json!({ "silence": id.to_string() }))
    }

    /// Ends one before its time.
    pub(super) async fn unsilence(
        &self,
        id: SilenceId,
        by: &str,
        origin: Arc<str>,
    ) -> Result<Value, Refusal> {
        let by = named(by, &origin);
        let (silences, now) = self.see(|engine, now| (engine.silences(), now)).await?;
        let Some(silence) = silences.iter().find(|one| one.id == id) else {
            return Err(Refusal::Unknown(format!("there is no silence {id}")));
        };
        if silence.order.ends <= now {
            return Err(Refusal::Refused(format!("silence {id} has ended already")));
        }
        let event = Event::Unsilence { id, by: by.clone() };
        self.note(event, Arc::clone(&origin)).await?;
        tracing::info!(silence = %id, by, %origin, "a silence was ended");
        Ok(json!({ "silence": id.to_string() }))
    }

    async fn checked(&self, order: SilenceOrder, origin: &str) -> Result<SilenceOrder, Refusal> {
        let wrong = |text: String| Err(Refusal::Wrong(text));
        let filter = order.filter.trim();
        if filter.is_empty() {
            return wrong("which alarms? a filter such as element like \"Lab*\"".to_owned());
        }
        if filter.len() > MAX_FILTER_BYTES {
            return wrong(format!("a filter has {MAX_FILTER_BYTES} bytes at most"));
        }
        let ruleset = self.controls.ruleset().await;
        if let Err(fault) = Filter::parse(filter, &ruleset.named) {
            return wrong(format!("filter, {fault}"));
        }
        let comment = plain(&order.comment);
        if comment.chars().count() > MAX_COMMENT {
            return wrong(format!("a comment has {MAX_COMMENT} characters at most"));
        }
        if order.ends <= order.starts {
            return wrong("it would end before it starts".to_owned());
        }
        let now = self.controls.now();
        if order.ends.since(now.max(order.starts)) > MAX_SPAN || order.starts.since(now) > MAX_SPAN
        {
            return wrong("a silence lasts a year at most, and starts within one".to_owned());
        }
        Ok(SilenceOrder {
            filter: filter.to_owned(),
            by: named(&order.by, origin),
            comment,
            ..order
        })
    }
}

/// Without what breaks a line or a terminal.
fn plain(text: &str) -> String {
    let kept: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    kept.trim().to_owned()
}

/// Who, for people: as given, or else who called.
fn named(by: &str, origin: &str) -> String {
    let by: String = plain(by).chars().take(MAX_NAME).collect();
    if by.is_empty() { origin.to_owned() } else { by }
}

fn shown_silence(silence: &Silence, now: Time) -> Value {
    json!({
        "id": silence.id.to_string(),
        "filter": silence.order.filter,
        "starts": silence.order.starts.to_string(),
        "ends": silence.order.ends.to_string(),
        "state": silence.state(now),
        "by": silence.order.by,
        "comment": silence.order.comment,
        "created": silence.created.to_string(),
        "ended_by": silence.ended_by,
        "suppressed": silence.suppressed,
    })
}
