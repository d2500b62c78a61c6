//! DataMiner's numbers and names for what a record says.
//!
//! Numbers are those of `slenumvalues` (`Structure_of_the_offload_database.md`); severities may
//! follow `AlarmLevel` instead where the config says so.

use crate::model::{AlarmType, Severity, SeverityRange, Status, UserStatus};

use super::SeverityCodes;

/// The severity of a number.
pub(super) fn severity(code: i64, codes: SeverityCodes) -> Option<Severity> {
    match codes {
        SeverityCodes::SlEnum => match code {
            1 => Some(Severity::Critical),
            2 => Some(Severity::Major),
            3 => Some(Severity::Minor),
            4 => Some(Severity::Warning),
            5 => Some(Severity::Normal),
            13 => Some(Severity::Information),
            17 => Some(Severity::Timeout),
            24 => Some(Severity::Error),
            28 => Some(Severity::Notice),
            _ => None,
        },
        SeverityCodes::AlarmLevel => match code {
            0 => Some(Severity::Undefined),
            1 => Some(Severity::Normal),
            2 => Some(Severity::Warning),
            3 => Some(Severity::Minor),
            4 => Some(Severity::Major),
            5 => Some(Severity::Critical),
            6 | 12 => Some(Severity::Information),
            7 => Some(Severity::Timeout),
            8 => Some(Severity::Initial),
            9 => Some(Severity::Masked),
            10 => Some(Severity::Error),
            11 => Some(Severity::Notice),
            _ => None,
        },
    }
}

/// The alarm type of a number.
pub(super) fn kind(code: i64) -> Option<AlarmType> {
    u16::try_from(code).ok().and_then(AlarmType::from_code)
}

/// The status of a number.
pub(super) fn status(code: i64) -> Option<Status> {
    match code {
        11 => Some(Status::Cleared),
        12 => Some(Status::Open),
        25 => Some(Status::Masked),
        54 => Some(Status::Clearable),
        _ => None,
    }
}

/// The severity range of a number.
pub(super) fn severity_range(code: i64) -> Option<SeverityRange> {
    match code {
        5 => Some(SeverityRange::Normal),
        6 => Some(SeverityRange::High),
        7 => Some(SeverityRange::Low),
        _ => None,
    }
}

/// The user status of a number.
pub(super) fn user_status(code: i64) -> Option<UserStatus> {
    match code {
        18 => Some(UserStatus::NotAssigned),
        19 => Some(UserStatus::Acknowledged),
        20 => Some(UserStatus::Resolved),
        21 => Some(UserStatus::Unresolved),
        _ => None,
    }
}

/// What the number of a source stands for.
pub(super) fn source(code: i64) -> Option<&'static str> {
    match code {
        14 => Some("Mobile Gateway"),
        15 => Some("Service Monitor"),
        16 => Some("DataMiner System"),
        23 => Some("Correlation Engine"),
        26 => Some("Automation Engine"),
        29 => Some("WatchDog"),
        30 => Some("External"),
        39 => Some("System Display"),
        52 => Some("Internal"),
        56 => Some("Aggregation"),
        58 => Some("DataMiner Analytics"),
        61 => Some("Clustering engine"),
        _ => None,
    }
}

/// The value of `all` that goes by `name`, in any case and with any of space, `_` and `-` or none
/// between its words.
pub(super) fn by_name<T: Copy>(all: &[T], name_of: fn(T) -> &'static str, name: &str) -> Option<T> {
    all.iter()
        .copied()
        .find(|value| letters(name_of(*value)).eq(letters(name)))
}

fn letters(name: &str) -> impl Iterator<Item = char> {
    name.chars()
        .filter(|c| !matches!(c, ' ' | '_' | '-'))
        .flat_map(char::to_lowercase)
}
