//! The alarm socket: what clients are told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use klaxond::ingest::Listener;
use klaxond::model::{Answer, RuleId};
use klaxond::pipeline::intake::Intake;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use super::support::alarm_socket::{AlarmSocket, Client, line, settings};
use super::support::ingest::{Ledger, arrival, codec};

#[tokio::test]
async fn every_line_is_answered_in_order() {
    let ledger = Ledger::default();
    let socket = AlarmSocket::start(ledger.intake());
    let mut client = socket.connect().await;
    client
        .write("{\"element\":\"a\",\"severity\":1}\r\n\n  \r\nnonsense\n{\"element\":\"b\",\"severity\":1,\"severty\":2}\n")
        .await;
    assert_eq!(
        client.answer().await.unwrap(),
        serde_json::json!({"status": "stored", "id": "a", "rules": []})
    );
    let refused = client.answer().await.unwrap();
    assert_eq!(refused["status"], "rejected");
    assert!(
        refused["error"]
            .as_str()
            .unwrap()
            .starts_with("neither JSON")
    );
    let remarked = client.answer().await.unwrap();
    assert_eq!(
        remarked["notes"][0],
        "`severty` is taken as a property; it looks like `severity`"
    );
    client.end().await;
    assert_eq!(client.answer().await, None);
    assert_eq!(ledger.elements(), ["a", "b"]);
    socket.stop().await;
}

#[tokio::test]
async fn each_answer_is_one_line_of_json_of_a_fixed_form() {
    let answers = [
        Answer::Stored {
            id: "1".to_owned(),
            rules: vec![RuleId::parse("Critical alarms").unwrap()],
            notes: Vec::new(),
        },
        Answer::Ignored {
            reason: "no rule".to_owned(),
            notes: vec!["look".to_owned()],
        },
        Answer::Rejected {
            error: "line\nfeed".to_owned(),
        },
        Answer::Busy {
            retry_after_ms: 500,
        },
    ];
    let socket = AlarmSocket::start(Intake::from_fn(move |records, _| {
        let answers = answers
            .iter()
            .cloned()
            .cycle()
            .take(records.len())
            .collect();
        async move { answers }
    }));
    let mut client = socket.connect().await;
    client
        .write(format!("{}x\u{b}y\u{b}z\u{b}w\n", line("a").repeat(4)))
        .await;
    client.end().await;
    let records = [
        r#"{"status":"stored","id":"1","rules":["Critical alarms"]}"#,
        r#"{"status":"ignored","reason":"no rule","notes":["look"]}"#,
        r#"{"status":"rejected","error":"line\nfeed"}"#,
        r#"{"status":"busy","retry_after_ms":500}"#,
    ];
    let together = format!(
        r#"{{"status":"busy","retry_after_ms":500,"records":[{}]}}"#,
        records.join(",")
    );
    let mut expected: Vec<&str> = records.to_vec();
    expected.push(&together);
    assert_eq!(client.rest().await, expected);
    socket.stop().await;
}

#[tokio::test]
async fn a_line_of_several_records_has_the_worst_status_of_them() {
    let ledger = Ledger::default();
    let socket = AlarmSocket::start(ledger.intake());
    let mut client = socket.connect().await;
    let string = "1|7|59|350||1|0|1|10|12|x|2024-08-20 12:13:32|-1|-1|-1|5|16|18|System||0";
    client
        .write(format!(
            "{string}\u{b}{string}\n{string}\u{b}bad\n{string}\u{b}\n"
        ))
        .await;
    client.end().await;
    let both = client.answer().await.unwrap();
    assert_eq!(both["status"], "stored");
    assert_eq!(both["records"].as_array().unwrap().len(), 2);
    let mixed = client.answer().await.unwrap();
    assert_eq!(mixed["status"], "rejected");
    assert_eq!(mixed["records"][0]["status"], "stored");
    let single = client.answer().await.unwrap();
    assert_eq!(single["status"], "stored");
    assert_eq!(single["id"], "1");
    socket.stop().await;
}

#[tokio::test]
async fn the_origin_names_the_process_that_connected() {
    let ledger = Ledger::default();
    let socket = AlarmSocket::start(ledger.intake());
    let mut client = socket.connect().await;
    client.write(line("a")).await;
    client.answer().await;
    let user = uzers::get_current_uid();
    let group = uzers::get_current_gid();
    let process = std::process::id();
    assert_eq!(
        ledger.origins(),
        [format!("unix uid={user} gid={group} pid={process}")]
    );
    socket.stop().await;
}

#[tokio::test]
async fn a_record_without_a_line_feed_at_the_end_is_a_record() {
    let ledger = Ledger::default();
    let socket = AlarmSocket::start(ledger.intake());
    let mut client = socket.connect().await;
    client.write(line("half").trim_end()).await;
    client.end().await;
    assert_eq!(client.status().await, "stored");
    assert_eq!(ledger.elements(), ["half"]);
    socket.stop().await;
}

#[tokio::test]
async fn what_is_not_utf8_costs_only_itself() {
    let ledger = Ledger::default();
    let socket = AlarmSocket::start(ledger.intake());
    let mut client = socket.connect().await;
    client.write(b"ab\xffcd\n\0\0\0\n").await;
    client.write(line("after")).await;
    let refused = client.answer().await.unwrap();
    assert_eq!(
        refused["error"],
        "byte 3 is not UTF-8; send the line in UTF-8"
    );
    assert_eq!(client.status().await, "rejected");
    assert_eq!(client.status().await, "stored");
    socket.stop().await;
}

#[tokio::test(start_paused = true)]
async fn lines_behind_a_busy_one_are_busy_until_its_time_has_passed() {
    let ledger = Ledger::default();
    let full = Arc::new(AtomicBool::new(true));
    let intake = {
        let (ledger, full) = (ledger.clone(), Arc::clone(&full));
        Intake::from_fn(move |records, origin| {
            let answers = if full.swap(false, Ordering::Relaxed) {
                vec![
                    Answer::Busy {
                        retry_after_ms: 500
                    };
                    records.len()
                ]
            } else {
                ledger.enter(records, &origin)
            };
            async move { answers }
        })
    };
    let socket = AlarmSocket::start(intake);
    let mut client = socket.connect().await;
    client.write(line("raise")).await;
    assert_eq!(client.answer().await.unwrap()["retry_after_ms"], 500);
    tokio::time::sleep(Duration::from_millis(200)).await;
    client.write(line("clear")).await;
    assert_eq!(client.answer().await.unwrap()["retry_after_ms"], 300);
    tokio::time::sleep(Duration::from_millis(300)).await;
    client.write(line("raise") + &line("clear")).await;
    assert_eq!(client.status().await, "stored");
    assert_eq!(client.status().await, "stored");
    assert_eq!(ledger.elements(), ["raise", "clear"]);
    socket.stop().await;
}

#[tokio::test]
async fn who_is_not_listed_is_refused_and_told() {
    for (users, groups, admitted) in [
        (vec!["nobody"], vec![], false),
        (vec![], vec!["nogroup"], false),
        (vec!["4294967000"], vec!["4294967000"], false),
        (vec!["me"], vec![], true),
        (vec!["nobody"], vec!["my group"], true),
    ] {
        let ledger = Ledger::default();
        let resolve = |name: &str, number: u32| match name {
            "me" | "my group" => number.to_string(),
            other => other.to_owned(),
        };
        let socket = AlarmSocket::start_with(ledger.intake(), |settings| {
            let (user, group) = (uzers::get_current_uid(), uzers::get_current_gid());
            settings.allow_users = users.iter().map(|name| resolve(name, user)).collect();
            settings.allow_groups = groups.iter().map(|name| resolve(name, group)).collect();
        });
        let mut client = socket.connect().await;
        if admitted {
            client.write(line("a")).await;
            assert_eq!(client.status().await, "stored");
        } else {
            let told = client.rest().await;
            assert_eq!(
                told,
                [
                    r#"{"status":"rejected","error":"this user may not hand in alarms: ingest.allow_users and allow_groups do not list it"}"#
                ]
            );
            assert_eq!(ledger.elements().len(), 0);
        }
        socket.stop().await;
    }
}

#[tokio::test]
async fn stopping_finishes_and_answers_the_batch_under_way() {
    let (begun, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let ledger = Ledger::default();
    let intake = {
        let (begun, release, ledger) = (Arc::clone(&begun), Arc::clone(&release), ledger.clone());
        Intake::from_fn(move |records, origin| {
            let (begun, release, ledger) =
                (Arc::clone(&begun), Arc::clone(&release), ledger.clone());
            async move {
                begun.notify_one();
                release.notified().await;
                ledger.enter(records, &origin)
            }
        })
    };
    let socket = AlarmSocket::start(intake);
    let mut client = socket.connect().await;
    client.write(line("a")).await;
    begun.notified().await;
    client.write(line("too late")).await;
    socket.cancel.cancel();
    release.notify_one();
    assert_eq!(client.status().await, "stored");
    assert_eq!(
        client.answer().await,
        None,
        "what was not answered is the client's to send again"
    );
    assert_eq!(ledger.elements(), ["a"]);
    socket.stop().await;
}

#[tokio::test]
async fn a_passed_socket_is_used_as_it_is_and_left_in_place() {
    let directory = tempfile::tempdir().unwrap();
    let settings = settings(directory.path());
    let passed = std::os::unix::net::UnixListener::bind(&settings.socket).unwrap();
    // What came before the daemon did waits in the kernel.
    let early = tokio::net::UnixStream::connect(&settings.socket)
        .await
        .unwrap();
    let mut early = Client::new(early);
    early.write(line("early")).await;

    let listener = Listener::bind(&settings, Some(passed)).unwrap();
    let ledger = Ledger::default();
    let cancel = CancellationToken::new();
    let (_keep, codec) = watch::channel(Arc::new(codec()));
    let serve = listener.serve(ledger.intake(), codec, Arc::new(arrival), cancel.clone());
    let client = async {
        assert_eq!(early.status().await, "stored");
        cancel.cancel();
    };
    let (served, ()) = tokio::join!(serve, client);
    served.unwrap();
    assert!(settings.socket.exists());
}

#[tokio::test]
async fn lines_are_read_by_the_codec_in_force() {
    let directory = tempfile::tempdir().unwrap();
    let settings = settings(directory.path());
    let listener = Listener::bind(&settings, None).unwrap();
    let ledger = Ledger::default();
    let cancel = CancellationToken::new();
    let (change, codec) = watch::channel(Arc::new(codec()));
    let serve = listener.serve(ledger.intake(), codec, Arc::new(arrival), cancel.clone());
    let client = async {
        let stream = tokio::net::UnixStream::connect(&settings.socket)
            .await
            .unwrap();
        let mut client = Client::new(stream);
        let string = "1|7|59|350||1|0|1|10|12\n";
        client.write(string).await;
        client.status().await;
        let mut renamed = super::support::ingest::settings();
        renamed
            .names
            .insert("7/59".to_owned(), "Renamed".to_owned());
        change.send_replace(Arc::new(klaxond::ingest::Codec::new(renamed)));
        client.write(string).await;
        client.status().await;
        cancel.cancel();
    };
    let (served, ()) = tokio::join!(serve, client);
    served.unwrap();
    assert_eq!(ledger.elements(), ["Broadpeak BKS350", "Renamed"]);
}
