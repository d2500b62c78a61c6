//! The real process: signals, reload, drain, a dead token, a second daemon, a passed socket.

use std::process::{Command, Stdio};

use klaxond::sandbox::{Fault, Sandbox, Settings, TemplateStatus, TemplateText};
use rustix::process::Signal;

use crate::support::process::{Home, wait_until};

const CONFIG: &str = r#"
[[contacts]]
name = "NOC desk"
phone = "34600111222"
[[rules]]
name = "Everything"
"#;

const ALARM: &str = r#"{"id":"4711","element":"Encoder 7","severity":"critical"}"#;

async fn sandbox(settings: Settings) -> Sandbox {
    let (sandbox, mut shown) = Sandbox::start(settings).await.unwrap();
    tokio::spawn(async move { while shown.recv().await.is_some() {} });
    sandbox
}

fn home(sandbox: &Sandbox, config: &str) -> Home {
    Home::new(&format!("http://{}", sandbox.address()), config)
}

fn wait_for_messages(sandbox: &Sandbox, home: &Home, count: usize) {
    wait_until(
        "delivery",
        || sandbox.messages().len() >= count,
        || {
            format!(
                "{} of {count} messages\n{}",
                sandbox.messages().len(),
                home.log()
            )
        },
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_goes_in_on_the_socket_and_comes_out_as_a_message() {
    let template = TemplateText {
        name: "klaxond_alarm".to_owned(),
        language: "en_US".to_owned(),
        header: None,
        text: "Alarm {{1}} on {{2}} is {{3}}. Please check it.".to_owned(),
        footer: None,
        buttons: Vec::new(),
        status: TemplateStatus::Approved,
    };
    let sandbox = sandbox(Settings {
        templates: vec![template],
        ..Settings::default()
    })
    .await;
    let home = home(&sandbox, CONFIG);
    tokio::task::block_in_place(|| {
        let daemon = home.start();
        let answer = home.connect().ask(ALARM);
        assert_eq!(
            answer,
            serde_json::json!({"status": "stored", "id": "4711", "rules": ["Everything"]})
        );
        wait_for_messages(&sandbox, &home, 1);
        assert!(daemon.stop().success());
    });
    let messages = sandbox.messages();
    assert_eq!(messages[0].to.digits(), "34600111222");
    assert_eq!(
        messages[0].text(),
        "Alarm 4711 on Encoder 7 is Critical. Please check it."
    );
    assert!(
        messages[0]
            .opaque
            .as_deref()
            .is_some_and(|opaque| opaque.ends_with(":1"))
    );
    let log = home.log();
    assert!(
        !log.contains("test-token") && !log.contains("34600111222"),
        "{log}"
    );
    assert!(log.contains("4711"), "one id from line to receipt:\n{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_token_holds_everything_tells_the_fallback_and_is_mended_by_a_new_file_alone() {
    let sandbox = sandbox(Settings {
        token: Some("fresh-token".to_owned()),
        ..Settings::default()
    })
    .await;
    let home = home(&sandbox, CONFIG);
    let told = home.path("told.json");
    let fallback = format!("[fallback]\ncommand = [\"tee\", {told:?}]\n{CONFIG}");
    home.write_config(&format!("http://{}", sandbox.address()), &fallback);
    home.write_token("dead-token");
    tokio::task::block_in_place(|| {
        let daemon = home.start();
        assert_eq!(home.connect().ask(ALARM)["status"], "stored");
        let read = || std::fs::read_to_string(&told).unwrap_or_default();
        wait_until("the fallback", || read().ends_with('\n'), || home.log());
        let notice: serde_json::Value = serde_json::from_str(&read()).unwrap();
        assert_eq!(
            (&notice["event"], &notice["scope"]),
            (&"held".into(), &"the account".into()),
            "{notice}"
        );
        home.write_token("fresh-token");
        wait_for_messages(&sandbox, &home, 1);
        assert!(daemon.stop().success());
    });
    let log = home.log();
    assert!(
        !log.contains("dead-token") && !log.contains("fresh-token"),
        "{log}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_fails_for_good_goes_to_the_fallback_with_its_alarm() {
    let faults = vec![Fault::parse("131026").unwrap()];
    let sandbox = sandbox(Settings {
        faults,
        ..Settings::default()
    })
    .await;
    let home = home(&sandbox, CONFIG);
    let told = home.path("told.json");
    let fallback = format!("[fallback]\ncommand = [\"tee\", {told:?}]\n{CONFIG}");
    home.write_config(&format!("http://{}", sandbox.address()), &fallback);
    tokio::task::block_in_place(|| {
        let _daemon = home.start();
        home.connect().ask(ALARM);
        let read = || std::fs::read_to_string(&told).unwrap_or_default();
        wait_until("the fallback", || read().ends_with('\n'), || home.log());
        let notice: serde_json::Value = serde_json::from_str(&read()).unwrap();
        assert_eq!(notice["event"], "failed");
        assert_eq!(notice["contact"], "NOC desk");
        assert_eq!(notice["rule"], "Everything");
        assert_eq!(notice["alarm"]["element"], "Encoder 7");
        let reason = notice["reason"].as_str().unwrap();
        assert!(reason.contains("131026"), "{notice}");
        assert!(
            reason.contains("ask the person to write"),
            "what to do: {notice}"
        );
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn each_line_of_the_log_says_in_words_what_happened_and_to_which_message() {
    let sandbox = sandbox(Settings::default()).await;
    let shadow = "[[rules]]\nname = \"Tried out\"\nshadow = true\nalso = true\n";
    let config = format!("[log]\nformat = \"json\"\n{CONFIG}{shadow}");
    let home = home(&sandbox, &config);
    tokio::task::block_in_place(|| {
        let daemon = home.start();
        home.connect().ask(ALARM);
        wait_for_messages(&sandbox, &home, 1);
        assert!(daemon.stop().success());
    });
    let lines: Vec<serde_json::Value> = home
        .log()
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let about = |words: &str| {
        let said = |line: &&serde_json::Value| line["message"] == words;
        lines
            .iter()
            .find(said)
            .unwrap_or_else(|| panic!("{words}: {lines:#?}"))
    };
    assert_eq!(about("accepted by Meta")["message.id"], "1");
    let shadow = about("would be sent (shadow mode)");
    assert_eq!(shadow["contact"], "NOC desk");
    assert_eq!(
        shadow["text"],
        "Alarm 4711 on Encoder 7 is Critical. Please check it."
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_finishes_the_message_under_way() {
    let faults = vec![Fault::parse("latency=700ms").unwrap()];
    let sandbox = sandbox(Settings {
        faults,
        ..Settings::default()
    })
    .await;
    let home = home(&sandbox, CONFIG);
    tokio::task::block_in_place(|| {
        let daemon = home.start();
        home.connect().ask(ALARM);
        assert!(daemon.stop().success());
        let daemon = home.start();
        assert!(daemon.stop().success());
    });
    assert_eq!(
        sandbox.messages().len(),
        1,
        "finished, and not sent again:\n{}",
        home.log()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn reload_says_what_changed_and_a_wrong_config_changes_nothing() {
    let sandbox = sandbox(Settings::default()).await;
    let home = home(&sandbox, CONFIG);
    let base_url = format!("http://{}", sandbox.address());
    tokio::task::block_in_place(|| {
        let daemon = home.start();
        let only_fans = CONFIG.replace(
            "name = \"Everything\"",
            "name = \"Fans\"\nfilter = 'element like \"Fan*\"'",
        );

        home.write_config(&base_url, &only_fans);
        let dry = home.command("reload").arg("--dry-run").output().unwrap();
        let text = String::from_utf8(dry.stdout).unwrap();
        assert!(
            dry.status.success()
                && text.contains("Fans")
                && text.contains("Everything")
                && text.contains("would send: nothing"),
            "{text}"
        );
        assert_eq!(
            home.connect().ask(ALARM)["status"],
            "stored",
            "a dry run changes nothing"
        );

        let done = home.command("reload").output().unwrap();
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
        assert_eq!(
            home.connect()
                .ask(r#"{"id":"1","element":"Encoder 9","severity":"critical"}"#)["status"],
            "ignored"
        );

        home.write_config(
            &base_url,
            "[[rules]]\nname = \"Broken\"\nfilter = 'severity ='\n",
        );
        daemon.signal(Signal::HUP);
        wait_until(
            "the refusal",
            || home.log().contains("the old one stays in force"),
            || home.log(),
        );
        assert_eq!(
            home.connect()
                .ask(r#"{"id":"2","element":"Fan 1","severity":"minor"}"#)["status"],
            "stored"
        );
        let refused = home.command("reload").output().unwrap();
        assert_eq!(refused.status.code(), Some(78));
        assert!(daemon.stop().success());
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_daemon_is_refused_and_the_first_goes_on() {
    let sandbox = sandbox(Settings::default()).await;
    let home = home(&sandbox, CONFIG);
    tokio::task::block_in_place(|| {
        let _daemon = home.start();
        let second = home.command("run").output().unwrap();
        assert!(!second.status.success());
        let words = String::from_utf8(second.stderr).unwrap();
        assert!(
            words.contains("alarms.sock") || words.contains("klaxond.db"),
            "{words}"
        );

        // The same database behind another socket.
        let config = std::fs::read_to_string(home.path("config.toml")).unwrap();
        let elsewhere = home.path("elsewhere.toml");
        std::fs::write(
            &elsewhere,
            config
                .replace("alarms.sock", "other.sock")
                .replace("[http]", "[http]\ncontrol = \"other-control.sock\""),
        )
        .unwrap();
        let third = Command::new(env!("CARGO_BIN_EXE_klaxond"))
            .args(["run", "--config"])
            .arg(&elsewhere)
            .output()
            .unwrap();
        assert_eq!(third.status.code(), Some(75));
        let words = String::from_utf8(third.stderr).unwrap();
        assert!(
            words.contains("klaxond.db") && words.contains("another"),
            "{words}"
        );
        assert_eq!(home.connect().ask(ALARM)["status"], "stored");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_database_is_refused_with_what_to_do() {
    let sandbox = sandbox(Settings::default()).await;
    let home = home(&sandbox, CONFIG);
    tokio::task::block_in_place(|| {
        assert!(home.start().stop().success());
        let database = rusqlite::Connection::open(home.path("klaxond.db")).unwrap();
        database.pragma_update(None, "user_version", 999).unwrap();
        drop(database);
        let refused = home.command("run").output().unwrap();
        assert!(!refused.status.success());
        let words = String::from_utf8(refused.stderr).unwrap();
        assert!(words.contains("999"), "{words}");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_queue_in_a_passed_socket_before_the_start_are_taken() {
    use std::io::{BufRead, BufReader, Write};
    use std::os::fd::OwnedFd;
    let sandbox = sandbox(Settings::default()).await;
    let home = home(&sandbox, CONFIG);
    tokio::task::block_in_place(|| {
        let listener = std::os::unix::net::UnixListener::bind(home.path("alarms.sock")).unwrap();
        let mut early = std::os::unix::net::UnixStream::connect(home.path("alarms.sock")).unwrap();
        early.write_all(format!("{ALARM}\n").as_bytes()).unwrap();
        // As systemd does: the socket is descriptor 3, and LISTEN_PID names the process.
        let mut daemon = Command::new("sh")
            .arg("-c")
            .arg("exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\" run --config \"$1\"")
            .arg(env!("CARGO_BIN_EXE_klaxond"))
            .arg(home.path("config.toml"))
            .stdin(Stdio::from(OwnedFd::from(listener)))
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut answer = String::new();
        BufReader::new(early).read_line(&mut answer).unwrap();
        assert!(answer.contains("\"stored\""), "{answer}");
        wait_for_messages(&sandbox, &home, 1);
        rustix::process::kill_process(rustix::process::Pid::from_child(&daemon), Signal::TERM)
            .unwrap();
        assert!(daemon.wait().unwrap().success());
        assert!(
            home.path("alarms.sock").exists(),
            "a passed socket is systemd's to remove"
        );
    });
}

#[test]
fn the_demo_delivers_and_ends_by_itself() {
    let demo = Command::new(env!("CARGO_BIN_EXE_klaxond"))
        .arg("demo")
        .output()
        .unwrap();
    let text = String::from_utf8(demo.stdout).unwrap();
    assert!(
        demo.status.success(),
        "{text}\n{}",
        String::from_utf8_lossy(&demo.stderr)
    );
    assert!(
        text.contains("Broadpeak BKS350") && text.contains("Encoder 7"),
        "{text}"
    );
    assert!(
        text.contains(
            "5 messages on the phones, 5 of them with a receipt that says so, 0 still waiting"
        ),
        "{text}"
    );
    assert_eq!(text.matches("✓✓ ─╯").count(), 5, "{text}");
}

/// Meta with a token that ends in five days and a template that it moved to another category.
async fn meta_with_trouble() -> wiremock::MockServer {
    use serde_json::json;
    use wiremock::matchers::{method, path_regex};
    let server = wiremock::MockServer::start().await;
    let ends = jiff::Timestamp::now().as_second() + 5 * 86_400 + 600;
    let template = json!({"id": "1", "name": "klaxond_alarm", "language": "en_US",
        "status": "APPROVED", "category": "MARKETING", "parameter_format": "POSITIONAL",
        "components": [{"type": "BODY", "text": "Alarm {{1}} on {{2}} is {{3}}. Please check it."}]});
    for (path, body) in [
        ("/message_templates$", json!({"data": [template]})),
        (
            "/debug_token$",
            json!({"data": {"is_valid": true, "expires_at": ends}}),
        ),
        (
            "",
            json!({"verified_name": "Acme NOC", "quality_rating": "GREEN",
            "throughput": {"level": "STANDARD"}}),
        ),
    ] {
        wiremock::Mock::given(method("GET"))
            .and(path_regex(path))
            .respond_with(wiremock::ResponseTemplate::new(200).set_body_json(body))
            .mount(&server)
            .await;
    }
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn the_daemon_says_what_is_wrong_with_the_account_and_the_templates() {
    let meta = meta_with_trouble().await;
    let home = Home::new(&meta.uri(), CONFIG);
    let config = std::fs::read_to_string(home.path("config.toml")).unwrap();
    let account = "[whatsapp]\nbusiness_account_id = \"102290129340398\"";
    std::fs::write(
        home.path("config.toml"),
        config.replace("[whatsapp]", account),
    )
    .unwrap();
    let _daemon = tokio::task::block_in_place(|| {
        let daemon = home.start();
        let told = || home.log().matches("the operators should know").count() >= 2;
        wait_until("two warnings", told, || home.log());
        daemon
    });
    klaxond::whatsapp::install_crypto();
    let client = reqwest::Client::builder()
        .unix_socket(home.path("control.sock"))
        .build()
        .unwrap();
    let answer = client
        .get("http://klaxond/api/v1/status")
        .send()
        .await
        .unwrap();
    let status: serde_json::Value = answer.json().await.unwrap();
    let account = &status["account"];
    assert_eq!(account["token"]["days_left"], 5, "{account:#}");
    assert_eq!(account["number"]["name"], "Acme NOC");
    assert_eq!(account["number"]["throughput"], "STANDARD");
    let warnings = account["warnings"].to_string();
    for part in [
        "the access token stops working on",
        "counts it as marketing",
    ] {
        assert!(warnings.contains(part), "{warnings}");
    }
    let template = &status["templates"]["known"][0];
    assert_eq!(
        (&template["id"], &template["ok"], &template["category"]),
        (&"alarm".into(), &true.into(), &"MARKETING".into()),
        "{template:#}"
    );
    assert!(!home.log().contains("test-token"), "{}", home.log());
}
