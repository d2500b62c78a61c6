//! `klaxond send --from SYSTEM`: what other systems call it with, as they do.

use klaxond::model::{AlarmRecord, Answer, Severity, Status, UserStatus};
use klaxond::pipeline::intake::Intake;
use tokio::process::Command;

use super::support::alarm_socket::AlarmSocket;
use super::support::called::Call;
use super::support::ingest::Ledger;

fn property<'a>(record: &'a AlarmRecord, name: &str) -> Option<&'a str> {
    record.properties.get(name)
}

#[tokio::test]
async fn nagios_tells_by_its_environment() {
    let record = Call {
        from: "nagios",
        environment: vec![
            ("NAGIOS_NOTIFICATIONTYPE", "PROBLEM"),
            ("NAGIOS_HOSTNAME", "db1"),
            ("NAGIOS_HOSTADDRESS", "10.0.0.5"),
            ("NAGIOS_SERVICEDESC", "Disk /data"),
            ("NAGIOS_SERVICESTATE", "CRITICAL"),
            ("NAGIOS_SERVICEOUTPUT", "94% used"),
            ("NAGIOS_HOSTSTATE", "UP"),
            ("NAGIOS_TIMET", "1795305600"),
        ],
        ..Call::default()
    }
    .record()
    .await;
    assert_eq!(
        [
            &record.element,
            &record.parameter,
            &record.value,
            &record.source
        ]
        .map(String::as_str),
        ["db1", "Disk /data", "94% used", "nagios"]
    );
    assert_eq!(
        (record.severity, record.status),
        (Severity::Critical, Status::Open)
    );
    assert_eq!(record.time.to_string(), "2026-11-22T00:00:00Z");
    assert_eq!(property(&record, "HostAddress"), Some("10.0.0.5"));
    assert!(record.repeats);
}

#[tokio::test]
async fn nagios_tells_by_arguments_which_count_more_and_a_recovery_clears_the_same_alarm() {
    let call = |kind, state| Call {
        from: "nagios",
        words: vec![
            kind,
            "HOSTNAME=db1",
            "$SERVICEDESC$=Load",
            state,
            "SERVICEOUTPUT=load 9=9",
            "TIMET=$TIMET$",
        ],
        environment: vec![
            ("ICINGA_HOSTNAME", "other"),
            ("ICINGA_SERVICEGROUPNAMES", "linux"),
        ],
        ..Call::default()
    };
    let raise = call("NOTIFICATIONTYPE=PROBLEM", "SERVICESTATE=WARNING")
        .record()
        .await;
    assert_eq!(
        (raise.severity, raise.status),
        (Severity::Warning, Status::Open)
    );
    assert_eq!(
        (raise.element.as_str(), raise.value.as_str()),
        ("db1", "load 9=9")
    );
    assert_eq!(property(&raise, "ServiceGroups"), Some("linux"));
    let clear = call("NOTIFICATIONTYPE=RECOVERY", "SERVICESTATE=OK")
        .record()
        .await;
    assert_eq!(
        (clear.status, clear.tree()),
        (Status::Cleared, raise.tree())
    );
}

#[tokio::test]
async fn a_host_acknowledgements_flapping_and_downtime_are_told_apart() {
    let call = |words: &[&'static str]| Call {
        from: "nagios",
        words: [
            &["HOSTNAME=db1", "HOSTSTATE=DOWN", "HOSTOUTPUT=gone"][..],
            words,
        ]
        .concat(),
        ..Call::default()
    };
    let down = call(&["NOTIFICATIONTYPE=PROBLEM"]).record().await;
    assert_eq!(
        (down.parameter.as_str(), down.severity),
        ("Host", Severity::Critical)
    );
    let words = [
        "NOTIFICATIONTYPE=ACKNOWLEDGEMENT",
        "NOTIFICATIONAUTHOR=ana",
        "NOTIFICATIONCOMMENT=on it",
    ];
    let taken = call(&words).record().await;
    assert_eq!(taken.user_status, Some(UserStatus::Acknowledged));
    assert_eq!(
        (taken.owner.as_str(), taken.comment.as_str()),
        ("ana", "on it")
    );
    assert_eq!((taken.status, taken.tree()), (Status::Open, down.tree()));
    for (kind, name, value) in [
        ("NOTIFICATIONTYPE=FLAPPINGSTART", "Flapping", "yes"),
        ("NOTIFICATIONTYPE=FLAPPINGSTOP", "Flapping", "no"),
        ("NOTIFICATIONTYPE=DOWNTIMESTART", "Downtime", "yes"),
        ("NOTIFICATIONTYPE=DOWNTIMECANCELLED", "Downtime", "no"),
        ("NOTIFICATIONTYPE=CUSTOM", "NotificationType", "CUSTOM"),
    ] {
        let record = call(&[kind]).record().await;
        assert_eq!(property(&record, name), Some(value), "{kind}");
        assert_eq!(
            (record.user_status, record.tree()),
            (None, down.tree()),
            "{kind}"
        );
    }
}

#[tokio::test]
async fn icinga_2_tells_by_the_options_of_its_own_scripts() {
    let call = |kind, state| Call {
        from: "icinga2",
        words: vec![
            "-d",
            "2026-11-22 03:12:44 +0100",
            "-e",
            "disk",
            "-l",
            "db1.example",
            "-n",
            "Database 1",
            "-o",
            "DISK CRITICAL - free space",
            "-r",
            "ana@example.com",
            "-s",
            state,
            "-t",
            kind,
            "-u",
            "disk",
            "-4",
            "10.0.0.5",
            "-b",
            "",
            "-c",
            "",
        ],
        ..Call::default()
    };
    let raise = call("PROBLEM", "Critical").record().await;
    assert_eq!(
        [
            &raise.element,
            &raise.parameter,
            &raise.value,
            &raise.source
        ]
        .map(String::as_str),
        [
            "db1.example",
            "disk",
            "DISK CRITICAL - free space",
            "icinga2"
        ]
    );
    assert_eq!(raise.time.to_string(), "2026-11-22T02:12:44Z");
    assert_eq!(property(&raise, "HostDisplayName"), Some("Database 1"));
    assert_eq!(property(&raise, "ServiceDisplayName"), None);
    let clear = call("RECOVERY", "OK").record().await;
    assert_eq!(
        (clear.status, clear.tree()),
        (Status::Cleared, raise.tree())
    );
}

#[tokio::test]
async fn zabbix_is_understood_by_the_messages_it_comes_with() {
    let raise = Call {
        from: "zabbix",
        words: vec![
            "noc@example.com",
            "Problem: Disk is full",
            "Problem started at 03:12:44 on 2026.11.22\r\nProblem name: Disk is full\r\nHost: db1\r\n\
             Severity: High\r\nOperational data: 94 %\r\nOriginal problem ID: 4711\r\n{TRIGGER.URL}",
        ],
        ..Call::default()
    }
    .record()
    .await;
    assert_eq!(
        [
            &raise.element,
            &raise.parameter,
            &raise.value,
            &raise.id,
            &raise.source
        ]
        .map(String::as_str),
        ["db1", "Disk is full", "94 %", "4711", "zabbix"]
    );
    assert_eq!(
        (raise.severity, raise.status),
        (Severity::Major, Status::Open)
    );
    let clear = Call {
        from: "zabbix",
        words: vec![
            "noc@example.com",
            "Resolved in 5m 2s: Disk is full",
            "Problem has been resolved at 03:17:46 on 2026.11.22\nProblem name: Disk is full\n\
             Problem duration: 5m 2s\nHost: db1\nSeverity: High\nOriginal problem ID: 4711",
        ],
        ..Call::default()
    }
    .record()
    .await;
    assert_eq!(
        (clear.status, clear.tree()),
        (Status::Cleared, raise.tree())
    );
    assert_eq!(property(&clear, "Problem duration"), Some("5m 2s"));
}

#[tokio::test]
async fn zabbix_may_give_any_list_of_names_or_json() {
    let listed = Call {
        from: "zabbix",
        words: vec![
            "host=db1",
            "event.name=Load",
            "event.severity=Disaster",
            "event.value=1",
            "event.id=9",
            "site=HQ",
        ],
        ..Call::default()
    }
    .record()
    .await;
    let json = Call {
        from: "zabbix",
        words: vec![
            r#"{"host":"db1","event_name":"Load","severity":5,"event_id":9,"site":"HQ","ack":"Yes","user":"ana","opdata":"{EVENT.OPDATA}"}"#,
        ],
        ..Call::default()
    }
    .record()
    .await;
    assert_eq!(listed.tree(), json.tree());
    assert_eq!(
        (listed.severity, json.severity),
        (Severity::Critical, Severity::Critical)
    );
    assert_eq!(
        (property(&listed, "site"), property(&json, "site")),
        (Some("HQ"), Some("HQ"))
    );
    assert_eq!(json.user_status, Some(UserStatus::Acknowledged));
    assert_eq!((json.owner.as_str(), json.value.as_str()), ("ana", ""));
    let over = Call {
        from: "zabbix",
        words: vec!["host=db1", "event.name=Load", "event.value=0", "event.id=9"],
        ..Call::default()
    };
    assert_eq!(over.record().await.status, Status::Cleared);
}

#[tokio::test]
async fn what_alertmanager_and_grafana_would_post_comes_on_standard_input() {
    let alert = r#"{"labels":{"alertname":"A","instance":"a","severity":"page"},"annotations":{"summary":"s"},"endsAt":"2126-11-22T12:00:00Z"}"#;
    let list = format!("[{alert},{alert}]");
    let webhook = r#"{"version":"4","alerts":[{"status":"resolved","labels":{"alertname":"A","instance":"a"},"endsAt":"2026-11-22T12:00:00Z"}]}"#;
    let grafana =
        r#"{"orgId":1,"alerts":[{"status":"firing","labels":{"alertname":"A"},"values":{"B":1}}]}"#;
    let call = |input| Call {
        from: "alertmanager",
        input,
        ..Call::default()
    };
    let records = call(&list).records().await;
    assert_eq!(records.len(), 2);
    let first = &records[0];
    assert_eq!(
        (first.source.as_str(), first.severity, first.repeats),
        ("prometheus", Severity::Critical, true)
    );
    assert_eq!(
        first.until.map(|until| until.to_string()).as_deref(),
        Some("2126-11-22T12:00:00Z")
    );
    assert_eq!(
        (first.id.len(), property(first, "severity")),
        (16, Some("page"))
    );
    let resolved = call(webhook).record().await;
    assert_eq!(
        (resolved.source.as_str(), resolved.status),
        ("alertmanager", Status::Cleared)
    );
    let grafana = call(grafana).record().await;
    assert_eq!(
        (grafana.source.as_str(), grafana.value.as_str()),
        ("grafana", "B=1")
    );
}

#[tokio::test]
async fn a_bad_alert_costs_only_itself() {
    let ledger = Ledger::default();
    let socket = AlarmSocket::start(ledger.intake());
    let call = Call {
        from: "alertmanager",
        input: r#"[{"labels":{}},{"labels":{"alertname":"A","instance":"a"}}]"#,
        ..Call::default()
    };
    let output = call.run(&socket.path).await;
    socket.stop().await;
    assert_eq!(
        (output.status.code(), ledger.elements()),
        (Some(65), vec!["a".to_owned()])
    );
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("alert 1: at least one label"), "{told}");
}

#[tokio::test]
async fn dataminer_gives_its_string_and_the_names_that_it_lacks() {
    let info =
        "901|7|59|350|Slot 2|901|0|1|10|12|Lost|2026-11-22 03:12:44|-1|-1|-1|5|16|18|System||0";
    let named = Call {
        from: "dataminer",
        words: vec!["element=Encoder 7", "parameter=Input", info],
        ..Call::default()
    }
    .record()
    .await;
    assert_eq!(
        [&named.element, &named.parameter, &named.index, &named.id].map(String::as_str),
        ["Encoder 7", "Input", "Slot 2", "901"]
    );
    let lines = format!("{info}\r\n\n{info}\n");
    let piped = Call {
        from: "dataminer",
        input: &lines,
        ..Call::default()
    };
    assert_eq!(piped.records().await.len(), 2);
}

#[tokio::test]
async fn a_call_that_is_wrong_is_told_and_sends_nothing() {
    let call = |from, words: &[&'static str], input| Call {
        from,
        words: words.to_vec(),
        input,
        ..Call::default()
    };
    for (call, code, told) in [
        (
            call("nagios", &[], ""),
            65,
            "the name of the host is missing",
        ),
        (
            call("nagios", &["HOSTNAME=a"], ""),
            65,
            "the state of the host",
        ),
        (
            call("nagios", &["HOSTNAME=a", "HOSTSTATE=SIDEWAYS"], ""),
            65,
            "SIDEWAYS",
        ),
        (call("nagios", &["db1"], ""), 64, "NAME=value"),
        (
            call("icinga2", &["-l", "a", "-x", "b"], ""),
            64,
            "-x is none",
        ),
        (call("icinga2", &["-l"], ""), 64, "-l has no value"),
        (call("icinga2", &["-l", "a", "-s", ""], ""), 65, "the state"),
        (call("zabbix", &[], ""), 64, "no parameters"),
        (
            call("zabbix", &["to", "Problem: x", "nothing"], ""),
            65,
            "the host is missing",
        ),
        (
            call("zabbix", &["host=a"], ""),
            65,
            "the problem is missing",
        ),
        (call("alertmanager", &[], "nonsense"), 65, "no JSON"),
        (call("alertmanager", &[], "{}"), 65, "alerts"),
        (call("alertmanager", &["a"], "[]"), 64, "no arguments"),
        (
            call("dataminer", &[], " \n"),
            65,
            "no Correlation Alarm Info",
        ),
        (
            call("dataminer", &["hello"], ""),
            65,
            "no Correlation Alarm Info",
        ),
        (
            Call {
                options: vec!["file.json"],
                ..call("nagios", &["HOSTNAME=a"], "")
            },
            69,
            "file.json",
        ),
    ] {
        let (found, text) = call.refusal().await;
        assert_eq!(found, Some(code), "{text}");
        assert!(text.contains(told), "{text}");
    }
    let without = Command::new(env!("CARGO_BIN_EXE_klaxond"))
        .args(["send", "--", "HOSTNAME=a"])
        .output();
    assert_eq!(without.await.unwrap().status.code(), Some(64));
}

#[tokio::test]
async fn a_daemon_that_cannot_take_it_is_to_be_called_again() {
    let socket = AlarmSocket::start(Intake::from_fn(|records, _| async move {
        vec![Answer::Busy { retry_after_ms: 1 }; records.len()]
    }));
    let output = Call {
        from: "nagios",
        words: vec!["HOSTNAME=a", "HOSTSTATE=DOWN"],
        options: vec!["--wait", "20ms"],
        ..Call::default()
    }
    .run(&socket.path)
    .await;
    socket.stop().await;
    assert_eq!(output.status.code(), Some(75), "{output:?}");
}
