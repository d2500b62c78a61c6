//! A dispatcher on virtual time, with a Meta that answers as the test says.

use std::time::Duration;

use klaxond::delivery::{Action, Dispatcher, HoldKey, ProbeAnswer, Settings, Verdict};
use klaxond::model::{
    Class, Closes, ContactId, Failure, Form, Kind, Message, MessageId, MessageState,
    NotificationId, Outcome, Phone, Rate, Retry, Scope, Severity, TemplateId, Time,
};

/// Virtual time begins here: 2027-01-15T08:00:00Z.
pub const START_MS: i64 = 1_800_000_000_000;

/// The moment so many milliseconds after the start.
pub fn at(ms: i64) -> Time {
    Time::from_ms(START_MS + ms)
}

/// Milliseconds since the start.
pub fn ms(time: Time) -> i64 {
    time.as_ms() - START_MS
}

/// Limits that keep nobody waiting, so that a test sees only what it asks for.
pub fn wide() -> Settings {
    Settings {
        throughput: Rate::parse("1000000/s").unwrap(),
        per_contact: Rate::parse("1000000/s").unwrap(),
        unknown_wait: Duration::from_secs(20),
        max_in_flight: 1_000,
        storm: None,
        receipts: false,
        max_per_day: None,
    }
}

/// Such limits, but with this rate for each phone.
pub fn per_contact(rate: &str) -> Settings {
    Settings {
        per_contact: Rate::parse(rate).unwrap(),
        ..wide()
    }
}

pub fn contact(name: &str) -> ContactId {
    ContactId::parse(name).unwrap()
}

/// Contacts by name, each with a phone of its own.
pub fn contacts(names: &[&str]) -> Vec<(ContactId, Phone)> {
    names
        .iter()
        .enumerate()
        .map(|(n, name)| (contact(name), phone(n)))
        .collect()
}

pub fn phone(n: usize) -> Phone {
    Phone::parse(&format!("3460011{n:04}")).unwrap()
}

/// A message with a bucket of its own, warning, without expiry.
pub fn message(id: i64, to: &str) -> Message {
    Message {
        id: MessageId(id),
        notification: NotificationId(id),
        contact: contact(to),
        template: TemplateId::parse("alarm").unwrap(),
        bucket: format!("bucket of {id}").into(),
        severity: Severity::Warning,
        created: at(0),
        expires: None,
        shadow: false,
        closes: None,
        kind: Kind::Raised,
        form: Form::Template,
        confirm: None,
        instead_of: None,
    }
}

/// The `n`th part of a digest.
pub fn digest(n: i64, to: &str) -> Message {
    let id = MessageId::DIGESTS + n;
    let mut part = message(id, to).template("digest");
    part.kind = Kind::Digest;
    part
}

/// Changes to a message, in the order in which a test reads.
pub trait With {
    fn severity(self, severity: Severity) -> Self;
    fn bucket(self, name: &str) -> Self;
    fn template(self, name: &str) -> Self;
    fn expires(self, ms: i64) -> Self;
    fn kind(self, kind: Kind) -> Self;
    fn closes(self, raise: i64) -> Self;
    fn text(self) -> Self;
    fn confirm(self, ms: u64) -> Self;
}

impl With for Message {
    fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    fn bucket(mut self, name: &str) -> Self {
        self.bucket = name.into();
        self
    }

    fn template(mut self, name: &str) -> Self {
        self.template = TemplateId::parse(name).unwrap();
        self
    }

    fn expires(mut self, ms: i64) -> Self {
        self.expires = Some(at(ms));
        self
    }

    fn kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    fn closes(mut self, raise: i64) -> Self {
        self.kind = Kind::Cleared;
        self.closes = Some(Closes::Only(MessageId(raise)));
        self
    }

    fn text(mut self) -> Self {
        self.form = Form::Text;
        self
    }

    fn confirm(mut self, ms: u64) -> Self {
        self.confirm = Some(Duration::from_millis(ms));
        self
    }
}

pub fn accepted() -> Outcome {
    Outcome::Accepted {
        wamid: "wamid.x".into(),
        held: false,
    }
}

pub fn lost() -> Outcome {
    Outcome::Unknown {
        text: "timed out waiting for the answer".into(),
    }
}

pub fn failure(retry: Retry, scope: Scope, code: u32, text: &str) -> Failure {
    Failure {
        class: Class { retry, scope },
        status: Some(400),
        code: Some(code),
        subcode: None,
        text: text.into(),
        trace: None,
        retry_after: None,
    }
}

pub fn failed(retry: Retry, scope: Scope) -> Outcome {
    Outcome::Failed(failure(retry, scope, 1, "(#1) no luck"))
}

/// 131056.
pub fn pair_limit() -> Outcome {
    Outcome::Failed(failure(
        Retry::Pair,
        Scope::Contact,
        131_056,
        "(#131056) (Business Account, Consumer Account) pair rate limit hit",
    ))
}

/// 190.
pub fn dead_token() -> Outcome {
    Outcome::Failed(failure(
        Retry::Wait,
        Scope::Account,
        190,
        "Session has expired",
    ))
}

/// 132015.
pub fn paused_template() -> Outcome {
    Outcome::Failed(failure(
        Retry::Wait,
        Scope::Template,
        132_015,
        "(#132015) Template is Paused",
    ))
}

/// 130429.
pub fn throughput() -> Outcome {
    Outcome::Failed(failure(
        Retry::Backoff,
        Scope::Number,
        130_429,
        "(#130429) Rate limit hit",
    ))
}

/// What was seen to happen, with the time in milliseconds since the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    Sent(i64),
    Repeated(i64),
    Closed {
        id: i64,
        state: MessageState,
        fallback: bool,
    },
    Probed(HoldKey),
    /// It is held for quiet hours.
    Waits(i64),
    /// What waited for a contact goes as one.
    Digest(ContactId, Vec<i64>),
    /// More to a contact in a day than is good.
    Overdone(ContactId, u32),
}

/// A dispatcher on virtual time.
pub struct World {
    pub dispatcher: Dispatcher,
    pub now: i64,
    /// What [`World::run_until`] saw, with its time.
    pub seen: Vec<(i64, Seen)>,
    /// Why messages were closed, in order.
    pub reasons: Vec<String>,
    pub jitter: f64,
    /// What probes find.
    pub probe: ProbeAnswer,
    /// Messages that a digest takes at most; eight members fill one.
    pub parts: i64,
    /// Members of the last digest.
    members: usize,
    /// Parts of digests so far.
    pub written: i64,
}

impl World {
    pub fn new(settings: Settings, names: &[&str]) -> Self {
        Self::with(Dispatcher::new(at(0), settings, &contacts(names)))
    }

    pub fn with(dispatcher: Dispatcher) -> Self {
        Self {
            dispatcher,
            now: 0,
            seen: Vec::new(),
            reasons: Vec::new(),
            jitter: 0.0,
            probe: ProbeAnswer::Still,
            parts: 1,
            members: 0,
            written: 0,
        }
    }

    pub fn admit(&mut self, message: &Message) {
        self.dispatcher.admit(at(self.now), message);
    }

    pub fn next(&mut self) -> Option<Seen> {
        let action = self.dispatcher.next(at(self.now))?;
        Some(match action {
            Action::Send { id, repeat: false } => Seen::Sent(id.0),
            Action::Send { id, repeat: true } => Seen::Repeated(id.0),
            Action::Close {
                id,
                state,
                reason,
                fallback,
                ..
            } => {
                self.reasons.push(reason);
                Seen::Closed {
                    id: id.0,
                    state,
                    fallback,
                }
            }
            Action::Digest {
                contact,
                members,
                reason,
            } => {
                self.reasons.push(reason);
                self.members = members.len();
                Seen::Digest(contact, members.into_iter().map(|id| id.0).collect())
            }
            Action::Wait { id, reason } => {
                self.reasons.push(reason);
                Seen::Waits(id.0)
            }
            Action::Overdone { contact, sent, .. } => Seen::Overdone(contact, sent),
            Action::Probe(key) => Seen::Probed(key),
        })
    }

    /// All that is to be done at this moment, unanswered.
    pub fn drain(&mut self) -> Vec<Seen> {
        std::iter::from_fn(|| self.next()).collect()
    }

    /// The numbers of the messages that go at this moment, unanswered.
    pub fn sends(&mut self) -> Vec<i64> {
        self.drain()
            .into_iter()
            .filter_map(|seen| match seen {
                Seen::Sent(id) | Seen::Repeated(id) => Some(id),
                _ => None,
            })
            .collect()
    }

    pub fn settle(&mut self, id: i64, outcome: &Outcome) -> Verdict {
        self.dispatcher
            .settle(at(self.now), MessageId(id), outcome, self.jitter)
    }

    /// The next deadline, in milliseconds since the start.
    pub fn deadline(&self) -> Option<i64> {
        self.dispatcher.next_deadline().map(ms)
    }

    /// Runs to a time, jumping from deadline to deadline. Each message is answered at once with what
    /// `answer` says for it, each probe with [`World::probe`].
    pub fn run_until(&mut self, end: i64, mut answer: impl FnMut(i64, i64) -> Outcome) {
        let mut calls = 0;
        loop {
            while let Some(seen) = self.next() {
                calls += 1;
                assert!(calls < 100_000, "it never comes to rest");
                if let Seen::Sent(id) | Seen::Repeated(id) = seen {
                    let outcome = answer(self.now, id);
                    self.settle(id, &outcome);
                }
                if let Seen::Digest(to, _) = &seen {
                    let parts = self.write_digest(to);
                    self.seen.push((self.now, seen));
                    let outcome = answer(self.now, parts[0]);
                    self.settle(parts[0], &outcome);
                    self.seen.push((self.now, Seen::Sent(parts[0])));
                    continue;
                }
                if let Seen::Probed(key) = &seen {
                    self.dispatcher
                        .probed(at(self.now), key, self.probe, self.jitter);
                }
                self.seen.push((self.now, seen));
            }
            match self.deadline() {
                Some(next) if next <= end => {
                    assert!(next > self.now, "a deadline of the past, with nothing due");
                    self.now = next;
                }
                _ => {
                    self.now = end;
                    return;
                }
            }
        }
    }

    /// The messages that were sent, with their times, in order.
    pub fn sent(&self) -> Vec<(i64, i64)> {
        self.seen
            .iter()
            .filter_map(|(at, seen)| match seen {
                Seen::Sent(id) | Seen::Repeated(id) => Some((*at, *id)),
                _ => None,
            })
            .collect()
    }

    /// The digests, with their times and members.
    pub fn digests(&self) -> Vec<(i64, Vec<i64>)> {
        self.seen
            .iter()
            .filter_map(|(at, seen)| match seen {
                Seen::Digest(_, members) => Some((*at, members.clone())),
                _ => None,
            })
            .collect()
    }

    /// Writes a digest of as many parts as [`World::parts`] says; the numbers of the parts, of which
    /// the first is under way.
    pub fn write_digest(&mut self, to: &ContactId) -> Vec<i64> {
        let count = i64::try_from(self.members.div_ceil(8)).unwrap();
        let count = count.clamp(1, self.parts);
        let parts: Vec<Message> = (1..=count)
            .map(|n| digest(self.written + n, to.as_str()))
            .collect();
        self.written += count;
        self.dispatcher.digested(at(self.now), to, &parts);
        parts.iter().map(|part| part.id.0).collect()
    }

    /// What the `n`th part held goes by itself.
    pub fn members_again(&mut self, n: i64, members: &[Message]) {
        let part = MessageId(MessageId::DIGESTS + n);
        self.dispatcher.members_again(at(self.now), part, members);
    }

    /// The times of the probes.
    pub fn probes(&self) -> Vec<i64> {
        self.seen
            .iter()
            .filter_map(|(at, seen)| matches!(seen, Seen::Probed(_)).then_some(*at))
            .collect()
    }
}

/// The time of a verdict to retry, in milliseconds since the start, and its reason.
pub fn retry_of(verdict: &Verdict) -> (i64, &str) {
    match verdict {
        Verdict::Retry { at, reason } => (ms(*at), reason),
        other => panic!("expected a retry, got {other:?}"),
    }
}
