//! The real process when its disk or its database is in trouble: busy, never wrong, and on it goes.

use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit};

use crate::support::process::{Home, Running, wait_until};
use crate::support::trouble::{
    CONFIG, FAST, alarm, assert_discreet, home, sandbox, status, times, wait_for, wait_for_log,
};

/// The largest size of a file that the daemon may write, from here on.
fn limit_files(daemon: &Running, bytes: Option<u64>) {
    let limit = Rlimit {
        current: bytes,
        maximum: None,
    };
    rustix::process::prlimit(Some(Pid::from_child(&daemon.child)), Resource::Fsize, limit).unwrap();
}

/// Runs a daemon that does not start: its exit code and its words.
fn refused(home: &Home) -> (Option<i32>, String) {
    let output = home.command("run").output().unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn below_min_free_records_are_busy_and_what_is_queued_is_sent() {
    let sandbox = sandbox(&["http=503"]).await;
    let home = home(&sandbox, CONFIG);
    let roomy = std::fs::read_to_string(home.path("config.toml")).unwrap();
    // In memory: no machine has a terabyte of it free.
    let memory = tempfile::tempdir_in("/dev/shm").unwrap();
    let database = format!("path = {:?}", memory.path().join("klaxond.db"));
    let roomy = roomy.replace("path = \"klaxond.db\"", &database);
    std::fs::write(home.path("config.toml"), &roomy).unwrap();
    let tight = roomy.replace("min_free = \"1KiB\"", "min_free = \"1024GiB\"");
    tokio::task::block_in_place(|| {
        let daemon = home.start();
        assert_eq!(status(&home, "before"), "stored");
        assert!(daemon.stop().success());
        std::fs::write(home.path("config.toml"), tight).unwrap();
        let daemon = home.start();
        let answer = home.connect().ask(&alarm("during"));
        assert_eq!(
            answer,
            serde_json::json!({"status": "busy", "retry_after_ms": 500})
        );
        sandbox.set_faults(Vec::new());
        wait_for(&sandbox, &home, "before");
        assert!(home.log().contains("min_free"), "{}", home.log());
        assert!(daemon.stop().success());
        std::fs::write(home.path("config.toml"), roomy).unwrap();
        let _daemon = home.start();
        assert_eq!(status(&home, "after"), "stored");
        wait_for(&sandbox, &home, "after");
    });
    assert_eq!(times(&sandbox, "during"), 0);
    assert_discreet(&home);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_takes_no_more_makes_records_busy_and_the_daemon_goes_on_by_itself() {
    let sandbox = sandbox(&[]).await;
    let home = home(&sandbox, &format!("{FAST}{CONFIG}"));
    tokio::task::block_in_place(|| {
        let daemon = home.start();
        assert_eq!(status(&home, "first"), "stored");
        let mut stored = vec!["first".to_owned()];
        for round in 0..4 {
            // Messages are under way when the disk fills up.
            let mut line = home.connect();
            let ids: Vec<String> = (0..50).map(|n| format!("r{round}n{n}")).collect();
            let (before, behind) = ids.split_at(25);
            before.iter().for_each(|id| line.write(&alarm(id)).unwrap());
            assert_eq!(line.read().unwrap()["status"], "stored");
            stored.push(ids[0].clone());
            limit_files(&daemon, Some(8_192));
            behind.iter().for_each(|id| line.write(&alarm(id)).unwrap());
            for id in &ids[1..] {
                let answer = line
                    .read()
                    .unwrap_or_else(|| panic!("no answer:\n{}", home.log()));
                match answer["status"].as_str().unwrap() {
                    "stored" => stored.push(id.clone()),
                    status => assert_eq!(status, "busy", "{answer}"),
                }
            }
            assert_eq!(status(&home, "full"), "busy");
            limit_files(&daemon, None);
            let after = format!("after{round}");
            wait_until(
                "taking alarms again",
                || status(&home, &after) == "stored",
                || home.log(),
            );
            stored.push(after);
        }
        for id in &stored {
            wait_for(&sandbox, &home, id);
        }
        assert!(daemon.stop().success(), "{}", home.log());
    });
    assert_discreet(&home);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_another_program_locks_costs_time_and_nothing_else() {
    let sandbox = sandbox(&["latency=1s:count=1"]).await;
    let home = home(&sandbox, &format!("{FAST}{CONFIG}"));
    tokio::task::block_in_place(|| {
        let daemon = home.start();
        assert_eq!(status(&home, "under way"), "stored");
        let intruder = rusqlite::Connection::open(home.path("klaxond.db")).unwrap();
        let sending = "SELECT count(*) FROM messages WHERE state = 'sending'";
        let posts = || intruder.query_row(sending, [], |row| row.get::<_, i64>(0));
        wait_until("the post", || posts() == Ok(1), || home.log());
        intruder.execute_batch("BEGIN IMMEDIATE").unwrap();
        assert_eq!(status(&home, "meanwhile"), "busy");
        wait_for_log(&home, "outcomes cannot be written");
        assert!(home.log().contains("is locked by another program"));
        intruder.execute_batch("ROLLBACK").unwrap();
        wait_until(
            "taking alarms again",
            || status(&home, "after") == "stored",
            || home.log(),
        );
        wait_for(&sandbox, &home, "after");
        wait_for_log(&home, "the outbox works again");
        assert!(daemon.stop().success());
        let daemon = home.start();
        assert!(daemon.stop().success());
    });
    assert_eq!(times(&sandbox, "under way"), 1, "{}", home.log());
    assert_discreet(&home);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_between_the_answer_and_the_decision_loses_nothing() {
    let sandbox = sandbox(&[]).await;
    let home = home(&sandbox, &format!("{FAST}{CONFIG}"));
    tokio::task::block_in_place(|| {
        let _daemon = home.start();
        let intruder = rusqlite::Connection::open(home.path("klaxond.db")).unwrap();
        for round in 0..5 {
            assert_eq!(status(&home, round), "stored");
            intruder.execute_batch("BEGIN IMMEDIATE").unwrap();
            std::thread::park_timeout(Duration::from_millis(100));
            intruder.execute_batch("ROLLBACK").unwrap();
        }
        for round in 0..5 {
            wait_for(&sandbox, &home, round);
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_damaged_while_in_use_ends_the_daemon_soon_and_says_why() {
    let sandbox = sandbox(&[]).await;
    let home = home(&sandbox, CONFIG);
    tokio::task::block_in_place(|| {
        let mut daemon = home.start();
        wait_for_log(&home, "takes alarms");
        let intruder = rusqlite::Connection::open(home.path("klaxond.db")).unwrap();
        intruder.execute_batch("DROP TABLE messages").unwrap();
        let begin = Instant::now();
        // It may end before it answers.
        home.connect().write(&alarm(1)).unwrap();
        let ended = daemon.child.wait().unwrap();
        assert_eq!(ended.code(), Some(69), "{}", home.log());
        assert!(
            begin.elapsed() < Duration::from_secs(15),
            "it must not wait for a drain"
        );
    });
    let log = home.log();
    assert!(
        log.contains("klaxond.db") && log.contains("no such table: messages"),
        "{log}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_database_of_ours_is_refused_with_what_to_do() {
    let sandbox = sandbox(&[]).await;
    let home = home(&sandbox, CONFIG);
    tokio::task::block_in_place(|| {
        std::fs::write(home.path("klaxond.db"), "no database at all ".repeat(100)).unwrap();
        let (code, words) = refused(&home);
        assert_eq!(code, Some(69), "{words}");
        assert!(
            words.contains("klaxond.db") && words.contains("restore a backup"),
            "{words}"
        );
        std::fs::remove_file(home.path("klaxond.db")).unwrap();
        let other = rusqlite::Connection::open(home.path("klaxond.db")).unwrap();
        other.execute_batch("CREATE TABLE recipes (x)").unwrap();
        drop(other);
        let (code, words) = refused(&home);
        assert_eq!(code, Some(69), "{words}");
        assert!(words.contains("another program"), "{words}");
        let config = std::fs::read_to_string(home.path("config.toml")).unwrap();

        // A folder that is not there is made; one that cannot be made is told.
        let elsewhere = config.replace("\"klaxond.db\"", "\"a/b/klaxond.db\"");
        std::fs::write(home.path("config.toml"), elsewhere).unwrap();
        assert!(home.start().stop().success());
        assert!(home.path("a/b/klaxond.db").exists());
        let inside_a_file = config.replace("\"klaxond.db\"", "\"token/klaxond.db\"");
        std::fs::write(home.path("config.toml"), inside_a_file).unwrap();
        let (code, words) = refused(&home);
        assert_eq!(code, Some(69), "{words}");
        assert!(words.contains("token"), "{words}");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_torn_database_is_refused_and_nothing_in_it_is_touched() {
    let sandbox = sandbox(&["http=503"]).await;
    let home = home(&sandbox, CONFIG);
    tokio::task::block_in_place(|| {
        let daemon = home.start();
        assert_eq!(status(&home, 1), "stored");
        assert!(daemon.stop().success());
        let mut bytes = std::fs::read(home.path("klaxond.db")).unwrap();
        let middle = 4_096..bytes.len().min(24_576);
        bytes[middle].fill(0xa5);
        std::fs::write(home.path("klaxond.db"), &bytes).unwrap();
        let (code, words) = refused(&home);
        assert_eq!(code, Some(69), "{words}");
        assert!(words.contains("restore a backup"), "{words}");
        let after = std::fs::read(home.path("klaxond.db")).unwrap();
        assert!(after == bytes, "the evidence is kept as it is");
    });
}
