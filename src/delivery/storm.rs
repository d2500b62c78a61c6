//! When a lane speaks in digests, and when the next of them goes.

use std::time::Duration;

use crate::model::Time;

use super::dispatcher::Dispatcher;
use super::hold::GateState;
use super::lane::{Lane, Shelf};
use super::queue::Class;
use super::reason;
use super::settings::Storm;
use super::slab::LaneNo;
use super::status::InStorm;

/// Parts of digests that a lane has at most while another digest begins.
const MAX_PARTS: usize = 16;

/// A lane speaks in digests.
#[derive(Debug, Clone)]
pub(super) struct Storming {
    pub(super) since: Time,
    /// Its last digest, or the message after which it began; `None` when one may go at once.
    pub(super) last: Option<Time>,
    /// What made it one, as a sentence fragment.
    pub(super) reason: String,
}

/// How it stands with the template of a lane's digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Open,
    /// For a moment.
    Closed,
    /// Until its cause is mended.
    Held,
}

impl Dispatcher {
    /// Finds out whether a lane has come into a storm, or a forgotten one is over.
    pub(super) fn watch(&mut self, no: LaneNo) {
        let Some(storm) = self.settings.storm else {
            return;
        };
        let now = self.timeline.now();
        let lane = &self.lanes[no];
        if let Some(storming) = &lane.storm {
            let last = storming.last.unwrap_or(storming.since);
            if lane.plain == 0 && !lane.is_busy() && last + storm.digest_every <= now {
                self.lanes[no].storm = None;
                self.refresh(no);
            }
            return;
        }
        if lane.plain == 0 || lane.gone {
            return;
        }
        let pair = &self.pairs[lane.pair];
        let within = reason::span(storm.within);
        let (last, reason) = if let Some(last) = pair.crowded(now, storm) {
            let after = storm.after;
            (
                Some(last),
                format!("{after} messages went to this contact within {within}"),
            )
        } else if self.has_news(lane) && pair.limit.takes(lane.plain) > storm.within {
            let waiting = lane.plain;
            (
                None,
                format!("{waiting} messages waited, more than Meta lets through in {within}"),
            )
        } else {
            return;
        };
        self.lanes[no].storm = Some(Storming {
            since: now,
            last,
            reason,
        });
        self.refresh(no);
    }

    /// Whether anything but quiet hours keeps what waits.
    fn has_news(&self, lane: &Lane) -> bool {
        let mut shelves = lane.shelves().filter(|shelf| shelf.class == Class::Plain);
        !lane.is_quiet() || shelves.any(|shelf| shelf.loud)
    }

    /// Whether a message that comes at this moment may be claimed by itself.
    pub(super) fn is_calm(&self, no: LaneNo) -> bool {
        let lane = &self.lanes[no];
        let crowded = self.settings.storm.is_some_and(|storm| {
            self.pairs[lane.pair]
                .crowded(self.timeline.now(), storm)
                .is_some()
        });
        lane.storm.is_none() && !crowded
    }

    /// Whether a lane sends the messages of this shelf by themselves.
    pub(super) fn goes_alone(&self, lane: &Lane, shelf: Shelf) -> bool {
        match shelf.class {
            Class::Part | Class::Alone => true,
            Class::Plain => lane.orphans == 0 && self.storming(lane).is_none(),
        }
    }

    /// When the next digest of a lane goes, if only time keeps it, and whether it is for something
    /// critical.
    pub(super) fn digest_at(&self, lane: &Lane) -> Option<(Time, bool)> {
        let (storming, storm) = self.storming(lane)?;
        if lane.orphans > 0 || self.way(lane) != Way::Open {
            return None;
        }
        let mut urgent = None;
        for shelf in lane.shelves() {
            if shelf.class == Class::Plain && self.admits(lane, shelf) {
                urgent = Some(urgent.unwrap_or(false) || shelf.urgent);
            }
        }
        let urgent = urgent?;
        // What is left of a digest goes first; only what is critical goes before it.
        if lane.parts > 0 && (!urgent || lane.parts >= MAX_PARTS) {
            return None;
        }
        let wait = if urgent {
            storm.digest_critical.min(storm.digest_every)
        } else {
            storm.digest_every
        };
        let due = storming.last.map_or(storming.since, |last| last + wait);
        let at = due.max(lane.digest_after).max(self.timeline.now());
        let pair = &self.pairs[lane.pair];
        Some((pair.ready_at(at, urgent), urgent))
    }

    /// The storm that a lane is in; one whose digests cannot be sent speaks in single messages.
    fn storming<'l>(&self, lane: &'l Lane) -> Option<(&'l Storming, Storm)> {
        let storming = lane.storm.as_ref()?;
        let storm = self.settings.storm?;
        (self.way(lane) != Way::Held).then_some((storming, storm))
    }

    fn way(&self, lane: &Lane) -> Way {
        let template = lane
            .digest_template
            .as_ref()
            .and_then(|id| self.template_ids.get(id));
        let Some(no) = template else { return Way::Open };
        match self.templates[*no].gate.state {
            GateState::Open | GateState::Trial { by: None } => Way::Open,
            GateState::Paused { .. } | GateState::Trial { by: Some(_) } => Way::Closed,
            GateState::Held { .. } => Way::Held,
        }
    }

    /// The lanes that speak in digests at this moment, in the order of their contacts.
    #[must_use]
    pub fn storms(&self, now: Time) -> Vec<InStorm> {
        let now = self.timeline.inner(now).max(self.timeline.now());
        let mut storms = Vec::new();
        for no in self.contacts.values() {
            let lane = &self.lanes[*no];
            let Some((storming, storm)) = self.storming(lane) else {
                continue;
            };
            let last = storming.last.unwrap_or(storming.since);
            let over = last + storm.digest_every.max(Duration::from_secs(1));
            if (lane.plain == 0 && over <= now) || !self.has_news(lane) {
                continue;
            }
            storms.push(InStorm {
                contact: lane.contact.clone(),
                since: self.timeline.outer(storming.since),
                next: self
                    .digest_at(lane)
                    .map(|(at, _)| self.timeline.outer(at.max(now))),
                waiting: lane.plain,
                reason: storming.reason.clone(),
            });
        }
        storms
    }
}
