//! What a message can say of a bucket: its alarms, the worst first.

use crate::model::{AlarmRecord, AlarmRef, BucketView, Severity, Time};

use super::bucket::{Bucket, rank};
use super::group::readable;
use super::packed::Packed;
use super::tree::Trees;
use super::window::Gathering;

/// The worst alarm, and the bucket.
pub(super) type Picture = (AlarmRecord, BucketView);

/// Of the members of a bucket; `None` when it has none.
pub(super) fn of_members(bucket: &Bucket, trees: &Trees) -> Option<Picture> {
    let members = || bucket.members.worst_first().filter_map(|no| trees.get(no));
    let first = members().map(|tree| tree.begun).min()?;
    let last = members().map(|tree| tree.time).max()?;
    let shown: Vec<&Packed> = members()
        .take(BucketView::MAX_ALARMS)
        .map(|tree| &tree.record)
        .collect();
    let count = bucket.members.len();
    picture(bucket, &shown, count, first, last)
}

/// Of events.
pub(super) fn of_events(bucket: &Bucket, events: &[Gathering]) -> Option<Picture> {
    let mut known: Vec<(u64, AlarmRecord)> = events
        .iter()
        .map(|event| {
            let record = event.record.unpack();
            (rank(record.severity, event.order), record)
        })
        .collect();
    known.sort_by_key(|(rank, _)| std::cmp::Reverse(*rank));
    let first = known.iter().map(|(_, record)| record.time).min()?;
    let last = known.iter().map(|(_, record)| record.time).max()?;
    let alarm = known.first()?.1.clone();
    let alarms = known
        .iter()
        .take(BucketView::MAX_ALARMS)
        .map(|(_, record)| AlarmRef::from(record))
        .collect();
    let view = BucketView {
        key: readable(&bucket.key),
        count: events.len(),
        highest: highest(bucket, alarm.severity),
        first,
        last,
        since: None,
        alarms,
    };
    Some((alarm, view))
}

/// Of the end: the members that are left, else the alarm that ended it.
pub(super) fn of_end(bucket: &Bucket, trees: &Trees, alarm: &AlarmRecord) -> BucketView {
    let mut view = match of_members(bucket, trees) {
        Some((_, view)) => view,
        None => BucketView {
            key: readable(&bucket.key),
            count: 0,
            ..BucketView::of_one(alarm, Time::default())
        },
    };
    view.highest = highest(bucket, alarm.severity);
    view.since = since(bucket);
    if bucket.members.len() == 0 {
        // What ended it came last; its beginning is not known any more, but that it was raised.
        view.first = view.since.map_or(view.first, |since| since.min(view.first));
    }
    view
}

pub(super) fn highest(bucket: &Bucket, known: Severity) -> Severity {
    let had = bucket.life.as_ref().and_then(|life| life.highest);
    had.map_or(known, |had| had.max(known))
}

fn picture(
    bucket: &Bucket,
    shown: &[&Packed],
    count: usize,
    first: Time,
    last: Time,
) -> Option<Picture> {
    let alarm = shown.first()?.unpack();
    let mut alarms = vec![AlarmRef::from(&alarm)];
    alarms.extend(
        shown
            .iter()
            .skip(1)
            .map(|packed| AlarmRef::from(&packed.unpack())),
    );
    let view = BucketView {
        key: readable(&bucket.key),
        count,
        highest: highest(bucket, alarm.severity),
        first,
        last,
        since: since(bucket),
        alarms,
    };
    Some((alarm, view))
}

/// Only what was raised has a beginning.
fn since(bucket: &Bucket) -> Option<Time> {
    let life = bucket.life.as_ref()?;
    (life.since > Time::default()).then_some(life.since)
}
