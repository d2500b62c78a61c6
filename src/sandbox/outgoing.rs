//! What is posted, when, and how often.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use fastrand::Rng;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::envelope::{self, News};
use super::fault::{MAX_BATCH, Twist};
use super::faults::Faults;
use super::ledger::{Accepted, Posts};
use super::settings::Webhook;
use crate::model::{Stage, Time};

/// News that wait; what is more is dropped.
const MAX_WAITING: u64 = 300_000;
/// The longest that a part of a batch waits for the rest.
const BATCH_SPAN: Duration = Duration::from_secs(1);
/// Posts of one body before it is given up: 20 minutes with the usual gaps.
const MAX_TRIES: u32 = 12;
/// The longest time from one stage to the next.
const MAX_DELAY: Duration = Duration::from_secs(3600);
/// The longest gap between two.
const MAX_GAP: Duration = Duration::from_secs(300);

/// What is to be posted.
pub(super) struct Outgoing {
    pub(super) target: Webhook,
    /// Ends whoever posts it.
    pub(super) stop: CancellationToken,
    account: String,
    chance: Rng,
    due: BTreeMap<(Instant, u64), Item>,
    next: u64,
    /// News that wait for others.
    batch: Vec<(Time, News)>,
    batch_size: usize,
    batch_until: Option<Instant>,
    pub(super) posts: Posts,
}

enum Item {
    News(Planned),
    Again(Post),
}

/// One piece of news and what goes wrong with it.
struct Planned {
    news: News,
    /// How many messages were accepted before the one it is about.
    number: Option<u64>,
    lost: bool,
    twice: bool,
    forged: bool,
    batch: Option<usize>,
}

/// A body to post.
#[derive(Debug)]
pub(super) struct Post {
    pub(super) body: Bytes,
    pub(super) signature: String,
    tries: u32,
    /// Pieces of news in it; none in a forged copy.
    count: u64,
}

/// What happened by now.
#[derive(Default)]
pub(super) struct Taken {
    /// How far messages came, and how many were accepted before each.
    pub(super) receipts: Vec<(u64, News)>,
    pub(super) post: Option<Post>,
}

impl Outgoing {
    pub(super) fn new(
        mut target: Webhook,
        account: String,
        seed: u64,
        stop: CancellationToken,
    ) -> Self {
        target.delay = target.delay.min(MAX_DELAY);
        target.retry = target.retry.min(MAX_GAP);
        let posts = Posts {
            verified: target.verify_token.is_none(),
            ..Posts::default()
        };
        Self {
            target,
            stop,
            account,
            chance: Rng::with_seed(seed),
            due: BTreeMap::new(),
            next: 0,
            batch: Vec::new(),
            batch_size: 0,
            batch_until: None,
            posts,
        }
    }

    /// Plans the receipts of a message that was accepted after `number` others.
    pub(super) fn receipts(
        &mut self,
        now: Instant,
        number: u64,
        message: &Arc<Accepted>,
        faults: &mut Faults,
    ) {
        let mut usual = now;
        for stage in [Stage::Sent, Stage::Delivered, Stage::Read] {
            usual += self.target.delay;
            let mut at = usual;
            let mut failed = None;
            let mut planned = Planned::new(News::Field("", serde_json::Value::Null));
            for twist in faults.twists(stage, message.to.digits()) {
                match twist {
                    Twist::Failed(code) => failed = Some(code),
                    Twist::Lost => planned.lost = true,
                    Twist::Twice => planned.twice = true,
                    Twist::Forged => planned.forged = true,
                    Twist::Late(span) => at += span,
                    Twist::Disorder => {
                        at = now + self.target.delay * 4 * self.chance.u32(..100) / 100;
                    }
                    Twist::Batch(size) => planned.batch = Some(size),
                }
            }
            planned.number = Some(number);
            planned.news = News::Status {
                message: Arc::clone(message),
                stage: failed.map_or(stage, |_| Stage::Failed),
                code: failed,
            };
            self.plan(at, planned);
            if failed.is_some() {
                return;
            }
        }
    }

    /// Posts `news` as soon as possible.
    pub(super) fn tell(&mut self, now: Instant, news: News) {
        self.plan(now, Planned::new(news));
    }

    fn plan(&mut self, at: Instant, planned: Planned) {
        if self.posts.waiting >= MAX_WAITING {
            self.posts.dropped += 1;
        } else {
            self.posts.waiting += 1;
            self.insert(at, Item::News(planned));
        }
    }

    fn insert(&mut self, at: Instant, item: Item) {
        self.due.insert((at, self.next), item);
        self.next += 1;
    }

    /// When [`Outgoing::take`] may have something.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let due = self.due.keys().next().map(|(at, _)| *at);
        due.into_iter().chain(self.batch_until).min()
    }

    /// What happened by `now`, and a body to post. What is due at once goes in one body.
    pub(super) fn take(&mut self, now: Instant, at: Time) -> Taken {
        let mut taken = Taken::default();
        let mut news = Vec::new();
        let mut forged = false;
        while news.len() < MAX_BATCH
            && let Some(entry) = self.due.first_entry()
            && entry.key().0 <= now
        {
            let again = matches!(entry.get(), Item::Again(_));
            if again && !news.is_empty() {
                break;
            }
            let mut planned = match entry.remove() {
                Item::Again(post) => {
                    taken.post = Some(post);
                    return taken;
                }
                Item::News(planned) => planned,
            };
            if let Some(number) = planned.number.take() {
                taken.receipts.push((number, planned.news.clone()));
            }
            if planned.lost {
                self.posts.waiting -= 1;
                continue;
            }
            if planned.twice {
                self.plan(now + self.target.delay, Planned::new(planned.news.clone()));
            }
            forged |= planned.forged;
            if let Some(size) = planned.batch {
                self.batch_size = size;
                self.batch_until.get_or_insert(now + BATCH_SPAN);
                self.batch.push((at, planned.news));
            } else {
                news.push((at, planned.news));
            }
        }
        if self.batch.len() >= self.batch_size.max(1) || self.batch_until.is_some_and(|t| t <= now)
        {
            self.batch_until = None;
            news.append(&mut self.batch);
        }
        if !news.is_empty() {
            taken.post = Some(self.sealed(now, &news, forged));
        }
        taken
    }

    fn sealed(&mut self, now: Instant, news: &[(Time, News)], forged: bool) -> Post {
        let body: Bytes = envelope::body(&self.account, news).into();
        let good = Post {
            signature: envelope::signature(&self.target.app_secret, &body),
            body,
            tries: 0,
            count: u64::try_from(news.len()).unwrap_or(u64::MAX),
        };
        if !forged {
            return good;
        }
        let bad = Post {
            signature: envelope::signature(&"not the app secret".to_owned().into(), &good.body),
            body: good.body.clone(),
            tries: MAX_TRIES,
            count: 0,
        };
        self.insert(now, Item::Again(good));
        bad
    }

    /// What came of a post: one that was not taken comes again, later and later, and then no more.
    pub(super) fn settle(&mut self, now: Instant, mut post: Post, taken: bool) {
        post.tries += 1;
        if taken {
            self.posts.taken += post.count;
            self.posts.waiting -= post.count;
            return;
        }
        self.posts.refused += 1;
        if post.tries >= MAX_TRIES {
            self.posts.dropped += post.count;
            self.posts.waiting -= post.count;
        } else {
            let gap = self.target.retry * 2_u32.saturating_pow(post.tries - 1);
            self.insert(now + gap.min(MAX_GAP), Item::Again(post));
        }
    }
}

impl Planned {
    fn new(news: News) -> Self {
        Self {
            news,
            number: None,
            lost: false,
            twice: false,
            forged: false,
            batch: None,
        }
    }
}
