//! The state of the engine: rows, and how far the log is decided.

use std::sync::Arc;

use crate::model::{
    Message, MessageId, Notification, NotificationId, Position, Receipt, Row, RowChange, RowKind,
    Time, TreeKey,
};

use super::sqlite::{Access, state};
use super::{ClaimMark, StoreError};

/// Where the engine stood when it last wrote a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// The last log entry that is decided; 0 before the first.
    pub position: Position,
    /// Engine time of the last step.
    pub engine_time: Time,
    /// The number of the next message; the first is 1.
    pub next_message: MessageId,
    /// The number of the next notification; the first is 1.
    pub next_notification: NotificationId,
    /// Every row, by kind and key.
    pub rows: Vec<Row>,
}

/// All that one step of the engine writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepWrite {
    /// The log entry that is decided with it; that of the step before for a timer.
    pub position: Position,
    /// Engine time of the step.
    pub engine_time: Time,
    /// The number of the next message.
    pub next_message: MessageId,
    /// The number of the next notification.
    pub next_notification: NotificationId,
    /// What was decided to say.
    pub notifications: Vec<Arc<Notification>>,
    /// To whom.
    pub messages: Vec<NewMessage>,
    /// Rows that changed.
    pub rows: Vec<RowChange>,
    /// How far messages came, as the log entry has it.
    pub receipts: Vec<Receipt>,
    /// Acknowledgements that the `on_ack` command has to hear of.
    pub acks: Vec<NotificationId>,
    /// Messages that did not reach their contacts, of which only the fallback command can hear.
    pub alone: Vec<MessageId>,
    /// Alarms that are over for the engine: no longer open, unless a later entry of the log touched them.
    pub closed_trees: Vec<TreeKey>,
}

/// A message as it enters the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage {
    /// The message.
    pub message: Message,
    /// It goes out at once: written as sending, with its first attempt.
    pub claimed: Option<ClaimMark>,
}

/// The state of the engine. Cheap to clone.
#[derive(Debug, Clone)]
pub struct State {
    pub(super) access: Access,
}

impl State {
    /// What was written last; position 0 and no rows in a store that was just made.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn load(&self) -> Result<Saved, StoreError> {
        self.access.read(state::load).await
    }

    /// Every row of a kind, by key.
    ///
    /// # Errors
    /// They cannot be read.
    pub async fn rows(&self, kind: RowKind) -> Result<Vec<Row>, StoreError> {
        self.access
            .read(move |conn| state::rows_of(conn, kind))
            .await
    }

    /// Writes steps, all of them whole or none. Does not wait for the disk: the commit rides on the
    /// next sync.
    ///
    /// # Errors
    /// Nothing was written. A step whose position lies before what is decided is refused.
    pub async fn commit(&self, steps: Vec<StepWrite>) -> Result<(), StoreError> {
        let weight = steps
            .iter()
            .map(|step| 1 + step.rows.len() + step.messages.len() + step.receipts.len())
            .sum();
        self.access
            .write(weight, move |tx| state::commit(tx, &steps))
            .await
    }
}
