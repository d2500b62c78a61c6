//! How far a message came, as the ticks that people know; always with words.

use crate::model::MessageState;

/// A state of a message for people: a sign, and words for those who do not see it.
pub(super) struct Tick {
    /// Which sign, and its colour: a class of the style.
    pub(super) class: &'static str,
    /// The sign as lines in a box of 20 by 12.
    lines: &'static str,
    /// The words.
    pub(super) words: &'static str,
}

const CLOCK: &str = "M10 1a5 5 0 1 0 0 10a5 5 0 1 0 0-10M10 3.2V6l2 1.4";
const ONE: &str = "M5 6.5l3.2 3.2L15 2.8";
const TWO: &str = "M1.5 6.5l3.2 3.2L11.5 2.8M9 9.2l.6.5L16.5 2.8";
const BANG: &str = "M10 1.5v5.6M10 10v.3";
const AWAY: &str = "M4 6h11M11 2.5L14.8 6L11 9.5";
const STACK: &str = "M4.5 2.5h11M4.5 6h11M4.5 9.5h11";
const RING: &str = "M10 1.8a4.2 4.2 0 1 0 0 8.4a4.2 4.2 0 1 0 0-8.4";
const BARS: &str = "M8 2.2v7.6M12 2.2v7.6";

impl Tick {
    /// The tick of a state; `None` is somebody who was told by several messages, or of whose message
    /// nothing is kept any more.
    pub(super) const fn of(state: Option<MessageState>) -> Self {
        let (class, lines, words) = match state {
            None => ("gone", ONE, "told"),
            Some(MessageState::Queued) => ("waits", CLOCK, "queued"),
            Some(MessageState::Sending) => ("waits", CLOCK, "being sent"),
            Some(MessageState::Unknown) => ("waits", CLOCK, "answer lost, may have arrived"),
            Some(MessageState::Held) => ("held", BARS, "held"),
            Some(MessageState::Accepted) => ("gone", ONE, "accepted by WhatsApp"),
            Some(MessageState::Sent) => ("gone", ONE, "sent"),
            Some(MessageState::Delivered) => ("there", TWO, "delivered"),
            Some(MessageState::Read) => ("read", TWO, "read"),
            Some(MessageState::Failed) => ("bad", BANG, "failed"),
            Some(MessageState::Expired) => ("bad", BANG, "expired"),
            Some(MessageState::Superseded) => ("gone", AWAY, "replaced by a later message"),
            Some(MessageState::Digested) => ("gone", STACK, "in a digest"),
            Some(MessageState::Shadow) => ("gone", RING, "not sent, shadow mode"),
        };
        Self {
            class,
            lines,
            words,
        }
    }

    /// As HTML; `with_words` also for those who see.
    pub(super) fn html(&self, with_words: bool) -> String {
        let Self {
            class,
            lines,
            words,
        } = self;
        let hidden = if with_words { "" } else { " class=\"unseen\"" };
        format!(
            "<span class=\"tick {class}\" title=\"{words}\"><svg viewBox=\"0 0 20 12\" aria-hidden=\"true\">\
             <path d=\"{lines}\"/></svg><span{hidden}> {words}</span></span>"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_words_of_its_own() {
        let words = MessageState::ALL.map(|state| Tick::of(Some(state)).words);
        let mut unique = words.to_vec();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), words.len(), "{words:?}");
    }

    #[test]
    fn the_ticks_are_those_of_the_phone() {
        let tick = |state| Tick::of(Some(state));
        assert_eq!(tick(MessageState::Queued).lines, CLOCK);
        assert_eq!(tick(MessageState::Accepted).lines, ONE);
        assert_eq!(tick(MessageState::Sent).lines, ONE);
        assert_eq!(tick(MessageState::Delivered).lines, TWO);
        assert_eq!(tick(MessageState::Read).lines, TWO);
        assert_eq!(tick(MessageState::Read).class, "read");
        assert_eq!(tick(MessageState::Failed).lines, BANG);
    }
}
