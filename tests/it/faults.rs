//! The real process in trouble: network, clients, fallback, signals. Clear words, nothing that was
//! answered "stored" lost, and on it goes when the trouble is over.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use crate::support::process::{Home, PATIENCE, Running, wait_until};
use crate::support::trouble::{
    CONFIG, FAST, alarm, assert_discreet, home, sandbox, status, times, wait_for, wait_for_log,
};

#[tokio::test(flavor = "multi_thread")]
async fn every_broken_answer_ends_in_a_message() {
    const FAULTS: [(&str, usize); 7] = [
        ("http=500", 1),
        ("close", 1),
        ("hang", 1),
        ("close-after", 2),
        ("empty", 2),
        ("truncate", 2),
        ("html", 1),
    ];
    let mut config = format!("{FAST}unknown_wait = \"1s\"\n");
    let mut faults = Vec::new();
    for (n, (fault, _)) in FAULTS.iter().enumerate() {
        config.push_str(&format!(
            "[[contacts]]\nname = \"{fault}\"\nphone = \"3460011122{n}\"\n"
        ));
        faults.push(format!("{fault}:count=1:to=3460011122{n}"));
    }
    config.push_str("[[rules]]\nname = \"Everything\"\n");
    let faults: Vec<&str> = faults.iter().map(String::as_str).collect();
    let sandbox = sandbox(&faults).await;
    let home = home(&sandbox, &config);
    let text = std::fs::read_to_string(home.path("config.toml")).unwrap();
    let text = text.replace("[whatsapp]", "[whatsapp]\nanswer_timeout = \"1s\"");
    std::fs::write(home.path("config.toml"), text).unwrap();
    let arrived = |n: usize| {
        let phone = format!("3460011122{n}");
        let messages = sandbox.messages();
        messages
            .iter()
            .filter(|message| message.to.digits() == phone)
            .count()
    };
    tokio::task::block_in_place(|| {
        let daemon = home.start();
        assert_eq!(status(&home, 1), "stored");
        for (n, (fault, wanted)) in FAULTS.iter().enumerate() {
            wait_until(fault, || arrived(n) >= *wanted, || home.log());
        }
        assert!(daemon.stop().success());
    });
    for (n, (fault, wanted)) in FAULTS.iter().enumerate() {
        assert_eq!(arrived(n), *wanted, "{fault}: {}", home.log());
    }
    assert_discreet(&home);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tls_failure_keeps_the_message_until_the_address_is_mended() {
    let sandbox = sandbox(&[]).await;
    let home = Home::new(&format!("https://{}", sandbox.address()), CONFIG);
    tokio::task::block_in_place(|| {
        let daemon = home.start();
        assert_eq!(status(&home, 1), "stored");
        wait_for_log(&home, "will be sent again");
        assert_eq!(sandbox.messages().len(), 0);
        home.write_config(&format!("http://{}", sandbox.address()), CONFIG);
        daemon.signal(rustix::process::Signal::HUP);
        wait_for(&sandbox, &home, 1);
        assert!(daemon.stop().success());
    });
    assert_eq!(times(&sandbox, 1), 1);
    assert_discreet(&home);
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_of_the_worst_kind_cost_little_and_keep_nobody_waiting() {
    const MOST_KB: u64 = 80_000;
    let sandbox = sandbox(&[]).await;
    let home = home(&sandbox, &format!("{FAST}{CONFIG}"));
    let config = std::fs::read_to_string(home.path("config.toml")).unwrap();
    let config = config.replace("[ingest]", "[ingest]\nmax_connections = 2000");
    std::fs::write(home.path("config.toml"), config).unwrap();
    let rss_kb = |daemon: &Running| -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.child.id()));
        let status = status.unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:"));
        let number = line.unwrap().split_whitespace().nth(1).unwrap();
        number.parse().unwrap()
    };
    let connect = || {
        let stream = UnixStream::connect(home.path("alarms.sock")).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream
    };
    tokio::task::block_in_place(|| {
        let daemon = home.start();
        let mut kept = Vec::new();
        let mut others = 0;
        let mut goes_on = |after: &str| {
            others += 1;
            assert_eq!(status(&home, others), "stored", "after {after}");
            wait_for(&sandbox, &home, others);
            let kb = rss_kb(&daemon);
            assert!(kb < MOST_KB, "{kb} KB after {after}");
        };

        // It says nothing, or half a line, a thousand times.
        for n in 0..1_000 {
            let mut stream = connect();
            if n % 2 == 0 {
                stream.write_all(b"{\"element\":\"half").unwrap();
            }
            kept.push(stream);
        }
        kept.truncate(900);
        goes_on("1,000 connections");

        let mut endless = connect();
        endless.write_all(&vec![b'x'; 10 << 20]).unwrap();
        kept.push(endless);
        goes_on("10 MB without a line feed");

        let mut deep = connect();
        deep.write_all("[".repeat(60_000).as_bytes()).unwrap();
        deep.write_all(b"\n{\"a\":").unwrap();
        deep.write_all("{\"a\":".repeat(10_000).as_bytes()).unwrap();
        deep.write_all(b"\n\0\0\0\n\xff\xfe\n").unwrap();
        deep.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answers = String::new();
        deep.read_to_string(&mut answers).unwrap();
        assert_eq!(answers.lines().count(), 4, "{answers}");
        assert!(
            answers.lines().all(|line| line.contains("rejected")),
            "{answers}"
        );
        goes_on("deep JSON, NUL bytes, what is not UTF-8");

        // It never reads: its alarms are taken all the same.
        let mut deaf = connect();
        let bad = format!("{{\"element\":{}}}\n", "7".repeat(1_000));
        for _ in 0..20_000 {
            deaf.write_all(bad.as_bytes()).unwrap();
        }
        deaf.write_all(format!("{}\n", alarm("deaf")).as_bytes())
            .unwrap();
        kept.push(deaf);
        wait_for(&sandbox, &home, "deaf");
        goes_on("a client that never reads");

        drop(kept);
        assert!(daemon.stop().success());
    });
    assert_discreet(&home);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_fallback_did_not_hear_before_a_crash_it_hears_after_it() {
    let sandbox = sandbox(&["131026"]).await;
    let base_url = format!("http://{}", sandbox.address());
    let home = Home::new(
        &base_url,
        &format!("[fallback]\ncommand = [\"/nowhere/pager\"]\n{CONFIG}"),
    );
    let told = home.path("told.json");
    tokio::task::block_in_place(|| {
        let mut daemon = home.start();
        assert_eq!(status(&home, 4711), "stored");
        wait_for_log(&home, "the fallback command cannot be run");
        daemon.kill();
        let tee = format!("[fallback]\ncommand = [\"tee\", \"-a\", {told:?}]\n{CONFIG}");
        home.write_config(&base_url, &tee);
        let read = || std::fs::read_to_string(&told).unwrap_or_default();
        for _ in 0..2 {
            let daemon = home.start();
            wait_until("the fallback", || read().ends_with('\n'), || home.log());
            assert!(daemon.stop().success());
        }
        let text = read();
        assert_eq!(text.lines().count(), 1, "told once:\n{text}");
        assert!(text.contains("4711") && text.contains("131026"), "{text}");
        assert!(
            !text.contains("34600111") && !text.contains("test-token"),
            "{text}"
        );
    });
    assert_discreet(&home);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fallback_that_hangs_is_killed_and_another_one_hears_of_it() {
    let sandbox = sandbox(&["131026"]).await;
    let base_url = format!("http://{}", sandbox.address());
    // It floods its output and never ends.
    let hangs = format!("[fallback]\ncommand = [\"yes\"]\ntimeout = \"1s\"\n{CONFIG}");
    let home = Home::new(&base_url, &hangs);
    let told = home.path("told.json");
    tokio::task::block_in_place(|| {
        let daemon = home.start();
        assert_eq!(status(&home, 4711), "stored");
        wait_for_log(&home, "took too long and was killed");
        let pid = daemon.child.id();
        let children = || std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
        wait_until(
            "the end of the command",
            || children().is_ok_and(|children| children.trim().is_empty()),
            || format!("{:?}", children()),
        );
        let tee = format!("[fallback]\ncommand = [\"tee\", {told:?}]\n{CONFIG}");
        home.write_config(&base_url, &tee);
        daemon.signal(rustix::process::Signal::HUP);
        let read = || std::fs::read_to_string(&told).unwrap_or_default();
        wait_until("the fallback", || read().contains("4711"), || home.log());
        assert!(daemon.stop().success());
    });
    assert_discreet(&home);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_under_load_ends_well_within_its_time_and_loses_nothing() {
    let sandbox = sandbox(&[]).await;
    let home = home(&sandbox, &format!("{FAST}{CONFIG}"));
    tokio::task::block_in_place(|| {
        let mut stored = Vec::new();
        for round in 0..12 {
            let daemon = home.start();
            let mut line = home.connect();
            for n in 0..40 {
                line.write(&alarm(format!("r{round}n{n}"))).unwrap();
            }
            for n in 0..20 {
                assert_eq!(line.read().unwrap()["status"], "stored");
                stored.push(format!("r{round}n{n}"));
            }
            let begin = Instant::now();
            assert!(daemon.stop().success(), "{}", home.log());
            let took = begin.elapsed();
            assert!(took < Duration::from_secs(10), "{took:?}\n{}", home.log());
        }
        let _daemon = home.start();
        for id in &stored {
            wait_for(&sandbox, &home, id);
        }
    });
    assert!(
        !home.log().contains("did not finish in time"),
        "{}",
        home.log()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_does_not_wait_longer_than_told_for_an_answer_that_does_not_come() {
    let sandbox = sandbox(&["hang:count=1"]).await;
    let home = home(
        &sandbox,
        &format!(
            "[delivery]\nstorm = \"off\"\ndrain_timeout = \"2s\"\nunknown_wait = \"1s\"\n{CONFIG}"
        ),
    );
    tokio::task::block_in_place(|| {
        let daemon = home.start();
        assert_eq!(status(&home, 1), "stored");
        wait_until(
            "the post",
            || sandbox.tally() != Default::default(),
            || home.log(),
        );
        let _idle = home.connect();
        let begin = Instant::now();
        assert!(daemon.stop().success());
        let took = begin.elapsed();
        assert!(took < Duration::from_secs(5), "{took:?}");
        let _daemon = home.start();
        wait_for(&sandbox, &home, 1);
    });
    assert_discreet(&home);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_dies_with_the_daemon_three_times_goes_to_the_fallback() {
    let sandbox = sandbox(&["hang"]).await;
    let home = home(&sandbox, "");
    let told = home.path("told.json");
    let config = format!(
        "[fallback]\ncommand = [\"tee\", {told:?}]\n[delivery]\nunknown_wait = \"1s\"\n{CONFIG}"
    );
    home.write_config(&format!("http://{}", sandbox.address()), &config);
    tokio::task::block_in_place(|| {
        let posts = || {
            let database = rusqlite::Connection::open(home.path("klaxond.db")).unwrap();
            let sql = "SELECT coalesce(max(n), 0) FROM attempts";
            database
                .query_row(sql, [], |row| row.get::<_, i64>(0))
                .unwrap()
        };
        for kill in 1..=3 {
            let mut daemon = home.start();
            if kill == 1 {
                assert_eq!(status(&home, 4711), "stored");
            }
            wait_until("the attempt", || posts() >= kill, || home.log());
            daemon.kill();
        }
        let _daemon = home.start();
        let read = || std::fs::read_to_string(&told).unwrap_or_default();
        wait_until("the fallback", || read().contains("4711"), || home.log());
        assert_eq!(posts(), 3, "three are enough");
    });
    assert_discreet(&home);
}
