//! Contacts and limits, at the start and after a change of the config.

use std::collections::BTreeSet;

use crate::model::{ContactId, MessageId, Phone, Time};

use super::action::Action;
use super::dispatcher::{Dispatcher, contact_removed};
use super::hold::GateNo;
use super::lane::Lane;
use super::pair::Pair;
use super::queue::Entry;
use super::settings::Settings;
use super::slab::{EntryNo, LaneNo, PairNo, TemplateNo};

impl Dispatcher {
    /// Goes over to another config. Queues and spent tokens stay; holds are lifted so that their cause
    /// is tried again, with one message first; messages to contacts that are gone are closed.
    pub fn reconfigure(&mut self, now: Time, settings: Settings, contacts: &[(ContactId, Phone)]) {
        let now = self.advance(now);
        for pair in self.phones.values() {
            let limit = &mut self.pairs[*pair].limit;
            limit.retune(settings.per_contact);
        }
        self.settings = settings;
        self.retune();
        let lanes: Vec<LaneNo> = self.contacts.values().copied().collect();
        for lane in &lanes {
            self.lanes[*lane].gone = true;
        }
        for (contact, phone) in contacts {
            self.connect(contact, phone);
        }
        self.close_gone(&lanes);
        self.reconsider();
        self.forget_idle(now);
        self.refresh_all();
        self.look_for_storms();
        if !self.settings.receipts {
            self.stop_awaiting();
        }
    }

    fn look_for_storms(&mut self) {
        let lanes: Vec<LaneNo> = self.contacts.values().copied().collect();
        for no in lanes {
            if self.settings.storm.is_none() {
                self.lanes[no].storm = None;
                self.refresh(no);
            }
            self.watch(no);
        }
    }

    /// Gives a contact its lane and its phone.
    pub(super) fn connect(&mut self, contact: &ContactId, phone: &Phone) {
        let pair = self.pair(phone);
        let lane = if let Some(lane) = self.contacts.get(contact) {
            let lane = *lane;
            let before = self.lanes[lane].pair;
            self.pairs[before].lanes.retain(|other| *other != lane);
            self.lanes[lane].pair = pair;
            self.lanes[lane].gone = false;
            lane
        } else {
            let lane = self.lanes.insert(Lane::new(contact.clone(), pair));
            self.contacts.insert(contact.clone(), lane);
            lane
        };
        self.pairs[pair].lanes.push(lane);
    }

    /// What is known of a phone.
    pub(super) fn pair(&mut self, phone: &Phone) -> PairNo {
        if let Some(pair) = self.phones.get(phone) {
            return *pair;
        }
        let pair = self.pairs.insert(Pair::new(self.settings.per_contact));
        self.phones.insert(phone.clone(), pair);
        pair
    }

    /// Forgets a lane without messages whose contact is gone.
    pub(super) fn disconnect(&mut self, no: LaneNo) {
        let lane = &mut self.lanes[no];
        lane.gate.open();
        self.forget_hours(no);
        let lane = &mut self.lanes[no];
        let pair = lane.pair;
        self.contacts.remove(&lane.contact);
        self.owed.retain(|_, owed| owed.lane != no);
        self.retime(GateNo::Lane(no));
        self.refresh(no);
        self.pairs[pair].lanes.retain(|other| *other != no);
        self.lanes.remove(no);
    }

    /// Closes what waits for contacts that are gone, and forgets those with nothing under way.
    fn close_gone(&mut self, lanes: &[LaneNo]) {
        let gone: Vec<bool> = lanes.iter().map(|no| self.lanes[*no].gone).collect();
        if !gone.contains(&true) {
            return;
        }
        let left: BTreeSet<LaneNo> = lanes
            .iter()
            .copied()
            .filter(|no| self.lanes[*no].gone)
            .collect();
        self.close_waiting(|entry| left.contains(&entry.lane));
        for no in left {
            if !self.lanes[no].is_busy() {
                self.release_members(no);
                self.disconnect(no);
            }
        }
    }

    /// Closes what waits for contacts that are gone. What a digest speaks for ends with that.
    pub(super) fn close_waiting(&mut self, of: impl Fn(&Entry) -> bool) {
        let left: Vec<(EntryNo, MessageId)> = self
            .queue
            .iter()
            .filter(|(_, entry)| of(entry) && entry.is_waiting())
            .map(|(no, entry)| (no, entry.id))
            .collect();
        for (no, id) in left {
            self.detach(no);
            self.pending.push_back(contact_removed(id));
        }
    }

    /// Tries again what is held.
    fn reconsider(&mut self) {
        let keys: Vec<GateNo> = [GateNo::Account, GateNo::Number]
            .into_iter()
            .chain(self.template_ids.values().map(|no| GateNo::Template(*no)))
            .chain(self.contacts.values().map(|no| GateNo::Lane(*no)))
            .collect();
        for key in keys {
            self.gate_mut(key).reconsider();
            self.retime(key);
        }
        self.pending
            .retain(|action| !matches!(action, Action::Probe(_)));
    }

    /// Forgets phones and templates that nothing speaks of any more.
    fn forget_idle(&mut self, now: Time) {
        let flying: Vec<PairNo> = self.flights.values().map(|flight| flight.pair).collect();
        let pairs = &mut self.pairs;
        self.phones.retain(|_, no| {
            let keep = !pairs[*no].is_idle(now) || flying.contains(no);
            if !keep {
                pairs.remove(*no);
            }
            keep
        });
        let idle: Vec<TemplateNo> = self
            .template_ids
            .values()
            .copied()
            .filter(|no| self.templates[*no].messages == 0)
            .collect();
        for no in idle {
            self.templates[no].gate.open();
            self.retime(GateNo::Template(no));
            self.template_ids.remove(&self.templates[no].id);
            self.templates.remove(no);
        }
    }
}
