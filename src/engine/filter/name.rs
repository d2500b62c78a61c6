//! Values that have names: severity, severity range, type, status and user status.

use crate::model::{AlarmRecord, AlarmType, Severity, SeverityRange, Status, UserStatus};

/// What a name can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameKind {
    /// How bad it is; the only kind with an order.
    Severity,
    /// Side of normal.
    SeverityRange,
    /// What happened.
    Type,
    /// Whether the alarm stands.
    Status,
    /// What people did with it.
    UserStatus,
}

/// A value that has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    /// How bad it is.
    Severity(Severity),
    /// Side of normal.
    SeverityRange(SeverityRange),
    /// What happened.
    Type(AlarmType),
    /// Whether the alarm stands.
    Status(Status),
    /// What people did with it.
    UserStatus(UserStatus),
}

impl NameKind {
    /// Every name of this kind.
    #[must_use]
    pub fn all(self) -> Vec<Name> {
        fn list<T: Copy>(all: &[T], name: fn(T) -> Name) -> Vec<Name> {
            all.iter().copied().map(name).collect()
        }
        match self {
            Self::Severity => list(&Severity::ALL, Name::Severity),
            Self::SeverityRange => list(&SeverityRange::ALL, Name::SeverityRange),
            Self::Type => list(AlarmType::ALL, Name::Type),
            Self::Status => list(&Status::ALL, Name::Status),
            Self::UserStatus => list(&UserStatus::ALL, Name::UserStatus),
        }
    }

    /// What the record says; `None` when it does not.
    #[must_use]
    pub fn of(self, record: &AlarmRecord) -> Option<Name> {
        match self {
            Self::Severity => Some(Name::Severity(record.severity)),
            Self::SeverityRange => record.severity_range.map(Name::SeverityRange),
            Self::Type => record.kind.map(Name::Type),
            Self::Status => Some(Name::Status(record.status)),
            Self::UserStatus => record.user_status.map(Name::UserStatus),
        }
    }

    /// The name that a person wrote: in any case, with space, `_`, `-` or nothing between words.
    #[must_use]
    pub fn parse(self, text: &str) -> Option<Name> {
        match self {
            Self::Severity => Severity::from_name(text).map(Name::Severity),
            Self::Type => AlarmType::from_name(text).map(Name::Type),
            Self::Status => Status::from_name(text).map(Name::Status),
            Self::SeverityRange | Self::UserStatus => self
                .all()
                .into_iter()
                .find(|name| letters(name.text()).eq(letters(text))),
        }
    }

    /// The name of a DataMiner code (`slenumvalues`,
    /// `Structure_of_the_offload_database.md`), among those legal for the field.
    #[must_use]
    pub fn from_code(self, code: u16) -> Option<Name> {
        let name = match (self, code) {
            (Self::Type, _) => Name::Type(AlarmType::from_code(code)?),
            (Self::Severity, 1) => Name::Severity(Severity::Critical),
            (Self::Severity, 2) => Name::Severity(Severity::Major),
            (Self::Severity, 3) => Name::Severity(Severity::Minor),
            (Self::Severity, 4) => Name::Severity(Severity::Warning),
            (Self::Severity, 5) => Name::Severity(Severity::Normal),
            (Self::Severity, 13) => Name::Severity(Severity::Information),
            (Self::Severity, 17) => Name::Severity(Severity::Timeout),
            (Self::Severity, 24) => Name::Severity(Severity::Error),
            (Self::Severity, 28) => Name::Severity(Severity::Notice),
            (Self::SeverityRange, 5) => Name::SeverityRange(SeverityRange::Normal),
            (Self::SeverityRange, 6) => Name::SeverityRange(SeverityRange::High),
            (Self::SeverityRange, 7) => Name::SeverityRange(SeverityRange::Low),
            (Self::Status, 11) => Name::Status(Status::Cleared),
            (Self::Status, 12) => Name::Status(Status::Open),
            (Self::Status, 25) => Name::Status(Status::Masked),
            (Self::Status, 54) => Name::Status(Status::Clearable),
            (Self::UserStatus, 18) => Name::UserStatus(UserStatus::NotAssigned),
            (Self::UserStatus, 19) => Name::UserStatus(UserStatus::Acknowledged),
            (Self::UserStatus, 20) => Name::UserStatus(UserStatus::Resolved),
            (Self::UserStatus, 21) => Name::UserStatus(UserStatus::Unresolved),
            (Self::Severity | Self::SeverityRange | Self::Status | Self::UserStatus, _) => {
                return None;
            }
        };
        Some(name)
    }
}

impl Name {
    /// As people read it: `New alarm`.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Severity(name) => name.name(),
            Self::SeverityRange(name) => name.name(),
            Self::Type(name) => name.name(),
            Self::Status(name) => name.name(),
            Self::UserStatus(name) => name.name(),
        }
    }

    /// As filters write it: `new_alarm`.
    #[must_use]
    pub fn word(self) -> String {
        self.text().to_ascii_lowercase().replace([' ', '-'], "_")
    }

    /// A bit of its own inside its kind.
    pub(super) const fn bit(self) -> u64 {
        let place = match self {
            Self::Severity(name) => name as u32,
            Self::SeverityRange(name) => name as u32,
            Self::Type(name) => name as u32,
            Self::Status(name) => name as u32,
            Self::UserStatus(name) => name as u32,
        };
        1 << place
    }
}

fn letters(name: &str) -> impl Iterator<Item = char> {
    name.chars()
        .filter(|c| !matches!(c, ' ' | '_' | '-'))
        .flat_map(char::to_lowercase)
}
