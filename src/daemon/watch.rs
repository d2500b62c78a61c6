//! The account and the templates as Meta has them: looked up every now and then, kept for `status`,
//! told to the operators when something is wrong with them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::model::{Failure, Severity, Time};
use crate::pipeline::{Outfit, Receipts};
use crate::whatsapp::template::Template;
use crate::whatsapp::{Client, Judgement, judge};

use super::concerns::{Facts, Lookout, warnings};
use super::controls::Controls;
use super::line::Line;

/// Between two looks whether something is due.
const TICK: Duration = Duration::from_secs(60);
/// Between two looks at the account: two requests, of the 200 an hour that Meta allows.
const ACCOUNT: Duration = Duration::from_secs(3_600);
/// Between two looks at the templates: a request for each hundred that the account has.
const TEMPLATES: Duration = Duration::from_secs(86_400);
/// After a look that failed.
const AGAIN: Duration = Duration::from_secs(600);

/// What was seen. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Watch(Arc<Mutex<Seen>>);

/// What is known, and when it was learnt.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    pub(super) facts: Facts,
    account_at: Option<Time>,
    /// Why the account could not be looked at.
    pub(super) account_error: Option<String>,
    token_error: Option<String>,
    templates_at: Option<Time>,
    templates_error: Option<String>,
}

impl Watch {
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All that is known.
    pub(super) fn seen(&self) -> Seen {
        self.lock().clone()
    }

    /// The account, for `status`.
    pub(super) fn account(&self, now: Time) -> Value {
        let seen = self.lock();
        let number = seen.facts.number.as_ref();
        let health = number.and_then(|number| number.health.as_ref());
        json!({
            "looked_at": seen.account_at.map(|at| at.to_string()),
            "error": seen.account_error,
            "token": {
                "error": seen.token_error,
                "valid": seen.facts.token.as_ref().and_then(|token| token.is_valid),
                "expires": seen.facts.token.as_ref().and_then(|token| token.expires).map(|at| at.to_string()),
                "days_left": seen.facts.token.as_ref().and_then(|token| token.expires).map(|at| at.since(now).as_secs() / 86_400),
            },
            "number": {
                "name": number.and_then(|number| number.verified_name.clone()),
                "number": number.and_then(|number| number.number.clone()),
                "quality": number.and_then(|number| number.quality_rating.clone()),
                "messaging_limit": number.and_then(|number| number.messaging_limit.clone()),
                "throughput": number.and_then(|number| number.throughput.clone()),
                "health": health.and_then(|health| health.can_send_message.clone()),
            },
            "warnings": warnings(&seen.facts, now),
        })
    }

    /// The templates, for `status`.
    pub(super) fn templates(&self, outfit: &Outfit) -> Value {
        let held = outfit.held_back();
        let seen = self.lock();
        let shown = |one: &Judgement| {
            let refused = |(id, language): &(_, String)| *id == one.id && *language == one.language;
            json!({
                "id": one.id,
                "name": one.name,
                "language": one.language,
                "status": one.status(),
                "category": one.info.as_ref().and_then(|info| info.category.clone()),
                "quality": one.info.as_ref().and_then(|info| info.quality.clone()),
                "ok": one.is_sendable(),
                "text": one.text(),
                "refused": held.iter().any(refused),
            })
        };
        json!({
            "looked_at": seen.templates_at.map(|at| at.to_string()),
            "error": seen.templates_error,
            "known": seen.facts.templates.iter().map(shown).collect::<Vec<Value>>(),
        })
    }

    /// Looks at start, when Meta says that something changed, and then again and again until `stop`; tells
    /// what is new.
    pub(super) async fn keep(
        self,
        line: Arc<Line>,
        controls: Controls,
        receipts: Receipts,
        stop: CancellationToken,
    ) {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut lookout = Lookout::default();
        let (mut account_due, mut templates_due) = (Instant::now(), Instant::now());
        let mut outfit = controls.outfit();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = ticks.tick() => {}
            }
            let current = controls.outfit();
            if receipts.take_news() || !Arc::ptr_eq(&current, &outfit) {
                // Meta says that something changed; or a reload: other templates, perhaps another
                // token or account.
                (account_due, templates_due) = (Instant::now(), Instant::now());
            }
            outfit = current;
            let round = async {
                let client = line.client();
                if account_due <= Instant::now() {
                    let answered = self.look_at_account(&client, controls.now()).await;
                    account_due = Instant::now() + if answered { ACCOUNT } else { AGAIN };
                }
                if templates_due <= Instant::now() {
                    let now = controls.now();
                    let answered = self.look_at_templates(&client, &outfit, now).await;
                    templates_due = Instant::now() + if answered { TEMPLATES } else { AGAIN };
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = round => {}
            }
            let facts = {
                let mut seen = self.lock();
                seen.facts.replaced = outfit.held_back();
                seen.facts.people = outfit.lanes().len();
                seen.facts.clone()
            };
            tell(&mut lookout, &facts, &controls).await;
        }
    }

    async fn look_at_account(&self, client: &Client, now: Time) -> bool {
        let (number, token) = (client.number().await, client.token().await);
        let mut seen = self.lock();
        seen.account_error = None;
        let answered = number.is_ok();
        match number {
            Ok(number) => {
                seen.facts.number = Some(number);
                seen.account_at = Some(now);
            }
            Err(failure) => seen.account_error = Some(failure.text),
        }
        match token {
            Ok(token) => {
                seen.facts.token = Some(token);
                seen.token_error = None;
            }
            Err(failure) => {
                tracing::debug!(error = failure.text, "the token cannot be looked up");
                seen.token_error = Some(failure.text);
            }
        }
        answered
    }

    async fn look_at_templates(&self, client: &Client, outfit: &Outfit, now: Time) -> bool {
        if !client.can_list_templates() {
            let text = "whatsapp.business_account_id is not set".to_owned();
            self.lock().templates_error = Some(text);
            return true;
        }
        let known = client.templates().await;
        let mut seen = self.lock();
        match known {
            Ok(known) => {
                let each = outfit.templates().flat_map(Template::each_language);
                seen.facts.templates = each.map(|template| judge(template, &known)).collect();
                seen.templates_at = Some(now);
                seen.templates_error = None;
                true
            }
            Err(Failure { text, .. }) => {
                seen.templates_error = Some(text);
                false
            }
        }
    }
}

async fn tell(lookout: &mut Lookout, facts: &Facts, controls: &Controls) {
    for notice in lookout.look(facts, controls.now()) {
        let (subject, text) = (&notice.subject, &notice.text);
        match notice.severity >= Severity::Major {
            true => tracing::error!(subject, text, "the operators should know"),
            false => tracing::warn!(subject, text, "the operators should know"),
        }
        if let Err(error) = controls.notice(notice).await {
            tracing::warn!(%error, "the log cannot take what the operators should know");
        }
    }
}
