//! What Meta and people send back, on disk before it is answered: whose it is and what it is about.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use sha2::{Digest, Sha256};
use tokio::sync::watch;

use crate::model::{
    AccountNews, ContactId, MessageId, Phone, Severity, TemplateNews, Time, Update, Word,
};
use crate::store::{Arrival, Inbox, StoreError, Taken};
use crate::whatsapp::template::Template;
use crate::whatsapp::webhook::Inbound;

use super::clock::Clock;
use super::desk::Desk;
use super::meters::Meters;
use super::outfit::Outfit;
use super::reply_words::ReplyWords;

/// The most that is kept of what a person wrote, in characters: what WhatsApp itself allows.
const MAX_TEXT: usize = 4_096;

/// Bytes of a fingerprint.
const FINGERPRINT: usize = 16;

/// How much came back since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Updates that went into the log.
    pub logged: u64,
    /// Updates that said nothing that was not known.
    pub duplicates: u64,
    /// Receipts of messages that were not known yet.
    pub strays: u64,
    /// Messages of people who are no contacts.
    pub strangers: u64,
    /// What klaxond has no use for.
    pub other: u64,
}

#[derive(Debug, Default)]
struct Counters {
    logged: AtomicU64,
    duplicates: AtomicU64,
    strays: AtomicU64,
    strangers: AtomicU64,
    other: AtomicU64,
    /// Something changed at Meta that nobody has looked at.
    news: AtomicBool,
}

type Taking = Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send>>;

/// Takes what comes back for the daemon. Cheap to clone.
#[derive(Clone)]
pub struct Receipts {
    take: Arc<dyn Fn(Vec<Inbound>, Arc<str>) -> Taking + Send + Sync>,
    counters: Arc<Counters>,
}

impl Receipts {
    /// Receipts that are served by `take`.
    pub fn from_fn<F, A>(take: F) -> Self
    where
        F: Fn(Vec<Inbound>, Arc<str>) -> A + Send + Sync + 'static,
        A: Future<Output = Result<(), StoreError>> + Send + 'static,
    {
        Self {
            take: Arc::new(move |inbound, origin| Box::pin(take(inbound, origin))),
            counters: Arc::default(),
        }
    }

    /// Takes what came in one call of the webhook; returns when it is on disk.
    ///
    /// # Errors
    /// Nothing of it counts as taken: Meta is to send it again.
    pub async fn take(&self, inbound: Vec<Inbound>, origin: Arc<str>) -> Result<(), StoreError> {
        (self.take)(inbound, origin).await
    }

    /// Whether a template or the account changed since the last call.
    #[must_use]
    pub fn take_news(&self) -> bool {
        self.counters.news.swap(false, Ordering::Relaxed)
    }

    /// How much came back since the start.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            logged: read(&self.counters.logged),
            duplicates: read(&self.counters.duplicates),
            strays: read(&self.counters.strays),
            strangers: read(&self.counters.strangers),
            other: read(&self.counters.other),
        }
    }
}

impl fmt::Debug for Receipts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Receipts").field(&self.counts()).finish()
    }
}

/// What reads for the [`Receipts`] of a running daemon.
pub struct Reader {
    /// Where what comes back is written.
    pub inbox: Inbox,
    /// Engine time and wall time.
    pub clock: Clock,
    /// People and templates in force.
    pub outfit: watch::Receiver<Arc<Outfit>>,
    /// What replies mean.
    pub words: watch::Receiver<Arc<ReplyWords>>,
    /// Who holds the messages of a template.
    pub desk: Arc<Desk>,
    /// Names this database in what goes out with a message.
    pub store_id: String,
    /// What is counted.
    pub meters: Meters,
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reader")
    }
}

impl Reader {
    /// The handle for the web.
    #[must_use]
    pub fn receipts(self) -> Receipts {
        let counters = Arc::new(Counters::default());
        let reader = Arc::new((self, Arc::clone(&counters)));
        let take = move |inbound, origin| {
            let reader = Arc::clone(&reader);
            let taking: Taking = Box::pin(async move {
                let (reader, counters) = &*reader;
                reader.take(inbound, origin, counters).await
            });
            taking
        };
        Receipts {
            take: Arc::new(take),
            counters,
        }
    }

    async fn take(
        &self,
        inbound: Vec<Inbound>,
        origin: Arc<str>,
        counters: &Counters,
    ) -> Result<(), StoreError> {
        self.meters.called(self.clock.wall(), &inbound);
        let outfit = Arc::clone(&self.outfit.borrow());
        let words = Arc::clone(&self.words.borrow());
        let mut arrivals = Vec::with_capacity(inbound.len());
        let (mut strangers, mut other) = (0, 0);
        let mut changed = Vec::new();
        for item in inbound {
            changed.extend(changes(&item, &outfit));
            if is_strange(&item, &outfit) {
                strangers += 1;
                continue;
            }
            let before = arrivals.len();
            self.sort(item, &outfit, &words, &mut arrivals);
            other += usize::from(arrivals.len() == before);
        }
        let any_news = arrivals
            .iter()
            .any(|arrival| matches!(arrival, Arrival::News(_)));
        let taken = if arrivals.is_empty() {
            Taken::default()
        } else {
            self.inbox.take(self.clock.now(), origin, arrivals).await?
        };
        self.hold(&outfit, &changed);
        counters.news.fetch_or(any_news, Ordering::Relaxed);
        let add = |counter: &AtomicU64, count: usize| {
            counter.fetch_add(u64::try_from(count).unwrap_or(u64::MAX), Ordering::Relaxed);
        };
        add(&counters.logged, taken.logged);
        add(&counters.duplicates, taken.duplicates);
        add(&counters.strays, taken.strays);
        add(&counters.strangers, strangers + taken.strangers);
        add(&counters.other, other + taken.gone);
        Ok(())
    }

    /// One item as the store takes it; what klaxond has no use for is left out.
    fn sort(&self, item: Inbound, outfit: &Outfit, words: &ReplyWords, into: &mut Vec<Arrival>) {
        match item {
            Inbound::Status {
                wamid,
                opaque,
                stage,
                at,
                failure,
            } => into.push(Arrival::Status {
                wamid,
                message: opaque.and_then(|opaque| self.ours(&opaque)),
                stage,
                at: self.dated(at),
                failure,
            }),
            Inbound::Message {
                id,
                from,
                quoted,
                payload,
                text,
                at,
            } => {
                let message = payload.as_deref().and_then(|payload| self.ours(payload));
                let word = match payload.filter(|_| message.is_none()) {
                    Some(payload) => match words.meaning(&payload) {
                        Word::Other => words.meaning(&text),
                        word @ (Word::Acknowledge | Word::Silence | Word::Stop | Word::Start) => {
                            word
                        }
                    },
                    None => words.meaning(&text),
                };
                into.push(Arrival::Reply {
                    id: fingerprint(&id),
                    from: from.and_then(|from| whose(outfit, &from)),
                    word,
                    text: text.chars().take(MAX_TEXT).collect(),
                    quoted,
                    message,
                    at: self.dated(at),
                });
            }
            Inbound::Template {
                name,
                language,
                sendable,
                text,
            } => {
                for template in outfit.templates_of(&name, &language) {
                    let text = match outfit.is_own(template) {
                        true => text.clone(),
                        false => format!("in {}: {text}", template.language()),
                    };
                    let template = template.id().clone();
                    into.push(Arrival::News(match sendable {
                        Some(sendable) => Update::Template(TemplateNews {
                            template,
                            sendable,
                            text,
                        }),
                        None => Update::Account(AccountNews {
                            text: format!("template {template}: {text}"),
                            severity: Severity::Warning,
                        }),
                    }));
                }
            }
            Inbound::Account { text, severity } => {
                into.push(Arrival::News(Update::Account(AccountNews {
                    text,
                    severity,
                })));
            }
            Inbound::Other(kind) => tracing::debug!(kind, "an update that klaxond has no use for"),
        }
    }

    /// The message of an id that went out with it, when it is of this database.
    fn ours(&self, opaque: &str) -> Option<MessageId> {
        let (store, message) = opaque.split_once(':')?;
        (store == self.store_id)
            .then(|| message.parse().ok())
            .flatten()
    }

    /// Meta's time, or the time it is where Meta gives none.
    fn dated(&self, at: Time) -> Time {
        if at == Time::default() {
            self.clock.wall()
        } else {
            at
        }
    }

    /// Templates that cannot be sent are held at once, before a message finds out. In place of one in a
    /// contact's language goes the same in its own.
    fn hold(&self, outfit: &Outfit, changed: &[Changed]) {
        if changed.is_empty() {
            return;
        }
        let now = self.clock.now();
        self.desk.with(|dispatcher| {
            for Changed {
                template,
                sendable,
                text,
            } in changed
            {
                match (*sendable, outfit.is_own(template)) {
                    (true, true) => {
                        outfit.accept(template);
                        dispatcher.lift_template(now, template.id());
                    }
                    (true, false) => outfit.accept(template),
                    (false, true) if outfit.hold_back(template.id()) => {}
                    // Nothing stands in for it.
                    (false, true) => dispatcher.hold_template(now, template.id(), text),
                    (false, false) => outfit.refuse(template),
                }
            }
        });
        changed.iter().for_each(Changed::log);
        self.desk.wake();
    }
}

/// A template in one language that can be sent from here on, or no longer.
struct Changed {
    template: Template,
    sendable: bool,
    text: String,
}

impl Changed {
    fn log(&self) {
        let (template, language) = (self.template.id(), self.template.language());
        let text = &self.text;
        if self.sendable {
            tracing::info!(%template, language, text, "the template can be sent");
        } else {
            tracing::error!(%template, language, text, "the template cannot be sent; its messages are held unless another one stands in for it");
        }
    }
}

/// The templates whose state an item changes.
fn changes(item: &Inbound, outfit: &Outfit) -> Vec<Changed> {
    let Inbound::Template {
        name,
        language,
        sendable: Some(sendable),
        text,
    } = item
    else {
        return Vec::new();
    };
    let templates = outfit.templates_of(name, language).into_iter();
    templates
        .map(|template| Changed {
            template: template.clone(),
            sendable: *sendable,
            text: text.clone(),
        })
        .collect()
}

/// Whether somebody wrote whose number no contact has. They are counted, never answered, and nothing
/// of theirs is kept.
fn is_strange(item: &Inbound, outfit: &Outfit) -> bool {
    match item {
        Inbound::Message {
            from: Some(from), ..
        } => outfit.contact_by_number(from).is_none(),
        Inbound::Message { from: None, .. }
        | Inbound::Status { .. }
        | Inbound::Template { .. }
        | Inbound::Account { .. }
        | Inbound::Other(_) => false,
    }
}

/// The contact of a number.
fn whose(outfit: &Outfit, from: &Phone) -> Option<(ContactId, Phone)> {
    let contact = outfit.contact_by_number(from)?;
    Some((contact.id.clone(), contact.phone.clone()))
}

/// Meta's id of what a person wrote has the person's number in it: only its hash is kept.
fn fingerprint(id: &str) -> String {
    let hash = Sha256::digest(id.as_bytes());
    hash.iter()
        .take(FINGERPRINT)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
