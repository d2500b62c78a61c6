//! Which message goes next, and what a claim takes.

use crate::model::{MessageId, Time};

use super::action::Action;
use super::dispatcher::Dispatcher;
use super::hold::{Gate, GateNo};
use super::lane::{Flight, Lane, Place, Shelf};
use super::queue::{Class, NEVER, State};
use super::slab::{BucketNo, EntryNo, LaneNo, PairNo};
use super::timers::Due;
use super::turn::Turn;

/// What goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    /// A message by itself.
    Send(EntryNo),
    /// What waits for a contact, as one.
    Digest(LaneNo),
}

impl Dispatcher {
    /// The claim of [`Self::next`] or [`Self::offer`] could not be written and the message is nowhere on
    /// disk: it leaves the queue, and its tokens come back.
    pub fn withdraw(&mut self, now: Time, id: MessageId) {
        self.advance(now);
        let flight = self.unclaim(id);
        if let Some(no) = self.queue.find(id) {
            self.detach(no);
        }
        if let Some(flight) = flight {
            self.bid_farewell(flight.lane);
        }
    }

    /// The claim of [`Self::next`] could not be written: the message goes back to its place, and its
    /// tokens come back. It would be handed out again at once, so wait before asking.
    pub fn requeue(&mut self, now: Time, id: MessageId) {
        self.advance(now);
        let Some(flight) = self.unclaim(id) else {
            return;
        };
        self.set_turn(flight.lane, flight.turn_before);
        self.go_back(flight.entry, State::Ready);
        self.bid_farewell(flight.lane);
    }

    /// What may go at this moment. All timers that are due have fired.
    pub(super) fn choose(&self, now: Time) -> Option<Choice> {
        if self.send_at()? > now {
            return None;
        }
        let no = self.turns.first()?;
        let lane = &self.lanes[no];
        let digest = self.digest_at(lane).filter(|(at, _)| *at <= now);
        // What is critical has waited long enough: it goes before what is left of an older digest.
        if let Some((_, true)) = digest {
            return Some(Choice::Digest(no));
        }
        let single = self.candidate(now, lane).map(Choice::Send);
        single.or_else(|| digest.map(|_| Choice::Digest(no)))
    }

    /// When the first of the lanes that could send may do so, if only time keeps it.
    pub(super) fn send_at(&self) -> Option<Time> {
        self.turns.first()?;
        let open = self.in_flight() < self.settings.max_in_flight.max(1)
            && self.account.admits()
            && self.number.admits();
        open.then(|| self.throughput.ready_at(1).max(self.timeline.now()))
    }

    /// The message that a lane which could send would send.
    fn candidate(&self, now: Time, lane: &Lane) -> Option<EntryNo> {
        let pair = &self.pairs[lane.pair];
        if pair.ready_at(now, true) > now {
            return None;
        }
        let urgent_only = pair.ready_at(now, false) > now;
        lane.first(|shelf| {
            self.admits(lane, shelf)
                && self.goes_alone(lane, shelf)
                && (shelf.urgent || !urgent_only)
        })
    }

    /// Takes what a POST takes: the lane, a token of the phone and one of the number, and the way
    /// through each gate.
    pub(super) fn claim(&mut self, now: Time, no: EntryNo) {
        self.queue.set_state(no, State::InFlight);
        let entry = &self.queue[no];
        let (id, expires, bucket) = (entry.id, entry.expires, entry.bucket);
        let (lane, class) = (entry.lane, entry.class);
        if expires < NEVER {
            self.timers.clear(expires, Due::Expire(no));
        }
        self.unshelve(bucket);
        if class == Class::Plain {
            self.lanes[lane].plain -= 1;
        }
        let pair = self.lanes[lane].pair;
        let flight = Flight {
            entry: no,
            lane,
            pair,
            turn_before: self.lanes[lane].turn,
        };
        let turn = self.turns.give();
        self.set_turn(lane, turn);
        self.spend(now, lane, pair);
        self.depart(id, flight);
        self.refresh_pair(pair);
        self.watch(lane);
    }

    /// A token of the phone and one of the number.
    pub(super) fn spend(&mut self, now: Time, lane: LaneNo, pair: PairNo) {
        self.throughput.take(now);
        let pair = &mut self.pairs[pair];
        pair.take(now, self.settings.storm);
        if let Some((sent, since)) = pair.overdone(self.settings.max_per_day) {
            self.pending.push_back(Action::Overdone {
                contact: self.lanes[lane].contact.clone(),
                sent,
                since: self.timeline.outer(since),
            });
        }
    }

    /// A message leaves: the lane is busy, and each gate lets it through.
    pub(super) fn depart(&mut self, id: MessageId, flight: Flight) {
        let Flight { entry, lane, .. } = flight;
        self.flights.insert(id, flight);
        self.lanes[lane].flight = Some(entry);
        self.account.pass(entry);
        self.number.pass(entry);
        self.lanes[lane].gate.pass(entry);
        let template = self.queue[entry].template;
        if self.templates[template].gate.pass(entry) {
            self.refresh_all();
        }
    }

    /// Undoes a claim but for the message's place.
    fn unclaim(&mut self, id: MessageId) -> Option<Flight> {
        let flight = self.land(id, false)?;
        self.pairs[flight.pair].give_back();
        self.throughput.give_back();
        self.refresh_pair(flight.pair);
        Some(flight)
    }

    /// Ends a flight: the lane is free, and each gate knows whether Meta took the message.
    pub(super) fn land(&mut self, id: MessageId, taken: bool) -> Option<Flight> {
        let flight = self.flights.remove(&id)?;
        self.lanes[flight.lane].flight = None;
        let template = self.queue[flight.entry].template;
        self.account.passed(flight.entry, taken);
        self.number.passed(flight.entry, taken);
        self.lanes[flight.lane].gate.passed(flight.entry, taken);
        if self.templates[template].gate.passed(flight.entry, taken) {
            self.refresh_all();
        }
        self.refresh(flight.lane);
        Some(flight)
    }

    /// Back to its place in the queue after a flight.
    pub(super) fn go_back(&mut self, no: EntryNo, state: State) {
        self.queue.set_state(no, state);
        let entry = &self.queue[no];
        let (lane, newer) = (entry.lane, entry.newer);
        if entry.class == Class::Plain {
            self.lanes[lane].plain += 1;
        }
        self.settle_in(no);
        if let Some(newer) = newer {
            self.absorb(newer);
        }
        self.watch(lane);
    }

    /// A lane whose contact is gone was kept for what was under way alone: closes what has come back.
    pub(super) fn bid_farewell(&mut self, no: LaneNo) {
        let lane = &self.lanes[no];
        if !lane.gone || lane.is_busy() {
            return;
        }
        if lane.messages > 0 {
            self.close_waiting(|entry| entry.lane == no);
            self.release_members(no);
        }
        self.disconnect(no);
    }

    /// Sets the timers of a message and puts its bucket in order.
    pub(super) fn settle_in(&mut self, no: EntryNo) {
        let entry = &self.queue[no];
        if entry.expires < NEVER {
            self.timers.set(entry.expires, Due::Expire(no));
        }
        if let State::Retrying(at) | State::Unknown(at) = entry.state {
            self.timers.set(at, Due::Wake(no));
        }
        let bucket = entry.bucket;
        self.restack(bucket);
    }

    /// Takes a message out of the queue for good.
    pub(super) fn detach(&mut self, no: EntryNo) {
        let entry = self.queue[no];
        if entry.expires < NEVER {
            self.timers.clear(entry.expires, Due::Expire(no));
        }
        if let State::Retrying(at) | State::Unknown(at) = entry.state {
            self.timers.clear(at, Due::Wake(no));
        }
        self.unshelve(entry.bucket);
        let more = self.queue.remove(no);
        let lane = &mut self.lanes[entry.lane];
        lane.messages -= 1;
        if entry.class == Class::Plain && entry.is_waiting() {
            lane.plain -= 1;
        }
        self.templates[entry.template].messages -= 1;
        if more {
            self.restack(entry.bucket);
        } else {
            self.refresh(entry.lane);
        }
        if entry.class == Class::Part {
            self.part_left(entry.lane, entry.digest);
            self.refresh(entry.lane);
        }
    }

    /// Puts the first message of a bucket into its lane's order, if it may move.
    pub(super) fn restack(&mut self, bucket: BucketNo) {
        self.unshelve(bucket);
        if let Some(first) = self.queue.head(bucket) {
            let loud = self.is_loud(bucket, first);
            self.queue.bucket_mut(bucket).loud = loud;
        }
        let head = self.queue.ready_head(bucket);
        let lane = self.queue.bucket_mut(bucket).lane;
        if let Some(no) = head {
            self.queue.bucket_mut(bucket).shelved = head;
            let (shelf, place) = self.place_of(no);
            self.lanes[lane].shelve(shelf, place);
        }
        self.refresh(lane);
    }

    pub(super) fn unshelve(&mut self, bucket: BucketNo) {
        if let Some(no) = self.queue.bucket_mut(bucket).shelved.take() {
            let (shelf, place) = self.place_of(no);
            let lane = self.queue[no].lane;
            self.lanes[lane].unshelve(shelf, &place);
        }
    }

    fn place_of(&mut self, no: EntryNo) -> (Shelf, Place) {
        let entry = self.queue[no];
        let bucket = self.queue.bucket_mut(entry.bucket);
        let (rank, loud) = (bucket.rank, bucket.loud);
        // What stands before something critical in its bucket is as urgent as that.
        let shelf = Shelf {
            class: entry.class,
            template: entry.template,
            urgent: rank.is_urgent(),
            loud,
        };
        let behind = entry.class != Class::Part;
        (shelf, (behind, std::cmp::Reverse(rank), entry.id, no))
    }

    /// Whether its template and quiet hours let the messages of a shelf through.
    pub(super) fn admits(&self, lane: &Lane, shelf: Shelf) -> bool {
        self.templates[shelf.template].gate.admits() && self.is_heard(lane, shelf)
    }

    /// Finds out whether a lane could send, and sees to it that it has its turn, or its timer.
    pub(super) fn refresh(&mut self, no: LaneNo) {
        let now = self.timeline.now();
        let at = self.lane_ready_at(no);
        let lane = &mut self.lanes[no];
        let ready = at.is_some_and(|at| at <= now);
        if ready != lane.ready {
            lane.ready = ready;
            if ready {
                self.turns.enter(lane.turn, no);
            } else {
                self.turns.leave(lane.turn, no);
            }
        }
        let wake = if ready {
            let pair = self.lanes[no].pair;
            self.pairs[pair].limit.lent_until(now)
        } else {
            at
        };
        let lane = &mut self.lanes[no];
        if wake != lane.wake {
            if let Some(at) = lane.wake {
                self.timers.clear(at, Due::Lane(no));
            }
            if let Some(at) = wake {
                self.timers.set(at, Due::Lane(no));
            }
            lane.wake = wake;
        }
    }

    /// When a lane could send, if only time keeps it.
    fn lane_ready_at(&self, no: LaneNo) -> Option<Time> {
        let lane = &self.lanes[no];
        if lane.is_busy() || lane.gone || !lane.gate.admits() {
            return None;
        }
        let pair = &self.pairs[lane.pair];
        let single = lane
            .shelves()
            .filter(|shelf| self.admits(lane, *shelf) && self.goes_alone(lane, *shelf))
            .map(|shelf| pair.ready_at(self.timeline.now(), shelf.urgent))
            .min();
        let digest = self.digest_at(lane).map(|(at, _)| at);
        [single, digest].into_iter().flatten().min()
    }

    pub(super) fn set_turn(&mut self, no: LaneNo, turn: Turn) {
        let lane = &mut self.lanes[no];
        if lane.ready {
            self.turns.leave(lane.turn, no);
            self.turns.enter(turn, no);
        }
        lane.turn = turn;
    }

    pub(super) fn refresh_pair(&mut self, pair: PairNo) {
        for at in 0..self.pairs[pair].lanes.len() {
            let lane = self.pairs[pair].lanes[at];
            self.refresh(lane);
        }
    }

    /// A template's gate changed, and with it any lane.
    pub(super) fn refresh_all(&mut self) {
        let lanes: Vec<LaneNo> = self.contacts.values().copied().collect();
        for lane in lanes {
            self.refresh(lane);
        }
    }

    pub(super) fn gate(&self, key: GateNo) -> &Gate {
        match key {
            GateNo::Account => &self.account,
            GateNo::Number => &self.number,
            GateNo::Template(no) => &self.templates[no].gate,
            GateNo::Lane(no) => &self.lanes[no].gate,
        }
    }

    pub(super) fn gate_mut(&mut self, key: GateNo) -> &mut Gate {
        match key {
            GateNo::Account => &mut self.account,
            GateNo::Number => &mut self.number,
            GateNo::Template(no) => &mut self.templates[no].gate,
            GateNo::Lane(no) => &mut self.lanes[no].gate,
        }
    }

    /// A gate changed: sets its timer, and finds out which lanes could send.
    pub(super) fn gate_changed(&mut self, key: GateNo) {
        self.retime(key);
        match key {
            // These stand in front of the choice among lanes.
            GateNo::Account | GateNo::Number => {}
            GateNo::Template(_) => self.refresh_all(),
            GateNo::Lane(lane) => self.refresh(lane),
        }
    }

    pub(super) fn retime(&mut self, key: GateNo) {
        let gate = self.gate_mut(key);
        let due = gate.due();
        if let Some(at) = std::mem::replace(&mut gate.timer, due) {
            self.timers.clear(at, Due::Gate(key));
        }
        if let Some(at) = due {
            self.timers.set(at, Due::Gate(key));
        }
    }
}
