//! What the dispatcher asks for, and what it makes of an outcome.

use std::fmt;

use crate::model::{ContactId, MessageId, MessageState, TemplateId, Time};

/// Something to do, given by [`super::Dispatcher::next`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// The message is claimed: write the claim, then post it, then settle it. If the claim cannot be
    /// written, requeue it.
    Send {
        /// Which one.
        id: MessageId,
        /// An earlier attempt may have arrived: say so where the template allows.
        repeat: bool,
    },
    /// What waits for this contact goes as one: compose it, write it with its members, then tell
    /// [`super::Dispatcher::digested`]; if it cannot be written, [`super::Dispatcher::undigested`].
    Digest {
        /// Whose lane it is; it is in flight until then.
        contact: ContactId,
        /// The most severe first, the newest first inside a severity.
        members: Vec<MessageId>,
        /// Why they do not go by themselves, as a sentence fragment.
        reason: String,
    },
    /// The message has left the queue without being sent.
    Close {
        /// Which one.
        id: MessageId,
        /// Its final state.
        state: MessageState,
        /// Why, as a sentence fragment.
        reason: String,
        /// Whether the fallback must hear of it.
        fallback: bool,
        /// The message that took its place, when one did.
        successor: Option<MessageId>,
    },
    /// It stays in the queue until its contact's quiet hours end: let that be known.
    Wait {
        /// Which.
        id: MessageId,
        /// Why and until when, as a sentence fragment.
        reason: String,
    },
    /// More messages went to this contact's phone in a day than is good for a person. Nothing is kept
    /// back: tell the operators. Once a day.
    Overdone {
        /// Whose.
        contact: ContactId,
        /// So many so far.
        sent: u32,
        /// Since then.
        since: Time,
    },
    /// Ask Meta whether the cause of a hold is gone, and tell [`super::Dispatcher::probed`]: account
    /// and number by a GET of the number, a template by a GET of the templates.
    Probe(HoldKey),
}

/// What a hold pauses.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum HoldKey {
    /// Everything: token, app, business.
    Account,
    /// Everything that goes out from the business number.
    Number,
    /// Messages with this template.
    Template(TemplateId),
    /// One contact's lane.
    Contact(ContactId),
}

impl fmt::Display for HoldKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account => f.write_str("the account"),
            Self::Number => f.write_str("the number"),
            Self::Template(id) => write!(f, "template {id}"),
            Self::Contact(id) => write!(f, "contact {id}"),
        }
    }
}

/// What a probe found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProbeAnswer {
    /// The cause is gone.
    Lifted,
    /// The cause is still there.
    Still,
    /// Nobody answered, or not readably.
    NoAnswer,
}

/// What became of a message through an outcome. Each reason is a sentence fragment for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Meta has it; it has left the queue.
    Accepted {
        /// Meta's id of the message.
        wamid: String,
        /// Meta holds it for a quality check.
        held: bool,
        /// Until when its receipt is waited for; `None` when acceptance is enough.
        confirm_by: Option<Time>,
    },
    /// It stays in the queue and is tried again.
    Retry {
        /// Not before this.
        at: Time,
        /// Why.
        reason: String,
    },
    /// It stays in the queue until the hold lifts.
    Held {
        /// Why.
        reason: String,
        /// The hold, when this failure is the first to cause it: tell the operator.
        new_hold: Option<HoldKey>,
    },
    /// It may have arrived; it waits for a sign of that and is sent again after it.
    Unknown {
        /// The end of that wait.
        until: Time,
    },
    /// It has left the queue for good.
    Failed {
        /// Why.
        reason: String,
        /// Whether the fallback must hear of it. A digest of which nobody must hear failed for a reason
        /// of its own: its members go one by one, by [`super::Dispatcher::members_again`]. The members
        /// of any other digest that failed have failed with it.
        fallback: bool,
    },
    /// Only for a failed receipt: another attempt is under way, or a digest that carries it, or its end
    /// is decided and comes as [`Action::Close`]. Nothing changes before that.
    UnderWay,
}
