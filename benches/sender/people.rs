//! A thousand contacts who are all told of each alarm, over the real client.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use klaxond::delivery::{HoldKey, ProbeAnswer};
use klaxond::model::{MessageState, Outcome, Phone};
use klaxond::pipeline::{Answering, Clock, Gateway};
use klaxond::store::Mode;
use klaxond::whatsapp::Client;
use klaxond::whatsapp::template::{Rendered, Template};

use super::bare::{Mark, Pace};
use super::home::{self, Home};
use super::meta::Meta;

const CONTACTS: usize = 1_000;

/// Messages before the measure begins: what may go at once, and connections that open.
const WARM_UP: usize = 2_000;

/// How fast so many messages leave when the number takes `throughput`, once they flow.
pub fn run(meta: &Meta, throughput: &str, messages: usize) -> Pace {
    let home = Home::new(
        &meta.base_url(),
        &format!("throughput = \"{throughput}\"\nper_contact = \"1000000/s\"\nstorm = \"off\""),
        CONTACTS,
    );
    let gateway = Arc::new(Counting {
        client: Client::new(&home.settings.whatsapp).unwrap(),
        accepted: AtomicUsize::new(0),
    });
    home::runtime().block_on(async {
        let core = home
            .start(Mode::Threaded, Clock::system(), gateway.clone())
            .await;
        let all = WARM_UP + messages;
        home.hand_in(&core, all / CONTACTS).await;
        gateway.reach(WARM_UP).await;
        let mark = Mark::set();
        gateway.reach(all).await;
        let pace = mark.pace(messages);
        let tally = home::settled(&core, Duration::from_millis(50)).await;
        assert_eq!(tally.count(MessageState::Accepted), all as u64);
        core.drain(Duration::from_secs(10)).await;
        pace
    })
}

/// The real client, and how much Meta took from it.
struct Counting {
    client: Client,
    accepted: AtomicUsize,
}

impl Counting {
    async fn reach(&self, count: usize) {
        while self.accepted.load(Ordering::Relaxed) < count {
            tokio::time::sleep(Duration::from_millis(5)).await; // only looks
        }
    }

    fn count(&self, outcome: Outcome) -> Outcome {
        assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
        self.accepted.fetch_add(1, Ordering::Relaxed);
        outcome
    }
}

impl Gateway for Counting {
    fn send<'a>(
        &'a self,
        to: &'a Phone,
        opaque: &'a str,
        rendered: &'a Rendered,
    ) -> Answering<'a, Outcome> {
        Box::pin(async move { self.count(self.client.send(to, opaque, rendered).await) })
    }

    fn send_text<'a>(
        &'a self,
        to: &'a Phone,
        opaque: &'a str,
        body: &'a str,
    ) -> Answering<'a, Outcome> {
        Box::pin(async move { self.count(self.client.send_text(to, opaque, body).await) })
    }

    fn probe<'a>(
        &'a self,
        hold: &'a HoldKey,
        template: Option<&'a Template>,
    ) -> Answering<'a, ProbeAnswer> {
        Gateway::probe(&self.client, hold, template)
    }
}
