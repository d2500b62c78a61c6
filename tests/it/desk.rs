//! The desk between correlator and sender: a message is known once, however it came.

use std::sync::Arc;

use klaxond::delivery::{Action, Dispatcher};
use klaxond::model::{Message, MessageId, MessageState, Outcome, Time};
use klaxond::pipeline::Desk;
use klaxond::store::{NewMessage, Pending};

use crate::support::house::{House, START};

/// A desk with one lane, and a message to it that waits in the outbox.
async fn desk(config: &str) -> (Desk, Message) {
    let house = House::build(config).await;
    house.meta.stand(Some(190));
    house
        .hand_in(r#"{"element":"E1","severity":"major"}"#)
        .await;
    house.pass(std::time::Duration::from_secs(1)).await;
    let trail = house.core.store().outbox.trail(MessageId(1)).await;
    let message = trail.unwrap().unwrap().message;
    let contacts = house.settings.ruleset.contacts.iter();
    let lanes: Vec<_> = contacts
        .map(|contact| (contact.id.clone(), contact.phone.clone()))
        .collect();
    let dispatcher = Dispatcher::new(START, house.settings.delivery.clone(), &lanes);
    (Desk::new(dispatcher, lanes), message)
}

const CONFIG: &str =
    "[[contacts]]\nname = \"A\"\nphone = \"34600111222\"\n[[rules]]\nname = \"all\"\n";

fn pending(message: &Message, state: MessageState) -> Pending {
    Pending {
        message: message.clone(),
        state,
        attempts: 0,
        unknowns: 0,
        retry_at: None,
        attempted: None,
        confirm_by: None,
        failure: None,
    }
}

fn next(desk: &Desk, now: Time) -> Option<Action> {
    desk.with(|dispatcher| dispatcher.next(now))
}

#[tokio::test(start_paused = true)]
async fn a_message_that_was_read_back_before_it_was_handed_over_is_sent_once() {
    for shadow in [false, true] {
        let (desk, mut message) = desk(CONFIG).await;
        message.shadow = shadow;
        desk.refill(START, &[pending(&message, MessageState::Queued)], true);
        let claims = |desk: &Desk| {
            let sends = std::iter::from_fn(|| next(desk, START)).count();
            sends + desk.take_shadows(10).len()
        };
        assert_eq!(claims(&desk), 1);
        let accepted = Outcome::Accepted {
            wamid: "wamid.1".to_owned(),
            held: false,
        };
        desk.with(|dispatcher| dispatcher.settle(START, message.id, &accepted, 0.0));
        let late = NewMessage {
            message,
            claimed: None,
        };
        desk.hand(START, vec![late], &[] as &[Arc<_>]);
        assert_eq!(claims(&desk), 0, "shadow {shadow}");
    }
}

#[tokio::test(start_paused = true)]
async fn only_at_start_is_what_is_being_sent_taken_for_interrupted() {
    let (desk, message) = desk(CONFIG).await;
    let sending = [pending(&message, MessageState::Sending)];
    assert_eq!(desk.refill(START, &sending, true), [message.id]);
    let (desk, message) = self::desk(CONFIG).await;
    assert!(desk.refill(START, &[], true).is_empty());
    // Later the outbox is read back because it held more than the dispatcher keeps.
    assert!(desk.refill(START, &sending, true).is_empty());
    assert_eq!(next(&desk, message.created), None);
}

#[tokio::test(start_paused = true)]
async fn a_shadow_message_that_a_crash_interrupted_is_rendered_again_and_never_unknown() {
    let (desk, mut message) = desk(CONFIG).await;
    message.shadow = true;
    let sending = [pending(&message, MessageState::Sending)];
    assert!(desk.refill(START, &sending, true).is_empty());
    assert_eq!(desk.take_shadows(10), [message.id]);
}
