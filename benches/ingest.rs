//! Reading records: a JSON line of 400 bytes, a DataMiner string, and the worst of lines.
#![allow(missing_docs, clippy::unwrap_used, reason = "a benchmark")]

use std::collections::BTreeMap;
use std::fmt::Write as _;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use jiff::tz::TimeZone;
use klaxond::ingest::{Codec, DataMiner, SeverityCodes, write_answers};
use klaxond::model::{Answer, RuleId, Time};

fn main() {
    divan::main();
}

fn codec() -> Codec {
    Codec::new(DataMiner {
        names: BTreeMap::from([
            ("7/59".to_owned(), "Broadpeak BKS350".to_owned()),
            ("7/59/350".to_owned(), "CPU load".to_owned()),
        ]),
        timezone: TimeZone::get("Europe/Madrid").unwrap(),
        time_formats: Vec::new(),
        day_first: true,
        severity_codes: SeverityCodes::SlEnum,
    })
}

fn json() -> String {
    let mut line = String::from(
        r#"{"id":"1042887","element":"Broadpeak BKS350","element_id":"7/59","parameter":"Output bitrate","parameter_id":350,"index":"eth0.1201","value":"412.7 Mb/s","severity":"Critical","type":"New alarm","status":"Open","time":"2026-11-22T10:15:00Z","owner":"System","source":"DataMiner System","services":["News HD","Sports HD"],"views":["Madrid"],"properties":{"Site":"HQ","Cabinet":"A12""#,
    );
    let missing = 400_usize.saturating_sub(line.len() + r#","Note":""}}"#.len());
    write!(line, r#","Note":"{}"}}}}"#, "x".repeat(missing)).unwrap();
    line
}

const STRING: &str = "1042887|7|59|350|eth0.1201|1042001|1042880|1|35|12|412.7 Mb/s|20/08/2024 12:13:32 p. m.|-1|-1|-1|6|16|18|System|News HD;Sports HD|3|ALARM.SITE|HQ|ELEMENT.CABINET|A12|ALARM.ACKNOWLEDGEMOTIVATION|none|META Alarm Detection";

fn read(bencher: Bencher, line: &str) {
    let codec = codec();
    bencher
        .counter(ItemsCount::new(1_u32))
        .counter(BytesCount::new(line.len()))
        .bench_local(|| codec.read_line(divan::black_box(line.as_bytes()), Time::default()));
}

#[divan::bench]
fn json_line_of_400_bytes(bencher: Bencher) {
    let line = json();
    assert!((400..=401).contains(&line.len()), "{}", line.len());
    read(bencher, &line);
}

#[divan::bench]
fn dataminer_string(bencher: Bencher) {
    read(bencher, STRING);
}

#[divan::bench]
fn worst_line_of_64_kib(bencher: Bencher) {
    let head = "1|7|59|350||1|0|1|10|12|";
    read(
        bencher,
        &format!("{head}{}", "12:00|1|1|1|5|16|18|".repeat(3270)),
    );
}

#[divan::bench]
fn answer(bencher: Bencher) {
    let answers = [Answer::Stored {
        id: "1042887".to_owned(),
        rules: vec![RuleId::parse("Critical alarms").unwrap()],
        notes: Vec::new(),
    }];
    let mut out = Vec::with_capacity(256);
    bencher.counter(ItemsCount::new(1_u32)).bench_local(|| {
        out.clear();
        write_answers(divan::black_box(&answers), false, &mut out);
    });
}
