//! Where the correlator hands messages to the sender.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::delivery::{Dispatcher, Settings};
use crate::model::{
    ContactId, Message, MessageId, MessageState, Notification, NotificationId, Phone, Time,
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
    handed: Vec<Handed>,
    /// Shadow messages that were not claimed as they were written: they wait for no limit and no
    /// hold, so the dispatcher does not see them.
    shadows: Vec<MessageId>,
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
            handed: Vec::new(),
            shadows: Vec::new(),
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

    /// Offers messages that are about to be written: one for an idle lane is claimed and so written.
    pub fn offer(&self, now: Time, messages: Vec<Message>) -> Vec<NewMessage> {
        let mut inner = self.lock();
        messages
            .into_iter()
            .map(|message| {
                let claimed = inner.offer(now, &message);
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

    /// Gives the dispatcher what was read from the outbox after [`Desk::refill_after`], at start
    /// after 0; `all` when the outbox held no more. Returns what was under way when an earlier
    /// process ended.
    pub fn refill(&self, now: Time, page: &[Pending], all: bool) -> Vec<MessageId> {
        let mut inner = self.lock();
        let mut interrupted = Vec::new();
        for pending in page {
            let sending = pending.state == MessageState::Sending;
            if sending && inner.caught_up {
                inner.last = pending.message.id;
                continue;
            }
            if sending && !pending.message.shadow {
                interrupted.push(pending.message.id);
            }
            inner.restore(now, pending);
        }
        // What was handed over while the page was being read waits in the outbox still.
        let complete = all && inner.last >= inner.newest;
        inner.caught_up |= complete;
        inner.spilled = (!complete).then_some(inner.last);
        interrupted
    }

    /// Runs `f` on the dispatcher.
    pub fn with<T>(&self, f: impl FnOnce(&mut Dispatcher) -> T) -> T {
        f(&mut self.lock().dispatcher)
    }

    /// Puts other limits and lanes in force.
    pub fn reconfigure(&self, now: Time, settings: Settings, lanes: Vec<(ContactId, Phone)>) {
        let mut inner = self.lock();
        inner.dispatcher.reconfigure(now, settings, &lanes);
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
        // Whether an end has a point is seen when it is claimed by itself.
        if message.closes.is_some() {
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

    fn restore(&mut self, now: Time, pending: &Pending) {
        self.last = pending.message.id;
        if pending.message.shadow {
            self.shadows.push(pending.message.id);
            return;
        }
        self.dispatcher.restore(
            now,
            &pending.message,
            pending.state,
            pending.attempts,
            pending.unknowns,
            pending.retry_at,
            pending.attempted,
        );
    }

    fn waiting(&self) -> usize {
        self.dispatcher.waiting() + self.shadows.len()
    }
}
