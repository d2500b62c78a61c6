//! Runs a history through the reference and through the engine, by the contract of the driver.

use std::collections::BTreeMap;
use std::sync::Arc;

use klaxond::engine::{Engine, Resume, Ruleset, Step};
use klaxond::model::{
    Event, LogEntry, Position, Row, RowChange, RowKind, SilenceId, SilenceOrder, Time,
};

use super::model::Model;
use super::phrases::FILTERS;
use super::scenario::{Config, START, Scenario, What, secs};
use super::told::Told;

/// Timers run on for so long after the last input, so that every wait but reminders has ended.
const RUN_ON: u64 = 120;

/// What the reference says of it.
pub fn reference(scenario: &Scenario) -> Vec<Told> {
    let mut model = Model::new(&scenario.config, START);
    let mut clock = START;
    for (turn, happening) in scenario.happenings.iter().enumerate() {
        model.turn = turn;
        clock = clock + secs(happening.after);
        while let Some(due) = model.next_deadline().filter(|due| *due <= clock) {
            model.fire(due);
        }
        match &happening.what {
            What::Record(record) => model.record(clock, &record.record(clock)),
            What::Adopt(config) => model.adopt(clock, config),
            What::Close(id) => model.close(clock, id),
            What::Silence {
                filter,
                after,
                lasts,
                replaces,
            } => {
                let from = clock + secs(*after);
                model.silence(clock, *filter, (from, from + secs(*lasts)), *replaces);
            }
            What::Unsilence(n) => model.unsilence(clock, *n),
            What::Jump(by) => {
                model.jump(clock, secs(*by));
                clock = clock + secs(*by);
            }
            What::Down(span) => {
                clock = clock + secs(*span);
                model.fire(clock);
            }
        }
    }
    model.turn = scenario.happenings.len();
    let end = clock + secs(RUN_ON);
    while let Some(due) = model.next_deadline().filter(|due| *due <= end) {
        model.fire(due);
    }
    model.told
}

/// An engine with what the store would hold beside it.
pub struct Run {
    pub engine: Engine,
    ruleset: Arc<Ruleset>,
    rows: BTreeMap<(RowKind, String), Row>,
    position: Position,
    clock: Time,
    turn: usize,
    pub told: Vec<Told>,
    pub steps: Vec<Step>,
    silences: Vec<SilenceId>,
    cuts: Cuts,
    decided: usize,
}

/// Where an engine is dropped and loaded again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cuts {
    Never,
    /// Before the decision of that number, input or timer; with or without an unchanged ruleset
    /// adopted after it.
    Before(usize, bool),
    /// Before every one.
    Always(bool),
}

impl Run {
    pub fn of(scenario: &Scenario, cuts: Cuts) -> Self {
        let ruleset = scenario.config.ruleset();
        let mut run = Self {
            engine: Engine::new(Arc::clone(&ruleset), Resume::default()).unwrap(),
            ruleset,
            rows: BTreeMap::new(),
            position: Position::default(),
            clock: START,
            turn: 0,
            told: Vec::new(),
            steps: Vec::new(),
            silences: Vec::new(),
            cuts,
            decided: 0,
        };
        let step = run.engine.adopt(START, Arc::clone(&run.ruleset));
        run.keep(step);
        for (turn, happening) in scenario.happenings.iter().enumerate() {
            run.turn = turn;
            run.clock = run.clock + secs(happening.after);
            run.fire_until(run.clock);
            run.happen(&happening.what);
        }
        run.turn = scenario.happenings.len();
        run.fire_until(run.clock + secs(RUN_ON));
        run
    }

    /// How many decisions it took.
    pub fn decisions(&self) -> usize {
        self.decided
    }

    fn happen(&mut self, what: &What) {
        match what {
            What::Record(record) => {
                let record = Arc::new(record.record(self.clock));
                self.step(Event::Record(record));
            }
            What::Adopt(config) => self.adopt(config),
            What::Close(id) => self.step(Event::ClosedByHand {
                id: (*id).to_owned(),
                by: "root".to_owned(),
            }),
            What::Silence {
                filter,
                after,
                lasts,
                replaces,
            } => {
                let starts = self.clock + secs(*after);
                self.step(Event::Silence(SilenceOrder {
                    filter: FILTERS[*filter].to_owned(),
                    starts,
                    ends: starts + secs(*lasts),
                    by: "ann".to_owned(),
                    comment: String::new(),
                    replaces: replaces.and_then(|n| self.silences.get(n).copied()),
                }));
                self.silences.push(SilenceId(self.position.0));
            }
            What::Unsilence(n) => {
                if let Some(id) = self.silences.get(*n).copied() {
                    let by = "ann".to_owned();
                    self.step(Event::Unsilence { id, by });
                }
            }
            What::Jump(by) => {
                self.step(Event::ClockJump { by_ms: by * 1_000 });
                self.clock = self.clock + secs(*by);
            }
            What::Down(span) => {
                self.clock = self.clock + secs(*span);
                self.cut();
                while let Some(step) = self.engine.fire(self.clock) {
                    self.keep(step);
                    if self
                        .engine
                        .next_deadline()
                        .is_none_or(|due| due > self.clock)
                    {
                        break;
                    }
                }
            }
        }
    }

    fn step(&mut self, event: Event) {
        self.cut();
        self.position = self.position.next();
        let step = self.engine.step(&LogEntry {
            position: self.position,
            at: self.clock,
            event,
        });
        self.keep(step);
    }

    fn adopt(&mut self, config: &Config) {
        self.ruleset = config.ruleset();
        self.cut_for_edit();
        let step = self.engine.adopt(self.clock, Arc::clone(&self.ruleset));
        self.keep(step);
    }

    fn fire_until(&mut self, until: Time) {
        let (mut last, mut times) = (until, 0);
        while let Some(due) = self.engine.next_deadline().filter(|due| *due <= until) {
            self.cut();
            if let Some(step) = self.engine.fire(due) {
                self.keep(step);
            }
            times = if due == last { times + 1 } else { 0 };
            last = due;
            assert!(
                times < 100,
                "the engine asks again and again to be woken at {due}"
            );
        }
    }

    fn keep(&mut self, step: Step) {
        for change in &step.rows {
            match change {
                RowChange::Put(row) => {
                    drop(self.rows.insert((row.kind, row.key.clone()), row.clone()));
                }
                RowChange::Delete { kind, key } => drop(self.rows.remove(&(*kind, key.clone()))),
            }
        }
        self.told.extend(Told::of(self.turn, &step));
        self.steps.push(step);
    }

    fn is_cut(&mut self) -> Option<bool> {
        let number = self.decided;
        self.decided += 1;
        match self.cuts {
            Cuts::Never => None,
            Cuts::Before(cut, adopt) => (cut == number).then_some(adopt),
            Cuts::Always(adopt) => Some(adopt),
        }
    }

    fn cut(&mut self) {
        if let Some(adopt) = self.is_cut() {
            self.load(Arc::clone(&self.ruleset));
            if adopt {
                let at = self.steps.last().map_or(START, |step| step.engine_time);
                let step = self.engine.adopt(at, Arc::clone(&self.ruleset));
                self.keep(step);
            }
        }
    }

    /// The config was edited while the process was down: it comes up with the new one.
    fn cut_for_edit(&mut self) {
        if self.is_cut().is_some() {
            self.load(Arc::clone(&self.ruleset));
        }
    }

    fn load(&mut self, ruleset: Arc<Ruleset>) {
        let last = self.steps.last().expect("a step before it");
        let resume = Resume {
            position: last.position,
            engine_time: last.engine_time,
            next_message: last.next_message,
            next_notification: last.next_notification,
            rows: self.rows.values().cloned().collect(),
        };
        self.engine = Engine::new(ruleset, resume).unwrap();
    }
}
