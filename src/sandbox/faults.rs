//! The faults in force, and when they come.

use std::time::Duration;

use fastrand::Rng;

use super::fault::{Endpoint, Fault, Kind, Twist};
use crate::model::Stage;

/// The faults in force, and how often each could have come and came.
#[derive(Debug)]
pub(super) struct Faults {
    counted: Vec<Counted>,
    chance: Rng,
}

#[derive(Debug)]
struct Counted {
    fault: Fault,
    seen: u64,
    done: u64,
}

/// What one request meets.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Drawn {
    /// How much later the answer comes.
    pub(super) latency: Duration,
    /// How much later it comes when the work is done.
    pub(super) answer_after: Duration,
    /// What goes wrong besides, and the fault's own text.
    pub(super) kind: Option<(Kind, String)>,
}

impl Faults {
    /// `seed` decides where a fault says `chance`.
    pub(super) fn new(faults: Vec<Fault>, seed: u64) -> Self {
        let mut new = Self {
            counted: Vec::new(),
            chance: Rng::with_seed(seed),
        };
        new.replace(faults);
        new
    }

    /// Other faults, whose counts begin anew.
    pub(super) fn replace(&mut self, faults: Vec<Fault>) {
        let counted = |fault| Counted {
            fault,
            seen: 0,
            done: 0,
        };
        self.counted = faults.into_iter().map(counted).collect();
    }

    /// Those in force, as they were written.
    pub(super) fn texts(&self) -> Vec<String> {
        let texts = self.counted.iter();
        texts.map(|counted| counted.fault.text.clone()).collect()
    }

    /// What a request to `endpoint`, for the phone `to` (digits), meets: every latency that applies
    /// and the first other fault that does.
    pub(super) fn draw(&mut self, endpoint: Endpoint, to: Option<&str>) -> Drawn {
        let mut drawn = Drawn::default();
        for counted in &mut self.counted {
            let fault = &counted.fault;
            let here = fault.on.is_none_or(|on| on == endpoint) && fault.is_for(to);
            if matches!(fault.kind, Kind::Receipt(_)) || !here || !counted.is_due(&mut self.chance)
            {
                continue;
            }
            if let Kind::Latency(span) = counted.fault.kind {
                drawn.latency += span;
            } else if let Kind::AnswerAfter(span) = counted.fault.kind {
                drawn.answer_after += span;
            } else if drawn.kind.is_none() {
                drawn.kind = Some((counted.fault.kind, counted.fault.text.clone()));
            } else {
                continue;
            }
            counted.done += 1;
        }
        drawn
    }

    /// What goes wrong with the receipt that a message for `to` (digits) came to `stage`.
    pub(super) fn twists(&mut self, stage: Stage, to: &str) -> Vec<Twist> {
        let mut twists = Vec::new();
        for counted in &mut self.counted {
            let fault = &counted.fault;
            let Kind::Receipt(twist) = fault.kind else {
                continue;
            };
            let here = fault.status.is_none_or(|status| status == stage) && fault.is_for(Some(to));
            if here && counted.is_due(&mut self.chance) {
                counted.done += 1;
                twists.push(twist);
            }
        }
        twists
    }
}

impl Fault {
    fn is_for(&self, to: Option<&str>) -> bool {
        self.to.as_ref().is_none_or(|p| Some(p.digits()) == to)
    }
}

impl Counted {
    /// Counts one more that it could strike, and says whether it does.
    fn is_due(&mut self, chance: &mut Rng) -> bool {
        let fault = &self.fault;
        self.seen += 1;
        let past = self.seen.saturating_sub(fault.after);
        past > 0
            && past.is_multiple_of(fault.every)
            && fault.count.is_none_or(|count| self.done < count)
            && fault
                .chance
                .is_none_or(|percent| chance.u8(..100) < percent)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn hits(texts: &[&str], requests: usize) -> Vec<usize> {
        let mut faults = Faults::new(texts.iter().map(|t| Fault::parse(t).unwrap()).collect(), 1);
        (1..=requests)
            .filter(|_| faults.draw(Endpoint::Messages, None).kind.is_some())
            .collect()
    }

    #[test]
    fn conditions_say_which_requests_fail() {
        assert_eq!(hits(&["close"], 3), [1, 2, 3]);
        assert_eq!(hits(&["131056:every=5"], 11), [5, 10]);
        assert_eq!(hits(&["190:after=3"], 5), [4, 5]);
        assert_eq!(hits(&["500:after=1:every=2:count=2"], 9), [3, 5]);
    }

    #[test]
    fn a_fault_for_one_number_spares_the_others() {
        let mut faults = Faults::new(vec![Fault::parse("131026:to=+34600111222").unwrap()], 1);
        assert_eq!(
            faults.draw(Endpoint::Messages, Some("34600111223")),
            Drawn::default()
        );
        let drawn = faults.draw(Endpoint::Messages, Some("34600111222"));
        assert!(drawn.kind.is_some());
    }

    #[test]
    fn a_fault_meets_messages_unless_it_says_otherwise() {
        let mut faults = Faults::new(vec![Fault::parse("190:on=any:count=2").unwrap()], 1);
        assert!(faults.draw(Endpoint::Number, None).kind.is_some());
        assert!(faults.draw(Endpoint::Messages, None).kind.is_some());
        let mut faults = Faults::new(vec![Fault::parse("190").unwrap()], 1);
        assert_eq!(faults.draw(Endpoint::Number, None), Drawn::default());
    }

    #[test]
    fn latencies_add_up_and_leave_room_for_one_other_fault() {
        let texts = ["latency=200ms", "http=503", "latency=1s", "html:count=1"];
        let mut faults = Faults::new(texts.iter().map(|t| Fault::parse(t).unwrap()).collect(), 1);
        let drawn = faults.draw(Endpoint::Messages, None);
        assert_eq!(drawn.latency, Duration::from_millis(1200));
        assert_eq!(drawn.kind, Some((Kind::Http(503), "http=503".to_owned())));
    }

    #[test]
    fn a_fault_of_receipts_meets_its_status_only() {
        let texts = ["failed=131026", "twice:status=sent:every=2", "503"];
        let mut faults = Faults::new(texts.iter().map(|t| Fault::parse(t).unwrap()).collect(), 1);
        let mut twists = |stage| faults.twists(stage, "34600111222");
        assert_eq!(twists(Stage::Sent), []);
        assert_eq!(twists(Stage::Delivered), [Twist::Failed(131_026)]);
        assert_eq!(twists(Stage::Read), []);
        assert_eq!(twists(Stage::Sent), [Twist::Twice]);
    }

    #[test]
    fn the_seed_decides_what_is_left_to_chance() {
        let run = |seed| -> Vec<usize> {
            let mut faults = Faults::new(vec![Fault::parse("lost:chance=30%").unwrap()], seed);
            let mut hit = |_: &usize| !faults.twists(Stage::Sent, "34600111222").is_empty();
            (0..1000).filter(|n| hit(n)).collect()
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
        assert!((200..400).contains(&run(7).len()), "{}", run(7).len());
    }
}
