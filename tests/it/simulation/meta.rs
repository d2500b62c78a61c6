//! Meta with bad manners: loses answers and messages, refuses, delays, and tells of it out of order.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use klaxond::delivery::{HoldKey, ProbeAnswer};
use klaxond::model::{Failure, MessageId, Outcome, Phone, ReceiptFailure, Stage, Time};
use klaxond::pipeline::{Answering, Clock, Gateway};
use klaxond::whatsapp::template::{Rendered, Template};
use klaxond::whatsapp::webhook::Inbound;

use crate::support::meta::{failure, unreachable};

/// How often in a thousand something goes wrong.
#[derive(Debug, Clone, Copy)]
pub struct Weather {
    /// The answer is lost; half of these messages went out.
    pub lost: u32,
    /// No connection.
    pub unreachable: u32,
    /// Refused for a limit that klaxond cannot see: of the pair or of the number.
    pub limited: u32,
    /// An error that passes.
    pub passing: u32,
    /// A person who cannot be reached.
    pub permanent: u32,
    /// Taken, and failed later.
    pub failed_later: u32,
    /// Taken, and never spoken of again.
    pub silent: u32,
    /// Whether receipts are sent at all.
    pub receipts: bool,
}

/// A message that Meta took.
#[derive(Debug, Clone)]
pub struct Taken {
    pub at: Time,
    pub phone: String,
    pub message: MessageId,
    pub wamid: String,
    pub text: String,
    pub is_template: bool,
    /// When its sender got the answer.
    pub answered: Option<Time>,
    /// It never came to the phone.
    pub failed: bool,
    /// Its receipt of delivery is on its way at this time.
    pub confirmed: Option<Time>,
}

/// A request, whatever came of it.
#[derive(Debug, Clone)]
pub struct Post {
    pub at: Time,
    pub phone: String,
}

struct State {
    random: fastrand::Rng,
    weather: Weather,
    taken: Vec<Taken>,
    posts: Vec<Post>,
    back: Vec<(Time, Inbound)>,
    outage: bool,
}

/// The stand-in; clones share their state.
#[derive(Clone)]
pub struct Meta {
    clock: Clock,
    state: Arc<Mutex<State>>,
}

enum Fate {
    /// Taken before the answer is on its way, or at its end.
    Take {
        first: bool,
        answer: bool,
    },
    Lose,
    Fail(Failure),
}

impl Meta {
    pub fn new(clock: Clock, seed: u64, weather: Weather) -> Self {
        let state = State {
            random: fastrand::Rng::with_seed(seed),
            weather,
            taken: Vec::new(),
            posts: Vec::new(),
            back: Vec::new(),
            outage: false,
        };
        Self {
            clock,
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Whether nothing gets through.
    pub fn outage(&self, outage: bool) {
        self.lock().outage = outage;
    }

    pub fn taken(&self) -> Vec<Taken> {
        self.lock().taken.clone()
    }

    pub fn posts(&self) -> Vec<Post> {
        self.lock().posts.clone()
    }

    /// What came to a phone last.
    pub fn last_to(&self, phone: &str) -> Option<String> {
        let state = self.lock();
        let last = state.taken.iter().rev().find(|taken| taken.phone == phone);
        last.map(|taken| taken.wamid.clone())
    }

    /// Receipts that Meta sends by now.
    pub fn due(&self) -> Vec<Inbound> {
        let now = self.clock.now();
        let mut state = self.lock();
        let (due, later) = std::mem::take(&mut state.back)
            .into_iter()
            .partition(|(at, _)| *at <= now);
        state.back = later;
        due.into_iter().map(|(_, inbound)| inbound).collect()
    }

    /// Whether receipts are still to come.
    pub fn owes(&self) -> bool {
        !self.lock().back.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    async fn post(&self, to: &Phone, opaque: &str, text: &str, is_template: bool) -> Outcome {
        let (fate, delay) = {
            let mut state = self.lock();
            state.posts.push(Post {
                at: self.clock.now(),
                phone: to.digits().to_owned(),
            });
            (state.fate(), state.delay())
        };
        let take = || self.take(to, opaque, text, is_template);
        let (first, answer) = match fate {
            Fate::Take { first, answer } => (first, answer),
            Fate::Lose => {
                tokio::time::sleep(delay).await; // paused time
                return lost();
            }
            Fate::Fail(failure) => {
                tokio::time::sleep(delay).await; // paused time
                return Outcome::Failed(failure);
            }
        };
        let early = first.then(take);
        tokio::time::sleep(delay).await; // paused time
        let place = early.unwrap_or_else(take);
        if !answer {
            return lost();
        }
        let mut state = self.lock();
        state.taken[place].answered = Some(self.clock.now());
        Outcome::Accepted {
            wamid: state.taken[place].wamid.clone(),
            held: false,
        }
    }

    fn take(&self, to: &Phone, opaque: &str, text: &str, is_template: bool) -> usize {
        let now = self.clock.now();
        let mut state = self.lock();
        let place = state.taken.len();
        let (_, id) = opaque.split_once(':').unwrap();
        let wamid = format!("wamid.{place}");
        let (failed, confirmed) = state.receipts(now, &wamid, opaque);
        state.taken.push(Taken {
            at: now,
            phone: to.digits().to_owned(),
            message: id.parse().unwrap(),
            wamid,
            text: text.to_owned(),
            is_template,
            answered: None,
            failed,
            confirmed,
        });
        place
    }
}

impl State {
    fn fate(&mut self) -> Fate {
        if self.outage {
            return Fate::Fail(unreachable());
        }
        let weather = self.weather;
        let dice = self.random.u32(..1_000);
        let mut end = 0;
        let mut hit = |often: u32| {
            end += often;
            dice < end
        };
        if hit(weather.lost) {
            return match self.random.u8(..4) {
                0 | 1 => Fate::Lose,
                n => Fate::Take {
                    first: n == 2,
                    answer: false,
                },
            };
        }
        if hit(weather.unreachable) {
            return Fate::Fail(unreachable());
        }
        if hit(weather.limited) {
            let code = if self.random.bool() { 131_056 } else { 130_429 };
            return Fate::Fail(failure(code));
        }
        if hit(weather.passing) {
            return Fate::Fail(failure(131_000));
        }
        if hit(weather.permanent) {
            return Fate::Fail(failure(131_026));
        }
        Fate::Take {
            first: self.random.bool(),
            answer: true,
        }
    }

    fn delay(&mut self) -> Duration {
        match self.random.u8(..10) {
            0..5 => Duration::ZERO,
            5..9 => Duration::from_millis(self.random.u64(..400)),
            _ => Duration::from_millis(self.random.u64(..9_000)),
        }
    }

    /// Puts the receipts of a message on their way; says whether it failed and when it is confirmed.
    fn receipts(&mut self, now: Time, wamid: &str, opaque: &str) -> (bool, Option<Time>) {
        let weather = self.weather;
        if !weather.receipts || self.random.u32(..1_000) < weather.silent {
            return (false, None);
        }
        let failed = self.random.u32(..1_000) < weather.failed_later;
        let ending: &[Stage] = if failed {
            &[Stage::Sent, Stage::Failed]
        } else {
            &[Stage::Sent, Stage::Delivered, Stage::Read]
        };
        let mut confirmed = None;
        for stage in ending {
            let is_read = *stage == Stage::Read;
            if is_read && self.random.bool() {
                continue;
            }
            for _ in 0..=u8::from(self.random.u8(..5) == 0) {
                let span = if self.random.u8(..8) == 0 {
                    90_000
                } else {
                    6_000
                };
                let at = now + Duration::from_millis(self.random.u64(..span));
                if *stage != Stage::Sent && *stage != Stage::Failed {
                    confirmed = Some(confirmed.map_or(at, |was: Time| was.min(at)));
                }
                let failure = (*stage == Stage::Failed).then(|| ReceiptFailure {
                    code: Some(if self.random.bool() { 131_026 } else { 131_000 }),
                    text: "as the weather was".to_owned(),
                });
                let inbound = Inbound::Status {
                    wamid: wamid.to_owned(),
                    opaque: (self.random.u8(..4) > 0).then(|| opaque.to_owned()),
                    stage: *stage,
                    at,
                    failure,
                };
                self.back.push((at, inbound));
            }
        }
        self.random.shuffle(&mut self.back);
        (failed, confirmed)
    }
}

impl Gateway for Meta {
    fn send<'a>(
        &'a self,
        to: &'a Phone,
        opaque: &'a str,
        rendered: &'a Rendered,
    ) -> Answering<'a, Outcome> {
        Box::pin(self.post(to, opaque, rendered.text(), true))
    }

    fn send_text<'a>(
        &'a self,
        to: &'a Phone,
        opaque: &'a str,
        body: &'a str,
    ) -> Answering<'a, Outcome> {
        Box::pin(self.post(to, opaque, body, false))
    }

    fn probe<'a>(&'a self, _: &'a HoldKey, _: Option<&'a Template>) -> Answering<'a, ProbeAnswer> {
        let answer = if self.lock().outage {
            ProbeAnswer::NoAnswer
        } else {
            ProbeAnswer::Lifted
        };
        Box::pin(async move { answer })
    }
}

fn lost() -> Outcome {
    Outcome::Unknown {
        text: "the connection broke".to_owned(),
    }
}
