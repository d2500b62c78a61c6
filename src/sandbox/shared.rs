//! What the handlers share.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::catalogue::{Catalogue, Held, TemplateChange};
use super::envelope::News;
use super::faults::Faults;
use super::ledger::{Accepted, Ledger, Shown, Tally};
use super::limit::{PairLimit, Throughput};
use super::outgoing::Outgoing;
use super::phones::Phones;
use super::poster;
use super::settings::Webhook;
use super::token::Tokens;
use crate::model::Time;

/// The business account where none is set: Meta's example.
const ACCOUNT_ID: &str = "102290129340398";

/// What the handlers share.
pub(super) struct Shared {
    pub(super) state: Mutex<State>,
    pub(super) phone_number_id: Option<String>,
    pub(super) business_account_id: Option<String>,
    /// How long a template waits for approval.
    pub(super) review: Option<Duration>,
    pub(super) seed: u64,
    /// Ends what waits on purpose.
    pub(super) stop: CancellationToken,
    /// Something is to be posted.
    pub(super) planned: Notify,
    pub(super) shown: mpsc::Sender<Shown>,
    pub(super) started: Instant,
    pub(super) started_at: Time,
}

/// What changes while it runs.
pub(super) struct State {
    pub(super) tokens: Tokens,
    pub(super) catalogue: Catalogue,
    pub(super) faults: Faults,
    pub(super) pair: Option<PairLimit>,
    pub(super) throughput: Option<Throughput>,
    pub(super) ledger: Ledger,
    pub(super) phones: Phones,
    pub(super) outgoing: Option<Outgoing>,
}

impl Shared {
    /// The state, locked. Nothing awaits while it holds it.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What time it is: the wall clock at the start, moved by tokio's clock, so that paused time
    /// counts.
    pub(super) fn at(&self) -> Time {
        self.started_at + self.started.elapsed()
    }

    /// Hands on something to show, if there is room and someone looks.
    pub(super) fn show(&self, shown: Shown) {
        let _ = self.shown.try_send(shown);
    }

    /// Posts `news`, where there is an address to post to.
    pub(super) fn tell(&self, state: &mut State, news: News) {
        if let Some(outgoing) = &mut state.outgoing {
            outgoing.tell(Instant::now(), news);
            self.planned.notify_one();
        }
    }

    /// Takes a message: it is on the phone, and its receipts are planned.
    pub(super) fn accept(&self, state: &mut State, now: Instant, message: Arc<Accepted>) {
        let number = state.ledger.accepted();
        state.ledger.accept(Arc::clone(&message));
        if let Some(outgoing) = &mut state.outgoing {
            outgoing.receipts(now, number, &message, &mut state.faults);
            self.planned.notify_one();
        }
        self.show(Shown::Message(message));
    }

    /// How much there was of everything.
    pub(super) fn tally(&self) -> Tally {
        let state = self.state();
        let mut tally = state.ledger.tally();
        if let Some(outgoing) = &state.outgoing {
            tally.webhook = outgoing.posts;
        }
        tally
    }

    /// Changes a template, in every language or in that one. Whether it is known.
    pub(super) fn change_template(
        &self,
        name: &str,
        language: Option<&str>,
        change: TemplateChange,
    ) -> bool {
        let mut state = self.state();
        let news = state.catalogue.change(name, language, change);
        let known = news.is_some();
        for news in news.into_iter().flatten() {
            self.tell(&mut state, news);
        }
        known
    }

    /// Approves a template that was handed in when its time has come.
    pub(super) fn review(self: &Arc<Self>, held: &Held) {
        let Some(span) = self.review else {
            return;
        };
        let (id, revision) = (held.id, held.revision);
        let shared = Arc::clone(self);
        tokio::spawn(async move {
            tokio::select! {
                () = shared.stop.cancelled() => return,
                () = tokio::time::sleep(span) => {}
            }
            let mut state = shared.state();
            if let Some(news) = state.catalogue.approve(id, revision) {
                shared.tell(&mut state, news);
            }
        });
    }

    /// Posts to `webhook` from now on, and nowhere else.
    pub(super) fn connect(self: &Arc<Self>, webhook: Webhook) -> io::Result<()> {
        let client = poster::client()?;
        let account = self.business_account_id.as_deref().unwrap_or(ACCOUNT_ID);
        let outgoing = Outgoing::new(
            webhook.clone(),
            account.to_owned(),
            self.seed,
            self.stop.child_token(),
        );
        if let Some(before) = self.state().outgoing.replace(outgoing) {
            before.stop.cancel();
        }
        tokio::spawn(poster::run(Arc::clone(self), client, webhook));
        Ok(())
    }
}
