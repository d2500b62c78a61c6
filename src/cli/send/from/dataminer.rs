//! DataMiner: *Correlation Alarm Info*, with the names that it lacks in front.

use serde_json::{Value, json};

use super::system::{Taken, Wrong};

/// Names that a call may give, as keys of a record.
const NAMES: [&str; 2] = ["element", "parameter"];

/// Words such as `element=Encoder 7`, and the rest: the strings.
pub(super) fn split(words: &[String]) -> (Vec<(String, String)>, Vec<String>) {
    let mut names = Vec::new();
    let mut lines = Vec::new();
    for word in words {
        match word.split_once('=') {
            Some((name, value)) if NAMES.contains(&name) => {
                names.push((name.to_owned(), value.to_owned()));
            }
            _ => lines.push(word.clone()),
        }
    }
    (names, lines)
}

/// Lines for the socket.
///
/// # Errors
/// There is no string.
pub(super) fn read(names: &[(String, String)], strings: &[String]) -> Result<Taken, Wrong> {
    let mut taken = Taken::default();
    for string in strings
        .iter()
        .map(|string| string.trim_matches([' ', '\r', '\n']))
    {
        if string.is_empty() {
            continue;
        }
        if !string.contains('|') {
            taken.faults.push(format!(
                "{string:?} is no Correlation Alarm Info: expected fields with | between them"
            ));
            continue;
        }
        // A line is a record on the socket: what breaks it cannot be in one.
        let string = string.replace(['\r', '\n'], " ");
        if names.is_empty() {
            taken.lines.push(string);
            continue;
        }
        let mut record = json!({ "correlation_alarm_info": string });
        for (name, value) in names {
            record[name] = Value::String(value.clone());
        }
        taken.lines.push(record.to_string());
    }
    if taken.lines.is_empty() && taken.faults.is_empty() {
        return Err(Wrong::Data(
            "there is no Correlation Alarm Info, in the arguments or on standard input".to_owned(),
        ));
    }
    Ok(taken)
}
