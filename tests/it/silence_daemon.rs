//! `klaxond silence` beside a daemon that runs: who is told, and what `why` and the audit trail say.

use klaxond::sandbox::{Sandbox, Settings};

use crate::support::process::{Home, wait_until};

const CONFIG: &str = r#"
[[contacts]]
name = "NOC desk"
phone = "34600111222"
[[rules]]
name = "Labs"
filter = 'element like "Lab*"'
single_events = false
on_clear = true
"#;

/// What a command prints; it must end well.
fn run(home: &Home, subcommand: &[&str], rest: &[&str]) -> String {
    let mut command = home.command(subcommand[0]);
    let output = command
        .args(&subcommand[1..])
        .args(rest)
        .env("USER", "ana")
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success(),
        "{subcommand:?} {rest:?}: {out}{err}"
    );
    out
}

/// `klaxond silence`: the config is an option of what is done.
fn silence(home: &Home, words: &[&str]) -> String {
    let config = home.path("config.toml");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_klaxond"))
        .arg("silence")
        .args(words)
        .arg("--config")
        .arg(config)
        .env("USER", "ana")
        .output()
        .unwrap();
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{words:?}: {out}{err}");
    out
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silence_holds_and_its_end_is_told() {
    let (sandbox, mut shown) = Sandbox::start(Settings::default()).await.unwrap();
    tokio::spawn(async move { while shown.recv().await.is_some() {} });
    let home = Home::new(&format!("http://{}", sandbox.address()), CONFIG);
    // Commands find a control socket that is not where it is by default.
    let path = home.path("config.toml");
    let config = std::fs::read_to_string(&path).unwrap();
    let named = config.replace("[http]\n", "[http]\ncontrol = \"desk.sock\"\n");
    std::fs::write(&path, named).unwrap();
    let told = |count: usize| {
        wait_until(
            &format!("message {count}"),
            || sandbox.messages().len() >= count,
            || home.log(),
        );
        assert_eq!(sandbox.messages().len(), count);
    };
    tokio::task::block_in_place(|| {
        let daemon = home.start();
        assert!(home.path("desk.sock").exists());
        let mut line = home.connect();
        let mut send = |id: &str, severity: &str| {
            let record = format!(r#"{{"id":"{id}","element":"Lab {id}","severity":"{severity}"}}"#);
            assert_eq!(line.ask(&record)["status"], "stored");
        };
        send("1", "major");
        told(1);
        let added = silence(
            &home,
            &[
                "add",
                "element like \"Lab*\"",
                "--for",
                "2h",
                "--comment",
                "works",
            ],
        );
        let id = added.split(':').next().unwrap().to_owned();
        send("2", "major");
        wait_until(
            "the count of what is not told",
            || silence(&home, &["list"]).contains("(1 not told)"),
            || silence(&home, &["list"]),
        );
        // Who was told before is told the end; nobody hears of the other.
        send("1", "normal");
        told(2);
        let silent = run(&home, &["why"], &["2"]);
        assert!(silent.contains(&format!("silence {id}")), "{silent}");
        assert_eq!(silence(&home, &["expire", &id]), format!("ended: {id}\n"));
        told(3);
        let again = format!("still raised; silence {id} (by ana: \"works\") ended");
        let alarm = || run(&home, &["why"], &["2"]);
        assert!(alarm().contains(&again), "{}", alarm());
        let whole = || run(&home, &["why"], &[&id]);
        assert!(whole().contains("works"), "{}", whole());
        assert!(daemon.stop().success());
        // The database tells the same when nobody runs.
        assert!(alarm().contains(&again), "{}", alarm());
        assert!(whole().contains("works"), "{}", whole());
        let config = home.path("config.toml");
        let audit = std::process::Command::new(env!("CARGO_BIN_EXE_klaxond"))
            .args(["audit", "export", "--id", &id, "--config"])
            .arg(config)
            .output()
            .unwrap();
        let audit = String::from_utf8_lossy(&audit.stdout);
        assert!(audit.contains("\"by\":\"ana\""), "{audit}");
        assert!(audit.lines().count() >= 2, "{audit}");
    });
}
