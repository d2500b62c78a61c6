//! Random histories: the store against a naive one in memory, through restarts and crashes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use klaxond::model::{
    Event, LogEntry, MessageId, MessageState, Position, Row, RowChange, RowKind, Status, Time,
};
use klaxond::store::{AuditWanted, Fact, Inquiry, Mode, NewEntry, Pending, Seq, Store, Tail, What};
use proptest::prelude::*;

use crate::support::store::*;

#[derive(Debug, Clone)]
enum Action {
    /// Records: which tree, whether it ends, whether wanted, at which second.
    Append(Vec<(u8, bool, bool, i64)>),
    /// Decides up to so many entries, with so many messages, a row and a tree that is over.
    Step {
        entries: u8,
        messages: u8,
        claimed: bool,
        row: u8,
        put: bool,
        over: Option<u8>,
    },
    Claim(u8),
    Finish(u8, u8),
    Prune(i64, usize),
    /// Takes at most so many entries from the tail.
    Follow(usize),
    Restart,
    /// The process dies: another one opens the files as they are.
    Crash,
}

fn action() -> impl Strategy<Value = Action> {
    let record = (0..6u8, any::<bool>(), any::<bool>(), 0..40i64);
    prop_oneof![
        5 => prop::collection::vec(record, 0..6).prop_map(Action::Append),
        4 => (0..4u8, 0..3u8, any::<bool>(), 0..4u8, any::<bool>(), prop::option::of(0..6u8)).prop_map(
            |(entries, messages, claimed, row, put, over)| Action::Step { entries, messages, claimed, row, put, over }
        ),
        2 => (0..12u8).prop_map(Action::Claim),
        3 => (0..12u8, 0..13u8).prop_map(|(id, state)| Action::Finish(id, state)),
        2 => (0..60i64, 1..4usize).prop_map(|(before, chunk)| Action::Prune(before, chunk)),
        3 => (1..5usize).prop_map(Action::Follow),
        1 => Just(Action::Restart),
        1 => Just(Action::Crash),
    ]
}

/// What the store should hold, kept in the simplest way.
#[derive(Default)]
struct Model {
    log: Vec<LogEntry>,
    open: BTreeMap<String, i64>,
    position: i64,
    engine_time: Time,
    next: i64,
    rows: BTreeMap<(RowKind, String), String>,
    messages: BTreeMap<i64, (Pending, Option<Time>)>,
    attempts: Vec<(i64, Time)>,
    notified: BTreeSet<i64>,
    followed: i64,
}

impl Model {
    fn append(&mut self, entry: &NewEntry) -> Option<Position> {
        let Event::Record(record) = &entry.event else {
            unreachable!()
        };
        let tree = record.tree().as_str().to_owned();
        if !entry.wanted && !self.open.contains_key(&tree) {
            return None;
        }
        let position = self.head() + 1;
        if record.ends() {
            self.open.remove(&tree);
        } else {
            self.open.insert(tree, position);
        }
        let at = self
            .log
            .last()
            .map_or(entry.at, |last| last.at.max(entry.at));
        self.log.push(LogEntry {
            position: Position(position),
            at,
            event: entry.event.clone(),
        });
        Some(Position(position))
    }

    fn head(&self) -> i64 {
        self.log.last().map_or(0, |entry| entry.position.0)
    }

    fn prune(&mut self, before: Time) {
        let gone = |ended: &Option<Time>| ended.is_some_and(|ended| ended < before);
        let deleted: BTreeSet<i64> = self
            .messages
            .iter()
            .filter(|(_, (_, ended))| gone(ended))
            .map(|(id, _)| *id)
            .collect();
        self.messages.retain(|id, _| !deleted.contains(id));
        self.attempts.retain(|(id, _)| !deleted.contains(id));
        self.notified
            .retain(|id| self.messages.contains_key(id) || at(*id) >= before);
        let (position, head) = (self.position, self.head());
        self.log.retain(|entry| {
            entry.at >= before || entry.position.0 > position || entry.position.0 == head
        });
    }
}

struct Run {
    folder: Folder,
    opened: Option<(Store, Tail)>,
    generation: usize,
    model: Model,
}

impl Run {
    fn new() -> Self {
        let folder = Folder::new();
        let opened = Some(folder.open(Mode::Inline));
        let model = Model {
            next: 1,
            ..Model::default()
        };
        Self {
            folder,
            opened,
            generation: 0,
            model,
        }
    }

    fn store(&self) -> &Store {
        &self.opened.as_ref().unwrap().0
    }

    async fn act(&mut self, action: Action) {
        match action {
            Action::Append(records) => self.append(&records).await,
            Action::Step {
                entries,
                messages,
                claimed,
                row,
                put,
                over,
            } => {
                let position = (self.model.position + i64::from(entries)).min(self.model.head());
                self.step(position, messages, claimed, (row, put), over)
                    .await;
            }
            Action::Claim(id) => self.claim(i64::from(id)).await,
            Action::Finish(id, state) => {
                self.finish(i64::from(id), MessageState::ALL[usize::from(state)])
                    .await;
            }
            Action::Prune(before, chunk) => {
                while self.store().archive.prune(at(before), chunk).await.unwrap() > 0 {}
                self.model.prune(at(before));
            }
            Action::Follow(limit) => self.follow(limit).await,
            Action::Restart => {
                let (store, tail) = self.opened.take().unwrap();
                drop(tail);
                store.close();
                self.reopen();
            }
            Action::Crash => self.crash(),
        }
    }

    async fn append(&mut self, records: &[(u8, bool, bool, i64)]) {
        let batch: Vec<_> = records
            .iter()
            .map(|(tree, ends, wanted, second)| {
                let status = if *ends { Status::Cleared } else { Status::Open };
                entry(*second, record(&tree.to_string(), status), *wanted)
            })
            .collect();
        let expected: Vec<_> = batch.iter().map(|entry| self.model.append(entry)).collect();
        assert_eq!(self.store().log.append(batch).await.unwrap(), expected);
        assert_eq!(self.store().log.head().0, self.model.head());
    }

    async fn step(
        &mut self,
        position: i64,
        count: u8,
        claimed_at_once: bool,
        row: (u8, bool),
        over: Option<u8>,
    ) {
        let model = &mut self.model;
        let second = model.next;
        let messages: Vec<_> = (model.next..model.next + i64::from(count))
            .map(|id| {
                if claimed_at_once {
                    claimed(id, id, id)
                } else {
                    queued(id, id, id)
                }
            })
            .collect();
        for new in &messages {
            let id = new.message.id.0;
            let state = if claimed_at_once {
                MessageState::Sending
            } else {
                MessageState::Queued
            };
            let pending = Pending {
                message: new.message.clone(),
                state,
                attempts: u32::from(claimed_at_once),
                unknowns: 0,
                retry_at: None,
                attempted: claimed_at_once.then(|| at(id)),
                confirm_by: None,
                failure: None,
            };
            model.messages.insert(id, (pending, None));
            model.notified.insert(id);
            if claimed_at_once {
                model.attempts.push((id, at(id)));
            }
        }
        let mut write = if messages.is_empty() {
            step(position, second)
        } else {
            telling(position, second, messages)
        };
        for (notification, id) in write.notifications.iter_mut().zip(model.next..) {
            *notification = notification_at(id);
        }
        model.next += i64::from(count);
        write.next_message = MessageId(model.next);
        write.next_notification = klaxond::model::NotificationId(model.next);
        let (kind, key) = (RowKind::ALL[usize::from(row.0)], row.0.to_string());
        write.rows = vec![if row.1 {
            let value = format!("{{\"step\":{second}}}");
            model.rows.insert((kind, key.clone()), value.clone());
            RowChange::Put(Row { kind, key, value })
        } else {
            model.rows.remove(&(kind, key.clone()));
            RowChange::Delete { kind, key }
        }];
        if let Some(tree) = over {
            let key = record(&tree.to_string(), Status::Open).tree();
            if model
                .open
                .get(key.as_str())
                .is_some_and(|touched| *touched <= position)
            {
                model.open.remove(key.as_str());
            }
            write.closed_trees = vec![key];
        }
        model.position = position;
        model.engine_time = write.engine_time;
        self.store().state.commit(vec![write]).await.unwrap();
    }

    async fn claim(&mut self, id: i64) {
        let answer = self.store().outbox.claim(vec![claim(id, id + 30)]).await;
        match self.model.messages.get_mut(&id) {
            Some((pending, None)) => {
                assert_eq!(answer.unwrap(), []);
                pending.state = MessageState::Sending;
                pending.attempts += 1;
                pending.attempted = Some(at(id + 30));
                pending.retry_at = None;
                self.model.attempts.push((id, at(id + 30)));
            }
            Some(_) => assert_eq!(answer.unwrap(), [MessageId(id)]),
            None => drop(answer.unwrap_err()),
        }
    }

    async fn finish(&mut self, id: i64, state: MessageState) {
        let mut write = ending(id, id + 40, state);
        write.retry_at = (id % 2 == 0).then(|| at(id + 50));
        if let Some((pending, ended)) = self.model.messages.get_mut(&id) {
            if way(pending.state) > 0 && ended.is_some() {
                // Meta has it: no later outcome takes that back.
                if way(state) > way(pending.state) {
                    pending.state = state;
                }
                self.store().outbox.finish(vec![write]).await.unwrap();
                return;
            }
            pending.state = state;
            pending.unknowns += u32::from(state == MessageState::Unknown);
            pending.retry_at = write.retry_at;
            *ended = (!state.is_pending()).then_some(at(id + 40));
        }
        self.store().outbox.finish(vec![write]).await.unwrap();
    }

    async fn follow(&mut self, limit: usize) {
        let after = self.model.followed.max(self.model.position);
        if after >= self.model.head() {
            return;
        }
        let (_, tail) = self.opened.as_mut().unwrap();
        let entries = tail.next(Position(after), limit).await.unwrap();
        assert!((1..=limit).contains(&entries.len()));
        let expected: Vec<_> = self
            .model
            .log
            .iter()
            .filter(|entry| entry.position.0 > after)
            .take(entries.len())
            .cloned()
            .collect();
        assert_eq!(entries, expected);
        self.model.followed = after + i64::try_from(entries.len()).unwrap();
    }

    fn crash(&mut self) {
        let old = self.folder.path(&format!("{}.db", self.generation));
        let old = if self.generation == 0 {
            self.folder.database()
        } else {
            old
        };
        self.generation += 1;
        let new = self.folder.path(&format!("{}.db", self.generation));
        // The files of a dead process are those of a living one that does nothing: the log in
        // shared memory is rebuilt.
        fs::copy(&old, &new).unwrap();
        fs::copy(
            format!("{}-wal", old.display()),
            format!("{}-wal", new.display()),
        )
        .unwrap();
        self.opened = None;
        self.reopen();
    }

    /// Every entry that ever was stored and every message that ever was decided has its fact, whatever
    /// retention and crashes did.
    fn compare_facts(&self) {
        let inquiry = Inquiry::open(&self.path()).unwrap();
        let wanted = AuditWanted::default();
        let facts = inquiry.audit(&wanted, Seq::START, 10_000).unwrap();
        assert!(facts.iter().map(|fact| fact.seq).is_sorted());
        let count = |what| facts.iter().filter(|fact| fact.what == what).count();
        assert_eq!(usize::try_from(self.model.head()), Ok(count(What::Stored)));
        let decided = facts.iter().filter(|fact| fact.what == What::Decided);
        let messages: Vec<i64> = decided.flat_map(Fact::messages).map(|id| id.0).collect();
        let known: Vec<i64> = (1..self.model.next).collect();
        assert_eq!(messages, known);
        let mut paged = inquiry.audit(&wanted, Seq::START, 3).unwrap();
        while let Some(last) = paged.last().filter(|_| paged.len() < facts.len()) {
            paged.extend(inquiry.audit(&wanted, last.seq, 3).unwrap());
        }
        assert_eq!(paged, facts);
    }

    fn path(&self) -> std::path::PathBuf {
        match self.generation {
            0 => self.folder.database(),
            n => self.folder.path(&format!("{n}.db")),
        }
    }

    fn reopen(&mut self) {
        self.opened = Some(Store::open(&settings(&self.path()), Mode::Inline).unwrap());
        self.model.followed = 0;
    }

    async fn compare(&self) {
        let (store, model) = (self.store(), &self.model);
        assert_eq!(store.log.head().0, model.head());
        assert_eq!(store.log.read(Position(0), 1_000).await.unwrap(), model.log);
        let saved = store.state.load().await.unwrap();
        assert_eq!(
            (saved.position.0, saved.engine_time),
            (model.position, model.engine_time)
        );
        assert_eq!(
            (saved.next_message.0, saved.next_notification.0),
            (model.next, model.next)
        );
        let rows: BTreeMap<_, _> = saved
            .rows
            .into_iter()
            .map(|row| ((row.kind, row.key), row.value))
            .collect();
        assert_eq!(rows, model.rows);

        let pending: Vec<_> = model
            .messages
            .values()
            .filter(|(_, ended)| ended.is_none())
            .map(|(pending, _)| pending.clone())
            .collect();
        assert_eq!(
            store.outbox.pending(MessageId(0), 1_000).await.unwrap(),
            pending
        );
        self.compare_facts();
        let tally = store.outbox.tally().await.unwrap();
        for state in MessageState::ALL {
            let held = model.messages.values();
            let count = held.filter(|(pending, _)| pending.state == state).count();
            assert_eq!(tally.count(state), count as u64, "{}", state.name());
        }
        let oldest = pending.iter().map(|pending| pending.message.created).min();
        assert_eq!(tally.oldest_pending, oldest);
        let mut known: Vec<_> = model.messages.keys().copied().map(MessageId).collect();
        known.reverse();
        let listed = store.outbox.latest(500).await.unwrap();
        assert_eq!(
            listed.iter().map(|one| one.id).collect::<Vec<_>>(),
            known,
            "the newest first"
        );
        let glances = store.outbox.states(known).await.unwrap();
        for (one, glance) in listed.iter().zip(&glances) {
            assert_eq!((one.id, one.state), (glance.id, glance.state));
        }
        assert_eq!(listed.len(), glances.len());

        for id in 1..model.next {
            let trail = store.outbox.trail(MessageId(id)).await.unwrap();
            let known = model
                .messages
                .get(&id)
                .map(|(pending, ended)| (pending.state, *ended));
            assert_eq!(
                trail.map(|trail| (trail.state, trail.ended)),
                known,
                "message {id}"
            );
        }
        let mut attempts: Vec<_> = model.attempts.iter().map(|(_, at)| *at).collect();
        attempts.sort_unstable();
        let marks = store.outbox.attempts_since(at(0)).await.unwrap();
        assert_eq!(
            marks.iter().map(|mark| mark.at).collect::<Vec<_>>(),
            attempts
        );
        let ids = (1..model.next)
            .map(klaxond::model::NotificationId)
            .collect();
        let notified: BTreeSet<_> = store
            .outbox
            .notifications(ids)
            .await
            .unwrap()
            .iter()
            .map(|found| found.id.0)
            .collect();
        assert_eq!(notified, model.notified);
    }
}

/// How far on the way to the person.
fn way(state: MessageState) -> usize {
    let on_the_way = [
        MessageState::Accepted,
        MessageState::Sent,
        MessageState::Delivered,
        MessageState::Read,
    ];
    on_the_way
        .iter()
        .position(|known| *known == state)
        .map_or(0, |place| place + 1)
}

fn notification_at(id: i64) -> std::sync::Arc<klaxond::model::Notification> {
    std::sync::Arc::new(notification(id, id))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, max_shrink_iters: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn the_store_holds_what_a_naive_one_would(actions in prop::collection::vec(action(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut run = Run::new();
            for action in actions {
                run.act(action).await;
                run.compare().await;
            }
        });
    }
}
