//! A record as the engine keeps it: one block of bytes in place of a dozen texts.

use std::sync::Arc;

use crate::model::{
    AlarmRecord, AlarmType, Properties, Severity, SeverityRange, Status, Time, UserStatus,
};

/// A record, packed. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Packed(Arc<[u8]>);

/// Stands for a name that was not given.
const NONE: u8 = u8::MAX;

impl Packed {
    pub(super) fn new(record: &AlarmRecord) -> Self {
        let mut bytes = Vec::with_capacity(160);
        bytes.push(place(&Severity::ALL, record.severity));
        bytes.push(place(&Status::ALL, record.status));
        bytes.push(
            record
                .severity_range
                .map_or(NONE, |range| place(&SeverityRange::ALL, range)),
        );
        bytes.push(record.kind.map_or(NONE, |kind| place(AlarmType::ALL, kind)));
        bytes.push(
            record
                .user_status
                .map_or(NONE, |status| place(&UserStatus::ALL, status)),
        );
        bytes.push(
            u8::from(record.partial)
                | u8::from(record.element_id.is_some()) << 1
                | u8::from(record.parameter_id.is_some()) << 2
                | u8::from(record.repeats) << 3
                | u8::from(record.until.is_some()) << 4,
        );
        bytes.extend_from_slice(&record.time.as_ms().to_le_bytes());
        if let Some(until) = record.until {
            bytes.extend_from_slice(&until.as_ms().to_le_bytes());
        }
        for text in [
            &record.id,
            &record.element,
            &record.parameter,
            &record.index,
            &record.value,
            &record.owner,
            &record.source,
            &record.comment,
        ] {
            put_text(&mut bytes, text);
        }
        for text in [&record.element_id, &record.parameter_id]
            .into_iter()
            .flatten()
        {
            put_text(&mut bytes, text);
        }
        for list in [&record.services, &record.views] {
            put_length(&mut bytes, list.len());
            list.iter().for_each(|text| put_text(&mut bytes, text));
        }
        put_length(&mut bytes, record.properties.len());
        for (name, value) in record.properties.iter() {
            put_text(&mut bytes, name);
            put_text(&mut bytes, value);
        }
        Self(Arc::from(bytes))
    }

    pub(super) fn unpack(&self) -> AlarmRecord {
        let mut bytes = Reader(&self.0);
        let severity = Severity::ALL.get(usize::from(bytes.byte())).copied();
        let status = Status::ALL.get(usize::from(bytes.byte())).copied();
        let severity_range = SeverityRange::ALL.get(usize::from(bytes.byte())).copied();
        let kind = AlarmType::ALL.get(usize::from(bytes.byte())).copied();
        let user_status = UserStatus::ALL.get(usize::from(bytes.byte())).copied();
        let flags = bytes.byte();
        let time = bytes.time();
        let until = (flags & 16 != 0).then(|| bytes.time());
        let [id, element, parameter, index, value, owner, source, comment] =
            std::array::from_fn(|_| bytes.text());
        let element_id = (flags & 2 != 0).then(|| bytes.text());
        let parameter_id = (flags & 4 != 0).then(|| bytes.text());
        let services = bytes.texts();
        let views = bytes.texts();
        let mut properties = Properties::default();
        for _ in 0..bytes.length() {
            let name = bytes.text();
            properties.insert(name, bytes.text());
        }
        AlarmRecord {
            id,
            element,
            element_id,
            parameter,
            parameter_id,
            index,
            value,
            severity: severity.unwrap_or(Severity::Undefined),
            severity_range,
            kind,
            status: status.unwrap_or(Status::Open),
            time,
            owner,
            user_status,
            source,
            comment,
            services,
            views,
            properties,
            partial: flags & 1 != 0,
            repeats: flags & 8 != 0,
            until,
        }
    }

    /// When the alarm ends unless it is repeated.
    pub(super) fn until(&self) -> Option<Time> {
        let mut bytes = Reader(&self.0);
        let head = bytes.take(6);
        let expires = head.last().is_some_and(|flags| flags & 16 != 0);
        bytes.time();
        expires.then(|| bytes.time())
    }
}

fn place<T: PartialEq + Copy>(all: &[T], one: T) -> u8 {
    let place = all.iter().position(|known| *known == one);
    place
        .and_then(|place| u8::try_from(place).ok())
        .unwrap_or(NONE)
}

/// Seven bits a byte, the low ones first; the high bit says that more follow.
fn put_length(bytes: &mut Vec<u8>, mut length: usize) {
    while length >= 0x80 {
        bytes.push(0x80 | u8::try_from(length & 0x7f).unwrap_or_default());
        length >>= 7;
    }
    bytes.push(u8::try_from(length).unwrap_or_default());
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    put_length(bytes, text.len());
    bytes.extend_from_slice(text.as_bytes());
}

/// Reads what was packed here: it cannot be wrong, so that nothing is reported.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> &'a [u8] {
        let (head, tail) = self.0.split_at(count.min(self.0.len()));
        self.0 = tail;
        head
    }

    fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or_default()
    }

    fn time(&mut self) -> Time {
        let bytes = self.take(8).try_into().unwrap_or_default();
        Time::from_ms(i64::from_le_bytes(bytes))
    }

    fn length(&mut self) -> usize {
        let mut length = 0;
        let mut shift = 0;
        loop {
            let byte = self.byte();
            length |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 || shift > 56 {
                return length;
            }
        }
    }

    fn text(&mut self) -> String {
        let length = self.length();
        String::from_utf8(self.take(length).to_vec()).unwrap_or_default()
    }

    fn texts(&mut self) -> Vec<String> {
        (0..self.length()).map(|_| self.text()).collect()
    }
}
