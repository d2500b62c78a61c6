//! The limit: the least that anything which follows alarms and survives a crash does with a record.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;

use klaxond::model::{AlarmRecord, Event, LogEntry, TreeKey};

/// Puts each record into a hash map under the key of its alarm, takes out what ended, and writes the
/// record as JSON once, as a row would be.
#[derive(Default)]
pub struct Bare {
    open: HashMap<TreeKey, Arc<AlarmRecord>>,
    bytes: usize,
}

impl Bare {
    pub fn take(&mut self, entry: &LogEntry) {
        let Event::Record(record) = &entry.event else {
            return;
        };
        let key = record.tree();
        if record.ends() {
            self.open.remove(&key);
        } else {
            let row = black_box(serde_json::to_string(&**record).unwrap());
            self.bytes += row.len();
            self.open.insert(key, Arc::clone(record));
        }
    }
}
