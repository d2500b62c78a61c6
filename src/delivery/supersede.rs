//! Messages of one bucket that make each other needless while they wait.

use crate::model::{Kind, MessageId, MessageState};

use super::action::Action;
use super::dispatcher::Dispatcher;
use super::queue::Entry;
use super::slab::EntryNo;

/// What a message does to the one right before it in its bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// They both go.
    Nothing,
    /// It goes in its place.
    Replaces,
    /// Neither goes: what was never told need not be taken back.
    Cancels,
}

impl Dispatcher {
    /// Lets a message that waits take the place of those right before it that it makes needless. Each
    /// message is looked at once more at most for each that follows it, and leaves when it is replaced.
    pub(super) fn absorb(&mut self, no: EntryNo) {
        while let Some(before) = self.queue[no].older {
            match effect(&self.queue[before], &self.queue[no]) {
                Effect::Nothing => return,
                Effect::Replaces => {
                    let raise = self.queue[before].raise;
                    let after = &mut self.queue[no];
                    let reason = if after.kind == Kind::Cleared {
                        "it ended before this could be told"
                    } else {
                        if raise != MessageId::default() {
                            after.raise = raise;
                        }
                        "a later one says more"
                    };
                    let id = after.id;
                    self.supersede(before, reason, Some(id));
                }
                // Its end is the end of an earlier raise too, which has been told or will be.
                Effect::Cancels if self.raised_before(before) => return,
                Effect::Cancels => {
                    self.supersede(before, "it ended before it could be told", None);
                    self.supersede(no, "its raise was never told", None);
                    return;
                }
            }
        }
    }

    /// Whether the message before this one in its bucket leaves its alarm standing.
    fn raised_before(&self, no: EntryNo) -> bool {
        let before = self.queue[no].older.map(|no| &self.queue[no]);
        before.is_some_and(|entry| entry.kind != Kind::Cleared)
    }

    fn supersede(&mut self, no: EntryNo, reason: &str, successor: Option<MessageId>) {
        let id = self.queue[no].id;
        self.detach(no);
        self.pending.push_back(Action::Close {
            id,
            state: MessageState::Superseded,
            reason: reason.to_owned(),
            fallback: false,
            successor,
        });
    }
}

/// Single events and escalations stand for themselves; so does all that may have reached Meta.
fn effect(before: &Entry, after: &Entry) -> Effect {
    let apart = before.single || after.single || before.shadow != after.shadow;
    if apart || !before.is_untold() || !after.is_untold() {
        return Effect::Nothing;
    }
    let raises = before.raise != MessageId::default();
    match (before.kind, after.kind) {
        (Kind::Raised | Kind::Updated, Kind::Cleared) if raises => {
            if before.raise == after.raise {
                Effect::Cancels
            } else {
                Effect::Nothing
            }
        }
        (Kind::Updated | Kind::Reminder, Kind::Updated | Kind::Cleared)
        | (Kind::Reminder, Kind::Reminder)
        | (Kind::Raised, Kind::Updated) => Effect::Replaces,
        _ => Effect::Nothing,
    }
}
