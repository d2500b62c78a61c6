//! How far a message came: what receipts and outcomes, in whatever order they come, make of its row.

use rusqlite::{Connection, Row, params};

use crate::model::{MessageId, MessageState, Receipt, ReceiptFailure, Stage, Time};
use crate::store::Ending;

use super::columns::{id as number, time};
use super::fault::Fault;
use super::rows;

const COLUMNS: &str = "state, reason, retry_at, unknowns, attempts, confirm, confirm_by, successor, \
     sent, delivered, read, failure, ended, contact";

/// The part of a message's row that changes.
#[derive(Debug, Clone)]
pub(super) struct Progress {
    id: MessageId,
    state: MessageState,
    reason: String,
    retry_at: Option<Time>,
    unknowns: u32,
    attempts: u32,
    confirm_ms: Option<i64>,
    confirm_by: Option<Time>,
    successor: Option<MessageId>,
    sent: Option<Time>,
    delivered: Option<Time>,
    read: Option<Time>,
    /// JSON of a failed receipt that is still to be judged.
    failure: Option<String>,
    ended: Option<Time>,
    contact: String,
}

/// What a receipt did to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing that was not known.
    Nothing,
    /// It came further, or failed on its way.
    Moved,
    /// It was given up, and has arrived all the same.
    Late,
}

impl Progress {
    /// Reads it; `None` when there is no such message.
    pub(super) fn load(conn: &Connection, id: MessageId) -> Result<Option<Self>, Fault> {
        let mut statement =
            conn.prepare_cached(&format!("SELECT {COLUMNS} FROM messages WHERE id = ?1"))?;
        let mut rows = statement.query([id.0])?;
        rows.next()?.map(|row| Self::read(id, row)).transpose()
    }

    fn read(id: MessageId, row: &Row<'_>) -> Result<Self, Fault> {
        Ok(Self {
            id,
            state: rows::name(row, 0, MessageState::from_name)?,
            reason: row.get(1)?,
            retry_at: time(row, 2)?,
            unknowns: row.get(3)?,
            attempts: row.get(4)?,
            confirm_ms: row.get(5)?,
            confirm_by: time(row, 6)?,
            successor: number(row, 7)?,
            sent: time(row, 8)?,
            delivered: time(row, 9)?,
            read: time(row, 10)?,
            failure: row.get(11)?,
            ended: time(row, 12)?,
            contact: row.get(13)?,
        })
    }

    pub(super) fn save(&self, conn: &Connection) -> Result<(), Fault> {
        conn.prepare_cached(
            "UPDATE messages SET state = ?2, reason = ?3, retry_at = ?4, unknowns = ?5, confirm_by = ?6, \
             successor = ?7, sent = ?8, delivered = ?9, read = ?10, failure = ?11, ended = ?12 WHERE id = ?1",
        )?
        .execute(params![
            self.id.0,
            self.state.name(),
            self.reason,
            self.retry_at.map(Time::as_ms),
            self.unknowns,
            self.confirm_by.map(Time::as_ms),
            self.successor.map(|id| id.0),
            self.sent.map(Time::as_ms),
            self.delivered.map(Time::as_ms),
            self.read.map(Time::as_ms),
            self.failure,
            self.ended.map(Time::as_ms),
        ])?;
        Ok(())
    }

    /// Whether a receipt of that stage would say nothing that is not known.
    pub(super) fn knows(&self, stage: Stage) -> bool {
        match stage {
            Stage::Failed => self.has_arrived() || self.failure.is_some(),
            Stage::Sent => self.sent.is_some(),
            Stage::Delivered => self.delivered.is_some(),
            Stage::Read => self.read.is_some(),
        }
    }

    /// Which message it is.
    pub(super) fn id(&self) -> MessageId {
        self.id
    }

    /// Who is told.
    pub(super) fn contact(&self) -> &str {
        &self.contact
    }

    /// How often it was tried.
    pub(super) fn attempts(&self) -> u32 {
        self.attempts
    }

    /// A failed receipt that is still to be judged, as JSON.
    pub(super) fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    /// Takes in a receipt that klaxond heard of at `came`.
    pub(super) fn receive(&mut self, receipt: &Receipt, came: Time) -> Result<Step, Fault> {
        // What was never posted has no receipts.
        if self.attempts == 0 || self.state == MessageState::Shadow {
            return Ok(Step::Nothing);
        }
        let (slot, state) = match receipt.stage {
            Stage::Failed => return self.fail(receipt.failure.as_ref()),
            Stage::Sent => (&mut self.sent, MessageState::Sent),
            Stage::Delivered => (&mut self.delivered, MessageState::Delivered),
            Stage::Read => (&mut self.read, MessageState::Read),
        };
        if slot.is_some() && rank(self.state) >= rank(state) {
            return Ok(Step::Nothing);
        }
        slot.get_or_insert(receipt.at);
        Ok(match self.state {
            MessageState::Queued
            | MessageState::Held
            | MessageState::Sending
            | MessageState::Unknown
            | MessageState::Accepted
            | MessageState::Sent
            | MessageState::Delivered
            | MessageState::Read => {
                self.forward(state, came);
                Step::Moved
            }
            MessageState::Failed
            | MessageState::Expired
            | MessageState::Superseded
            | MessageState::Digested
                if self.has_arrived() =>
            {
                let reason = std::mem::take(&mut self.reason);
                self.reason = format!("it arrived after it was given up ({reason})");
                self.state = state;
                Step::Late
            }
            MessageState::Failed
            | MessageState::Expired
            | MessageState::Superseded
            | MessageState::Digested
            | MessageState::Shadow => Step::Moved,
        })
    }

    /// Writes what became of it, unless a receipt knows better; whether it was written. What its
    /// sender has to hear of beside the outcome is in [`Progress::news`].
    pub(super) fn end(&mut self, ending: &Ending) -> bool {
        // A receipt ended it while this was under way.
        let is_proven = self.failure.is_none() && self.ended.is_some() && rank(self.state) > 0;
        if is_proven || self.has_arrived() {
            self.state = further(self.state, ending.state);
            self.ended = self.ended.or(Some(ending.at));
            return false;
        }
        // Its answer is lost, but its receipt is there.
        if ending.state == MessageState::Unknown && rank(self.state) > 0 && self.failure.is_none() {
            return false;
        }
        self.reason.clone_from(&ending.reason);
        self.retry_at = ending.retry_at;
        self.successor = ending.successor.or(self.successor);
        if rank(ending.state) > 0 {
            self.state = further(self.state, ending.state);
            if self.sent.is_some() {
                self.state = further(self.state, MessageState::Sent);
            }
            self.confirm_by = ending.confirm_by;
            let waits = self.failure.is_some() || self.confirm_by.is_some();
            self.ended = (!waits).then_some(ending.at);
            return true;
        }
        self.state = ending.state;
        if ending.state == MessageState::Unknown {
            self.unknowns = self.unknowns.saturating_add(1);
        } else {
            self.failure = None;
        }
        self.confirm_by = None;
        self.ended = (!ending.state.is_pending()).then_some(ending.at);
        true
    }

    /// What Meta has said of it that its sender may not know.
    pub(super) fn news(&self) -> Option<Stage> {
        if self.read.is_some() {
            Some(Stage::Read)
        } else if self.delivered.is_some() {
            Some(Stage::Delivered)
        } else if self.failure.is_some() {
            Some(Stage::Failed)
        } else {
            // Of an attempt that failed since, it is no news.
            let is_out = rank(self.state) > 0;
            self.sent.filter(|_| is_out).map(|_| Stage::Sent)
        }
    }

    fn has_arrived(&self) -> bool {
        self.delivered.is_some() || self.read.is_some()
    }

    fn forward(&mut self, state: MessageState, came: Time) {
        self.state = further(self.state, state);
        if self.has_arrived() {
            self.confirm_by = None;
            self.failure = None;
            self.retry_at = None;
            self.reason.clear();
            self.ended = self.ended.or(Some(came));
        } else if self.ended.is_none() && self.failure.is_none() {
            match self.confirm_ms {
                // It must reach the phone: that Meta handed it on is not enough.
                Some(ms) => {
                    let by = || came + rows::span(ms);
                    self.confirm_by = self.confirm_by.or_else(|| Some(by()));
                }
                None => self.ended = Some(came),
            }
        }
    }

    /// It failed on its way: kept until the sender has judged it.
    fn fail(&mut self, failure: Option<&ReceiptFailure>) -> Result<Step, Fault> {
        let is_out = rank(self.state) > 0
            || matches!(self.state, MessageState::Sending | MessageState::Unknown);
        if self.knows(Stage::Failed) || !is_out {
            return Ok(Step::Nothing);
        }
        let unnamed = ReceiptFailure {
            code: None,
            text: String::new(),
        };
        self.failure = Some(rows::to_json(failure.unwrap_or(&unnamed))?);
        self.ended = None;
        Ok(Step::Moved)
    }
}

/// How far a state is on the way to the person; 0 for what Meta has not taken.
fn rank(state: MessageState) -> u8 {
    match state {
        MessageState::Accepted => 1,
        MessageState::Sent => 2,
        MessageState::Delivered => 3,
        MessageState::Read => 4,
        MessageState::Queued
        | MessageState::Held
        | MessageState::Sending
        | MessageState::Unknown
        | MessageState::Failed
        | MessageState::Expired
        | MessageState::Superseded
        | MessageState::Digested
        | MessageState::Shadow => 0,
    }
}

/// The further of two states; what is not on the way gives way.
fn further(one: MessageState, other: MessageState) -> MessageState {
    if rank(other) > rank(one) { other } else { one }
}
