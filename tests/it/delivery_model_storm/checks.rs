//! What must hold of each thing that delivery does.

use klaxond::model::{ContactId, Form, Kind, Message, MessageId, MessageState};

use super::{BURST, INTERVAL_MS, Ledger, Stand, parts_of};
use crate::support::delivery::{at, digest};

impl Ledger {
    /// Nothing that is older in its bucket is left behind by what goes.
    pub(super) fn in_order(&self, id: i64, along: &[i64]) {
        let message = &self.known[&id].message;
        if message.kind == Kind::Digest {
            return;
        }
        for (older, known) in self.known.range(..id) {
            let same =
                known.message.contact == message.contact && known.message.bucket == message.bucket;
            let left = matches!(known.stand, Stand::Waits | Stand::Flies | Stand::Member(_));
            // What is sent again since no receipt came had its turn.
            let had = known.accepted > 0;
            assert!(
                !(same && left && !had) || along.contains(older),
                "{id} overtakes {older}"
            );
        }
    }

    pub(super) fn take(&mut self, id: i64) {
        let contact = self.known[&id].message.contact.clone();
        self.spend(&contact);
    }

    pub(super) fn spend(&mut self, contact: &ContactId) {
        let flying = self
            .known
            .values()
            .filter(|known| known.message.contact == *contact && known.stand == Stand::Flies);
        assert_eq!(flying.count(), 0, "one under way to {contact}");
        let takes = self.takes.entry(contact.clone()).or_default();
        takes.push(self.now);
        for (n, first) in takes.iter().enumerate() {
            let count = i64::try_from(takes.len() - n).unwrap();
            let allowed = BURST + (self.now - first) / INTERVAL_MS;
            assert!(count <= allowed, "{count} to {contact} since {first}");
        }
    }

    pub(super) fn digest(&mut self, to: &ContactId, members: &[i64]) {
        assert!(members.len() > 1);
        let key = |id: &i64| (std::cmp::Reverse(self.known[id].message.severity), -id);
        assert!(members.is_sorted_by_key(key), "{members:?}");
        for id in members {
            let known = &self.known[id];
            assert_eq!(known.stand, Stand::Waits);
            assert_eq!(known.message.contact, *to);
            assert!(known.message.form == Form::Template && known.message.kind != Kind::Digest);
            self.in_order(*id, members);
        }
        self.spend(to);
        if std::mem::take(&mut self.unwritten) {
            self.takes.get_mut(to).unwrap().pop();
            self.dispatcher.undigested(at(self.now), to);
            return;
        }
        let count = i64::try_from(members.len().div_ceil(4).min(3)).unwrap();
        let n = self.digests.len();
        for id in members {
            let known = self.known.get_mut(id).unwrap();
            known.stand = Stand::Member(n);
        }
        let parts: Vec<Message> = (1..=count)
            .map(|n| digest(self.written + n, to.as_str()))
            .collect();
        self.written += count;
        self.dispatcher.digested(at(self.now), to, &parts);
        for (n, part) in parts.into_iter().enumerate() {
            self.enter(part, if n == 0 { Stand::Flies } else { Stand::Waits });
        }
        for id in self.written - count + 1..=self.written {
            self.known
                .get_mut(&(MessageId::DIGESTS + id))
                .unwrap()
                .digest = Some(n);
        }
        self.digests.push((members.to_vec(), parts_of(count)));
    }

    pub(super) fn close(
        &mut self,
        id: i64,
        state: MessageState,
        reason: &str,
        fallback: bool,
        successor: Option<MessageId>,
    ) {
        let known = &self.known[&id];
        match state {
            MessageState::Superseded => {
                assert_eq!(known.stand, Stand::Waits, "{id}: {reason}");
                assert!(!known.handed && !fallback, "{id} may have been told");
                let kind = known.message.kind;
                assert!(!matches!(kind, Kind::Escalated | Kind::Answer), "{id}");
                if kind == Kind::Cleared {
                    let raise = known.message.closes.unwrap().first().0;
                    assert!(
                        self.known[&raise].superseded,
                        "{id} ends {raise}, which goes"
                    );
                }
                if let Some(next) = successor {
                    assert!(next.0 > id && !self.known[&next.0].superseded);
                }
                self.known.get_mut(&id).unwrap().superseded = true;
            }
            MessageState::Failed => {
                assert!(fallback, "{id}: {reason}");
                assert_eq!(known.accepted, 2, "promised, and sent twice");
                assert_eq!(known.stand, Stand::Awaited);
            }
            MessageState::Expired => assert_eq!(reason, "contact removed"),
            other => panic!("{id} closed as {other:?}"),
        }
        self.end(id);
    }

    pub(super) fn end(&mut self, id: i64) {
        let known = self.known.get_mut(&id).unwrap();
        assert_ne!(known.stand, Stand::Done, "{id} ended twice");
        known.stand = Stand::Done;
        if let Some(n) = known.digest {
            let (members, parts) = &mut self.digests[n];
            *parts -= 1;
            if *parts == 0 {
                for member in members.clone() {
                    let known = self.known.get_mut(&member).unwrap();
                    if known.stand == Stand::Member(n) {
                        known.stand = Stand::Done;
                    }
                }
            }
        }
    }
}
