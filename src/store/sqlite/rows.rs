//! Reading rows back: what klaxond wrote, or an error that names the row but not its content.

use std::time::Duration;

use rusqlite::types::ValueRef;
use rusqlite::{Row, Rows};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::fault::Fault;

/// Every row through `read`.
pub(super) fn collect<T>(
    mut rows: Rows<'_>,
    mut read: impl FnMut(&Row<'_>) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(read(row)?);
    }
    Ok(all)
}

/// A limit as SQLite takes it.
pub(super) fn limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// A span as a column keeps it: milliseconds.
pub(super) fn span_ms(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// The span of a column.
pub(super) fn span(ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}

/// JSON for a column.
pub(super) fn to_json(value: &impl Serialize) -> Result<String, Fault> {
    serde_json::to_string(value)
        .map_err(|_| Fault::Refused("a value cannot be written as JSON".to_owned()))
}

/// A JSON column of the row that `what` names.
pub(super) fn from_json<T: DeserializeOwned>(
    value: ValueRef<'_>,
    what: impl Fn() -> String,
) -> Result<T, Fault> {
    let bytes = value
        .as_bytes()
        .map_err(|_| Fault::Row(format!("{} is empty", what())))?;
    // serde's message may quote the content: only the place is told.
    serde_json::from_slice(bytes).map_err(|error| {
        Fault::Row(format!(
            "{} cannot be read at column {}",
            what(),
            error.column()
        ))
    })
}

/// A text column that names something, through `parse`.
pub(super) fn name<T>(
    row: &Row<'_>,
    column: usize,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, Fault> {
    let known = row.get_ref(column)?.as_str().ok().and_then(parse);
    known.ok_or_else(|| {
        Fault::Row(format!(
            "column {column} of a row holds a word that is not known"
        ))
    })
}
