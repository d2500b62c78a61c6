//! The last messages that would have gone out: what people reply to.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::model::{ContactId, Kind, Message, Notification, NotificationId};

/// How many are kept.
const MAX_SENT: usize = 10_000;

/// The last messages, the oldest first.
#[derive(Debug, Clone, Default)]
pub(in crate::daemon) struct Sent(VecDeque<Kept>);

#[derive(Debug, Clone)]
struct Kept {
    message: Message,
    about: Arc<Notification>,
    text: String,
}

impl Sent {
    pub(super) fn keep(&mut self, message: &Message, about: &Arc<Notification>, text: &str) {
        if self.0.len() == MAX_SENT {
            self.0.pop_front();
        }
        self.0.push_back(Kept {
            message: message.clone(),
            about: Arc::clone(about),
            text: text.to_owned(),
        });
    }

    /// A notification that a message carried.
    pub(super) fn notification(&self, id: NotificationId) -> Option<Arc<Notification>> {
        let mut kept = self.0.iter().rev();
        let found = kept.find(|kept| kept.about.id == id)?;
        Some(Arc::clone(&found.about))
    }

    /// The last message to a contact that is no answer and has `words` in its text.
    pub(super) fn last_to(&self, contact: &ContactId, words: &str) -> Option<&Message> {
        let mut kept =
            self.0.iter().rev().filter(|kept| {
                kept.message.contact == *contact && kept.message.kind != Kind::Answer
            });
        let found = kept.find(|kept| kept.text.contains(words))?;
        Some(&found.message)
    }
}
