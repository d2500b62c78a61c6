//! The keys of a JSON record, and what looks like one.

macro_rules! keys {
    ($($key:ident = $name:literal,)*) => {
        /// A key that means something.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub(super) enum Key { $($key,)* }

        impl Key {
            const ALL: &'static [Self] = &[$(Self::$key,)*];

            pub(super) const fn name(self) -> &'static str {
                match self { $(Self::$key => $name,)* }
            }

            pub(super) fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$key),)* _ => None }
            }
        }
    };
}

keys! {
    Element = "element",
    Severity = "severity",
    Id = "id",
    Parameter = "parameter",
    Index = "index",
    Value = "value",
    Type = "type",
    Status = "status",
    Time = "time",
    Owner = "owner",
    Source = "source",
    Comment = "comment",
    ElementId = "element_id",
    ParameterId = "parameter_id",
    Services = "services",
    Views = "views",
    Properties = "properties",
    CorrelationAlarmInfo = "correlation_alarm_info",
    UserStatus = "user_status",
    SeverityRange = "severity_range",
    Repeats = "repeats",
    Until = "until",
}

impl Key {
    /// One bit per key.
    pub(super) const fn bit(self) -> u32 {
        1 << (self as u8)
    }

    /// The key that `name` is a misspelling of, when it looks like one: another case or other
    /// separators (`ElementId`), or a slip or two of the fingers in a word that is long enough.
    pub(super) fn nearest(name: &str) -> Option<Self> {
        const LONGEST: usize = 24;
        if name.len() > LONGEST || !name.is_ascii() {
            return None;
        }
        let plain = letters(name);
        Self::ALL
            .iter()
            .copied()
            .filter_map(|key| {
                let known = letters(key.name());
                let slips = match known.len() {
                    0..=2 => 0,
                    3..=6 => 1,
                    _ => 2,
                };
                // Most names are not near: lengths tell so without the table of a distance.
                if plain.len().abs_diff(known.len()) > slips
                    || !share_letters(&plain, &known, slips)
                {
                    return None;
                }
                let distance = strsim::damerau_levenshtein(&plain, &known);
                (distance <= slips).then_some((distance, key))
            })
            .min_by_key(|(distance, _)| *distance)
            .map(|(_, key)| key)
    }
}

fn letters(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

/// Whether the sets of letters differ by no more than `slips` can explain: each slip takes one
/// letter away and brings another.
fn share_letters(a: &str, b: &str, slips: usize) -> bool {
    let set = |text: &str| {
        text.bytes()
            .fold(0_u32, |set, byte| set | 1 << (byte & 0x1f))
    };
    (set(a) ^ set(b)).count_ones() as usize <= 2 * slips
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_key_is_found_and_other_names_are_left_alone() {
        for (name, key) in [
            ("severty", Key::Severity),
            ("Severity", Key::Severity),
            ("paramater", Key::Parameter),
            ("elementId", Key::ElementId),
            ("element-id", Key::ElementId),
            ("stauts", Key::Status),
            ("service", Key::Services),
            ("ID", Key::Id),
        ] {
            assert_eq!(Key::nearest(name), Some(key), "{name}");
        }
        for name in [
            "site", "rack", "customer", "ip", "state", "host", "date", "name", "order", "",
        ] {
            assert_eq!(Key::nearest(name), None, "{name}");
        }
    }
}
