//! Named intervals of the week and the year, in a zone.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::Time;
use super::interval::Interval;

/// How far ahead a change is looked for: two years, and the days of leap years.
const AHEAD: Duration = Duration::from_secs(2 * 366 * 86_400);

/// A named set of intervals: nights, weekends, a plant's holidays. Pure: whether it holds is a
/// function of the time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// Its key under `[times]`.
    pub name: String,
    intervals: Vec<Interval>,
    except: Vec<Arc<Self>>,
    also: Vec<Arc<Self>>,
}

impl Calendar {
    /// The times at which one of `intervals` or of `also` holds, and none of `except`.
    #[must_use]
    pub fn new(
        name: impl Into<String>,
        intervals: Vec<Interval>,
        except: Vec<Arc<Self>>,
        also: Vec<Arc<Self>>,
    ) -> Self {
        Self {
            name: name.into(),
            intervals,
            except,
            also,
        }
    }

    /// Whether `at` lies in it.
    #[must_use]
    pub fn holds(&self, at: Time) -> bool {
        self.holds_at(at.timestamp())
    }

    /// When that changes next after `at`; `None` when it does not within two years.
    #[must_use]
    pub fn next_change(&self, at: Time) -> Option<Time> {
        let begin = at.timestamp();
        let end = (at + AHEAD).timestamp();
        let holds = self.holds_at(begin);
        let mut edge = begin;
        loop {
            edge = self.next_edge(edge, end)?;
            if self.holds_at(edge) != holds {
                return Some(Time::from(edge));
            }
        }
    }

    /// How many spans of a day have to be looked at to say whether it holds, those of other times
    /// included.
    #[must_use]
    pub fn weight(&self) -> usize {
        let own = self.intervals.iter().map(Interval::weight);
        let others = self.except.iter().chain(&self.also);
        own.chain(others.map(|other| other.weight()))
            .fold(0, usize::saturating_add)
    }

    fn holds_at(&self, at: Timestamp) -> bool {
        let within = self.intervals.iter().any(|interval| interval.holds(at))
            || self.also.iter().any(|other| other.holds_at(at));
        within && !self.except.iter().any(|other| other.holds_at(at))
    }

    /// The first time after `after` and up to `until` at which anything of it may change.
    fn next_edge(&self, after: Timestamp, until: Timestamp) -> Option<Timestamp> {
        let own = self.intervals.iter();
        let own = own.filter_map(|interval| interval.next_edge(after, until));
        let others = self.except.iter().chain(&self.also);
        own.chain(others.filter_map(|other| other.next_edge(after, until)))
            .min()
    }
}
