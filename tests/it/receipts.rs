//! Receipts through the whole core, on virtual time: one message on the phone, judged once.

use klaxond::model::{MessageId, MessageState, Receipt, ReceiptFailure, Stage};
use klaxond::store::StepWrite;

use crate::support::house::{House, START};
use crate::support::meta::{Answer, Arrived};
use crate::support::returns::*;

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_lost_and_a_receipt_make_one_message_on_the_phone() {
    let house = House::build(&with_receipts("")).await;
    house
        .meta
        .answer_next(None, Answer::Lost { delivered: true });
    stored(&house, "E1").await;
    house.pass(19 * SECOND).await;
    assert_eq!(trail(&house, 1).await.state, MessageState::Unknown);
    let arrived = house.meta.arrived().remove(0);
    take(&house, vec![status(&arrived, true, Stage::Sent, None)]).await;
    assert_eq!(trail(&house, 1).await.state, MessageState::Sent);
    // Not even a crash makes it two.
    let house = house.crash_and_restart(&with_receipts("")).await;
    house.pass(HOUR).await;
    assert_eq!(house.meta.posts(), 1);
    take(&house, vec![status(&arrived, false, Stage::Read, None)]).await;
    assert_eq!(
        trail(&house, 1).await.state,
        MessageState::Read,
        "what comes later without our id finds it too"
    );
}

#[tokio::test(start_paused = true)]
async fn without_receipts_a_lost_answer_makes_two_messages_and_the_second_says_so() {
    let house = House::build(&format!("{NO_PAGER}{ONE}")).await;
    house
        .meta
        .answer_next(None, Answer::Lost { delivered: true });
    stored(&house, "E1").await;
    house.pass(HOUR).await;
    let texts: Vec<String> = house.meta.arrived().into_iter().map(|a| a.text).collect();
    assert_eq!(texts.len(), 2);
    assert!(!texts[0].contains("repeated") && texts[1].contains("repeated"));
}

#[tokio::test(start_paused = true)]
async fn receipts_before_the_answer_of_the_post_count() {
    for ours in [true, false] {
        let house = House::build(&with_receipts("")).await;
        house.meta.answer_next(None, Answer::Slow(10 * SECOND));
        stored(&house, "E1").await;
        house.pass(SECOND).await;
        // What the post will be called.
        let early = Arrived {
            at: START,
            phone: String::new(),
            opaque: format!("{}:1", house.core.store().id()),
            wamid: "wamid.1".to_owned(),
            text: String::new(),
        };
        let both = vec![
            status(&early, ours, Stage::Delivered, None),
            status(&early, ours, Stage::Sent, None),
        ];
        take(&house, both.clone()).await;
        take(&house, both).await;
        let counts = house.core.receipts().counts();
        if ours {
            assert_eq!((counts.logged, counts.duplicates), (2, 2));
            assert_eq!(trail(&house, 1).await.state, MessageState::Delivered);
        } else {
            assert_eq!((counts.logged, counts.strays), (0, 4));
            assert_eq!(trail(&house, 1).await.state, MessageState::Sending);
        }
        house.pass(60 * SECOND).await;
        let trail = trail(&house, 1).await;
        assert_eq!(trail.state, MessageState::Delivered);
        assert!(trail.ended.is_some() && trail.sent.is_some());
        assert_eq!(house.meta.posts(), 1);
        assert_eq!(
            house
                .core
                .desk()
                .with(|all| all.waiting() + all.in_flight()),
            0
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_receipt_is_judged_as_a_failed_attempt_would_be() {
    let house = House::build(&with_receipts("")).await;
    stored(&house, "E1").await;
    stored(&house, "E2").await;
    house.pass(20 * SECOND).await;
    let arrived = house.meta.arrived();
    let cases = vec![
        status(&arrived[0], true, Stage::Failed, Some(131_026)),
        status(&arrived[1], false, Stage::Failed, Some(131_000)),
    ];
    take(&house, cases.clone()).await;
    take(&house, cases).await;
    let first = trail(&house, 1).await;
    assert_eq!(first.state, MessageState::Failed);
    assert!(first.reason.contains("131026"), "{}", first.reason);
    let end = first.attempts[0].end.clone().unwrap();
    assert_eq!((end.outcome.as_str(), end.code), ("failed", Some(131_026)));
    assert_eq!(untold(&house).await, [first.reason]);
    // The other may come through: it is sent again, once for two receipts that say the same.
    house.pass(HOUR).await;
    assert_eq!(house.meta.posts(), 3);
    let second = trail(&house, 2).await;
    assert_eq!(
        (second.state, second.attempts.len()),
        (MessageState::Accepted, 2)
    );
    // A late word on the first attempt changes nothing.
    let late = status(&arrived[1], false, Stage::Failed, Some(131_026));
    take(&house, vec![late]).await;
    house.pass(HOUR).await;
    assert_eq!(trail(&house, 2).await.state, MessageState::Accepted);
}

#[tokio::test(start_paused = true)]
async fn what_was_said_of_an_attempt_that_failed_does_not_end_the_next_one() {
    let house = House::build(&with_receipts("")).await;
    stored(&house, "E1").await;
    house.pass(SECOND).await;
    let arrived = house.meta.arrived().remove(0);
    house.meta.answer_next(None, Answer::Error(131_000));
    let both = vec![
        status(&arrived, true, Stage::Failed, Some(131_000)),
        status(&arrived, true, Stage::Sent, None),
    ];
    take(&house, both).await;
    house.pass(HOUR).await;
    assert_eq!(house.meta.posts(), 3);
    let trail = trail(&house, 1).await;
    assert!(trail.ended.is_some(), "{trail:?}");
    assert_ne!(trail.state, MessageState::Queued);
}

#[tokio::test(start_paused = true)]
async fn a_failed_receipt_that_was_committed_is_judged_after_a_crash() {
    let house = House::build(&with_receipts("")).await;
    stored(&house, "E1").await;
    house.pass(SECOND).await;
    // The step is committed; the process dies before the sender hears of it.
    let store = house.core.store();
    let saved = store.state.load().await.unwrap();
    let step = StepWrite {
        position: saved.position,
        engine_time: saved.engine_time,
        next_message: saved.next_message,
        next_notification: saved.next_notification,
        notifications: Vec::new(),
        messages: Vec::new(),
        rows: Vec::new(),
        receipts: vec![Receipt {
            message: MessageId(1),
            stage: Stage::Failed,
            at: START,
            failure: Some(ReceiptFailure {
                code: Some(131_026),
                text: String::new(),
            }),
        }],
        acks: Vec::new(),
        alone: Vec::new(),
        closed_trees: Vec::new(),
    };
    store.state.commit(vec![step]).await.unwrap();
    assert!(untold(&house).await.is_empty());
    let house = house.crash_and_restart(&with_receipts("")).await;
    house.pass(SECOND).await;
    assert_eq!(trail(&house, 1).await.state, MessageState::Failed);
    assert_eq!(untold(&house).await.len(), 1);
    assert_eq!(house.meta.posts(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_thousand_updates_of_one_call_are_one_entry_and_all_count() {
    let limits =
        "[delivery]\nstorm = \"off\"\nper_contact = \"10000/s\"\nthroughput = \"10000/s\"\n";
    let house = House::build(&with_receipts(limits)).await;
    for n in 0..1_000 {
        stored(&house, &format!("E{n}")).await;
    }
    house.pass(60 * SECOND).await;
    let arrived = house.meta.arrived();
    assert_eq!(arrived.len(), 1_000);
    let call = arrived.iter().enumerate();
    let call = call
        .map(|(n, arrived)| status(arrived, n % 2 == 0, Stage::Delivered, None))
        .collect();
    take(&house, call).await;
    house.pass(SECOND).await;
    let logged = updates(&house).await;
    assert_eq!(logged.iter().map(Vec::len).collect::<Vec<_>>(), [1_000]);
    let tally = house.core.store().outbox.tally().await.unwrap();
    assert_eq!(tally.count(MessageState::Delivered), 1_000);
}

#[tokio::test(start_paused = true)]
async fn what_must_reach_the_phone_is_sent_once_more_then_somebody_else_is_told() {
    let confirm = "[delivery]\nconfirm = \"delivered\"\nconfirm_within = \"1m\"\n";
    let config = with_receipts(confirm);
    let house = House::build(&config).await;
    stored(&house, "E1").await;
    house.pass(SECOND).await;
    let arrived = house.meta.arrived().remove(0);
    take(&house, vec![status(&arrived, true, Stage::Delivered, None)]).await;
    stored(&house, "E2").await;
    house.pass(30 * SECOND).await;
    assert_eq!(trail(&house, 1).await.state, MessageState::Delivered);
    assert!(
        trail(&house, 2).await.ended.is_none(),
        "its receipt is awaited"
    );
    // Also by the next process.
    let house = house.crash_and_restart(&config).await;
    house.pass(60 * SECOND).await;
    assert_eq!(house.meta.posts(), 3);
    assert!(untold(&house).await.is_empty());
    house.pass(120 * SECOND).await;
    assert_eq!(house.meta.posts(), 3, "twice is enough");
    let second = trail(&house, 2).await;
    assert_eq!(
        (second.state, second.attempts.len()),
        (MessageState::Failed, 2)
    );
    assert_eq!(untold(&house).await, [second.reason]);
}
