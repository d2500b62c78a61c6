//! The alarm socket within its bounds: what clients cannot do to the daemon.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use klaxond::pipeline::intake::{Intake, MAX_BATCH};
use tokio::io::AsyncWriteExt;

use super::support::alarm_socket::{AlarmSocket, line};
use super::support::ingest::Ledger;

#[tokio::test]
async fn a_line_that_is_too_long_costs_only_itself() {
    let ledger = Ledger::default();
    let socket = AlarmSocket::start_with(ledger.intake(), |settings| settings.max_line = 1000);
    let mut client = socket.connect().await;
    for length in [1001, 1500, 100_000, 3_000_000] {
        client.write(line("before")).await;
        client.write("x".repeat(length)).await;
        client.write("\n").await;
        client.write(line("after")).await;
        assert_eq!(client.status().await, "stored");
        let refused = client.answer().await.unwrap();
        assert_eq!(
            refused["error"], "the line is longer than 1000 bytes (ingest.max_line)",
            "{length} bytes"
        );
        assert_eq!(client.status().await, "stored");
    }
    client.write("y".repeat(5000)).await;
    client.end().await;
    assert_eq!(client.status().await, "rejected");
    socket.stop().await;
}

#[tokio::test]
async fn batches_are_bounded_and_keep_the_order() {
    let largest = Arc::new(AtomicUsize::new(0));
    let ledger = Ledger::default();
    let intake = {
        let (largest, ledger) = (Arc::clone(&largest), ledger.clone());
        Intake::from_fn(move |records, origin| {
            largest.fetch_max(records.len(), Ordering::Relaxed);
            let answers = ledger.enter(records, &origin);
            async move { answers }
        })
    };
    let socket = AlarmSocket::start(intake);
    let mut client = socket.connect().await;
    let total = 20_000;
    let sent: String = (0..total).map(line).collect();
    let (mut reader, mut writer) = client.0.into_inner().into_split();
    let write = tokio::spawn(async move { writer.write_all(sent.as_bytes()).await.unwrap() });
    let mut answers = tokio::io::BufReader::new(&mut reader);
    for n in 0..total {
        let mut answer = String::new();
        tokio::io::AsyncBufReadExt::read_line(&mut answers, &mut answer)
            .await
            .unwrap();
        assert!(answer.contains(&format!("\"id\":\"{n}\"")), "{n}: {answer}");
    }
    write.await.unwrap();
    drop(reader);
    let largest = largest.load(Ordering::Relaxed);
    assert!((2..=MAX_BATCH).contains(&largest), "{largest}");
    client = socket.connect().await;
    client.end().await;
    socket.stop().await;
}

#[tokio::test]
async fn a_client_that_never_reads_loses_answers_and_no_alarm() {
    let ledger = Ledger::default();
    let socket = AlarmSocket::start(ledger.intake());
    let mut client = socket.connect().await;
    // Answers repeat the id: 60 KB each, some 12 MB in all.
    let total = 200;
    for n in 0..total {
        let id = "i".repeat(60_000);
        client
            .write(format!(
                "{{\"element\":\"{n}\",\"severity\":1,\"id\":\"{id}\"}}\n"
            ))
            .await;
    }
    client.end().await;
    let answers = client.rest().await;
    assert!(answers.len() < total, "{} answers", answers.len());
    assert!(!answers.is_empty());
    for answer in answers {
        serde_json::from_str::<serde_json::Value>(&answer).expect("answers stay whole");
    }
    assert_eq!(ledger.elements().len(), total);
    socket.stop().await;
}

#[tokio::test]
async fn a_client_that_leaves_without_reading_loses_no_alarm() {
    let ledger = Ledger::default();
    let socket = AlarmSocket::start(ledger.intake());
    let mut client = socket.connect().await;
    let total = 500;
    let lines: String = (0..total).map(line).collect();
    client.write(lines.trim_end()).await;
    drop(client);
    while ledger.elements().len() < total {
        tokio::task::yield_now().await;
    }
    socket.stop().await;
}

// The clock is paused: with every task waiting it jumps to the next timer, which is the one under
// test, and what comes over the socket is there before anything waits.
#[tokio::test(start_paused = true)]
async fn a_client_that_says_nothing_is_let_go() {
    let ledger = Ledger::default();
    let socket = AlarmSocket::start_with(ledger.intake(), |settings| {
        settings.idle_timeout = Duration::from_secs(60);
    });
    let begin = tokio::time::Instant::now();
    let mut silent = socket.connect().await;
    assert_eq!(silent.answer().await, None);
    assert_eq!(begin.elapsed().as_secs(), 60);

    let mut slow = socket.connect().await;
    for n in 0..5 {
        tokio::time::sleep(Duration::from_secs(50)).await;
        slow.write(line(n)).await;
        assert_eq!(slow.status().await, "stored");
    }
    slow.write(line("begun").trim_end()).await;
    assert_eq!(slow.status().await, "stored", "a line it began counts");
    assert_eq!(slow.answer().await, None);
    socket.stop().await;
}

#[tokio::test]
async fn a_thousand_connections_are_served() {
    let ledger = Ledger::default();
    let socket = AlarmSocket::start(ledger.intake());
    let mut clients = Vec::new();
    for n in 0..1000 {
        let mut client = socket.connect().await;
        client.write(line(n)).await;
        clients.push(client);
    }
    for client in &mut clients {
        assert_eq!(client.status().await, "stored");
    }
    for (n, client) in clients.iter_mut().enumerate() {
        client.write(line(n)).await;
        assert_eq!(client.status().await, "stored");
    }
    assert_eq!(ledger.elements().len(), 2000);
    socket.stop().await;
    for client in &mut clients {
        assert_eq!(client.answer().await, None);
    }
}

#[tokio::test]
async fn beyond_the_limit_of_connections_a_client_is_told_to_come_again() {
    let ledger = Ledger::default();
    let socket = AlarmSocket::start_with(ledger.intake(), |settings| settings.max_connections = 2);
    let mut first = socket.connect().await;
    first.write(line(1)).await;
    first.status().await;
    let mut second = socket.connect().await;
    second.write(line(2)).await;
    second.status().await;
    let mut third = socket.connect().await;
    assert_eq!(
        third.rest().await,
        [r#"{"status":"busy","retry_after_ms":1000}"#]
    );
    drop(second);
    // The place is free once the connection has ended, which nobody tells this test.
    loop {
        let mut again = socket.connect().await;
        again.write(line(3)).await;
        if again.status().await == "stored" {
            break;
        }
    }
    socket.stop().await;
}
