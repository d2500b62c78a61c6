//! Calendars: hours of the wall clock, over the changes of the clocks, past midnight, with exceptions.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, date};
use jiff::tz::TimeZone;
use klaxond::model::{Calendar, Dates, Hours, Interval, Time, Weekdays};
use proptest::prelude::*;

const MINUTE: i64 = 60_000;

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn at(text: &str) -> Time {
    Time::from(text.parse::<Timestamp>().unwrap())
}

/// An interval as the config writes it.
fn interval(zone_name: &str, weekdays: &[&str], hours: &[&str], dates: &[&str]) -> Interval {
    Interval {
        timezone: zone(zone_name),
        weekdays: weekdays
            .iter()
            .map(|text| Weekdays::parse(text).unwrap())
            .collect(),
        dates: dates
            .iter()
            .map(|text| Dates::parse(text).unwrap())
            .collect(),
        hours: hours
            .iter()
            .map(|text| Hours::parse(text).unwrap())
            .collect(),
    }
}

fn calendar(interval: Interval) -> Calendar {
    Calendar::new("test", vec![interval], Vec::new(), Vec::new())
}

/// The changes from `begin` on, as RFC 3339 in UTC.
fn changes(calendar: &Calendar, begin: &str, count: usize) -> Vec<String> {
    let mut at = at(begin);
    let mut found = Vec::new();
    while let Some(next) = (found.len() < count)
        .then(|| calendar.next_change(at))
        .flatten()
    {
        assert!(next > at);
        assert_ne!(calendar.holds(next), calendar.holds(at), "{next}");
        found.push(next.to_string());
        at = next;
    }
    found
}

#[test]
fn hours_past_midnight_belong_to_the_day_they_begin_on() {
    let fridays = calendar(interval("UTC", &["fri"], &["22:00-06:00"], &[]));
    // 2026-01-02 is a Friday.
    for (time, holds) in [
        ("2026-01-02T05:59:00Z", false),
        ("2026-01-02T21:59:59Z", false),
        ("2026-01-02T22:00:00Z", true),
        ("2026-01-03T05:59:59Z", true),
        ("2026-01-03T06:00:00Z", false),
        ("2026-01-03T22:00:00Z", false),
    ] {
        assert_eq!(fridays.holds(at(time)), holds, "{time}");
    }
    assert_eq!(
        changes(&fridays, "2026-01-01T00:00:00Z", 3),
        [
            "2026-01-02T22:00:00Z",
            "2026-01-03T06:00:00Z",
            "2026-01-09T22:00:00Z"
        ]
    );
}

#[test]
fn a_night_is_an_hour_shorter_in_spring_and_an_hour_longer_in_autumn() {
    let nights = calendar(interval("Europe/Madrid", &[], &["22:00-06:00"], &[]));
    assert_eq!(
        changes(&nights, "2026-03-28T12:00:00Z", 2),
        ["2026-03-28T21:00:00Z", "2026-03-29T04:00:00Z"]
    );
    assert_eq!(
        changes(&nights, "2026-10-24T12:00:00Z", 2),
        ["2026-10-24T20:00:00Z", "2026-10-25T05:00:00Z"]
    );
}

#[test]
fn an_hour_that_is_there_twice_counts_twice() {
    let early = calendar(interval("Europe/Madrid", &[], &["02:30-03:00"], &[]));
    assert_eq!(
        changes(&early, "2026-10-24T12:00:00Z", 4),
        [
            "2026-10-25T00:30:00Z",
            "2026-10-25T01:00:00Z",
            "2026-10-25T01:30:00Z",
            "2026-10-25T02:00:00Z"
        ]
    );
}

#[test]
fn a_time_that_does_not_exist_moves_on() {
    let early = calendar(interval("Europe/Madrid", &[], &["02:15-02:45"], &[]));
    assert_eq!(
        changes(&early, "2026-03-29T00:00:00Z", 2),
        ["2026-03-29T01:15:00Z", "2026-03-29T01:45:00Z"]
    );
    // Lord Howe's clocks go by half an hour: 02:15 is 02:45 that night.
    let howe = calendar(interval("Australia/Lord_Howe", &[], &["02:15-04:00"], &[]));
    assert_eq!(
        changes(&howe, "2026-10-03T12:00:00Z", 2),
        ["2026-10-03T15:45:00Z", "2026-10-03T17:00:00Z"]
    );
}

#[test]
fn the_twenty_ninth_of_february_comes_every_fourth_year() {
    let leap = calendar(interval("UTC", &[], &[], &["02-29"]));
    assert_eq!(
        changes(&leap, "2027-01-01T00:00:00Z", 2),
        ["2028-02-29T00:00:00Z", "2028-03-01T00:00:00Z"]
    );
    assert_eq!(
        leap.next_change(at("2028-03-01T00:00:00Z")),
        None,
        "two years at most"
    );
}

#[test]
fn days_of_every_year_go_past_its_end() {
    let christmas = calendar(interval("UTC", &[], &[], &["12-24..01-06"]));
    assert_eq!(
        changes(&christmas, "2026-06-01T00:00:00Z", 4),
        [
            "2026-12-24T00:00:00Z",
            "2027-01-07T00:00:00Z",
            "2027-12-24T00:00:00Z",
            "2028-01-07T00:00:00Z"
        ]
    );
    let once = calendar(interval(
        "UTC",
        &["sat-sun"],
        &[],
        &["2026-12-24..2027-01-06"],
    ));
    assert_eq!(
        changes(&once, "2026-06-01T00:00:00Z", 9),
        [
            "2026-12-26T00:00:00Z",
            "2026-12-28T00:00:00Z",
            "2027-01-02T00:00:00Z",
            "2027-01-04T00:00:00Z"
        ]
    );
}

#[test]
fn other_times_take_away_and_add() {
    let holidays = Arc::new(calendar(interval("UTC", &[], &[], &["01-06"])));
    let saturdays = Arc::new(calendar(interval("UTC", &["sat"], &["09:00-12:00"], &[])));
    let office = Calendar::new(
        "office",
        vec![interval("UTC", &["mon-fri"], &["09:00-17:00"], &[])],
        vec![holidays],
        vec![saturdays],
    );
    // 2026-01-06 is a Tuesday.
    assert_eq!(
        changes(&office, "2026-01-05T12:00:00Z", 3),
        [
            "2026-01-05T17:00:00Z",
            "2026-01-07T09:00:00Z",
            "2026-01-07T17:00:00Z"
        ]
    );
    assert!(office.holds(at("2026-01-10T09:00:00Z")));
    assert!(!office.holds(at("2026-01-10T12:00:00Z")));
    // A holiday that is also a Saturday: what takes away wins.
    assert!(!office.holds(at("2029-01-06T10:00:00Z")));
    let union = Calendar::new("x", Vec::new(), Vec::new(), vec![Arc::new(office)]);
    assert!(union.holds(at("2026-01-07T10:00:00Z")));
    assert_eq!(union.weight(), 3);
}

#[test]
fn what_never_changes_says_so() {
    let always = calendar(Interval::always());
    assert!(always.holds(at("2026-01-01T00:00:00Z")));
    assert_eq!(always.next_change(at("2026-01-01T00:00:00Z")), None);
    let past = calendar(interval("UTC", &[], &[], &["2020-01-01"]));
    assert!(!past.holds(at("2026-01-01T00:00:00Z")));
    assert_eq!(past.next_change(at("2026-01-01T00:00:00Z")), None);
    let whole = Arc::new(calendar(interval("Europe/Madrid", &["mon-sun"], &[], &[])));
    let never = Calendar::new("never", vec![Interval::always()], vec![whole], Vec::new());
    assert!(!never.holds(at("2026-05-01T00:00:00Z")));
    assert_eq!(never.next_change(at("2026-05-01T00:00:00Z")), None);
    // The ends of what can be said of time.
    for edge in [i64::MIN, i64::MAX] {
        assert_eq!(always.next_change(Time::from_ms(edge)), None);
        let nights = calendar(interval("America/New_York", &[], &["22:00-06:00"], &[]));
        assert!(
            nights
                .next_change(Time::from_ms(edge))
                .is_none_or(|at| at > Time::from_ms(edge))
        );
    }
}

#[test]
fn what_cannot_be_read_is_pointed_at() {
    let said = |text: &str, fault: klaxond::model::IntervalFault| {
        format!("[{}] {fault}", &text[fault.span.clone()])
    };
    let weekdays = |text: &str| said(text, Weekdays::parse(text).unwrap_err());
    let hours = |text: &str| said(text, Hours::parse(text).unwrap_err());
    let dates = |text: &str| said(text, Dates::parse(text).unwrap_err());
    assert_eq!(
        weekdays("mon-friday"),
        "[friday] \"friday\" is not a day of the week; write \"mon-fri\""
    );
    assert!(weekdays("lundi").contains("mon, tue, wed"));
    assert!(weekdays("").starts_with("[] \"\" is not a day"));
    assert_eq!(
        hours("8:00-18:00"),
        "[8:00] \"8:00\" is not a time of day; write two digits each, from 00:00 to 23:59"
    );
    assert!(hours("08:00-25:00").starts_with("[25:00]"));
    assert!(hours("24:00-25:00").starts_with("[24:00]"));
    assert!(hours("08:00").contains("from when to when"));
    assert!(hours("08:00-08:00").contains("00:00-24:00"));
    assert!(hours("08:60-09:00").starts_with("[08:60]"));
    assert!(dates("2026-02-29").starts_with("[2026-02-29] \"2026-02-29\" is not a day"));
    assert!(dates("12-32").starts_with("[12-32]"));
    assert!(dates("2026-12-24..12-25").contains("one day has a year"));
    assert!(dates("2026-12-24..2026-12-23").contains("later than the last"));
    assert!(dates("24.12.").starts_with("[24.12.]"));
    assert!(Hours::parse("22:00-00:00").is_ok());
    assert!(Weekdays::parse("Fri-MON").is_ok());
    assert!(Dates::parse("02-29").is_ok());
}

/// What the wall clock of a zone shows, minute by minute, and nothing else known of the zone.
struct Walls {
    begin_ms: i64,
    shown: Vec<DateTime>,
    /// Neighbours with more than a minute between.
    gaps: Vec<(DateTime, DateTime)>,
}

impl Walls {
    fn new(zone: &TimeZone, begin: Time, days: i64) -> Self {
        let begin_ms = begin.as_ms();
        let minutes = 0..days * 24 * 60;
        let shown = minutes.map(|n| {
            let at = Time::from_ms(begin_ms + n * MINUTE).timestamp();
            zone.to_datetime(at)
        });
        let shown: Vec<DateTime> = shown.collect();
        let pairs = shown.windows(2).map(|pair| (pair[0], pair[1]));
        let gaps = pairs.filter(|(one, next)| next.duration_since(*one).as_mins() > 1);
        let gaps = gaps.collect();
        Self {
            begin_ms,
            shown,
            gaps,
        }
    }

    /// A time that is never shown moves on by as much as the clock leaves out.
    fn moved(&self, time: DateTime) -> DateTime {
        let gap = self.gaps.iter().find(|gap| gap.0 < time && time < gap.1);
        gap.map_or(time, |(one, next)| {
            let left_out = next.duration_since(*one).as_mins() - 1;
            time + jiff::Span::new().minutes(left_out)
        })
    }

    fn holds(&self, minute: usize, interval: &Naive) -> bool {
        let wall = self.shown[minute];
        let days: BTreeSet<Date> = (0..=2)
            .map(|back| wall.date() - jiff::Span::new().days(back))
            .collect();
        days.into_iter().any(|day| {
            let weekday = day.weekday().to_monday_zero_offset();
            let dated = interval.dates.as_ref().is_none_or(|(first, last)| {
                let day = (day.month(), day.day());
                match first <= last {
                    true => *first <= day && day <= *last,
                    false => *first <= day || day <= *last,
                }
            });
            let midnight = day.to_datetime(jiff::civil::Time::midnight());
            let from = midnight + jiff::Span::new().minutes(interval.from);
            let length = match interval.to > interval.from {
                true => interval.to,
                false => interval.to + 24 * 60,
            };
            let to = midnight + jiff::Span::new().minutes(length);
            interval.days[usize::try_from(weekday).unwrap()]
                && dated
                && self.moved(from) <= wall
                && wall < self.moved(to)
        })
    }
}

/// An interval in plain numbers.
#[derive(Debug, Clone)]
struct Naive {
    days: [bool; 7],
    from: i64,
    to: i64,
    dates: Option<((i8, i8), (i8, i8))>,
}

impl Naive {
    fn real(&self, timezone: &TimeZone) -> Interval {
        const WEEK: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let days = WEEK.iter().zip(self.days).filter(|(_, on)| *on);
        let clock = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
        let hours = format!("{}-{}", clock(self.from), clock(self.to));
        let dates = self
            .dates
            .iter()
            .map(|((a, b), (c, d))| format!("{a:02}-{b:02}..{c:02}-{d:02}"));
        Interval {
            timezone: timezone.clone(),
            weekdays: days
                .map(|(name, _)| Weekdays::parse(name).unwrap())
                .collect(),
            hours: vec![Hours::parse(&hours).unwrap()],
            dates: dates.map(|text| Dates::parse(&text).unwrap()).collect(),
        }
    }
}

/// Zones, and days around which their clocks change.
fn scenes() -> impl Strategy<Value = (&'static str, Date)> {
    prop_oneof![
        Just(("Europe/Madrid", date(2026, 3, 29))),
        Just(("Europe/Madrid", date(2026, 10, 25))),
        Just(("America/New_York", date(2026, 3, 8))),
        Just(("America/New_York", date(2028, 11, 5))),
        Just(("Australia/Lord_Howe", date(2026, 4, 5))),
        Just(("Australia/Lord_Howe", date(2026, 10, 4))),
        // Clocks changed at midnight there.
        Just(("America/Sao_Paulo", date(2018, 11, 4))),
        Just(("America/Sao_Paulo", date(2018, 2, 18))),
        Just(("Asia/Kolkata", date(2026, 12, 31))),
        Just(("UTC", date(2028, 2, 29))),
    ]
}

fn naive() -> impl Strategy<Value = Naive> {
    let minute = || {
        prop_oneof![
            0..24 * 60_i64,
            (0..24_i64).prop_map(|hour| hour * 60),
            (0..16_i64).prop_map(|n| n * 15)
        ]
    };
    let month_day = || (1..=12_i8, 1..=28_i8);
    let near =
        (0..3_i8, 1..=28_i8, 0..3_i8, 1..=28_i8).prop_map(|(a, b, c, d)| ((a + 2, b), (c + 2, d)));
    let dates = prop_oneof![
        4 => Just(None),
        1 => (month_day(), month_day()).prop_map(Some),
        1 => Just(Some(((2, 29), (2, 29)))),
        1 => near.prop_map(Some),
    ];
    (any::<[bool; 7]>(), minute(), minute(), dates).prop_filter_map(
        "empty",
        |(days, from, to, dates)| {
            let some = days.iter().any(|on| *on) && from != to;
            some.then_some(Naive {
                days,
                from,
                to,
                dates,
            })
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Against what a person does with a calendar on the wall and a clock, minute by minute.
    #[test]
    fn it_holds_as_the_wall_clock_says(
        (name, day) in scenes(),
        own in prop::collection::vec(naive(), 1..3),
        taken in prop::option::of(naive()),
        added in prop::option::of(naive()),
    ) {
        let zone = zone(name);
        let begin = day.to_zoned(TimeZone::UTC).unwrap().timestamp() - jiff::SignedDuration::from_hours(3 * 24);
        let begin = Time::from(begin);
        // The days before and after are there so that hours past midnight and changes are seen.
        let walls = Walls::new(&zone, begin, 6);
        let other = |naive: &Naive| Arc::new(Calendar::new("other", vec![naive.real(&zone)], Vec::new(), Vec::new()));
        let calendar = Calendar::new(
            "test",
            own.iter().map(|naive| naive.real(&zone)).collect(),
            taken.iter().map(other).collect(),
            added.iter().map(other).collect(),
        );
        let expected = |minute: usize| {
            (own.iter().chain(&added).any(|naive| walls.holds(minute, naive)))
                && !taken.iter().any(|naive| walls.holds(minute, naive))
        };
        let held: Vec<bool> = (0..walls.shown.len()).map(expected).collect();
        let mut edges = Vec::new();
        for (minute, holds) in held.iter().enumerate() {
            let at = Time::from_ms(walls.begin_ms + i64::try_from(minute).unwrap() * MINUTE);
            prop_assert_eq!(calendar.holds(at), *holds, "{} {}", at, walls.shown[minute]);
            if minute > 0 && held[minute - 1] != *holds {
                edges.push(at);
            }
        }
        // And the changes are found one after the other.
        let end = begin + std::time::Duration::from_secs(6 * 86_400 - 60);
        let mut found = Vec::new();
        let mut at = begin;
        while let Some(next) = calendar.next_change(at).filter(|next| *next <= end) {
            found.push(next);
            at = next;
        }
        prop_assert_eq!(found, edges);
    }
}
