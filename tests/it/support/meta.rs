//! Meta on virtual time: takes messages at once, or answers what a test tells it to.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use klaxond::delivery::{HoldKey, ProbeAnswer};
use klaxond::model::{Class, Failure, Outcome, Phone, Retry, Scope, Time};
use klaxond::pipeline::{Answering, Clock, Gateway};
use klaxond::sandbox::PairLimit;
use klaxond::whatsapp::classify;
use klaxond::whatsapp::template::{Rendered, Template};
use tokio::time::Instant;

/// What a test makes Meta answer.
#[derive(Debug, Clone)]
pub enum Answer {
    /// A Graph error of that code.
    Error(u32),
    /// No connection: it certainly did not arrive.
    Unreachable,
    /// Nothing: the connection breaks. Whether the message went out is for the test to say.
    Lost { delivered: bool },
    /// The code under test dies over it.
    Panic,
    /// Acceptance after so long.
    Slow(Duration),
}

/// A message on a phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrived {
    pub at: Time,
    pub phone: String,
    pub opaque: String,
    pub wamid: String,
    pub text: String,
}

#[derive(Debug, Default)]
struct State {
    arrived: Vec<Arrived>,
    posts: usize,
    probes: usize,
    /// Answers to the next posts, by number or to anyone.
    next: VecDeque<(Option<String>, Answer)>,
    /// Answer to every post while it is set; probes are answered to the same effect.
    standing: Option<Answer>,
    /// Templates that are refused, by Meta's name, with the code.
    refused: BTreeMap<String, u32>,
    /// Keeps the limit of each phone, and counts whom it refused.
    pairs: Option<PairLimit>,
    over_limit: usize,
}

/// The stand-in; clones share their state.
#[derive(Debug, Clone)]
pub struct Meta {
    clock: Clock,
    state: Arc<Mutex<State>>,
}

impl Meta {
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            state: Arc::default(),
        }
    }

    /// The next post to `phone` (or to anyone) is answered so.
    pub fn answer_next(&self, phone: Option<&str>, answer: Answer) {
        self.state
            .lock()
            .unwrap()
            .next
            .push_back((phone.map(str::to_owned), answer));
    }

    /// Every post and probe is answered with this error until it is taken away.
    pub fn stand(&self, code: Option<u32>) {
        self.stand_with(code.map(Answer::Error));
    }

    /// Every post is answered so until it is taken away.
    pub fn stand_with(&self, answer: Option<Answer>) {
        self.state.lock().unwrap().standing = answer;
    }

    /// Every post with this template is answered with this error until it is taken away.
    pub fn refuse_template(&self, name: &str, code: Option<u32>) {
        let refused = &mut self.state.lock().unwrap().refused;
        refused.remove(name);
        refused.extend(code.map(|code| (name.to_owned(), code)));
    }

    /// Lends each phone what Meta does, from here on.
    pub fn keep_pair_limit(&self) {
        self.state.lock().unwrap().pairs = Some(PairLimit::default());
    }

    /// How many posts were refused for that.
    pub fn over_limit(&self) -> usize {
        self.state.lock().unwrap().over_limit
    }

    pub fn arrived(&self) -> Vec<Arrived> {
        self.state.lock().unwrap().arrived.clone()
    }

    pub fn posts(&self) -> usize {
        self.state.lock().unwrap().posts
    }

    pub fn probes(&self) -> usize {
        self.state.lock().unwrap().probes
    }

    fn scripted(&self, phone: &str, template: &str) -> Option<Answer> {
        let mut state = self.state.lock().unwrap();
        state.posts += 1;
        if let Some(code) = state.refused.get(template) {
            return Some(Answer::Error(*code));
        }
        if let Some(answer) = &state.standing {
            return Some(answer.clone());
        }
        let place = state
            .next
            .iter()
            .position(|(to, _)| to.as_deref().is_none_or(|to| to == phone));
        if let Some(place) = place {
            return state.next.remove(place).map(|(_, answer)| answer);
        }
        let now = Instant::now();
        let fits = (state.pairs.as_mut()).is_none_or(|pairs| pairs.admit(now, phone));
        state.over_limit += usize::from(!fits);
        (!fits).then_some(Answer::Error(131_056))
    }

    fn deliver(&self, phone: &str, opaque: &str, text: &str) -> Outcome {
        let mut state = self.state.lock().unwrap();
        let wamid = format!("wamid.{}", state.arrived.len() + 1);
        state.arrived.push(Arrived {
            at: self.clock.now(),
            phone: phone.to_owned(),
            opaque: opaque.to_owned(),
            wamid: wamid.clone(),
            text: text.to_owned(),
        });
        Outcome::Accepted { wamid, held: false }
    }
}

impl Meta {
    async fn post(&self, to: &Phone, opaque: &str, template: &str, text: &str) -> Outcome {
        match self.scripted(to.digits(), template) {
            None => self.deliver(to.digits(), opaque, text),
            Some(Answer::Slow(span)) => {
                tokio::time::sleep(span).await; // paused time
                self.deliver(to.digits(), opaque, text)
            }
            Some(Answer::Error(code)) => Outcome::Failed(failure(code)),
            Some(Answer::Panic) => panic!("as the test says"),
            Some(Answer::Unreachable) => Outcome::Failed(unreachable()),
            Some(Answer::Lost { delivered }) => {
                if delivered {
                    self.deliver(to.digits(), opaque, text);
                }
                Outcome::Unknown {
                    text: "the connection broke".to_owned(),
                }
            }
        }
    }
}

impl Gateway for Meta {
    fn send<'a>(
        &'a self,
        to: &'a Phone,
        opaque: &'a str,
        rendered: &'a Rendered,
    ) -> Answering<'a, Outcome> {
        Box::pin(self.post(to, opaque, rendered.name(), rendered.text()))
    }

    fn send_text<'a>(
        &'a self,
        to: &'a Phone,
        opaque: &'a str,
        body: &'a str,
    ) -> Answering<'a, Outcome> {
        Box::pin(self.post(to, opaque, "", body))
    }

    fn probe<'a>(
        &'a self,
        _: &'a HoldKey,
        template: Option<&'a Template>,
    ) -> Answering<'a, ProbeAnswer> {
        let mut state = self.state.lock().unwrap();
        state.probes += 1;
        let well = match template {
            Some(template) => !state.refused.contains_key(template.name()),
            None => state.standing.is_none(),
        };
        Box::pin(async move {
            if well {
                ProbeAnswer::Lifted
            } else {
                ProbeAnswer::Still
            }
        })
    }
}

/// As the client tells of a connection that was refused.
pub fn unreachable() -> Failure {
    Failure {
        class: Class {
            retry: Retry::Backoff,
            scope: Scope::Number,
        },
        status: None,
        code: None,
        subcode: None,
        text: "no connection".to_owned(),
        trace: None,
        retry_after: None,
    }
}

/// As the client tells of an error in Meta's answer.
pub fn failure(code: u32) -> Failure {
    Failure {
        class: classify(Some(400), code, None),
        status: Some(400),
        code: Some(code),
        subcode: None,
        text: format!("(#{code}) as the test says"),
        trace: None,
        retry_after: None,
    }
}
