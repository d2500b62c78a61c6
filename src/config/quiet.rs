//! `quiet_hours` of a contact: when what is not bad enough waits.

use toml::de::DeValue;

use crate::model::{QuietHours, Severity};

use super::keys;
use super::page::{Problem, Told};
use super::reader::Table;
use super::times::Times;

const EXAMPLE: &str =
    "write quiet_hours = [\"nights\"], or { times = [\"nights\"], except = \"major\" }";

/// The quiet hours of a contact; `None` when there are none.
pub(super) fn read(contact: &Table<'_>, times: &Times) -> Result<Option<QuietHours>, Told> {
    const KEY: &str = "quiet_hours";
    let Some(value) = contact.get(KEY) else {
        return Ok(None);
    };
    let quiet = match value.get_ref() {
        DeValue::Array(_) => QuietHours {
            times: times.named(contact, KEY).ok_or(Told)?,
            except: Severity::Critical,
        },
        DeValue::Table(_) => {
            let table = contact.as_table(value, &keys::QUIET_HOURS, "`quiet_hours`".to_owned());
            of_table(&table.ok_or(Told)?, times)?
        }
        DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_) => {
            contact.wrong_type(KEY, value, "a list or a table", EXAMPLE);
            return Err(Told);
        }
    };
    if times.always(&quiet.times) {
        contact.warn(
            KEY,
            "these quiet hours never end: what is not bad enough waits for ever",
            "look at the times they name, or set enabled = false",
        );
    }
    Ok(Some(quiet))
}

fn of_table(table: &Table<'_>, times: &Times) -> Result<QuietHours, Told> {
    if table.get("times").is_none() {
        table.missing("`times`", EXAMPLE);
        return Err(Told);
    }
    let found = times.named(table, "times");
    let except = match table.get("except") {
        Some(_) => table.read("except", severity),
        None => Some(Severity::Critical),
    };
    match (found, except) {
        (Some(times), Some(except)) => Ok(QuietHours { times, except }),
        _ => Err(Told),
    }
}

/// A severity by its name.
pub(super) fn severity(text: &str) -> Result<Severity, Problem> {
    Severity::from_name(text.trim()).ok_or_else(|| {
        let names = Severity::ALL.map(Severity::name);
        let plain: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
        let near = keys::nearest(text, plain.iter().map(String::as_str));
        let help = match near {
            Some(near) => format!("write \"{near}\""),
            None => format!("write one of {}", plain.join(", ")),
        };
        Problem::new(format!("\"{text}\" is not a severity")).help(help)
    })
}
