//! Messages in a list, and one of them that goes again.

use klaxond::daemon::story::{self, Filter};
use klaxond::model::MessageId;
use klaxond::store::Inquiry;

use crate::support::house::House;
use crate::support::meta::Answer;
use crate::support::returns::*;

fn plain() -> String {
    format!("{NO_PAGER}{ONE}")
}

#[tokio::test(start_paused = true)]
async fn messages_are_listed_newest_first_and_bounded() {
    let config = format!("[delivery]\nstorm = \"off\"\n{}", plain());
    let house = House::build(&config).await;
    house.meta.answer_next(None, Answer::Error(131_026));
    for n in 1..=4 {
        stored(&house, &format!("E{n}")).await;
        house.pass(60 * SECOND).await;
    }
    let inquiry = || Inquiry::open(&house.settings.storage.path).unwrap();
    let listed = |filter: &Filter| {
        let found = story::messages(&inquiry(), filter).unwrap();
        let ids = found["messages"].as_array().unwrap().iter();
        let ids: Vec<String> = ids
            .map(|one| one["id"].as_str().unwrap().to_owned())
            .collect();
        (ids.join(" "), found["more"] == true)
    };
    let all = Filter::default();
    assert_eq!(listed(&all), ("4 3 2 1".to_owned(), false));
    let two = Filter {
        limit: Some(2),
        ..all.clone()
    };
    assert_eq!(listed(&two), ("4 3".to_owned(), true));
    let failed = Filter {
        state: Some("failed".to_owned()),
        ..all.clone()
    };
    assert_eq!(listed(&failed), ("1".to_owned(), false));
    let late = Filter {
        since: Some(house.clock.now() - 90 * SECOND),
        ..all.clone()
    };
    assert_eq!(listed(&late), ("4".to_owned(), false));
    let nobody = Filter {
        contact: Some("Lead".to_owned()),
        ..all.clone()
    };
    assert_eq!(listed(&nobody), (String::new(), false));
    let odd = Filter {
        state: Some("lost".to_owned()),
        ..all
    };
    let refused = story::messages(&inquiry(), &odd).unwrap_err();
    assert!(refused.to_string().contains("superseded"), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn a_message_that_waits_again_is_sent_once_also_over_a_crash() {
    let house = House::build(&plain()).await;
    house.meta.answer_next(None, Answer::Error(131_026));
    stored(&house, "E1").await;
    house.pass(SECOND).await;
    let outbox = house.core.store().outbox.clone();
    let again = outbox.again(
        MessageId(1),
        house.clock.now(),
        "sent again by hand".to_owned(),
        "control uid=0".to_owned(),
    );
    assert!(again.await.unwrap().is_some());
    assert!(untold(&house).await.is_empty());
    drop(outbox);
    // The process dies before the sender hears of it.
    let house = house.crash_and_restart(&plain()).await;
    house.pass(60 * SECOND).await;
    assert_eq!(phones(&house), ["NOC desk"]);
    let outbox = house.core.store().outbox.clone();
    let twice = outbox.again(
        MessageId(1),
        house.clock.now(),
        String::new(),
        String::new(),
    );
    assert!(twice.await.unwrap().is_none(), "it is accepted");
}
