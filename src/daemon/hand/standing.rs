//! What stands: open alarms, rules in numbers.

use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep};

use crate::engine::filter::Filter;
use crate::engine::{Engine, OpenAlarm};
use crate::model::{Event, Time};
use crate::web::Refusal;

use super::Hand;

/// Alarms of one answer, and without a limit.
const MOST_ALARMS: usize = 5_000;
const ALARMS: usize = 500;
const MAX_FILTER_BYTES: usize = 4_096;
/// What was written before a question is decided within this time, or is not in its answer.
const PATIENCE: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(2);

impl Hand {
    /// Open alarms, the worst first, and how many there are.
    pub(super) async fn alarms(
        &self,
        filter: Option<String>,
        limit: Option<usize>,
    ) -> Result<Value, Refusal> {
        let filter = match filter.as_deref().map(str::trim) {
            None | Some("") => None,
            Some(text) if text.len() > MAX_FILTER_BYTES => {
                let told = format!("a filter has {MAX_FILTER_BYTES} bytes at most");
                return Err(Refusal::Wrong(told));
            }
            Some(text) => {
                let ruleset = self.controls.ruleset().await;
                let filter = Filter::parse(text, &ruleset.named);
                Some(filter.map_err(|fault| Refusal::Wrong(format!("filter, {fault}")))?)
            }
        };
        let most = limit.unwrap_or(ALARMS).min(MOST_ALARMS);
        let (alarms, total) = self
            .see(move |engine, _| engine.open_alarms(filter.as_ref(), most))
            .await?;
        let alarms: Vec<Value> = alarms.iter().map(shown).collect();
        Ok(json!({ "total": total, "alarms": alarms }))
    }

    /// The rules in force, in the order of the config.
    pub(super) async fn rules(&self) -> Result<Value, Refusal> {
        let figures = self.see(|engine, _| engine.figures()).await?;
        let ruleset = self.controls.ruleset().await;
        let enabled = |id| {
            ruleset
                .rules
                .iter()
                .any(|rule| rule.enabled && rule.id == id)
        };
        let rules: Vec<Value> = figures
            .into_iter()
            .map(|rule| {
                json!({
                    "id": rule.id,
                    "name": rule.name,
                    "buckets": rule.buckets,
                    "raised": rule.raised,
                    "left_out": rule.left_out,
                    "muted": rule.muted.map(|muted| muted.text),
                    "enabled": enabled(rule.id),
                })
            })
            .collect();
        Ok(json!({ "rules": rules }))
    }

    /// What `look` sees in the engine once it has decided all that was written before.
    pub(super) async fn see<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Engine, Time) -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let written = self.controls.log.head();
        let late = Instant::now() + PATIENCE;
        while self.controls.decided.position() < written && Instant::now() < late {
            sleep(LOOK).await;
        }
        let seen = self.controls.foresight.look(look).await;
        seen.ok_or_else(|| Refusal::Later("klaxond is stopping".to_owned()))
    }

    /// Puts `event` on disk; its place in the log.
    pub(super) async fn note(
        &self,
        event: Event,
        origin: std::sync::Arc<str>,
    ) -> Result<i64, Refusal> {
        let noted = self.controls.gate.note_by(event, origin).await;
        noted
            .map(|position| position.0)
            .map_err(|error| Refusal::Later(error.to_string()))
    }
}

fn shown(alarm: &OpenAlarm) -> Value {
    let record = &alarm.record;
    let properties: Map<String, Value> = record
        .properties
        .iter()
        .map(|(name, value)| (name.to_owned(), json!(value)))
        .collect();
    let silenced: Vec<String> = alarm
        .silenced
        .iter()
        .map(|one| one.id.to_string())
        .collect();
    json!({
        "id": record.id,
        "element": record.element,
        "element_id": record.element_id,
        "parameter": record.parameter,
        "index": record.index,
        "value": record.value,
        "severity": record.severity.name(),
        "type": record.kind.map(|kind| kind.name()),
        "status": record.status.name(),
        "time": record.time.to_string(),
        "begun": alarm.begun.to_string(),
        "seen": alarm.seen.to_string(),
        "source": record.source,
        "owner": record.owner,
        "comment": record.comment,
        "services": record.services,
        "views": record.views,
        "properties": properties,
        "raised": alarm.raised,
        "ack": alarm.ack.as_ref().map(|ack| json!({ "by": ack.by, "at": ack.at.to_string() })),
        "silenced": silenced,
        "until": record.until.map(|until| until.to_string()),
    })
}
