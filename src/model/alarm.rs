//! The alarm record: one line of input, a new alarm or a change to one.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Severity, Time};

/// A new alarm or a change to one, as a detection script reports it.
///
/// Texts that were not given are empty; `None` marks what must be told apart from empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmRecord {
    /// Root id: names the alarm inside its source and element.
    pub id: String,
    /// Element name, or `7/59` where only ids are known.
    pub element: String,
    /// DataMiner agent and element id (`7/59`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub element_id: Option<String>,
    /// Parameter description, or its id.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub parameter: String,
    /// DataMiner parameter id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameter_id: Option<String>,
    /// Table row the alarm is on.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub index: String,
    /// Alarm value, free text with its unit.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub value: String,
    /// How bad it is now.
    pub severity: Severity,
    /// On which side of normal an analogue value is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity_range: Option<SeverityRange>,
    /// What happened. `None` until the engine has inferred it from the alarm's tree.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<AlarmType>,
    /// Whether the alarm stands.
    pub status: Status,
    /// When it happened, for display; arrival when not given.
    pub time: Time,
    /// Who has taken it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub owner: String,
    /// What people did with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_status: Option<UserStatus>,
    /// What reported it (`DataMiner System`, `prometheus`).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// Free text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub comment: String,
    /// Services the alarm touches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    /// Views the element is in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub views: Vec<String>,
    /// Everything else, by name.
    #[serde(default, skip_serializing_if = "Properties::is_empty")]
    pub properties: Properties,
    /// Some of the line could not be read; what could is here.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub partial: bool,
    /// Whoever sends it repeats it while it lasts: the same again is no event, and says nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub repeats: bool,
    /// The alarm ends at this time unless it is repeated before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
}

impl AlarmRecord {
    /// The tree this record belongs to.
    #[must_use]
    pub fn tree(&self) -> TreeKey {
        TreeKey::new(
            &self.source,
            self.element_id.as_deref().unwrap_or(&self.element),
            &self.id,
        )
    }

    /// Whether this record ends its alarm: status cleared, whatever a filter says.
    #[must_use]
    pub fn ends(&self) -> bool {
        self.status == Status::Cleared
    }
}

/// Names an alarm: source, element (its id where known) and root id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TreeKey(Arc<str>);

impl TreeKey {
    /// Parts never contain the separator U+001F: codecs replace control characters in them.
    const SEPARATOR: char = '\u{1f}';

    fn new(source: &str, element: &str, id: &str) -> Self {
        let mut key = String::with_capacity(source.len() + element.len() + id.len() + 2);
        for (n, part) in [source, element, id].into_iter().enumerate() {
            if n > 0 {
                key.push(Self::SEPARATOR);
            }
            key.push_str(part);
        }
        Self(Arc::from(key))
    }

    /// The key of that text, as [`TreeKey::text`] gave it.
    #[must_use]
    pub const fn of_text(text: Arc<str>) -> Self {
        Self(text)
    }

    /// The key's text, shared.
    #[must_use]
    pub fn text(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }

    /// The key's text, to be shared.
    #[must_use]
    pub fn shared(&self) -> &Arc<str> {
        &self.0
    }

    /// The key as the store keeps it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Properties by name, in the order they came. Names are found in any case, and without
/// DataMiner's prefix (`ALARM.`, `ELEMENT.`, `SERVICE.`, `VIEW.`) or that of annotations.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Properties(Vec<(String, String)>);

impl Properties {
    const PREFIXES: [&'static str; 5] = ["alarm.", "element.", "service.", "view.", "annotation."];

    /// Adds a property; the last of one name wins.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<String>) {
        let (name, value) = (name.into(), value.into());
        match self.0.iter_mut().find(|(known, _)| same_name(known, &name)) {
            Some(known) => known.1 = value,
            None => self.0.push((name, value)),
        }
    }

    /// The value of `name`: of exactly that name, else of that name under a prefix.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let exact = self.0.iter().find(|(known, _)| same_name(known, name));
        exact
            .or_else(|| {
                self.0
                    .iter()
                    .find(|(known, _)| Self::unprefixed(known).is_some_and(|k| same_name(k, name)))
            })
            .map(|(_, value)| value.as_str())
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn unprefixed(name: &str) -> Option<&str> {
        Self::PREFIXES.iter().find_map(|prefix| {
            let head = name.get(..prefix.len())?;
            head.eq_ignore_ascii_case(prefix)
                .then(|| &name[prefix.len()..])
        })
    }
}

fn same_name(a: &str, b: &str) -> bool {
    a == b || a.eq_ignore_ascii_case(b) || (!a.is_ascii() && a.to_lowercase() == b.to_lowercase())
}

/// Whether an alarm stands (`slenumvalues` 11, 12, 25, 54).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It stands.
    Open,
    /// It has ended.
    Cleared,
    /// The cause is gone, a person must close it.
    Clearable,
    /// An operator hid it.
    Masked,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Open, Self::Cleared, Self::Clearable, Self::Masked];

    /// The name as people read it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "Open",
            Self::Cleared => "Cleared",
            Self::Clearable => "Clearable",
            Self::Masked => "Masked",
        }
    }

    /// The status of that name, in any case; `Mask` is DataMiner's word for Masked.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        if name.eq_ignore_ascii_case("mask") {
            return Some(Self::Masked);
        }
        Self::ALL
            .into_iter()
            .find(|status| status.name().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Which side of normal a value is on (`slenumvalues` 5, 6, 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeverityRange {
    /// Not an analogue value.
    Normal,
    /// Above normal.
    High,
    /// Below normal.
    Low,
}

impl SeverityRange {
    /// Every range.
    pub const ALL: [Self; 3] = [Self::Normal, Self::High, Self::Low];

    /// The name as people read it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Normal => "Normal",
            Self::High => "High",
            Self::Low => "Low",
        }
    }
}

/// What people did with an alarm (`slenumvalues` 18 to 21).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserStatus {
    /// Nobody has it.
    NotAssigned,
    /// Somebody has it.
    Acknowledged,
    /// Somebody says it is done.
    Resolved,
    /// Somebody gave it back.
    Unresolved,
}

impl UserStatus {
    /// Every user status.
    pub const ALL: [Self; 4] = [
        Self::NotAssigned,
        Self::Acknowledged,
        Self::Resolved,
        Self::Unresolved,
    ];

    /// The name as people read it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotAssigned => "Not assigned",
            Self::Acknowledged => "Acknowledged",
            Self::Resolved => "Resolved",
            Self::Unresolved => "Unresolved",
        }
    }
}

macro_rules! alarm_types {
    ($($variant:ident = $code:literal, $name:literal;)*) => {
        /// What a record says happened. Codes are DataMiner's `slenumvalues`
        /// (`Structure_of_the_offload_database.md`), those that a record may carry.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum AlarmType {
            $(#[doc = $name] $variant,)*
        }

        impl AlarmType {
            /// Every type.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name as people read it: `New alarm`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// DataMiner's number for it.
            #[must_use]
            pub const fn code(self) -> u16 {
                match self { $(Self::$variant => $code,)* }
            }
        }
    };
}

alarm_types! {
    Escalated = 8, "Escalated";
    Dropped = 9, "Dropped";
    NewAlarm = 10, "New alarm";
    Cleared = 11, "Cleared";
    Acknowledged = 19, "Acknowledged";
    Resolved = 20, "Resolved";
    Unresolved = 21, "Unresolved";
    CommentAdded = 22, "Comment added";
    Mask = 25, "Mask";
    Unmask = 27, "Unmask";
    DroppedFromCritical = 31, "Dropped from Critical";
    DroppedFromMajor = 32, "Dropped from Major";
    DroppedFromMinor = 33, "Dropped from Minor";
    DroppedFromWarning = 34, "Dropped from Warning";
    EscalatedFromWarning = 35, "Escalated from Warning";
    EscalatedFromMinor = 36, "Escalated from Minor";
    EscalatedFromMajor = 37, "Escalated from Major";
    Flipped = 38, "Flipped";
    ServiceImpactChanged = 40, "Service impact changed";
    ValueChanged = 41, "Value changed";
    NameChanged = 42, "Name changed";
    RcaLevelChanged = 43, "RCA-level changed";
    PropertiesChanged = 50, "Properties changed";
    ThresholdChanged = 53, "Threshold changed";
    InterfaceChanged = 55, "Interface changed";
    BaseAlarmsChanged = 57, "Base alarms changed";
    TicketsChanged = 59, "Tickets changed";
    ViewInfoChanged = 60, "View info changed";
}

impl AlarmType {
    /// The types that the engine infers when a record does not say.
    pub const INFERRED: [Self; 5] = [
        Self::NewAlarm,
        Self::Escalated,
        Self::Dropped,
        Self::ValueChanged,
        Self::Cleared,
    ];

    /// The type of that name, in any case and with any of space, `_` and `-` between words or none
    /// (`new_alarm`, `New alarm`, `NewAlarm`).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| letters(kind.name()).eq(letters(name)))
    }

    /// The type of that number.
    #[must_use]
    pub fn from_code(code: u16) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.code() == code)
    }
}

impl fmt::Display for AlarmType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

fn letters(name: &str) -> impl Iterator<Item = char> {
    name.chars()
        .filter(|c| !matches!(c, ' ' | '_' | '-'))
        .flat_map(char::to_lowercase)
}
