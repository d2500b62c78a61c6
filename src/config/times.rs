//! `[times.…]`: named intervals of the week and the year.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::tz::TimeZone;
use toml::Spanned;
use toml::de::DeValue;

use crate::model::{Calendar, Dates, Hours, Interval, IntervalFault, Time, Weekdays};

use super::fault::Fault;
use super::keys;
use super::page::{Problem, Text};
use super::reader::Table;
use super::top;

const MAX_TIMES: usize = 1_000;

/// Spans of a day that one of them may look at, those of others included.
const MAX_WEIGHT: usize = 100;

const EXAMPLE: &str = "write [times.nights] with hours = [\"22:00-06:00\"], for example";

/// The times of the file, by name.
#[derive(Default)]
pub(super) struct Times {
    known: BTreeMap<String, Arc<Calendar>>,
    /// Every name that is written, also of those that cannot be used.
    names: Vec<String>,
    now: Time,
}

/// One as it is written.
struct Written<'d> {
    name: Text<'d>,
    intervals: Vec<Interval>,
    except: Vec<Text<'d>>,
    also: Vec<Text<'d>>,
    good: bool,
}

/// `now` is for warnings: what is over can never hold again.
pub(super) fn read(file: &Table<'_>, zone: &TimeZone, now: Time) -> Times {
    let entries = file.entries("times");
    if entries.len() > MAX_TIMES {
        let message = format!("there are more than {MAX_TIMES} times");
        file.fault("times", Problem::new(message).help("remove some"));
    }
    let written: Vec<Written<'_>> = entries
        .into_iter()
        .take(MAX_TIMES)
        .filter_map(|(name, value)| one(file, name, value, zone))
        .collect();
    let mut reading = Reading {
        file,
        places: written
            .iter()
            .enumerate()
            .map(|(place, one)| (one.name.text, place))
            .collect(),
        made: vec![None; written.len()],
        under_way: Vec::new(),
        written: &written,
    };
    for place in 0..written.len() {
        reading.make(place);
    }
    let made = reading.made;
    let mut times = Times {
        names: written.iter().map(|one| one.name.text.to_owned()).collect(),
        known: BTreeMap::new(),
        now,
    };
    for (one, calendar) in written.iter().zip(made) {
        let Some(calendar) = calendar.flatten() else {
            continue;
        };
        if !calendar.holds(now) && calendar.next_change(now).is_none() {
            let message = format!("the times \"{}\" never hold", one.name.text);
            file.page
                .warn(Fault::at(one.name.span.clone(), message).help(
                "they do not hold within two years: look at their days, and at what is taken away",
            ));
        }
        times.known.insert(one.name.text.to_owned(), calendar);
    }
    times
}

/// One, from a table or a list of them.
fn one<'d>(
    file: &Table<'d>,
    name: Text<'d>,
    value: &'d Spanned<DeValue<'d>>,
    zone: &TimeZone,
) -> Option<Written<'d>> {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | ' ' | '.');
    if name.text.trim().is_empty() || name.text.len() > 64 || !name.text.chars().all(plain) {
        let message = format!("\"{}\" cannot be the name of times", name.text);
        let help = "write letters, digits, - and _, such as [times.nights]";
        file.page.fault(Fault::at(name.span, message).help(help));
        return None;
    }
    let items: Vec<&'d Spanned<DeValue<'d>>> = match value.get_ref() {
        DeValue::Array(items) => items.iter().collect(),
        DeValue::Table(_) => vec![value],
        DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_) => {
            file.wrong_type(name.text, value, "a table", EXAMPLE);
            return None;
        }
    };
    let mut written = Written {
        name,
        intervals: Vec::new(),
        except: Vec::new(),
        also: Vec::new(),
        good: true,
    };
    for item in items {
        let title = format!("[times.{}]", written.name.text);
        let Some(table) = file.as_table(item, &keys::TIMES, title) else {
            file.wrong_type(written.name.text, item, "a table", EXAMPLE);
            written.good = false;
            continue;
        };
        part(&table, zone, &mut written);
    }
    Some(written)
}

fn part<'d>(table: &Table<'d>, zone: &TimeZone, written: &mut Written<'d>) {
    let own = table.read("timezone", top::timezone);
    let weekdays = texts(table, "weekdays", Weekdays::parse);
    let hours = texts(table, "hours", Hours::parse);
    let dates = texts(table, "dates", Dates::parse);
    for (key, list) in [("except", &mut written.except), ("also", &mut written.also)] {
        if table.get(key).is_some() {
            match table.texts(key) {
                Some(names) => list.extend(names),
                None => written.good = false,
            }
        }
    }
    let says = ["weekdays", "hours", "dates"]
        .iter()
        .any(|key| table.get(key).is_some());
    match (weekdays, hours, dates) {
        (Some(weekdays), Some(hours), Some(dates)) => {
            // What only adds others is nothing by itself.
            if says || table.get("also").is_none() {
                written.intervals.push(Interval {
                    timezone: own.unwrap_or_else(|| zone.clone()),
                    weekdays,
                    dates,
                    hours,
                });
            }
        }
        _ => written.good = false,
    }
}

/// A list of which every entry is read; empty when it is not there, `None` when it is wrong.
fn texts<T>(
    table: &Table<'_>,
    key: &str,
    parse: impl Fn(&str) -> Result<T, IntervalFault>,
) -> Option<Vec<T>> {
    if table.get(key).is_none() {
        return Some(Vec::new());
    }
    let texts = table.texts(key)?;
    if texts.is_empty() {
        let problem = Problem::new(format!("`{key}` is empty"));
        table.fault(key, problem.help("name some, or leave it out for all"));
        return None;
    }
    let read: Vec<Option<T>> = texts
        .iter()
        .map(|text| {
            table.parse(text, |text| {
                parse(text).map_err(|fault| {
                    Problem::new(format!("{key}: {}", fault.message))
                        .help(fault.expected)
                        .inside(fault.span)
                })
            })
        })
        .collect();
    read.into_iter().collect()
}

/// Times that are made of others: each after those it names.
struct Reading<'r, 'd> {
    file: &'r Table<'d>,
    written: &'r [Written<'d>],
    places: BTreeMap<&'d str, usize>,
    /// `Some(None)` cannot be used.
    made: Vec<Option<Option<Arc<Calendar>>>>,
    under_way: Vec<usize>,
}

impl Reading<'_, '_> {
    fn make(&mut self, place: usize) -> Option<Arc<Calendar>> {
        if let Some(made) = &self.made[place] {
            return made.clone();
        }
        let written = &self.written[place];
        self.under_way.push(place);
        let except = self.others(&written.except);
        let also = self.others(&written.also);
        self.under_way.pop();
        let made = match (written.good, except, also) {
            (true, Some(except), Some(also)) => {
                let intervals = written.intervals.clone();
                let calendar = Calendar::new(written.name.text, intervals, except, also);
                self.within_bounds(written, calendar)
            }
            _ => None,
        };
        self.made[place] = Some(made.clone());
        made
    }

    fn within_bounds(&self, written: &Written<'_>, calendar: Calendar) -> Option<Arc<Calendar>> {
        if calendar.weight() <= MAX_WEIGHT {
            return Some(Arc::new(calendar));
        }
        let message = format!("these times have more than {MAX_WEIGHT} hours, others included");
        let fault = Fault::at(written.name.span.clone(), message);
        self.file
            .page
            .fault(fault.help("write fewer; a list of days counts once"));
        None
    }

    fn others(&mut self, names: &[Text<'_>]) -> Option<Vec<Arc<Calendar>>> {
        let mut good = true;
        let mut others = Vec::with_capacity(names.len());
        for name in names {
            let Some(place) = self.places.get(name.text.trim()).copied() else {
                let near = keys::nearest(name.text, self.places.keys().copied());
                self.file.page.fault(unknown(name, near));
                good = false;
                continue;
            };
            if let Some(first) = self.under_way.iter().position(|other| *other == place) {
                self.file.page.fault(self.circle(name, first));
                good = false;
                continue;
            }
            match self.make(place) {
                Some(other) => others.push(other),
                None => good = false,
            }
        }
        good.then_some(others)
    }

    /// The one that stands at `first` of those under way is named again.
    fn circle(&self, name: &Text<'_>, first: usize) -> Fault {
        let way = self.under_way.get(first + 1..).unwrap_or_default();
        let way: Vec<String> = way
            .iter()
            .filter_map(|place| self.written.get(*place))
            .map(|one| format!("\"{}\"", one.name.text))
            .collect();
        let message = if way.is_empty() {
            format!("the times \"{}\" are made of themselves", name.text.trim())
        } else {
            format!(
                "the times \"{}\" are made of themselves, by way of {}",
                name.text.trim(),
                way.join(", ")
            )
        };
        Fault::at(name.span.clone(), message).help("take this one out")
    }
}

fn unknown(name: &Text<'_>, near: Option<&str>) -> Fault {
    let message = format!("no times are called \"{}\"", name.text.trim());
    let help = match near {
        Some(near) => format!("write \"{near}\""),
        None => format!("write [times.{}] with days and hours", name.text.trim()),
    };
    Fault::at(name.span.clone(), message).help(help).follows()
}

impl Times {
    /// The times that the list `key` names; empty when it is not there, `None` when it is wrong.
    pub(super) fn named(&self, table: &Table<'_>, key: &str) -> Option<Vec<Arc<Calendar>>> {
        if table.get(key).is_none() {
            return Some(Vec::new());
        }
        let texts = table.texts(key)?;
        if texts.is_empty() {
            let problem = Problem::new(format!("`{key}` is empty"));
            table.fault(
                key,
                problem.help("name some [times.…], or take the key out"),
            );
            return None;
        }
        let mut good = true;
        let mut found: Vec<Arc<Calendar>> = Vec::with_capacity(texts.len());
        for text in &texts {
            match self.known.get(text.text.trim()) {
                Some(calendar) if found.contains(calendar) => {}
                Some(calendar) => found.push(Arc::clone(calendar)),
                None => {
                    good = false;
                    let name = text.text.trim();
                    // One that is there and wrong is told where it stands.
                    if !self.names.iter().any(|known| known == name) {
                        let names = self.names.iter().map(String::as_str);
                        table.page.fault(unknown(text, keys::nearest(name, names)));
                    }
                }
            }
        }
        good.then_some(found)
    }

    /// Whether one of `some` holds now and does not end within two years.
    pub(super) fn always(&self, some: &[Arc<Calendar>]) -> bool {
        self.constant(&all(some)) == Some(true)
    }

    /// Whether none of `some` holds, now and within two years.
    pub(super) fn never(&self, some: &[Arc<Calendar>]) -> bool {
        self.constant(&all(some)) == Some(false)
    }

    /// Whether `active` never holds without `mute`; no `active` is always.
    pub(super) fn never_without(&self, active: &[Arc<Calendar>], mute: &[Arc<Calendar>]) -> bool {
        let intervals = if active.is_empty() {
            vec![Interval::always()]
        } else {
            Vec::new()
        };
        let speaks = Calendar::new("", intervals, mute.to_vec(), active.to_vec());
        self.constant(&speaks) == Some(false)
    }

    fn constant(&self, calendar: &Calendar) -> Option<bool> {
        let stays = calendar.next_change(self.now).is_none();
        stays.then(|| calendar.holds(self.now))
    }
}

fn all(some: &[Arc<Calendar>]) -> Calendar {
    Calendar::new("", Vec::new(), Vec::new(), some.to_vec())
}
