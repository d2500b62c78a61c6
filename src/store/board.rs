//! What a page shows of the outbox, read at once and at a bounded cost however much is kept.

use crate::model::{MessageId, MessageState, Row, Time};

use super::sqlite::board;
use super::{Listed, Outbox, StoreError, Tally};

/// What a page shows of the outbox.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Board {
    /// Messages by state, and since when the oldest waits.
    pub tally: Tally,
    /// The newest messages, digests among them.
    pub recent: Vec<Listed>,
    /// How far the messages came that were asked for; of one that another carries, that one. What is
    /// not kept any more is left out.
    pub states: Vec<(MessageId, MessageState)>,
    /// When the message was given up that the fallback command has not taken for longest.
    pub untold: Option<Time>,
    /// What is known of contacts.
    pub people: Vec<Row>,
}

impl Board {
    /// Messages that wait, by state; states of which none does are left out.
    pub fn waiting(&self) -> impl Iterator<Item = (MessageState, u64)> {
        let pending = MessageState::ALL
            .into_iter()
            .filter(|state| state.is_pending());
        let counts = pending.map(|state| (state, self.tally.count(state)));
        counts.filter(|(_, count)| *count > 0)
    }
}

impl Outbox {
    /// The newest `recent` messages, how far the messages `ids` came, and what waits.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn board(&self, recent: usize, ids: Vec<MessageId>) -> Result<Board, StoreError> {
        self.access
            .read(move |conn| board::board(conn, recent, &ids))
            .await
    }

    /// A number that is another one whenever something was written since the last call.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn version(&self) -> Result<i64, StoreError> {
        self.access.read(board::version).await
    }
}
