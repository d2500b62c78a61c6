//! What is kept of a bucket so that its condition is decided without looking at its alarms again.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::filter::Logic;
use crate::engine::filter::ast::Relation;
use crate::model::AlarmRecord;

use super::clause::{Clause, Quantity};
use super::fixed::Fixed;
use super::gauge::{Gauge, State};

/// What is kept for one condition and how its statements are answered from it.
#[derive(Debug)]
pub(super) struct Plan {
    gauges: Arc<[Gauge]>,
    logic: Logic<Question>,
}

/// A statement, by the places of the gauges that answer it.
#[derive(Debug, Clone, PartialEq)]
enum Question {
    Compared {
        source: Source,
        decimals: Option<u8>,
        relation: Relation,
        number: Fixed,
    },
    Latest(usize),
    Any(usize),
    All(usize),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Source {
    Members,
    Taken(usize),
    Distinct(usize),
    Least(usize),
    Greatest(usize),
    Mean(usize),
    Sum(usize),
    Latest(usize),
}

/// What is known of one bucket. An alarm that comes or goes costs O(log n).
#[derive(Debug, Clone)]
pub struct Tallies {
    gauges: Arc<[Gauge]>,
    members: usize,
    states: Box<[State]>,
}

impl Plan {
    pub(super) fn new(logic: &Logic<Clause>) -> Self {
        let mut gauges = Vec::new();
        let logic = questions(logic, &mut gauges);
        Self {
            gauges: gauges.into(),
            logic,
        }
    }

    pub(super) fn tallies(&self) -> Tallies {
        Tallies {
            gauges: Arc::clone(&self.gauges),
            members: 0,
            states: self.gauges.iter().map(State::new).collect(),
        }
    }

    pub(super) fn holds(&self, tallies: &Tallies) -> bool {
        holds(&self.logic, tallies)
    }
}

fn questions(logic: &Logic<Clause>, gauges: &mut Vec<Gauge>) -> Logic<Question> {
    match logic {
        Logic::Leaf(clause) => Logic::Leaf(question(clause, gauges)),
        Logic::Not(inner) => questions(inner, gauges).negated(),
        Logic::And(parts) => Logic::And(parts.iter().map(|p| questions(p, gauges)).collect()),
        Logic::Or(parts) => Logic::Or(parts.iter().map(|p| questions(p, gauges)).collect()),
    }
}

fn question(clause: &Clause, gauges: &mut Vec<Gauge>) -> Question {
    let mut place = |gauge: Gauge| {
        gauges
            .iter()
            .position(|known| *known == gauge)
            .unwrap_or_else(|| {
                gauges.push(gauge);
                gauges.len() - 1
            })
    };
    match clause {
        Clause::Compared {
            measure,
            relation,
            number,
        } => Question::Compared {
            source: match &measure.quantity {
                Quantity::Count(None) => Source::Members,
                Quantity::Count(Some(filter)) => Source::Taken(place(Gauge::Taken(filter.clone()))),
                Quantity::Distinct(field) => Source::Distinct(place(Gauge::Texts(field.clone()))),
                Quantity::Least(field) => Source::Least(place(Gauge::Sorted(field.clone()))),
                Quantity::Greatest(field) => Source::Greatest(place(Gauge::Sorted(field.clone()))),
                Quantity::Mean(field) => Source::Mean(place(Gauge::Sum(field.clone()))),
                Quantity::Sum(field) => Source::Sum(place(Gauge::Sum(field.clone()))),
                Quantity::Latest(field) => Source::Latest(place(Gauge::Series(field.clone()))),
            },
            decimals: measure.decimals,
            relation: *relation,
            number: *number,
        },
        Clause::Latest { filter, .. } => Question::Latest(place(Gauge::Answers(filter.clone()))),
        Clause::Any(filter) => Question::Any(place(Gauge::Taken(filter.clone()))),
        Clause::All(filter) => Question::All(place(Gauge::Taken(filter.clone()))),
    }
}

fn holds(logic: &Logic<Question>, tallies: &Tallies) -> bool {
    match logic {
        Logic::Leaf(question) => tallies.answer(question),
        Logic::Not(inner) => !holds(inner, tallies),
        Logic::And(parts) => parts.iter().all(|part| holds(part, tallies)),
        Logic::Or(parts) => parts.iter().any(|part| holds(part, tallies)),
    }
}

impl Tallies {
    /// An alarm came. `order` is greater the later its record came, and its own in the bucket.
    pub fn add(&mut self, order: u64, record: &AlarmRecord) {
        self.members += 1;
        for (gauge, state) in self.gauges.iter().zip(&mut self.states) {
            state.add(gauge, order, record);
        }
    }

    /// An alarm went that came with this order and this record.
    pub fn remove(&mut self, order: u64, record: &AlarmRecord) {
        self.members = self.members.saturating_sub(1);
        for (gauge, state) in self.gauges.iter().zip(&mut self.states) {
            state.remove(gauge, order, record);
        }
    }

    /// Whether more than the number of alarms is kept: what goes must be told with its record.
    #[must_use]
    pub fn looks_at_records(&self) -> bool {
        !self.gauges.is_empty()
    }

    /// As [`Self::remove`], where no record is looked at.
    pub fn drop_one(&mut self) {
        self.members = self.members.saturating_sub(1);
    }

    /// How many alarms there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members == 0
    }

    fn answer(&self, question: &Question) -> bool {
        match question {
            Question::Compared {
                source,
                decimals,
                relation,
                number,
            } => self.number(*source).is_some_and(|found| {
                let found = decimals.map_or(found, |decimals| found.rounded(decimals));
                relation.holds(&found, number)
            }),
            Question::Latest(place) => self.states.get(*place).is_some_and(State::answer),
            Question::Any(place) => self.taken(*place) > 0,
            Question::All(place) => self.members > 0 && self.taken(*place) == self.members,
        }
    }

    fn number(&self, source: Source) -> Option<Fixed> {
        match source {
            Source::Members => Some(Fixed::whole(self.members)),
            Source::Taken(place) => Some(Fixed::whole(self.taken(place))),
            Source::Distinct(place) => self.states.get(place)?.distinct(),
            Source::Least(place) => self.states.get(place)?.end(BTreeMap::first_key_value),
            Source::Greatest(place) => self.states.get(place)?.end(BTreeMap::last_key_value),
            Source::Mean(place) => {
                let (sum, count) = self.states.get(place)?.sum()?;
                sum.shared(count)
            }
            Source::Sum(place) => {
                let (sum, count) = self.states.get(place)?.sum()?;
                (count > 0).then_some(sum)
            }
            Source::Latest(place) => self.states.get(place)?.latest(),
        }
    }

    fn taken(&self, place: usize) -> usize {
        if let Some(State::Taken(count)) = self.states.get(place) {
            *count
        } else {
            0
        }
    }
}
