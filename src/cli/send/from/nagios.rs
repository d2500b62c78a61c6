//! Nagios and its kin: macros in the environment (`NAGIOS_HOSTNAME`, `ICINGA_HOSTNAME`) or as
//! `HOSTNAME=…` in the arguments, which count more.
//!
//! Facts: "Standard Macros in Nagios" of the Nagios Core manual.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::notification::{Notification, filled};
use super::system::Wrong;

/// Macros that are kept as properties, with the name of the property.
const PROPERTIES: [(&str, &str); 6] = [
    ("HOSTALIAS", "HostAlias"),
    ("HOSTADDRESS", "HostAddress"),
    ("HOSTGROUPNAMES", "HostGroups"),
    ("SERVICEGROUPNAMES", "ServiceGroups"),
    ("HOSTNOTESURL", "NotesURL"),
    ("SERVICENOTESURL", "NotesURL"),
];

/// The record of one call.
///
/// # Errors
/// It names no host or no state.
pub(super) fn read(
    words: &[String],
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Value, Wrong> {
    let mut given = Vec::with_capacity(words.len());
    for word in words {
        let (name, value) = word.split_once('=').ok_or_else(|| {
            Wrong::Usage(format!(
                "{word:?} is not NAME=value, such as HOSTNAME=\"$HOSTNAME$\""
            ))
        })?;
        given.push((name.trim().trim_matches('$').to_ascii_uppercase(), value));
    }
    let get = |name: &str| -> String {
        let own = given
            .iter()
            .find(|(known, value)| known == name && !filled(value).is_empty());
        if let Some((_, value)) = own {
            return filled(value).to_owned();
        }
        ["NAGIOS_", "ICINGA_"]
            .iter()
            .find_map(|prefix| environment(&format!("{prefix}{name}")))
            .map(|value| filled(&value).to_owned())
            .unwrap_or_default()
    };
    // Of a host and of a service, what is about the service when it is about one.
    let service = get("SERVICEDESC");
    let of = |what: &str| {
        let kind = if service.is_empty() {
            "HOST"
        } else {
            "SERVICE"
        };
        get(&format!("{kind}{what}"))
    };
    let mut properties = Map::new();
    for (name, property) in PROPERTIES {
        let value = get(name);
        if !value.is_empty() {
            properties.insert(property.to_owned(), json!(value));
        }
    }
    let long = match service.is_empty() {
        true => get("LONGHOSTOUTPUT"),
        false => get("LONGSERVICEOUTPUT"),
    };
    if !long.is_empty() {
        properties.insert("LongOutput".to_owned(), json!(long.replace("\\n", " ")));
    }
    let first = |names: [&str; 2]| {
        let found = names.map(&get).into_iter().find(|text| !text.is_empty());
        found.unwrap_or_default()
    };
    let seconds = get("TIMET").parse::<i64>().ok();
    Notification {
        source: "nagios",
        kind: get("NOTIFICATIONTYPE"),
        host: get("HOSTNAME"),
        state: of("STATE"),
        output: of("OUTPUT"),
        author: first(["NOTIFICATIONAUTHORNAME", "NOTIFICATIONAUTHOR"]),
        comment: get("NOTIFICATIONCOMMENT"),
        time: seconds
            .and_then(|seconds| Timestamp::from_second(seconds).ok())
            .map(|at| at.to_string()),
        service,
        properties,
    }
    .record()
}
