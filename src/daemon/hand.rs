//! What people find out and do about alarms and messages, for the control socket.

mod silences;
mod standing;

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::engine::Ruleset;
use crate::model::Time;
use crate::store::{
    self, Archive, AuditWanted, Fact, Inquiry, Outbox, Seq, SeqFault, Store, StoreError,
};
use crate::web::{Ask, Refusal};

use super::controls::Controls;
use super::story::{self, Filter, Scene, StoryError};

/// The reason of a message that is sent again.
const AGAIN: &str = "sent again by hand";

/// Facts of one page of the audit trail.
const MAX_FACTS: usize = 1_000;

/// Answers what people ask. Cheap to clone.
#[derive(Clone)]
pub(super) struct Hand {
    controls: Controls,
    archive: Archive,
    outbox: Outbox,
    database: Arc<Path>,
    /// Whether receipts come in.
    receipts: bool,
    /// Whoever orders a silence holds it.
    silencing: Arc<Mutex<()>>,
}

impl Hand {
    pub(super) fn new(controls: Controls, store: &Store, database: &Path, receipts: bool) -> Self {
        Self {
            controls,
            archive: store.archive.clone(),
            outbox: store.outbox.clone(),
            database: Arc::from(database),
            receipts,
            silencing: Arc::default(),
        }
    }

    pub(super) async fn answer(&self, ask: Ask) -> Result<Value, Refusal> {
        let answer = match ask {
            Ask::Alarms { filter, limit } => return self.alarms(filter, limit).await,
            Ask::Rules => return self.rules().await,
            Ask::Silences { expired } => return self.silences(expired).await,
            Ask::Silence { order, origin } => return self.silence(order, origin).await,
            Ask::Unsilence { id, by, origin } => return self.unsilence(id, &by, origin).await,
            Ask::Messages {
                contact,
                state,
                since,
                limit,
            } => {
                let filter = Filter {
                    contact,
                    state,
                    since: since.map(Time::from_ms),
                    limit,
                };
                self.look(move |inquiry, _| story::messages(inquiry, &filter))
                    .await
            }
            Ask::Why(id) => {
                self.look(move |inquiry, scene| story::why(inquiry, &id, scene))
                    .await
            }
            Ask::Audit {
                since,
                until,
                id,
                after,
                limit,
            } => {
                let after = after.map_or(Ok(Seq::START), |after| after.parse());
                let after = after.map_err(|fault: SeqFault| Refusal::Wrong(fault.to_string()))?;
                let wanted = AuditWanted { since, until, id };
                let limit = limit.unwrap_or(MAX_FACTS).min(MAX_FACTS);
                self.look(move |inquiry, _| {
                    let facts = inquiry.audit(&wanted, after, limit)?;
                    Ok(facts.iter().map(Fact::to_json).collect())
                })
                .await
            }
            Ask::Contacts => self.look(story::contacts).await,
            Ask::Retry { id, origin } => self.retry(id, &origin).await,
            Ask::Ack { id, by, origin } => self.ack(&id, &by, &origin).await,
            Ask::Forget { id, origin } => self.forget(&id, &origin).await,
        };
        answer.map_err(|error| match error {
            StoryError::Unknown(text) => Refusal::Unknown(text),
            StoryError::Refused(text) => Refusal::Refused(text),
            StoryError::Store(error) => Refusal::Later(error.to_string()),
        })
    }

    /// Looks into the database with a connection of its own: a search through all of it keeps nobody
    /// waiting.
    async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Inquiry, &Scene<'_>) -> Result<T, StoryError> + Send + 'static,
    ) -> Result<T, StoryError> {
        let ruleset: Arc<Ruleset> = self.controls.ruleset().await;
        let (database, receipts) = (Arc::clone(&self.database), self.receipts);
        let now = self.controls.now();
        let looked = tokio::task::spawn_blocking(move || {
            let scene = Scene {
                ruleset: &ruleset,
                receipts,
                now,
            };
            look(&Inquiry::open(&database)?, &scene)
        });
        looked
            .await
            .unwrap_or(Err(StoryError::Store(StoreError::Closed)))
    }

    async fn retry(&self, id: String, origin: &str) -> Result<Value, StoryError> {
        let message = self
            .look(move |inquiry, _| {
                let found = inquiry.message(&id)?;
                let (message, dossier) = found.ok_or_else(|| {
                    StoryError::Unknown(format!(
                        "there is no message {id}; `klaxond messages` lists them"
                    ))
                })?;
                match story::refusal(&dossier, message) {
                    Some(why) => Err(StoryError::Refused(why)),
                    None => Ok(message),
                }
            })
            .await?;
        let now = self.controls.now();
        let again = self
            .outbox
            .again(message, now, AGAIN.to_owned(), origin.to_owned())
            .await?;
        let again = again.ok_or_else(|| {
            StoryError::Refused(format!("message {message} has been taken up meanwhile"))
        })?;
        if self.controls.outfit().contact(&again.contact).is_none() {
            tracing::warn!(message.id = %message, contact = %again.contact, "sent again, to a contact that is not there");
        }
        self.controls.desk().again(now, &again);
        tracing::info!(message.id = %message, contact = %again.contact, "sent again by hand");
        Ok(json!({ "queued": message.to_string(), "contact": again.contact }))
    }

    async fn ack(&self, id: &str, by: &str, origin: &str) -> Result<Value, StoryError> {
        let taken = self.controls.ack_by_hand(id, by, origin).await?;
        if taken.is_empty() {
            return Err(StoryError::Unknown(format!(
                "no alarm of the root id {id} is open; `klaxond why {id}` tells what is known of it"
            )));
        }
        tracing::info!(alarm.id = id, by, origin, "acknowledged by hand");
        let taken = taken.iter().map(|record| {
            json!({
                "id": record.id,
                "element": record.element,
                "parameter": record.parameter,
                "severity": record.severity.name(),
                "value": record.value,
            })
        });
        Ok(json!({ "acknowledged": taken.collect::<Vec<_>>(), "by": by }))
    }

    async fn forget(&self, id: &str, origin: &str) -> Result<Value, StoryError> {
        let ruleset = self.controls.ruleset().await;
        let (contact, phones) = story::whom(&ruleset, id)?;
        let known = !phones.is_empty();
        let now = self.controls.now();
        let forgotten = self
            .archive
            .forget(contact.clone(), phones, now, origin.to_owned())
            .await?;
        let answer = story::forgotten(&contact, known, forgotten)?;
        tracing::info!(%contact, "the number and the words of a contact were erased");
        let database = Arc::clone(&self.database);
        let cleaned = tokio::task::spawn_blocking(move || store::scrub(&database)).await;
        cleaned.unwrap_or(Err(StoreError::Closed))?;
        Ok(answer)
    }
}
