//! The command that hears of acknowledgements.

use std::sync::Arc;

use serde::Serialize;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::model::{AlarmRecord, Notification, NotificationId, RuleId};
use crate::store::{Outbox, StoreError};

use super::command;
use super::correlator::sleep_until;
use super::fallback::Settings;

/// Acknowledgements that are read from the outbox at once.
const PAGE: usize = 64;

/// What the command reads, as JSON, on its standard input.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Notice<'a> {
    /// Somebody took an alarm.
    Acknowledged {
        /// Its number.
        notification: NotificationId,
        /// The rule whose alarm it is.
        rule: &'a RuleId,
        /// Who took it, in words.
        reason: &'a str,
        /// When.
        at: String,
        /// The alarm.
        alarm: &'a AlarmRecord,
    },
}

/// Wakes the command's task. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Hook {
    written: Arc<Notify>,
}

/// Runs the command, one acknowledgement at a time. They are kept in the outbox until the command
/// has taken them, so that neither a crash nor a command that fails loses one.
#[derive(Debug)]
pub struct HookRunner {
    settings: watch::Receiver<Option<Settings>>,
    outbox: Outbox,
    written: Arc<Notify>,
    /// The last one that was tried: after a failure the next one has its turn.
    tried: NotificationId,
    failures: u32,
}

/// A hook and the task behind it.
#[must_use]
pub fn hook(settings: watch::Receiver<Option<Settings>>, outbox: Outbox) -> (Hook, HookRunner) {
    let hook = Hook::default();
    let runner = HookRunner {
        settings,
        outbox,
        written: Arc::clone(&hook.written),
        tried: NotificationId::default(),
        failures: 0,
    };
    (hook, runner)
}

impl Hook {
    /// An acknowledgement of which the command must hear was written.
    pub fn written(&self) {
        self.written.notify_one();
    }
}

impl HookRunner {
    /// Tells the command of what waits in the outbox until `stop`, then once more.
    ///
    /// # Errors
    /// The outbox cannot be read or written, and that does not pass.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), StoreError> {
        let mut again = None;
        loop {
            let stopping = stop.is_cancelled();
            if again.is_none_or(|at| at <= Instant::now()) {
                again = match self.tell_what_waits().await {
                    Ok(true) => continue,
                    Ok(false) => (self.failures > 0).then(|| self.next_try()),
                    Err(error) if error.class().passes() => {
                        tracing::error!(%error, "acknowledgements cannot be read or marked; trying again");
                        self.failures += 1;
                        Some(self.next_try())
                    }
                    Err(error) => return Err(error),
                };
            }
            if stopping {
                return Ok(());
            }
            tokio::select! {
                () = stop.cancelled() => again = None,
                () = self.written.notified() => {}
                () = sleep_until(again) => {}
                // Another command may work.
                Ok(()) = self.settings.changed() => again = None,
            }
        }
    }

    /// Tells of a page of acknowledgements; whether there may be more to tell at once.
    async fn tell_what_waits(&mut self) -> Result<bool, StoreError> {
        let mut page = self.outbox.unhooked(self.tried, PAGE).await?;
        if page.is_empty() && self.tried > NotificationId::default() {
            self.tried = NotificationId::default();
            page = self.outbox.unhooked(self.tried, PAGE).await?;
        }
        if page.is_empty() {
            self.failures = 0;
            return Ok(false);
        }
        for notification in page {
            self.tried = notification.id;
            if !self.tell(&notification).await {
                return Ok(false);
            }
            self.outbox.hooked(notification.id).await?;
        }
        Ok(true)
    }

    /// Whether nothing is left to do for it.
    async fn tell(&mut self, notification: &Notification) -> bool {
        let settings = self.settings.borrow().clone();
        let Some(settings) = settings else {
            return true;
        };
        let notice = Notice::Acknowledged {
            notification: notification.id,
            rule: &notification.rule,
            reason: &notification.reason,
            at: notification.at.to_string(),
            alarm: &notification.alarm,
        };
        let taken = command::run("on_ack", &settings, &notice).await;
        self.failures = if taken { 0 } else { self.failures + 1 };
        taken
    }

    fn next_try(&self) -> Instant {
        Instant::now() + command::wait(self.failures)
    }
}
