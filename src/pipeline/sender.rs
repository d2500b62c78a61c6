//! Claims messages, posts them, writes what came of it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{self, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::delivery::{Action, HoldKey, ProbeAnswer};
use crate::model::{Message, MessageId, MessageState, Notification};
use crate::store::{Claim, ClaimMark, Ending, Envelope, Outbox, StoreError};

use super::attempt::{Attempt, Attempted};
use super::clock::Clock;
use super::correlator::sleep_until;
use super::desk::Desk;
use super::fallback::Fallback;
use super::gateway::Gateway;
use super::outcome;
use super::outfit::Outfit;

/// Messages that are claimed, or endings that are written, in one transaction.
const MAX_BATCH: usize = 256;

/// Messages that are read back from the outbox at once.
const MAX_PAGE: usize = 4_096;

/// Between two tries to write what the store refuses.
const RETRY: Duration = Duration::from_millis(500);

/// The task between the outbox and Meta.
pub struct Sender {
    /// The dispatcher, and what the correlator hands over.
    pub desk: Arc<Desk>,
    /// Where claims and outcomes are written.
    pub outbox: Outbox,
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
}

impl std::fmt::Debug for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sender")
    }
}

/// What a task of the sender brings back.
enum Done {
    Attempt(Box<Attempted>),
    Probe(HoldKey, ProbeAnswer),
}

/// What is on its way, and what could not be written yet.
#[derive(Default)]
struct Work {
    tasks: JoinSet<Done>,
    /// What each attempt under way is about, in case it dies.
    flying: HashMap<task::Id, (Message, Arc<Notification>)>,
    endings: Vec<Ending>,
    /// The store refused something: nothing is claimed until this moment.
    paused: Option<tokio::time::Instant>,
    /// That it refused was logged.
    refused: bool,
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
                self.dispatch(&mut work).await?;
            } else if stopping && work.tasks.is_empty() && work.endings.is_empty() {
                return Ok(());
            }
            let due = self.due(&work, stopping);
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

    /// Reads back what the dispatcher had no room for; at start, everything that is not final.
    async fn refill(&self, work: &mut Work) -> Result<(), StoreError> {
        while work.is_writable()
            && let Some(after) = self.desk.refill_after()
        {
            let page = match self.outbox.pending(after, MAX_PAGE).await {
                Ok(page) => page,
                Err(error) => return work.endure(error, "the outbox cannot be read"),
            };
            let now = self.clock.now();
            let interrupted = self.desk.refill(now, &page, page.len() < MAX_PAGE);
            // What was under way when the process died is unknown, and counts as that.
            let unknown = interrupted
                .into_iter()
                .map(|id| outcome::interrupted(id, now));
            work.endings.extend(unknown);
            self.write_endings(work).await?;
            if page.is_empty() {
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
            self.desk.with(|dispatcher| {
                while sends.len() + closes.len() < MAX_BATCH
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
                        // Storms are off until digests can be written.
                        Action::Digest { contact, .. } => dispatcher.undigested(now, &contact),
                        Action::Probe(hold) => self.probe(hold, work),
                    }
                }
            });
            if sends.is_empty() && closes.is_empty() {
                return Ok(());
            }
            for ending in &closes {
                tracing::warn!(message.id = %ending.message, reason = ending.reason, "not sent");
            }
            work.endings.extend(closes);
            self.write_endings(work).await?;
            let ids: Vec<MessageId> = sends.keys().copied().collect();
            if !self.claim(sends, work).await? {
                self.desk
                    .with(|dispatcher| ids.iter().for_each(|id| dispatcher.requeue(now, *id)));
            }
        }
        Ok(())
    }

    /// Shadow messages go at once: what is not posted spends no limit.
    async fn dispatch_shadows(&self, work: &mut Work) -> Result<(), StoreError> {
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
    async fn claim(
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
        let (moot, envelopes): (Vec<Envelope>, Vec<Envelope>) =
            envelopes.into_iter().partition(|envelope| envelope.is_moot);
        let claims: Vec<Claim> = envelopes
            .iter()
            .filter_map(|envelope| {
                let phone = self.desk.phone(&envelope.message.contact)?;
                Some(Claim {
                    message: envelope.message.id,
                    mark: ClaimMark { at, phone },
                })
            })
            .collect();
        if let Err(error) = self.outbox.claim(claims).await {
            work.endure(error, "messages cannot be claimed")?;
            return Ok(false);
        }
        if std::mem::take(&mut work.refused) {
            tracing::info!("the outbox works again");
        }
        for envelope in moot {
            let id = envelope.message.id;
            self.desk.with(|dispatcher| dispatcher.withdraw(at, id));
            let reason = "its raise was never told".to_owned();
            let state = MessageState::Superseded;
            work.endings
                .push(outcome::closed(id, at, state, reason, false));
        }
        self.write_endings(work).await?;
        for Envelope {
            message,
            notification,
            ..
        } in envelopes
        {
            let repeat = sends.get(&message.id).copied().unwrap_or_default();
            self.start(message, notification, repeat, work);
        }
        Ok(true)
    }

    fn start(
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
        work.endings.push(ending);
        if let Some(notice) = notice {
            self.fallback.held(notice);
        }
    }

    /// Writes outcomes; while they cannot be written nothing is claimed.
    async fn write_endings(&self, work: &mut Work) -> Result<(), StoreError> {
        let waits = |until| tokio::time::Instant::now() < until;
        if work.endings.is_empty() || work.paused.is_some_and(waits) {
            return Ok(());
        }
        if let Err(error) = self.outbox.finish(work.endings.clone()).await {
            return work.endure(error, "outcomes cannot be written");
        }
        let untold = work.endings.drain(..).any(|ending| ending.fallback);
        if untold {
            self.fallback.written();
        }
        work.paused = None;
        if std::mem::take(&mut work.refused) {
            tracing::info!("the outbox works again");
        }
        Ok(())
    }
}

impl Work {
    fn is_writable(&mut self) -> bool {
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
    fn endure(&mut self, error: StoreError, what: &'static str) -> Result<(), StoreError> {
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
