//! Claims messages that are due, and closes those that must not go any more.

use std::collections::BTreeMap;

use crate::model::{MessageId, Time};
use crate::store::{Claim, ClaimMark, Ending, Envelope, StoreError};

use super::outcome;
use super::sender::{MAX_BATCH, Sender, Work};

impl Sender {
    /// Shadow messages go at once: what is not posted spends no limit.
    pub(super) async fn dispatch_shadows(&self, work: &mut Work) -> Result<(), StoreError> {
        while work.is_writable() && work.tasks.len() < MAX_BATCH {
            let ids = self.desk.take_shadows(MAX_BATCH);
            if ids.is_empty() {
                return Ok(());
            }
            let sends = ids.iter().map(|id| (*id, false)).collect();
            if !self.claim(sends, work).await? {
                self.desk.return_shadows(&ids);
            }
        }
        Ok(())
    }

    /// Claims before anything is posted; what cannot be claimed is not sent. Says whether it could.
    pub(super) async fn claim(
        &self,
        sends: BTreeMap<MessageId, bool>,
        work: &mut Work,
    ) -> Result<bool, StoreError> {
        if sends.is_empty() {
            return Ok(true);
        }
        let at = self.clock.now();
        let ids = sends.keys().copied().collect();
        let envelopes = match self.outbox.envelopes(ids).await {
            Ok(envelopes) => envelopes,
            Err(error) => {
                work.endure(error, "messages cannot be read")?;
                return Ok(false);
            }
        };
        let (mut needless, mut wanted) = (Vec::new(), Vec::new());
        for envelope in envelopes {
            match self.needless(at, &envelope) {
                Some(ending) => needless.push(ending),
                None => wanted.push(envelope),
            }
        }
        let claims: Vec<Claim> = wanted
            .iter()
            .filter_map(|envelope| {
                let phone = self.desk.phone(&envelope.message.contact)?;
                Some(Claim {
                    message: envelope.message.id,
                    mark: ClaimMark { at, phone },
                })
            })
            .collect();
        let ended = match self.outbox.claim(claims).await {
            Ok(ended) => ended,
            Err(error) => {
                work.endure(error, "messages cannot be claimed")?;
                return Ok(false);
            }
        };
        // A receipt came for an earlier attempt: they are through.
        self.desk
            .with(|dispatcher| ended.iter().for_each(|id| dispatcher.withdraw(at, *id)));
        if std::mem::take(&mut work.refused) {
            tracing::info!("the outbox works again");
        }
        self.desk.with(|dispatcher| {
            let ids = needless.iter().map(|ending| ending.message);
            ids.for_each(|id| dispatcher.withdraw(at, id));
        });
        work.endings.extend(needless);
        self.write_endings(work).await?;
        for Envelope {
            message,
            notification,
            ..
        } in wanted
            .into_iter()
            .filter(|envelope| !ended.contains(&envelope.message.id))
        {
            let repeat = sends.get(&message.id).copied().unwrap_or_default();
            self.start(message, notification, repeat, work);
        }
        Ok(true)
    }

    /// How a message ends that must not go any more; `None` for one that may.
    fn needless(&self, at: Time, envelope: &Envelope) -> Option<Ending> {
        let message = &envelope.message;
        if envelope.is_moot {
            return Some(outcome::moot(message.id, at));
        }
        if let Some(later) = envelope.overtaken_by {
            return Some(outcome::overtaken(message.id, at, later));
        }
        let unwanted = self.desk.is_unwanted(&message.contact, message.kind);
        // What is told in somebody's place is owed all the same.
        let is_owed = message.instead_of.is_some();
        unwanted.then(|| outcome::unwanted(message.id, at, is_owed))
    }
}
