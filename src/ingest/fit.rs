//! Where the fields of a DataMiner string end, when `|` may stand inside free text.
//!
//! The fields behind the alarm value have a signature: a time, three numbers, a severity range, a
//! source and a user status, each number out of a small set. The value is the shortest for which
//! the signature follows; the number of properties, which has to agree with how many parts are left,
//! decides between several.

use std::ops::Range;

use super::codes;

/// Where the fields from 10 (the value) on lie, as places in the list of parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fit {
    /// Field 11, the time; the value is all in front of it. Fields 12 to 17 follow one by one.
    pub(super) time: usize,
    /// Field 18, when there.
    pub(super) owner: Option<usize>,
    /// Field 19 with the `|` inside it.
    pub(super) services: Range<usize>,
    /// Names and values of the properties, with what may be inside them and the script name.
    pub(super) properties: Range<usize>,
    /// How many properties were announced.
    pub(super) count: usize,
    /// The parts end where the count says, or with the services.
    pub(super) exact: bool,
}

/// Finds the fields in `parts`, which begin with the value.
///
/// Linear in the number of parts: of the places that have the signature, a bounded number is weighed.
pub(super) fn find(parts: &[&str], readable_time: impl Fn(&str) -> bool) -> Option<Fit> {
    const MAX_WEIGHED: usize = 64;
    let counts = exact_counts(parts);
    let mut best: Option<((bool, bool), Fit)> = None;
    let signed = (1..parts.len()).filter(|&time| has_signature(&parts[time..]));
    for time in signed.take(MAX_WEIGHED) {
        let fit = at(parts, time, &counts);
        let weight = (fit.exact, readable_time(parts[time]));
        if best.as_ref().is_none_or(|(known, _)| weight > *known) {
            best = Some((weight, fit));
        }
        if weight == (true, true) {
            break;
        }
    }
    best.map(|(_, fit)| fit)
}

/// Fields between the time and the owner: 12 to 17.
const CODED: usize = 6;

/// Whether `parts` begin like fields 11 to 17.
fn has_signature(parts: &[&str]) -> bool {
    let [
        _,
        service_rca,
        element_rca,
        parameter_rca,
        range,
        source,
        user_status,
        ..,
    ] = parts
    else {
        return false;
    };
    // The two that have few values first: they turn almost every place away.
    number(range).and_then(codes::severity_range).is_some()
        && number(user_status).and_then(codes::user_status).is_some()
        && [service_rca, element_rca, parameter_rca, source]
            .into_iter()
            .all(|part| number(part).is_some())
}

/// A field that is a whole number.
pub(super) fn number(part: &str) -> Option<i64> {
    part.trim().parse().ok()
}

/// The places of numbers n that have 2n parts behind them, or these and a script name.
fn exact_counts(parts: &[&str]) -> Vec<usize> {
    (0..parts.len())
        .filter(|&place| {
            let behind = parts.len() - place - 1;
            announced(parts[place]).is_some_and(|count| behind / 2 == count)
        })
        .collect()
}

/// The number of properties that `part` announces.
fn announced(part: &str) -> Option<usize> {
    const MAX_DIGITS: usize = 6;
    let part = part.trim();
    let digits = (1..=MAX_DIGITS).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| part.parse().ok()).flatten()
}

/// The fit whose time is at `time`, where the signature holds.
fn at(parts: &[&str], time: usize, exact_counts: &[usize]) -> Fit {
    let owner = time + 1 + CODED;
    let services = owner + 1;
    let nominal = services + 1;
    let end = parts.len();
    let fit = |services: Range<usize>, properties: Range<usize>, count, exact| Fit {
        time,
        owner: (owner < end).then_some(owner),
        services,
        properties,
        count,
        exact,
    };
    let first = exact_counts.partition_point(|&place| place < nominal);
    if let Some(&place) = exact_counts.get(first) {
        let count = announced(parts[place]).unwrap_or_default();
        return fit(services..place, place + 1..end, count, true);
    }
    if end == nominal {
        return fit(services..end, end..end, 0, true);
    }
    let count = parts
        .get(nominal)
        .and_then(|part| announced(part))
        .filter(|count| 2 * count < end - nominal);
    match count {
        Some(count) => fit(services..nominal, nominal + 1..end, count, false),
        None => fit(services.min(end)..end, end..end, 0, false),
    }
}
