//! What must hold at the end of every history.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use klaxond::model::{Kind, MessageId, MessageState, Rate, Time};
use klaxond::store::{AttemptTrail, Trail};

use super::meta::Taken;
use super::plan::{FOLLOWERS, PEOPLE, Plan, WITNESSES};
use super::world::Remains;

/// What is wrong, if something is.
pub fn fault(plan: &Plan, remains: &Remains) -> Option<String> {
    let check = Check::of(plan, remains);
    if remains.waiting > 0 {
        return Some(format!("{} messages are not final", remains.waiting));
    }
    check
        .everybody_has_a_message()
        .or_else(|| check.every_message_has_its_end())
        .or_else(|| check.every_raise_has_its_clear())
        .or_else(|| check.order())
        .or_else(|| check.repeats())
        .or_else(|| check.rates())
}

struct Check<'r> {
    plan: &'r Plan,
    remains: &'r Remains,
    /// What Meta took, by message, in the order of arrival; numbered over all.
    arrivals: BTreeMap<MessageId, Vec<(usize, &'r Taken)>>,
    untold: BTreeSet<MessageId>,
    instead_of: BTreeSet<MessageId>,
}

impl<'r> Check<'r> {
    fn of(plan: &'r Plan, remains: &'r Remains) -> Self {
        let mut arrivals: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (n, taken) in remains.taken.iter().enumerate() {
            arrivals.entry(taken.message).or_default().push((n, taken));
        }
        let trails = remains.trails.values();
        Self {
            plan,
            remains,
            arrivals,
            untold: (remains.untold.iter())
                .map(|untold| untold.envelope.message.id)
                .collect(),
            instead_of: trails
                .filter_map(|trail| trail.message.instead_of)
                .collect(),
        }
    }

    /// A message to each contact for everything that a rule took.
    fn everybody_has_a_message(&self) -> Option<String> {
        if self.plan.stops {
            return None;
        }
        let told: BTreeSet<(&str, &str)> = (self.remains.trails.values())
            .filter(|trail| trail.message.kind == Kind::Raised)
            .filter_map(|trail| {
                let notification = self
                    .remains
                    .notifications
                    .get(&trail.message.notification)?;
                let contact = trail.message.contact.as_str();
                Some((notification.alarm.element.as_str(), contact))
            })
            .collect();
        self.remains.stored.iter().find_map(|element| {
            let people = if element.starts_with('S') {
                WITNESSES
            } else {
                FOLLOWERS
            };
            let missing = people
                .iter()
                .find(|name| !told.contains(&(element, name)))?;
            Some(format!("{missing} has no message of {element}"))
        })
    }

    fn every_message_has_its_end(&self) -> Option<String> {
        (self.remains.trails.values()).find_map(|trail| self.end(trail).err())
    }

    /// Whether the person was told by it or what took its place; an error when it has no end.
    fn end(&self, trail: &Trail) -> Result<bool, String> {
        let id = trail.message.id;
        let say = |what: &str| Err(format!("{}: {what}", self.describe(trail)));
        match trail.state {
            MessageState::Accepted
            | MessageState::Sent
            | MessageState::Delivered
            | MessageState::Read => {
                if self.on_phone(id).next().is_none() {
                    return say("it never came to the phone");
                }
                Ok(true)
            }
            MessageState::Digested => match trail.digest.and_then(|id| self.trail(id)) {
                None => say("no digest has it"),
                Some(digest) if !digest.message.id.is_digest() => say("that is no digest"),
                Some(digest) => match digest.state {
                    MessageState::Superseded | MessageState::Digested => say("its digest is gone"),
                    _ => self.end(digest),
                },
            },
            _ if trail.reason.is_empty() => say("no reason is given"),
            MessageState::Superseded => match trail.successor.map(|id| self.trail(id)) {
                Some(None) => say("what took its place does not exist"),
                Some(Some(next)) if next.message.id <= id => say("an earlier one took its place"),
                Some(Some(next)) if next.message.contact != trail.message.contact => {
                    say("somebody else's took its place")
                }
                Some(Some(next)) => self.end(next),
                None => Ok(false),
            },
            MessageState::Failed | MessageState::Expired => {
                let says_an_end = matches!(trail.message.kind, Kind::Answer | Kind::Acknowledged);
                let is_unwanted = trail.reason == "the contact said stop";
                if self.is_heard(trail) || says_an_end || is_unwanted {
                    Ok(false)
                } else {
                    say("the fallback did not hear of it")
                }
            }
            _ => say("it is not final"),
        }
    }

    fn is_heard(&self, trail: &Trail) -> bool {
        let id = trail.message.id;
        let heard = |id: &MessageId| {
            self.untold.contains(id) || self.instead_of.contains(id) || self.was_over(*id)
        };
        heard(&id)
            || trail.digest.as_ref().is_some_and(heard)
            // Of a digest its members speak.
            || (id.is_digest()
                && (self.remains.trails.values())
                    .filter(|member| member.digest == Some(id))
                    .all(|member| heard(&member.message.id)))
    }

    /// Whether the engine heard that it was not told, of an alarm that is followed: nobody is told in
    /// somebody's place of what has ended by then.
    fn was_over(&self, id: MessageId) -> bool {
        let trail = self.trail(id);
        self.remains.passed_on.contains(&id) && trail.is_some_and(|t| self.rule(t) == "Followed")
    }

    /// Who heard that it began hears once that it ended, and nobody else does.
    fn every_raise_has_its_clear(&self) -> Option<String> {
        if self.plan.stops {
            return None;
        }
        let mut lives: BTreeMap<(&str, &str), Vec<&Trail>> = BTreeMap::new();
        for trail in self.remains.trails.values() {
            let message = &trail.message;
            if self.rule(trail) == "Followed" && !matches!(message.kind, Kind::Answer) {
                let lane = (message.contact.as_str(), &*message.bucket);
                lives.entry(lane).or_default().push(trail);
            }
        }
        // An end that stands in for somebody else's says nothing of what this person was told.
        let is_clear = |trail: &&Trail| {
            trail.message.kind == Kind::Cleared && trail.message.instead_of.is_none()
        };
        for trails in lives.values() {
            for life in trails.split_inclusive(is_clear) {
                let (clear, before) = match life.split_last() {
                    Some((last, before)) if is_clear(last) => (Some(*last), before),
                    _ => (None, life),
                };
                // What never began for a person, and was told of all the same, has no end of its own.
                let begins = |trail: &&&Trail| {
                    matches!(trail.message.kind, Kind::Raised | Kind::Escalated)
                        && self.end(trail) == Ok(true)
                };
                let began = before.iter().find(begins);
                match (clear, began) {
                    (None, Some(began)) => {
                        return Some(format!("{}: its end was not told", self.describe(began)));
                    }
                    (Some(clear), Some(began)) => {
                        let told = self.end(clear) == Ok(true);
                        if !told && !self.has_failed(clear) {
                            return Some(format!(
                                "{}: its end {} was not told",
                                self.describe(began),
                                self.describe(clear)
                            ));
                        }
                    }
                    (Some(clear), None) => {
                        let seen = before.iter().any(|trail| self.was_seen(trail));
                        if self.end(clear) == Ok(true) && !seen {
                            return Some(format!("{}: of what?", self.describe(clear)));
                        }
                    }
                    (None, _) => {}
                }
            }
        }
        None
    }

    /// Whether it failed, by itself or with its digest.
    fn has_failed(&self, trail: &Trail) -> bool {
        let by_digest = trail
            .digest
            .filter(|_| trail.state == MessageState::Digested);
        let by_digest = by_digest.and_then(|id| self.trail(id));
        matches!(
            by_digest.unwrap_or(trail).state,
            MessageState::Failed | MessageState::Expired
        )
    }

    /// Whether klaxond cannot know better than that it came to the phone, by itself or by what took its
    /// place.
    fn was_seen(&self, trail: &Trail) -> bool {
        let is_lost = |attempt: &AttemptTrail| {
            let end = attempt.end.as_ref();
            end.is_none_or(|end| end.outcome == "unknown")
        };
        self.arrivals.contains_key(&trail.message.id)
            || trail.attempts.iter().any(is_lost)
            || [trail.digest, trail.successor]
                .into_iter()
                .flatten()
                .filter_map(|id| self.trail(id))
                .any(|next| self.was_seen(next))
    }

    /// Messages of one bucket and contact come to the phone in the order in which they were decided.
    fn order(&self) -> Option<String> {
        let mut lanes: BTreeMap<(&str, &str), Vec<(usize, &Trail)>> = BTreeMap::new();
        for trail in self.remains.trails.values() {
            let message = &trail.message;
            let attempts = self.arrivals.get(&message.id).into_iter().flatten();
            let via = trail
                .digest
                .filter(|_| trail.state == MessageState::Digested);
            let via = via
                .and_then(|id| self.arrivals.get(&id))
                .into_iter()
                .flatten();
            let mut ways = attempts.chain(via).peekable();
            let Some((first, _)) = ways.peek() else {
                continue;
            };
            let first = *first;
            // What failed on its way after Meta took it goes again, and may come after others.
            if ways.any(|(_, taken)| taken.failed)
                || message.id.is_digest()
                || self.is_owed_again(trail, first)
            {
                continue;
            }
            let lane = (message.contact.as_str(), &*message.bucket);
            lanes.entry(lane).or_default().push((first, trail));
        }
        lanes.values().find_map(|lane| {
            let wrong = lane.windows(2).find(|two| two[0].0 > two[1].0)?;
            Some(format!(
                "{} came after {}",
                self.describe(wrong[0].1),
                self.describe(wrong[1].1)
            ))
        })
    }

    /// Whether it tells an end and may have been in a digest that Meta took before and that failed
    /// then: an end is owed however late.
    fn is_owed_again(&self, trail: &Trail, first: usize) -> bool {
        let message = &trail.message;
        let carried = |digest: &Trail| {
            let of = &digest.message;
            of.id.is_digest()
                && digest.state == MessageState::Failed
                && of.contact == message.contact
                && of.created >= message.created
                && (self.arrivals.get(&of.id))
                    .is_some_and(|arrivals| arrivals.iter().any(|(n, _)| *n < first))
        };
        message.kind == Kind::Cleared && self.remains.trails.values().any(carried)
    }

    /// A message comes twice only after a lost answer, a crash or a receipt that did not come, and
    /// then it says so.
    fn repeats(&self) -> Option<String> {
        for (id, arrivals) in &self.arrivals {
            for two in arrivals.windows(2) {
                let (first, second) = (two[0].1, two[1].1);
                let in_doubt = match first.answered {
                    None => true,
                    Some(answered) => {
                        first.failed
                            || (self.remains.crashes.iter())
                                .any(|crash| first.at <= *crash && *crash <= answered)
                            || self.is_unconfirmed(first, second.at)
                    }
                };
                let name = format!("message {id} to {}", first.phone);
                if !in_doubt {
                    return Some(format!("{name} came twice: {first:?} {second:?}"));
                }
                let is_marked = !second.is_template || second.text.contains(", repeated");
                // That it goes again for want of a receipt is forgotten when the process dies.
                let forgot = self.plan.confirm_ms.is_some()
                    && (self.remains.starts.iter()).any(|start| {
                        first.answered.is_some_and(|at| at <= *start) && *start <= second.at
                    });
                if !first.failed && !is_marked && !forgot {
                    return Some(format!(
                        "{name} does not say that it is a repeat: {second:?}"
                    ));
                }
            }
        }
        None
    }

    /// Whether no receipt said in time that it came to the phone.
    fn is_unconfirmed(&self, taken: &Taken, until: Time) -> bool {
        let (Some(within), Some(answered)) = (self.plan.confirm_ms, taken.answered) else {
            return false;
        };
        // Receipts are looked at every two seconds.
        let slack = Duration::from_secs(4);
        let due = answered + Duration::from_millis(within);
        until + slack >= due && taken.confirmed.is_none_or(|at| at + slack >= due)
    }

    /// Over any span of time Meta sees no more than the limits allow.
    fn rates(&self) -> Option<String> {
        let limits = &self.remains.settings.delivery;
        for (_, phone) in PEOPLE {
            let posts = self.remains.posts.iter().filter(|post| post.phone == phone);
            let times: Vec<Time> = posts.map(|post| post.at).collect();
            if let Some(fault) = excess(&times, limits.per_contact) {
                return Some(format!("{phone} gets too much: {fault}"));
            }
        }
        let times: Vec<Time> = self.remains.posts.iter().map(|post| post.at).collect();
        excess(&times, limits.throughput).map(|fault| format!("too much at once: {fault}"))
    }

    fn on_phone(&self, id: MessageId) -> impl Iterator<Item = &'r Taken> {
        let arrivals = self.arrivals.get(&id).into_iter().flatten();
        arrivals.map(|(_, taken)| *taken)
    }

    fn trail(&self, id: MessageId) -> Option<&'r Trail> {
        self.remains.trails.get(&id)
    }

    fn rule(&self, trail: &Trail) -> &str {
        let notification = self.remains.notifications.get(&trail.message.notification);
        notification.map_or("", |notification| notification.rule_name.as_str())
    }

    fn describe(&self, trail: &Trail) -> String {
        let message = &trail.message;
        format!(
            "{} {} of {} to {} ({}: {:?})",
            message.kind,
            message.id,
            message.bucket,
            message.contact,
            trail.state.name(),
            trail.reason
        )
    }
}

/// Where more goes through than a bucket of that rate lets through.
fn excess(times: &[Time], rate: Rate) -> Option<String> {
    let interval_us = i64::try_from(rate.interval_us()).unwrap();
    let room_us = interval_us * (i64::from(rate.burst()) - 1);
    let mut full_at_us = i64::MIN / 2;
    for at in times {
        let at_us = at.as_ms() * 1_000;
        // A millisecond of rounding.
        if full_at_us - at_us > room_us + 1_000 {
            let near = times.iter().filter(|other| **other <= *at).count();
            return Some(format!("post {near} at {at}"));
        }
        full_at_us = full_at_us.max(at_us) + interval_us;
    }
    None
}
