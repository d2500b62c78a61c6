//! The audit trail in the store: whole, in order, only ever added to.

use std::sync::Arc;

use klaxond::model::{
    Event, MessageId, MessageState, Mute, Notification, NotificationId, Position, SilenceId,
    SilenceOrder, Status, Suppression,
};
use klaxond::store::{
    Act, AttemptEnd, AuditWanted, Fact, Inquiry, Mode, NewEntry, Seq, StepWrite, Store, What,
};

use crate::support::store::*;

fn all(folder: &Folder) -> Vec<Fact> {
    let inquiry = Inquiry::open(&folder.database()).unwrap();
    inquiry
        .audit(&AuditWanted::default(), Seq::START, 100_000)
        .unwrap()
}

fn whats(facts: &[Fact]) -> Vec<&'static str> {
    facts.iter().map(|fact| fact.what.name()).collect()
}

async fn note(store: &Store, second: i64, event: Event) {
    let entry = NewEntry {
        at: at(second),
        event,
        wanted: true,
        origin: Arc::from("control uid=0"),
    };
    store.log.append(vec![entry]).await.unwrap();
}

/// One alarm that is stored, told, and fails; another one that is silenced.
async fn history(store: &Store) {
    store.log.append(vec![raise(1, "A")]).await.unwrap();
    let mut told = telling(1, 2, vec![claimed(1, 1, 2)]);
    told.notifications = vec![Arc::new(Notification {
        alarm: record("A", Status::Open),
        ..notification(1, 2)
    })];
    store.state.commit(vec![told]).await.unwrap();
    let mut failed = ending(1, 3, MessageState::Failed);
    failed.reason = "(131026) to +34600111222 wamid.HBgLMzQ2MDA= cannot be delivered".to_owned();
    failed.attempt = Some(AttemptEnd {
        outcome: "failed".to_owned(),
        code: Some(131_026),
        detail: failed.reason.clone(),
        ..accepted()
    });
    store.outbox.finish(vec![failed]).await.unwrap();

    let order = SilenceOrder {
        filter: "element like \"Lab*\"".to_owned(),
        starts: at(4),
        ends: at(9_000),
        by: "Ana".to_owned(),
        comment: "lab works, call 34600111333".to_owned(),
        replaces: None,
    };
    note(store, 4, Event::Silence(order)).await;
    store.log.append(vec![raise(5, "B")]).await.unwrap();
    let muted = Notification {
        id: NotificationId(2),
        alarm: record("B", Status::Open),
        suppressed: Some(Suppression {
            mute: Mute::Silence(SilenceId(2)),
            text: "silence s2 (by Ana)".to_owned(),
        }),
        ..notification(2, 5)
    };
    let write = StepWrite {
        notifications: vec![Arc::new(muted)],
        next_message: MessageId(2),
        next_notification: NotificationId(3),
        ..step(3, 5)
    };
    store.state.commit(vec![write]).await.unwrap();
    let end = Event::Unsilence {
        id: SilenceId(2),
        by: "Ben".to_owned(),
    };
    note(store, 6, end).await;
    let ack = Event::AckByHand {
        id: "A".to_owned(),
        by: "Cy".to_owned(),
    };
    note(store, 7, ack).await;
    let reload = Event::Reloaded {
        generation: 1,
        summary: "contact NOC desk: number changed".to_owned(),
    };
    note(store, 8, reload).await;
    let end = StepWrite {
        position: Position(6),
        engine_time: at(8),
        next_message: MessageId(2),
        next_notification: NotificationId(3),
        ..step(6, 8)
    };
    store.state.commit(vec![end]).await.unwrap();
}

#[tokio::test]
async fn the_trail_tells_what_happened_in_order_and_retention_changes_nothing() {
    let folder = Folder::new();
    let (store, _tail) = folder.open(Mode::Threaded);
    store
        .archive
        .note(at(0), Act::Started("1.0".to_owned()))
        .await
        .unwrap();
    history(&store).await;
    let facts = all(&folder);
    assert_eq!(
        whats(&facts),
        [
            "start",
            "stored",
            "decided",
            "attempt",
            "ended",
            "silence",
            "stored",
            "suppressed",
            "unsilence",
            "ack",
            "reload"
        ]
    );
    let seqs: Vec<String> = facts.iter().map(|fact| fact.seq.to_string()).collect();
    assert_eq!(
        seqs[..6],
        ["0+1", "1.0", "1+1", "1+2", "1+3", "2.0"].map(str::to_owned)
    );
    for fact in &facts {
        assert_eq!(fact.seq.to_string().parse::<Seq>().unwrap(), fact.seq);
    }
    assert_eq!(facts[1].by.as_deref(), Some("unix uid=1000 pid=7"));
    assert_eq!(facts[2].contacts, ["noc-desk"]);
    assert_eq!(facts[3].code, Some(131_026));
    assert_eq!(facts[3].detail, "(131026) to +… … cannot be delivered");
    assert_eq!(facts[7].silence, Some(SilenceId(2)));
    let told = facts[9].to_json();
    assert_eq!(
        told,
        serde_json::json!({
            "seq": "5.0", "at": at(7).to_string(), "what": "ack", "alarm": "A", "by": "Cy"
        })
    );

    // Everything that may go goes: the trail is the same, but for what the newest entry tells.
    while store.archive.prune(at(1_000), 2).await.unwrap() > 0 {}
    assert_eq!(store.log.read(Position(0), 9).await.unwrap().len(), 1);
    assert_eq!(all(&folder), facts);
    store.close();
    let (store, _tail) = folder.open(Mode::Threaded);
    assert_eq!(all(&folder), facts);
    store.archive.note(at(9), Act::Stopped).await.unwrap();
    let last = all(&folder).pop().unwrap();
    assert_eq!(
        (last.what, last.seq.to_string()),
        (What::Stop, "6+1".to_owned())
    );
    store.close();
}

#[tokio::test]
async fn it_is_searched_by_alarm_message_silence_contact_and_time() {
    let folder = Folder::new();
    let (store, _tail) = folder.open(Mode::Threaded);
    history(&store).await;
    for pruned in [false, true] {
        if pruned {
            while store.archive.prune(at(1_000), 100).await.unwrap() > 0 {}
        }
        let inquiry = Inquiry::open(&folder.database()).unwrap();
        let of = |id: &str| {
            let wanted = AuditWanted {
                id: Some(id.to_owned()),
                ..AuditWanted::default()
            };
            let found = inquiry.audit(&wanted, Seq::START, 100).unwrap();
            let facts = inquiry.facts(id).unwrap();
            (whats(&found), whats(&facts))
        };
        let told = vec!["stored", "decided", "attempt", "ended", "ack"];
        assert_eq!(of("A"), (told.clone(), told));
        let silence = vec!["silence", "suppressed", "unsilence"];
        assert_eq!(of("s2"), (silence.clone(), silence));
        let message = vec!["decided", "attempt", "ended"];
        assert_eq!(of("m1"), (message.clone(), message));
        assert_eq!(of("noc-desk").0, ["decided", "attempt", "ended"]);
        assert_eq!(of("nobody"), (vec![], vec![]));
        let wanted = AuditWanted {
            since: Some(at(3)),
            until: Some(at(6)),
            id: None,
        };
        let found = inquiry.audit(&wanted, Seq::START, 100).unwrap();
        assert_eq!(
            whats(&found),
            ["attempt", "ended", "silence", "stored", "suppressed"]
        );
    }
    store.close();
}

#[tokio::test]
async fn nothing_in_it_can_be_changed_or_deleted_before_its_time() {
    let folder = Folder::new();
    let (store, _tail) = folder.open(Mode::Threaded);
    history(&store).await;
    assert_eq!(store.archive.prune_audit(at(3), 100).await.unwrap(), 1);
    store.close();
    let raw = rusqlite::Connection::open(folder.database()).unwrap();
    for sql in [
        "UPDATE audit SET detail = ''",
        "DELETE FROM audit",
        "UPDATE log SET origin = ''",
        "DELETE FROM log WHERE position = 3",
        "UPDATE meta SET audit_floor = 0",
    ] {
        let refused = raw.execute(sql, []).unwrap_err().to_string();
        assert!(
            refused.contains("trail") || refused.contains("log"),
            "{sql}: {refused}"
        );
    }
    // Past its retention it goes, and the log does not bring it back.
    raw.execute("DELETE FROM log WHERE position = 1", [])
        .unwrap();
    drop(raw);
    let (store, _tail) = folder.open(Mode::Threaded);
    assert!(store.archive.prune_audit(at(8), 100).await.unwrap() > 0);
    while store.archive.prune(at(1_000), 100).await.unwrap() > 0 {}
    assert_eq!(whats(&all(&folder)), ["reload"]);
    store.close();
}

#[tokio::test]
async fn a_fact_is_written_with_what_it_tells_of_or_not_at_all() {
    let folder = Folder::new();
    let (store, _tail) = folder.open(Mode::Threaded);
    history(&store).await;
    let before = all(&folder);
    // The second step comes from behind: the first one is taken back with it.
    let steps = vec![
        StepWrite {
            next_notification: NotificationId(9),
            ..telling(6, 9, vec![queued(8, 8, 9)])
        },
        step(1, 9),
    ];
    store.state.commit(steps).await.unwrap_err();
    assert_eq!(all(&folder), before);
    // A process that dies leaves what it committed: both, or neither.
    let (from, to) = (folder.database(), folder.path("copy.db"));
    std::fs::copy(&from, &to).unwrap();
    let wal = |path: &std::path::Path| format!("{}-wal", path.display());
    std::fs::copy(wal(&from), wal(&to)).unwrap();
    let (copy, _tail) = Store::open(&settings(&to), Mode::Inline).unwrap();
    let inquiry = Inquiry::open(&to).unwrap();
    let wanted = AuditWanted::default();
    assert_eq!(inquiry.audit(&wanted, Seq::START, 100).unwrap(), before);
    drop((copy, inquiry));
    // A backup has it too.
    klaxond::store::backup(&from, &folder.path("backup.db")).unwrap();
    let inquiry = Inquiry::open(&folder.path("backup.db")).unwrap();
    assert_eq!(inquiry.audit(&wanted, Seq::START, 100).unwrap(), before);
    store.close();
}

#[tokio::test]
async fn no_number_and_no_id_of_meta_is_in_the_table() {
    let folder = Folder::new();
    let (store, _tail) = folder.open(Mode::Threaded);
    history(&store).await;
    let desk = klaxond::model::ContactId::parse("noc-desk").unwrap();
    store
        .archive
        .forget(desk, vec![phone(22)], at(9), "control uid=1000".to_owned())
        .await
        .unwrap();
    while store.archive.prune(at(1_000), 100).await.unwrap() > 0 {}
    let last = all(&folder).pop().unwrap();
    assert_eq!(
        (last.what, last.contacts, last.by.as_deref()),
        (
            What::Forgotten,
            vec!["noc-desk".to_owned()],
            Some("control uid=1000")
        )
    );
    store.close();
    let raw = rusqlite::Connection::open(folder.database()).unwrap();
    let mut rows = raw
        .prepare(
            "SELECT quote(what) || quote(kind) || quote(alarm) || quote(rule) || quote(contact) \
                  || quote(actor) || quote(detail) FROM audit",
        )
        .unwrap();
    let rows: Vec<String> = rows
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert!(rows.len() >= 10, "{rows:#?}");
    assert!(
        rows.iter()
            .any(|row| row.contains("forgotten") && row.contains("noc-desk"))
    );
    for row in rows {
        for told in ["600111", "wamid"] {
            assert!(!row.contains(told), "{row}");
        }
    }
}

#[tokio::test]
async fn an_alarm_is_found_in_every_block_of_the_log_through_restarts() {
    let folder = Folder::new();
    let mut store = None;
    for round in 0..4 {
        drop(store.take());
        let (open, _tail) = folder.open(Mode::Inline);
        for batch in 0..15 {
            let first = round * 1_500 + batch * 100;
            let records = (first..first + 100)
                .map(|n| raise(n, &format!("r{n}")))
                .collect();
            open.log.append(records).await.unwrap();
        }
        store = Some(open);
    }
    let raw = rusqlite::Connection::open(folder.database()).unwrap();
    let blocks: i64 = raw
        .query_row("SELECT count(*) FROM signs WHERE kind = 'log'", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert!(blocks >= 2, "{blocks}");
    let inquiry = Inquiry::open(&folder.database()).unwrap();
    for n in [
        0, 1_022, 1_023, 1_024, 1_499, 1_500, 2_047, 2_048, 4_499, 5_998, 5_999,
    ] {
        let dossier = inquiry.dossier(&format!("r{n}")).unwrap().unwrap();
        assert_eq!(dossier.entries.len(), 1, "r{n}");
        assert_eq!(dossier.entries[0].entry.position, Position(n + 1));
    }
    assert_eq!(inquiry.dossier("r6000").unwrap(), None);
}
