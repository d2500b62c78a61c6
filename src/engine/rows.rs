//! Rows of buckets: written with the step that changes them.

use std::cell::OnceCell;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::model::{AlarmRecord, Row, RowChange, RowKind};

use super::bucket::subject;
use super::life::Life;
use super::step::{Engine, Step};

/// The value of a row. Most rows hold a record: room for one is made at once.
pub(super) fn json<T: Serialize>(value: &T) -> String {
    let mut bytes = Vec::with_capacity(640);
    match serde_json::to_writer(&mut bytes, value) {
        Ok(()) => String::from_utf8(bytes).unwrap_or_default(),
        Err(_) => String::new(),
    }
}

/// The row of a bucket.
#[derive(Serialize, Deserialize)]
pub(super) struct BucketRow<L> {
    pub(super) life: L,
    /// Its worst alarm, for when its rule is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) alarm: Option<AlarmRecord>,
}

impl Engine {
    /// Writes the rows of the buckets that were touched; drops those that are blank.
    pub(super) fn write_buckets(&mut self, step: &mut Step) {
        for (n, no) in std::mem::take(&mut self.touched) {
            let Some(track) = self.tracks.get_mut(n) else {
                continue;
            };
            let Some(bucket) = track.get_mut(no) else {
                continue;
            };
            if !std::mem::replace(&mut bucket.touched, false) {
                continue;
            }
            let key = std::sync::Arc::clone(&bucket.key);
            let life = bucket.life.as_deref().filter(|life| !life.is_blank());
            if let Some(life) = life {
                let alarm = if life.is_raised() {
                    let worst = bucket.members.worst_first().next();
                    worst
                        .and_then(|tree| self.trees.get(tree))
                        .map(|tree| tree.record.unpack())
                } else {
                    None
                };
                let row = BucketRow::<&Life> { life, alarm };
                let value = serde_json::to_string(&row).unwrap_or_default();
                bucket.stored = true;
                step.rows.push(RowChange::Put(Row {
                    kind: RowKind::Bucket,
                    key: subject(&track.id, &key),
                    value,
                }));
                continue;
            }
            let was_stored = std::mem::replace(&mut bucket.stored, false);
            let blank = bucket.is_blank() && bucket.timer.is_none();
            if was_stored {
                step.rows.push(track.deletion(&key));
            }
            if blank {
                track.close(no);
            }
        }
    }
}

/// A record as JSON, when first asked for.
pub(super) struct Written<'a> {
    record: &'a AlarmRecord,
    json: OnceCell<Option<Box<RawValue>>>,
}

impl<'a> Written<'a> {
    pub(super) fn of(record: &'a AlarmRecord) -> Self {
        Self {
            record,
            json: OnceCell::new(),
        }
    }
}

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let json = self
            .json
            .get_or_init(|| RawValue::from_string(json(self.record)).ok());
        json.serialize(serializer)
    }
}
