//! Meta in a process of its own: every message is accepted after 100 ms.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::routing::post;

pub const CHILD: &str = "meta";
pub const NUMBER_ID: &str = "106540352242922";

const LATENCY: Duration = Duration::from_millis(100);

/// The running process; killed when dropped.
pub struct Meta {
    child: Child,
    port: u16,
    said: Mutex<BufReader<ChildStdout>>,
}

impl Meta {
    pub fn start() -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .arg(CHILD)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        Self {
            child,
            port: line.trim().parse().unwrap(),
            said: Mutex::new(said),
        }
    }

    pub fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn messages_url(&self) -> String {
        format!("{}/v25.0/{NUMBER_ID}/messages", self.base_url())
    }

    /// The first body that came.
    pub fn body(&self) -> String {
        let mut line = String::new();
        self.said.lock().unwrap().read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}

impl Drop for Meta {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Says its port, then the first body that comes.
pub fn child() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{}", listener.local_addr().unwrap().port());
        let count = Arc::new(AtomicUsize::new(0));
        let answer = move |body: String| {
            let count = Arc::clone(&count);
            async move {
                let n = count.fetch_add(1, Ordering::Relaxed);
                if n == 0 {
                    println!("{body}");
                    std::io::stdout().flush().unwrap();
                }
                tokio::time::sleep(LATENCY).await; // what Meta takes
                format!(
                    r#"{{"messaging_product":"whatsapp","messages":[{{"id":"wamid.{n:040}"}}]}}"#
                )
            }
        };
        let router = Router::new().route("/{version}/{number}/messages", post(answer));
        axum::serve(listener, router).await.unwrap();
    });
}
