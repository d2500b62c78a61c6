//! Receipts in the store: whatever comes, in whatever order, states move forward only.

use std::time::Duration;

use klaxond::model::{Closes, Kind, MessageId, MessageState, Position, Receipt, Stage, Update};
use klaxond::store::{Ending, Mode, NewMessage, Store};

use crate::support::returned::*;
use crate::support::store::*;

/// What can happen to a message that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Accepted,
    Lost,
    Came(Stage),
}

use Turn::{Accepted, Came, Lost};

fn confirmed(id: i64) -> NewMessage {
    let mut new = real(id);
    new.message.confirm = Some(Duration::from_secs(60));
    new
}

async fn act(store: &Store, turn: Turn) {
    match turn {
        Accepted => drop(store.outbox.finish(vec![answer(1, "wamid.1")]).await),
        Lost => drop(store.outbox.finish(vec![lost(1)]).await),
        Came(stage) => apply(store, vec![receipt(1, stage)]).await,
    }
}

/// Every order of `turns`.
fn orders(turns: &[Turn]) -> Vec<Vec<Turn>> {
    if turns.len() < 2 {
        return vec![turns.to_vec()];
    }
    let mut all = Vec::new();
    for first in 0..turns.len() {
        let mut rest = turns.to_vec();
        let head = rest.remove(first);
        all.extend(orders(&rest).into_iter().map(|mut order| {
            order.insert(0, head);
            order
        }));
    }
    all
}

#[tokio::test]
async fn in_whatever_order_the_answer_and_the_receipts_come_the_furthest_counts() {
    use MessageState::{Delivered, Read, Sent};
    let cases = [
        (vec![Accepted, Came(Stage::Sent)], Sent),
        (vec![Lost, Came(Stage::Sent)], Sent),
        (vec![Lost, Came(Stage::Read)], Read),
        (
            vec![Accepted, Came(Stage::Sent), Came(Stage::Delivered)],
            Delivered,
        ),
        (
            vec![
                Accepted,
                Came(Stage::Sent),
                Came(Stage::Sent),
                Came(Stage::Read),
            ],
            Read,
        ),
        (
            vec![
                Lost,
                Came(Stage::Delivered),
                Came(Stage::Read),
                Came(Stage::Sent),
            ],
            Read,
        ),
        // What arrived has not failed, whenever Meta says so.
        (
            vec![Accepted, Came(Stage::Failed), Came(Stage::Delivered)],
            Delivered,
        ),
        (
            vec![Lost, Came(Stage::Failed), Came(Stage::Delivered)],
            Delivered,
        ),
    ];
    for (turns, expected) in cases {
        for order in orders(&turns) {
            let folder = Folder::new();
            let store = sending(&folder, 1).await;
            let mut furthest = 0;
            for turn in &order {
                act(&store, *turn).await;
                let now = way(state(&store, ONE).await);
                assert!(now >= furthest, "{order:?} went back");
                furthest = now;
            }
            assert_eq!(state(&store, ONE).await, expected, "{order:?}");
            assert_eq!(waits(&store).await, [], "{order:?}");
            assert_eq!(store.outbox.failed(vec![ONE]).await.unwrap(), []);
        }
    }
}

fn way(state: MessageState) -> usize {
    let way = [
        MessageState::Accepted,
        MessageState::Sent,
        MessageState::Delivered,
        MessageState::Read,
    ];
    way.iter()
        .position(|known| *known == state)
        .map_or(0, |at| at + 1)
}

#[tokio::test]
async fn a_failed_receipt_waits_for_its_judgement_and_says_so_in_the_attempt() {
    for order in orders(&[Accepted, Came(Stage::Sent), Came(Stage::Failed)]) {
        let folder = Folder::new();
        let store = sending(&folder, 1).await;
        for turn in &order {
            act(&store, *turn).await;
        }
        // The process dies here; the next one finds it.
        store.close();
        let (store, _tail) = folder.open(Mode::Inline);
        let pending = store.outbox.pending(MessageId(0), 10).await.unwrap();
        assert_eq!(pending.len(), 1, "{order:?}");
        let failure = pending[0]
            .failure
            .as_ref()
            .expect("it is still to be judged");
        assert_eq!(failure.code, Some(131_026));
        assert_eq!(store.outbox.failed(vec![ONE]).await.unwrap(), pending);
        let trail = store.outbox.trail(ONE).await.unwrap().unwrap();
        let end = trail.attempts[0].end.clone().unwrap();
        assert_eq!(
            (end.outcome.as_str(), end.code, end.detail.as_str()),
            ("failed", Some(131_026), "undeliverable"),
            "{order:?}"
        );
        let mut judged = ending(1, 40, MessageState::Failed);
        judged.fallback = true;
        store.outbox.finish(vec![judged]).await.unwrap();
        assert_eq!(store.outbox.failed(vec![ONE]).await.unwrap(), []);
        apply(&store, vec![receipt(1, Stage::Failed)]).await;
        assert_eq!(waits(&store).await, [], "once is enough");
        assert_eq!(store.outbox.untold(MessageId(0), 9).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn while_a_post_is_under_way_its_answer_is_awaited_before_a_failure_is_judged() {
    let folder = Folder::new();
    let store = sending(&folder, 1).await;
    apply(&store, vec![receipt(1, Stage::Failed)]).await;
    assert_eq!(store.outbox.failed(vec![ONE]).await.unwrap(), []);
    let news = store.outbox.finish(vec![answer(1, "wamid.1")]).await;
    assert_eq!(news.unwrap(), [(ONE, Stage::Failed)]);
    assert_eq!(store.outbox.failed(vec![ONE]).await.unwrap().len(), 1);
    // Sent again: the failure was that of the attempt before.
    store.outbox.claim(vec![claim(1, 40)]).await.unwrap();
    store
        .outbox
        .finish(vec![answer(1, "wamid.2")])
        .await
        .unwrap();
    assert_eq!(store.outbox.failed(vec![ONE]).await.unwrap(), []);
    let late = take(&store, 50, vec![status("wamid.1", None, Stage::Failed)]).await;
    assert_eq!((late.logged, late.duplicates), (0, 1));
    assert_eq!(state(&store, ONE).await, MessageState::Accepted);
}

#[tokio::test]
async fn a_message_that_arrives_after_it_was_given_up_was_told() {
    let folder = Folder::new();
    let store = sending(&folder, 1).await;
    let mut given_up = ending(1, 10, MessageState::Failed);
    given_up.fallback = true;
    store.outbox.finish(vec![given_up]).await.unwrap();
    apply(&store, vec![receipt(1, Stage::Sent)]).await;
    assert_eq!(state(&store, ONE).await, MessageState::Failed);
    apply(&store, vec![receipt(1, Stage::Delivered)]).await;
    let trail = store.outbox.trail(ONE).await.unwrap().unwrap();
    assert_eq!(trail.state, MessageState::Delivered);
    assert!(trail.reason.contains("given up"), "{}", trail.reason);
    assert_eq!(trail.delivered, Some(at(20)));
    assert_eq!(store.outbox.untold(MessageId(0), 9).await.unwrap(), []);
}

#[tokio::test]
async fn a_receipt_that_comes_before_the_answer_is_kept_over_a_restart_and_applied_once() {
    let folder = Folder::new();
    let store = sending(&folder, 1).await;
    let early = vec![
        status("wamid.1", None, Stage::Delivered),
        status("wamid.1", None, Stage::Sent),
        status("wamid.1", None, Stage::Sent),
    ];
    let taken = take(&store, 5, early).await;
    assert_eq!((taken.logged, taken.strays), (0, 3));
    assert_eq!(store.log.head(), Position(1), "there is nothing to decide");
    store.close();
    let (store, _tail) = folder.open(Mode::Inline);
    let finish = || async {
        store
            .outbox
            .finish(vec![answer(1, "wamid.1")])
            .await
            .unwrap()
    };
    assert_eq!(finish().await, [(ONE, Stage::Delivered)]);
    let trail = store.outbox.trail(ONE).await.unwrap().unwrap();
    assert_eq!(trail.state, MessageState::Delivered);
    assert_eq!((trail.sent, trail.delivered), (Some(at(20)), Some(at(20))));
    assert_eq!(rows_of(&folder, "strays"), 0);
    let again = take(&store, 9, vec![status("wamid.1", None, Stage::Delivered)]).await;
    assert_eq!((again.logged, again.strays, again.duplicates), (0, 0, 1));
}

#[tokio::test]
async fn strays_are_kept_a_day_and_are_bounded() {
    const DAY: i64 = 86_400;
    let folder = Folder::new();
    let store = sending(&folder, 1).await;
    let strangers = |from: usize, count: usize| {
        let wamids = from..from + count;
        wamids
            .map(|n| status(&format!("wamid.x{n}"), None, Stage::Sent))
            .collect::<Vec<_>>()
    };
    take(&store, 5, strangers(0, 3)).await;
    take(&store, 5 + DAY, strangers(3, 1)).await;
    assert_eq!(rows_of(&folder, "strays"), 4, "a day is not over");
    take(&store, 6 + DAY, strangers(4, 1)).await;
    assert_eq!(rows_of(&folder, "strays"), 2);
    for second in 0..12 {
        let first = 10 + 1_000 * usize::try_from(second).unwrap();
        take(&store, 7 + DAY + second, strangers(first, 1_000)).await;
    }
    assert_eq!(rows_of(&folder, "strays"), 10_000);
}

#[tokio::test]
async fn a_receipt_that_carries_our_id_finds_its_message_and_names_the_lost_attempt() {
    let folder = Folder::new();
    let store = sending(&folder, 2).await;
    store.outbox.finish(vec![lost(1)]).await.unwrap();
    let came = vec![
        status("wamid.7", Some(1), Stage::Sent),
        status("wamid.9", Some(99), Stage::Sent),
    ];
    let taken = take(&store, 12, came).await;
    assert_eq!((taken.logged, taken.gone), (1, 1));
    let expected = Receipt {
        at: at(20),
        ..receipt(1, Stage::Sent)
    };
    assert_eq!(updates(&store).await, [Update::Receipt(expected)]);
    let trail = store.outbox.trail(ONE).await.unwrap().unwrap();
    let wamid = trail.attempts[0].end.clone().unwrap().wamid;
    assert_eq!(wamid.as_deref(), Some("wamid.7"));
    // Not every receipt carries our id.
    take(&store, 13, vec![status("wamid.7", None, Stage::Read)]).await;
    assert_eq!(
        updates(&store).await,
        [Update::Receipt(receipt(1, Stage::Read))]
    );
}

#[tokio::test]
async fn what_must_reach_the_phone_is_final_when_it_has() {
    let folder = Folder::new();
    let store = sent(&folder, vec![confirmed(1), confirmed(2)]).await;
    let mut answered = answer(1, "wamid.1");
    answered.confirm_by = Some(at(70));
    store.outbox.finish(vec![answered, lost(2)]).await.unwrap();
    // That Meta handed it on proves that the lost one was taken, and starts its time.
    apply(
        &store,
        vec![receipt(1, Stage::Sent), receipt(2, Stage::Sent)],
    )
    .await;
    let pending = store.outbox.pending(MessageId(0), 10).await.unwrap();
    let until: Vec<_> = pending.iter().map(|row| row.confirm_by).collect();
    assert_eq!(until, [Some(at(70)), Some(at(90))]);
    assert_eq!(
        waits(&store).await,
        [(1, MessageState::Sent), (2, MessageState::Sent)]
    );
    while store.archive.prune(at(1_000), 10).await.unwrap() > 0 {}
    assert_eq!(waits(&store).await.len(), 2, "it is not final");
    assert_eq!(store.outbox.claim(vec![claim(2, 95)]).await.unwrap(), []);
    apply(
        &store,
        vec![receipt(1, Stage::Delivered), receipt(2, Stage::Delivered)],
    )
    .await;
    assert_eq!(waits(&store).await, []);
    assert_eq!(
        store.outbox.claim(vec![claim(1, 96)]).await.unwrap(),
        [ONE],
        "what has arrived is not sent"
    );
}

#[tokio::test]
async fn an_end_is_told_if_its_raise_or_what_went_in_its_place_may_have_been() {
    // Raise 1, what took its place 2, and the end 3 that answers the raise.
    let moot = |endings: Vec<Ending>, digested: bool, digest: Option<Ending>| async move {
        let folder = Folder::new();
        let mut messages = vec![queued(1, 1, 1), real(2), queued(3, 3, 1)];
        messages[2].message.closes = Some(Closes::Only(ONE));
        let store = sent(&folder, messages).await;
        store.outbox.finish(endings).await.unwrap();
        if digested {
            store.outbox.digest(digest_of(&[1])).await.unwrap();
        }
        if let Some(mut ending) = digest {
            ending.message = DIGEST;
            store.outbox.finish(vec![ending]).await.unwrap();
        }
        let found = store.outbox.envelopes(vec![MessageId(3)]).await.unwrap();
        found[0].is_moot
    };
    let superseded = |successor: Option<i64>| Ending {
        successor: successor.map(MessageId),
        ..ending(1, 5, MessageState::Superseded)
    };
    let failed = |id| ending(id, 6, MessageState::Failed);
    assert!(moot(vec![superseded(None)], false, None).await);
    assert!(moot(vec![failed(1)], false, None).await);
    assert!(!moot(vec![superseded(Some(2)), answer(2, "wamid.2")], false, None).await);
    assert!(moot(vec![superseded(Some(2)), refused(2)], false, None).await);
    // Its answer was lost: it may be on the phone.
    assert!(!moot(vec![superseded(Some(2)), lost(2), failed(2)], false, None).await);
    assert!(!moot(vec![], true, None).await);
    assert!(!moot(vec![], true, Some(answer(0, "wamid.d"))).await);
    assert!(moot(vec![], true, Some(refused(0))).await);
}

#[tokio::test]
async fn an_end_is_told_if_one_of_several_raises_may_have_been() {
    // Raises 1 and 2 of a bucket to one contact, and the end 3 of both.
    let moot = |closes: Closes, endings: Vec<Ending>| async move {
        let folder = Folder::new();
        let mut messages = vec![queued(1, 1, 1), queued(2, 2, 1), queued(3, 3, 1)];
        for new in &mut messages {
            new.message.bucket = "followed/E1".into();
            new.message.expires = None;
            new.message.shadow = false;
        }
        messages[2].message.kind = Kind::Cleared;
        messages[2].message.closes = Some(closes);
        let store = sent(&folder, messages).await;
        store.outbox.finish(endings).await.unwrap();
        let id = vec![MessageId(3)];
        let found = store.outbox.envelopes(id.clone()).await.unwrap();
        assert_eq!(found[0].message.closes, Some(closes));
        let read = store.outbox.to_digest(id).await.unwrap();
        assert_eq!(found[0].is_moot, read[0].is_moot);
        found[0].is_moot
    };
    let several = Closes::From(ONE);
    let failed = |id| ending(id, 6, MessageState::Failed);
    assert!(moot(several, vec![failed(1), failed(2)]).await);
    assert!(moot(several, vec![failed(1), refused(2)]).await);
    assert!(!moot(several, vec![failed(1), answer(2, "wamid.2")]).await);
    assert!(!moot(several, vec![failed(1), lost(2), failed(2)]).await);
    assert!(!moot(several, vec![answer(1, "wamid.1"), failed(2)]).await);
    assert!(!moot(several, vec![failed(1)]).await, "2 may be told yet");
    assert!(moot(Closes::Only(ONE), vec![failed(1), failed(2)]).await);
}

#[tokio::test]
async fn what_goes_again_gives_way_to_a_later_word_that_may_have_arrived() {
    // One message that Meta gave up, and a later one of its bucket.
    let by = |one: Kind, later: Kind, fate: fn(i64) -> Ending| async move {
        let folder = Folder::new();
        let mut messages = vec![real(1), real(2)];
        messages[0].message.kind = one;
        messages[1].message.kind = later;
        messages[1].message.bucket = messages[0].message.bucket.clone();
        messages[1].message.expires = None;
        let store = sent(&folder, messages).await;
        let again = Ending {
            attempt: refused(1).attempt,
            ..ending(1, 5, MessageState::Queued)
        };
        store.outbox.finish(vec![again, fate(2)]).await.unwrap();
        let found = store.outbox.envelopes(vec![ONE]).await.unwrap();
        let read = store.outbox.to_digest(vec![ONE]).await.unwrap();
        assert_eq!(found[0].overtaken_by, read[0].overtaken_by);
        found[0].overtaken_by.map(|id| id.0)
    };
    let taken: fn(i64) -> Ending = |id| answer(id, "wamid.2");
    for one in [Kind::Raised, Kind::Updated, Kind::Reminder, Kind::Escalated] {
        assert_eq!(by(one, Kind::Cleared, taken).await, Some(2), "{one}");
        assert_eq!(by(one, Kind::Raised, taken).await, None, "{one}");
        let updated = by(one, Kind::Updated, taken).await.is_some();
        assert_eq!(updated, one != Kind::Escalated, "{one}");
        assert_eq!(by(one, Kind::Cleared, lost).await, Some(2), "{one}");
        assert_eq!(by(one, Kind::Cleared, refused).await, None, "{one}");
    }
    for one in [Kind::Cleared, Kind::Answer, Kind::Acknowledged] {
        for later in [Kind::Raised, Kind::Updated, Kind::Cleared] {
            assert_eq!(by(one, later, taken).await, None, "{one}, then {later}");
        }
    }
}
