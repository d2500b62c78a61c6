//! Messages that Meta took lately: when, and what their receipts have said.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::model::{MessageId, Stage, Time};

/// How many are remembered. A receipt of one that is forgotten counts, and measures nothing.
const MAX: usize = 32_768;

/// What is known of each message until it is read.
#[derive(Debug, Default)]
pub(super) struct Afoot {
    known: BTreeMap<MessageId, Known>,
    /// In the order in which they came; some have gone since.
    order: VecDeque<MessageId>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Known {
    accepted: Option<Time>,
    sent: bool,
    delivered: bool,
}

/// What a receipt says that was not known.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct News {
    /// How far the message came by it, step by step.
    pub(super) stages: Vec<Stage>,
    /// How long it took to the phone.
    pub(super) took: Option<Duration>,
}

impl Afoot {
    /// Meta took a message.
    pub(super) fn accepted(&mut self, message: MessageId, now: Time) {
        let known = self.enter(message);
        if known.accepted.is_some() {
            // It is out once more, and its receipts begin anew.
            *known = Known::default();
        }
        known.accepted = Some(now);
    }

    /// A receipt came.
    pub(super) fn received(&mut self, message: MessageId, stage: Stage, now: Time) -> News {
        let mut news = News::default();
        match stage {
            Stage::Failed => {}
            Stage::Sent => {
                let known = self.enter(message);
                if !std::mem::replace(&mut known.sent, true) {
                    news.stages.push(stage);
                }
            }
            Stage::Delivered | Stage::Read => {
                let known = self.enter(message);
                if !std::mem::replace(&mut known.delivered, true) {
                    news.stages.push(Stage::Delivered);
                    news.took = known.accepted.map(|at| now.since(at));
                }
                if stage == Stage::Read {
                    news.stages.push(stage);
                    self.known.remove(&message);
                }
            }
        }
        news
    }

    fn enter(&mut self, message: MessageId) -> &mut Known {
        if !self.known.contains_key(&message) {
            if self.order.len() >= MAX
                && let Some(oldest) = self.order.pop_front()
            {
                self.known.remove(&oldest);
            }
            self.order.push_back(message);
        }
        self.known.entry(message).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: MessageId = MessageId(1);

    fn at(ms: i64) -> Time {
        Time::from_ms(ms)
    }

    #[test]
    fn each_step_counts_once_however_often_and_in_whatever_order_it_is_said() {
        let mut afoot = Afoot::default();
        let sent = afoot.received(ONE, Stage::Sent, at(0));
        assert_eq!(sent.stages, [Stage::Sent]);
        afoot.accepted(ONE, at(10));
        assert_eq!(afoot.received(ONE, Stage::Sent, at(20)), News::default());
        let delivered = afoot.received(ONE, Stage::Delivered, at(1_510));
        assert_eq!(delivered.stages, [Stage::Delivered]);
        assert_eq!(delivered.took, Some(Duration::from_millis(1_500)));
        assert_eq!(
            afoot.received(ONE, Stage::Delivered, at(9_000)),
            News::default()
        );
        let read = afoot.received(ONE, Stage::Read, at(9_000));
        assert_eq!((read.stages, read.took), (vec![Stage::Read], None));
    }

    #[test]
    fn what_was_read_was_delivered() {
        let mut afoot = Afoot::default();
        afoot.accepted(ONE, at(0));
        let read = afoot.received(ONE, Stage::Read, at(2_000));
        assert_eq!(read.stages, [Stage::Delivered, Stage::Read]);
        assert_eq!(read.took, Some(Duration::from_secs(2)));
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let mut afoot = Afoot::default();
        for n in 0..100_000 {
            afoot.accepted(MessageId(n), at(n));
        }
        assert!(afoot.known.len() <= MAX && afoot.order.len() <= MAX);
        let late = afoot.received(MessageId(5), Stage::Delivered, at(100_000));
        assert_eq!((late.stages, late.took), (vec![Stage::Delivered], None));
        let last = afoot.received(MessageId(99_999), Stage::Delivered, at(100_000));
        assert_eq!(last.took, Some(Duration::from_millis(1)));
    }
}
