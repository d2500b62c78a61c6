//! What other systems post, read with the usual mapping, at the instant of the tests; and a stand-in
//! for what the daemon knows of alarms and silences.

use std::sync::{Arc, Mutex};

use klaxond::ingest::{read_alerts, read_grafana, read_webhook};
use klaxond::model::{AlarmRecord, Labels, SilenceId, SilenceOrder};
use klaxond::web::{Ask, Clients, Control, Dialect, Records, Refusal};
use serde_json::{Value, json};

use super::http_server::HttpServer;
use super::ingest::{Ledger, arrival};

pub fn clients() -> Clients {
    let read = |dialect, body: &[u8]| {
        let read = match dialect {
            Dialect::Alerts => read_alerts,
            Dialect::Alertmanager => read_webhook,
            Dialect::Grafana => read_grafana,
        };
        let body = read(body, &Labels::default(), arrival())?;
        Ok(Records {
            records: body.records,
            many: body.many,
        })
    };
    Clients::new(read, Arc::default, arrival())
}

/// Alarms that a ledger took, and silences that were ordered.
#[derive(Clone, Default)]
pub struct Standing {
    pub ledger: Ledger,
    silences: Arc<Mutex<Vec<(SilenceOrder, &'static str)>>>,
}

impl Standing {
    /// A server in front of it; with `token` when one is given.
    pub fn serve(&self, token: Option<&str>) -> HttpServer {
        let standing = self.clone();
        let answer = move |ask| {
            let answer = standing.answer(ask);
            async move { answer }
        };
        HttpServer::start_steered(
            self.ledger.intake(),
            |settings| settings.token = token.map(Into::into),
            |control: Control| control.with_ask(answer),
        )
    }

    pub fn orders(&self) -> Vec<SilenceOrder> {
        let silences = self.silences.lock().unwrap();
        silences.iter().map(|(order, _)| order.clone()).collect()
    }

    fn answer(&self, ask: Ask) -> Result<Value, Refusal> {
        let mut silences = self.silences.lock().unwrap();
        match ask {
            Ask::Alarms { .. } => {
                let alarms: Vec<Value> = self.ledger.records().iter().map(alarm).collect();
                Ok(json!({ "total": alarms.len(), "alarms": alarms }))
            }
            Ask::Rules => Ok(json!({ "rules": [{ "id": "critical", "name": "Critical alarms" }] })),
            Ask::Silences { .. } => {
                let shown = silences.iter().enumerate().map(|(place, (order, state))| {
                    json!({
                        "id": SilenceId(i64::try_from(place).unwrap() + 1).to_string(),
                        "filter": order.filter,
                        "starts": order.starts.to_string(),
                        "ends": order.ends.to_string(),
                        "state": state,
                        "by": order.by,
                        "comment": order.comment,
                        "created": arrival().to_string(),
                        "ended_by": null,
                        "suppressed": 0,
                    })
                });
                Ok(json!({ "silences": shown.collect::<Vec<_>>() }))
            }
            Ask::Silence { order, .. } => {
                silences.push((order, "active"));
                Ok(
                    json!({ "silence": SilenceId(i64::try_from(silences.len()).unwrap()).to_string() }),
                )
            }
            Ask::Unsilence { id, .. } => {
                let place = usize::try_from(id.0 - 1).unwrap_or(usize::MAX);
                match silences.get_mut(place) {
                    Some((_, state @ "active")) => {
                        *state = "expired";
                        Ok(json!({}))
                    }
                    Some(_) => Err(Refusal::Refused(format!("{id} is over"))),
                    None => Err(Refusal::Unknown(format!("there is no silence {id}"))),
                }
            }
            other => panic!("nobody asks that here: {other:?}"),
        }
    }
}

/// An open alarm as the daemon tells of it; those of team "silent" are silenced, those of team "web"
/// raised by a rule.
fn alarm(record: &AlarmRecord) -> Value {
    let properties: serde_json::Map<String, Value> = record
        .properties
        .iter()
        .map(|(name, value)| (name.to_owned(), json!(value)))
        .collect();
    let is_of = |team| record.properties.get("team") == Some(team);
    json!({
        "id": record.id,
        "element": record.element,
        "element_id": record.element_id,
        "parameter": record.parameter,
        "index": record.index,
        "value": record.value,
        "severity": record.severity.name(),
        "type": null,
        "status": record.status.name(),
        "time": record.time.to_string(),
        "begun": record.time.to_string(),
        "seen": arrival().to_string(),
        "source": record.source,
        "owner": record.owner,
        "comment": record.comment,
        "services": [],
        "views": [],
        "properties": properties,
        "raised": if is_of("web") { vec!["critical"] } else { Vec::new() },
        "ack": null,
        "silenced": if is_of("silent") { vec!["s17"] } else { Vec::new() },
        "until": record.until.map(|until| until.to_string()),
    })
}
