//! What a filter can look at.

use std::fmt;

use crate::model::AlarmRecord;

use super::name::NameKind;
use super::token::{is_word, quote};

/// A field of an alarm record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    /// Root id.
    Id,
    /// Element name.
    Element,
    /// DataMiner agent and element id.
    ElementId,
    /// Parameter description.
    Parameter,
    /// DataMiner parameter id.
    ParameterId,
    /// Table row.
    Index,
    /// Alarm value.
    Value,
    /// How bad it is.
    Severity,
    /// Side of normal.
    SeverityRange,
    /// What happened.
    Type,
    /// Whether the alarm stands.
    Status,
    /// What people did with it.
    UserStatus,
    /// Who has taken it.
    Owner,
    /// What reported it.
    Source,
    /// Free text.
    Comment,
    /// Any service the alarm touches.
    Service,
    /// Any view the element is in.
    View,
    /// Whether some of the line could not be read.
    Partial,
    /// A property by its name, which is not empty; `element.Site` names one of the element.
    Property(String),
}

/// How a field compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// One text.
    Text,
    /// Several texts, of which any will do.
    List,
    /// A value that has a name.
    Name(NameKind),
    /// True or false.
    Flag,
}

/// What is put before the name of a property.
pub(super) const PROPERTY_PREFIX: &str = "property.";

impl Field {
    /// Every field but properties, in the order in which the config reference lists them.
    pub const ALL: [Self; 18] = [
        Self::Id,
        Self::Element,
        Self::ElementId,
        Self::Parameter,
        Self::ParameterId,
        Self::Index,
        Self::Value,
        Self::Severity,
        Self::SeverityRange,
        Self::Type,
        Self::Status,
        Self::UserStatus,
        Self::Owner,
        Self::Source,
        Self::Comment,
        Self::Service,
        Self::View,
        Self::Partial,
    ];

    /// The word for it; for a property only its prefix.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Element => "element",
            Self::ElementId => "element_id",
            Self::Parameter => "parameter",
            Self::ParameterId => "parameter_id",
            Self::Index => "index",
            Self::Value => "value",
            Self::Severity => "severity",
            Self::SeverityRange => "severity_range",
            Self::Type => "type",
            Self::Status => "status",
            Self::UserStatus => "user_status",
            Self::Owner => "owner",
            Self::Source => "source",
            Self::Comment => "comment",
            Self::Service => "service",
            Self::View => "view",
            Self::Partial => "partial",
            Self::Property(_) => PROPERTY_PREFIX,
        }
    }

    /// The field of that word, in any case; not for properties.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|field| field.name().eq_ignore_ascii_case(name))
    }

    /// How it compares.
    #[must_use]
    pub const fn kind(&self) -> FieldKind {
        match self {
            Self::Severity => FieldKind::Name(NameKind::Severity),
            Self::SeverityRange => FieldKind::Name(NameKind::SeverityRange),
            Self::Type => FieldKind::Name(NameKind::Type),
            Self::Status => FieldKind::Name(NameKind::Status),
            Self::UserStatus => FieldKind::Name(NameKind::UserStatus),
            Self::Service | Self::View => FieldKind::List,
            Self::Partial => FieldKind::Flag,
            Self::Id
            | Self::Element
            | Self::ElementId
            | Self::Parameter
            | Self::ParameterId
            | Self::Index
            | Self::Value
            | Self::Owner
            | Self::Source
            | Self::Comment
            | Self::Property(_) => FieldKind::Text,
        }
    }

    /// Whether it holds a measured value, so that `= 12.5` takes "12.5 dB"; any other text equals a
    /// number only as a whole, so that `element_id = 7` does not take "7/59".
    #[must_use]
    pub const fn is_measured(&self) -> bool {
        matches!(self, Self::Value | Self::Property(_))
    }

    /// The text of a field of kind [`FieldKind::Text`]; empty when it is not there.
    pub(crate) fn text<'r>(&self, record: &'r AlarmRecord) -> &'r str {
        match self {
            Self::Id => &record.id,
            Self::Element => &record.element,
            Self::ElementId => record.element_id.as_deref().unwrap_or_default(),
            Self::Parameter => &record.parameter,
            Self::ParameterId => record.parameter_id.as_deref().unwrap_or_default(),
            Self::Index => &record.index,
            Self::Value => &record.value,
            Self::Owner => &record.owner,
            Self::Source => &record.source,
            Self::Comment => &record.comment,
            Self::Property(name) => record.properties.get(name).unwrap_or_default(),
            Self::Severity
            | Self::SeverityRange
            | Self::Type
            | Self::Status
            | Self::UserStatus
            | Self::Service
            | Self::View
            | Self::Partial => "",
        }
    }

    /// The texts of a field of kind [`FieldKind::List`].
    pub(crate) fn list<'r>(&self, record: &'r AlarmRecord) -> &'r [String] {
        match self {
            Self::Service => &record.services,
            Self::View => &record.views,
            Self::Id
            | Self::Element
            | Self::ElementId
            | Self::Parameter
            | Self::ParameterId
            | Self::Index
            | Self::Value
            | Self::Severity
            | Self::SeverityRange
            | Self::Type
            | Self::Status
            | Self::UserStatus
            | Self::Owner
            | Self::Source
            | Self::Comment
            | Self::Partial
            | Self::Property(_) => &[],
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        if let Self::Property(name) = self {
            if is_word(name) && !name.ends_with('.') {
                f.write_str(name)?;
            } else {
                f.write_str(&quote(name))?;
            }
        }
        Ok(())
    }
}
