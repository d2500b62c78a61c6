//! What goes into a digest, and what becomes of it.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::model::{ContactId, Message, MessageId, Severity, Time};

use super::action::Action;
use super::dispatcher::Dispatcher;
use super::hold::GateState;
use super::lane::Flight;
use super::queue::{Class, NEVER, State};
use super::slab::{DigestNo, EntryNo, LaneNo, PairNo};
use super::timers::Due;
use super::turn::Turn;

/// Members of a digest.
const MAX_MEMBERS: usize = 5_000;
/// Members of one that goes before what is left of another: about what one message holds.
const MAX_OVERTAKING: usize = 8;
/// A digest that could not be written is not asked for again before this.
const REFUSED_WAIT: std::time::Duration = std::time::Duration::from_secs(1);

/// A digest that is being composed and written.
#[derive(Debug, Clone)]
pub(super) struct Composing {
    members: Vec<EntryNo>,
    pair: PairNo,
    turn_before: Turn,
    last_before: Option<Time>,
}

/// A digest that has not come to its end.
#[derive(Debug, Clone, Default)]
pub(super) struct Digest {
    members: Vec<EntryNo>,
    /// Parts that are still in the queue.
    parts: usize,
    /// Parts that failed, whose members are still to come back.
    again: usize,
}

impl Digest {
    /// What it speaks for.
    pub(super) fn members(&self) -> &[EntryNo] {
        &self.members
    }
}

/// What the members of a failed part stand in front of until they are back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owed {
    pub(super) lane: LaneNo,
    /// Where its members are known.
    digest: Option<DigestNo>,
}

impl Dispatcher {
    /// A digest was written: its parts wait in front of the lane, in order, and the first of them is in
    /// flight. What is to come after its members waits until the last part has come to its end.
    pub fn digested(&mut self, now: Time, contact: &ContactId, parts: &[Message]) {
        self.advance(now);
        let lane = self.contacts.get(contact).copied();
        let composing = lane.and_then(|lane| self.lanes[lane].composing.take());
        let (Some(lane), Some(composing)) = (lane, composing) else {
            for part in parts {
                self.admit_as(part, |_| {});
            }
            return;
        };
        self.composing -= 1;
        let Some(first) = parts.first() else {
            self.recompose(lane, composing);
            return;
        };
        self.lanes[lane].digest_template = Some(first.template.clone());
        let digest = self.digests.insert(Digest {
            members: composing.members,
            parts: parts.len(),
            again: 0,
        });
        for at in 0..self.digests[digest].members.len() {
            let member = self.digests[digest].members[at];
            self.queue[member].digest = Some(digest);
        }
        for (n, part) in parts.iter().enumerate() {
            let no = self.place(lane, part, |entry| {
                entry.digest = Some(digest);
                if n == 0 {
                    entry.state = State::InFlight;
                }
            });
            if n == 0 {
                let flight = Flight {
                    entry: no,
                    lane,
                    pair: composing.pair,
                    turn_before: composing.turn_before,
                };
                self.depart(part.id, flight);
            }
        }
        self.refresh(lane);
    }

    /// A digest could not be written: its members wait as before. It is not asked for again at once.
    pub fn undigested(&mut self, now: Time, contact: &ContactId) {
        self.advance(now);
        let Some(lane) = self.contacts.get(contact).copied() else {
            return;
        };
        let Some(composing) = self.lanes[lane].composing.take() else {
            return;
        };
        self.composing -= 1;
        self.recompose(lane, composing);
    }

    fn recompose(&mut self, no: LaneNo, composing: Composing) {
        let now = self.timeline.now();
        let Composing {
            members,
            pair,
            turn_before,
            last_before,
        } = composing;
        self.pairs[pair].give_back();
        self.throughput.give_back();
        self.set_turn(no, turn_before);
        let lane = &mut self.lanes[no];
        lane.digest_after = now + REFUSED_WAIT;
        if let Some(storming) = &mut lane.storm {
            storming.last = last_before;
        }
        for member in members {
            self.go_back(member, State::Ready);
        }
        self.refresh_pair(pair);
        self.refresh(no);
        self.bid_farewell(no);
    }

    /// `part` has failed for a reason of its own, and these are what it held: each goes by itself. There
    /// are none when it has arrived all the same.
    ///
    /// Call it after each [`super::Verdict::Failed`], and each [`Action::Close`] with the state failed,
    /// of a digest that says no fallback: until then, what has to come after the members waits.
    pub fn members_again(&mut self, now: Time, part: MessageId, members: &[Message]) {
        self.advance(now);
        let owed = self.owed.remove(&part);
        let lane = owed.map_or_else(
            || members.first().and_then(|m| self.live_lane(&m.contact)),
            |owed| Some(owed.lane),
        );
        let Some(lane) = lane.filter(|lane| !self.lanes[*lane].gone) else {
            for message in members {
                self.admit_as(message, |_| {});
            }
            return;
        };
        let mut of = owed.and_then(|owed| owed.digest);
        for message in members {
            if let Some(no) = self.queue.find(message.id)
                && self.queue[no].state == State::InDigest
            {
                of = self.queue[no].digest.take().or(of);
            }
        }
        if let Some(digest) = of {
            let queue = &self.queue;
            let stays = |no: &EntryNo| queue[*no].digest == Some(digest);
            self.digests[digest].members.retain(stays);
        }
        for message in members {
            match self.queue.find(message.id) {
                Some(no) if self.queue[no].state == State::InDigest => {
                    self.queue[no].class = Class::Alone;
                    self.go_back(no, State::Ready);
                }
                Some(_) => {}
                None => self.admit_as(message, |entry| entry.class = Class::Alone),
            }
        }
        match owed.map(|owed| owed.digest) {
            Some(Some(digest)) => {
                let again = &mut self.digests[digest].again;
                *again = again.saturating_sub(1);
            }
            Some(None) => {
                let orphans = &mut self.lanes[lane].orphans;
                *orphans = orphans.saturating_sub(1);
            }
            None => {}
        }
        if let Some(digest) = of {
            self.conclude(digest);
        }
        self.refresh(lane);
    }

    /// What a lane's digest would hold: the most severe first, the newest first inside a severity.
    pub(super) fn gather(&self, no: LaneNo) -> Vec<EntryNo> {
        let lane = &self.lanes[no];
        let overtaking = lane.parts > 0;
        let limit = if overtaking {
            MAX_OVERTAKING
        } else {
            MAX_MEMBERS
        };
        let heads = lane.heads(|shelf| {
            shelf.class == Class::Plain && self.admits(lane, shelf) && (shelf.urgent || !overtaking)
        });
        // By the bucket: a later message of one must not be told before an earlier one.
        let mut runs: Vec<(Reverse<Severity>, Reverse<MessageId>, EntryNo)> = heads
            .map(|head| {
                let run = self.queue.ready_run(self.queue[head].bucket);
                let (worst, newest) = run.fold((Severity::Undefined, head), |(worst, _), no| {
                    (worst.max(self.queue[no].severity), no)
                });
                (Reverse(worst), Reverse(self.queue[newest].id), head)
            })
            .collect();
        if runs.len() > limit {
            runs.select_nth_unstable(limit - 1);
            runs.truncate(limit);
        }
        runs.sort_unstable();
        let mut members: Vec<EntryNo> = runs
            .into_iter()
            .flat_map(|(.., head)| self.queue.ready_run(self.queue[head].bucket))
            .take(limit)
            .collect();
        members.sort_by_key(|no| {
            let entry = &self.queue[*no];
            (Reverse(entry.severity), Reverse(entry.id))
        });
        members
    }

    /// The message that goes by itself to find out whether Meta takes anything again: a digest for that
    /// would miss what is still to come while Meta does not.
    pub(super) fn scout(&self, no: LaneNo) -> Option<EntryNo> {
        let lane = &self.lanes[no];
        let is_on_trial = [&self.account, &self.number, &lane.gate]
            .into_iter()
            .any(|gate| matches!(gate.state, GateState::Trial { .. }));
        if !is_on_trial {
            return None;
        }
        lane.first(|shelf| shelf.class == Class::Plain && self.admits(lane, shelf))
    }

    /// Takes what a digest takes: its members out of the order, the lane, a token of the phone and one
    /// of the number.
    pub(super) fn compose(&mut self, now: Time, no: LaneNo, members: Vec<EntryNo>) -> Action {
        let mut ids = Vec::with_capacity(members.len());
        for member in &members {
            self.queue.set_state(*member, State::InDigest);
            let entry = &self.queue[*member];
            ids.push(entry.id);
            let (expires, bucket) = (entry.expires, entry.bucket);
            if expires < NEVER {
                self.timers.clear(expires, Due::Expire(*member));
            }
            self.unshelve(bucket);
        }
        let lane = &mut self.lanes[no];
        lane.plain -= members.len();
        let pair = lane.pair;
        let (reason, last_before) = match &mut lane.storm {
            Some(storming) => (storming.reason.clone(), storming.last.replace(now)),
            None => (String::new(), None),
        };
        lane.composing = Some(Composing {
            members,
            pair,
            turn_before: lane.turn,
            last_before,
        });
        let contact = lane.contact.clone();
        self.composing += 1;
        let turn = self.turns.give();
        self.set_turn(no, turn);
        self.spend(now, no, pair);
        self.refresh_pair(pair);
        Action::Digest {
            contact,
            members: ids,
            reason,
        }
    }

    /// A message of a digest fails for a reason of its own: its members are to come back. One that went
    /// again for want of a receipt stood in front of nothing until then.
    pub(super) fn owe_members(&mut self, part: EntryNo) {
        let entry = &self.queue[part];
        let owed = Owed {
            lane: entry.lane,
            digest: entry.digest,
        };
        match owed.digest {
            Some(digest) => self.digests[digest].again += 1,
            None => self.lanes[owed.lane].orphans += 1,
        }
        self.owed.insert(entry.id, owed);
    }

    /// A part of a digest has left the queue.
    pub(super) fn part_left(&mut self, lane: LaneNo, digest: Option<DigestNo>) {
        self.lanes[lane].parts -= 1;
        match digest {
            Some(digest) => {
                self.digests[digest].parts -= 1;
                self.conclude(digest);
            }
            None => {
                let lane = &mut self.lanes[lane];
                lane.orphans = lane.orphans.saturating_sub(1);
            }
        }
    }

    /// When all parts of a digest have come to their end, its members have too.
    fn conclude(&mut self, digest: DigestNo) {
        let Digest { parts, again, .. } = self.digests[digest];
        if parts > 0 || again > 0 {
            return;
        }
        let members = std::mem::take(&mut self.digests[digest].members);
        self.digests.remove(digest);
        for member in members {
            self.detach(member);
        }
    }

    /// A contact is gone, and nothing of its lane is under way: no digest speaks for anything any more.
    pub(super) fn release_members(&mut self, lane: LaneNo) {
        let digests: BTreeSet<DigestNo> = self
            .queue
            .iter()
            .filter(|(_, entry)| entry.lane == lane && entry.state == State::InDigest)
            .filter_map(|(_, entry)| entry.digest)
            .collect();
        for digest in digests {
            self.digests[digest].again = 0;
            self.conclude(digest);
        }
    }

    /// The template of a digest is held, and its members could go without it: gives the digest up.
    pub(super) fn give_up_part(&mut self, part: EntryNo, cause: &str) {
        let entry = &self.queue[part];
        let (id, template) = (entry.id, entry.template);
        let Some(digest) = entry.digest.filter(|_| entry.class == Class::Part) else {
            return;
        };
        let otherwise = self.digests[digest]
            .members
            .iter()
            .any(|member| self.queue[*member].template != template);
        if !otherwise {
            return;
        }
        self.owe_members(part);
        self.detach(part);
        self.pending.push_back(Action::Close {
            id,
            state: crate::model::MessageState::Failed,
            reason: format!("{cause}; what it held goes one by one"),
            fallback: false,
            successor: None,
        });
    }
}
