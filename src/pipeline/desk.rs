//! Where the correlator hands messages to the sender.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::delivery::{Dispatcher, Quiet, Settings};
use crate::engine::person;
use crate::model::{
    ContactId, Kind, Message, MessageId, MessageState, Notification, NotificationId, Phone, Row,
    RowChange, RowKind, Stage, Time,
};
use crate::store::{ClaimMark, NewMessage, Pending};

/// Messages that the dispatcher keeps in memory; the rest waits in the outbox.
const MAX_WAITING: usize = 200_000;

/// Claimed messages on their way to the sender.
const MAX_HANDED: usize = 1_024;

/// A message that was claimed as it was written.
#[derive(Debug, Clone)]
pub struct Handed {
    /// The message.
    pub message: Message,
    /// What it is rendered from.
    pub notification: Arc<Notification>,
}

/// The dispatcher, shared by the correlator, which offers messages as it writes them, and the
/// sender, which does everything else. No lock is held over an await.
#[derive(Debug)]
pub struct Desk {
    inner: Mutex<Inner>,
    wake: Notify,
}

#[derive(Debug)]
struct Inner {
    dispatcher: Dispatcher,
    phones: BTreeMap<ContactId, Phone>,
    /// Who said stop.
    stopped: BTreeSet<ContactId>,
    handed: Vec<Handed>,
    /// Shadow messages that were not claimed as they were written: they wait for no limit and no
    /// hold, so the dispatcher does not see them.
    shadows: Vec<MessageId>,
    /// Messages whose failed receipts are committed and have to be judged.
    failed: BTreeSet<MessageId>,
    /// The last message the dispatcher was given, once there were more than it keeps: those after
    /// it are read back from the outbox.
    spilled: Option<MessageId>,
    last: MessageId,
    /// The last message that was handed over.
    newest: MessageId,
    /// The outbox was read to its end once: what is being sent from here on, we send.
    caught_up: bool,
}

impl Desk {
    /// A desk over `dispatcher`, whose lanes have these numbers. What the outbox holds is to be read
    /// first: see [`Desk::refill_after`].
    #[must_use]
    pub fn new(dispatcher: Dispatcher, lanes: Vec<(ContactId, Phone)>) -> Self {
        let inner = Inner {
            dispatcher,
            phones: lanes.into_iter().collect(),
            stopped: BTreeSet::new(),
            handed: Vec::new(),
            shadows: Vec::new(),
            failed: BTreeSet::new(),
            spilled: Some(MessageId::default()),
            last: MessageId::default(),
            newest: MessageId::default(),
            caught_up: false,
        };
        Self {
            inner: Mutex::new(inner),
            wake: Notify::new(),
        }
    }

    /// Learns who said stop, and who start, from rows that are committed.
    pub fn heed<'r>(&self, rows: impl IntoIterator<Item = &'r RowChange>) {
        for change in rows {
            match change {
                RowChange::Put(row) => self.know(row),
                RowChange::Delete {
                    kind: RowKind::Person,
                    key,
                } => {
                    self.lock().stopped.retain(|id| id.as_str() != key);
                }
                RowChange::Delete { .. } => {}
            }
        }
    }

    /// Learns from one row whether somebody said stop.
    pub fn know(&self, row: &Row) {
        let Some((contact, person)) = person(row) else {
            return;
        };
        let mut inner = self.lock();
        if person.stopped.is_some() {
            inner.stopped.insert(contact);
        } else {
            inner.stopped.remove(&contact);
        }
    }

    /// Whether a message must not go any more, since its contact said stop. What answers it may.
    pub fn is_unwanted(&self, contact: &ContactId, kind: Kind) -> bool {
        kind != Kind::Answer && self.lock().stopped.contains(contact)
    }

    /// Offers messages that are about to be written at once: one for an idle lane is claimed and so
    /// written. What comes after one that has to wait does not overtake it.
    pub fn offer(&self, now: Time, messages: Vec<Message>) -> Vec<NewMessage> {
        let mut inner = self.lock();
        let mut waits = BTreeSet::new();
        messages
            .into_iter()
            .map(|message| {
                let claimed = if !message.shadow && waits.contains(&message.contact) {
                    None
                } else {
                    inner.offer(now, &message)
                };
                if claimed.is_none() && !message.shadow {
                    waits.insert(message.contact.clone());
                }
                NewMessage { message, claimed }
            })
            .collect()
    }

    /// Takes back what was offered: it could not be written.
    pub fn withdraw(&self, now: Time, messages: &[NewMessage]) {
        let mut inner = self.lock();
        for new in messages.iter().filter(|new| new.claimed.is_some()) {
            inner.dispatcher.withdraw(now, new.message.id);
        }
    }

    /// Hands over what is committed, in the order in which it was offered.
    pub fn hand(&self, now: Time, messages: Vec<NewMessage>, notifications: &[Arc<Notification>]) {
        if messages.is_empty() {
            return;
        }
        let by_id: BTreeMap<NotificationId, &Arc<Notification>> = notifications
            .iter()
            .map(|notification| (notification.id, notification))
            .collect();
        let mut inner = self.lock();
        for NewMessage { message, claimed } in messages {
            inner.hand(now, message, claimed.is_some(), &by_id);
        }
        drop(inner);
        self.wake.notify_one();
    }

    /// Tells the dispatcher of receipts that are committed; those that failed wait for the sender.
    pub fn receive(&self, now: Time, stages: impl IntoIterator<Item = (MessageId, Stage)>) {
        let mut inner = self.lock();
        let mut any = false;
        for (id, stage) in stages {
            any = true;
            if stage == Stage::Failed {
                inner.failed.insert(id);
            } else {
                inner.dispatcher.delivered(now, id, stage);
            }
        }
        drop(inner);
        if any {
            self.wake.notify_one();
        }
    }

    /// Takes at most `limit` messages whose failed receipts have to be judged.
    pub fn take_failed(&self, limit: usize) -> Vec<MessageId> {
        let mut inner = self.lock();
        let ids: Vec<MessageId> = inner.failed.iter().take(limit).copied().collect();
        for id in &ids {
            inner.failed.remove(id);
        }
        ids
    }

    /// Takes them back: they could not be judged.
    pub fn return_failed(&self, ids: Vec<MessageId>) {
        self.lock().failed.extend(ids);
    }

    /// Takes up a message that was given up and waits again in the outbox.
    pub fn again(&self, now: Time, message: &Message) {
        self.lock().again(now, message);
        self.wake.notify_one();
    }

    /// Resolves when something was handed over since the last call.
    pub async fn woken(&self) {
        self.wake.notified().await;
    }

    /// Wakes the sender.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Takes the claimed messages that were handed over.
    pub fn take_handed(&self) -> Vec<Handed> {
        std::mem::take(&mut self.lock().handed)
    }

    /// Takes at most `limit` shadow messages that still have to be claimed.
    pub fn take_shadows(&self, limit: usize) -> Vec<MessageId> {
        let mut inner = self.lock();
        let count = inner.shadows.len().min(limit);
        inner.shadows.drain(..count).collect()
    }

    /// Takes shadow messages back: they could not be claimed.
    pub fn return_shadows(&self, ids: &[MessageId]) {
        self.lock().shadows.splice(..0, ids.iter().copied());
    }

    /// Where to read on in the outbox, when the dispatcher has room for what it spilled.
    pub fn refill_after(&self) -> Option<MessageId> {
        let inner = self.lock();
        inner
            .spilled
            .filter(|_| inner.dispatcher.waiting() <= MAX_WAITING / 2)
    }

    /// Gives the dispatcher the digests that an earlier process left, before anything else: they stand
    /// in front of their lanes. Returns what was under way when it ended.
    pub fn restore_digests(&self, now: Time, page: &[Pending]) -> Vec<MessageId> {
        let mut inner = self.lock();
        page.iter()
            .filter_map(|pending| inner.restore(now, pending))
            .collect()
    }

    /// Gives the dispatcher what was read from the outbox after [`Desk::refill_after`], at start
    /// after 0; `all` when the outbox held no more. Digests are left out. Returns what was under way when an earlier
    /// process ended.
    pub fn refill(&self, now: Time, page: &[Pending], all: bool) -> Vec<MessageId> {
        let mut inner = self.lock();
        let mut interrupted = Vec::new();
        for pending in page {
            // They stand behind all others, and are known since the start.
            if pending.message.id.is_digest() {
                break;
            }
            let sending = pending.state == MessageState::Sending;
            if sending && inner.caught_up {
                inner.last = pending.message.id;
                continue;
            }
            inner.last = pending.message.id;
            interrupted.extend(inner.restore(now, pending));
        }
        // What was handed over while the page was being read waits in the outbox still.
        let complete = all && inner.last >= inner.newest;
        inner.caught_up |= complete;
        inner.spilled = (!complete).then_some(inner.last);
        interrupted
    }

    /// Shadow messages that wait to be claimed; the dispatcher does not see them.
    pub fn shadows(&self) -> usize {
        self.lock().shadows.len()
    }

    /// Runs `f` on the dispatcher.
    pub fn with<T>(&self, f: impl FnOnce(&mut Dispatcher) -> T) -> T {
        f(&mut self.lock().dispatcher)
    }

    /// Puts other limits, lanes and quiet hours in force.
    pub fn reconfigure(
        &self,
        now: Time,
        settings: Settings,
        lanes: Vec<(ContactId, Phone)>,
        quiet: &[Quiet],
    ) {
        let mut inner = self.lock();
        inner.dispatcher.reconfigure(now, settings, &lanes);
        inner.dispatcher.keep_quiet(now, quiet);
        inner.phones = lanes.into_iter().collect();
    }

    /// The number of a lane.
    pub fn phone(&self, contact: &ContactId) -> Option<Phone> {
        self.lock().phones.get(contact).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn offer(&mut self, now: Time, message: &Message) -> Option<ClaimMark> {
        if self.spilled.is_some() || self.handed.len() >= MAX_HANDED {
            return None;
        }
        // Whether an end has a point is seen when it is claimed by itself; what a message carries that
        // stands in for another is read then.
        if message.closes.is_some() || message.instead_of.is_some() {
            return None;
        }
        let phone = self.phones.get(&message.contact)?.clone();
        // A shadow message is not posted: it spends no limit and takes no turn.
        let claimed = message.shadow || self.dispatcher.offer(now, message);
        claimed.then_some(ClaimMark { at: now, phone })
    }

    fn hand(
        &mut self,
        now: Time,
        message: Message,
        claimed: bool,
        notifications: &BTreeMap<NotificationId, &Arc<Notification>>,
    ) {
        self.newest = message.id;
        if claimed && let Some(notification) = notifications.get(&message.notification) {
            self.last = message.id;
            self.handed.push(Handed {
                message,
                notification: Arc::clone(notification),
            });
        } else if self.spilled.is_some() || message.id <= self.last {
            // It is in the outbox, behind others that wait there, or was read back from it before
            // it was handed over.
        } else if self.waiting() >= MAX_WAITING {
            self.spilled = Some(self.last);
        } else {
            self.last = message.id;
            if message.shadow {
                self.shadows.push(message.id);
            } else {
                self.dispatcher.admit(now, &message);
            }
        }
    }

    /// Takes up a message of the outbox; its number, when it was under way.
    fn restore(&mut self, now: Time, pending: &Pending) -> Option<MessageId> {
        let id = pending.message.id;
        let interrupted = pending.state == MessageState::Sending;
        if pending.message.shadow {
            self.shadows.push(id);
            return None;
        }
        if pending.failure.is_some() && !interrupted {
            self.failed.insert(id);
            return None;
        }
        self.dispatcher.restore(
            now,
            &pending.message,
            pending.state,
            pending.attempts,
            pending.unknowns,
            pending.retry_at,
            pending.attempted,
            pending.confirm_by,
        );
        interrupted.then_some(id)
    }

    fn again(&mut self, now: Time, message: &Message) {
        if message.shadow {
            self.shadows.push(message.id);
        } else {
            // Should it be read back from the outbox too, it is known by then.
            self.dispatcher.admit(now, message);
        }
    }

    fn waiting(&self) -> usize {
        self.dispatcher.waiting() + self.shadows.len()
    }
}
