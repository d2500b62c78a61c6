//! Who was told that a bucket is raised, and with which message: they are told of its end.

use serde::{Deserialize, Serialize};

use crate::model::{Closes, ContactId, MessageId};

/// Debts of one bucket, in the order in which they were made. Of who was told by more than one message
/// stands the first of them, below zero; 0 where that is not known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Ledger(Box<[(ContactId, MessageId)]>);

impl Ledger {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `contact` is told of what is raised by `message`, perhaps beside others: a raise may be told
    /// already when the next one comes without an end between.
    pub(super) fn owe(&mut self, contact: &ContactId, message: MessageId) {
        let mut all = std::mem::take(&mut self.0).into_vec();
        match all.iter_mut().find(|(known, _)| known == contact) {
            Some(known) => known.1 = MessageId(-known.1.0.abs()),
            None => all.push((contact.clone(), message)),
        }
        self.0 = all.into();
    }

    /// The raise that `contact` was told; below every other when there were several.
    pub(super) fn raise_of(&self, contact: &ContactId) -> Option<MessageId> {
        let found = self.0.iter().find(|(known, _)| known == contact);
        found.map(|(_, message)| *message)
    }

    /// Without what the end has no point for `contact`; `None` when it is owed in any case.
    pub(super) fn closed_for(&self, contact: &ContactId) -> Option<Closes> {
        let MessageId(raise) = self.raise_of(contact)?;
        match raise {
            0 => None,
            1.. => Some(Closes::Only(MessageId(raise))),
            _ => Some(Closes::From(MessageId(-raise))),
        }
    }

    /// The one message that told `contact`.
    pub(super) fn only_raise_of(&self, contact: &ContactId) -> Option<MessageId> {
        self.closed_for(contact).and_then(Closes::only)
    }
}
