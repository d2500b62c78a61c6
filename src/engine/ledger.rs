//! Who was told that a bucket is raised, and with which message: they are told of its end.

use serde::{Deserialize, Serialize};

use crate::model::{ContactId, MessageId};

/// Debts of one bucket, in the order in which they were made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Ledger(Box<[(ContactId, MessageId)]>);

impl Ledger {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `contact` was told by `message`; a later raise takes the place of an earlier one.
    pub(super) fn owe(&mut self, told: Vec<(ContactId, MessageId)>) {
        let mut all = std::mem::take(&mut self.0).into_vec();
        for (contact, message) in told {
            match all.iter_mut().find(|(known, _)| *known == contact) {
                Some(known) => known.1 = message,
                None => all.push((contact, message)),
            }
        }
        self.0 = all.into();
    }

    /// The raise that `contact` was told.
    pub(super) fn raise_of(&self, contact: &ContactId) -> Option<MessageId> {
        let found = self.0.iter().find(|(known, _)| known == contact);
        found.map(|(_, message)| *message)
    }
}
