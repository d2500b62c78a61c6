//! Times as people and DataMiner write them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;

use crate::model::Time;

use super::DataMiner;

/// The time of a JSON record: RFC 3339.
pub(super) fn read_rfc3339(text: &str) -> Option<Time> {
    text.trim().parse::<Timestamp>().ok().map(Time::from)
}

/// The time of a DataMiner string. DataMiner writes it in the culture of its server, without a
/// zone (`How_do_I_parse_Correlation_Alarm_Info_data.md` reads it back with `DateTime.Parse`): the
/// formats of the config are tried first, then the usual shapes.
pub(super) fn read_local(text: &str, settings: &DataMiner) -> Option<Time> {
    let text = text.trim();
    if text.is_empty() || text.len() > MAX_BYTES {
        return None;
    }
    settings
        .time_formats
        .iter()
        .find_map(|format| by_format(format, text, &settings.timezone))
        .or_else(|| text.parse::<Timestamp>().ok().map(Time::from))
        .or_else(|| in_zone(usual(text, settings.day_first)?, &settings.timezone))
}

const MAX_BYTES: usize = 64;

fn by_format(format: &str, text: &str, zone: &TimeZone) -> Option<Time> {
    let parsed = BrokenDownTime::parse(format, text).ok()?;
    match parsed.to_timestamp() {
        Ok(instant) => Some(instant.into()),
        Err(_) => in_zone(parsed.to_datetime().ok()?, zone),
    }
}

fn in_zone(at: DateTime, zone: &TimeZone) -> Option<Time> {
    zone.to_timestamp(at).ok().map(Time::from)
}

/// `2024-08-20 12:13:32`, `20/08/2024 12:13:32 p. m.`, `8/20/2024 12:13 PM`, `20.08.24 12.13`: three
/// numbers for the day, two to four for the time of day, and perhaps which half of it.
fn usual(text: &str, day_first: bool) -> Option<DateTime> {
    let (numbers, half) = numbers_and_half(text)?;
    let (day, clock) = numbers.split_at_checked(3)?;
    let [first, second, third] = *day else {
        return None;
    };
    let (year, month, day) = if first.digits == 4 {
        (first.value, second.value, third.value)
    } else {
        let year = if third.digits == 4 {
            third.value
        } else {
            2000 + third.value
        };
        // A number past twelve can only be a day, whatever the config says.
        let day_first = (day_first && second.value <= 12) || first.value > 12;
        if day_first {
            (year, second.value, first.value)
        } else {
            (year, first.value, second.value)
        }
    };
    let (hour, minute, second) = match *clock {
        [] => (0, 0, 0),
        [hour, minute] => (hour.value, minute.value, 0),
        // A fourth number is a fraction of a second.
        [hour, minute, second] | [hour, minute, second, _] => {
            (hour.value, minute.value, second.value)
        }
        _ => return None,
    };
    let hour = match half {
        None => hour,
        Some(_) if !(1..=12).contains(&hour) => return None,
        Some(Half::Morning) => hour % 12,
        Some(Half::Afternoon) => hour % 12 + 12,
    };
    DateTime::new(
        i16::try_from(year).ok()?,
        i8::try_from(month).ok()?,
        i8::try_from(day).ok()?,
        i8::try_from(hour).ok()?,
        i8::try_from(minute).ok()?,
        i8::try_from(second).ok()?,
        0,
    )
    .ok()
}

#[derive(Clone, Copy)]
struct Number {
    value: u32,
    digits: usize,
}

#[derive(Clone, Copy)]
enum Half {
    Morning,
    Afternoon,
}

/// The runs of digits in `text`, and `am` or `pm` in any spelling (`p. m.`, `PM`). Other letters
/// than these and the `T` of ISO 8601 mean that it is something else.
fn numbers_and_half(text: &str) -> Option<(Vec<Number>, Option<Half>)> {
    const MAX_NUMBERS: usize = 7;
    let mut numbers: Vec<Number> = Vec::with_capacity(MAX_NUMBERS);
    let mut letters = String::new();
    let mut inside = false;
    for c in text.chars() {
        if let Some(digit) = c.to_digit(10) {
            if !inside {
                if numbers.len() == MAX_NUMBERS {
                    return None;
                }
                numbers.push(Number {
                    value: 0,
                    digits: 0,
                });
            }
            inside = true;
            let number = numbers.last_mut()?;
            number.value = number.value.checked_mul(10)?.checked_add(digit)?;
            number.digits += 1;
            continue;
        }
        inside = false;
        if c.is_alphabetic() {
            letters.extend(c.to_lowercase());
        } else if !(c.is_whitespace() || matches!(c, '/' | '-' | '.' | ':' | ',')) {
            return None;
        }
    }
    let half = match letters.as_str() {
        "" | "t" => None,
        "am" => Some(Half::Morning),
        "pm" => Some(Half::Afternoon),
        _ => return None,
    };
    Some((numbers, half))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::collections::BTreeMap;

    use super::*;
    use crate::ingest::SeverityCodes;

    fn read(text: &str, day_first: bool, formats: &[&str]) -> Option<String> {
        let settings = DataMiner {
            names: BTreeMap::new(),
            timezone: TimeZone::get("Europe/Madrid").unwrap(),
            time_formats: formats.iter().map(ToString::to_string).collect(),
            day_first,
            severity_codes: SeverityCodes::SlEnum,
        };
        read_local(text, &settings).map(|time| time.to_string())
    }

    #[test]
    fn the_usual_shapes_are_read_in_the_zone_of_the_config() {
        for text in [
            "20/08/2024 12:13:32 p. m.",
            "20/08/2024 12:13:32",
            "2024-08-20 12:13:32",
            "2024-08-20T12:13:32",
            "20.08.2024 12.13.32",
            "20/8/24 12:13:32 PM",
            "2024-08-20T10:13:32Z",
            "2024-08-20T12:13:32+02:00",
            "8/20/2024 12:13:32\u{202f}PM",
        ] {
            assert_eq!(
                read(text, true, &[]).as_deref(),
                Some("2024-08-20T10:13:32Z"),
                "{text}"
            );
        }
    }

    #[test]
    fn day_first_decides_where_the_numbers_do_not() {
        assert_eq!(
            read("05/06/2024 00:00", true, &[]).unwrap(),
            "2024-06-04T22:00:00Z"
        );
        assert_eq!(
            read("05/06/2024 00:00", false, &[]).unwrap(),
            "2024-05-05T22:00:00Z"
        );
        assert_eq!(
            read("25/06/2024 00:00", false, &[]).unwrap(),
            "2024-06-24T22:00:00Z"
        );
    }

    #[test]
    fn formats_of_the_config_come_first() {
        assert_eq!(
            read("20240820121332", true, &["%Y%m%d%H%M%S"]).unwrap(),
            "2024-08-20T10:13:32Z"
        );
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "soon",
            "1/2",
            "99/99/2024",
            "20/08/2024 25:00",
            "-1",
            "13/13/2024 1:1 pm",
        ] {
            assert_eq!(read(text, true, &[]), None, "{text}");
        }
    }
}
