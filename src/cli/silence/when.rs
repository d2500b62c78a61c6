//! Times as people write them on a command line.

use jiff::Timestamp;
use jiff::civil::{DateTime, Time as Clock};
use jiff::tz::TimeZone;

use crate::model::Time;

/// RFC 3339; a time of `zone`; or the next time after `after` at which a clock there shows it.
pub(super) fn read(text: &str, zone: &TimeZone, after: Time) -> Result<Time, String> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(Time::from(at));
    }
    if text.contains('-')
        && let Ok(wall) = text.parse::<DateTime>()
    {
        return of_wall(wall, zone);
    }
    let clock: Clock = text.parse().map_err(|_| expected(text))?;
    let day = zone.to_datetime(after.timestamp()).date();
    let days = [Ok(day), day.tomorrow()].into_iter().flatten();
    let times = days.filter_map(|day| of_wall(day.to_datetime(clock), zone).ok());
    let mut later = times.filter(|at| *at > after);
    later.next().ok_or_else(|| expected(text))
}

fn of_wall(wall: DateTime, zone: &TimeZone) -> Result<Time, String> {
    let at = zone.to_ambiguous_timestamp(wall).compatible();
    at.map(Time::from).map_err(|error| error.to_string())
}

fn expected(text: &str) -> String {
    format!("\"{text}\" is not a time; write 18:00, \"2026-11-22 18:00\" or 2026-11-22T18:00:00Z")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_clock_means_its_next_time_in_the_zone() {
        let zone = TimeZone::get("Europe/Madrid").unwrap();
        let now = Time::from("2026-11-22T17:30:00Z".parse::<Timestamp>().unwrap());
        let read = |text: &str| read(text, &zone, now).map(|at| at.to_string());
        assert_eq!(read("19:00").unwrap(), "2026-11-22T18:00:00Z");
        assert_eq!(read("18:00").unwrap(), "2026-11-23T17:00:00Z");
        assert_eq!(read("2026-12-24 18:00").unwrap(), "2026-12-24T17:00:00Z");
        assert_eq!(read("2026-12-24T18:00").unwrap(), "2026-12-24T17:00:00Z");
        assert_eq!(
            read("2026-12-24T18:00:00+05:30").unwrap(),
            "2026-12-24T12:30:00Z"
        );
        assert!(read("tomorrow").unwrap_err().contains("18:00"));
    }
}
