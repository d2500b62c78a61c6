//! Days and hours of the wall clock in a zone, and how people write them.

use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time as Clock, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};

/// Minutes of a day.
const DAY: u16 = 24 * 60;

const WEEK: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Hours of certain days in a zone.
///
/// Hours are those of the wall clock: one that is there twice counts twice, and a time that does not
/// exist, because clocks go forward, moves on by as much as they do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interval {
    /// Whose wall clock.
    pub timezone: TimeZone,
    /// On which days of the week; none is every day.
    pub weekdays: Vec<Weekdays>,
    /// On which days of the year, besides; none is every day.
    pub dates: Vec<Dates>,
    /// At which hours of these days; none is the whole day.
    pub hours: Vec<Hours>,
}

/// A day of the week, or some in a row: `sat`, `mon-fri`, `fri-mon`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weekdays {
    first: Weekday,
    last: Weekday,
}

/// Hours of a day: `08:30-18:00`, `00:00-24:00`; `22:00-06:00` ends on the day after, and belongs to the
/// day it begins on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    from_minute: u16,
    to_minute: u16,
}

/// Days: `2026-12-24`, `2026-12-24..2027-01-06`, or those of every year: `12-25`, `12-24..01-06`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dates {
    /// Both included.
    Once(Date, Date),
    /// Month and day, both included; past the end of the year when the first is the later one.
    Yearly((i8, i8), (i8, i8)),
}

/// Why a text is none of these.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}; {expected}")]
pub struct IntervalFault {
    /// Which bytes of the text.
    pub span: Range<usize>,
    /// What is wrong, as a lowercase fragment.
    pub message: String,
    /// What to write instead.
    pub expected: String,
}

impl Interval {
    /// Every moment.
    #[must_use]
    pub const fn always() -> Self {
        Self {
            timezone: TimeZone::UTC,
            weekdays: Vec::new(),
            dates: Vec::new(),
            hours: Vec::new(),
        }
    }

    pub(super) fn weight(&self) -> usize {
        self.hours.len().max(1)
    }

    pub(super) fn holds(&self, at: Timestamp) -> bool {
        let wall = self.timezone.to_datetime(at);
        // What began the day before may go on, and what ends at a time that does not exist moves on.
        days_from(before(wall.date()))
            .take_while(|day| *day <= wall.date())
            .filter(|day| self.takes(*day))
            .flat_map(|day| self.spans(day))
            .any(|(from, to)| self.existing(from) <= wall && wall < self.existing(to))
    }

    /// The first time after `after` and up to `until` at which it may begin or end.
    pub(super) fn next_edge(&self, after: Timestamp, until: Timestamp) -> Option<Timestamp> {
        if self.is_constant() {
            return None;
        }
        // Where clocks change an hour is left out or comes again.
        let change = self.timezone.following(after).next();
        let mut next = change.map(|change| change.timestamp());
        let last = self.timezone.to_datetime(until).date();
        for day in days_from(before(self.timezone.to_datetime(after).date())) {
            let is_behind = |next: Timestamp| {
                let found = self.timezone.to_datetime(next).date();
                found.tomorrow().is_ok_and(|found| found < day)
            };
            if day > last || next.is_some_and(is_behind) {
                break;
            }
            if !self.takes(day) {
                continue;
            }
            let edges = self.spans(day).flat_map(|(from, to)| [from, to]);
            next = edges
                .flat_map(|edge| self.instants(edge))
                .chain([next])
                .flatten()
                .filter(|edge| *edge > after)
                .min();
        }
        next.filter(|next| *next <= until)
    }

    fn is_constant(&self) -> bool {
        let whole_days = self.hours.is_empty() || self.hours.iter().any(|hours| hours.is_a_day());
        whole_days && self.weekdays.is_empty() && self.dates.is_empty()
    }

    fn takes(&self, day: Date) -> bool {
        let of_week = self.weekdays.is_empty()
            || (self.weekdays.iter()).any(|weekdays| weekdays.takes(day.weekday()));
        let of_year = self.dates.is_empty() || self.dates.iter().any(|dates| dates.takes(day));
        of_week && of_year
    }

    /// Its spans of a day by the wall clock, as written.
    fn spans(&self, day: Date) -> impl Iterator<Item = (DateTime, DateTime)> + '_ {
        const WHOLE: [Hours; 1] = [Hours {
            from_minute: 0,
            to_minute: DAY,
        }];
        let hours = if self.hours.is_empty() {
            &WHOLE
        } else {
            self.hours.as_slice()
        };
        hours.iter().filter_map(move |hours| hours.on(day))
    }

    /// The time that the wall clock shows in place of one that it leaves out.
    fn existing(&self, wall: DateTime) -> DateTime {
        let at = self.timezone.to_ambiguous_timestamp(wall);
        match (at.offset(), at.compatible()) {
            (AmbiguousOffset::Gap { .. }, Ok(at)) => self.timezone.to_datetime(at),
            _ => wall,
        }
    }

    /// When the wall clock shows that time: twice, where it goes back.
    fn instants(&self, wall: DateTime) -> [Option<Timestamp>; 2] {
        let at = self.timezone.to_ambiguous_timestamp(wall);
        match at.offset() {
            AmbiguousOffset::Fold { .. } => [at.earlier().ok(), at.later().ok()],
            AmbiguousOffset::Gap { .. } | AmbiguousOffset::Unambiguous { .. } => {
                [at.compatible().ok(), None]
            }
        }
    }
}

/// The day from which on a span can hold at `day`.
fn before(day: Date) -> Date {
    let yesterday = day.yesterday().unwrap_or(day);
    yesterday.yesterday().unwrap_or(yesterday)
}

fn days_from(day: Date) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(day), |day| day.tomorrow().ok())
}

impl Weekdays {
    /// Reads `sat` or `mon-fri`, in any case.
    ///
    /// # Errors
    /// Which part is no day of the week.
    pub fn parse(text: &str) -> Result<Self, IntervalFault> {
        let (first, last) = match text.split_once('-') {
            Some((first, last)) => (
                weekday(text, first, 0)?,
                weekday(text, last, first.len() + 1)?,
            ),
            None => {
                let day = weekday(text, text, 0)?;
                (day, day)
            }
        };
        Ok(Self { first, last })
    }

    fn takes(self, day: Weekday) -> bool {
        self.first.until(day) <= self.first.until(self.last)
    }
}

fn weekday(text: &str, part: &str, at: usize) -> Result<Weekday, IntervalFault> {
    let word = part.trim().to_ascii_lowercase();
    let known = WEEK.iter().position(|name| *name == word);
    let day = known.and_then(|place| i8::try_from(place + 1).ok());
    if let Some(day) = day.and_then(|day| Weekday::from_monday_one_offset(day).ok()) {
        return Ok(day);
    }
    let meant = WEEK.iter().find(|name| word.starts_with(**name));
    let expected = match meant {
        Some(name) => format!(
            "write \"{}{name}{}\"",
            &text[..at],
            &text[at + part.len()..]
        ),
        None => "write mon, tue, wed, thu, fri, sat or sun, or some in a row: \"mon-fri\"".into(),
    };
    Err(IntervalFault {
        span: at..at + part.len(),
        message: format!("\"{}\" is not a day of the week", part.trim()),
        expected,
    })
}

impl Hours {
    /// Reads `08:30-18:00`.
    ///
    /// # Errors
    /// Which part is no time of day.
    pub fn parse(text: &str) -> Result<Self, IntervalFault> {
        const SHAPE: &str = "write hours such as \"08:30-18:00\", or \"22:00-06:00\" past midnight";
        let Some((from, to)) = text.split_once('-') else {
            return Err(whole(text, "hours are from when to when", SHAPE));
        };
        let from_minute = minute(from, 0, DAY - 1)?;
        let to_minute = minute(to, from.len() + 1, DAY)?;
        if from_minute == to_minute {
            let help = "write \"00:00-24:00\" for the whole day";
            return Err(whole(text, "these hours end where they begin", help));
        }
        Ok(Self {
            from_minute,
            to_minute,
        })
    }

    fn is_a_day(self) -> bool {
        self.from_minute == 0 && self.to_minute == DAY
    }

    /// From when to when they go if they begin on `day`.
    fn on(self, day: Date) -> Option<(DateTime, DateTime)> {
        let last = if self.to_minute > self.from_minute {
            day
        } else {
            day.tomorrow().ok()?
        };
        Some((wall(day, self.from_minute)?, wall(last, self.to_minute)?))
    }
}

fn wall(day: Date, minute: u16) -> Option<DateTime> {
    let (day, minute) = if minute == DAY {
        (day.tomorrow().ok()?, 0)
    } else {
        (day, minute)
    };
    let clock = Clock::new(
        i8::try_from(minute / 60).ok()?,
        i8::try_from(minute % 60).ok()?,
        0,
        0,
    );
    Some(day.to_datetime(clock.ok()?))
}

/// Minutes since midnight.
fn minute(part: &str, at: usize, most: u16) -> Result<u16, IntervalFault> {
    let read = |text: &str| -> Option<u16> {
        let (hours, minutes) = text.split_once(':')?;
        let two = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        if !two(hours) || !two(minutes) {
            return None;
        }
        let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
        (minutes < 60).then_some(hours * 60 + minutes)
    };
    read(part.trim())
        .filter(|minute| *minute <= most)
        .ok_or_else(|| IntervalFault {
            span: at..at + part.len(),
            message: format!("\"{}\" is not a time of day", part.trim()),
            expected: format!(
                "write two digits each, from 00:00 to {:02}:{:02}",
                most / 60,
                most % 60
            ),
        })
}

impl Dates {
    /// Reads `2026-12-24`, `12-25`, or two of a kind with `..` between.
    ///
    /// # Errors
    /// Which part is no day.
    pub fn parse(text: &str) -> Result<Self, IntervalFault> {
        let (first, last) = match text.split_once("..") {
            Some((first, last)) => (day(first, 0)?, day(last, first.len() + 2)?),
            None => {
                let day = day(text, 0)?;
                (day, day)
            }
        };
        match (first, last) {
            (Day::Once(first), Day::Once(last)) if first > last => Err(whole(
                text,
                "the first day is later than the last",
                "write the earlier day first",
            )),
            (Day::Once(first), Day::Once(last)) => Ok(Self::Once(first, last)),
            (Day::Yearly(first), Day::Yearly(last)) => Ok(Self::Yearly(first, last)),
            _ => Err(whole(
                text,
                "one day has a year and the other has none",
                "write the year on both, or on neither for every year",
            )),
        }
    }

    fn takes(self, day: Date) -> bool {
        match self {
            Self::Once(first, last) => (first..=last).contains(&day),
            Self::Yearly(first, last) => {
                let day = (day.month(), day.day());
                if first <= last {
                    (first..=last).contains(&day)
                } else {
                    day >= first || day <= last
                }
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Day {
    Once(Date),
    Yearly((i8, i8)),
}

fn day(part: &str, at: usize) -> Result<Day, IntervalFault> {
    /// It has every day that any year has.
    const LEAP: i16 = 2000;
    let text = part.trim();
    let numbers: Option<Vec<i16>> = text
        .split('-')
        .map(|number| {
            let plain = number.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| number.parse().ok())?
        })
        .collect();
    let small = |number: i16| i8::try_from(number).ok();
    let date = |year, month, day| Date::new(year, small(month)?, small(day)?).ok();
    let widths: Vec<usize> = text.split('-').map(str::len).collect();
    let read = match (numbers.as_deref(), widths.as_slice()) {
        (Some([year, month, day]), [4, 2, 2]) => date(*year, *month, *day).map(Day::Once),
        (Some([month, day]), [2, 2]) => {
            date(LEAP, *month, *day).map(|date| Day::Yearly((date.month(), date.day())))
        }
        _ => None,
    };
    read.ok_or_else(|| IntervalFault {
        span: at..at + part.len(),
        message: format!("\"{text}\" is not a day"),
        expected: "write \"2026-12-24\", or \"12-24\" for every year".to_owned(),
    })
}

fn whole(text: &str, message: &str, expected: &str) -> IntervalFault {
    IntervalFault {
        span: 0..text.len(),
        message: message.to_owned(),
        expected: expected.to_owned(),
    }
}
