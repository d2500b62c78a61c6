//! Crowds on `[http]`: idle ones, slow ones, deaf ones. The alarms, the control socket and other
//! clients notice nothing.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use crate::support::process::{Home, PATIENCE, Running};
use crate::support::trouble::{CONFIG, FAST, home, sandbox, status, wait_for};

/// What the process may have taken at most, in KB.
const MOST_KB: u64 = 160_000;

/// Who is served waits no longer than this, on a busy machine.
const SOON: Duration = Duration::from_secs(10);

fn peak_kb(daemon: &Running) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.child.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    line.unwrap()
        .split_whitespace()
        .nth(1)
        .unwrap()
        .parse()
        .unwrap()
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// The status line of a request that ends its connection.
fn ask(mut stream: impl Read + Write, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.lines().next().unwrap_or_default().to_owned()
}

fn listening(home: &Home) -> SocketAddr {
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let config = std::fs::read_to_string(home.path("config.toml")).unwrap();
    let config = config.replace("listen = \"off\"", &format!("listen = \"{free}\""));
    std::fs::write(home.path("config.toml"), config).unwrap();
    free
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_idle_and_two_hundred_slow_clients_change_nothing() {
    let sandbox = sandbox(&[]).await;
    let home = home(&sandbox, &format!("{FAST}{CONFIG}"));
    let address = listening(&home);
    tokio::task::block_in_place(|| {
        let daemon = home.start();
        let mut kept = Vec::new();
        let mut others = 0;
        let mut goes_on = |after: &str| {
            others += 1;
            let begin = Instant::now();
            assert_eq!(status(&home, others), "stored", "after {after}");
            wait_for(&sandbox, &home, others);
            let answer = ask(connect(address), "/api/v1/status");
            assert_eq!(answer, "HTTP/1.1 200 OK", "after {after}");
            let control = UnixStream::connect(home.path("control.sock")).unwrap();
            assert_eq!(
                ask(control, "/api/v1/status"),
                "HTTP/1.1 200 OK",
                "after {after}"
            );
            assert!(
                begin.elapsed() < SOON,
                "{:?} after {after}",
                begin.elapsed()
            );
            let kb = peak_kb(&daemon);
            assert!(kb < MOST_KB, "{kb} KB after {after}");
        };
        for n in 0..1_000 {
            let mut stream = connect(address);
            if n % 2 == 0 {
                stream.write_all(b"GET /api/v1/sta").unwrap();
            }
            kept.push(stream);
        }
        goes_on("1,000 idle clients");

        // Most of a body, and no more of it.
        let head =
            "POST /api/v1/alarms HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n";
        for _ in 0..200 {
            let mut stream = connect(address);
            stream.write_all(head.as_bytes()).unwrap();
            // What is past all the room there is may be refused meanwhile.
            let _ = stream.write_all(&vec![b'x'; 500_000]);
            kept.push(stream);
        }
        goes_on("200 slow clients");

        // They ask and ask, and take no answer.
        let asking = "GET /api/v1/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(50);
        for _ in 0..200 {
            let mut stream = connect(address);
            stream.write_all(asking.as_bytes()).unwrap();
            kept.push(stream);
        }
        goes_on("200 clients that do not listen");
        assert!(daemon.stop().success());
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn when_there_are_too_many_the_longest_idle_gives_way() {
    let sandbox = sandbox(&[]).await;
    let home = home(&sandbox, &format!("{FAST}{CONFIG}"));
    let address = listening(&home);
    tokio::task::block_in_place(|| {
        let daemon = home.start();
        let mut first = connect(address);
        let kept: Vec<TcpStream> = (0..2_100).map(|_| connect(address)).collect();
        assert_eq!(ask(connect(address), "/-/healthy"), "HTTP/1.1 200 OK");
        // It was the longest idle: it is gone before its time for a header is over.
        first.set_read_timeout(Some(SOON)).unwrap();
        assert_eq!(first.read(&mut [0]).unwrap_or(0), 0);
        assert_eq!(status(&home, 1), "stored");
        drop(kept);
        assert!(daemon.stop().success());
    });
}
