//! Claims messages, posts them, writes what came of it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{self, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::delivery::{Action, HoldKey, ProbeAnswer};
use crate::model::{
    ContactId, Event, Message, MessageId, MessageState, Notice, Notification, Severity, Time,
};
use crate::store::{Ending, Log, NewEntry, Outbox, StoreError};
use crate::whatsapp::webhook::receipt_failure;

use super::attempt::{Attempt, Attempted};
use super::clock::Clock;
use super::correlator::sleep_until;
use super::desk::Desk;
use super::digest::{DigestsRead, Fold};
use super::fallback::Fallback;
use super::gateway::Gateway;
use super::meters::Meters;
use super::outcome;
use super::outfit::Outfit;

/// Messages that are claimed, or endings that are written, in one transaction.
pub(super) const MAX_BATCH: usize = 256;

/// Digests that are made one after the other before anything else is looked at.
const MAX_FOLDS: usize = 8;

/// Messages that are read back from the outbox at once.
pub(super) const MAX_PAGE: usize = 4_096;

/// Between two tries to write what the store refuses.
const RETRY: Duration = Duration::from_millis(500);

/// The task between the outbox and Meta.
pub struct Sender {
    /// The dispatcher, and what the correlator hands over.
    pub desk: Arc<Desk>,
    /// Where claims and outcomes are written.
    pub outbox: Outbox,
    /// Where the operators' news goes.
    pub log: Log,
    /// Where messages go.
    pub gateway: Arc<dyn Gateway>,
    /// People and templates in force.
    pub outfit: watch::Receiver<Arc<Outfit>>,
    /// Who is told when WhatsApp cannot.
    pub fallback: Fallback,
    /// Engine time.
    pub clock: Clock,
    /// Names this database in what comes back in receipts.
    pub store_id: String,
    /// Told each time the loop comes round: the watchdog listens.
    pub alive: Arc<dyn Fn() + Send + Sync>,
    /// What is counted.
    pub meters: Meters,
}

impl std::fmt::Debug for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sender")
    }
}

/// What a task of the sender brings back.
pub(super) enum Done {
    Attempt(Box<Attempted>),
    Probe(HoldKey, ProbeAnswer),
}

/// What is on its way, and what could not be written yet.
#[derive(Default)]
pub(super) struct Work {
    pub(super) tasks: JoinSet<Done>,
    /// What each attempt under way is about, in case it dies.
    flying: HashMap<task::Id, (Message, Arc<Notification>)>,
    pub(super) endings: Vec<Ending>,
    /// The store refused something: nothing is claimed until this moment.
    paused: Option<tokio::time::Instant>,
    /// That it refused was logged.
    pub(super) refused: bool,
    /// Up to where digests that an earlier process left were read, while there may be more.
    pub(super) digests_read: DigestsRead,
}

impl Sender {
    /// Sends until `stop`, then waits for what is under way.
    ///
    /// # Errors
    /// The outbox cannot be read or written, and that does not pass.
    pub async fn run(self, stop: CancellationToken) -> Result<(), StoreError> {
        let mut work = Work::default();
        loop {
            (self.alive)();
            // Looked at once: a stop that comes while work is done must still wake the loop below.
            let stopping = stop.is_cancelled();
            self.start_handed(&mut work);
            self.write_endings(&mut work).await?;
            if !stopping && work.is_writable() {
                self.refill(&mut work).await?;
                self.judge_failed(&mut work).await?;
                self.dispatch(&mut work).await?;
            } else if stopping && work.tasks.is_empty() && work.endings.is_empty() {
                return Ok(());
            }
            let due = self.due(&work, stopping);
            let throttled = self.desk.with(|dispatcher| dispatcher.is_throttled());
            let idle = tokio::time::Instant::now();
            tokio::select! {
                () = stop.cancelled(), if !stopping => {}
                Some(done) = work.tasks.join_next_with_id(), if !work.tasks.is_empty() => {
                    self.take(done, &mut work);
                    while work.endings.len() < MAX_BATCH && let Some(done) = work.tasks.try_join_next_with_id() {
                        self.take(done, &mut work);
                    }
                }
                () = self.desk.woken() => {}
                () = sleep_until(due) => {}
            }
            if throttled {
                self.meters.throttled(idle.elapsed());
            }
        }
    }

    /// When there is something to do without any event.
    fn due(&self, work: &Work, stopping: bool) -> Option<tokio::time::Instant> {
        if work.paused.is_some() {
            return work.paused;
        }
        let deadline = self.desk.with(|dispatcher| dispatcher.next_deadline());
        deadline
            .filter(|_| !stopping)
            .map(|at| self.clock.instant(at))
    }

    /// Posts what was claimed as it was written.
    fn start_handed(&self, work: &mut Work) {
        for handed in self.desk.take_handed() {
            self.start(handed.message, handed.notification, false, work);
        }
    }

    /// What was under way when the process died is unknown, and counts as that.
    pub(super) async fn write_interrupted(
        &self,
        interrupted: Vec<MessageId>,
        now: Time,
        work: &mut Work,
    ) -> Result<(), StoreError> {
        let unknown = interrupted
            .into_iter()
            .map(|id| outcome::interrupted(id, now));
        work.endings.extend(unknown);
        self.write_endings(work).await
    }

    /// Judges messages that Meta took and then gave up, as their committed receipts say.
    async fn judge_failed(&self, work: &mut Work) -> Result<(), StoreError> {
        // What is judged is written before it is read again: a receipt that comes twice counts once.
        while work.is_writable() && work.endings.is_empty() {
            let ids = self.desk.take_failed(MAX_BATCH);
            if ids.is_empty() {
                return Ok(());
            }
            let failed = match self.outbox.failed(ids.clone()).await {
                Ok(failed) => failed,
                Err(error) => {
                    self.desk.return_failed(ids);
                    return work.endure(error, "failed receipts cannot be read");
                }
            };
            let now = self.clock.now();
            for pending in failed {
                let judged = outcome::judge_later(&self.desk, now, &pending, fastrand::f64());
                if let Some(failed) = &pending.failure {
                    let failure = receipt_failure(failed.code, &failed.text);
                    self.meters.failed(&failure);
                }
                if let Some((ending, notice)) = judged {
                    work.endings.push(ending);
                    notice
                        .into_iter()
                        .for_each(|notice| self.fallback.held(notice));
                }
            }
            self.write_endings(work).await?;
        }
        Ok(())
    }

    /// Reads back what the dispatcher had no room for; at start, everything that is not final.
    async fn refill(&self, work: &mut Work) -> Result<(), StoreError> {
        self.restore_digests(work).await?;
        while work.is_writable()
            && let Some(after) = self.desk.refill_after()
        {
            let page = match self.outbox.pending(after, MAX_PAGE).await {
                Ok(page) => page,
                Err(error) => return work.endure(error, "the outbox cannot be read"),
            };
            let now = self.clock.now();
            let is_last = page.last().is_none_or(|one| one.message.id.is_digest());
            let all = is_last || page.len() < MAX_PAGE;
            let interrupted = self.desk.refill(now, &page, all);
            self.write_interrupted(interrupted, now, work).await?;
            if is_last {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Does what the dispatcher says is due.
    async fn dispatch(&self, work: &mut Work) -> Result<(), StoreError> {
        self.dispatch_shadows(work).await?;
        while work.is_writable() {
            let now = self.clock.now();
            let mut sends = BTreeMap::new();
            let mut closes = Vec::new();
            let mut waits = Vec::new();
            let mut folds = Vec::new();
            let mut notices = Vec::new();
            self.desk.with(|dispatcher| {
                while sends.len() + closes.len() + waits.len() < MAX_BATCH
                    && let Some(action) = dispatcher.next(now)
                {
                    match action {
                        Action::Send { id, repeat } => {
                            sends.insert(id, repeat);
                        }
                        Action::Close {
                            id,
                            state,
                            reason,
                            fallback,
                            successor,
                        } => {
                            closes.push(Ending {
                                successor,
                                ..outcome::closed(id, now, state, reason, fallback)
                            });
                        }
                        Action::Wait { id, reason } => {
                            let held = MessageState::Held;
                            waits.push(outcome::closed(id, now, held, reason, false));
                        }
                        Action::Digest {
                            contact,
                            members,
                            reason,
                        } => {
                            folds.push(Fold {
                                contact,
                                members,
                                reason,
                            });
                            if folds.len() >= MAX_FOLDS {
                                break;
                            }
                        }
                        Action::Overdone { contact, sent, .. } => {
                            notices.push(overdone(now, &contact, sent));
                        }
                        Action::Probe(hold) => self.probe(hold, work),
                    }
                }
            });
            self.note(now, notices).await;
            if sends.is_empty() && closes.is_empty() && waits.is_empty() && folds.is_empty() {
                return Ok(());
            }
            for ending in &closes {
                tracing::warn!(message.id = %ending.message, reason = ending.reason, "not sent");
            }
            // What goes at once after all does not wait.
            waits.retain(|wait| !sends.contains_key(&wait.message));
            work.endings.extend(waits);
            work.endings.extend(closes);
            self.write_endings(work).await?;
            let ids: Vec<MessageId> = sends.keys().copied().collect();
            if !self.claim(sends, work).await? {
                self.desk
                    .with(|dispatcher| ids.iter().for_each(|id| dispatcher.requeue(now, *id)));
            }
            for fold in folds {
                self.digest(fold, work).await?;
            }
        }
        Ok(())
    }

    pub(super) fn start(
        &self,
        message: Message,
        notification: Arc<Notification>,
        repeat: bool,
        work: &mut Work,
    ) {
        let about = (message.clone(), Arc::clone(&notification));
        let attempt = Attempt {
            opaque: format!("{}:{}", self.store_id, message.id),
            message,
            notification,
            repeat,
            outfit: Arc::clone(&self.outfit.borrow()),
            gateway: Arc::clone(&self.gateway),
        };
        let task = work
            .tasks
            .spawn(async move { Done::Attempt(Box::new(attempt.run().await)) });
        work.flying.insert(task.id(), about);
    }

    /// Lets the operators hear of `notices`. One that the log does not take is lost: the log of the
    /// process has it.
    async fn note(&self, at: Time, notices: Vec<Notice>) {
        for notice in notices {
            tracing::warn!(text = notice.text, "the operators should know");
            let entry = NewEntry {
                at,
                event: Event::Notice(notice),
                wanted: true,
                origin: Arc::from("klaxond"),
            };
            if let Err(error) = self.log.append(vec![entry]).await {
                tracing::warn!(%error, "the log cannot take what the operators should know");
            }
        }
    }

    fn probe(&self, hold: HoldKey, work: &mut Work) {
        let gateway = Arc::clone(&self.gateway);
        let template = match &hold {
            HoldKey::Template(id) => self.outfit.borrow().template(id).cloned(),
            HoldKey::Account | HoldKey::Number | HoldKey::Contact(_) => None,
        };
        work.tasks.spawn(async move {
            let answer = gateway.probe(&hold, template.as_ref()).await;
            Done::Probe(hold, answer)
        });
    }

    /// Lets the dispatcher judge what came back.
    fn take(&self, done: Result<(task::Id, Done), task::JoinError>, work: &mut Work) {
        let now = self.clock.now();
        match done {
            Ok((id, Done::Attempt(attempted))) => {
                work.flying.remove(&id);
                self.judge(&attempted, work);
            }
            Ok((_, Done::Probe(hold, answer))) => {
                tracing::info!(?hold, ?answer, "looked whether a hold can be lifted");
                self.desk
                    .with(|dispatcher| dispatcher.probed(now, &hold, answer, fastrand::f64()));
            }
            Err(error) => {
                tracing::error!(%error, "an attempt died; this is a fault in klaxond, please report it");
                // A probe that died is asked for again by itself.
                if let Some((message, notification)) = work.flying.remove(&error.id()) {
                    self.judge(&Attempted::died(message, notification), work);
                }
            }
        }
    }

    fn judge(&self, attempted: &Attempted, work: &mut Work) {
        let now = self.clock.now();
        let (ending, notice) = outcome::judge(&self.desk, now, attempted, fastrand::f64());
        if !attempted.message.shadow {
            self.meters.attempted(&attempted.outcome, attempted.took);
            if ending.state == MessageState::Accepted {
                self.meters.accepted(now, &attempted.message);
            }
        }
        work.endings.push(ending);
        if let Some(notice) = notice {
            self.fallback.held(notice);
        }
    }

    /// Writes outcomes; while they cannot be written nothing is claimed.
    pub(super) async fn write_endings(&self, work: &mut Work) -> Result<(), StoreError> {
        let waits = |until| tokio::time::Instant::now() < until;
        if work.endings.is_empty() || work.paused.is_some_and(waits) {
            return Ok(());
        }
        self.undigest(work).await?;
        if work.endings.is_empty() || work.paused.is_some_and(waits) {
            return Ok(());
        }
        match self.outbox.finish(work.endings.clone()).await {
            // Receipts that came before the outcome.
            Ok(news) => self.desk.receive(self.clock.now(), news),
            Err(error) => return work.endure(error, "outcomes cannot be written"),
        }
        self.meters.ended(&work.endings);
        let ended = work.endings.drain(..);
        let untold: Vec<MessageId> = ended
            .filter(|ending| ending.fallback)
            .map(|ending| ending.message)
            .collect();
        if !untold.is_empty() {
            self.fallback.written(untold);
        }
        work.paused = None;
        if std::mem::take(&mut work.refused) {
            tracing::info!("the outbox works again");
        }
        Ok(())
    }
}

/// That somebody gets more messages than is good for a person; once a day for each.
fn overdone(now: Time, contact: &ContactId, sent: u32) -> Notice {
    let day = now.timestamp().strftime("%Y-%m-%d");
    Notice {
        key: format!("too many messages to {contact}, {day}"),
        subject: "messages".to_owned(),
        text: format!(
            "{contact} got {sent} messages within a day, more than delivery.max_per_day: \
             look which rules tell so much"
        ),
        severity: Severity::Warning,
    }
}

impl Work {
    pub(super) fn is_writable(&mut self) -> bool {
        if self
            .paused
            .is_some_and(|until| until <= tokio::time::Instant::now())
            && self.endings.is_empty()
        {
            self.paused = None;
        }
        self.paused.is_none()
    }

    /// What passes is waited out: nothing is claimed for a moment. What does not is an error.
    pub(super) fn endure(
        &mut self,
        error: StoreError,
        what: &'static str,
    ) -> Result<(), StoreError> {
        if !error.class().passes() {
            return Err(error);
        }
        if !std::mem::replace(&mut self.refused, true) {
            tracing::error!(%error, "{what}; nothing is sent until that works again");
        }
        self.paused = Some(tokio::time::Instant::now() + RETRY);
        Ok(())
    }
}
